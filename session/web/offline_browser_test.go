package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/web"
	"jingfang/sql/db"
)

// The states of the link between a browser and the house.
const (
	whole int32 = iota
	cut         // nothing arrives
	deaf        // commands arrive, their answers do not
	bare        // the first roster is lost, then all is whole
	slow        // commands of the page arrive and are answered too late; the rest is as always
)

// offlineRoutes are the addresses of the weak link, with those of planning.
func offlineRoutes(s *web.Handlers) []testRoute {
	return append(planningRoutes(s), []testRoute{
		{"GET", "/sessions/{id}/offline", s.Offline}, {"GET", "/sessions/{id}/shell", s.Shell}, {"GET", "/waiting", s.Waiting},
		{"POST", "/sessions/{id}/devices", s.ReportDevice}, {"POST", "/sessions/{id}/offline/conflicts", s.NoteConflict},
		{"POST", "/sessions/{id}/devices/release", s.ReleaseDevice},
	}...)
}

// linked breaks the connections of requests while the link is not whole.
func (h *house) linked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch h.link.Load() {
		case cut:
			panic(http.ErrAbortHandler)
		case deaf:
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		case bare:
			if strings.HasSuffix(r.URL.Path, "/offline") && h.link.CompareAndSwap(bare, whole) {
				panic(http.ErrAbortHandler)
			}
		case slow:
			if r.Method == http.MethodPost && r.Header.Get("HX-Request") != "" {
				next.ServeHTTP(httptest.NewRecorder(), r)
				<-r.Context().Done()
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// wire sets the link; what was open breaks with it.
func (d *desk) wire(state int32) {
	d.link.Store(state)
	if state == cut || state == deaf {
		d.cutOff()
	}
}

// Wedge scans once the answers before it are in the page.
func (s screen) Wedge(code string) {
	s.T.Helper()
	s.Settled()
	s.Page.Wedge(code)
}

// sealed opens the table in a browser and waits until it could do without a link.
func (d *desk) sealed(width, height int, flags ...chromedp.ExecAllocatorOption) screen {
	d.t.Helper()
	_, err := d.sessions.ChangeRoster(d.t.Context(), d.chief, session.RosterChange{SessionID: d.id, CommandID: uuid.New(), Refill: true})
	d.must(err)
	b := openScreen(d.t, width, height, flags...)
	b.Go(d.url + d.path(""))
	b.ready()
	return b
}

func (s screen) ready() {
	s.T.Helper()
	s.Until(`window.jingfang && window.jingfang.offline && window.jingfang.offline.ready() && window.jingfang.offline.roster`)
	s.Live()
}

// A roster that got lost on the way is asked for again: without one the table could
// not work alone.
func TestTheRosterComesLater(t *testing.T) {
	d := newDesk(t, 1, 1)
	d.link.Store(bare)
	d.sealed(390, 844)
	if d.link.Load() != whole {
		t.Error("the first roster was not lost")
	}
}

// kept waits until that many commands wait on the device.
func (s screen) kept(n int) {
	s.T.Helper()
	s.Until(fmt.Sprintf(`window.jingfang.offline.unsent === %d`, n))
}

// sent waits until the queue is empty and the server's desk is back.
func (s screen) sent() {
	s.T.Helper()
	s.Until(`window.jingfang && window.jingfang.offline && window.jingfang.offline.unsent === 0 && !document.querySelector("#desk[data-off]")`)
}

// rows counts what a statement finds.
func (d *desk) rows(query string, args ...any) int {
	d.t.Helper()
	var n int
	d.must(d.App.Get(d.t.Context(), &n, query, args...))
	return n
}

// The link breaks in the middle of a visit: boxes, 诊毕 and the next patient go on,
// and the server has everything once, in order, when it is back.
func TestTheLinkBreaksAtTheTable(t *testing.T) {
	d := newDesk(t, 6, 3)
	b := d.sealed(390, 844)
	b.Wedge(d.tokens[0])
	b.Shows(".patient-number", "1")
	b.Wedge(d.codes[0])
	b.Shows(".hero", "1")

	d.wire(cut)
	b.Wedge(d.codes[1])
	b.Shows("#band", "演示利培酮片")
	b.Shows("#desk[data-off] .hero", "2")
	b.Wedge(d.codes[1])
	b.Shows("#band", "这盒已经扫过")
	b.Run(`document.querySelector('#desk form[action$="/finish"] button').click()`)
	b.Shows("#band", "诊毕，共 2 盒")
	b.Shot("offline-next")
	b.Wedge(d.tokens[1])
	b.Shows(".patient-name", "演**")
	b.Wedge(d.codes[0])
	b.Shows("#band", "这盒刚才已发给 1 号")
	b.Wedge(d.codes[2])
	b.Shows(".hero", "1")
	b.Wedge(d.codes[3])
	b.Shows(".hero", "2")
	b.kept(5)
	b.Shows("#line", "5 条待上传")
	b.Shot("offline-visit")

	d.wire(whole)
	b.sent()
	b.Shows(".patient-number", "2")
	b.Shows(".hero", "2")
	if n := d.rows(`SELECT count(*) FROM visit WHERE session_id = $1`, d.id); n != 2 {
		t.Errorf("%d visits", n)
	}
	if n := d.rows(`SELECT count(*) FROM visit_line WHERE undone_at IS NULL`); n != 4 {
		t.Errorf("%d lines", n)
	}
	if n := d.rows(`SELECT count(*) FROM session_alarm`); n != 0 {
		t.Errorf("%d alarms", n)
	}
	b.Run(`document.querySelector('#desk form[action$="/finish"] button').click()`)
	b.Shows("#band", "2 号诊毕，共 2 盒")
	report, err := session.VerifyRecords(t.Context(), d.App, d.id)
	if err != nil || report.Problem != "" || report.Records != 2 {
		t.Errorf("%+v, %v", report, err)
	}
}

// A command arrives and its answer does not: it counts once all the same.
func TestAnAnswerIsLost(t *testing.T) {
	d := newDesk(t, 3, 2)
	b := d.sealed(1366, 768)
	d.wire(deaf)
	b.Wedge(d.tokens[0])
	b.Shows(".patient-name", "演**")
	d.wire(whole)
	b.sent()
	d.wire(deaf)
	b.Wedge(d.codes[0])
	b.Shows("#desk[data-off] .hero", "1")
	d.wire(whole)
	b.sent()
	b.Shows(".hero", "1")
	if visits, lines := d.rows(`SELECT count(*) FROM visit`), d.rows(`SELECT count(*) FROM visit_line`); visits != 1 || lines != 1 {
		t.Errorf("%d visits, %d lines", visits, lines)
	}
}

// While the link was down a colleague gave the box: the doctor goes on, and the
// duty holder is told.
func TestABoxWasGivenMeanwhile(t *testing.T) {
	d := newDesk(t, 3, 3)
	b := d.sealed(390, 844)
	b.Wedge(d.tokens[0])
	b.Shows(".patient-number", "1")
	d.wire(cut)
	b.Wedge(d.codes[0])
	b.Shows("#desk[data-off] .hero", "1")
	d.must(d.sessions.ChangeTeam(t.Context(), d.person("经理", "manager"), session.TeamChange{SessionID: d.id, CommandID: uuid.New(), DutyStaffID: d.chief.StaffID,
		Team: []session.Member{{StaffID: d.chief.StaffID, Part: session.PartPharmacist}, {StaffID: d.doctors[0].StaffID, Part: session.PartDoctor}, {StaffID: d.doctors[1].StaffID, Part: session.PartDoctor}}}))
	a, err := d.sessions.CheckIn(t.Context(), d.doctors[1], session.Arrival{SessionID: d.id, Visit: uuid.New(), CommandID: uuid.New(), Patient: d.tokens[1], Start: true})
	d.must(err)
	_, err = d.sessions.Dispense(t.Context(), d.doctors[1], session.Scan{SessionID: d.id, Visit: a.VisitID, CommandID: uuid.New(), Codes: d.codes[0]})
	d.must(err)
	b.Wedge(d.codes[1])
	b.Shows("#desk[data-off] .hero", "2")
	d.wire(whole)
	b.sent()
	b.Shows(".hero", "1")
	alarms, _, err := session.Alarms(t.Context(), d.App, d.id)
	d.must(err)
	if len(alarms) != 1 || alarms[0].Code != d.codes[0] || !strings.Contains(alarms[0].Sentence, "断网") {
		t.Errorf("%+v", alarms)
	}
}

// A reload without a link: the table goes on from what the device has.
func TestAReloadWithoutALink(t *testing.T) {
	d := newDesk(t, 4, 2)
	b := d.sealed(390, 844)
	b.Until(`navigator.serviceWorker.controller !== null`)
	b.cached(d.path("/shell"))
	b.Wedge(d.tokens[0])
	b.Shows(".patient-number", "1")
	d.wire(cut)
	b.Wedge(d.codes[0])
	b.Shows("#desk[data-off] .hero", "1")
	b.Go(d.url + d.path(""))
	b.Shows("main", "连不上服务器")
	b.Shows("#desk[data-off] .hero", "1")
	b.Wedge(d.codes[1])
	b.Shows("#desk[data-off] .hero", "2")
	b.Shot("offline-shell")
	d.wire(whole)
	b.Until(`!document.querySelector("[data-shell]") && window.jingfang && window.jingfang.offline && window.jingfang.offline.ready()`)
	b.sent()
	b.Shows(".hero", "2")
	if n := d.rows(`SELECT count(*) FROM visit_line WHERE undone_at IS NULL`); n != 2 {
		t.Errorf("%d lines", n)
	}
}

// What is given by quantity, owed medicine and who collected: all of it goes on
// without a link, and the server has it once it is back.
func TestATableWithoutALink(t *testing.T) {
	d := newDesk(t, 4, 3)
	d.must(d.Owner.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `UPDATE drug SET loose = true WHERE id = $1`, d.drug)
	}))
	b := d.sealed(390, 844)
	b.Wedge(d.tokens[0])
	b.Shows(".patient-number", "1")
	d.wire(cut)
	b.Wedge(d.codes[0])
	b.Shows("#band", "按数量发")
	b.Shows("#desk .ask", "这盒剩 20 片")
	b.Shot("offline-ask")
	press := func(where string) { b.Run(fmt.Sprintf(`document.querySelector(%q).click()`, where)) }
	give := func(n int) {
		b.Run(fmt.Sprintf(`var q = document.querySelector('#desk .ask [name="quantity"]'); q.value = %d; q.form.noValidate = true`, n))
		press("#desk .ask .button-main")
	}
	press(`#desk form[data-act="finish"] .button-main`)
	b.Shows("#band", "没有填发了多少")
	give(14)
	b.Shows("#desk li", "14 片")
	b.Until(`!document.querySelector("#desk .ask")`)
	press(`#desk [data-slot="change"] button`)
	b.Shows("#desk .ask", "改成多少？")
	give(21)
	b.Shows("#band", "最多 20 片")
	give(10)
	b.Shows("#desk li", "10 片")
	// A box that was asked about and not given is forgotten; one scanned by mistake is
	// undone and may be given again.
	b.Wedge(d.codes[1])
	b.Shows("#desk .ask", "这盒剩 20 片")
	press(`#desk .ask [name="drop"]`)
	b.Until(`!document.querySelector("#desk .ask")`)
	b.Wedge(d.codes[2])
	b.Shows("#desk .ask", "…"+d.codes[2][len(d.codes[2])-4:])
	press(`#desk .ask [name="whole"]`)
	b.Shows("#desk li", "20 片")
	press("#desk li form[data-act=undo] button")
	b.Shows("#band", "已撤销")
	b.Run(fmt.Sprintf(`var f = document.querySelector('#desk form[data-act="owed"]'); f.closest("details").open = true; f.drug.value = "%d"; f.packs.value = "2"; f.requestSubmit()`, d.drug))
	b.Shows(".patient-note", "2 盒")
	b.Run(`var f = document.querySelector('#desk form[data-act="finish"]'); f.collector.value = "family"; f.relation.value = "子女"; f.collector_name.value = "演示家属"; f.querySelector("details").open = true`)
	b.Shot("offline-full")
	press(`#desk form[data-act="finish"] .button-main`)
	b.Shows("#band", "诊毕，共 10 片")

	// The next patient takes what the box still holds, and then it is empty.
	b.Wedge(d.tokens[1])
	b.Shows(".patient-name", "演**")
	b.Wedge(d.codes[0])
	b.Shows("#desk .ask", "这盒剩 10 片")
	press(`#desk .ask [name="whole"]`)
	b.Shows("#desk li", "10 片")
	press(`#desk form[data-act="finish"] .button-main`)
	b.Shows("#band", "诊毕，共 10 片")
	// A box that follows the label at once is the new patient's.
	b.Run(fmt.Sprintf(`window.jingfang.scan(%q); window.jingfang.scan(%q)`, d.tokens[2], d.codes[0]))
	b.Shows("#band", "已经发完")
	b.Shows(".hero", "0盒")
	d.wire(whole)
	b.sent()
	for want, query := range map[string]string{
		"10 片 each to two":                              `SELECT count(*) FROM visit_line l JOIN visit v ON v.id = l.visit_id WHERE l.undone_at IS NULL AND l.quantity = 10 AND v.state = 'finished'`,
		"undone and dropped boxes are whole":            `SELECT count(*) FROM pack WHERE state = 'allocated' AND units_left = 20 AND code <> '' AND units_given = 0 AND id <> (SELECT max(id) FROM pack)`,
		"one visit by family, one by the patient alone": `SELECT count(*) FROM visit WHERE collector = 'family' AND collector_name = '演示家属（子女）' OR collector = 'self' AND state = 'finished'`,
	} {
		if n := d.rows(query); n != 2 {
			t.Errorf("%s: %d", want, n)
		}
	}
	if n := d.rows(`SELECT count(*) FROM owed_medicine WHERE packs = 2 AND drug_id = $1`, d.drug); n != 1 {
		t.Errorf("%d owed", n)
	}
	if n := d.rows(`SELECT count(*) FROM session_alarm`); n != 0 {
		t.Errorf("%d alarms", n)
	}
}

// An answer that does not come in time is not waited for: the device answers, sends
// the command again with its own id, and it counts once.
func TestAnAnswerIsLate(t *testing.T) {
	d := newDesk(t, 3, 2)
	b := d.sealed(390, 844)
	b.Run(`window.late = 0; document.addEventListener("htmx:timeout", function () { window.late++; })`)
	b.Wedge(d.tokens[0])
	b.Shows(".patient-number", "1")
	d.wire(slow)
	b.Wedge(d.codes[0])
	b.Until(`window.late === 1`)
	b.Shows("#band", "演示利培酮片")
	b.Shows(".hero", "1")
	d.wire(whole)
	b.Wedge(d.codes[1])
	b.Shows(".hero", "2")
	b.sent()
	b.Shows(".hero", "2")
	if lines, commands := d.rows(`SELECT count(*) FROM visit_line`), d.rows(`SELECT count(*) FROM command WHERE kind = 'dispense'`); lines != 2 || commands != 2 {
		t.Errorf("%d lines, %d commands", lines, commands)
	}
}

// A table says that it is there as soon as dispensing stops.
func TestATableAnswersTheStop(t *testing.T) {
	d := newDesk(t, 1, 1)
	d.sealed(390, 844)
	b := d.sealed(1366, 768)
	b.eventually(func() bool { return d.rows(`SELECT count(*) FROM session_device WHERE at_table`) == 2 })
	_, err := d.sessions.StopDispensing(t.Context(), d.chief, session.Stopping{SessionID: d.id, CommandID: uuid.New()})
	d.must(err)
	b.eventually(func() bool {
		return d.rows(`SELECT count(*) FROM session_device s JOIN clinic_session c ON c.id = s.session_id WHERE s.heard_at > c.stopped_at`) == 2
	})
}

// eventually asks until something is so; the browser's clock gives the pace.
func (s screen) eventually(so func() bool) {
	s.T.Helper()
	for range 100 {
		if so() {
			return
		}
		s.Run(`window.waited = false; setTimeout(function () { window.waited = true; }, 50)`)
		s.Until(`window.waited`)
	}
	s.Shot("failed")
	s.T.Fatal("it never came to be so")
}

// Two tabs of one doctor share the queue; one of them sends it, once.
func TestTwoTabs(t *testing.T) {
	d := newDesk(t, 4, 2)
	b := d.sealed(1366, 768)
	second := screen{b.Tab()}
	second.Go(d.url + d.path(""))
	second.ready()
	b.Wedge(d.tokens[0])
	b.Shows(".patient-number", "1")
	d.wire(cut)
	b.Wedge(d.codes[0])
	b.kept(1)
	second.kept(1)
	b.Wedge(d.codes[1])
	second.kept(2)
	d.wire(whole)
	b.Run(`window.dispatchEvent(new Event("online"))`)
	second.Run(`window.dispatchEvent(new Event("online"))`)
	b.sent()
	second.kept(0)
	if lines, commands := d.rows(`SELECT count(*) FROM visit_line`), d.rows(`SELECT count(*) FROM command WHERE kind = 'dispense'`); lines != 2 || commands != 2 {
		t.Errorf("%d lines, %d commands", lines, commands)
	}
	if n := d.rows(`SELECT count(*) FROM session_alarm`); n != 0 {
		t.Errorf("%d alarms", n)
	}
}

// cached waits until the service worker keeps an address.
func (s screen) cached(path string) {
	s.T.Helper()
	s.Run(fmt.Sprintf(`window.found = false; (function look() { caches.match(%q).then(function (a) { if (a) window.found = true; else setTimeout(look, 50); }); })()`, path))
	s.Until(`window.found`)
}

// What waits keeps its person from logging out, not from locking.
func TestLoggingOutWithUnsentCommands(t *testing.T) {
	d := newDesk(t, 2, 1)
	b := d.sealed(390, 844)
	d.wire(cut)
	b.Wedge(d.tokens[0])
	b.kept(1)
	b.Run(`document.querySelector('form[data-logout]').requestSubmit()`)
	b.Shows("#band", "还没有上传")
	b.Until(fmt.Sprintf(`location.pathname === %q`, d.path("")))
	d.wire(whole)
	b.sent()
	b.Run(`document.dispatchEvent(new Event("visibilitychange"))`) // says it once more
	b.eventually(func() bool { return d.rows(`SELECT count(*) FROM session_device WHERE unsent = 0 AND at_table`) == 1 })
}

// The evening names a device that has not sent everything, and lets it go only
// with a reason.
func TestClosingNamesADevice(t *testing.T) {
	d := newDusk(t, 1)
	d.must(d.sessions.ReportDevice(t.Context(), d.doctors[0], session.DeviceReport{SessionID: d.id, Device: uuid.New(), Model: "安卓手机", Unsent: 5, AtTable: true}))
	_, err := d.sessions.StopDispensing(t.Context(), d.chief, session.Stopping{SessionID: d.id, CommandID: uuid.New()})
	d.must(err)
	d.lookAs(d.chief)
	b := openScreen(t, 390, 844)
	b.Go(d.url + d.path + "/closing")
	b.Live()
	b.Shows("#closing-devices", "还有 5 条没有上传")
	b.Shot("closing-device")
	b.Run(`document.querySelector("#closing-devices details").open = true`)
	b.Run(`var f = document.querySelector("#closing-devices form"); f.noValidate = true; f.requestSubmit()`)
	b.Shows("#band", "请写明为什么不再等")
	b.Run(`document.querySelector('#closing-devices input[name="reason"]').value = "手机没电，已核对纸质处方"; document.querySelector("#closing-devices form").requestSubmit()`)
	b.Shows("#band", "不再等这台设备")
	b.Until(`!document.querySelector("#closing-devices")`)
}
