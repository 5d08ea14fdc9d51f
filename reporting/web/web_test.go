package web_test

import (
	"bytes"
	"context"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/inventory"
	inventoryweb "jingfang/inventory/web"
	"jingfang/reporting"
	"jingfang/reporting/web"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// house is two sites, one session with a team at the first, and the handlers.
type house struct {
	t           testing.TB
	db          *dbtest.DB
	handler     http.Handler
	jobs        *job.Jobs
	site, other int64
	session     int64
	doctor      identity.Actor // of the team
	deputy      identity.Actor // a doctor who is the session's deputy and has its duty
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, db: dbtest.New(t)}
	site, err := page.New(page.Config{Dev: true}, web.Templates(), inventoryweb.Templates())
	h.must(err)
	h.jobs = job.New(h.db.App.Now)
	people := patient.New(h.db.App, seal.NewMemoryKeys())
	svc := session.New(h.db.App, nil, people)
	handlers := web.New(site, h.db.App, inventory.New(h.db.App), h.jobs).WithPeople(svc, people).WithEvents(func(event string) string { return map[string]string{"demo.named": "演示事件"}[event] })
	r := chi.NewRouter()
	for path, do := range map[string]page.Func{"/sessions/{id}/report.pdf": handlers.SessionPDF, "/sessions/{id}/absent.xlsx": handlers.SessionAbsentSheet, "/absent.xlsx": handlers.AbsentSheet,
		"/receipts/{id}/differences.pdf": handlers.ReceiptSheetPDF, "/setaside/{id}/report.pdf": handlers.DisposalPDF, "/stocktakes/{id}/result.pdf": handlers.StocktakePDF,
		"/stock/expiry.xlsx": handlers.ExpirySheet, "/papers/check": handlers.CheckPaper, "/recalls/{id}/patients.pdf": handlers.RecallPDF, "/recalls/{id}/patients.xlsx": handlers.RecallSheet} {
		r.Get(path, site.Handle(do))
	}
	for path, do := range map[string]page.Func{"/receipts": handlers.ReceiptsFile, "/setaside": handlers.SetAsideFile, "/drugs": handlers.DrugsFile, "/totes": handlers.TotesFile, "/recalls": handlers.RecallsFile,
		"/stocktakes": handlers.StocktakesFile, "/audit": handlers.AuditFile} {
		r.Get(path+"/file.{form}", site.Handle(do))
	}
	shelf := inventoryweb.New(site, h.db.App, inventory.New(h.db.App))
	for path, do := range map[string]page.Func{"/receipts": shelf.Receipts, "/setaside": shelf.SetAside, "/drugs": shelf.Drugs, "/totes": shelf.Totes, "/recalls": shelf.Recalls, "/stocktakes": shelf.Stocktakes} {
		r.Get(path, site.Handle(do)) // the pages that the files are of
	}
	h.statistics(r, site, handlers)
	r.Get("/ledger", site.Handle(handlers.Ledger))
	r.Get("/ledger/moves", site.Handle(handlers.LedgerMoves))
	r.Get("/ledger.pdf", site.Handle(handlers.LedgerPDF))
	r.Get("/ledger/file.{form}", site.Handle(handlers.LedgerFile))
	r.Get("/ledger/controlled/file.{form}", site.Handle(handlers.RegisterFile))
	r.Get("/stocktakes/{id}/result/file.{form}", site.Handle(handlers.StocktakeFile))
	r.Get("/ledger/controlled", site.Handle(handlers.Controlled))
	r.Get("/ledger/controlled.pdf", site.Handle(handlers.ControlledPDF))
	r.Post("/ledger/controlled/rules", site.Handle(handlers.AddRule))
	r.Get("/stock/check", site.Handle(handlers.StockCheck))
	r.Post("/stock/check", site.Handle(handlers.StartCheck))
	r.Get("/stock/check/{job}", site.Handle(handlers.CheckProgress))
	r.Post("/stock/check/{job}/cancel", site.Handle(handlers.CancelCheck))
	h.handler = r
	h.site = h.insert(`INSERT INTO site (code, name, district, created_at) VALUES ('999900001', '演示新华 (一/二)', '金平', now()) RETURNING id`)
	h.other = h.insert(`INSERT INTO site (code, name, district, created_at) VALUES ('999900002', '演示他处', '龙湖', now()) RETURNING id`)
	h.doctor, h.deputy = h.person("演示医生甲", identity.Doctor, h.site), h.person("演示医生乙", identity.Doctor, h.site)
	h.session, err = svc.PlanSession(context.Background(), h.person("演示药师", identity.Pharmacist, h.site), session.Plan{SiteID: h.site,
		HeldOn: session.Today(time.Now()), Team: []session.Member{{StaffID: h.doctor.StaffID, Part: session.PartDoctor}, {StaffID: h.deputy.StaffID, Part: session.PartDeputy}}})
	h.must(err)
	return h
}

func (h *house) statistics(r chi.Router, site *page.Site, x *web.Handlers) {
	for path, do := range map[string]page.Func{"/statistics": x.Overview, "/statistics/today": x.Today, "/statistics/visits": x.Visits, "/statistics/visits.{form}": x.VisitsFile,
		"/statistics/visits/rows": x.VisitRows, "/statistics/use": x.Use, "/statistics/use.{form}": x.UseFile, "/statistics/use/rows": x.GivenRows, "/statistics/use/people": x.PersonRows,
		"/statistics/stock": x.Stock, "/statistics/stock.{form}": x.StockFile, "/statistics/month.{form}": x.MonthFile, "/statistics/reports": x.Reports, "/statistics/reports/{report}": x.Report, "/statistics/reports/making/{job}": x.ReportWork,
		"/statistics/reports/{report}/file.{form}": x.ReportFile, "/statistics/exports/{job}": x.Export, "/statistics/exports/{job}/file": x.ExportFile} {
		r.Get(path, site.Handle(do))
	}
	for path, do := range map[string]page.Func{"/statistics/reports": x.MakeReport, "/statistics/reports/{report}/again": x.ReportAgain, "/statistics/reports/making/{job}/cancel": x.CancelReport, "/statistics/exports": x.StartExport, "/statistics/exports/{job}/cancel": x.CancelExport} {
		r.Post(path, site.Handle(do))
	}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) insert(query string, args ...any) (id int64) {
	h.t.Helper()
	h.must(h.db.App.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return tx.Get(ctx, &id, query, args...) }))
	return id
}

func (h *house) person(name string, role identity.Role, site int64) identity.Actor {
	h.t.Helper()
	id := h.insert(`INSERT INTO staff (username, name, created_at) VALUES ($1, $2, now()) RETURNING id`, uuid.NewString()[:13], name)
	return identity.Actor{StaffID: id, Name: name, LoginID: uuid.New(), Grants: []identity.Grant{{Role: role, SiteID: site}}}
}

func (h *house) get(by *identity.Actor, path string) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept", "application/json")
	if by != nil {
		r = r.WithContext(identity.WithActor(r.Context(), *by))
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

func (h *house) path() string { return fmt.Sprintf("/sessions/%d/report.pdf", h.session) }

func (h *house) audited(event string) (n int) {
	h.t.Helper()
	h.must(h.db.App.Get(context.Background(), &n, `SELECT count(*) FROM audit WHERE event = $1`, event))
	return n
}

func needFonts(t testing.TB) {
	t.Helper()
	if err := reporting.HasFonts(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("static/vendor holds no fonts: run sh deploy/demo.sh once")
	}
}

func TestWhoMayHaveTheReport(t *testing.T) {
	needFonts(t)
	h := newHouse(t)
	nobody := identity.Actor{StaffID: h.deputy.StaffID, Name: h.deputy.Name, LoginID: uuid.New()}
	for _, tc := range []struct {
		name string
		by   identity.Actor
		want int
	}{
		{"a pharmacist of the site", h.person("演示药师二", identity.Pharmacist, h.site), 200},
		{"a pharmacist of another site", h.person("演示药师三", identity.Pharmacist, h.other), 403},
		{"a manager", h.person("演示主管", identity.Manager, 0), 200},
		{"a manager of another site", h.person("演示主管二", identity.Manager, h.other), 403},
		{"a doctor of the team", h.doctor, 403},
		{"the deputy", h.deputy, 200},
		{"the deputy without a role any more", nobody, 403},
		{"an assistant", h.person("演示工作人员", identity.Assistant, h.site), 403},
		{"the system administrator", h.person("演示管理员", identity.SysAdmin, 0), 403},
		{"the auditor", h.person("演示审计员", identity.Auditor, 0), 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			taken, denied := h.audited("report.download"), h.audited("denied")
			w := h.get(&tc.by, h.path())
			if w.Code != tc.want || (w.Code == 200) != bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF-")) {
				t.Fatalf("%d %.200s", w.Code, w.Body)
			}
			if tc.want == 200 {
				taken++
			} else {
				denied++
			}
			if h.audited("report.download") != taken || h.audited("denied") != denied {
				t.Errorf("the audit holds %d downloads and %d denials, want %d and %d", h.audited("report.download"), h.audited("denied"), taken, denied)
			}
		})
	}
	if w := h.get(nil, h.path()); w.Code != 401 {
		t.Errorf("without a login: %d", w.Code)
	}
	for _, path := range []string{"/sessions/999/report.pdf", "/sessions/x/report.pdf", "/sessions/-1/report.pdf", "/sessions/99999999999999999999/report.pdf"} {
		if w := h.get(&h.deputy, path); w.Code != 404 || !strings.Contains(w.Body.String(), "没有这个义诊场次") {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

func TestHeadersOfTheReport(t *testing.T) {
	needFonts(t)
	h := newHouse(t)
	w := h.get(&h.deputy, h.path())
	got := w.Header()
	if got.Get("Content-Type") != "application/pdf" || got.Get("Cache-Control") != "no-store" || got.Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
		t.Errorf("headers: %v", got)
	}
	disposition := got.Get("Content-Disposition")
	kind, params, err := mime.ParseMediaType(disposition)
	day := session.Today(time.Now()).Format(time.DateOnly)
	if err != nil || kind != "attachment" || params["filename"] != "场次日报 "+day+" 演示新华 (一/二).pdf" {
		t.Errorf("%q is read as %s %v (%v)", disposition, kind, params, err)
	}
	if !strings.Contains(disposition, fmt.Sprintf(`filename="session-%d-%s.pdf"`, h.session, day)) || strings.ContainsFunc(disposition, func(r rune) bool { return r > '~' }) {
		t.Errorf("the plain name: %q", disposition)
	}
}

func TestManyAskForTheReportAtOnce(t *testing.T) {
	needFonts(t)
	h := newHouse(t)
	var wg sync.WaitGroup
	answers := make([]*httptest.ResponseRecorder, 8)
	for i := range answers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			by := h.deputy
			by.LoginID = uuid.New()
			answers[i] = h.get(&by, h.path())
		}()
	}
	wg.Wait()
	for _, w := range answers {
		if w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	}
	if n := h.audited("report.download"); n != len(answers) {
		t.Errorf("%d downloads in the audit", n)
	}
}
