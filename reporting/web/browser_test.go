package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/static"
)

// serve runs the handlers for a browser in which somebody is logged in.
func (h *house) serve(by identity.Actor) string {
	h.t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/static/", static.Handler())
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		ctx := page.WithViewer(identity.WithActor(r.Context(), by), page.Viewer{Name: by.Name, CSRF: "t"})
		h.handler.ServeHTTP(w, r.WithContext(ctx))
	})
	server := httptest.NewServer(mux)
	h.t.Cleanup(server.Close)
	return server.URL
}

// The ledger is filtered and opened down to the movement, and the check of the
// stock is started and shows how it ended, in a browser of a phone's size.
func TestTheLedgerInABrowser(t *testing.T) {
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("there is no chromium on this machine; sh deploy/test.sh installs it")
		}
		t.Skip("there is no chromium on this machine; sh deploy/test.sh installs it")
	}
	h := newHouse(t)
	h.stocked("精二", "80000010000000000001", "80000010000000000002")
	url := h.serve(h.person("演示药师", identity.Pharmacist, 0))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	run := func(script string) {
		t.Helper()
		_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](script+"; true"))
		h.must(err)
	}
	until := func(expression string) {
		t.Helper()
		var err error
		for range 5 { // a page that is left while we wait ends the waiting
			if _, err = chromedp.Run(ctx, chromedp.Poll[bool]("(function () { try { return !!("+expression+"); } catch (e) { return false; } })()", chromedp.WithPollingTimeout(time.Minute))); err == nil {
				return
			}
		}
		t.Fatalf("waiting for %s: %v", expression, err)
	}
	says := func(text string) {
		t.Helper()
		until(fmt.Sprintf(`document.body.textContent.indexOf(%q) >= 0`, text))
	}
	keep := func(name string) {
		t.Helper()
		if dir := os.Getenv("JINGFANG_SHOTS"); dir != "" {
			png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
			h.must(err)
			h.must(os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
		}
	}
	h.must(chromedp.Do(ctx, chromedp.EmulateViewport(390, 844), chromedp.Navigate(url+"/ledger")))
	says("平衡")
	keep("ledger")
	run(`document.querySelector('#place').value = 'store'; document.querySelector('form[action="/ledger"]').submit()`)
	until(`location.search.indexOf("place=store") >= 0 && document.querySelector('td a[href*="way=in"]')`)
	run(`document.querySelector('td a[href*="way=in"]').click()`)
	says("药房 入账流水")
	says("0002")
	keep("ledger-moves")
	h.must(chromedp.Do(ctx, chromedp.Navigate(url+"/ledger/controlled")))
	says("演示阿普唑仑片")
	run(`document.querySelector('.list a.row').click()`)
	says("账物相符")
	keep("ledger-controlled")
	h.must(chromedp.Do(ctx, chromedp.Navigate(url+"/stock/check")))
	says("还没有核对过")
	run(`document.querySelector('form[action="/stock/check"] button').click()`)
	says("全部一致：2 盒药")
	keep("stock-check")
	wide, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > window.innerWidth`))
	h.must(err)
	if wide {
		t.Error("the page is wider than a phone")
	}
}
