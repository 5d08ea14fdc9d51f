package web_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/integration/simulator"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/static/browsertest"
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
	b := browsertest.Open(t, 390, 844)

	h.his.SetFaults(simulator.Faults{Status500: true})
	b.Go(h.url + "/receipts/problems")
	b.Until(`document.querySelector('input[type=file]') !== null`)
	b.Do(chromedp.Click(`form[action$="/pull"] button`))
	b.Shows(".notice", "HTTP 500")
	file := filepath.Join(t.TempDir(), "document.json")
	if err := os.WriteFile(file, h.his.Export(0), 0o600); err != nil {
		t.Fatal(err)
	}
	b.Do(chromedp.Click(`details.card > summary`))
	b.Do(chromedp.SetUploadFiles(`input[type=file]`, []string{file}))
	b.Do(chromedp.Click(`form[action$="/file"] button`))
	b.Shows(".notice", "收下 1 张单据")
	h.his.SetFaults(simulator.Faults{})

	h.his.SetStock([]wire.StockLine{{HISCode: "DEMO001", Batch: "B1", Packs: 5}})
	b.Go(h.url + "/stock/his")
	b.Do(chromedp.Click(`form[action="/stock/his"] button`))
	b.Shows(".notice", "1 个不同")

	b.Go(h.url + "/patients/his")
	b.Do(chromedp.SendKeys(`#query`, "YS000003"))
	b.Do(chromedp.Click(`form[action="/patients/his"] button`))
	b.Shows("section.card", "YS000003")
	b.Until(`document.body.textContent.indexOf('演示患者H03') < 0`)

	b.Go(h.url + "/trace/his")
	b.Do(chromedp.SendKeys(`#code`, receipt.Lines[0].Codes[0]))
	b.Do(chromedp.Click(`form[action="/trace/his"] button`))
	b.Shows("section.card", receipt.Number)

	h.role = identity.SysAdmin
	b.Go(h.url + "/interfaces")
	b.Do(chromedp.Click(`form[action="/interfaces/outbox"] button`))
	b.Shows(".notice", "已打开发药上报")
	b.Shows(`form[action="/interfaces/outbox"] button`, "关闭上报")
}
