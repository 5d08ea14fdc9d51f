package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// clinicDay holds one closed session at a site with visits of a patient who is
// called like a formula, and gives the code of his box.
func (h *house) clinicDay(site int64, name string) (code string) {
	h.t.Helper()
	on := session.Today(h.db.App.Now()).Format("2006-01-02")
	id := h.insert(`INSERT INTO clinic_session (site_id, held_on, kind, place, state, planned_by, planned_at) VALUES ($1, $2::date, 'home', '演示', 'closed', $3, now()) RETURNING id`, site, on, h.doctor.StaffID)
	patient := h.insert(`INSERT INTO patient (number, name, home_site_id, state, created_at, changed_at) VALUES ($1, $2, $3, 'active', now(), now()) RETURNING id`, fmt.Sprintf("9999%08d", id), name, site)
	drug := h.insert(`INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) VALUES ($1, '演示利培酮片', '1mg', 20, now()) RETURNING id`, fmt.Sprintf("S%d", id))
	code = fmt.Sprintf("8%019d", id)
	pack := h.insert(`INSERT INTO pack (code, drug_id, state, units_total, units_left, units_given, created_at, changed_at) VALUES ($1, $2, 'dispensed', 20, 0, 20, now(), now()) RETURNING id`, code, drug)
	visit := uuid.New()
	h.must(h.db.App.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO visit (id, session_id, patient_id, number, state, doctor_id, came_at, came_by, started_at, finished_at) VALUES ($1, $2, $3, 1, 'finished', $4, now(), $4, now(), now())`, visit, id, patient, h.doctor.StaffID)
		if err == nil {
			_, err = tx.Exec(ctx, `INSERT INTO visit_line (visit_id, pack_id, quantity, how, staff_id, at) VALUES ($1, $2, 20, 'scanned', $3, now())`, visit, pack, h.doctor.StaffID)
		}
		return err
	}))
	return code
}

func (h *house) post(by *identity.Actor, path string, form url.Values) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequest("POST", path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	r = r.WithContext(identity.WithActor(r.Context(), *by))
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

func (h *house) page(by identity.Actor, path string) string {
	h.t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r.WithContext(identity.WithActor(r.Context(), by)))
	if w.Code != 200 {
		h.t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.String()
}

// A person of one site sees that site's figures and no other's, on pages, in files
// and behind every link.
func TestStatisticsKeepToOnesSites(t *testing.T) {
	h := newHouse(t)
	mine, theirs := h.clinicDay(h.site, "=1+1"), h.clinicDay(h.other, "演示乙")
	all, some := h.person("演示管理甲", identity.Manager, 0), h.person("演示管理乙", identity.Manager, h.site)
	for _, path := range []string{"/statistics", "/statistics/visits", "/statistics/visits?by=day", "/statistics/use?by=site", "/statistics/use/people", "/statistics/stock?by=session", "/statistics/visits.csv", "/statistics/use.xlsx?by=site"} {
		if w := h.get(&some, path); w.Code != 200 || strings.Contains(w.Body.String(), "演示他处") {
			t.Errorf("GET %s: %d %.200s", path, w.Code, w.Body)
		}
	}
	if p := h.page(all, "/statistics/visits"); !strings.Contains(p, "演示他处") || !strings.Contains(p, "/statistics/visits/rows?") {
		t.Error("somebody of all sites does not see the other one, or finds no rows behind it")
	}
	if p := h.page(all, "/statistics/use/rows?by="); !strings.Contains(p, "/trace/"+mine) || !strings.Contains(p, "/trace/"+theirs) {
		t.Error("the boxes do not lead to their traces")
	}
	if p := h.page(some, "/statistics/use/rows"); !strings.Contains(p, mine) || strings.Contains(p, theirs) {
		t.Error("the boxes are not those of one's own site")
	}
	for _, path := range []string{"/statistics/visits", "/statistics/visits/rows", "/statistics/use", "/statistics/use/rows", "/statistics/use/people", "/statistics/visits.pdf", "/statistics/stock", "/ledger", "/ledger.pdf", "/ledger/moves", "/statistics/month.pdf"} {
		if w := h.get(&some, path+fmt.Sprintf("?site=%d", h.other)); w.Code != http.StatusForbidden {
			t.Errorf("GET %s of another site: %d", path, w.Code)
		}
	}
	for _, by := range []identity.Actor{h.doctor, h.person("演示审计", identity.Auditor, 0)} {
		if w := h.get(&by, "/statistics"); w.Code != http.StatusForbidden {
			t.Errorf("%s sees the overview: %d", by.Name, w.Code)
		}
	}
}

// The filter that was chosen last holds until another is chosen; dates are not
// remembered, and a filter that goes back to nothing is forgotten.
func TestFilterIsRemembered(t *testing.T) {
	h := newHouse(t)
	by, other := h.person("演示管理甲", identity.Manager, 0), h.person("演示管理乙", identity.Manager, 0)
	h.clinicDay(h.site, "演示甲")
	h.page(by, fmt.Sprintf("/statistics/visits?from=2026-01-01&to=2026-01-31&by=doctor&site=%d", h.site))
	chosen := fmt.Sprintf(`<option value="%d" selected>`, h.site)
	if p := h.page(by, "/statistics/visits"); !strings.Contains(p, chosen) || strings.Contains(p, "2026-01-31") || !strings.Contains(p, "<th>医生</th>") {
		t.Error("the filter is not remembered, or its dates are")
	}
	if p := h.page(other, "/statistics/visits"); strings.Contains(p, chosen) {
		t.Error("another person has the filter")
	}
	h.page(by, "/statistics/visits?reset=1")
	if p := h.page(by, "/statistics/visits"); strings.Contains(p, chosen) {
		t.Error("the filter is not forgotten")
	}
}

// What cannot be answered gets a sentence and an empty, well-formed page.
func TestStatisticsOfNonsense(t *testing.T) {
	h := newHouse(t)
	by := h.person("演示管理甲", identity.Manager, 0)
	for path, want := range map[string]string{
		"/statistics/visits?from=2026-11-02&to=2026-11-01": "早于", "/statistics/use?from=0001-01-01&to=2026-01-01": "太早", "/statistics/visits?from=x": "无法识别",
		"/statistics/visits?to=9999-12-31": "太远", "/statistics/visits?by=nothing": "没有这种分法", "/statistics/use?site=999": "没有这个精防点", "/statistics/visits?kind=boat": "没有这种场次",
		"/statistics/visits/rows?only=all": "没有这种明细", "/statistics/use?drug=-1": "不是一个编号", "/statistics/stock?by=moon": "没有这种分法", "/statistics/use?from=2999-01-01&to=2999-02-01": "还没有到"} {
		if p := h.page(by, path); !strings.Contains(p, want) || !strings.Contains(p, "</html>") {
			t.Errorf("GET %s: lacks %q", path, want)
		}
		if w := h.get(&by, path); w.Code != http.StatusUnprocessableEntity && w.Code != http.StatusBadRequest {
			t.Errorf("GET %s as a program: %d", path, w.Code)
		}
	}
	for _, path := range []string{"/statistics/visits", "/statistics/use", "/statistics/stock", "/statistics/visits/rows", "/statistics/use/rows", "/statistics/use/people", "/statistics"} {
		if p := h.page(by, fmt.Sprintf("%s?site=%d&from=2001-01-01&to=2001-01-31", path, h.other)); !strings.Contains(p, "没有") {
			t.Errorf("GET %s of a site without data says nothing", path)
		}
	}
	for _, path := range []string{"/statistics/visits.doc", "/statistics/reports/999", "/statistics/reports/x/file.pdf"} {
		if w := h.get(&by, path); w.Code != http.StatusNotFound {
			t.Errorf("GET %s: %d", path, w.Code)
		}
	}
	for _, form := range []url.Values{{"report": {"week 2026-11-01"}}, {"report": {"month"}}, {"report": {"month 2026-10-01"}, "site": {"x"}}, {"report": {"month 2999-10-01"}}} {
		if w := h.post(&by, "/statistics/reports", form); w.Code/100 != 4 {
			t.Errorf("POST %v: %d", form, w.Code)
		}
	}
}

// An export is a job of the person's own: another person's id is not there, its
// file is taken once it is done, escapes formulas, and every step is in the audit.
func TestExportIsOnesOwn(t *testing.T) {
	h := newHouse(t)
	h.clinicDay(h.site, "=1+1")
	by, other := h.person("演示管理甲", identity.Manager, 0), h.person("演示管理乙", identity.Manager, 0)
	form := url.Values{"what": {"visits"}, "form": {"xlsx"}}
	for _, bad := range []url.Values{{"what": {"secrets"}, "form": {"csv"}}, {"what": {"visits"}, "form": {"exe"}}, {"what": {"visits"}, "form": {"csv"}, "from": {"2026-11-02"}, "to": {"2026-11-01"}}} {
		if w := h.post(&by, "/statistics/exports", bad); w.Code/100 != 4 {
			t.Errorf("POST %v: %d", bad, w.Code)
		}
	}
	var job struct{ Job, File, State string }
	w := h.post(&by, "/statistics/exports", form)
	h.must(json.Unmarshal(w.Body.Bytes(), &job))
	path := "/statistics/exports/" + job.Job
	for _, p := range []string{path, path + "/file", "/statistics/exports/" + uuid.NewString(), "/statistics/exports/x"} {
		if w := h.get(&other, p); w.Code != http.StatusNotFound {
			t.Errorf("another person's GET %s: %d", p, w.Code)
		}
	}
	if w := h.post(&other, path+"/cancel", nil); w.Code != http.StatusNotFound {
		t.Errorf("another person cancels: %d", w.Code)
	}
	for job.State != "done" {
		if h.t.Context().Err() != nil || job.State == "failed" {
			t.Fatalf("%+v", job)
		}
		h.must(json.Unmarshal(h.get(&by, path).Body.Bytes(), &job))
	}
	f, err := excelize.OpenReader(bytes.NewReader(h.get(&by, job.File).Body.Bytes()))
	h.must(err)
	rows, err := f.GetRows(f.GetSheetList()[0])
	h.must(err)
	if len(rows) != 4 || !strings.HasPrefix(rows[3][3], "'=") {
		t.Errorf("%q", rows)
	}
	less := by
	less.Grants = []identity.Grant{{Role: identity.Manager, SiteID: h.other}}
	if w := h.get(&less, job.File); w.Code != http.StatusForbidden {
		t.Errorf("who may not any more takes the file: %d", w.Code)
	}
	if h.audited("report.export") != 1 || h.audited("report.fetch") != 1 {
		t.Error("the export is not in the audit")
	}
}

// A report of a month is made, kept and found again; whoever sees one site finds
// that site's only.
func TestReportsOnThePage(t *testing.T) {
	needFonts(t)
	h := newHouse(t)
	h.clinicDay(h.site, "演示甲")
	all, some := h.person("演示管理甲", identity.Manager, 0), h.person("演示管理乙", identity.Manager, h.other)
	month := "month " + session.Today(h.db.App.Now()).Format("2006-01") + "-01"
	made := h.worked(all, "/statistics/reports", url.Values{"report": {month}})
	path := fmt.Sprintf("/statistics/reports/%d", made.Report)
	for _, x := range []string{"/file.pdf", "/file.xlsx", "/file.csv"} {
		one, two := h.get(&all, path+x), h.get(&all, path+x)
		if one.Code != 200 || one.Body.Len() < 200 {
			t.Errorf("GET %s: %d", x, one.Code)
		}
		if x == "/file.csv" && one.Body.String() != two.Body.String() {
			t.Error("the same report gives another CSV")
		}
	}
	if p := h.page(all, path); !strings.Contains(p, "数字指纹") || !strings.Contains(p, "演示新华") {
		t.Error("the report is not on its page")
	}
	for _, p := range []string{path, path + "/file.pdf"} {
		if w := h.get(&some, p); w.Code != http.StatusForbidden {
			t.Errorf("GET %s by who sees one site: %d", p, w.Code)
		}
	}
	if w := h.post(&some, "/statistics/reports", url.Values{"report": {month}, "site": {fmt.Sprint(h.site)}}); w.Code != http.StatusForbidden {
		t.Errorf("a report of another's site: %d", w.Code)
	}
	if n := h.made(some, month, h.other); n == 0 {
		t.Error("no report of one's own site")
	}
	if w := h.get(&some, "/statistics/reports"); strings.Contains(w.Body.String(), `"site":0`) || !strings.Contains(w.Body.String(), fmt.Sprintf(`"site":%d`, h.other)) {
		t.Errorf("%s", w.Body)
	}
	if w := h.get(&all, "/statistics/month.pdf"); w.Code != 200 || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF")) {
		t.Errorf("this month's PDF: %d", w.Code)
	}
}
