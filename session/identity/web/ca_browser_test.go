package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jingfang/session/identity"
)

func idOf(s identity.Staff) string { return fmt.Sprint(s.ID) }

// shows waits for a state of the code on the page. The page asks by itself; the clock
// of the house goes on so that the authority is asked again.
func (s screen) shows(p *hospital, state string) {
	s.t.Helper()
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
	s.until(fmt.Sprintf(`document.querySelector('#ca-scan[data-state=%q]')`, state))
	close(stop)
	<-done
}

// The states of a code in a real browser: it is fetched by itself, followed without a
// touch, and each end says what to do; a fresh one is a tap away.
func TestTheCodeInABrowser(t *testing.T) {
	p := newHospital(t, caSetup{})
	s := openScreen(t, p.url+"/login")
	fresh := func() string {
		t.Helper()
		before := p.ca.Latest()
		s.do(chromedp.Click(`#ca-scan form[hx-post="/login/ca"] button`))
		s.until(`document.querySelector('#ca-scan[data-state="waiting"] .ca-code')`)
		if p.ca.Latest() == before {
			t.Fatal("no fresh code was asked for")
		}
		return p.ca.Latest()
	}
	s.shows(p, "waiting")
	ticket := p.ca.Latest()
	p.act(ticket, "scan", "")
	s.shows(p, "scanned")
	p.act(ticket, "refuse", "")
	s.shows(p, "refused")
	p.act(fresh(), "expire", "")
	s.shows(p, "expired")
	p.act(fresh(), "wrong", "")
	s.shows(p, "wrong")
	check(t, p.ca.SetCertificate(personA, "frozen"))
	p.act(fresh(), "confirm", personA)
	s.shows(p, "error")
	s.until(`document.body.innerText.includes('已被冻结')`)
	check(t, p.ca.SetCertificate(personA, "valid"))
	p.act(fresh(), "confirm", personA)
	s.leaves(p, `location.pathname === '/' && document.body.innerText.includes('doc1')`)

	// Another person takes over the same screen.
	s.do(chromedp.Navigate(p.url + "/switch?next=/totp"))
	s.shows(p, "waiting")
	p.act(p.ca.Latest(), "confirm", personB)
	s.leaves(p, fmt.Sprintf(`location.pathname === '/totp' && document.querySelector('.who-name').textContent === %q`, p.people["doc2"].Name))
}

// leaves waits for a page that the login leads to.
func (s screen) leaves(p *hospital, expression string) {
	s.t.Helper()
	p.clock.forward(2 * time.Second)
	s.until(expression)
}

// A code in the shape of a picture is shown as well.
func TestAPictureOfACode(t *testing.T) {
	p := newHospital(t, caSetup{vendor: "bjca"})
	s := openScreen(t, p.url+"/login")
	s.until(`document.querySelector('#ca-scan[data-state="waiting"] img.ca-code') && document.querySelector('img.ca-code').naturalWidth > 100`)
	p.act(p.ca.Latest(), "confirm", personA)
	s.leaves(p, `location.pathname === '/' && document.body.innerText.includes('doc1')`)
}
