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

	"github.com/chromedp/cdproto/cdp"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/static/browsertest"
)

// keep keeps a file where JINGFANG_SHOTS names a folder.
func keep(t testing.TB, name string, body []byte) {
	t.Helper()
	if folder := os.Getenv("JINGFANG_SHOTS"); folder != "" {
		check(t, os.WriteFile(filepath.Join(folder, name), body, 0o644))
	}
}

// pdf prints the page as the print dialog does with the paper that the style
// sheet asks for.
func pdf(b *browsertest.Page) []byte {
	b.T.Helper()
	yes := true
	body, err := chromedp.Run(b.Ctx, func(ctx context.Context, target *chromedp.Target) ([]byte, error) {
		r, err := cdp.Call(ctx, target, cdppage.PrintToPDF, cdppage.PrintToPDFParams{PreferCSSPageSize: &yes, PrintBackground: &yes})
		return r.Data, err
	})
	check(b.T, err)
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
	browsertest.Need(t, "zbarimg", "pdftoppm", "pdfinfo", "pdftotext")
	h := newHouse(t)
	p, token := h.add(h.here, "陈小明")
	b := browsertest.Open(t, 390, 844)
	b.Do(chromedp.Navigate(fmt.Sprintf("%s/patients/%d", h.url, p.ID)), chromedp.Click(`form[action$="/label"] button`))
	b.Until(`document.querySelector('.label-one svg') && document.readyState === 'complete'`)
	body := pdf(b)
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
		if got := photographed(b, picture); got != token.String() {
			t.Errorf("at %d dots an inch a photo of the label reads %q, want %q", dpi, got, token)
		}
	}
	width := browsertest.Value[float64](b, `document.querySelector('.label-one svg').getBoundingClientRect().width * 25.4 / 96`)
	// The symbol has 25 of 33 modules, the rest is its quiet zone.
	if symbol := width * 25 / 33; symbol < 20 {
		t.Errorf("the code is %.1f mm wide", symbol)
	}
}

// photographed gives a picture to the camera's button of a scan field put into the
// page, and is what would be sent.
func photographed(b *browsertest.Page, picture string) string {
	b.T.Helper()
	browsertest.Decoder(b.T)
	b.Script(`(function () {
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
	b.Until(`document.querySelector('.finder, [data-camera]')`)
	b.Script(`if (!document.querySelector('.finder')) document.querySelector('[data-camera]').click()`)
	b.Do(chromedp.SetUploadFiles(".finder input", []string{picture}))
	b.Until(`window.scanned !== ''`)
	return b.Text(`window.scanned`)
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
	b := browsertest.Open(t, 390, 844)
	b.Go(h.url + "/patients")
	b.Fits("patients-none-390")
	b.Do(chromedp.Click(`a[href="/patients/new"]`))
	b.Until(`document.querySelector('#name')`)
	b.Fits("new-390")
	b.Do(chromedp.SendKeys("#name", "演示甲"), chromedp.SendKeys("#paper-no", card[:17]), chromedp.SendKeys("#phone", phone), chromedp.Click("form.card .button-main"))
	b.Until(`document.querySelector('.notice-bad')`)
	b.Fits("new-refused-390")
	b.Do(chromedp.SetValue("#paper-no", card), chromedp.Click("form.card .button-main"))
	b.Until(`/^\/patients\/\d+$/.test(location.pathname) && document.body.innerText.includes('男 · 56 岁')`)
	b.Fits("person-390")
	b.Do(chromedp.Click(`form[action$="/unmask"] button`))
	b.Until(`document.body.innerText.includes('` + card + `')`)
	b.Fits("person-open-390")
	b.Do(chromedp.Click(`details.confirm summary.button-danger`))
	b.Fits("person-lost-390")
	b.Do(chromedp.Click(`form[action$="/lost"] button`))
	b.Until(`document.body.innerText.includes('原来的标签已作废')`)
	b.Fits("label-lost-390")
	if n := h.count(`SELECT count(*) FROM patient_label WHERE revoked_at IS NOT NULL`); n != 1 {
		t.Errorf("%d labels revoked", n)
	}
}

// The list follows what is typed, without Enter, and the way back from a patient
// leads to the same list.
func TestSearchWhileTyping(t *testing.T) {
	h := newHouse(t)
	h.add(h.here, "陈小明")
	_, _, err := h.patients.Register(context.Background(), identity.System("test"), patient.Entry{Name: "李大明", HomeSiteID: h.here})
	check(t, err)
	b := browsertest.Open(t, 390, 844)
	b.Go(h.url + "/patients?session=7")
	b.Until(`document.querySelectorAll('#found .row').length === 2`)
	b.Do(chromedp.SendKeys(`[name="q"]`, "cx"))
	b.Until(`document.querySelectorAll('#found .row').length === 1 && location.search === '?session=7&q=cx'`)
	b.Until(`document.activeElement.name === 'q' && document.querySelector('#found form[action="/sessions/7/visits"]')`)
	b.Do(chromedp.SendKeys(`[name="q"]`, "zzz"))
	b.Until(`document.querySelector('#found .empty') && document.querySelector('#found .empty').innerText.includes('没有找到')`)
	b.Do(chromedp.Navigate(h.url+"/patients?session=7"), chromedp.SendKeys(`[name="q"]`, "陈小"))
	b.Until(`document.querySelectorAll('#found .row').length === 1`)
	b.Do(chromedp.Click("#found a.row-main"))
	b.Until(`document.querySelector('h1').textContent === '陈小明'`)
	b.Do(chromedp.NavigateBack())
	b.Until(`document.querySelectorAll('#found .row').length === 1 && document.querySelector('[name="q"]').value === '陈小'`)
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
		b := browsertest.Open(t, screen.width, screen.height)
		for _, page := range [][2]string{{"patients", "/patients?session=7"}, {"patients-refused", "/patients?q=JFP123"}, {"new", "/patients/new?session=7"},
			{"person", fmt.Sprintf("/patients/%d?session=7", p.ID)}} {
			b.Go(h.url + page[1])
			b.Fits(fmt.Sprintf("%s-%d", page[0], screen.width))
		}
		b.Do(chromedp.Click(`form[action$="/label"] button`))
		b.Until(`document.querySelector('.label-one svg')`)
		b.Fits(fmt.Sprintf("label-%d", screen.width))
	}
}
