package web_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/static"
)

// need tells what a test needs of the machine.
func need(t testing.TB, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			lacking(t, "there is no %s on this machine; sh deploy/test.sh installs it", p)
		}
	}
}

// lacking skips the test, and fails it where CI is set.
func lacking(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// browser is one page in Chromium; everything the content policy blocks fails
// the test.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func openBrowser(t *testing.T, width, height int) browser {
	t.Helper()
	need(t, "chromium")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	check(t, chromedp.Listen(ctx, func(event any) {
		if e, ok := event.(*log.EventEntryAdded); ok && strings.Contains(e.Entry.Text, "Content Security Policy") {
			t.Errorf("the content policy blocked: %s", e.Entry.Text)
		}
	}))
	b := browser{t: t, ctx: ctx}
	b.do(chromedp.EmulateViewport(int64(width), int64(height)))
	return b
}

func (b browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	check(b.t, chromedp.Do(b.ctx, steps...))
}

// until waits until the expression is true in the page, also across the move to
// another page.
func (b browser) until(expression string) {
	b.t.Helper()
	for {
		_, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("(function () { try { return !!("+expression+"); } catch (e) { return false; } })()", chromedp.WithPollingTimeout(time.Minute)))
		if err == nil {
			return
		}
		if strings.Contains(err.Error(), "(-32000)") && b.ctx.Err() == nil {
			continue
		}
		state, stateErr := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.pathname + ' ' + document.body.innerText`))
		b.t.Fatalf("waiting for %s: %v; the page says %q (%v)", expression, err, state, stateErr)
	}
}

// shot keeps a picture of the page where JINGFANG_SHOTS names a folder, and in
// any case fails when the page is wider than the screen.
func (b browser) shot(name string) {
	b.t.Helper()
	b.until(`document.documentElement.scrollWidth <= window.innerWidth`)
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	check(b.t, err)
	keep(b.t, name+".png", picture)
}

func keep(t testing.TB, name string, body []byte) {
	t.Helper()
	if folder := os.Getenv("JINGFANG_SHOTS"); folder != "" {
		check(t, os.WriteFile(filepath.Join(folder, name), body, 0o644))
	}
}

// pdf prints the page as the print dialog does with the paper that the style
// sheet asks for.
func (b browser) pdf() []byte {
	b.t.Helper()
	yes := true
	body, err := chromedp.Run(b.ctx, func(ctx context.Context, target *chromedp.Target) ([]byte, error) {
		r, err := cdp.Call(ctx, target, cdppage.PrintToPDF, cdppage.PrintToPDFParams{PreferCSSPageSize: &yes, PrintBackground: &yes})
		return r.Data, err
	})
	check(b.t, err)
	return body
}

// raster makes a picture of a PDF's first page at a printer's resolution.
func raster(t testing.TB, pdf string, dpi int) string {
	t.Helper()
	out := fmt.Sprintf("%s-%d", strings.TrimSuffix(pdf, ".pdf"), dpi)
	run(t, "pdftoppm", "-r", fmt.Sprint(dpi), "-png", "-singlefile", "-gray", pdf, out)
	return out + ".png"
}

func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	// Only what it prints counts: zbarimg complains of a missing message bus.
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s %v: %v", name, args, err)
	}
	return strings.TrimSpace(string(out))
}

// A person opens a patient and prints the label: one sheet of label paper, whose
// code reads back at the resolution of the usual label printers and on a phone's
// small picture of it.
func TestPrintedLabelReadsBack(t *testing.T) {
	need(t, "zbarimg", "pdftoppm", "pdfinfo", "pdftotext")
	h := newHouse(t)
	p, token := h.add(h.here, "陈小明")
	b := openBrowser(t, 390, 844)
	b.do(chromedp.Navigate(fmt.Sprintf("%s/patients/%d", h.url, p.ID)), chromedp.Click(`form[action$="/label"] button`))
	b.until(`document.querySelector('.label-one svg') && document.readyState === 'complete'`)
	body := b.pdf()
	keep(t, "label.pdf", body)
	file := filepath.Join(t.TempDir(), "label.pdf")
	check(t, os.WriteFile(file, body, 0o600))

	info := run(t, "pdfinfo", file)
	size := regexp.MustCompile(`Page size:\s+([\d.]+) x ([\d.]+) pts`).FindStringSubmatch(info)
	if !strings.Contains(info, "Pages:           1\n") || size == nil || near(size[1], 60) || near(size[2], 40) {
		t.Errorf("not one sheet of 60 × 40 mm:\n%s", info)
	}
	text := run(t, "pdftotext", "-layout", file, "-")
	for _, want := range []string{p.Number, "陈**", "新华社区"} {
		if !strings.Contains(text, want) {
			t.Errorf("the label lacks %s: %q", want, text)
		}
	}
	if strings.Contains(text, "陈小明") || strings.Contains(text, "精") || strings.Contains(text, "打印") {
		t.Errorf("the label says too much: %q", text)
	}
	for _, dpi := range []int{203, 300, 100} {
		picture := raster(t, file, dpi)
		if got := run(t, "zbarimg", "-q", "--raw", picture); got != token.String() {
			t.Errorf("at %d dots an inch the label reads %q, want %q", dpi, got, token)
		}
		if got := b.photographed(picture); got != token.String() {
			t.Errorf("at %d dots an inch a photo of the label reads %q, want %q", dpi, got, token)
		}
	}
	width, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](`document.querySelector('.label-one svg').getBoundingClientRect().width * 25.4 / 96`))
	check(t, err)
	// The symbol has 25 of 33 modules, the rest is its quiet zone.
	if symbol := width * 25 / 33; symbol < 20 {
		t.Errorf("the code is %.1f mm wide", symbol)
	}
}

// photographed gives a picture to the camera's button of a scan field put into the
// page, and is what would be sent.
func (b browser) photographed(picture string) string {
	b.t.Helper()
	if static.DecoderFiles().Reader == "" {
		lacking(b.t, "the decoder is missing; sh deploy/test.sh fetches it")
	}
	b.run(`(function () {
		window.scanned = '';
		if (document.querySelector('.finder')) return;
		var form = document.createElement('form'), field = document.createElement('div'), input = document.createElement('input');
		form.setAttribute('data-scan-form', '');
		field.className = 'scan-field';
		input.setAttribute('data-scan', '');
		field.appendChild(input);
		form.appendChild(field);
		document.getElementById('main').appendChild(form);
		form.addEventListener('jingfang:scan', function (event) { event.preventDefault(); window.scanned = event.detail.code; });
	})()`)
	b.until(`document.querySelector('.finder, [data-camera]')`)
	b.run(`if (!document.querySelector('.finder')) document.querySelector('[data-camera]').click()`)
	b.do(chromedp.SetUploadFiles(".finder input", []string{picture}))
	b.until(`window.scanned !== ''`)
	got, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`window.scanned`))
	check(b.t, err)
	return got
}

// run runs a script in the page.
func (b browser) run(script string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](script+"; true"))
	check(b.t, err)
}

// near tells whether a length in points is off a length in millimetres by more
// than half a millimetre.
func near(points string, mm float64) bool {
	var v float64
	if _, err := fmt.Sscan(points, &v); err != nil {
		return true
	}
	return v*25.4/72 < mm-0.5 || v*25.4/72 > mm+0.5
}

// The form in a real browser: refused, mended, registered, opened, lost label.
func TestRegisterInABrowser(t *testing.T) {
	h := newHouse(t)
	b := openBrowser(t, 390, 844)
	b.do(chromedp.Navigate(h.url + "/patients"))
	b.shot("patients-none-390")
	b.do(chromedp.Click(`a[href="/patients/new"]`))
	b.until(`document.querySelector('#name')`)
	b.shot("new-390")
	b.do(chromedp.SendKeys("#name", "演示甲"), chromedp.SendKeys("#paper-no", card[:17]), chromedp.SendKeys("#phone", phone), chromedp.Click("form.card .button-main"))
	b.until(`document.querySelector('.notice-bad')`)
	b.shot("new-refused-390")
	b.do(chromedp.SetValue("#paper-no", card), chromedp.Click("form.card .button-main"))
	b.until(`/^\/patients\/\d+$/.test(location.pathname) && document.body.innerText.includes('男 · 56 岁')`)
	b.shot("person-390")
	b.do(chromedp.Click(`form[action$="/unmask"] button`))
	b.until(`document.body.innerText.includes('` + card + `')`)
	b.shot("person-open-390")
	b.do(chromedp.Click(`details.confirm summary.button-danger`))
	b.shot("person-lost-390")
	b.do(chromedp.Click(`form[action$="/lost"] button`))
	b.until(`document.body.innerText.includes('原来的标签已作废')`)
	b.shot("label-lost-390")
	if n := h.count(`SELECT count(*) FROM patient_label WHERE revoked_at IS NOT NULL`); n != 1 {
		t.Errorf("%d labels revoked", n)
	}
}

// The list follows what is typed, without Enter, and the way back from a patient
// leads to the same list.
func TestSearchWhileTyping(t *testing.T) {
	if missing := static.Missing(); len(missing) > 0 {
		lacking(t, "front-end packages %v are missing; sh deploy/test.sh fetches them", missing)
	}
	h := newHouse(t)
	h.add(h.here, "陈小明")
	_, _, err := h.patients.Register(context.Background(), identity.System("test"), patient.Entry{Name: "李大明", HomeSiteID: h.here})
	check(t, err)
	b := openBrowser(t, 390, 844)
	b.do(chromedp.Navigate(h.url + "/patients?session=7"))
	b.until(`document.querySelectorAll('#found .row').length === 2`)
	b.do(chromedp.SendKeys(`[name="q"]`, "cx"))
	b.until(`document.querySelectorAll('#found .row').length === 1 && location.search === '?session=7&q=cx'`)
	b.until(`document.activeElement.name === 'q' && document.querySelector('#found form[action="/sessions/7/visits"]')`)
	b.do(chromedp.SendKeys(`[name="q"]`, "zzz"))
	b.until(`document.querySelector('#found .empty') && document.querySelector('#found .empty').innerText.includes('没有找到')`)
	b.do(chromedp.Navigate(h.url+"/patients?session=7"), chromedp.SendKeys(`[name="q"]`, "陈小"))
	b.until(`document.querySelectorAll('#found .row').length === 1`)
	b.do(chromedp.Click("#found a.row-main"))
	b.until(`document.querySelector('h1').textContent === '陈小明'`)
	b.do(chromedp.NavigateBack())
	b.until(`document.querySelectorAll('#found .row').length === 1 && document.querySelector('[name="q"]').value === '陈小'`)
}

// Every page on a phone and on a laptop; nothing is wider than the screen.
func TestPagesFitTheScreen(t *testing.T) {
	h := newHouse(t)
	p, _ := h.add(h.here, "阿卜杜热西提·买买提依明")
	for _, name := range []string{"陈小明", "陈大明", "𠮷小明"} {
		_, _, err := h.patients.Register(context.Background(), identity.System("test"), patient.Entry{Name: name, HomeSiteID: h.here})
		check(t, err)
	}
	for _, screen := range []struct{ width, height int }{{390, 844}, {1366, 768}} {
		b := openBrowser(t, screen.width, screen.height)
		for _, page := range [][2]string{{"patients", "/patients?session=7"}, {"patients-refused", "/patients?q=JFP123"}, {"new", "/patients/new?session=7"},
			{"person", fmt.Sprintf("/patients/%d?session=7", p.ID)}} {
			b.do(chromedp.Navigate(h.url + page[1]))
			b.shot(fmt.Sprintf("%s-%d", page[0], screen.width))
		}
		b.do(chromedp.Click(`form[action$="/label"] button`))
		b.until(`document.querySelector('.label-one svg')`)
		b.shot(fmt.Sprintf("label-%d", screen.width))
	}
}
