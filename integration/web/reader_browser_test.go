package web_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/integration/translog"
	"jingfang/static/browsertest"
)

// The officer's way: find an entry, give a wrong passphrase and the right one,
// read, check the day, close the key. On a phone and on a laptop.
func TestReaderInABrowser(t *testing.T) {
	for name, size := range map[string][2]int{"phone": {390, 844}, "laptop": {1366, 768}} {
		t.Run(name, func(t *testing.T) {
			r := newReadingRoom(t, true)
			r.pull("CK001", `{"receipts":[{"no":"CK001","lines":[{"code":"DEMO001","packs":40}]}]}`)
			r.scan("visit-7")
			r.anchor()
			b := browsertest.Open(t, size[0], size[1])
			b.Go(r.url + "/transferlog?day=2026-11-23")
			b.Shows(".list .row", "扫码发药")
			b.Fits("log-list-" + name)
			b.Press(`#log-check button[name="day"]`)
			b.Shows("#log-check .notice-good", "2026-11-23完整：1 段，3 条，核对锚点 1 处")
			b.Press(`.list a.row[href$="` + r.first("HIS").String() + `"]`)
			b.Shows("#sealed", "正文已封存")
			b.Do(chromedp.SendKeys("#passphrase", "wrong-passphrase"))
			b.Press("#locker form button")
			b.Shows("#locker .field-error", "私钥没有打开")
			b.Fits("log-refused-" + name)
			b.Do(chromedp.SendKeys("#passphrase", phrase))
			b.Press("#locker form button")
			b.Shows("#locker", "私钥已打开")
			b.Press("#sealed button")
			b.Shows(".log-body", `"code": "DEMO001"`)
			b.Shows("#opened", "CK001")
			b.Fits("log-opened-" + name)
			b.Press(`#locker form button`)
			b.Shows("#locker", "打开私钥")
			b.Shows("#sealed", "正文已封存")
			if len(r.desk.Logins()) != 0 {
				t.Error("the key is still open")
			}
		})
	}
}

// first is the newest exchange with a system.
func (r *readingRoom) first(system string) (id interface{ String() string }) {
	r.t.Helper()
	list, err := translog.List(r.t.Context(), r.App, translog.Filter{System: system, Limit: 1})
	if err != nil || len(list) != 1 {
		r.t.Fatalf("%d exchanges with %s, %v", len(list), system, err)
	}
	return list[0].Exchange
}
