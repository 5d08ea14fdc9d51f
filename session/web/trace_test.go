package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strings"
	"testing"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// The field leads to the code's own address, whatever characters it holds.
func TestTraceAddresses(t *testing.T) {
	h := newHouse(t)
	plain := h.stock("B1", time.Now().AddDate(1, 0, 0), 1)[0]
	gs1, err := inventory.ParseTraceCode("(01)06901234567892(21)A/1\\(2%3?+&;")
	h.must(err)
	h.must(h.App.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `INSERT INTO pack (code, drug_id, state, units_total, units_left, created_at, changed_at)
VALUES ($1, $2, 'in_store', 20, 20, $3, $3)`, gs1.Code(), h.drug, tx.Now)
	}))
	for _, code := range []string{plain, gs1.Code()} {
		to := h.page("/trace?q=" + url.QueryEscape(code)).to
		if !strings.HasPrefix(to, "/trace/") {
			t.Fatalf("%s leads to %q", code, to)
		}
		for _, path := range []string{to, "/trace/" + strings.NewReplacer("/", "%2F", "\\", "%5C", "%", "%25", "?", "%3F", "#", "%23").Replace(code)} {
			r := h.page(path)
			if r.status != 200 || !strings.Contains(r.body, "演示利培酮片") || !strings.Contains(html.UnescapeString(r.body), code[len(code)-4:]) {
				t.Errorf("GET %s: %d %s", path, r.status, r.body)
			}
		}
		var said struct{ Code, Drug, State string }
		h.must(json.Unmarshal([]byte(h.json(to).body), &said))
		if said.Code != code || said.State != "in_store" {
			t.Errorf("a program reads %+v", said)
		}
		if n := h.statements.Load(); n > 12 {
			t.Errorf("%d statements", n)
		}
	}
	if r := h.page("/trace/" + plain); !strings.Contains(r.body, "扫码入库") || !strings.Contains(r.body, "timeline") {
		t.Errorf("no time line: %s", r.body)
	}
}

func TestTraceOfNothing(t *testing.T) {
	h := newHouse(t)
	if r := h.page("/trace"); r.status != 200 || !strings.Contains(r.body, "扫一盒药") {
		t.Errorf("the field: %d", r.status)
	}
	for _, q := range []string{"6901234567892", "80000019999999999999", "<script>", "%FF", "a%00b", strings.Repeat("8", 600)} {
		for _, path := range []string{"/trace?q=" + q, "/trace/" + q} {
			r := h.page(path)
			if r.status == 303 {
				r = h.page(r.to)
			}
			if r.status != 200 || !strings.Contains(r.body, `role="alert"`) || strings.Contains(r.body, "<script>\"") {
				t.Errorf("GET %s: %d %s", path, r.status, r.body)
			}
			if j := h.json(path); j.status != 400 && j.status != 404 && j.status != 303 {
				t.Errorf("a program asks %s: %d %s", path, j.status, j.body)
			}
		}
	}
	h.lookAs(identity.Actor{StaffID: 1, Grants: []identity.Grant{{Role: identity.SysAdmin}}})
	if r := h.page("/trace/80000019999999999999"); r.status != 403 {
		t.Errorf("without the right: %d", r.status)
	}
}

// One field leads everywhere; what is unclear is listed.
func TestTraceLeadsToBatchReceiptAndPatient(t *testing.T) {
	d := newDesk(t, 3, 2)
	d.begin(0)
	var receipt int64
	d.get(&receipt, `INSERT INTO receipt (source, number, state, issued_at, arrived_at, digest, from_store) VALUES ('HIS', 'YS-R0001', 'finished', now(), now(), '\x00'::bytea, '中心药库') RETURNING id`)
	d.lookAs(d.doctors[0])
	batch := "/trace/batch?" + url.Values{"drug": {fmt.Sprint(d.drug)}, "batch": {"A1"}}.Encode()
	var somebody int64
	d.get(&somebody, `SELECT patient_id FROM patient_label WHERE token = $1`, d.tokens[0])
	person := fmt.Sprintf("/trace/patient/%d", somebody)
	for path, want := range map[string][]string{
		batch: {"每一盒", "位患者领过", d.codes[0][16:]}, fmt.Sprintf("/trace/receipt/%d", receipt): {"入库单 YS-R0001", "没有药盒"}, person: {"领过的药"},
		"/trace/" + d.codes[0]: {"这个批号的所有药盒"},
	} {
		r := d.page(path)
		if r.status != 200 || d.statements.Load() > 12 {
			t.Errorf("GET %s: %d, %d statements: %s", path, r.status, d.statements.Load(), r.body)
		}
		for _, x := range want {
			if !strings.Contains(r.body, x) {
				t.Errorf("GET %s lacks %q: %s", path, x, r.body)
			}
		}
		if j := d.json(path); j.status != 200 || !json.Valid([]byte(j.body)) {
			t.Errorf("a program asks %s: %d %s", path, j.status, j.body)
		}
	}
	for q, to := range map[string]string{"YS-R0001": fmt.Sprintf("/trace/receipt/%d", receipt), d.tokens[0]: person, d.codes[0][15:]: "/trace/" + d.codes[0]} {
		if r := d.page("/trace?q=" + url.QueryEscape(q)); r.status != 303 || r.to != to {
			t.Errorf("%s leads to %d %s, want %s", q, r.status, r.to, to)
		}
	}
	var other int64
	d.get(&other, `INSERT INTO pack (code, drug_id, state, units_total, units_left, created_at, changed_at) VALUES ($1, $2, 'expected', 20, 20, now(), now()) RETURNING id`,
		"8900000000000000"+d.codes[0][16:], d.drug)
	if r := d.page("/trace?q=" + d.codes[0][16:]); r.status != 200 || !strings.Contains(r.body, "是哪一个") {
		t.Errorf("an end that several have: %d %s", r.status, r.body)
	}
	for path, status := range map[string]int{"/trace/batch": 400, "/trace/batch?drug=1": 400, "/trace/batch?drug=x&batch=B": 400, "/trace/batch?drug=999&batch=B": 404, batch + "&after=x": 400,
		"/trace/receipt/x": 404, "/trace/receipt/999": 404, "/trace/patient/-1": 404, "/trace/patient/999": 404, "/trace/look": 400, "/trace/look?codes=": 400} {
		if r := d.json(path); r.status != status {
			t.Errorf("GET %s: %d, want %d: %s", path, r.status, status, r.body)
		}
	}
	d.lookAs(identity.Actor{StaffID: 1, Grants: []identity.Grant{{Role: identity.SysAdmin}}})
	for _, path := range []string{batch, fmt.Sprintf("/trace/receipt/%d", receipt), person, "/trace/look?codes=" + d.codes[0]} {
		if r := d.page(path); r.status != 403 {
			t.Errorf("a system administrator asks %s: %d", path, r.status)
		}
	}
}
