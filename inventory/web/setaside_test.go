package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// shelve receives packs and gives their codes.
func (h *house) shelve(packs int) []string {
	h.t.Helper()
	id := h.receipt("RA", packs, 1)
	var codes []string
	for i := range packs {
		codes = append(codes, code("8112345", i))
	}
	h.htmx(fmt.Sprintf("/receipts/%d/scans", id), url.Values{"codes": {strings.Join(codes, "\n")}})
	for i := range 4 {
		err := h.App.InTx(h.t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO staff (id, username, name, created_at) VALUES ($1, $2, $3, now())`, i+1, fmt.Sprintf("u%d", i), fmt.Sprintf("演示人员%d", i+1))
			return err
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	return codes
}

// be says which person of a role makes the next requests.
func (h *house) be(id int64, r identity.Role) {
	h.actor.Store(&identity.Actor{StaffID: id, Username: fmt.Sprint(id), Name: fmt.Sprintf("演示人员%d", id), Grants: []identity.Grant{{Role: r}}})
}

// post sends a form as a browser does without htmx.
func (h *house) post(path string, pairs ...string) (int, *goquery.Document, string) {
	h.t.Helper()
	form := url.Values{"command_id": {uuid.NewString()}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	status, body, header := h.send("POST", path, form, http.Header{"Accept": {"text/html"}})
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(string(body)))
	if err != nil {
		h.t.Fatal(err)
	}
	return status, doc, header.Get("Location")
}

func TestSetAsidePages(t *testing.T) {
	h := newHouse(t)
	codes := h.shelve(6)
	if _, doc := h.get("/setaside"); !strings.Contains(doc.Text(), "隔离区是空的") || doc.Find(".aside-acts a").Length() != 7 {
		t.Errorf("%s", doc.Text())
	}
	status, _, to := h.post("/setaside", "act", "quarantine", "codes", strings.Join(codes[:3], "\n"), "reason", "质量可疑")
	if status != 303 || to != "/setaside?did=quarantine&n=3&list=quarantined" {
		t.Fatalf("%d to %q", status, to)
	}
	if _, doc := h.get(to); !strings.Contains(doc.Text(), "已隔离 3 盒") || doc.Find("[data-row]").Length() != 3 || !strings.Contains(doc.Text(), "质量可疑") {
		t.Errorf("%s", doc.Text())
	}
	status, doc, _ := h.post("/setaside", "act", "damage", "codes", codes[3]+"\n6901234567892", "reason", "摔碎")
	if status != 200 || !strings.Contains(doc.Text(), "已报损 1 盒") || !strings.Contains(doc.Text(), "商品码") || doc.Find("#aside-codes").Text() != "" {
		t.Errorf("%d %s", status, doc.Text())
	}
	status, doc, _ = h.post("/setaside", "act", "damage", "codes", codes[4])
	if value, _ := doc.Find("#aside-codes").Html(); status != 200 || !strings.Contains(doc.Text(), "请填写原因") || value != codes[4] {
		t.Errorf("without a reason: %d %q", status, value)
	}
	if _, doc := h.get("/setaside/new?act=destroy"); doc.Find(`input[name="code"]`).Length() != 4 {
		t.Errorf("%d to choose from", doc.Find(`input[name="code"]`).Length())
	}
	if status, _ := h.get("/setaside/new?act=dispense"); status != 404 {
		t.Errorf("an act that is none: %d", status)
	}
	for _, path := range []string{"/setaside/x", "/setaside/99"} {
		if status, _ := h.get(path); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _, _ := h.post("/setaside", "act", "dispense", "codes", codes[4], "reason", "x"); status != 422 && status != 400 {
		t.Errorf("an act that is none: %d", status)
	}
}

func TestDestroyedByTwo(t *testing.T) {
	h := newHouse(t)
	codes := h.shelve(3)
	h.be(1, identity.Pharmacist)
	h.post("/setaside", "act", "damage", "codes", strings.Join(codes, "\n"), "reason", "受潮")
	status, _, paper := h.post("/setaside", "act", "destroy", "code", codes[0], "code", codes[1], "codes", codes[2], "reason", "受潮", "method", "焚烧", "place", "医废间")
	if status != 303 || !strings.HasPrefix(paper, "/setaside/") {
		t.Fatalf("%d %q", status, paper)
	}
	_, doc := h.get(paper)
	if doc.Find(`form[action$="/confirm"]`).Length() != 0 || !strings.Contains(doc.Text(), "请另一位同事") || doc.Find(".signatures div").Length() != 3 {
		t.Errorf("the first person: %s", doc.Text())
	}
	if status, doc, _ := h.post(paper+"/confirm", "packs", "3"); status != 200 || !strings.Contains(doc.Text(), "您已经提出") {
		t.Errorf("confirms it himself: %d", status)
	}
	h.be(2, identity.Doctor)
	if status, _, _ := h.post(paper+"/confirm", "packs", "3"); status != 403 {
		t.Errorf("a doctor confirms: %d", status)
	}
	h.be(3, identity.Assistant)
	_, doc = h.get(paper)
	if packs, _ := doc.Find(`input[name="packs"]`).Attr("value"); packs != "3" || !strings.Contains(doc.Find(".button-big").Text(), "确认销毁 3 盒") {
		t.Errorf("the second person: %s", doc.Text())
	}
	if status, doc, _ := h.post(paper+"/confirm", "packs", "2"); status != 200 || !strings.Contains(doc.Find(`[role="alert"]`).Text(), "一盒也没有动") {
		t.Errorf("another number: %d %s", status, doc.Find(`[role="alert"]`).Text())
	}
	if status, _, to := h.post(paper+"/confirm", "packs", "3"); status != 303 || to != paper {
		t.Errorf("confirmed: %d %q", status, to)
	}
	if _, doc = h.get(paper); !strings.Contains(doc.Text(), "已完成") || doc.Find("form[action]").Length() > 1 {
		t.Errorf("%s", doc.Text())
	}
	p, err := inventory.FindPack(t.Context(), h.App, codes[2])
	if err != nil || p.State != inventory.StateDestroyed {
		t.Errorf("%s %v", p.State, err)
	}
	if _, doc := h.get("/setaside?list=papers"); !strings.Contains(doc.Text(), "销毁单") {
		t.Errorf("%s", doc.Text())
	}
}

// Programs get everything as JSON; whoever may not is refused.
func TestSetAsideForPrograms(t *testing.T) {
	h := newHouse(t)
	codes := h.shelve(2)
	h.be(1, identity.Pharmacist)
	var a inventory.AsideAnswer
	if status := h.json("/setaside", url.Values{"act": {"lose"}, "codes": {codes[0]}, "reason": {"找不到"}}, &a); status != 200 || a.Disposal == 0 {
		t.Fatalf("%d %+v", status, a)
	}
	h.be(2, identity.Pharmacist)
	var d inventory.DecisionAnswer
	if status := h.json(fmt.Sprintf("/setaside/%d/withdraw", a.Disposal), url.Values{"reason": {"找到了"}}, &d); status != 200 || d.State != inventory.DisposalWithdrawn {
		t.Errorf("%d %+v", status, d)
	}
	var refused map[string]any
	if status := h.json(fmt.Sprintf("/setaside/%d/confirm", a.Disposal), url.Values{"packs": {"1"}}, &refused); status != 409 {
		t.Errorf("a withdrawn paper: %d %v", status, refused)
	}
	for _, x := range []struct {
		role identity.Role
		path string
		want int
	}{{identity.Doctor, "/setaside", 403}, {identity.Assistant, "/setaside", 403}, {identity.Manager, "/setaside/1/confirm", 403}, {identity.Doctor, "/setaside/1/withdraw", 403}} {
		h.be(3, x.role)
		if status := h.json(x.path, url.Values{"act": {"damage"}, "codes": {codes[1]}, "reason": {"x"}, "packs": {"1"}}, &refused); status != x.want {
			t.Errorf("%s at %s: %d", x.role, x.path, status)
		}
	}
}

// A long list is paged and asks few statements; what people typed is only text.
func TestSetAsideLongList(t *testing.T) {
	h := newHouse(t)
	codes := h.shelve(130)
	h.post("/setaside", "act", "quarantine", "codes", strings.Join(codes, "\n"), "reason", `<script>alert(1)</script> =cmd()`)
	_, doc := h.get("/setaside?list=quarantined")
	if doc.Find("[data-row]").Length() != 100 || doc.Find("main script").Length() != 0 || h.statements.Load() > 3 {
		t.Errorf("%d rows, %d statements", doc.Find("[data-row]").Length(), h.statements.Load())
	}
	older, _ := doc.Find(".pager a").Attr("href")
	if _, doc = h.get(older); doc.Find("[data-row]").Length() != 30 {
		t.Errorf("%d rows on %q", doc.Find("[data-row]").Length(), older)
	}
	h.post("/setaside", "act", "destroy", "codes", strings.Join(codes, "\n"), "reason", "x", "method", "x", "place", "x")
	if status, _ := h.get("/setaside/1"); status != 200 || h.statements.Load() > 3 {
		t.Errorf("%d, %d statements", status, h.statements.Load())
	}
}
