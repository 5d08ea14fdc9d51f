package web_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/static"
)

// browser is one page in Chromium; everything the content policy blocks fails
// the test.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func openBrowser(t *testing.T, width, height int) browser {
	t.Helper()
	if len(static.Missing()) > 0 {
		t.Skip("the front-end packages are missing; sh deploy/demo.sh fetches them")
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("there is no Chromium on this machine; sh deploy/test.sh installs it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	err := chromedp.Listen(ctx, func(event any) {
		if e, ok := event.(*log.EventEntryAdded); ok && strings.Contains(e.Entry.Text, "Content Security Policy") {
			t.Errorf("the content policy blocked: %s", e.Entry.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	b := browser{t: t, ctx: ctx}
	b.do(chromedp.EmulateViewport(int64(width), int64(height)))
	return b
}

func (b browser) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// until waits until the expression is true in the page, also across the move to
// another page.
func (b browser) until(expression string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("(function () { try { return !!("+expression+"); } catch (e) { return false; } })()", chromedp.WithPollingTimeout(time.Minute)))
	for err != nil && b.ctx.Err() == nil && strings.Contains(err.Error(), "(-32000)") {
		_, err = chromedp.Run(b.ctx, chromedp.Poll[bool]("(function () { try { return !!("+expression+"); } catch (e) { return false; } })()", chromedp.WithPollingTimeout(time.Minute)))
	}
	if err != nil {
		state, stateErr := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
		b.t.Fatalf("waiting for %s: %v; the page says %q (%v)", expression, err, state, stateErr)
	}
}

// settled waits until htmx has made the new part its own; a click before goes the
// ordinary way.
func (b browser) settled() {
	b.t.Helper()
	b.until(`!document.querySelector('.htmx-added, .htmx-settling, .htmx-swapping')`)
}

// press clicks what a selector names, once htmx has made it its own. Looking and
// clicking are one step in the page: a part that renews itself in between would
// take the button away from under the pointer.
func (b browser) press(selector string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`(function (e) {
		if (!e || document.querySelector('.htmx-added, .htmx-settling, .htmx-swapping')) { return false; }
		setTimeout(function () { e.click(); }, 0);
		return true;
	})(document.querySelector(%q))`, selector))
}

// burst types like a wedge scanner with the focus nowhere.
func (b browser) burst(code string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](fmt.Sprintf(`(function (code) {
		code.split('').concat('Enter').forEach(function (c) {
			document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: c, bubbles: true, cancelable: true }));
		});
		return true;
	})(%q)`, code)))
	if err != nil {
		b.t.Fatal(err)
	}
}

// paste fills the field for many codes as a clipboard does: keys typed as fast
// as a test types them would be taken for a scanner's.
func (b browser) paste(codes string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](fmt.Sprintf(`document.querySelector('#paste').value = %q`, codes)))
	if err != nil {
		b.t.Fatal(err)
	}
}

// shot keeps a picture of the page where JINGFANG_SHOTS names a folder, and in
// any case fails when the page is wider than the screen.
func (b browser) shot(name string) {
	b.t.Helper()
	b.until(`document.documentElement.scrollWidth <= window.innerWidth`)
	folder := os.Getenv("JINGFANG_SHOTS")
	if folder == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// A box that is scanned with the focus nowhere is taken in; the counter and the
// differences follow, and the last one opens the way to finish.
func TestScanInWithoutAClick(t *testing.T) {
	h := newHouse(t)
	id := h.receipt("YS-R2001", 2, 1)
	b := openBrowser(t, 1366, 768)
	b.do(chromedp.Navigate(fmt.Sprintf("%s/receipts/%d", h.url, id)))
	for i, c := range []string{code("8112345", 0), code("8112345", 1), code("8112346", 5)} {
		b.burst(c)
		b.until(fmt.Sprintf(`document.querySelector('[data-row="received"]').textContent === '%d' && document.querySelector('#band .band-good')`, i+1))
	}
	b.until(`document.querySelector('#receipt-work').textContent.indexOf('没有差异') > 0`)
	b.burst(code("8112346", 6))
	b.until(`document.querySelector('#band .band-caution') && document.querySelector('button[name=refusal]')`)
	b.settled()
	b.do(chromedp.Click(`button[name=refusal]`))
	b.until(`document.querySelector('#band .band-good') && !document.querySelector('button[name=refusal]')`)
	b.settled()
	b.do(chromedp.Click(`form[action$="/finish"] button`))
	b.until(`!document.querySelector('[data-scan-form]') && document.querySelector('.notice-good')`)
	x, err := inventory.FindReceipt(t.Context(), h.App, id)
	if err != nil || x.State != inventory.ReceiptFinished || x.Received != 3 {
		t.Errorf("receipt %+v %v", x, err)
	}
}

// Every page with real rows on a phone and on a laptop.
func TestPagesFitPhoneAndLaptop(t *testing.T) {
	h := newHouse(t)
	h.role(identity.Pharmacist)
	id := h.receipt("YS-R2001", 60, 40)
	var codes []string
	for i := range 30 {
		codes = append(codes, code("8112345", i), code("8112346", i))
	}
	path := fmt.Sprintf("/receipts/%d", id)
	h.htmx(path+"/scans", url.Values{"codes": {strings.Join(codes, "\n")}})
	h.htmx(path+"/scans", url.Values{"codes": {code("8199999", 1)}})
	done := h.receipt("YS-R2000", 1, 1)
	h.htmx(fmt.Sprintf("/receipts/%d/finish", done), url.Values{"missing": {"2"}, "refused": {"0"}, "remark": {"中心药库说明日补发"}})
	h.receipt("YS-R2002", 5, 1)
	for name, size := range map[string][2]int{"phone": {390, 844}, "laptop": {1366, 768}} {
		b := openBrowser(t, size[0], size[1])
		for _, p := range []string{"/receipts", path, fmt.Sprintf("/receipts/%d", done), "/stock", "/drugs?code=81999990000000000001"} {
			b.do(chromedp.Navigate(h.url + p))
			b.until(`document.querySelector('main h1') !== null`)
			b.shot(name + strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(p))
		}
		b.do(chromedp.Navigate(h.url + path))
		b.until(`document.querySelector('[data-scan-form]') !== null`)
		b.burst(code("8112345", 30+len(name)))
		b.until(`document.querySelector('#band .band-good')`)
		b.shot(name + "-band-good")
		b.burst(code("8112345", 30+len(name)))
		b.until(`document.querySelector('#band .band-soft')`)
		b.burst("6901234567892")
		b.until(`document.querySelector('#band .band-caution')`)
		b.shot(name + "-band-caution")
		b.do(chromedp.Click("#receipt-paste summary"))
		b.until(`document.querySelector('#paste').offsetParent !== null`)
		b.paste(code("8112345", 0) + "\n" + code("8112346", 39+len(name)) + "\n6901234567892\n" + code("8112346", 0))
		b.do(chromedp.Click("#receipt-paste button"))
		b.until(`document.querySelector('#receipt-work').textContent.indexOf('这次要处理的码') > 0`)
		b.until(`document.querySelector('#paste').value === ''`)
		b.shot(name + "-pasted")
	}
}

// A carton without a relation is scanned box by box with the focus nowhere; one
// whose relation file was imported comes in with one scan.
func TestCartonInTheBrowser(t *testing.T) {
	h := newHouse(t)
	h.cartons()
	id := h.counted("YS-R3001", 20)
	b := openBrowser(t, 390, 844)
	page := fmt.Sprintf("%s/receipts/%d", h.url, id)
	b.do(chromedp.Navigate(page))
	b.burst(code("8212345", 900))
	b.until(`document.querySelector('#band .band-caution') && document.querySelector('[data-row^=carton]')`)
	b.settled()
	b.shot("phone-carton-open")
	for i := range 5 {
		b.burst(code("8112345", 900+i))
		b.until(fmt.Sprintf(`document.querySelector('[data-row="received"]').textContent === '%d'`, i+1))
		b.settled()
	}
	b.until(`document.querySelector('#band').textContent.indexOf('本箱完成') >= 0 && !document.querySelector('[data-row^=carton]')`)
	b.shot("phone-carton-full")
	b.do(chromedp.Navigate(h.url + "/cartons"))
	b.until(`document.querySelector('#file') !== null`)
	_, table, _ := h.send("GET", "/cartons/example/csv", nil, nil)
	broken := strings.Replace(string(table), "8312345", "8399999", 1)
	b.choose("坏的.csv", broken)
	b.until(`document.querySelector('#relation-answer').textContent.indexOf('未对照') > 0`)
	b.shot("phone-relation-wrong")
	b.choose("关系.csv", string(table))
	b.until(`location.pathname.indexOf('/cartons/') === 0 && document.querySelector('form.actions button.button-main')`)
	b.shot("phone-relation-checked")
	b.settled()
	b.do(chromedp.Click("form.actions button.button-main"))
	b.until(`document.querySelector('.notice-good')`)
	b.do(chromedp.Navigate(page))
	b.until(`document.querySelector('[data-scan-form]')`)
	b.burst(code("8312345", 1))
	b.until(`document.querySelector('[data-row="received"]').textContent === '15' && document.querySelector('#band').textContent.indexOf('整箱 10 盒') >= 0`)
	b.shot("phone-carton-whole")
	b.burst(code("8312345", 1))
	b.until(`document.querySelector('#band .band-soft')`)
}

// choose puts a file into the upload form and sends it, as a person does.
func (b browser) choose(name, text string) {
	b.t.Helper()
	path := filepath.Join(b.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
	b.settled()
	b.do(chromedp.SetUploadFiles("#file", []string{path}), chromedp.Click(`form[action="/cartons"] button.button-main`))
}

// A box without a code and the difference sheet, each with two people.
func TestTwoPeopleInTheBrowser(t *testing.T) {
	h := newHouse(t)
	id := h.receipt("YS-R3002", 3, 1)
	b := openBrowser(t, 390, 844)
	page := fmt.Sprintf("%s/receipts/%d", h.url, id)
	b.do(chromedp.Navigate(page))
	b.burst(code("8112345", 0))
	b.until(`document.querySelector('#band .band-good')`)
	b.burst(code("8199999", 1))
	b.until(`document.querySelector('#band .band-caution')`)
	b.settled()
	b.do(chromedp.Click(`#codeless details summary`))
	b.until(`document.querySelector('#codeless-readable').offsetParent !== null`)
	b.do(chromedp.SendKeys("#codeless-readable", "0002"))
	b.shot("phone-codeless-form")
	b.do(chromedp.Click(`form[action$="/codeless"] button.button-main`))
	b.until(`document.querySelector('#band').textContent.indexOf('另一位同事') > 0 && document.querySelector('button[value=refuse]')`)
	h.person(2, "演示第二人", identity.Assistant)
	b.do(chromedp.Navigate(page))
	b.until(`document.querySelector('button[value=confirm]')`)
	b.shot("phone-codeless-confirm")
	b.do(chromedp.Click(`button[value=confirm]`))
	b.until(`document.querySelector('[data-row="received"]').textContent === '2' && document.querySelector('#link-code')`)
	b.settled()
	b.shot("phone-codeless-in")
	b.do(chromedp.SendKeys("#remark", "已电话告知中心药库"), chromedp.Click(`form[action$="/finish"] button`))
	b.until(`document.querySelector('#band').textContent.indexOf('差异单已提交') >= 0`)
	b.shot("phone-sheet-handed-in")
	h.person(3, "演示第三人", identity.Pharmacist)
	b.do(chromedp.Navigate(page + "/differences"))
	b.until(`document.querySelector('button[value=confirm]')`)
	b.shot("phone-sheet")
	b.do(chromedp.Click(`button[value=confirm]`))
	b.until(`document.querySelector('.notice-good') && !document.querySelector('button[value=confirm]')`)
	b.do(chromedp.Navigate(page + "/codeless/labels"))
	b.until(`document.querySelector('.label svg')`)
	b.shot("phone-codeless-labels")
	x, err := inventory.FindReceipt(t.Context(), h.App, id)
	if err != nil || x.State != inventory.ReceiptFinished || x.Received != 2 {
		t.Errorf("receipt %+v %v", x, err)
	}
	wide := openBrowser(t, 1366, 768)
	for _, p := range []string{"/differences", "/codeless/labels", ""} {
		wide.do(chromedp.Navigate(page + p))
		wide.until(`document.querySelector('main h1')`)
		wide.shot("laptop-sheet" + strings.ReplaceAll(p, "/", "-"))
	}
	wide.do(chromedp.Navigate(h.url + "/cartons"))
	wide.until(`document.querySelector('#file')`)
	wide.shot("laptop-cartons")
}
