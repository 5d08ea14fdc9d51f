package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/static/browsertest"
)

// brokenServer is a further server over the house's database, behind a link that a
// test cuts.
func (w *world) brokenServer(t *testing.T) (url string, cut func(bool)) {
	t.Helper()
	router := w.second(t).router()
	var broken atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if broken.Load() {
			panic(http.ErrAbortHandler)
		}
		router.ServeHTTP(rw, r)
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL, func(off bool) {
		broken.Store(off)
		if off {
			server.CloseClientConnections()
		}
	}
}

// testWeakLink is a doctor in the whole program whose link breaks: the queue waits
// under a locked screen, and is sent once the same person has unlocked it.
func (w *world) testWeakLink(t *testing.T) {
	browsertest.Lack(t, browsertest.Missing())
	codes := w.take(t, 1, 3)
	c := w.session(t, codes, "doctor1")
	url, cut := w.brokenServer(t)
	b := openWindow(t, "doctor1", true)
	b.logIn(url, "doctor1")
	b.Do(chromedp.Navigate(url + c.path("")))
	b.Live()
	b.Until(`window.jingfang.offline.ready() && window.jingfang.offline.roster`)
	b.Until(`navigator.serviceWorker.controller`)
	b.settled()
	b.Wedge(w.tokens[0])
	b.Until(`document.querySelector(".patient-number")`)
	cut(true)
	b.Wedge(codes[0])
	b.Until(`window.jingfang.offline.unsent === 1`)
	b.Wedge(codes[1])
	b.Until(`window.jingfang.offline.unsent === 2`)

	// The screen locks while there is no link: nothing is lost, and nothing shown.
	b.Do(chromedp.Navigate(url + "/lock?next=" + c.path("")))
	b.Shows("h1", "连不上服务器")
	cut(false)
	b.Do(chromedp.Navigate(url + "/lock?next=" + c.path("")))
	b.Shows("h1", "屏幕已锁定")
	b.Until(`localStorage.getItem("unsent-" + document.body.dataset.staff) === "2"`)
	b.Do(chromedp.SendKeys("#password", demoPassword), chromedp.Click("form.card button"))
	b.Until(fmt.Sprintf(`location.pathname === %q && window.jingfang && window.jingfang.offline && window.jingfang.offline.unsent === 0 && document.querySelectorAll('#desk form[action$="/undo"]').length === 2`, c.path("")))
	var n int
	err := w.base.App.Get(t.Context(), &n, `SELECT count(*) FROM visit_line l JOIN visit v ON v.id = l.visit_id WHERE v.session_id = $1::bigint`, c.id)
	if err != nil || n != 2 {
		t.Errorf("%d lines, %v", n, err)
	}
	b.NoComplaints("Failed to load", "net::ERR", "htmx:", "console.error Event")
}
