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
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("!!("+expression+")"))
	for err != nil && b.ctx.Err() == nil && strings.Contains(err.Error(), "(-32000)") {
		_, err = chromedp.Run(b.ctx, chromedp.Poll[bool]("!!("+expression+")"))
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
