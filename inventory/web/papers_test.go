package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/static/browsertest"
)

// take takes a document in as the poller does and gives its receipt.
func (h *house) take(doc inventory.Document) int64 {
	h.t.Helper()
	if _, err := h.stock.TakeReceipt(h.t.Context(), identity.System("his-poller"), doc); err != nil {
		h.t.Fatal(err)
	}
	var id int64
	if err := h.App.Get(h.t.Context(), &id, `SELECT id FROM receipt WHERE number = $1 AND revision = $2`, doc.Number, doc.Revision); err != nil {
		h.t.Fatal(err)
	}
	return id
}

// paper is a document of one line, of which nothing is listed.
func paper(number string, revision, packs int) inventory.Document {
	return inventory.Document{Source: "HIS", Number: number, Revision: revision, Kind: inventory.DocumentTransfer, IssuedAt: time.Now().Add(-time.Hour), FromStore: "中心药库",
		Lines: []inventory.DocumentLine{{LineNo: 1, HISCode: "YS1", Batch: "B1", ExpiresOn: day(2028, 3, 31), Packs: packs}}}
}

// A person sees on the receipt what documents have done to it, and on the old
// revision the way to the new one.
func TestTheReceiptTellsOfItsDocuments(t *testing.T) {
	h := newHouse(t)
	old := h.take(paper("R1", 1, 3))
	h.htmx(fmt.Sprintf("/receipts/%d/scans", old), url.Values{"codes": {code("8112345", 1) + "\n" + code("8112345", 2)}})
	next := h.take(paper("R1", 2, 1))
	_, doc := h.get(fmt.Sprintf("/receipts/%d", old))
	if !strings.Contains(doc.Text(), "第 1 版已作废") || doc.Find(fmt.Sprintf(`a[href="/receipts/%d"]`, next)).Length() == 0 || doc.Find("[data-scan-form]").Length() != 0 {
		t.Errorf("the old revision: %s", doc.Text())
	}
	_, doc = h.get(fmt.Sprintf("/receipts/%d", next))
	if text := doc.Find("#surplus").Text(); !strings.Contains(text, "已入库，需退回药库") || doc.Find(`#surplus a[href="/setaside"]`).Length() != 1 {
		t.Errorf("the new revision: %s", doc.Text())
	}
	red := paper("H1", 1, 1)
	red.Kind, red.Cancels = inventory.DocumentRed, "R9"
	h.take(paper("R9", 1, 4))
	h.take(red)
	_, doc = h.get("/receipts")
	if text := doc.Text(); !strings.Contains(text, "冲销 R9") || !strings.Contains(text, "有红单") || !strings.Contains(text, "第 2 版") {
		t.Errorf("the list: %s", text)
	}
	for show, rows := range map[string]int{"open": 2, "done": 1, "": 3} {
		if _, doc := h.get("/receipts?show=" + show); doc.Find("a.row-lead").Length() != rows {
			t.Errorf("show=%s: %d rows, want %d", show, doc.Find("a.row-lead").Length(), rows)
		}
	}
}

// A receipt that waits for days stands out in the list.
func TestAnOverdueReceiptStandsOut(t *testing.T) {
	h := newHouse(t)
	h.take(paper("R1", 1, 3))
	if _, doc := h.get("/receipts"); strings.Contains(doc.Text(), "已等") {
		t.Error("a fresh receipt is overdue")
	}
	err := h.Owner.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `UPDATE receipt SET arrived_at = arrived_at - interval '3 days'`)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, doc := h.get("/receipts"); !strings.Contains(doc.Text(), "已等 3 天") || !strings.Contains(doc.Text(), "1 张已等太久") {
		t.Errorf("the list: %s", doc.Text())
	}
}

// Every refusal of the forms has its sentence and changes nothing.
func TestBatchAndAdoptForms(t *testing.T) {
	h := newHouse(t)
	doc := paper("R1", 1, 2)
	doc.Lines[0].Batch, doc.Lines[0].ExpiresOn = "", time.Time{}
	id := h.take(doc)
	path := fmt.Sprintf("/receipts/%d", id)
	h.htmx(path+"/scans", url.Values{"codes": {code("8112345", 1)}})
	_, shown := h.get(path)
	line := shown.Find("input[name=line]").AttrOr("value", "")
	for name, c := range map[string]struct {
		form url.Values
		say  string
	}{
		"no date":   {url.Values{"batch": {"T1"}, "expires": {"明年"}}, "不是一个日期"},
		"past":      {url.Values{"batch": {"T1"}, "expires": {"2024-01-01"}}, "已经过去"},
		"far":       {url.Values{"batch": {"T1"}, "expires": {"2099-01-01"}}, "10 年"},
		"half":      {url.Values{"batch": {"T1"}}, "都填上"},
		"good":      {url.Values{"batch": {"T1"}, "expires": {"2028-01-31"}}, "1 盒已补上"},
		"no box":    {url.Values{}, "请勾选"},
		"wrong box": {url.Values{"code": {code("8112345", 1)}, "adopt": {"1"}}, "已经归到入库单"},
	} {
		to := path + "/batch"
		if name == "no box" || name == "wrong box" {
			to = path + "/adopt"
		}
		c.form.Set("line", line)
		if status, doc := h.htmx(to, c.form); status != 200 || !strings.Contains(doc.Text(), c.say) {
			t.Errorf("%s: %d %s", name, status, doc.Find("#band").Text())
		}
	}
	if status, _ := h.htmx(path+"/batch", url.Values{"line": {"x"}}); status != http.StatusUnprocessableEntity && status != http.StatusBadRequest {
		t.Errorf("a line that is no number: %d", status)
	}
}

// The boxes of an unknown prefix are taught where they are held, and are in.
func TestTeachOnTheReceiptInABrowser(t *testing.T) {
	h := newHouse(t)
	id := h.take(paper("R1", 1, 3))
	h.htmx(fmt.Sprintf("/receipts/%d/scans", id), url.Values{"codes": {code("8199999", 1) + "\n" + code("8199999", 2)}})
	b := browsertest.Open(t, 390, 844)
	b.Go(fmt.Sprintf("%s/receipts/%d", h.url, id))
	b.Until(`document.querySelector('[data-row="held8199999"]')`)
	b.Fits("phone-held")
	b.Do(chromedp.SetValue(`#held8199999`, h.drugID("YS1")), chromedp.Click(`[data-row="held8199999"] .button-main`))
	b.Until(`document.querySelector('#band .band-good') && !document.querySelector('[data-row="held8199999"]')`)
	b.Until(`document.querySelector('[data-row="received"]').textContent === '2'`)
	b.Fits("phone-held-taught")
}

// From the empty page to the store, in two browsers of two people.
func TestOpeningCountInABrowser(t *testing.T) {
	h := newHouse(t)
	h.be(2, identity.Assistant)
	b := browsertest.Open(t, 390, 844)
	b.Go(h.url + "/receipts/opening")
	b.Until(`document.querySelector('form[action="/receipts/opening"] button')`)
	b.Do(chromedp.Click(`form[action="/receipts/opening"] button`))
	b.Until(`document.querySelector('[data-scan-form]')`)
	b.Settled()
	b.Wedge(code("8112345", 1))
	b.Until(`document.querySelector('[data-row="opening"]').textContent === '1' && document.querySelector('#band .band-good')`)
	b.Wedge(code("8112345", 2))
	b.Until(`document.querySelector('[data-row="opening"]').textContent === '2'`)
	b.Settled()
	b.Fits("phone-opening")
	b.Do(chromedp.SetValue(`#group-batch0`, "OB1"), chromedp.SetValue(`#group-expires0`, "2028-05-31"), chromedp.Click(`details[open] form button`))
	b.Until(`document.querySelector('#opening-work').textContent.indexOf('OB1') > 0`)
	b.Until(`document.querySelector('form[action$="/confirm"]') === null`)
	h.be(3, identity.Pharmacist)
	second := browsertest.Open(t, 1366, 768)
	second.Go(h.url + "/receipts/opening")
	second.Until(`document.querySelector('form[action$="/confirm"] button:not([disabled])')`)
	second.Fits("laptop-opening-confirm")
	second.Do(chromedp.Click(`form[action$="/confirm"] button`))
	second.Until(`document.body.textContent.indexOf('确认盘入') > 0 && document.querySelector('#reason')`)
	var n int
	if err := h.App.Get(t.Context(), &n, `SELECT count(*) FROM pack WHERE state = 'in_store' AND batch = 'OB1'`); err != nil || n != 2 {
		t.Errorf("%d boxes in the store, %v", n, err)
	}
}

// The commands of the opening count as programs send them, and who may not.
func TestOpeningOverHTTP(t *testing.T) {
	h := newHouse(t)
	h.be(2, identity.Assistant)
	var made struct{ ID int64 }
	if status := h.json("/receipts/opening", url.Values{}, &made); status != 200 || made.ID == 0 {
		t.Fatalf("start: %d %+v", status, made)
	}
	path := fmt.Sprintf("/receipts/opening/%d", made.ID)
	var a inventory.OpeningAnswer
	codes := strings.Join([]string{code("8112345", 1), "6901234567892", code("8199999", 1)}, "\n")
	if status := h.json(path+"/scans", url.Values{"codes": {codes}, "batch": {"OB1"}, "expires": {"2028-01-31"}}, &a); status != 200 || a.Added != 1 {
		t.Fatalf("scan: %d %+v", status, a)
	}
	for name, c := range map[string]struct {
		path string
		form url.Values
		want int
	}{
		"own list":     {path + "/confirm", url.Values{"packs": {"1"}}, http.StatusForbidden},
		"another list": {"/receipts/opening/99/confirm", url.Values{"packs": {"1"}}, http.StatusNotFound},
		"no number":    {"/receipts/opening/x/scans", url.Values{"codes": {"x"}}, http.StatusNotFound},
		"not in it":    {path + "/remove", url.Values{"code": {"nobody"}}, http.StatusConflict},
		"second list":  {"/receipts/opening", url.Values{}, http.StatusConflict},
		"far expiry":   {path + "/scans", url.Values{"codes": {code("8112345", 3)}, "expires": {"2099-01-01"}}, http.StatusBadRequest},
	} {
		var said map[string]any
		if status := h.json(c.path, c.form, &said); status != c.want {
			t.Errorf("%s: %d %v, want %d", name, status, said, c.want)
		}
	}
	h.be(9, identity.Doctor)
	if status, _ := h.get("/receipts/opening"); status != http.StatusForbidden {
		t.Errorf("a doctor sees the opening count: %d", status)
	}
	h.be(3, identity.Pharmacist)
	var done map[string]int
	if status := h.json(path+"/confirm", url.Values{"packs": {"1"}}, &done); status != 200 || done["boxes"] != 1 {
		t.Errorf("confirm: %d %v", status, done)
	}
}

// drugID is the number of a drug as forms send it.
func (h *house) drugID(his string) string {
	h.t.Helper()
	var id int64
	if err := h.App.Get(h.t.Context(), &id, `SELECT id FROM drug WHERE his_code = $1`, his); err != nil {
		h.t.Fatal(err)
	}
	return fmt.Sprint(id)
}
