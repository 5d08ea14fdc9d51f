package web_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"

	"jingfang/session/identity"
	"jingfang/static"
)

// screen is a page in Chromium; whatever the content policy blocks fails the
// test.
type screen struct {
	t   *testing.T
	ctx context.Context
}

func openScreen(t *testing.T, url string) screen {
	t.Helper()
	if len(static.Missing()) > 0 {
		t.Skip("the front-end packages are missing; sh deploy/demo.sh fetches them")
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("there is no Chromium on this machine; sh deploy/test.sh installs it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
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
	s := screen{t, ctx}
	s.do(chromedp.Navigate(url))
	return s
}

func (s screen) do(steps ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	check(s.t, chromedp.Do(s.ctx, steps...))
}

// until waits until the expression is true in the page, also across a change of
// pages, which ends what was being evaluated.
func (s screen) until(expression string) {
	s.t.Helper()
	for {
		_, err := chromedp.Run(s.ctx, chromedp.Poll[bool]("(function () { try { return !!("+expression+"); } catch (e) { return false; } })()", chromedp.WithPollingTimeout(time.Minute)))
		if err == nil {
			return
		}
		if strings.Contains(err.Error(), "(-32000)") && s.ctx.Err() == nil {
			continue
		}
		state, stateErr := chromedp.Run(s.ctx, chromedp.Evaluate[string](`location.pathname + ' ' + document.body.innerText`))
		s.t.Fatalf("waiting for %s: %v; the page says %q (%v)", expression, err, state, stateErr)
	}
}

// A person logs in, locks the screen, opens it and logs out, in a real browser
// with its own Origin and Sec-Fetch-Site.
func TestInABrowser(t *testing.T) {
	h := newHouse(t)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	s := openScreen(t, h.url+"/password")
	s.until(`location.pathname === '/login'`)
	s.do(chromedp.SendKeys("#username", "doc"), chromedp.SendKeys("#password", "wrong"), chromedp.Click("form.card button"))
	s.until(`document.body.innerText.includes('用户名或密码不正确')`)
	s.do(chromedp.SendKeys("#password", goodPassword), chromedp.Click("form.card button"))
	s.until(`location.pathname === '/password' && document.querySelector('.who-name').textContent === '演示doc'`)

	// Real input reports itself; the browser's own script carries the token.
	h.clock.forward(10 * time.Minute)
	s.do(chromedp.Click("#old"))
	s.until(`performance.getEntriesByType('resource').some(function (e) { return e.name.endsWith('/activity') && e.responseEnd > 0; })`)
	h.clock.forward(10 * time.Minute)
	s.do(chromedp.Navigate(h.url + "/password"))
	s.until(`location.pathname === '/password'`)

	h.clock.forward(16 * time.Minute)
	s.do(chromedp.Navigate(h.url + "/password"))
	s.until(`location.pathname === '/lock' && document.body.innerText.includes('屏幕已锁定')`)
	s.do(chromedp.SendKeys("#password", goodPassword), chromedp.Click("form.card button"))
	s.until(`location.pathname === '/password'`)
	s.do(chromedp.Navigate(h.url + "/lock"))
	s.until(`location.pathname === '/lock'`)
	s.do(chromedp.Click("form.login-foot button"))
	s.until(`location.pathname === '/login'`)
	if got := h.client(); got.get("/password").status == 200 {
		t.Error("somebody without a cookie is let in")
	}
	s.do(chromedp.Navigate(h.url + "/password"))
	s.until(`location.pathname === '/login'`)
}
