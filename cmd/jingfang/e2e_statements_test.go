package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// maxStatements is the most that a page may ask of the database, paperStatements
// a document, which brings much together and is noted as handed out; the manager's
// page hears of every part of the house. Both hold for any number of visits.
const (
	maxStatements   = 12
	paperStatements = 24
)

// countingServer is a further server over the house's database that counts the
// statements of each request, those of the door included.
func (w *world) countingServer(t *testing.T) (url string, last func() int64) {
	t.Helper()
	router := w.second(t).router()
	var count atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ctx, counter := db.WithCounter(r.Context())
		router.ServeHTTP(rw, r.WithContext(ctx))
		count.Store(counter.Count())
	}))
	t.Cleanup(server.Close)
	return server.URL, count.Load
}

// testStatements counts the statements of every page, in the session of 1,500
// packs and 350 patients, and of the commands at the table.
func (w *world) testStatements(t *testing.T) {
	base, last := w.countingServer(t)
	people := map[string]*caller{}
	for letter, name := range roleLetters() {
		people[letter] = person(t, w.URL, name).at(base)
	}
	big := clinic{t: t, id: w.plan.Sessions[0].ID}
	room, receipt, tote := big.path(""), w.receiptPath(t), w.totePath(t)
	people["1"] = person(t, w.URL, "doctor1").at(base)
	draft := people["D"].importID()
	own := w.session(t, nil, roleLetters()["D"])
	asked := map[string]bool{}
	for _, x := range []struct{ who, pattern, path string }{
		{"P", "/", "/"}, {"A", "/rehearsal", "/rehearsal"}, {"P", "/sessions", "/sessions"}, {"P", "/sessions/new", "/sessions/new"},
		{"P", "/sessions/{id}", room}, {"D", "/sessions/{id}", room}, {"M", "/sessions/{id}", room}, {"A", "/sessions/{id}", room},
		{"D", "/sessions/{id}", w.today.path("")}, {"P", "/sessions/{id}/packing", big.path("/packing")}, {"P", "/sessions/{id}/packing/list", big.path("/packing/list")},
		{"P", "/sessions/{id}/report.pdf", big.path("/report.pdf")}, {"P", "/sessions/{id}/report.pdf", w.today.path("/report.pdf")}, {"P", "/sessions/{id}/queue", big.path("/queue")}, {"D", "/sessions/{id}/desk", big.path("/desk")}, {"D", "/sessions/{id}/owed", big.path("/owed")},
		{"D", "/sessions/{id}/offline", own.path("/offline")}, {"D", "/sessions/{id}/shell", big.path("/shell")}, {"D", "/sw.js", "/sw.js"}, {"D", "/waiting", "/waiting"},
		{"D", "/patients", "/patients"}, {"D", "/patients", "/patients?q=" + url.QueryEscape("甲")},
		{"D", "/patients/import", "/patients/import"}, {"D", "/patients/import/template.xlsx", "/patients/import/template.xlsx"},
		{"D", "/patients/import/{import}", "/patients/import/" + draft}, {"D", "/patients/import/{import}/errors.xlsx", "/patients/import/" + draft + "/errors.xlsx"},
		{"D", "/patients/export", "/patients/export"},
		{"D", "/patients/new", "/patients/new"}, {"D", "/patients/{id}", "/patients/1"},
		{"P", "/patients/labels", "/patients/labels?site=1"}, {"D", "/patients/labels.css", "/patients/labels.css?layout=a4-40"},
		{"P", "/sessions/{id}/paper", big.path("/paper")}, {"D", "/sessions/{id}/late", w.today.path("/late")},
		{"P", "/patients/{id}/history", "/patients/1/history"}, {"P", "/patients/{id}/merge", "/patients/1/merge"},
		{"P", "/patients/{id}/edit", "/patients/1/edit"}, {"D", "/patients/{id}/changes", "/patients/1/changes"},
		{"P", "/receipts", "/receipts"}, {"P", "/receipts/file.{form}", "/receipts/file.xlsx"}, {"P", "/receipts/{id}", receipt}, {"P", "/receipts/{id}", "/receipts/1"},
		{"P", "/receipts/{id}/differences", receipt + "/differences"}, {"P", "/receipts/{id}/differences.pdf", receipt + "/differences.pdf"},
		{"P", "/receipts/{id}/codeless/labels", receipt + "/codeless/labels"}, {"P", "/cartons", "/cartons"}, {"P", "/cartons/{id}", "/cartons/" + w.relationID(t)},
		{"P", "/cartons/example/{form}", "/cartons/example/xml"},
		{"P", "/receipts", "/receipts"}, {"P", "/receipts/problems", "/receipts/problems"}, {"P", "/receipts/opening", "/receipts/opening"}, {"P", "/receipts/{id}", receipt}, {"P", "/receipts/{id}", "/receipts/1"},
		{"P", "/stock", "/stock"}, {"P", "/drugs", "/drugs"}, {"P", "/drugs/file.{form}", "/drugs/file.csv"}, {"P", "/drugs/changes", "/drugs/changes"},
		{"P", "/receipts/problems/template.csv", "/receipts/problems/template.csv"}, {"P", "/stock/his", "/stock/his"}, {"P", "/trace/his", "/trace/his"},
		{"P", "/patients/his", "/patients/his"}, {"S", "/interfaces", "/interfaces"},
		{"P", "/sessions/plan", "/sessions/plan"}, {"P", "/sessions/plan", "/sessions/plan?month=12"}, {"M", "/sessions/{id}/wall", big.path("/wall")}, {"D", "/sessions/{id}/place", big.path("/place")},
		{"P", "/sessions/{id}/roster", big.path("/roster")}, {"P", "/sessions/{id}/absent", big.path("/absent")}, {"P", "/sessions/{id}/absent.xlsx", big.path("/absent.xlsx")},
		{"P", "/absent", "/absent"}, {"D", "/absent", "/absent?kind=check"}, {"D", "/absent", "/absent?kind=shot&days=3"}, {"M", "/absent.xlsx", "/absent.xlsx"}, {"P", "/sessions/{id}/change", big.path("/change")},
		{"P", "/sessions/{id}/closing", big.path("/closing")}, {"D", "/sessions/{id}/closing", w.today.path("/closing")},
		{"P", "/stock/check", "/stock/check"}, {"1", "/sessions/{id}/visits/{visit}/correct", w.today.visitPath(w.finishedVisit(t), "/correct")},
		{"P", "/totes", "/totes"}, {"P", "/totes/file.{form}", "/totes/file.xlsx"}, {"P", "/totes/{id}", tote}, {"P", "/totes/{id}/label", tote + "/label"}, {"P", "/totes/labels", "/totes/labels"},
		{"P", "/sessions/{id}/bags", big.path("/bags")}, {"D", "/sessions/{id}/bags", w.today.path("/bags")},
		{"M", "/statistics", "/statistics"}, {"M", "/statistics/today", "/statistics/today"}, {"M", "/statistics/visits", "/statistics/visits"}, {"M", "/statistics/visits", "/statistics/visits?from=2020-01-01&to=2026-01-31"},
		{"M", "/statistics/visits/rows", "/statistics/visits/rows"}, {"P", "/statistics/use", "/statistics/use"}, {"M", "/statistics/use/rows", "/statistics/use/rows?by=site"}, {"M", "/statistics/use/people", "/statistics/use/people"},
		{"M", "/statistics/stock", "/statistics/stock"}, {"M", "/statistics/visits.{form}", "/statistics/visits.xlsx"}, {"M", "/statistics/use.{form}", "/statistics/use.pdf"}, {"M", "/statistics/stock.{form}", "/statistics/stock.pdf"},
		{"M", "/statistics/month.{form}", "/statistics/month.pdf"}, {"M", "/papers/check", "/papers/check?codes=00112233445566778899aabbccddeeff"}, {"M", "/statistics/reports", "/statistics/reports"}, {"M", "/statistics/reports/{report}", "/statistics/reports/" + w.keptReport(t)},
		{"M", "/statistics/reports/{report}/file.{form}", "/statistics/reports/" + w.keptReport(t) + "/file.pdf"},
		{"P", "/ledger", "/ledger"}, {"P", "/ledger", "/ledger?by=place"}, {"P", "/ledger", "/ledger?by=batch&from=2020-01-01&to=2020-12-31"}, {"M", "/ledger/moves", "/ledger/moves?way=in"}, {"P", "/ledger.pdf", "/ledger.pdf?by=batch"}, {"P", "/ledger/file.{form}", "/ledger/file.xlsx?by=batch"},
		{"P", "/ledger/controlled", "/ledger/controlled"}, {"P", "/ledger/controlled", "/ledger/controlled?drug=" + w.registeredDrug(t)}, {"P", "/ledger/controlled", "/ledger/controlled?from=2020-01-01&to=2020-12-31&drug=" + w.registeredDrug(t)}, {"P", "/ledger/controlled.pdf", "/ledger/controlled.pdf?drug=" + w.registeredDrug(t)}, {"P", "/ledger/controlled/file.{form}", "/ledger/controlled/file.csv?drug=" + w.registeredDrug(t)},
		{"P", "/setaside", "/setaside"}, {"P", "/setaside/file.{form}", "/setaside/file.xlsx?list=quarantined"}, {"P", "/setaside/file.{form}", "/setaside/file.csv?list=papers"}, {"P", "/setaside", "/setaside?list=quarantined"}, {"P", "/setaside/new", "/setaside/new?act=destroy"},
		{"P", "/setaside/{id}", "/setaside/" + w.paperID(t)}, {"P", "/setaside/{id}/report.pdf", "/setaside/" + w.paperID(t) + "/report.pdf"}, {"P", "/returns", "/returns"},
		{"D", "/sessions/{id}/visits/{visit}/return", w.today.visitPath(w.openVisit(t), "/return")},
		{"P", "/stock/expiry", "/stock/expiry"}, {"P", "/stock/expiry.xlsx", "/stock/expiry.xlsx"},
		{"P", "/recalls", "/recalls"}, {"P", "/recalls/file.{form}", "/recalls/file.csv"}, {"P", "/recalls/new", "/recalls/new"}, {"P", "/recalls/{id}", "/recalls/1"}, {"D", "/recalls/{id}/clock", "/recalls/1/clock"},
		{"P", "/recalls/{id}/patients", "/recalls/1/patients"}, {"P", "/recalls/{id}/patients.pdf", "/recalls/1/patients.pdf"}, {"P", "/recalls/{id}/patients.xlsx", "/recalls/1/patients.xlsx"},
		{"P", "/recalls/{id}/patients/{patient}", "/recalls/1/patients/" + w.recalledPatient(t)},
		{"P", "/stocktakes", "/stocktakes"}, {"P", "/stocktakes/file.{form}", "/stocktakes/file.xlsx"}, {"M", "/stocktakes/{id}/result", "/stocktakes/" + w.endedCount(t) + "/result"}, {"A", "/stocktakes/{id}", "/stocktakes/" + w.openCount(t)},
		{"P", "/stocktakes/{id}/sheet", "/stocktakes/" + w.openCount(t) + "/sheet"}, {"P", "/stocktakes/{id}/result.pdf", "/stocktakes/" + w.endedCount(t) + "/result.pdf"}, {"P", "/stocktakes/{id}/result/file.{form}", "/stocktakes/" + w.endedCount(t) + "/result/file.xlsx"},
		{"P", "/trace", "/trace"}, {"D", "/trace/{code}", "/trace/" + w.givenCode(t)},
		{"P", "/trace", "/trace?q=000001"}, {"D", "/trace/look", "/trace/look?codes=" + w.givenCode(t)}, {"P", "/trace/batch", w.batchPath(t)},
		{"P", "/trace/{code}", "/trace/" + w.toteLabel(t)}, {"P", "/trace/receipt/{id}", "/trace/receipt/1"}, {"D", "/trace/patient/{id}", "/trace/patient/1"},
		{"S", "/admin/staff", "/admin/staff"}, {"S", "/admin/staff/{id}", "/admin/staff/2"}, {"C", "/admin/staff/{id}", "/admin/staff/2"},
		{"S", "/admin/sites", "/admin/sites"}, {"U", "/audit", "/audit"}, {"U", "/audit/file.{form}", "/audit/file.csv"},
		{"P", "/notices", "/notices"}, {"P", "/sessions/{id}/notices", big.path("/notices")},
		{"U", "/transferlog/archive", "/transferlog/archive"}, {"U", "/transferlog", "/transferlog"}, {"U", "/transferlog", "/transferlog?day=&system=HIS"}, {"U", "/transferlog/{exchange}", "/transferlog/" + w.exchangeID(t)},
		{"D", "/switch", "/switch"}, {"D", "/totp", "/totp"}, {"P", "/sessions/{id}/signatures", w.today.path("/signatures")},
		{"D", "/password", "/password"}, {"D", "/login", "/login"}, {"D", "/trust", "/trust"},
		{"D", "/first-run", "/first-run"}, {"D", "/healthz", "/healthz"}, {"D", "/readyz", "/readyz"}, {"D", "/metrics", "/metrics"},
	} {
		asked[x.pattern] = true
		r := people[x.who].page(x.path)
		if r.status >= 400 && x.pattern != "/first-run" {
			t.Errorf("GET %s: %d", x.path, r.status)
		}
		t.Logf("%2d statements  %6d bytes  GET %s (%s)", last(), len(r.body), x.pattern, people[x.who].name)
		most := int64(maxStatements)
		if strings.Contains(x.path, ".pdf") || strings.Contains(x.path, ".xlsx") && (strings.Contains(x.path, "statistics/") || strings.Contains(x.path, "recalls/")) || x.path == "/statistics" {
			most = paperStatements
		}
		if last() > most {
			t.Errorf("GET %s asks %d statements of the database", x.path, last())
		}
	}
	for _, x := range accessTable() {
		skip := strings.HasSuffix(x.pattern, "/events") || strings.HasPrefix(x.pattern, "/static/") || x.pattern == "/lock" || x.pattern == "/trust/ca.crt" ||
			x.pattern == "/stock/check/{job}" || x.pattern == "/transferlog/check/{job}" || x.pattern == "/transferlog/archive/run/{job}" || x.pattern == "/audit/verify/{job}" || strings.HasPrefix(x.pattern, "/statistics/exports/") || strings.HasPrefix(x.pattern, "/statistics/reports/making/") || strings.HasSuffix(x.pattern, "/progress") // from memory, and gone with its server
		if x.method == "GET" && !asked[x.pattern] && !skip {
			t.Errorf("the statements of GET %s are not counted", x.pattern)
		}
	}
	w.commandStatements(t, base, last)
}

// commandStatements counts what the commands of the table ask. The transaction's
// own begin and commit do not count as statements.
func (w *world) commandStatements(t *testing.T, base string, last func() int64) {
	t.Helper()
	codes := w.take(t, 6, 8)
	c := w.session(t, codes, "doctor1")
	token := w.patient(t, "计数")
	d, visit := w.doctors[0].at(base), uuid.NewString()
	for _, x := range []struct {
		what, path string
		form       url.Values
		most       int64
	}{
		{"a label", "/visits", commandForm("visit", visit, "patient", token, "start", "true"), 16},
		{"one code", "/visits/" + visit + "/scans", commandForm("codes", codes[0]), 16},
		{"six codes", "/visits/" + visit + "/scans", commandForm("codes", strings.Join(codes[1:7], "\n")), 16},
		{"a wrong code", "/visits/" + visit + "/scans", commandForm("codes", "6901234567892"), 16},
		{"undo", "/visits/" + visit + "/undo", commandForm("code", codes[0]), 16},
		{"诊毕", "/visits/" + visit + "/finish", commandForm("collector", "self"), 18},
	} {
		r := d.post(c.path(x.path), x.form)
		if r.status != 200 {
			t.Errorf("%s: %d %s", x.what, r.status, r.body)
		}
		t.Logf("%2d statements  %s", last(), x.what)
		if last() > x.most {
			t.Errorf("%s asks %d statements of the database, more than %d", x.what, last(), x.most)
		}
	}
}

// testGalleryPages opens every line of the gallery in the running program.
func (w *world) testGalleryPages(t *testing.T) {
	nobody := newCaller(t, w.URL)
	list := nobody.page("/dev/gallery/")
	if list.status != 200 || strings.Contains(list.body, "没有样板数据") {
		t.Fatalf("the gallery: %d", list.status)
	}
	n := 0
	for _, part := range strings.Split(list.body, `href="/dev/gallery/`)[1:] {
		number, _, _ := strings.Cut(part, `"`)
		if r := nobody.page("/dev/gallery/" + number); r.status != 200 || !strings.Contains(r.body, "</html>") {
			t.Errorf("sample %s: %d", number, r.status)
		}
		n++
	}
	if n < len(samples()) {
		t.Errorf("the gallery lists %d of %d samples", n, len(samples()))
	}
}

// keptReport gives the number of a kept report of this month.
func (w *world) keptReport(t *testing.T) string {
	t.Helper()
	kept, _, err := reporting.KeepReport(t.Context(), w.base.App, identity.System("test"), reporting.ReportMonth, reporting.MonthOf(session.Today(w.base.App.Now())), 0)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(kept.ID)
}
