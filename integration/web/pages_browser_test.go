package web_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/integration/simulator"
	"jingfang/integration/wire"
	"jingfang/session/identity"
)

// The main way through each page, on a phone: a file is brought while HIS is down,
// both stocks are compared, a person and a code are looked up, the administrator
// turns the outbox on.
func TestThePagesOfTheInterface(t *testing.T) {
	h := newHouse(t)
	h.good = true
	h.exec(`INSERT INTO site (code, name, district, created_at) VALUES ('999900001', '演示新华', '金平', now())`)
	h.exec(`INSERT INTO staff (username, name, created_at) VALUES ('demo', '演示人员', now())`)
	receipt, err := h.his.MakeReceipt(simulator.Order{Lines: 1, Packs: 2})
	if err != nil {
		t.Fatal(err)
	}
	b := openBrowser(t, 390, 844)

	h.his.SetFaults(simulator.Faults{Status500: true})
	b.do(chromedp.Navigate(h.url + "/receipts/problems"))
	b.until(`document.querySelector('input[type=file]') !== null`)
	b.do(chromedp.Click(`form[action$="/pull"] button`))
	b.shows(".notice", "HTTP 500")
	file := filepath.Join(t.TempDir(), "document.json")
	if err := os.WriteFile(file, h.his.Export(0), 0o600); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.Click(`details.card > summary`))
	b.do(chromedp.SetUploadFiles(`input[type=file]`, []string{file}))
	b.do(chromedp.Click(`form[action$="/file"] button`))
	b.shows(".notice", "收下 1 张单据")
	h.his.SetFaults(simulator.Faults{})

	h.his.SetStock([]wire.StockLine{{HISCode: "DEMO001", Batch: "B1", Packs: 5}})
	b.do(chromedp.Navigate(h.url + "/stock/his"))
	b.do(chromedp.Click(`form[action="/stock/his"] button`))
	b.shows(".notice", "1 个不同")

	b.do(chromedp.Navigate(h.url + "/patients/his"))
	b.do(chromedp.SendKeys(`#query`, "YS000003"))
	b.do(chromedp.Click(`form[action="/patients/his"] button`))
	b.shows("section.card", "YS000003")
	b.until(`document.body.textContent.indexOf('演示患者H03') < 0`)

	b.do(chromedp.Navigate(h.url + "/trace/his"))
	b.do(chromedp.SendKeys(`#code`, receipt.Lines[0].Codes[0]))
	b.do(chromedp.Click(`form[action="/trace/his"] button`))
	b.shows("section.card", receipt.Number)

	h.role = identity.SysAdmin
	b.do(chromedp.Navigate(h.url + "/interfaces"))
	b.do(chromedp.Click(`form[action="/interfaces/outbox"] button`))
	b.shows(".notice", "已打开发药上报")
	b.shows(`form[action="/interfaces/outbox"] button`, "关闭上报")
}
