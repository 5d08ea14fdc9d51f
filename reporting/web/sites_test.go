package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"jingfang/reporting/web"
	"jingfang/session"
	"jingfang/session/identity"
)

// elsewhere is what there is of another site: everything that somebody of the first
// site must not come to see.
type elsewhere struct {
	drug, session, stocktake, recall, report, whole int64
	job, making                                     string // of another person
	code                                            string // of a paper
	secrets                                         []string
}

func newElsewhere(h *house) elsewhere {
	h.t.Helper()
	x := elsewhere{secrets: []string{"演示他处", "演示乙外"}}
	code := h.clinicDay(h.other, "演示乙外")
	x.secrets = append(x.secrets, code)
	h.must(h.db.App.Get(h.t.Context(), &x.drug, `SELECT drug_id FROM pack WHERE code = $1`, code))
	h.must(h.db.App.Get(h.t.Context(), &x.session, `SELECT id FROM clinic_session WHERE site_id = $1`, h.other))
	h.insert(`INSERT INTO drug_class (drug_id, class, since_on, at) VALUES ($1, '精二', '2020-01-01', now()) RETURNING id`, x.drug)
	for _, m := range [][3]string{{"opening", "", "in_store"}, {"allocate", "in_store", "allocated"}, {"dispense", "allocated", "dispensed"}} {
		h.insert(`INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, from_session_id, to_session_id, visit_id, at, how)
SELECT $1::text, k.id, 20, $2::text, $3::text, CASE WHEN $1::text = 'dispense' THEN 0 ELSE 20 END, CASE WHEN $2::text = 'allocated' THEN $4::bigint END, CASE WHEN $3::text = 'allocated' THEN $4::bigint END,
  CASE WHEN $1::text = 'dispense' THEN v.id END, now(), 'scanned' FROM pack k JOIN visit_line l ON l.pack_id = k.id JOIN visit v ON v.id = l.visit_id WHERE k.code = $5 RETURNING id`, m[0], m[1], m[2], x.session, code)
	}
	chief := h.person("演示药师总", identity.Pharmacist, 0)
	x.stocktake = h.insert(`INSERT INTO stocktake (scope_key, session_id, site_id, place, state, submission, started_by, started_at, submitted_by, submitted_at)
VALUES ('session:9', $1, $2, '演示他处', 'submitted', 1, $3, now(), $3, now()) RETURNING id`, x.session, h.other, chief.StaffID)
	x.recall = h.insert(`INSERT INTO recall (class, scope, drug_id, batch, reason, source_no, started_by, started_at, due_at, lift_reason) VALUES ('二级', 'drug', $1, '', '演示', '', $2, now(), now(), '') RETURNING id`, x.drug, chief.StaffID)
	month := "month " + session.Today(h.db.App.Now()).Format("2006-01") + "-01"
	x.report = h.made(chief, month, h.other)
	whole := h.worked(chief, "/statistics/reports", url.Values{"report": {month}})
	x.whole, x.making = whole.Report, whole.Job
	var started struct{ Job string }
	h.must(json.Unmarshal(h.post(&chief, "/statistics/exports", url.Values{"what": {"visits"}, "form": {"csv"}}).Body.Bytes(), &started))
	x.job = started.Job
	if w := h.get(&chief, fmt.Sprintf("/sessions/%d/report.pdf", x.session)); w.Code != 200 {
		h.t.Fatalf("the day's report: %d %s", w.Code, w.Body)
	}
	h.must(h.db.App.Get(h.t.Context(), &x.code, `SELECT code FROM issued_paper`))
	return x
}

// reportWork is the making of a report, as a program reads it.
type reportWork struct {
	Job, State string
	Report     int64
	Edition    int64
	Changed    []string
}

// made has a report of a period made, waits for it and gives its number.
func (h *house) made(by identity.Actor, report string, site int64) int64 {
	h.t.Helper()
	return h.worked(by, "/statistics/reports", url.Values{"report": {report}, "site": {idOrNone(site)}}).Report
}

// worked starts the making of a report and waits for its end.
func (h *house) worked(by identity.Actor, path string, form url.Values) (x reportWork) {
	h.t.Helper()
	w := h.post(&by, path, form)
	for {
		x = reportWork{}
		if w.Code != 200 {
			h.t.Fatalf("%s %v: %d %s", path, form, w.Code, w.Body)
		}
		h.must(json.Unmarshal(w.Body.Bytes(), &x))
		if x.State != "running" {
			break
		}
		h.must(h.t.Context().Err())
		w = h.get(&by, "/statistics/reports/making/"+x.Job)
	}
	if x.State != "done" || x.Report == 0 {
		h.t.Fatalf("%s %v: %+v", path, form, x)
	}
	return x
}

func idOrNone(id int64) string {
	if id == 0 {
		return ""
	}
	return fmt.Sprint(id)
}

// of fills an address with the numbers of what is elsewhere.
func (x elsewhere) of(h *house, path string) string {
	return strings.NewReplacer("SITE", fmt.Sprint(h.other), "DRUG", fmt.Sprint(x.drug), "SESSION", fmt.Sprint(x.session), "STOCKTAKE", fmt.Sprint(x.stocktake), "RECALL", fmt.Sprint(x.recall),
		"REPORT", fmt.Sprint(x.report), "WHOLE", fmt.Sprint(x.whole), "JOB", x.job, "MAKING", x.making, "CODE", url.QueryEscape(x.code)).Replace(path)
}

// addresses are those of every handler of the package, as somebody of one site
// would ask them for another, or for all; those with a form are sent.
func addresses() map[string][]string {
	three := func(path string) []string {
		return []string{strings.Replace(path, "*", "pdf", 1), strings.Replace(path, "*", "xlsx", 1), strings.Replace(path, "*", "csv", 1)}
	}
	two := func(path string) []string {
		return []string{strings.Replace(path, "*", "xlsx", 1), strings.Replace(path, "*", "csv", 1)}
	}
	return map[string][]string{
		"SessionPDF": {"/sessions/SESSION/report.pdf"}, "SessionAbsentSheet": {"/sessions/SESSION/absent.xlsx"}, "AbsentSheet": {"/absent.xlsx?site=SITE", "/absent.xlsx"},
		"ReceiptSheetPDF": {"/receipts/1/differences.pdf"}, "DisposalPDF": {"/setaside/1/report.pdf"}, "StocktakePDF": {"/stocktakes/STOCKTAKE/result.pdf"},
		"StockCheck": {"/stock/check"}, "StartCheck": {"POST /stock/check?"}, "CheckProgress": {"/stock/check/JOB"}, "CancelCheck": {"POST /stock/check/JOB/cancel?"},
		"Overview": {"/statistics", "/statistics?site=SITE"}, "Today": {"/statistics/today"},
		"Visits": {"/statistics/visits?site=SITE", "/statistics/visits", "/statistics/visits?by=day", "/statistics/visits?by=doctor"}, "VisitsFile": append(three("/statistics/visits.*?site=SITE"), three("/statistics/visits.*")...),
		"VisitRows": {"/statistics/visits/rows?site=SITE", "/statistics/visits/rows"}, "Use": {"/statistics/use?site=SITE", "/statistics/use?by=both", "/statistics/use?by=site"},
		"UseFile": append(three("/statistics/use.*?by=site&site=SITE"), three("/statistics/use.*?by=both")...), "GivenRows": {"/statistics/use/rows?site=SITE", "/statistics/use/rows", "/statistics/use/rows?drug=DRUG"},
		"PersonRows": {"/statistics/use/people?site=SITE", "/statistics/use/people"}, "Stock": {"/statistics/stock?site=SITE", "/statistics/stock?by=session", "/statistics/stock?by=all"},
		"StockFile": append(three("/statistics/stock.*?site=SITE"), three("/statistics/stock.*?by=all")...), "MonthFile": append(three("/statistics/month.*?site=SITE"), three("/statistics/month.*")...),
		"Reports": {"/statistics/reports"}, "MakeReport": {"POST /statistics/reports?report=month+2026-10-01&site=SITE", "POST /statistics/reports?report=month+2026-10-01"},
		"Report": {"/statistics/reports/REPORT", "/statistics/reports/WHOLE"}, "ReportWork": {"/statistics/reports/making/JOB", "/statistics/reports/making/MAKING"}, "CancelReport": {"POST /statistics/reports/making/MAKING/cancel?"}, "ReportAgain": {"POST /statistics/reports/REPORT/again?", "POST /statistics/reports/WHOLE/again?"},
		"ReportFile":  append(three("/statistics/reports/REPORT/file.*"), three("/statistics/reports/WHOLE/file.*")...),
		"StartExport": {"POST /statistics/exports?what=visits&form=csv&site=SITE"}, "Export": {"/statistics/exports/JOB"}, "CancelExport": {"POST /statistics/exports/JOB/cancel?"}, "ExportFile": {"/statistics/exports/JOB/file"},
		"Ledger": {"/ledger?site=SITE", "/ledger", "/ledger?place=store", "/ledger?by=place", "/ledger?by=kind&drug=DRUG"}, "LedgerMoves": {"/ledger/moves?site=SITE", "/ledger/moves", "/ledger/moves?place=store", "/ledger/moves?drug=DRUG"},
		"LedgerFile": append(three("/ledger/file.*?site=SITE"), three("/ledger/file.*?place=session")...), "RegisterFile": append(three("/ledger/controlled/file.*?drug=DRUG"), three("/ledger/controlled/file.*?drug=DRUG&site=SITE")...), "StocktakeFile": three("/stocktakes/STOCKTAKE/result/file.*"),
		"LedgerPDF": {"/ledger.pdf?site=SITE", "/ledger.pdf", "/ledger.pdf?place=store"}, "Controlled": {"/ledger/controlled", "/ledger/controlled?drug=DRUG", "/ledger/controlled?drug=DRUG&site=SITE", "/ledger/controlled?drug=DRUG&place=session"},
		"ControlledPDF": {"/ledger/controlled.pdf?drug=DRUG", "/ledger/controlled.pdf?drug=DRUG&site=SITE", "/ledger/controlled.pdf?drug=DRUG&place=store"}, "AddRule": {"POST /ledger/controlled/rules?"},
		"ReceiptsFile": two("/receipts/file.*"), "SetAsideFile": append(two("/setaside/file.*"), two("/setaside/file.*?list=papers")...), "DrugsFile": two("/drugs/file.*"), "TotesFile": two("/totes/file.*"),
		"RecallsFile": two("/recalls/file.*"), "StocktakesFile": two("/stocktakes/file.*"), "AuditFile": two("/audit/file.*"),
		"ExpirySheet": {"/stock/expiry.xlsx"}, "CheckPaper": {"/papers/check?codes=CODE"}, "RecallPDF": {"/recalls/RECALL/patients.pdf"}, "RecallSheet": {"/recalls/RECALL/patients.xlsx"},
	}
}

// Whoever is of one site finds nothing of another behind any address of the
// package: a refusal, or an answer without it. A handler that the table lacks fails
// the test.
func TestNobodySeesAnotherSite(t *testing.T) {
	needFonts(t)
	h := newHouse(t)
	h.clinicDay(h.site, "演示甲内")
	x := newElsewhere(h)
	all := addresses()
	handlers := reflect.TypeFor[*web.Handlers]()
	for i := range handlers.NumMethod() {
		if m := handlers.Method(i); m.Type.NumIn() == 3 && m.Type.In(2) == reflect.TypeFor[*http.Request]() && len(all[m.Name]) == 0 {
			t.Errorf("%s is not in the table of addresses", m.Name)
		}
	}
	for _, role := range []identity.Role{identity.Manager, identity.Pharmacist} {
		some := h.person("演示本点", role, h.site)
		for name, paths := range all {
			for _, path := range paths {
				for _, kind := range []string{"application/json", "text/html"} {
					w := h.walk(some, kind, x.of(h, path))
					if w.Code >= 500 || w.Code == 404 && strings.Contains(w.Body.String(), "404 page") {
						t.Errorf("%s: %s %s: %d %s", role, name, path, w.Code, w.Body)
					}
					said := readable(t, w)
					for _, secret := range x.secrets {
						if strings.Contains(said, secret) {
							t.Errorf("%s: %s %s (%s) tells %q", role, name, path, kind, secret)
						}
					}
				}
			}
		}
	}
	// The same addresses do tell somebody of all sites: the walk can fail.
	chief, told := h.person("演示总", identity.Pharmacist, 0), 0
	for _, paths := range all {
		for _, path := range paths {
			if !strings.HasPrefix(path, "POST") && strings.Contains(readable(t, h.walk(chief, "text/html", x.of(h, path))), x.secrets[0]) {
				told++
				break
			}
		}
	}
	if told < 15 {
		t.Errorf("only %d handlers have anything of the other site to tell", told)
	}
}

// walk asks an address, or sends the form that stands in it.
func (h *house) walk(by identity.Actor, accept, path string) *httptest.ResponseRecorder {
	path, send := strings.CutPrefix(path, "POST ")
	method, form := "GET", ""
	if send {
		method = "POST"
		path, form, _ = strings.Cut(path, "?")
	}
	r := httptest.NewRequest(method, path, strings.NewReader(form))
	if send {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Accept", accept)
	by.LoginID = uuid.New()
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r.WithContext(identity.WithActor(r.Context(), by)))
	return w
}

// readable is everything an answer says, papers and spreadsheets too.
func readable(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	body := w.Body.Bytes()
	switch {
	case bytes.HasPrefix(body, []byte("%PDF")):
		if _, err := exec.LookPath("pdftotext"); err != nil {
			t.Skip("pdftotext is missing: install poppler-utils")
		}
		cmd := exec.CommandContext(t.Context(), "pdftotext", "-layout", "-", "-")
		cmd.Stdin = bytes.NewReader(body)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(string(out)), "")
	case bytes.HasPrefix(body, []byte("PK")):
		f, err := excelize.OpenReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for _, name := range f.GetSheetList() {
			rows, err := f.GetRows(name)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&out, rows)
		}
		return out.String()
	}
	return string(body)
}
