package web_test

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jingfang/session/identity"
	"jingfang/static/browsertest"
)

// A person logs in, locks the screen, opens it and logs out, in a real browser
// with its own Origin and Sec-Fetch-Site.
func TestInABrowser(t *testing.T) {
	h := newHouse(t)
	h.person("doc", identity.Grant{Role: identity.Doctor})
	s := browsertest.Open(t, 1366, 768)
	s.Go(h.url + "/password")
	s.Until(`location.pathname === '/login'`)
	s.Do(chromedp.SendKeys("#username", "doc"), chromedp.SendKeys("#password", "wrong"), chromedp.Click("form.card button"))
	s.Until(`document.body.innerText.includes('用户名或密码不正确')`)
	s.Do(chromedp.SendKeys("#password", goodPassword), chromedp.Click("form.card button"))
	s.Until(`location.pathname === '/password' && document.querySelector('.who-name').textContent === '演示doc'`)

	// Real input reports itself; the browser's own script carries the token.
	h.clock.forward(10 * time.Minute)
	s.Do(chromedp.Click("#old"))
	s.Until(`performance.getEntriesByType('resource').some(function (e) { return e.name.endsWith('/activity') && e.responseEnd > 0; })`)
	h.clock.forward(10 * time.Minute)
	s.Go(h.url + "/password")
	s.Until(`location.pathname === '/password'`)

	h.clock.forward(16 * time.Minute)
	s.Go(h.url + "/password")
	s.Until(`location.pathname === '/lock' && document.body.innerText.includes('屏幕已锁定')`)
	s.Do(chromedp.SendKeys("#password", goodPassword), chromedp.Click("form.card button"))
	s.Until(`location.pathname === '/password'`)
	s.Go(h.url + "/lock")
	s.Until(`location.pathname === '/lock'`)
	s.Do(chromedp.Click("form.login-foot button"))
	s.Until(`location.pathname === '/login'`)
	if got := h.client(); got.get("/password").status == 200 {
		t.Error("somebody without a cookie is let in")
	}
	s.Go(h.url + "/password")
	s.Until(`location.pathname === '/login'`)
}
