package web_test

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/static/browsertest"
)

// paste fills the field for many codes as a clipboard does: keys typed as fast
// as a test types them would be taken for a scanner's.
func paste(b *browsertest.Page, codes string) {
	b.T.Helper()
	b.Script(fmt.Sprintf(`document.querySelector('#paste').value = %q`, codes))
}

// A box that is scanned with the focus nowhere is taken in; the counter and the
// differences follow, and the last one opens the way to finish.
func TestScanInWithoutAClick(t *testing.T) {
	h := newHouse(t)
	id := h.receipt("YS-R2001", 2, 1)
	b := browsertest.Open(t, 1366, 768)
	b.Go(fmt.Sprintf("%s/receipts/%d", h.url, id))
	for i, c := range []string{code("8112345", 0), code("8112345", 1), code("8112346", 5)} {
		b.Wedge(c)
		b.Until(fmt.Sprintf(`document.querySelector('[data-row="received"]').textContent === '%d' && document.querySelector('#band .band-good')`, i+1))
	}
	b.Until(`document.querySelector('#receipt-work').textContent.indexOf('没有差异') > 0`)
	b.Wedge(code("8112346", 6))
	b.Until(`document.querySelector('#band .band-caution') && document.querySelector('button[name=refusal]')`)
	b.Settled()
	b.Do(chromedp.Click(`button[name=refusal]`))
	b.Until(`document.querySelector('#band .band-good') && !document.querySelector('button[name=refusal]')`)
	b.Settled()
	b.Do(chromedp.Click(`form[action$="/finish"] button`))
	b.Until(`!document.querySelector('[data-scan-form]') && document.querySelector('.notice-good')`)
	x, err := inventory.FindReceipt(t.Context(), h.App, id)
	if err != nil || x.State != inventory.ReceiptFinished || x.Received != 3 {
		t.Errorf("receipt %+v %v", x, err)
	}
}

// Every page with real rows on a phone and on a laptop.
func TestPagesFitPhoneAndLaptop(t *testing.T) {
	h := newHouse(t)
	h.role(identity.Pharmacist)
	id := h.receipt("YS-R2001", 60, 40)
	var codes []string
	for i := range 30 {
		codes = append(codes, code("8112345", i), code("8112346", i))
	}
	path := fmt.Sprintf("/receipts/%d", id)
	h.htmx(path+"/scans", url.Values{"codes": {strings.Join(codes, "\n")}})
	h.htmx(path+"/scans", url.Values{"codes": {code("8199999", 1)}})
	done := h.receipt("YS-R2000", 1, 1)
	h.htmx(fmt.Sprintf("/receipts/%d/finish", done), url.Values{"missing": {"2"}, "refused": {"0"}, "remark": {"中心药库说明日补发"}})
	h.receipt("YS-R2002", 5, 1)
	for name, size := range map[string][2]int{"phone": {390, 844}, "laptop": {1366, 768}} {
		b := browsertest.Open(t, size[0], size[1])
		for _, p := range []string{"/receipts", path, fmt.Sprintf("/receipts/%d", done), "/stock", "/drugs?code=81999990000000000001"} {
			b.Go(h.url + p)
			b.Until(`document.querySelector('main h1') !== null`)
			b.Fits(name + strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(p))
		}
		b.Go(h.url + path)
		b.Until(`document.querySelector('[data-scan-form]') !== null`)
		b.Wedge(code("8112345", 30+len(name)))
		b.Until(`document.querySelector('#band .band-good')`)
		b.Fits(name + "-band-good")
		b.Wedge(code("8112345", 30+len(name)))
		b.Until(`document.querySelector('#band .band-soft')`)
		b.Wedge("6901234567892")
		b.Until(`document.querySelector('#band .band-caution')`)
		b.Fits(name + "-band-caution")
		b.Do(chromedp.Click("#receipt-paste summary"))
		b.Until(`document.querySelector('#paste').offsetParent !== null`)
		paste(b, code("8112345", 0)+"\n"+code("8112346", 39+len(name))+"\n6901234567892\n"+code("8112346", 0))
		b.Do(chromedp.Click("#receipt-paste button"))
		b.Until(`document.querySelector('#receipt-work').textContent.indexOf('这次要处理的码') > 0`)
		b.Until(`document.querySelector('#paste').value === ''`)
		b.Fits(name + "-pasted")
	}
}

// A carton without a relation is scanned box by box with the focus nowhere; one
// whose relation file was imported comes in with one scan.
func TestCartonInTheBrowser(t *testing.T) {
	h := newHouse(t)
	h.cartons()
	id := h.counted("YS-R3001", 20)
	b := browsertest.Open(t, 390, 844)
	page := fmt.Sprintf("%s/receipts/%d", h.url, id)
	b.Go(page)
	b.Wedge(code("8212345", 900))
	b.Until(`document.querySelector('#band .band-caution') && document.querySelector('[data-row^=carton]')`)
	b.Settled()
	b.Fits("phone-carton-open")
	for i := range 5 {
		b.Wedge(code("8112345", 900+i))
		b.Until(fmt.Sprintf(`document.querySelector('[data-row="received"]').textContent === '%d'`, i+1))
		b.Settled()
	}
	b.Until(`document.querySelector('#band').textContent.indexOf('本箱完成') >= 0 && !document.querySelector('[data-row^=carton]')`)
	b.Fits("phone-carton-full")
	b.Go(h.url + "/cartons")
	b.Until(`document.querySelector('#file') !== null`)
	_, table, _ := h.send("GET", "/cartons/example/csv", nil, nil)
	broken := strings.Replace(string(table), "8312345", "8399999", 1)
	choose(b, "坏的.csv", broken)
	b.Until(`document.querySelector('#relation-answer').textContent.indexOf('未对照') > 0`)
	b.Fits("phone-relation-wrong")
	choose(b, "关系.csv", string(table))
	b.Until(`location.pathname.indexOf('/cartons/') === 0 && document.querySelector('form.actions button.button-main')`)
	b.Fits("phone-relation-checked")
	b.Settled()
	b.Do(chromedp.Click("form.actions button.button-main"))
	b.Until(`document.querySelector('.notice-good')`)
	b.Go(page)
	b.Until(`document.querySelector('[data-scan-form]')`)
	b.Wedge(code("8312345", 1))
	b.Until(`document.querySelector('[data-row="received"]').textContent === '15' && document.querySelector('#band').textContent.indexOf('整箱 10 盒') >= 0`)
	b.Fits("phone-carton-whole")
	b.Wedge(code("8312345", 1))
	b.Until(`document.querySelector('#band .band-soft')`)
}

// choose puts a file into the upload form and sends it, as a person does.
func choose(b *browsertest.Page, name, text string) {
	b.T.Helper()
	path := filepath.Join(b.T.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.T.Fatal(err)
	}
	b.Settled()
	b.Do(chromedp.SetUploadFiles("#file", []string{path}), chromedp.Click(`form[action="/cartons"] button.button-main`))
}

// A box without a code and the difference sheet, each with two people.
func TestTwoPeopleInTheBrowser(t *testing.T) {
	h := newHouse(t)
	id := h.receipt("YS-R3002", 3, 1)
	b := browsertest.Open(t, 390, 844)
	page := fmt.Sprintf("%s/receipts/%d", h.url, id)
	b.Go(page)
	b.Wedge(code("8112345", 0))
	b.Until(`document.querySelector('#band .band-good')`)
	b.Wedge(code("8199999", 1))
	b.Until(`document.querySelector('#band .band-caution')`)
	b.Settled()
	b.Do(chromedp.Click(`#codeless details summary`))
	b.Until(`document.querySelector('#codeless-readable').offsetParent !== null`)
	b.Do(chromedp.SendKeys("#codeless-readable", "0002"))
	b.Fits("phone-codeless-form")
	b.Do(chromedp.Click(`form[action$="/codeless"] button.button-main`))
	b.Until(`document.querySelector('#band').textContent.indexOf('另一位同事') > 0 && document.querySelector('button[value=refuse]')`)
	h.person(2, "演示第二人", identity.Assistant)
	b.Go(page)
	b.Until(`document.querySelector('button[value=confirm]')`)
	b.Fits("phone-codeless-confirm")
	b.Do(chromedp.Click(`button[value=confirm]`))
	b.Until(`document.querySelector('[data-row="received"]').textContent === '2' && document.querySelector('#link-code')`)
	b.Settled()
	b.Fits("phone-codeless-in")
	b.Do(chromedp.SendKeys("#remark", "已电话告知中心药库"), chromedp.Click(`form[action$="/finish"] button`))
	b.Until(`document.querySelector('#band').textContent.indexOf('差异单已提交') >= 0`)
	b.Fits("phone-sheet-handed-in")
	h.person(3, "演示第三人", identity.Pharmacist)
	b.Go(page + "/differences")
	b.Until(`document.querySelector('button[value=confirm]')`)
	b.Fits("phone-sheet")
	b.Do(chromedp.Click(`button[value=confirm]`))
	b.Until(`document.querySelector('.notice-good') && !document.querySelector('button[value=confirm]')`)
	b.Go(page + "/codeless/labels")
	b.Until(`document.querySelector('.label svg')`)
	b.Fits("phone-codeless-labels")
	x, err := inventory.FindReceipt(t.Context(), h.App, id)
	if err != nil || x.State != inventory.ReceiptFinished || x.Received != 2 {
		t.Errorf("receipt %+v %v", x, err)
	}
	wide := browsertest.Open(t, 1366, 768)
	for _, p := range []string{"/differences", "/codeless/labels", ""} {
		wide.Go(page + p)
		wide.Until(`document.querySelector('main h1')`)
		wide.Fits("laptop-sheet" + strings.ReplaceAll(p, "/", "-"))
	}
	wide.Go(h.url + "/cartons")
	wide.Until(`document.querySelector('#file')`)
	wide.Fits("laptop-cartons")
}
