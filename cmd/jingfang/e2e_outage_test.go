package main

import (
	"context"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/sql/dbtest"
)

// TestDatabaseStopsUnderLoad stops and kills the database while five doctors
// scan and screens look on. People are told so in one sentence, screens say how
// old they are, and everything recovers without a restart.
func TestDatabaseStopsUnderLoad(t *testing.T) {
	d := twoUsers(t, dbtest.Options{OwnCluster: true})
	house := startDemo(t, d)
	h := house.hands(t)
	pharm := person(t, house.URL, "pharmacist")
	screen := pharm.watch(h.id)
	page := house.screenInBrowser(t, h.clinic)
	wait := h.begin(t)
	for _, stop := range []func() error{
		func() error { return d.Cluster.Halt(context.Background()) },
		d.Cluster.Kill,
	} {
		before := h.answers.Load()
		await(t, "the doctors work", func() bool { return h.answers.Load() >= before+50 })
		from, refused := screen.seen(), h.refusals()
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		await(t, "a command is refused", func() bool { return h.refusals() > refused })
		house.refusesClearly(t, pharm, h.clinic)
		screen.until(t, from, "the warning that the board is old", func(e streamEvent) bool { return e.name == "stale" })
		if page != nil {
			page.Shows(".line-word", "数据停在")
		}
		from = screen.seen()
		if err := d.Cluster.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		screen.until(t, from, "a fresh board", func(e streamEvent) bool { return e.name == "board" })
		screen.until(t, from, "the beat", func(e streamEvent) bool { return e.name == "beat" })
		if page != nil {
			page.Live()
		}
		await(t, "the server is ready again", func() bool { return statusOf(house.URL+"/readyz") == 200 })
	}
	before := h.answers.Load()
	await(t, "the doctors go on", func() bool { return h.answers.Load() >= before+50 })
	h.closing.Store(true)
	wait()
	h.check(t, pharm)
	got := h.totals(pharm)
	screen.until(t, 0, "the last board", showsFoot(got.Taken, got.Given, got.Left))
	if page != nil {
		page.foot(got.Taken, got.Given, got.Left)
		page.truthHeld()
	}
	house.verify(t)
}

// refusals are the commands that were told to wait.
func (h *hands) refusals() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.refused["503 unavailable"]
}

// refusesClearly asks for pages without a database: a person reads one sentence
// that says what to do, with a number to name.
func (h *runningHouse) refusesClearly(t *testing.T, p *caller, c clinic) {
	t.Helper()
	if got := statusOf(h.URL + "/healthz"); got != 200 {
		t.Errorf("the program is alive, but says %d", got)
	}
	if got := statusOf(h.URL + "/readyz"); got != 503 {
		t.Errorf("without a database the program says %d to who asks whether it is ready", got)
	}
	r := p.page(c.path(""))
	if r.status != 503 || !strings.Contains(r.body, "暂时连不上") || !strings.Contains(r.body, "编号") || r.header.Get("Retry-After") == "" {
		t.Errorf("a page without a database: %d %s", r.status, r.body)
	}
	if kind, sentence := p.get("/patients").refusal(); kind != "unavailable" || !strings.HasSuffix(sentence, "。") {
		t.Errorf("a program is told %s %q", kind, sentence)
	}
	r = p.htmx("POST", c.path("/visits"), commandForm("visit", newID(), "patient", "000001", "start", "false"))
	if r.status != 503 || r.header.Get("HX-Retarget") != "#band" || !strings.Contains(r.body, "band-bad") {
		t.Errorf("a command of a page: %d %s", r.status, r.body)
	}
	for _, text := range []string{"pq:", "dial ", "connection refused", ".s.PGSQL", "driver"} {
		if strings.Contains(r.body, text) || strings.Contains(p.page("/").body, text) {
			t.Errorf("the cause %q is shown to people", text)
		}
	}
}

// screenInBrowser is the pharmacist's room in a browser, or nil without one.
func (h *runningHouse) screenInBrowser(t *testing.T, c clinic) (page *window) {
	t.Helper()
	if !hasBrowser(t) {
		return nil
	}
	page = openWindow(t, "pharmacist2", false)
	page.logIn(h.URL, "pharmacist2")
	page.Do(chromedp.Navigate(h.URL + c.path("")))
	page.Live()
	page.watchTruth()
	return page
}
