package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/inventory/web"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
	"jingfang/static/browsertest"
)

// countRoutes mounts the counts as the program does.
func countRoutes(r chi.Router, site *page.Site, w *web.Handlers) {
	r.Get("/stocktakes", site.Handle(w.Stocktakes))
	r.Post("/stocktakes", site.Handle(w.StartStocktake))
	r.Get("/stocktakes/{id}", site.Handle(w.Stocktake))
	r.Get("/stocktakes/{id}/sheet", site.Handle(w.StocktakeSheet))
	r.Get("/stocktakes/{id}/result", site.Handle(w.StocktakeResult))
	for what, do := range map[string]page.Func{"scans": w.CountScan, "undo": w.Uncount, "numbers": w.CountNumber, "recount": w.Recount, "submit": w.SubmitStocktake,
		"reasons": w.Explain, "approve": w.ApproveStocktake, "reject": w.RejectStocktake, "abandon": w.AbandonStocktake} {
		r.Post("/stocktakes/{id}/"+what, site.Handle(do))
	}
}

// tally is a house where 37 boxes of one drug and 13 of another lie on the shelf,
// with people 1 to 3 in the books.
type tally struct {
	*house
	codes []string
	path  string
}

func newTally(t testing.TB) *tally {
	t.Helper()
	h := &tally{house: newHouse(t)}
	err := h.Owner.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for i, name := range []string{"演示药师", "演示乙", "演示管理"} {
			if _, err := tx.Exec(ctx, `INSERT INTO staff (id, username, name, created_at) VALUES ($1, $2, $3, $4)`, 1000+i, fmt.Sprintf("count%d", i), name, tx.Now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	h.one()
	id := h.receipt("YS-P1", 37, 13)
	for i := range 37 {
		h.codes = append(h.codes, code("8112345", i))
	}
	for i := range 13 {
		h.codes = append(h.codes, code("8112346", i))
	}
	if status, doc := h.htmx(fmt.Sprintf("/receipts/%d/scans", id), url.Values{"codes": {strings.Join(h.codes, "\n")}}); status != 200 {
		t.Fatal(doc.Text())
	}
	return h
}

func (h *tally) one()     { h.person(1000, "演示药师", identity.Pharmacist) }
func (h *tally) two()     { h.person(1001, "演示乙", identity.Assistant) }
func (h *tally) manager() { h.person(1002, "演示管理", identity.Manager) }

func (h *tally) start() {
	h.t.Helper()
	var a struct{ ID int64 }
	if status := h.json("/stocktakes", url.Values{}, &a); status != 200 {
		h.t.Fatal(status)
	}
	h.path = fmt.Sprintf("/stocktakes/%d", a.ID)
}

// form sends a command as a plain form and gives where it leads.
func (h *tally) form(path string, form url.Values) (int, string) {
	h.t.Helper()
	form.Set("command_id", uuid.NewString())
	status, body, header := h.send("POST", path, form, http.Header{"Accept": {"text/html"}})
	if to := header.Get("Location"); to != "" {
		return status, to
	}
	return status, string(body)
}

// Until the count is handed in nothing that anybody can fetch says how many boxes
// the books expect: not the pages, the paper, the parts or the answers, in HTML or
// JSON.
func TestBlindUntilHandedIn(t *testing.T) {
	h := newTally(t)
	var said []string
	keep := func(what string, body []byte) { said = append(said, what+"\n"+string(body)) }
	ask := func(method, path string, form url.Values, header http.Header) {
		t.Helper()
		if form != nil {
			form.Set("command_id", uuid.NewString())
		}
		status, body, _ := h.send(method, path, form, header)
		if status >= 500 {
			t.Fatalf("%s %s: %d %s", method, path, status, body)
		}
		keep(method+" "+path, body)
	}
	html, program := http.Header{"Accept": {"text/html"}}, http.Header{"Accept": {"application/json"}}
	htmx := http.Header{"Accept": {"text/html"}, "Hx-Request": {"true"}}
	var started struct{ ID int64 }
	status, body, _ := h.send("POST", "/stocktakes", url.Values{"command_id": {uuid.NewString()}}, program)
	if err := json.Unmarshal(body, &started); status != 200 || err != nil {
		t.Fatal(status, string(body))
	}
	keep("start", body)
	h.path = fmt.Sprintf("/stocktakes/%d", started.ID)
	for _, header := range []http.Header{htmx, program} {
		ask("POST", h.path+"/scans", url.Values{"codes": {h.codes[0]}}, header)
		ask("POST", h.path+"/scans", url.Values{"codes": {h.codes[0] + "\n81999990000000000001"}, "shelf": {"A"}}, header)
		ask("POST", h.path+"/scans", url.Values{"codes": {h.codes[1]}, "units": {"5"}}, header)
		ask("POST", h.path+"/numbers", url.Values{"drug": {h.drugID("YS2")}, "packs": {"4"}}, header)
		ask("POST", h.path+"/undo", url.Values{"code": {h.codes[1]}}, header)
		ask("POST", h.path+"/recount", url.Values{"drug": {h.drugID("YS2")}}, header)
		ask("POST", h.path+"/approve", url.Values{"submission": {"0"}}, header)
		ask("POST", h.path+"/reasons", url.Values{"difference": {"1"}, "reason": {"unknown"}}, header)
	}
	for _, header := range []http.Header{html, program} {
		for _, path := range []string{"/stocktakes", h.path, h.path + "/sheet", h.path + "/result", h.path + "?part=1"} {
			ask("GET", path, nil, header)
		}
	}
	ask("GET", h.path+"?part=1", nil, htmx)
	// 37 and 13 are what the books expect, 50 their sum; a code's own digits, ids,
	// days, times and the random reference number of a refusal are other words.
	secret := regexp.MustCompile(`(^|[^0-9])(37|13|50)($|[^0-9])`)
	for _, text := range said {
		plain := regexp.MustCompile(`(?s)<head>.*?</head>|"[a-z_]*at":"[^"]*"|href="[^"]*"|value="[^"]*"|[0-9]{8,}|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9A-Z]{4}-[0-9A-Z]{4}|[0-9]+mg|×[0-9]+|[0-9]+:[0-9]+(:[0-9]+)?|[0-9]+月[0-9]+日|maxlength="[^"]*"|"/static/[^"]*"`).ReplaceAllString(text, "")
		if found := secret.FindString(plain); found != "" {
			t.Errorf("what is expected stands in the open: %q in %s", found, plain)
		}
		if strings.Contains(text, "booked") || strings.Contains(text, "expected") {
			t.Errorf("a field of what is expected: %s", text)
		}
	}
	if len(said) < 20 {
		t.Errorf("only %d answers were read", len(said))
	}
	if !secret.MatchString(`{"packs":37}`) {
		t.Error("this test cannot fail")
	}
	ask("POST", h.path+"/submit", url.Values{}, program)
	status, body, _ = h.send("GET", h.path+"/result", nil, program)
	if status != 200 || !strings.Contains(string(body), `"booked_packs":37`) {
		t.Errorf("the result does not show it: %d %s", status, body)
	}
}

func (h *tally) drugID(his string) string {
	h.t.Helper()
	var id int64
	if err := h.App.Get(h.t.Context(), &id, `SELECT id FROM drug WHERE his_code = $1::text`, his); err != nil {
		h.t.Fatal(err)
	}
	return fmt.Sprint(id)
}

// The pages from the list to the approval, with what each refuses.
func TestCountByThePages(t *testing.T) {
	h := newTally(t)
	status, doc := h.get("/stocktakes")
	if status != 200 || doc.Find(`form[action="/stocktakes"]`).Length() != 2 || !strings.Contains(doc.Text(), "还没有盘点过") {
		t.Fatalf("the list: %d %s", status, doc.Text())
	}
	if status, body := h.form("/stocktakes", url.Values{"some": {"1"}}); status != 200 || !strings.Contains(body, "没有勾选药品") {
		t.Errorf("no drug was chosen: %d", status)
	}
	status, to := h.form("/stocktakes", url.Values{})
	if status != 303 || !strings.HasPrefix(to, "/stocktakes/") {
		t.Fatalf("start: %d %s", status, to)
	}
	h.path = to
	if status, to := h.form("/stocktakes", url.Values{}); status != 303 || to != h.path+"?running=1" {
		t.Errorf("a second start does not lead to the first: %d %s", status, to)
	}
	if _, doc := h.get(h.path + "?running=1"); !strings.Contains(doc.Text(), "不用另起") {
		t.Error("the page does not say that it runs already")
	}
	var refused struct {
		Error     struct{ Kind, Message string }
		Stocktake int64
	}
	if status := h.json("/stocktakes", url.Values{}, &refused); status != 409 || fmt.Sprintf("/stocktakes/%d", refused.Stocktake) != h.path || !strings.Contains(refused.Error.Message, "已经在盘点") {
		t.Errorf("a program starts twice: %d %+v", status, refused)
	}
	_, doc = h.htmx(h.path+"/scans", url.Values{"codes": {strings.Join(h.codes[:36], "\n")}, "shelf": {"A 架"}})
	if text := doc.Text(); !strings.Contains(text, "记下 36 盒") || !strings.Contains(text, "演示药师") || !strings.Contains(text, "A 架") {
		t.Errorf("after a batch: %s", text)
	}
	if n := doc.Find("#count-work .row button[name=code]").Length(); n != 10 {
		t.Errorf("%d of the last reads can be undone", n)
	}
	h.two()
	_, doc = h.htmx(h.path+"/scans", url.Values{"codes": {h.codes[0]}})
	if text := doc.Find("#band").Text(); !strings.Contains(text, "由演示药师点到，只算一次") {
		t.Errorf("scanned by another: %s", text)
	}
	_, doc = h.htmx(h.path+"/numbers", url.Values{"drug": {h.drugID("YS2")}, "packs": {"x"}})
	if text := doc.Find("#band").Text(); !strings.Contains(text, "不是一个数字") {
		t.Errorf("a number that is none: %s", text)
	}
	_, doc = h.htmx(h.path+"/numbers", url.Values{"drug": {h.drugID("YS2")}, "packs": {"13"}})
	if text := doc.Find("#count-drug-" + h.drugID("YS2")).Text(); !strings.Contains(text, "按数 13 瓶（演示乙") {
		t.Errorf("the number is not on everybody's screen: %q", text)
	}
	h.checkResult()
}

// checkResult hands in, explains and approves.
func (h *tally) checkResult() {
	t := h.t
	t.Helper()
	if status, to := h.form(h.path+"/submit", url.Values{}); status != 303 || to != h.path {
		t.Fatalf("hand in: %d %s", status, to)
	}
	_, doc := h.get(h.path + "/result")
	if text := doc.Text(); !strings.Contains(text, "账上有，没有盘到") || !strings.Contains(text, "最后一笔") || !strings.Contains(text, "演示药师") {
		t.Errorf("the result: %s", text)
	}
	box := doc.Find("input[name=difference]")
	if box.Length() != 1 || doc.Find(`form[action$="/approve"]`).Length() != 0 {
		t.Errorf("%d differences to explain", box.Length())
	}
	if status, body := h.form(h.path+"/reasons", url.Values{"difference": {box.AttrOr("value", "")}, "reason": {"other"}}); status != 200 || !strings.Contains(body, "写明原因") {
		t.Errorf("a reason without a word: %d", status)
	}
	if status, _ := h.form(h.path+"/reasons", url.Values{"difference": {box.AttrOr("value", "")}, "reason": {"missed_out"}, "adjust": {"1"}}); status != 303 {
		t.Fatal(status)
	}
	h.one()
	if _, doc := h.get(h.path + "/result"); !strings.Contains(doc.Text(), "您参加了这次盘点") || doc.Find(`form[action$="/approve"]`).Length() != 0 {
		t.Errorf("a counter is offered to approve: %s", doc.Text())
	}
	if status, body := h.form(h.path+"/approve", url.Values{"submission": {"1"}, "result": {"1"}}); status != 200 || !strings.Contains(body, "不能自己审核") {
		t.Errorf("a counter approves: %d", status)
	}
	h.manager()
	if _, doc := h.get(h.path + "/result"); doc.Find(`form[action$="/approve"] input[name=submission]`).AttrOr("value", "") != "1" {
		t.Errorf("the manager cannot approve: %s", doc.Text())
	}
	if status, to := h.form(h.path+"/approve", url.Values{"submission": {"1"}, "result": {"1"}}); status != 303 || to != h.path {
		t.Fatalf("approve: %d %s", status, to)
	}
	if _, doc := h.get(h.path + "/result"); !strings.Contains(doc.Text(), "已报失") || !strings.Contains(doc.Text(), "已审核") {
		t.Errorf("approved: %s", doc.Text())
	}
	p, err := inventory.FindPack(t.Context(), h.App, h.codes[36])
	if err != nil || p.State != inventory.StateLost {
		t.Errorf("the missing box: %+v %v", p, err)
	}
}

// A screen that knows the newest hears nothing; one that does not gets the parts;
// one whose count has been handed in is led to the result.
func TestCountingScreenKeepsUp(t *testing.T) {
	h := newTally(t)
	h.start()
	_, doc := h.get(h.path)
	poll := doc.Find("#count-work").AttrOr("hx-get", "")
	htmx := http.Header{"Accept": {"text/html"}, "Hx-Request": {"true"}}
	if status, body, _ := h.send("GET", poll, nil, htmx); status != 204 || len(body) != 0 {
		t.Errorf("nothing new: %d %s", status, body)
	}
	h.two()
	h.htmx(h.path+"/scans", url.Values{"codes": {h.codes[3]}})
	status, body, _ := h.send("GET", poll, nil, htmx)
	if status != 200 || !strings.Contains(string(body), "演示乙") {
		t.Errorf("something new: %d %s", status, body)
	}
	if h.statements.Load() > 12 {
		t.Errorf("%d statements", h.statements.Load())
	}
	h.form(h.path+"/submit", url.Values{})
	status, body, _ = h.send("GET", poll, nil, htmx)
	if status != 200 || !strings.Contains(string(body), "看结果") || strings.Contains(string(body), "every 2s") {
		t.Errorf("handed in: %d %s", status, body)
	}
	_, doc = h.htmx(h.path+"/scans", url.Values{"codes": {h.codes[4]}})
	if text := doc.Find("#band").Text(); !strings.Contains(text, "不能再扫") {
		t.Errorf("a late scan: %s", text)
	}
}

// Every list of a count of 10,000 boxes needs at most 12 statements.
func TestCountOfManyBoxesNeedsFewStatements(t *testing.T) {
	h := newTally(t)
	err := h.Owner.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO pack (code, drug_id, state, units_total, units_left, created_at, changed_at)
SELECT '8112345' || lpad((i + 100)::text, 13, '0'), $1::bigint, 'in_store', 20, 20, now(), now() FROM generate_series(1, 10000) i`, h.drugID("YS1"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.start()
	for from := 0; from < 9000; from += 1500 {
		var list []string
		for i := range 1500 {
			list = append(list, code("8112345", 101+from+i))
		}
		var a inventory.CountAnswer
		if status := h.json(h.path+"/scans", url.Values{"codes": {strings.Join(list, "\n")}}, &a); status != 200 || a.Taken != 1500 {
			t.Fatal(status, a.Taken)
		}
	}
	few := func(path string) {
		t.Helper()
		status, _ := h.get(path)
		if n := h.statements.Load(); status != 200 || n > 12 {
			t.Errorf("%s: %d, %d statements", path, status, n)
		}
	}
	few("/stocktakes")
	few(h.path)
	few(h.path + "/sheet")
	h.form(h.path+"/submit", url.Values{})
	few(h.path + "/result")
	_, doc := h.get(h.path + "/result")
	if n := doc.Find("input[name=difference]").Length(); n != 200 || doc.Find(`button[name=kind][value=missing]`).Length() != 1 {
		t.Errorf("%d differences are listed", n)
	}
	if status, _ := h.form(h.path+"/reasons", url.Values{"kind": {"missing"}, "reason": {"unknown"}, "difference": {"1"}}); status != 303 {
		t.Errorf("a reason for all: %d", status)
	}
	if _, doc := h.get(h.path + "/result"); !strings.Contains(doc.Text(), "差异都写明了原因") {
		t.Error("some have no reason")
	}
}

func TestCountsAreForThoseWhoMay(t *testing.T) {
	h := newTally(t)
	h.start()
	var v map[string]any
	for _, x := range []struct {
		role identity.Role
		path string
		want int
	}{{identity.Doctor, "/scans", 403}, {identity.Doctor, "/submit", 403}, {identity.Manager, "/scans", 403}, {identity.Manager, "/abandon", 403}, {identity.Assistant, "/approve", 403},
		{identity.Assistant, "/reject", 403}, {identity.SysAdmin, "/scans", 403}} {
		h.person(1001, "演示乙", x.role)
		if status := h.json(h.path+x.path, url.Values{"codes": {h.codes[0]}, "reason": {"演示"}}, &v); status != x.want {
			t.Errorf("%s as %s: %d %v", x.path, x.role, status, v)
		}
	}
	h.person(1001, "演示乙", identity.SecAdmin)
	if status, _ := h.get("/stocktakes"); status != 403 {
		t.Errorf("the list for who sees no stock: %d", status)
	}
	h.two()
	if status := h.json("/stocktakes/99999/scans", url.Values{"codes": {h.codes[0]}}, &v); status != 404 {
		t.Errorf("an unknown count: %d", status)
	}
}

// A counter's day in a browser: scanned with the focus nowhere, undone, a number,
// an opened box, handed in, explained.
func TestCountInABrowser(t *testing.T) {
	h := newTally(t)
	h.start()
	for name, size := range map[string][2]int{"phone": {390, 844}, "laptop": {1366, 768}} {
		b := browsertest.Open(t, size[0], size[1])
		b.Go(h.url + h.path)
		b.Until(`document.querySelector('[data-scan-form]')`)
		first := map[string]int{"phone": 0, "laptop": 18}[name]
		for i := range 2 {
			b.Wedge(h.codes[first+i])
			b.Until(fmt.Sprintf(`document.querySelector('#band .band-good') && document.querySelector('[data-row="%s"]')`, h.codes[first+i]))
		}
		b.Wedge(h.codes[first])
		b.Until(`document.querySelector('#band .band-soft')`)
		b.Wedge("81999990000000000001")
		b.Until(`document.querySelector('#band .band-caution, #band .band-soft') && document.querySelector('#count-work').textContent.indexOf('没有记录的码') > 0`)
		// The list renews itself: a press that met a button on its way out is made again.
		b.Until(fmt.Sprintf(`(function (row, button) {
			if (!document.querySelector(row)) { return true; }
			var e = document.querySelector(button);
			if (e && !document.querySelector('.htmx-request, .htmx-added, .htmx-settling, .htmx-swapping')) { e.click(); }
			return false;
		})('[data-row="%[1]s"]', '#count-work button[value="%[1]s"]')`, h.codes[first+1]))
		b.Press(`.count-drug summary`)
		b.Until(`document.querySelector('.count-drug[open] input[name=packs]').offsetParent`)
		b.Fits(name + "-count")
		b.Go(h.url + h.path + "/sheet")
		b.Until(`document.querySelector('.count-sheet')`)
		b.Fits(name + "-sheet")
	}
	// What another person counts arrives by itself, also while a number is typed.
	b := browsertest.Open(t, 390, 844)
	b.Go(h.url + h.path)
	b.Until(`document.querySelector('#count-work')`)
	b.Press(`.count-drug summary`)
	b.Until(`document.querySelector('.count-drug[open] input[name=packs]').offsetParent`)
	b.Do(chromedp.Focus(`.count-drug[open] input[name=packs]`), chromedp.KeyEvent("4"))
	b.Until(`document.querySelector('.count-drug[open] input[name=packs]').value === '4'`)
	h.json(h.path+"/scans", url.Values{"codes": {h.codes[36]}}, &map[string]any{})
	b.Until(fmt.Sprintf(`document.querySelector('[data-row="%s"]')`, h.codes[36]))
	b.Until(`document.querySelector('.count-drug[open] input[name=packs]').value === '4'`)
	b.Press(`form[action$="/submit"] button`)
	b.Until(`location.pathname.indexOf('/result') > 0 && document.querySelector('input[name=difference]')`)
	b.Fits("phone-result")
	b.Do(chromedp.SetValue(`#reason`, "unknown"))
	b.Press(`.count-explain .button-main`)
	b.Until(`document.body.textContent.indexOf('差异都写明了原因') > 0`)
}
