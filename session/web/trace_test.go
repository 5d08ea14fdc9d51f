package web_test

import (
	"context"
	"encoding/json"
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
