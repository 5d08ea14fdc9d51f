package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/static/browsertest"
)

// toteOf makes a tote by the API.
func (h *house) toteOf(name string) (id int64, label string) {
	h.t.Helper()
	var t struct {
		ID    int64
		Label string
	}
	if status := h.json("/totes", url.Values{"name": {name}}, &t); status != 200 || t.ID == 0 {
		h.t.Fatalf("make a tote: %d %+v", status, t)
	}
	return t.ID, t.Label
}

func TestTotes(t *testing.T) {
	h := newHouse(t)
	receipt := h.receipt("YS-R3001", 4, 2)
	var said inventory.ReceiveAnswer
	h.json(fmt.Sprintf("/receipts/%d/scans", receipt), url.Values{"codes": {code("8112345", 0) + "\n" + code("8112345", 1) + "\n" + code("8112346", 9)}}, &said)
	first, label := h.toteOf("")
	if !strings.HasPrefix(label, "JFT") {
		t.Errorf("label %q", label)
	}
	path := fmt.Sprintf("/totes/%d", first)
	status, doc := h.htmx(path+"/scans", url.Values{"codes": {code("8112345", 0) + "\n" + code("8112346", 9) + "\n" + code("8112345", 3) + "\n6901234567892"}})
	if status != 200 || doc.Find(`[data-row="packs"]`).Text() != "2" || !strings.Contains(doc.Text(), "商品码") || !strings.Contains(doc.Text(), "还没有扫码入库") {
		t.Errorf("into the tote: %d %s", status, doc.Text())
	}
	status, doc = h.htmx(path+"/seal", url.Values{})
	if status != 200 || !strings.Contains(doc.Find("#band").Text(), "已封箱，2 盒") || doc.Find("[data-scan-form]").Length() != 0 {
		t.Errorf("sealed: %d %s", status, doc.Text())
	}
	for what, x := range map[string]struct{ path, text string }{
		"into a sealed tote": {path + "/scans", "请先开箱"}, "sealed twice": {path + "/seal", "已经封好了"},
	} {
		if _, doc := h.htmx(x.path, url.Values{"codes": {code("8112345", 1)}}); !strings.Contains(doc.Find("#band").Text(), x.text) {
			t.Errorf("%s: %s", what, doc.Find("#band").Text())
		}
	}
	if status, doc := h.get("/totes"); status != 200 || !strings.Contains(doc.Text(), "1 号") || !strings.Contains(doc.Text(), "在库 2 盒") {
		t.Errorf("the list: %d %s", status, doc.Text())
	}
	if n := h.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	if status, doc := h.get(path + "/label"); status != 200 || !strings.Contains(strings.ReplaceAll(doc.Find(".label").Text(), " ", ""), label) || strings.Contains(doc.Find(".label").Text(), "演示") {
		t.Errorf("the label: %d", status)
	}
	h.htmx(path+"/open", url.Values{})
	if _, doc := h.htmx(path+"/scans", url.Values{"codes": {code("8112345", 0)}, "out": {"1"}}); doc.Find(`[data-row="packs"]`).Text() != "1" {
		t.Errorf("taken out: %s", doc.Text())
	}
}

func TestTotes_badInput(t *testing.T) {
	h := newHouse(t)
	h.toteOf("急用")
	for name, want := range map[string]string{"急用": "已经有叫这个名字", strings.Repeat("长", 21): "最多 20 个字"} {
		if status, doc := h.htmx("/totes", url.Values{"name": {name}}); status != 200 || !strings.Contains(doc.Text(), want) {
			t.Errorf("%s: %d %s", name, status, doc.Text())
		}
	}
	empty, _ := h.toteOf("空的")
	if _, doc := h.htmx(fmt.Sprintf("/totes/%d/seal", empty), url.Values{}); !strings.Contains(doc.Find("#band").Text(), "还是空的") {
		t.Errorf("an empty tote is sealed: %s", doc.Text())
	}
	for _, path := range []string{"/totes/x", "/totes/0", "/totes/999999"} {
		if status, _ := h.get(path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	h.role(identity.Assistant)
	for _, path := range []string{"/totes", fmt.Sprintf("/totes/%d", empty), fmt.Sprintf("/totes/%d/label", empty)} {
		if status, _ := h.get(path); status != http.StatusForbidden {
			t.Errorf("an assistant opens %s: %d", path, status)
		}
	}
}

// A tote from the first box to the seal without touching the pointer but for the
// buttons, on a phone and on a laptop.
func TestTotesInABrowser(t *testing.T) {
	h := newHouse(t)
	receipt := h.receipt("YS-R3002", 60, 30)
	var codes []string
	for i := range 60 {
		codes = append(codes, code("8112345", i))
	}
	for i := range 30 {
		codes = append(codes, code("8112346", i))
	}
	h.htmx(fmt.Sprintf("/receipts/%d/scans", receipt), url.Values{"codes": {strings.Join(codes, "\n")}})
	for i, size := range [][2]int{{390, 844}, {1366, 768}} {
		name := []string{"phone", "laptop"}[i]
		b := browsertest.Open(t, size[0], size[1])
		b.Go(h.url + "/totes")
		b.Until(`document.querySelector('main h1') !== null`)
		b.Fits(name + "-totes")
		b.Do(chromedp.Click(`form[action="/totes"] button`))
		b.Until(`document.querySelector('#tote-work') !== null`)
		b.Fits(name + "-tote-empty")
		b.Wedge(codes[i])
		b.Until(`document.querySelector('[data-row="packs"]').textContent === '1' && document.querySelector('#band .band-good')`)
		b.Settled()
		b.Wedge(codes[i])
		b.Until(`document.querySelector('#band .band-soft')`)
		b.Settled()
		b.Wedge(strings.Join(codes[10+40*i:50+40*i], " "))
		b.Until(`document.querySelector('[data-row="packs"]').textContent === '41'`)
		b.Settled()
		b.Fits(name + "-tote-filling")
		b.Do(chromedp.Click(`form[action$="/seal"] button`))
		b.Until(`document.querySelector('#band').textContent.indexOf('已封箱') > 0`)
		b.Settled()
		b.Fits(name + "-tote-sealed")
		b.Do(chromedp.Click(`a[href$="/label"]`))
		b.Until(`document.querySelector('.label') !== null`)
		b.Fits(name + "-tote-label")
	}
}

func TestTotes_renameRetireAndLabels(t *testing.T) {
	h := newHouse(t)
	receipt := h.receipt("YS-R3003", 2, 1)
	h.json(fmt.Sprintf("/receipts/%d/scans", receipt), url.Values{"codes": {code("8112345", 0)}}, &inventory.ReceiveAnswer{})
	full, label := h.toteOf("")
	h.toteOf("急用")
	path := fmt.Sprintf("/totes/%d", full)
	h.htmx(path+"/scans", url.Values{"codes": {code("8112345", 0)}})
	if _, doc := h.get("/totes"); !strings.Contains(doc.Text(), "演示利培酮片") {
		t.Errorf("the list does not say what lies in a tote: %s", doc.Text())
	}
	if n := h.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	for what, x := range map[string]struct{ path, name, want string }{
		"a taken name": {"/name", "急用", "已经有叫这个名字"}, "no name": {"/name", " ", "请填新的箱名"}, "a full tote": {"/retire", "", "还有 1 盒"},
	} {
		status, doc := h.htmx(path+x.path, url.Values{"name": {x.name}})
		if status != 200 || !strings.Contains(doc.Find(`[role="alert"]`).Text(), x.want) {
			t.Errorf("%s: %d %s", what, status, doc.Find(`[role="alert"]`).Text())
		}
	}
	var said struct{ Name, State string }
	if status := h.json(path+"/name", url.Values{"name": {"新华专用"}}, &said); status != 200 || said.Name != "新华专用" {
		t.Errorf("renamed: %d %+v", status, said)
	}
	h.htmx(path+"/scans", url.Values{"codes": {code("8112345", 0)}, "out": {"1"}})
	if status, doc := h.get("/totes/labels"); status != 200 || doc.Find(".label").Length() != 2 || !strings.Contains(doc.Text(), "新华专用") {
		t.Errorf("all labels: %d %s", status, doc.Text())
	}
	if status := h.json(path+"/retire", url.Values{}, &said); status != 200 || said.State != "retired" {
		t.Errorf("retired: %d %+v", status, said)
	}
	status, doc := h.get(path)
	if status != 200 || !strings.Contains(doc.Text(), "停用，标签不能再用") || doc.Find("form").Length() > 1 || !strings.Contains(doc.Text(), label) {
		t.Errorf("the page of a retired tote: %d %s", status, doc.Text())
	}
	if status, doc := h.get(path + "/label"); status != http.StatusConflict || !strings.Contains(doc.Text(), "不再打印标签") {
		t.Errorf("its label: %d %s", status, doc.Text())
	}
	if _, doc := h.get("/totes/labels"); doc.Find(".label").Length() != 1 {
		t.Errorf("a retired label is printed")
	}
	if _, doc := h.get("/totes"); !strings.Contains(doc.Find("details").Text(), "新华专用") {
		t.Errorf("the list leaves it out: %s", doc.Text())
	}
}

// Renamed and retired on a phone, without anything wider than the page.
func TestTotes_editInABrowser(t *testing.T) {
	h := newHouse(t)
	id, _ := h.toteOf("")
	b := browsertest.Open(t, 390, 844)
	b.Go(fmt.Sprintf("%s/totes/%d", h.url, id))
	b.Press(`#tote-edit summary`)
	b.Until(`document.querySelector('#tote-edit').open`)
	b.Until(`(document.querySelector('#tote-edit input[name="name"]').value = '新华专用的一个名字很长的箱子', true)`)
	b.Until(`document.documentElement.scrollWidth <= window.innerWidth`)
	b.Fits("phone-tote-edit")
	b.Press(`#tote-edit form[action$="/name"] button`)
	b.Until(`document.querySelector('h1').textContent === '周转箱 新华专用的一个名字很长的箱子' && document.readyState === 'complete'`)
	b.Press(`#tote-edit summary`)
	b.Until(`document.querySelector('#tote-edit').open`)
	b.Press(`#tote-edit form[action$="/retire"] button`)
	b.Until(`document.querySelector('#tote-edit') === null && document.querySelector('.notice').textContent.indexOf('停用') > 0`)
	b.Until(`document.documentElement.scrollWidth <= window.innerWidth`)
	b.Fits("phone-tote-retired")
}
