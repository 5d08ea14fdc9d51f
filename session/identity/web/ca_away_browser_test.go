package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jingfang/session/identity"
	"jingfang/static/browsertest"
)

// seen keeps a picture of a laptop and one of a phone, which the page must fit.
func seen(s *browsertest.Page, name string) {
	s.T.Helper()
	s.Do(chromedp.EmulateViewport(1366, 768))
	s.Shot(name + "-laptop")
	s.Do(chromedp.EmulateViewport(390, 844))
	s.Fits(name + "-phone")
}

// A doctor sets up one-time codes while all is well; when the CA is away the sign-in
// page says so, takes password and code, and the audit is loud about it.
func TestTheCAIsAwayInABrowser(t *testing.T) {
	p := strict(t, identity.Doctor)
	s := browsertest.Open(t, 390, 844)
	s.Go(p.url + "/login?next=/totp")
	p.shows(s, "waiting")
	p.act(p.ca.Latest(), "confirm", personA)
	p.leaves(s, `location.pathname === '/totp' && document.getElementById('password')`)
	seen(s, "totp-start")
	s.Do(chromedp.SendKeys(`#password`, goodPassword), chromedp.Submit(`#password`))
	s.Until(`document.getElementById('totp-secret') && document.querySelector('svg.ca-code')`)
	secret := s.Text(`document.getElementById('totp-secret').textContent.replace(/ /g, '')`)
	seen(s, "totp-begun")
	s.Do(chromedp.SendKeys(`#code`, p.codeOf(secret)), chromedp.Submit(`#code`))
	s.Until(`document.querySelector('main .badge-good') && document.querySelector('main').textContent.includes('已启用')`)
	seen(s, "totp-active")

	p.server.Close()
	p.clock.forward(time.Minute)
	away := browsertest.Open(t, 390, 844)
	away.Go(p.url + "/login?next=/totp")
	away.Until(`document.querySelector('#ca-scan[data-state="error"]')`)
	seen(away, "login-away")
	away.Do(chromedp.SendKeys(`#username`, "doc1"), chromedp.SendKeys(`#password`, goodPassword), chromedp.Submit(`#password`))
	away.Until(`document.getElementById('code') && document.body.textContent.includes('请再输入手机上的六位动态码')`)
	seen(away, "login-code")
	away.Do(chromedp.SendKeys(`#password`, goodPassword), chromedp.SendKeys(`#code`, p.codeOf(secret)), chromedp.Submit(`#code`))
	away.Until(fmt.Sprintf(`location.pathname === '/totp' && document.querySelector('.who-name').textContent === %q`, p.people["doc1"].Name))
	if n := p.count(`SELECT count(*) FROM audit WHERE event = 'login.without_ca'`); n != 1 {
		t.Errorf("%d loud audit rows", n)
	}
}
