package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jingfang/session/identity"
	"jingfang/static/browsertest"
)

func idOf(s identity.Staff) string { return fmt.Sprint(s.ID) }

// shows waits for a state of the code on the page. The page asks by itself; the clock
// of the house goes on so that the authority is asked again.
func (p *hospital) shows(s *browsertest.Page, state string) {
	s.T.Helper()
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				p.clock.forward(200 * time.Millisecond)
			}
		}
	}()
	s.Until(fmt.Sprintf(`document.querySelector('#ca-scan[data-state=%q]')`, state))
	close(stop)
	<-done
}

// The states of a code in a real browser: it is fetched by itself, followed without a
// touch, and each end says what to do; a fresh one is a tap away.
func TestTheCodeInABrowser(t *testing.T) {
	p := newHospital(t, caSetup{})
	s := browsertest.Open(t, 1366, 768)
	s.Go(p.url + "/login")
	fresh := func() string {
		t.Helper()
		before := p.ca.Latest()
		s.Do(chromedp.Click(`#ca-scan form[hx-post="/login/ca"] button`))
		s.Until(`document.querySelector('#ca-scan[data-state="waiting"] .ca-code')`)
		if p.ca.Latest() == before {
			t.Fatal("no fresh code was asked for")
		}
		return p.ca.Latest()
	}
	p.shows(s, "waiting")
	ticket := p.ca.Latest()
	s.Shot("code-waiting")
	p.act(ticket, "scan", "")
	p.shows(s, "scanned")
	s.Shot("code-scanned")
	p.act(ticket, "refuse", "")
	p.shows(s, "refused")
	p.act(fresh(), "expire", "")
	p.shows(s, "expired")
	p.act(fresh(), "wrong", "")
	p.shows(s, "wrong")
	p.act(fresh(), "impersonate", personA, personB)
	p.shows(s, "wrong")
	s.Shows("#ca-scan", "不是同一位")
	s.Shot("code-wrong")
	for _, x := range []struct{ state, text string }{{"frozen", "已被冻结"}, {"revoked", "已被注销"}, {"foreign", "不是本院认可的机构签发的"}} {
		check(t, p.ca.SetCertificate(personA, x.state))
		p.act(fresh(), "confirm", personA)
		p.shows(s, "error")
		s.Shows("#ca-scan", x.text)
	}
	s.Shot("code-error")
	check(t, p.ca.SetCertificate(personA, "valid"))
	p.act(fresh(), "confirm", personA)
	p.leaves(s, `location.pathname === '/' && document.body.innerText.includes('doc1')`)

	// Another person takes over the same screen.
	s.Go(p.url + "/switch?next=/totp")
	p.shows(s, "waiting")
	p.act(p.ca.Latest(), "confirm", personB)
	p.leaves(s, fmt.Sprintf(`location.pathname === '/totp' && document.querySelector('.who-name').textContent === %q`, p.people["doc2"].Name))
}

// leaves waits for a page that the login leads to.
func (p *hospital) leaves(s *browsertest.Page, expression string) {
	s.T.Helper()
	p.clock.forward(2 * time.Second)
	s.Until(expression)
}

// A code in the shape of a picture is shown as well.
func TestAPictureOfACode(t *testing.T) {
	p := newHospital(t, caSetup{vendor: "bjca"})
	s := browsertest.Open(t, 1366, 768)
	s.Go(p.url + "/login")
	s.Until(`document.querySelector('#ca-scan[data-state="waiting"] img.ca-code') && document.querySelector('img.ca-code').naturalWidth > 100`)
	p.act(p.ca.Latest(), "confirm", personA)
	p.leaves(s, `location.pathname === '/' && document.body.innerText.includes('doc1')`)
}
