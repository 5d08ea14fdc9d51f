package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
)

// cartons teaches a middle pack of 5 and a carton of 10 boxes of the first drug.
func (h *house) cartons() {
	h.t.Helper()
	var id int64
	if err := h.App.Get(h.t.Context(), &id, `SELECT id FROM drug WHERE his_code = 'YS1'`); err != nil {
		h.t.Fatal(err)
	}
	by := identity.Actor{StaffID: 1, Name: "演示药师", Grants: []identity.Grant{{Role: identity.Pharmacist}}}
	for prefix, x := range map[string][2]int{"8212345": {2, 100}, "8312345": {3, 200}} {
		in := inventory.Teaching{CommandID: uuid.New(), Code: prefix, DrugID: id, Level: x[0], Units: int64(x[1])}
		if _, err := h.stock.TeachPrefix(h.t.Context(), by, in); err != nil {
			h.t.Fatal(err)
		}
	}
}

// counted takes in a document that only counts packs of the first drug.
func (h *house) counted(number string, packs int) (id int64) {
	h.t.Helper()
	doc := inventory.Document{Source: "HIS", Number: number, Revision: 1, Kind: inventory.DocumentTransfer, IssuedAt: time.Now().Add(-time.Hour), FromStore: "中心药库",
		Lines: []inventory.DocumentLine{{LineNo: 1, HISCode: "YS1", Batch: "B2403", ExpiresOn: day(2028, 3, 31), Packs: packs}}}
	if _, err := h.stock.TakeReceipt(h.t.Context(), identity.System("test"), doc); err != nil {
		h.t.Fatal(err)
	}
	if err := h.App.Get(h.t.Context(), &id, `SELECT id FROM receipt WHERE number = $1`, number); err != nil {
		h.t.Fatal(err)
	}
	return id
}

// upload sends a file as the page does, or as a program.
func (h *house) upload(path, name string, body []byte, header http.Header) (int, string, http.Header) {
	h.t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	if body != nil {
		part, err := form.CreateFormFile("file", name)
		if err != nil {
			h.t.Fatal(err)
		}
		if _, err := part.Write(body); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		h.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(h.t.Context(), "POST", h.url+path, &b)
	if err != nil {
		h.t.Fatal(err)
	}
	for k, v := range header {
		r.Header[k] = v
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return answer.StatusCode, string(text), answer.Header
}

func TestRelationFromExampleToCarton(t *testing.T) {
	h := newHouse(t)
	h.cartons()
	path := fmt.Sprintf("/receipts/%d", h.counted("R1", 12))
	_, xml, header := h.send("GET", "/cartons/example/xml", nil, http.Header{})
	_, table, _ := h.send("GET", "/cartons/example/csv", nil, http.Header{})
	if !strings.Contains(header.Get("Content-Disposition"), "carton-example.xml") || strings.Count(string(xml), "<Code ") != 13 || strings.Count(string(table), "\n") != 14 {
		t.Fatalf("the examples: %s %s", xml, table)
	}
	status, _, header := h.upload("/cartons", "关系.xml", xml, http.Header{"Accept": {"text/html"}, "Hx-Request": {"true"}})
	file := header.Get("HX-Redirect")
	if status != 200 || !strings.HasPrefix(file, "/cartons/") {
		t.Fatalf("check: %d %s", status, file)
	}
	_, doc := h.get(file)
	if !strings.Contains(doc.Text(), "还没有导入") || !strings.Contains(doc.Text(), "演示利培酮片") || doc.Find(`form[action^="/cartons/"] button`).Length() != 2 {
		t.Fatalf("the file: %s", doc.Text())
	}
	var c inventory.RelationCheck
	if status, text, _ := h.upload("/cartons", "关系.csv", table, http.Header{"Accept": {"application/json"}}); status != 200 || json.Unmarshal([]byte(text), &c) != nil || c.Small != 10 || c.Middles != 2 {
		t.Fatalf("CSV: %d %s", status, text)
	}
	var done inventory.RelationImported
	if status := h.json(file, url.Values{}, &done); status != 200 || done.Small != 10 || done.Cartons != 3 {
		t.Fatalf("import: %d %+v", status, done)
	}
	if status, _, _ := h.send("POST", file, url.Values{"command_id": {uuid.NewString()}}, http.Header{"Accept": {"application/json"}}); status != http.StatusConflict {
		t.Errorf("imported twice: %d", status)
	}
	_, doc = h.get("/cartons")
	if doc.Find(".badge-good").Length() != 1 || doc.Find(".badge-caution").Length() != 1 {
		t.Errorf("the list: %s", doc.Text())
	}
	var a inventory.ReceiveAnswer
	if h.json(path+"/scans", url.Values{"codes": {code("8312345", 1)}}, &a); len(a.Answers) != 1 || a.Answers[0].Kind != inventory.KindCartonWhole || a.Taken != 10 {
		t.Errorf("the carton: %+v", a)
	}
}

func TestRelationFilesThatAreWrong(t *testing.T) {
	h := newHouse(t)
	h.cartons()
	_, good, _ := h.send("GET", "/cartons/example/xml", nil, http.Header{})
	for name, x := range map[string]struct {
		body []byte
		want string
	}{
		"no file":        {nil, "没有选择文件"},
		"an empty file":  {[]byte{}, "空"},
		"truncated":      {good[:len(good)/2], "中断"},
		"a picture":      {[]byte("\x89PNG\r\n\x1a\n\xff\xfe"), "编码"},
		"a circle":       {bytes.Replace(good, []byte(`parentCode=""`), []byte(`parentCode="`+code("8212345", 1)+`"`), 1), "第 5 行"},
		"unknown prefix": {bytes.ReplaceAll(good, []byte("8312345"), []byte("8399999")), "未对照"},
	} {
		status, text, _ := h.upload("/cartons", "x.xml", x.body, http.Header{"Accept": {"text/html"}, "Hx-Request": {"true"}})
		if status != 200 || !strings.Contains(text, x.want) || !strings.Contains(text, `id="relation-answer"`) {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	// Without the script the whole page comes back with the faults.
	if status, text, _ := h.upload("/cartons", "x.xml", good[:200], http.Header{"Accept": {"text/html"}}); status != 200 || !strings.Contains(text, "<html") || !strings.Contains(text, "中断") {
		t.Errorf("without script: %d", status)
	}
	if status, _ := h.get("/cartons/999"); status != http.StatusNotFound {
		t.Errorf("no such file: %d", status)
	}
	h.role(identity.Doctor)
	if status, _, _ := h.upload("/cartons", "x.xml", good, http.Header{"Accept": {"application/json"}}); status != http.StatusForbidden {
		t.Errorf("a doctor: %d", status)
	}
}

func TestCartonOnThePage(t *testing.T) {
	h := newHouse(t)
	h.cartons()
	path := fmt.Sprintf("/receipts/%d", h.receipt("R1", 10, 1))
	_, doc := h.htmx(path+"/scans", url.Values{"codes": {code("8312345", 1)}})
	if doc.Find("[data-row^=carton]").Length() != 1 || doc.Find(`input[name=drop]`).Length() != 1 || !strings.Contains(doc.Find("#band").Text(), "0 / 10") {
		t.Fatalf("opened: %s", doc.Text())
	}
	_, doc = h.htmx(path+"/scans", url.Values{"codes": {code("8112345", 0) + "\n" + code("8112345", 1)}})
	id := doc.Find(`[data-row^=carton] input[name=carton]`).AttrOr("value", "")
	if !strings.Contains(doc.Find("[data-row^=carton] .hero").Text(), "2/ 10") || id == "" {
		t.Fatalf("two boxes: %s", doc.Text())
	}
	form := url.Values{"carton": {id}, "status": {"2"}}
	if status, doc := h.htmx(path+"/cartons", form); status != 200 || doc.Find("#band .band-caution").Length() != 1 {
		t.Errorf("without a reason: %d", status)
	}
	form.Set("command_id", uuid.NewString())
	form.Set("reason", "箱上标着零箱")
	status, doc := h.htmx(path+"/cartons", form)
	if status != 200 || doc.Find("#band .band-good").Length() != 1 || doc.Find("[data-row^=carton]").Length() != 0 {
		t.Errorf("finish: %d %s", status, doc.Text())
	}
}

func TestCodelessOnThePage(t *testing.T) {
	h := newHouse(t)
	path := fmt.Sprintf("/receipts/%d", h.receipt("R1", 3, 1))
	_, doc := h.get(path)
	line := doc.Find("#codeless-line option").First().AttrOr("value", "")
	status, doc := h.htmx(path+"/codeless", url.Values{"line": {line}, "packs": {"1"}, "reason": {"damaged"}, "readable": {"末四位 0002"}})
	if status != 200 || !strings.Contains(doc.Find("#band").Text(), "另一位同事") || doc.Find(`button[value=confirm]`).Length() != 0 || doc.Find(`button[value=refuse]`).Length() != 1 {
		t.Fatalf("asked: %d %s", status, doc.Text())
	}
	request := doc.Find(`input[name=request]`).AttrOr("value", "")
	if status, _ := h.htmx(path+"/codeless/decide", url.Values{"request": {request}, "decision": {"confirm"}}); status != http.StatusForbidden {
		t.Errorf("the same person: %d", status)
	}
	h.person(2, "第二人", identity.Assistant)
	if _, doc := h.get(path); doc.Find(`button[value=confirm]`).Length() != 1 {
		t.Error("another person finds no button")
	}
	status, doc = h.htmx(path+"/codeless/decide", url.Values{"request": {request}, "decision": {"confirm"}})
	ours := doc.Find("#link-code option").First().AttrOr("value", "")
	if status != 200 || doc.Find("#band .band-good").Length() != 1 || !strings.HasPrefix(ours, "WM") || doc.Find("[data-row=received]").Text() != "1" {
		t.Fatalf("confirmed: %d %s", status, doc.Text())
	}
	status, doc = h.get(path + "/codeless/labels")
	if status != 200 || doc.Find(".label svg path").Length() != 1 || !strings.Contains(doc.Text(), ours) {
		t.Errorf("labels: %d %s", status, doc.Text())
	}
	for codes, tone := range map[string]string{"6901234567892": "caution", code("8112346", 1): "caution", code("8112345", 2): "good"} {
		status, doc := h.htmx(path+"/codeless/link", url.Values{"code": {ours}, "true_code": {codes}})
		if status != 200 || doc.Find("#band .band-"+tone).Length() != 1 && tone == "caution" && doc.Find("#band .band-caution").Length() != 1 {
			t.Errorf("link %s: %d %s", codes, status, doc.Find("#band").Text())
		}
	}
	if _, doc := h.get(path + "/codeless/labels"); doc.Find(".label").Length() != 0 {
		t.Error("a box with its true code still gets a label")
	}
}

func TestSheetIsSignedByTwo(t *testing.T) {
	h := newHouse(t)
	path := fmt.Sprintf("/receipts/%d", h.receipt("R1", 2, 1))
	h.htmx(path+"/scans", url.Values{"codes": {code("8112345", 0) + "\n" + code("8199999", 1)}})
	status, doc := h.htmx(path+"/finish", url.Values{"missing": {"2"}, "refused": {"1"}, "remark": {"已电话告知"}})
	if status != 200 || !strings.Contains(doc.Find("#band").Text(), "另一位同事") || doc.Find(`button[value=confirm]`).Length() != 0 {
		t.Fatalf("handed in: %d %s", status, doc.Text())
	}
	sheet := doc.Find(`input[name=sheet]`).AttrOr("value", "")
	form := func() url.Values {
		return url.Values{"sheet": {sheet}, "decision": {"confirm"}, "command_id": {uuid.NewString()}}
	}
	if status, _, _ := h.send("POST", path+"/differences", form(), http.Header{"Accept": {"application/json"}}); status != http.StatusForbidden {
		t.Errorf("the same person: %d", status)
	}
	h.person(2, "第二人", identity.Assistant)
	_, doc = h.get(path + "/differences")
	if doc.Find(`button[value=confirm]`).Length() != 1 || !strings.Contains(doc.Text(), "少 2") && !strings.Contains(doc.Text(), "少 1") {
		t.Fatalf("the sheet: %s", doc.Text())
	}
	status, _, header := h.send("POST", path+"/differences", form(), http.Header{"Accept": {"text/html"}})
	if status != http.StatusSeeOther || header.Get("Location") != path+"/differences" {
		t.Fatalf("confirm: %d", status)
	}
	_, doc = h.get(path + "/differences")
	if !strings.Contains(doc.Text(), "已由两人确认") {
		t.Errorf("confirmed: %s", doc.Text())
	}
	_, body, _ := h.send("GET", path+"/differences", nil, http.Header{"Accept": {"application/json"}})
	if !strings.Contains(string(body), `"state":"finished"`) || !strings.Contains(string(body), code("8199999", 1)) {
		t.Errorf("for programs: %s", body)
	}
	if _, doc := h.get(path); doc.Find("[data-scan-form]").Length() != 0 {
		t.Error("the receipt is still open")
	}
}
