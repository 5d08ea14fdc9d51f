package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// testOddRequests sends what no page of ours sends: each is refused with a
// sentence and the right status, none is our fault, and nothing changes.
func (w *world) testOddRequests(t *testing.T) {
	d := w.doctors[0]
	visit := w.openVisit(t)
	scans := w.today.visitPath(visit, "/scans")
	before := w.ledger(t)
	form := func(pairs ...string) url.Values { return commandForm(pairs...) }
	none := url.Values{"codes": {"1"}}
	json := []string{"Accept", "application/json"}
	same := []string{"Origin", w.URL, "Sec-Fetch-Site", "same-origin"}
	for _, x := range []struct {
		what, method, path string
		form               url.Values
		header             []string
		status             int
	}{
		{"no command id", "POST", scans, none, json, 400},
		{"a command id that is none", "POST", scans, url.Values{"command_id": {"x"}, "codes": {"1"}}, json, 400},
		{"a visit that is none", "POST", w.today.path("/visits/x/scans"), form("codes", "1"), json, 404},
		{"a visit nobody has", "POST", w.today.visitPath(newID(), "/scans"), form("codes", "1"), json, 404},
		{"a visit of another session", "POST", clinic{id: w.plan.Sessions[0].ID}.visitPath(visit, "/scans"), form("codes", "1"), json, 404},
		{"a session that is none", "GET", "/sessions/x", nil, json, 404},
		{"a session nobody has", "GET", "/sessions/999999999", nil, json, 404},
		{"a session beyond all numbers", "GET", "/sessions/99999999999999999999", nil, json, 404},
		{"a session below zero", "GET", "/sessions/-1", nil, json, 404},
		{"a patient nobody has", "GET", "/patients/999999999", nil, json, 404},
		{"a date that is none", "GET", "/sessions?date=2026-13-45", nil, json, 400},
		{"a date long ago", "GET", "/sessions?date=0001-01-01", nil, json, 400},
		{"a search with wildcards", "GET", "/patients?q=%25_%5C'%22", nil, json, 200},
		{"a search that is broken", "GET", "/patients?q=%FF%00", nil, json, 400},
		{"a search without end", "GET", "/patients?q=" + strings.Repeat("a", 2000), nil, json, 400},
		{"an address that is none", "GET", "/nothing", nil, json, 404},
		{"a method that is none", "DELETE", w.today.path(""), nil, json, 405},
		{"too many codes", "POST", scans, form("codes", strings.Repeat("80000010000000000001\n", 201)), json, 400},
		{"who collected is none", "POST", w.today.visitPath(visit, "/finish"), form("collector", "x"), json, 400},
		{"a name too long", "POST", w.today.visitPath(visit, "/finish"), form("collector", "family", "collector_name", strings.Repeat("长", 61)), json, 400},
		{"another site's page drives the browser", "POST", scans, form("codes", "1"), []string{"Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site"}, 403},
		{"another port's page drives the browser", "POST", scans, form("codes", "1"), []string{"Origin", "http://127.0.0.1:1", "Sec-Fetch-Site", "same-site"}, 403},
		{"a page without its token", "POST", scans, form("codes", "1"), same, 403},
		{"a page with a wrong token", "POST", scans, form("codes", "1"), append(same, "X-CSRF-Token", "x"), 403},
	} {
		r := d.call(x.method, x.path, x.form, x.header...)
		if r.status != x.status {
			t.Errorf("%s: %d instead of %d: %.300s", x.what, r.status, x.status, r.body)
			continue
		}
		if _, sentence := r.refusal(); x.status >= 400 && x.header[0] == "Accept" && !strings.HasSuffix(sentence, "。") {
			t.Errorf("%s is refused without a sentence: %.300s", x.what, r.body)
		}
	}
	w.tooLarge(t, d, scans)
	w.wellDressed(t)
	if after := w.ledger(t); after != before {
		t.Errorf("odd requests changed something: %s, before %s", after, before)
	}
}

// tooLarge sends more than a request may hold.
func (w *world) tooLarge(t *testing.T, d *caller, path string) {
	t.Helper()
	r := d.post(path, commandForm("codes", strings.Repeat("80000010000000000001\n", 60000)))
	kind, sentence := r.refusal()
	if r.status < 400 || r.status >= 500 || !strings.HasSuffix(sentence, "。") {
		t.Errorf("a body of more than a megabyte: %d %s", r.status, r.body)
	}
	if !strings.Contains(sentence, "太") && !strings.Contains(sentence, "分") {
		t.Errorf("a body of more than a megabyte is refused with a sentence about something else: %s %s", kind, sentence)
	}
}

// wellDressed looks at the headers of every kind of answer.
func (w *world) wellDressed(t *testing.T) {
	t.Helper()
	for _, path := range []string{"/", w.today.path(""), "/nothing", "/patients"} {
		r := w.doctors[0].page(path)
		csp := r.header.Get("Content-Security-Policy")
		if csp == "" || strings.Contains(csp, "unsafe") || r.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s has the headers %v", path, r.header)
		}
		if !strings.Contains(r.header.Get("Cache-Control"), "no-store") || !strings.Contains(fmt.Sprint(r.header.Values("Vary")), "HX-Request") {
			t.Errorf("%s may be kept by somebody: %q, Vary %q", path, r.header.Get("Cache-Control"), r.header.Values("Vary"))
		}
		for _, part := range []string{" style=", "<script>", " onclick=", "hx-on", "javascript:", "http://", "https://"} {
			if strings.Contains(strings.ReplaceAll(r.body, "http://www.w3.org/", ""), part) {
				t.Errorf("%s holds %q, which the content policy forbids or which leaves the house", path, part)
			}
		}
	}
	for _, c := range w.doctors[0].http.Jar.Cookies(&url.URL{Scheme: "http", Host: strings.TrimPrefix(w.URL, "http://"), Path: "/"}) {
		if strings.Contains(c.Name, "jingfang") && len(c.Value) < 40 {
			t.Errorf("the cookie %s is short", c.Name)
		}
	}
	r := newCaller(t, w.URL).post("/login", url.Values{"username": {"doctor1"}, "password": {demoPassword}})
	cookie := r.header.Get("Set-Cookie")
	if r.status != http.StatusOK || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") {
		t.Errorf("the login sets the cookie %q", strings.SplitN(cookie, "=", 2)[0])
	}
}
