package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
)

// ask sends a request of a browser or, with json, of a program.
func (h *house) ask(by identity.Actor, method, path string, form url.Values, header ...string) *httptest.ResponseRecorder {
	h.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	r = r.WithContext(identity.WithActor(r.Context(), by))
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

// stocked puts boxes of a drug on the shelf, as the ledger would find them.
func (h *house) stocked(class string, codes ...string) (drug int64) {
	h.t.Helper()
	drug = h.insert(`INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) VALUES ($1, '演示阿普唑仑片', '0.4mg×20片', 20, now()) RETURNING id`, uuid.NewString()[:8])
	h.insert(`INSERT INTO drug_class (drug_id, class, since_on, at) VALUES ($1, $2, '2020-01-01', now()) RETURNING id`, drug, class)
	for _, code := range codes {
		h.insert(`WITH k AS (INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, expires_on, created_at, changed_at)
VALUES ($1::text, $2::bigint, 'in_store', 20, 20, 'B1', '2028-03-31', now(), now()) RETURNING id)
INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, at, how) SELECT 'opening', k.id, 20, '', 'in_store', 20, now(), 'scanned' FROM k RETURNING id`, code, drug)
	}
	return drug
}

func TestLedgerPages(t *testing.T) {
	h := newHouse(t)
	drug := h.stocked("普", "80000010000000000001", "80000010000000000002")
	by := h.person("演示药师", identity.Pharmacist, 0)
	for path, want := range map[string][]string{
		"/ledger":                  {"平衡", "演示阿普唑仑片", "2盒", "/ledger/moves?"},
		"/ledger?by=batch":         {"B1"},
		"/ledger?by=kind":          {"期初盘入", "2 条"},
		"/ledger?by=place":         {"药房", "隔离区"},
		"/ledger?place=quarantine": {"这段时间没有收发"},
		fmt.Sprintf("/ledger/moves?way=in&drug=%d", drug):  {"/trace/80000010000000000001", "期初盘入"},
		"/ledger/moves?way=out":                            {"没有流水"},
		"/ledger?from=2026-05-02&to=2026-05-01":            {"早于", `role="alert"`},
		"/ledger?from=9999-01-01&to=9999-12-31":            {"还没有到"},
		"/ledger?from=x":                                   {"日期无法识别"},
		"/ledger?drug=-1":                                  {"不是一个编号"},
		"/ledger?place=moon":                               {"没有这个地点"},
		"/ledger?batch=%ff%00":                             {"收发统计"},
		"/ledger/moves?way=sideways":                       {"请选择"},
		"/ledger/moves?kind=magic":                         {"没有这种流水类别"},
		"/ledger/moves?after=x":                            {"不是一个编号"},
		"/ledger/controlled":                               {"没有要设专用账册的药", "类别的规定", "处方管理办法"},
		"/ledger/controlled?from=2026-05-02&to=2026-05-01": {"早于"},
	} {
		w := h.ask(by, "GET", path, nil)
		if w.Code != 200 {
			t.Errorf("GET %s: %d %s", path, w.Code, w.Body)
		}
		for _, x := range want {
			if !strings.Contains(w.Body.String(), x) {
				t.Errorf("GET %s lacks %q: %s", path, x, w.Body)
			}
		}
	}
	for path, status := range map[string]int{"/ledger": 200, "/ledger?from=2026-05-02&to=2026-05-01": 400, "/ledger/moves": 200, "/ledger/controlled": 200,
		fmt.Sprintf("/ledger/controlled?drug=%d", drug): 404, "/ledger.pdf?from=x": 400, "/ledger/controlled.pdf": 404} {
		if w := h.ask(by, "GET", path, nil, "Accept", "application/json"); w.Code != status || !json.Valid(w.Body.Bytes()) {
			t.Errorf("a program asks %s: %d %s", path, w.Code, w.Body)
		}
	}
	doctor := h.person("演示医生", identity.Doctor, h.site)
	for _, path := range []string{"/ledger", "/ledger/moves", "/ledger.pdf", "/ledger/controlled", "/ledger/controlled.pdf"} {
		if w := h.ask(doctor, "GET", path, nil); w.Code != 403 {
			t.Errorf("a doctor asks %s: %d", path, w.Code)
		}
	}
}

// What a count found by number and nobody settled stands on the ledger of the
// pharmacy, on paper too, and not on that of another place or drug.
func TestLedgerNamesUnsettledCounts(t *testing.T) {
	needFonts(t)
	h := newHouse(t)
	drug, other := h.stocked("普", "80000010000000000001"), h.stocked("普", "80000010000000000002")
	by := h.person("演示药师", identity.Pharmacist, 0)
	id := h.insert(`INSERT INTO stocktake (scope_key, state, submission, started_by, started_at, decided_by, decided_at) VALUES ('store', 'approved', 1, $1, now(), $1, now()) RETURNING id`, by.StaffID)
	h.insert(`INSERT INTO stocktake_difference (stocktake_id, submission, kind, drug_id, booked, counted, reason_kind, reason, outcome)
VALUES ($1, 1, 'number', $2, 1, 3, 'unknown', '演示缘由', 'recorded') RETURNING id`, id, drug)
	for path, want := range map[string]bool{"/ledger": true, "/ledger?place=store": true, "/ledger?by=place": true, fmt.Sprintf("/ledger?drug=%d", drug): true,
		"/ledger?place=quarantine": false, fmt.Sprintf("/ledger?drug=%d", other): false} {
		w := h.ask(by, "GET", path, nil)
		if strings.Contains(w.Body.String(), "按数多 2 盒") != want || strings.Count(w.Body.String(), fmt.Sprintf("/stocktakes/%d/result", id)) > 1 {
			t.Errorf("GET %s: %s", path, w.Body)
		}
	}
	if w := h.ask(by, "GET", "/ledger", nil, "Accept", "application/json"); !strings.Contains(w.Body.String(), `"open_counts":["演示阿普唑仑片`) {
		t.Errorf("a program: %s", w.Body)
	}
	if w := h.ask(by, "GET", "/ledger.pdf", nil); w.Code != 200 {
		t.Errorf("the paper: %d", w.Code)
	}
}

func TestRegisterPageAndPaper(t *testing.T) {
	needFonts(t)
	h := newHouse(t)
	drug := h.stocked("精二", "80000010000000000001", "80000010000000000002")
	by := h.person("演示药师", identity.Pharmacist, 0)
	w := h.ask(by, "GET", fmt.Sprintf("/ledger/controlled?drug=%d", drug), nil)
	for _, x := range []string{"账物相符", "期初盘入", "保存至 2033-03-31", "<b>2盒</b>"} {
		if w.Code != 200 || !strings.Contains(w.Body.String(), x) {
			t.Errorf("%d, %q is missing: %s", w.Code, x, w.Body)
		}
	}
	for _, path := range []string{fmt.Sprintf("/ledger/controlled.pdf?drug=%d", drug), "/ledger.pdf"} {
		if w := h.ask(by, "GET", path, nil); w.Code != 200 || !strings.HasPrefix(w.Body.String(), "%PDF-") || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %.80s", path, w.Code, w.Body)
		}
	}
	if h.audited("register.view") != 1 || h.audited("ledger.download") != 2 {
		t.Errorf("looks in the audit: %d, %d", h.audited("register.view"), h.audited("ledger.download"))
	}
}

func TestRulesOfClassesAreAdded(t *testing.T) {
	h := newHouse(t)
	by := h.person("演示药师", identity.Pharmacist, 0)
	form := func(pairs ...string) url.Values {
		v := url.Values{"command_id": {uuid.NewString()}, "class": {"精二"}, "since": {"2026-12-01"}, "max_days": {"14"}, "limit_law": {"演示条文"}, "keep_years": {"6"}, "keep_law": {"演示条文"}}
		for i := 0; i+1 < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v
	}
	good := form()
	for range 2 { // sent twice, written once
		if w := h.ask(by, "POST", "/ledger/controlled/rules", good); w.Code != http.StatusSeeOther {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	for _, bad := range [][]string{{"class", "甲"}, {"since", "2026-13-01"}, {"since", "1900-01-01"}, {"max_days", "999"}, {"max_days", "x"}, {"keep_years", "-1"}, {"limit_law", ""}, {"keep_law", strings.Repeat("长", 201)}, {"command_id", ""}} {
		if w := h.ask(by, "POST", "/ledger/controlled/rules", form(bad...)); w.Code != 400 {
			t.Errorf("%v: %d %s", bad, w.Code, w.Body)
		}
	}
	if w := h.ask(h.doctor, "POST", "/ledger/controlled/rules", form()); w.Code != 403 {
		t.Errorf("a doctor: %d", w.Code)
	}
	var n int
	h.must(h.db.App.Get(t.Context(), &n, `SELECT count(*) FROM class_rule WHERE since_on = '2026-12-01'`))
	if n != 1 || h.audited("class.rule") != 1 {
		t.Errorf("%d rules, %d in the audit", n, h.audited("class.rule"))
	}
}

// A check is started, looked at until it ends, and kept.
func TestStockCheckByThePage(t *testing.T) {
	h := newHouse(t)
	h.stocked("普", "80000010000000000001")
	by := h.person("演示药师", identity.Pharmacist, 0)
	if w := h.ask(h.doctor, "POST", "/stock/check", nil); w.Code != 403 {
		t.Errorf("a doctor starts one: %d", w.Code)
	}
	w := h.ask(by, "POST", "/stock/check", nil, "Accept", "application/json")
	var said struct {
		Job, State, Problem string
		Percent             int
	}
	h.must(json.Unmarshal(w.Body.Bytes(), &said))
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for n := 0; said.State == "running"; n++ {
		if n > 5000 {
			t.Fatal("the check does not end")
		}
		<-tick.C
		w = h.ask(by, "GET", "/stock/check/"+said.Job, nil, "Accept", "application/json")
		h.must(json.Unmarshal(w.Body.Bytes(), &said))
	}
	if said.State != "done" || said.Percent != 100 || said.Problem != "" {
		t.Fatalf("%+v", said)
	}
	w = h.ask(h.doctor, "GET", "/stock/check", nil)
	if w.Code != 200 || !strings.Contains(w.Body.String(), "全部一致：1 盒药") || strings.Contains(w.Body.String(), "现在核对") {
		t.Errorf("a doctor looks: %d %s", w.Code, w.Body)
	}
	if w := h.ask(by, "GET", "/stock/check/"+said.Job, nil, "HX-Request", "true"); w.Code != 200 || !strings.Contains(w.Body.String(), `id="check-work"`) {
		t.Errorf("the fragment: %d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/stock/check/x", "/stock/check/" + uuid.NewString()} {
		if w := h.ask(by, "GET", path, nil, "Accept", "application/json"); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := h.ask(by, "POST", "/stock/check/"+said.Job+"/cancel", nil); w.Code != http.StatusSeeOther {
		t.Errorf("cancelling what has ended: %d", w.Code)
	}
	if h.audited("stock.check") != 1 {
		t.Errorf("%d checks in the audit", h.audited("stock.check"))
	}
}
