package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/inventory/web"
	"jingfang/session/identity"
	"jingfang/session/page"
)

func TestEveryViewRenders(t *testing.T) {
	site, err := page.New(page.Config{Dev: true}, web.Templates())
	if err != nil {
		t.Fatal(err)
	}
	if err := site.CheckSamples(append(page.OwnSamples(), web.Samples()...)); err != nil {
		t.Error(err)
	}
}

func TestScanInByThePage(t *testing.T) {
	h := newHouse(t)
	id := h.receipt("R1", 2, 1)
	path := fmt.Sprintf("/receipts/%d", id)
	status, doc := h.get(path)
	if status != 200 || doc.Find("[data-scan-form] [data-scan]").Length() != 1 || doc.Find("#receipt-work").Length() != 1 {
		t.Fatalf("the page: %d %s", status, doc.Text())
	}
	status, doc = h.htmx(path+"/scans", url.Values{"codes": {code("8112345", 0)}})
	if status != 200 || doc.Find("#band .band-good").Length() != 1 || !strings.Contains(doc.Find("#band").Text(), "演示利培酮片 1mg×20片 已入库") {
		t.Fatalf("a good scan: %d %s", status, doc.Text())
	}
	if !strings.Contains(doc.Find("#band .band-figure").Text(), "1/ 3 盒") {
		t.Errorf("figure %q", doc.Find("#band .band-figure").Text())
	}
	if n := doc.Find("button[name=code]").Length(); n != 1 {
		t.Errorf("%d packs can be undone", n)
	}
	_, doc = h.htmx(path+"/scans", url.Values{"codes": {code("8112345", 1) + "\n" + code("8112346", 1) + "\n" + code("8112346", 2)}})
	if !strings.Contains(doc.Text(), "这次要处理的码") || doc.Find("#band .band-caution").Length() != 1 {
		t.Errorf("a batch with an extra box: %s", doc.Text())
	}
	_, doc = h.htmx(path+"/refusals", url.Values{"refusal": {doc.Find("button[name=refusal]").AttrOr("value", "")}})
	if !strings.Contains(doc.Text(), "没有差异") {
		t.Fatalf("no difference is left: %s", doc.Text())
	}
	_, doc = h.htmx(path+"/undo", url.Values{"code": {code("8112346", 1)}})
	if !strings.Contains(doc.Text(), "差 1") || doc.Find("#band .band-good").Length() != 1 {
		t.Errorf("after the undo: %s", doc.Text())
	}
	h.htmx(path+"/scans", url.Values{"codes": {code("8112346", 1)}})
	status, body, header := h.send("POST", path+"/finish", url.Values{"missing": {"0"}, "refused": {"0"}, "command_id": {uuid.NewString()}}, http.Header{"Accept": {"text/html"}})
	if status != http.StatusSeeOther || header.Get("Location") != path {
		t.Fatalf("finish: %d %s", status, body)
	}
	_, doc = h.get(path)
	if doc.Find("[data-scan-form]").Length() != 0 || !strings.Contains(doc.Text(), "完成") {
		t.Errorf("the finished receipt: %s", doc.Text())
	}
	_, doc = h.get("/stock")
	if !strings.Contains(doc.Text(), "演示利培酮片") || !strings.Contains(doc.Text(), "2 盒") {
		t.Errorf("the stock: %s", doc.Text())
	}
}

// A stale page cannot finish a receipt whose differences it has not seen.
func TestFinishFromAStalePage(t *testing.T) {
	h := newHouse(t)
	path := fmt.Sprintf("/receipts/%d", h.receipt("R1", 2, 1))
	h.htmx(path+"/scans", url.Values{"codes": {code("8112345", 0)}})
	status, doc := h.htmx(path+"/finish", url.Values{"missing": {"3"}, "refused": {"0"}, "remark": {"少了"}})
	if status != 200 || doc.Find("#band .band-caution").Length() != 1 || doc.Find("input[name=missing]").AttrOr("value", "") != "2" {
		t.Fatalf("stale: %d %s", status, doc.Text())
	}
	status, doc = h.htmx(path+"/finish", url.Values{"missing": {"2"}, "refused": {"0"}})
	if status != 200 || !strings.Contains(doc.Find("#band").Text(), "说明") {
		t.Fatalf("without a remark: %d %s", status, doc.Text())
	}
	var done inventory.Finished
	if status := h.json(path+"/finish", url.Values{"missing": {"2"}, "refused": {"0"}, "remark": {"已电话告知"}}, &done); status != 200 || done.Missing != 2 {
		t.Fatalf("finish: %d %+v", status, done)
	}
}

// Each wrong thing that can be scanned has its own sentence, shows what was
// read, and changes nothing.
func TestBadInputAtReceiving(t *testing.T) {
	h := newHouse(t)
	path := fmt.Sprintf("/receipts/%d/scans", h.receipt("R1", 2, 1))
	said := map[string]string{}
	for name, c := range map[string]struct {
		codes string
		kind  inventory.AnswerKind
	}{
		"empty":          {"", inventory.KindEmpty},
		"too long":       {strings.Repeat("A1", 150), inventory.KindTooLong},
		"control":        {"8112345\x010000000000001", inventory.KindBadCharacters},
		"not UTF-8":      {"8112345\xff000000000001", inventory.KindBadEncoding},
		"joined":         {strings.Repeat("1", 40), inventory.KindJoined},
		"commodity":      {"6901234567892", inventory.KindCommodityCode},
		"veterinary":     {strings.Repeat("1", 24), inventory.KindVeterinaryCode},
		"patient":        {"JFP8A2K4M6P8R2T4V6X8", inventory.KindPatientLabel},
		"unknown prefix": {code("8199999", 1), inventory.KindUnknownPrefix},
		"short":          {"8112345000", inventory.KindWrongLength},
		"word":           {"利培酮片", inventory.KindNotATraceCode},
	} {
		var a inventory.ReceiveAnswer
		status := h.json(path, url.Values{"codes": {c.codes}}, &a)
		if status != 200 || len(a.Answers) != 1 || a.Answers[0].Kind != c.kind || a.Answers[0].Tone != inventory.ToneCaution || a.Received != 0 {
			t.Errorf("%s: %d %+v", name, status, a)
			continue
		}
		if c.codes != "" && a.Answers[0].Raw == "" {
			t.Errorf("%s: the text is not shown", name)
		}
		if other, twice := said[a.Answers[0].Sentence]; twice {
			t.Errorf("%s and %s say the same: %s", name, other, a.Answers[0].Sentence)
		}
		said[a.Answers[0].Sentence] = name
	}
	var n int
	if err := h.App.Get(t.Context(), &n, `SELECT count(*) FROM movement WHERE kind <> 'announce'`); err != nil || n != 0 {
		t.Errorf("%d movements, %v", n, err)
	}
	// Full-width digits and letters of the wrong case are the same code.
	var a inventory.ReceiveAnswer
	wide := strings.Map(func(r rune) rune { return r - '0' + '０' }, code("8112345", 0))
	if h.json(path, url.Values{"codes": {wide}}, &a); a.Answers[0].Kind != inventory.KindOK {
		t.Errorf("full width: %+v", a.Answers[0])
	}
}

func TestWhoSeesWhat(t *testing.T) {
	h := newHouse(t)
	path := fmt.Sprintf("/receipts/%d", h.receipt("R1", 2, 1))
	for _, c := range []struct {
		role                   identity.Role
		receipts, stock, teach bool
	}{
		{identity.Pharmacist, true, true, true}, {identity.Assistant, true, true, false}, {identity.Auditor, false, false, false}, {identity.SysAdmin, false, false, false},
	} {
		h.role(c.role)
		for page, may := range map[string]bool{"/receipts": c.receipts, path: c.receipts, "/stock": c.stock, "/drugs": c.stock} {
			if status, _ := h.get(page); (status == 200) != may {
				t.Errorf("%s on %s: %d", c.role, page, status)
			}
		}
		if _, doc := h.get("/drugs"); (doc.Find("#teach").Length() == 1) != c.teach {
			t.Errorf("%s and the teaching form: %v", c.role, c.teach)
		}
		if status, _ := h.htmx("/drugs/prefixes", url.Values{"code": {"8100000"}, "level": {"9"}}); (status == http.StatusForbidden) == c.teach {
			t.Errorf("%s teaches: %d", c.role, status)
		}
		if status, _ := h.htmx(path+"/scans", url.Values{"codes": {"x"}}); (status == http.StatusForbidden) == c.receipts {
			t.Errorf("%s scans: %d", c.role, status)
		}
	}
}

func TestTeachFromTheDifference(t *testing.T) {
	h := newHouse(t)
	path := fmt.Sprintf("/receipts/%d", h.receipt("R1", 1, 1))
	_, doc := h.htmx(path+"/scans", url.Values{"codes": {code("8199999", 7)}})
	link := doc.Find(`a[href^="/drugs"]`).AttrOr("href", "")
	_, doc = h.get(strings.Split(link, "#")[0])
	if doc.Find("#code").AttrOr("value", "") != code("8199999", 7) {
		t.Fatalf("the form from %q: %s", link, doc.Text())
	}
	drug, _ := doc.Find("#drug option").Last().Attr("value")
	form := url.Values{"code": {code("8199999", 7)}, "drug": {drug}, "level": {"1"}, "command_id": {uuid.NewString()}}
	form.Set("receipt", doc.Find("input[name=receipt]").AttrOr("value", ""))
	status, _, header := h.send("POST", "/drugs/prefixes", form, http.Header{"Accept": {"text/html"}})
	if status != http.StatusSeeOther || header.Get("Location") != path {
		t.Fatalf("teach: %d %v", status, header)
	}
	// The receipt has room for that drug only by listed codes, or has it now.
	if _, back := h.get(path); strings.Contains(back.Text(), "未对照") || !strings.Contains(back.Text(), "多出或不明 1 盒") {
		t.Errorf("back at the receipt: %s", back.Text())
	}
	first, _ := doc.Find("#drug option").Eq(1).Attr("value")
	form.Set("drug", first)
	form.Set("command_id", uuid.NewString())
	status, body, _ := h.send("POST", "/drugs/prefixes", form, http.Header{"Accept": {"text/html"}})
	if status != 200 || !strings.Contains(string(body), "改掉原来的对照") {
		t.Fatalf("another meaning: %d", status)
	}
}

// Fifty people over HTTP, each scan sent three times.
func TestFiftyOverHTTP(t *testing.T) {
	h := newHouse(t)
	id := h.receipt("R1", 40, 10)
	path := fmt.Sprintf("/receipts/%d/scans", id)
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			form := url.Values{"codes": {code("8112345", n%40) + "\n" + code("8112346", n%10)}, "command_id": {uuid.NewString()}}
			for range 3 {
				if status, body, _ := h.send("POST", path, form, http.Header{"Accept": {"application/json"}}); status != 200 {
					t.Errorf("%d %s", status, body)
				}
			}
		})
	}
	wg.Wait()
	var n int
	if err := h.App.Get(t.Context(), &n, `SELECT count(*) FROM movement WHERE kind = 'receive'`); err != nil || n != 50 {
		t.Errorf("%d boxes came in, %v", n, err)
	}
	check, err := inventory.VerifyStock(t.Context(), h.App, nil)
	if err != nil || check.First != nil {
		t.Errorf("verify: %+v %v", check.First, err)
	}
}

func TestPagesNeedFewStatements(t *testing.T) {
	h := newHouse(t)
	for i := range 30 {
		h.receipt(fmt.Sprintf("R%d", i), 1+i%2, 3)
	}
	path := fmt.Sprintf("/receipts/%d", h.receipt("RX", 1, 200))
	var codes []string
	for i := range 200 {
		codes = append(codes, code("8112346", i))
	}
	h.htmx(path+"/scans", url.Values{"codes": {strings.Join(codes, "\n")}})
	if n := h.statements.Load(); n > 19 {
		t.Errorf("a scan of 200 codes with its answer: %d statements", n)
	}
	for page, most := range map[string]int64{"/receipts": 2, path: 6, "/stock": 2, "/drugs": 3} {
		if status, _ := h.get(page); status != 200 || h.statements.Load() > most {
			t.Errorf("%s: %d, %d statements, want at most %d", page, status, h.statements.Load(), most)
		}
	}
}
