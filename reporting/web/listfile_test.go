package web_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"jingfang/session/identity"
)

// listCase is a list with its page, and who may have it.
type listCase struct {
	page, file string // file without its ending
	query      string
	key        *regexp.Regexp // what names a row on the page
	column     int            // where that stands in the file
	may, not   identity.Role
	rows       int
	formula    int      // the column of a text like a formula
	figures    []string // numbers and days of the first row, as they are shown
}

func listCases() []listCase {
	json := func(name string) *regexp.Regexp { return regexp.MustCompile(`"` + name + `":"([^"]*)"`) }
	return []listCase{
		{"/receipts", "/receipts/file", "", json("number"), 0, identity.Pharmacist, identity.Manager, 3, 5, []string{"2026-11-20 09:00:00", "3"}},
		{"/receipts?show=done", "/receipts/file", "?show=done", nil, 0, identity.Assistant, identity.SysAdmin, 2, 5, []string{"2026-11-19 09:00:00"}},
		{"/receipts?show=open", "/receipts/file", "?show=open", nil, 0, identity.Pharmacist, identity.Doctor, 1, 5, []string{"3"}},
		{"/setaside?list=quarantined", "/setaside/file", "?list=quarantined", json("code"), 1, identity.Doctor, identity.Auditor, 2, 8, []string{"2028-03-31", "20"}},
		{"/setaside?list=lost", "/setaside/file", "?list=lost", json("code"), 1, identity.Manager, identity.SysAdmin, 1, 8, []string{"20"}},
		{"/setaside?list=papers", "/setaside/file", "?list=papers", json("number"), 1, identity.Pharmacist, identity.SecAdmin, 2, 4, []string{"2"}},
		{"/drugs", "/drugs/file", "", regexp.MustCompile(`<li class="row"><span class="row-main"><b>([^<]*)</b>`), 0, identity.Assistant, identity.Auditor, 2, 0, []string{"20"}},
		{"/totes", "/totes/file", "", json("label"), 1, identity.Pharmacist, identity.Doctor, 2, 6, []string{"1"}},
		{"/recalls", "/recalls/file", "", json("number"), 0, identity.Doctor, identity.Manager, 1, 5, []string{"2026-11-20 09:00:00"}},
		{"/stocktakes", "/stocktakes/file", "", regexp.MustCompile(`(PD\d+-\d+)<`), 0, identity.Manager, identity.SysAdmin, 3, 10, []string{"1"}},
		{"", "/audit/file", "?day=2020-02-03", nil, 10, identity.Auditor, identity.Pharmacist, 2, 8, []string{"2020-02-03 12:00:02"}},
	}
}

const formulaText = "=1+1"

// listed puts a few rows into every list, with texts like formulas.
func (h *house) listed() {
	h.t.Helper()
	chief := h.person("演示药师总", identity.Pharmacist, 0).StaffID
	drug := h.stocked("普")
	odd := h.insert(`INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) VALUES ('F1', $1, '', 20, now()) RETURNING id`, formulaText)
	for i, state := range []string{"waiting", "finished", "cancelled"} {
		id := h.insert(`INSERT INTO receipt (source, number, state, issued_at, arrived_at, from_store, digest) VALUES ('HIS', $1, $2, $3, $3, $4, '\x00') RETURNING id`,
			fmt.Sprintf("RK-%d", i), state, fmt.Sprintf("2026-11-%d 09:00:00+08", 20-i), formulaText)
		h.insert(`INSERT INTO receipt_line (receipt_id, line_no, drug_id, packs) VALUES ($1, 1, $2, 3) RETURNING id`, id, drug)
	}
	for i, state := range []string{"quarantined", "quarantined", "lost", "in_store"} {
		code := fmt.Sprintf("8000001000000000000%d", i)
		pack := h.insert(`INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, expires_on, created_at, changed_at) VALUES ($1, $2, $3, 20, 20, 'B1', '2028-03-31', now(), now()) RETURNING id`, code, odd, state)
		h.insert(`INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, reason, at, how) VALUES ('quarantine', $1, 20, 'in_store', $2, 20, $3, now(), 'scanned') RETURNING id`, pack, state, formulaText)
	}
	h.insert(`INSERT INTO disposal (number, act, reason, packs, proposed_by, proposed_at) VALUES ('XH20261120-1', 'destroy', $1, 2, $2, now()) RETURNING id`, formulaText, chief)
	h.insert(`INSERT INTO disposal (number, act, state, reason, packs, proposed_by, proposed_at) VALUES ('BS20261119-1', 'lose', 'withdrawn', $1, 1, $2, now()) RETURNING id`, formulaText, chief)
	tote := h.insert(`INSERT INTO tote (code, name, made_by, made_at) VALUES ('JFT0001', '1 号', $1, now()) RETURNING id`, chief)
	h.insert(`INSERT INTO tote (code, name, made_by, made_at, retired_at) VALUES ('JFT0002', '2 号', $1, now(), now()) RETURNING id`, chief)
	h.insert(`INSERT INTO tote_pack (tote_id, pack_id, as_of, put_by, put_at) SELECT $1::bigint, k.id, k.changed_at, $2::bigint, now() FROM pack k WHERE k.state = 'in_store' RETURNING pack_id`, tote, chief)
	h.insert(`INSERT INTO recall (class, scope, drug_id, reason, source_no, started_by, started_at, due_at) VALUES ('二级', 'drug', $1, $2, 'Z1', $3, '2026-11-20 09:00:00+08', '2026-11-22 09:00:00+08') RETURNING id`, drug, formulaText, chief)
	for _, x := range []struct {
		site  *int64
		state string
	}{{nil, "submitted"}, {&h.site, "approved"}, {&h.other, "approved"}} {
		place := "演示新华"
		if x.site == &h.other {
			place = "演示他处"
		}
		h.insert(`INSERT INTO stocktake (scope_key, session_id, site_id, place, state, submission, started_by, started_at, remark) VALUES ($1, CASE WHEN $2::bigint IS NULL THEN NULL ELSE 1 END, $2::bigint, $3, $4, 1, $5, now(), $6) RETURNING id`,
			uuid.NewString(), x.site, place, x.state, chief, formulaText)
	}
	h.events(2)
}

// events writes events of the third of February 2020 into the audit.
func (h *house) events(n int) {
	h.t.Helper()
	by := h.person("演示药师总", identity.Pharmacist, 0)
	h.must(identity.AuditAlone(h.t.Context(), h.db.App, by, identity.Event{Name: "demo.first"}))
	h.insert(`INSERT INTO audit (chain_id, seq, at, staff_id, event, outcome, request_id, detail, canonical, prev, digest)
SELECT a.chain_id, a.seq + 100 + g, '2020-02-03 12:00:00+08'::timestamptz + g * interval '1 second', a.staff_id, CASE WHEN g = 1 THEN 'demo.named' ELSE 'demo.other' END, 'ok', 'r' || g, $1::text, '\x00', '\x00', '\x00'
FROM (SELECT chain_id, seq, staff_id FROM audit ORDER BY id DESC LIMIT 1) a, generate_series(1, $2::bigint) g RETURNING id`, formulaText, n)
}

// table is a list's rows as a spreadsheet and as text, heads first.
type listTable struct {
	sheet, text [][]string
	book        *excelize.File
	name        string
}

func (h *house) download(by identity.Actor, path, query string) (x listTable) {
	h.t.Helper()
	w := h.listed200(by, path+".csv"+query)
	body, marked := bytes.CutPrefix(w.Body.Bytes(), []byte("\xef\xbb\xbf"))
	if !marked || w.Header().Get("Content-Type") != "text/csv; charset=utf-8" {
		h.t.Errorf("%s: begins with %.10q, %s", path, w.Body.String(), w.Header())
	}
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	h.must(err)
	x.text = rows
	x.book, err = excelize.OpenReader(h.listed200(by, path+".xlsx"+query).Body)
	h.must(err)
	x.name = x.book.GetSheetName(0)
	rows, err = x.book.GetRows(x.name)
	h.must(err)
	x.sheet = rows[2:]
	return x
}

func (h *house) listed200(by identity.Actor, path string) *httptest.ResponseRecorder {
	h.t.Helper()
	w := h.get(&by, path)
	if w.Code != 200 || w.Header().Get("Content-Length") != fmt.Sprint(w.Body.Len()) || w.Header().Get("Cache-Control") != "no-store" {
		h.t.Fatalf("GET %s: %d %v %.300s", path, w.Code, w.Header(), w.Body)
	}
	return w
}

// keysOf are what names the rows of a page, in their order.
func (h *house) keysOf(by identity.Actor, c listCase) (keys []string) {
	h.t.Helper()
	text := ""
	if strings.HasPrefix(c.key.String(), `"`) {
		text = h.get(&by, c.page).Body.String()
	} else {
		text = h.page(by, c.page)
	}
	for _, m := range c.key.FindAllStringSubmatch(text, -1) {
		keys = append(keys, strings.ReplaceAll(m[1], "&#43;", "+"))
	}
	return keys
}

// Every list is had as a spreadsheet and as text: the same rows as its page, texts
// like formulas as texts, figures as figures, below a head that stays.
func TestListsAsFiles(t *testing.T) {
	h := newHouse(t)
	h.listed()
	for _, c := range listCases() {
		t.Run(c.file+c.query, func(t *testing.T) {
			by := h.person("演示甲", c.may, 0)
			taken := h.audited("list.download")
			x := h.download(by, c.file, c.query)
			if n := h.audited("list.download") - taken; n != 2 {
				t.Errorf("%d downloads in the audit", n)
			}
			if len(x.text) != c.rows+1 || !slices.EqualFunc(x.sheet, x.text, func(a, b []string) bool { return slices.Equal(filled(a), filled(b)) }) {
				t.Fatalf("the spreadsheet has %q; the text has %q", x.sheet, x.text)
			}
			if c.key != nil {
				var keys []string
				for _, row := range x.text[1:] {
					keys = append(keys, strings.TrimPrefix(row[c.column], "'"))
				}
				if want := h.keysOf(by, c); !slices.Equal(keys, want) {
					t.Errorf("the file has %q, the page %q", keys, want)
				}
			}
			x.check(t, c)
		})
	}
}

// check looks at the kinds of cells.
func (x listTable) check(t *testing.T, c listCase) {
	t.Helper()
	panes, err := x.book.GetPanes(x.name)
	if err != nil || !panes.Freeze || panes.YSplit != 3 {
		t.Errorf("the head does not stay: %+v %v", panes, err)
	}
	at, err := excelize.CoordinatesToCellName(c.formula+1, 4)
	if err != nil {
		t.Fatal(err)
	}
	formula, err := x.book.GetCellFormula(x.name, at)
	if text := x.sheet[1][c.formula]; err != nil || formula != "" || !strings.HasPrefix(text, "'"+formulaText) {
		t.Errorf("%s is %q, formula %q (%v)", at, text, formula, err)
	}
	for _, want := range c.figures {
		n := slices.Index(x.sheet[1], want)
		if n < 0 {
			t.Errorf("%q lacks %s", x.sheet[1], want)
			continue
		}
		at, err := excelize.CoordinatesToCellName(n+1, 4)
		if err != nil {
			t.Fatal(err)
		}
		kind, err := x.book.GetCellType(x.name, at)
		if err != nil || kind != excelize.CellTypeUnset && kind != excelize.CellTypeNumber && kind != excelize.CellTypeDate {
			t.Errorf("%s %q is of type %v (%v)", at, want, kind, err)
		}
	}
}

func TestWhoMayHaveAList(t *testing.T) {
	h := newHouse(t)
	h.listed()
	for _, c := range listCases() {
		not := h.person("演示乙", c.not, 0)
		for _, form := range []string{".xlsx", ".csv"} {
			denied, taken := h.audited("denied"), h.audited("list.download")
			if w := h.get(&not, c.file+form+c.query); w.Code != 403 || !strings.Contains(w.Body.String(), "权限") {
				t.Errorf("%s%s as %s: %d %.200s", c.file, form, c.not, w.Code, w.Body)
			}
			if h.audited("denied") != denied+1 || h.audited("list.download") != taken {
				t.Errorf("%s%s: the audit does not have the denial alone", c.file, form)
			}
			if w := h.get(nil, c.file+form+c.query); w.Code != 401 {
				t.Errorf("%s%s as nobody: %d", c.file, form, w.Code)
			}
		}
		may := h.person("演示甲", c.may, 0)
		if w := h.get(&may, c.file+".pdf"+c.query); w.Code != 404 || !strings.Contains(w.Body.String(), "CSV") {
			t.Errorf("%s.pdf: %d %s", c.file, w.Code, w.Body)
		}
	}
	auditor := h.person("演示审计", identity.Auditor, 0)
	if w := h.get(&auditor, "/audit/file.csv?day=x"); w.Code != 400 && w.Code != 422 || !strings.Contains(w.Body.String(), "日期无法识别") {
		t.Errorf("a day that is none: %d %s", w.Code, w.Body)
	}
}

// A count of another site's session is in nobody's file who may not see it.
func TestListsKeepToOnesSites(t *testing.T) {
	h := newHouse(t)
	h.listed()
	for site, want := range map[int64]int{0: 3, h.site: 2, h.other: 2} {
		x := h.download(h.person("演示药师", identity.Pharmacist, site), "/stocktakes/file", "")
		text := fmt.Sprint(x.text, x.sheet)
		if len(x.text)-1 != want || strings.Contains(text, "演示他处") != (site != h.site) || strings.Contains(text, "演示新华") != (site != h.other) {
			t.Errorf("site %d: %q", site, x.text)
		}
	}
}

// A list is whole where its page stops, also over the windows that it is read in.
func TestListsAreWhole(t *testing.T) {
	h := newHouse(t)
	h.insert(`INSERT INTO receipt (source, number, state, issued_at, arrived_at, digest)
SELECT 'HIS', 'RK-' || g, 'finished', '2026-01-01 09:00:00+08'::timestamptz + (g % 3) * interval '1 day', now(), '\x00' FROM generate_series(1, 1203) g RETURNING id`)
	h.events(4500)
	pharmacist, auditor := h.person("演示药师", identity.Pharmacist, 0), h.person("演示审计", identity.Auditor, 0)
	h.whole(h.download(pharmacist, "/receipts/file", ""), 0, 3, 1203)
	h.whole(h.download(auditor, "/audit/file", "?day=2020-02-03"), 10, 0, 4500)
	one := h.download(auditor, "/audit/file", "?day=2020-02-03&event=demo.named")
	if len(one.text) != 2 || one.text[1][4] != "演示事件" {
		t.Errorf("one event: %q", one.text)
	}
	if none := h.download(auditor, "/audit/file", "?day=2020-02-04"); len(none.text) != 1 {
		t.Errorf("another day: %q", none.text)
	}
	if none := h.download(auditor, "/audit/file", "?day=2020-02-03&staff=1"); len(none.text) != 1 {
		t.Errorf("another person: %d rows", len(none.text))
	}
}

// whole checks that a file has so many different rows, the newest first.
func (h *house) whole(x listTable, key, at, want int) {
	h.t.Helper()
	seen, last := map[string]bool{}, "9"
	for _, row := range x.text[1:] {
		seen[row[key]] = true
		if row[at] > last {
			h.t.Errorf("%q comes after %s", row, last)
		}
		last = row[at]
	}
	if len(seen) != want || len(x.text) != want+1 || len(x.sheet) != want+1 {
		h.t.Errorf("%d rows, %d different, %d in the spreadsheet; want %d", len(x.text)-1, len(seen), len(x.sheet)-1, want)
	}
	if _, err := time.Parse(time.DateTime, last); err != nil {
		h.t.Error(err)
	}
}
