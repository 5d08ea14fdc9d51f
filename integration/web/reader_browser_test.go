package web_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"

	"jingfang/integration/translog"
	"jingfang/static"
)

// browser is one page in Chromium; everything the content policy blocks fails
// the test.
type browser struct {
	t   *testing.T
	ctx context.Context
}

func openBrowser(t *testing.T, width, height int64) browser {
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
	b.do(chromedp.EmulateViewport(width, height))
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
	_, err := chromedp.Run(b.ctx, chromedp.Poll[bool]("!!("+expression+")", chromedp.WithPollingTimeout(time.Minute)))
	for err != nil && b.ctx.Err() == nil && strings.Contains(err.Error(), "(-32000)") {
		_, err = chromedp.Run(b.ctx, chromedp.Poll[bool]("!!("+expression+")", chromedp.WithPollingTimeout(time.Minute)))
	}
	if err != nil {
		state, stateErr := chromedp.Run(b.ctx, chromedp.Evaluate[string](`document.body.innerText`))
		b.t.Fatalf("waiting for %s: %v; the page says %q (%v)", expression, err, state, stateErr)
	}
}

// shows waits until a part of the page has words.
func (b browser) shows(selector, words string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`[...document.querySelectorAll(%q)].some(function (e) { return e.textContent.includes(%q); })`, selector, words))
}

// press clicks what a selector names, looking and clicking in one step.
func (b browser) press(selector string) {
	b.t.Helper()
	b.until(fmt.Sprintf(`(function (e) {
		if (!e || document.querySelector('.htmx-added, .htmx-settling, .htmx-swapping')) { return false; }
		setTimeout(function () { e.click(); }, 0);
		return true;
	})(document.querySelector(%q))`, selector))
}

// shot keeps a picture where JINGFANG_SHOTS names a folder.
func (b browser) shot(name string) {
	b.t.Helper()
	dir := os.Getenv("JINGFANG_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// The officer's way: find an entry, give a wrong passphrase and the right one,
// read, check the day, close the key. On a phone and on a laptop.
func TestReaderInABrowser(t *testing.T) {
	for name, size := range map[string][2]int64{"phone": {390, 844}, "laptop": {1366, 768}} {
		t.Run(name, func(t *testing.T) {
			r := newReadingRoom(t, true)
			r.pull("CK001", `{"receipts":[{"no":"CK001","lines":[{"code":"DEMO001","packs":40}]}]}`)
			r.scan("visit-7")
			r.anchor()
			b := openBrowser(t, size[0], size[1])
			b.do(chromedp.Navigate(r.url + "/transferlog?day=2026-11-23"))
			b.shows(".list .row", "扫码发药")
			b.until(`document.documentElement.scrollWidth <= innerWidth`)
			b.shot("log-list-" + name)
			b.press(`#log-check button[name="day"]`)
			b.shows("#log-check .notice-good", "2026-11-23完整：1 段，3 条，核对锚点 1 处")
			b.press(`.list a.row[href$="` + r.first("HIS").String() + `"]`)
			b.shows("#sealed", "正文已封存")
			b.do(chromedp.SendKeys("#passphrase", "wrong-passphrase"))
			b.press("#locker form button")
			b.shows("#locker .field-error", "私钥没有打开")
			b.shot("log-refused-" + name)
			b.do(chromedp.SendKeys("#passphrase", phrase))
			b.press("#locker form button")
			b.shows("#locker", "私钥已打开")
			b.press("#sealed button")
			b.shows(".log-body", `"code": "DEMO001"`)
			b.shows("#opened", "CK001")
			b.until(`document.documentElement.scrollWidth <= innerWidth`)
			b.shot("log-opened-" + name)
			b.press(`#locker form button`)
			b.shows("#locker", "打开私钥")
			b.shows("#sealed", "正文已封存")
			if len(r.desk.Logins()) != 0 {
				t.Error("the key is still open")
			}
		})
	}
}

// first is the newest exchange with a system.
func (r *readingRoom) first(system string) (id interface{ String() string }) {
	r.t.Helper()
	list, err := translog.List(r.t.Context(), r.App, translog.Filter{System: system, Limit: 1})
	if err != nil || len(list) != 1 {
		r.t.Fatalf("%d exchanges with %s, %v", len(list), system, err)
	}
	return list[0].Exchange
}
