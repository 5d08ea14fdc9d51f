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

	"github.com/google/uuid"
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

// The label of a tote or a bag answers on the page, to programs and from the field;
// what lies in it leads on, and a box leads to what it lies in.
func TestTraceOfContainers(t *testing.T) {
	d := newDesk(t, 4, 2)
	ids, numbers := d.expect()
	bag := d.bag(ids[0], d.codes[0], d.codes[1])
	stock := inventory.New(d.App)
	tote, err := stock.MakeTote(t.Context(), d.chief, inventory.NewTote{CommandID: uuid.New(), Name: "新华专用"})
	d.must(err)
	spare := d.stock("C12", time.Now().AddDate(1, 0, 0), 2)
	_, err = stock.Stow(t.Context(), d.chief, inventory.Stowing{ToteID: tote.ID, CommandID: uuid.New(), Codes: strings.Join(spare, "\n")})
	d.must(err)
	d.lookAs(d.doctors[0])
	for path, want := range map[string][]string{
		"/trace/" + tote.Code:   {"周转箱 新华专用", "药房 2 盒", "装进 2 盒", spare[0][16:], "/trace/" + spare[0]},
		"/trace/" + bag.Label:   {"药袋 " + numbers[0], "装袋 2 盒", d.codes[0][16:], fmt.Sprintf("/sessions/%d", d.id)},
		"/trace/" + spare[0]:    {"现在在周转箱 新华专用 里", `href="/trace/` + tote.Code},
		"/trace/" + d.codes[0]:  {"现在装在药袋 " + numbers[0], `href="/trace/` + bag.Label},
		"/trace?q=JFT012345678": {"没有读完整"},
		"/trace/JFT0123456789X": {"没有读完整"},
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
	}
	if r := d.page("/trace?q=" + strings.ToLower(tote.Code)); r.status != 303 || r.to != "/trace/"+tote.Code {
		t.Errorf("the field leads to %d %s", r.status, r.to)
	}
	if r := d.page("/trace?q=" + url.QueryEscape("新华专用")); r.status != 303 || r.to != "/trace/"+tote.Code {
		t.Errorf("the name leads to %d %s", r.status, r.to)
	}
	var said struct {
		Label string
		Packs int
		Boxes []struct{ Code string }
		Acts  []struct{ Event string }
		Notes []struct{ Kind, Label, URL string }
	}
	d.must(json.Unmarshal([]byte(d.json("/trace/"+tote.Code).body), &said))
	if said.Label != tote.Code || said.Packs != 2 || len(said.Boxes) != 2 || len(said.Acts) != 2 {
		t.Errorf("a program reads of the tote %+v", said)
	}
	d.must(json.Unmarshal([]byte(d.json("/trace/"+spare[1]).body), &said))
	if len(said.Notes) != 1 || said.Notes[0].Label != tote.Code || said.Notes[0].URL != "/trace/"+tote.Code {
		t.Errorf("a program reads of the box %+v", said.Notes)
	}
	d.must(json.Unmarshal([]byte(d.json("/trace/"+bag.Label).body), &said))
	if said.Label != bag.Label || len(said.Boxes) != 2 {
		t.Errorf("a program reads of the bag %+v", said)
	}
	if r := d.json("/trace/" + inventory.NewLabel(inventory.ContainerTote)); r.status != 404 || !strings.Contains(r.body, "没有这个周转箱") {
		t.Errorf("a label nobody made: %d %s", r.status, r.body)
	}
	_, err = stock.StartRecall(t.Context(), d.chief, inventory.Recalling{CommandID: uuid.New(), Codes: spare[0] + "\n" + d.codes[0], Class: "二级", Reason: "演示", SourceNo: "演 1"})
	d.must(err)
	for path, want := range map[string]string{"/trace/" + tote.Code: "有 1 盒已转入隔离", "/trace/" + bag.Label: "里面有 1 盒正在召回，不能发"} {
		if r := d.page(path); r.status != 200 || !strings.Contains(r.body, want) || d.statements.Load() > 12 {
			t.Errorf("after a recall %s lacks %q: %s", path, want, r.body)
		}
	}
	if r := d.json("/trace/look?codes=" + url.QueryEscape(bag.Label)); !strings.Contains(r.body, "里面有 1 盒不能发（正在召回）") {
		t.Errorf("a look at a bag with a recalled box: %s", r.body)
	}
	if r := d.json("/trace/look?codes=" + url.QueryEscape(tote.Code+"\n"+bag.Label)); r.status != 200 || !strings.Contains(r.body, "1 盒在药房") || !strings.Contains(r.body, "药袋 已装袋") {
		t.Errorf("a look: %d %s", r.status, r.body)
	}
}
