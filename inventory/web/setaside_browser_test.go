package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/static/browsertest"
)

// Two people destroy three packs: one opens the paper on a laptop, the other
// confirms it on a phone.
func TestDestroyedInTwoBrowsers(t *testing.T) {
	h := newHouse(t)
	codes := h.shelve(8)
	h.be(1, identity.Pharmacist)
	h.post("/setaside", "act", "damage", "codes", strings.Join(codes[:3], "\n"), "reason", "搬运时受潮")
	h.post("/setaside", "act", "quarantine", "codes", strings.Join(codes[3:6], "\n"), "reason", "封签断开")
	h.post("/setaside", "act", "send_back", "codes", codes[5], "reason", "近效期调回", "place", "中心药库")
	one, two := browsertest.Open(t, 1366, 768), browsertest.Open(t, 390, 844)
	one.Go(h.url + "/setaside?list=quarantined")
	one.Until(`document.querySelectorAll('[data-row]').length === 3`)
	one.Fits("aside-laptop")
	one.Do(chromedp.Click(`.aside-acts a[href$="act=destroy"]`))
	one.Until(`document.querySelectorAll('input[name="code"]').length === 5`)
	one.Until(`(function () {
		document.querySelectorAll('input[name="code"]').forEach(function (x, i) { x.checked = i < 3; });
		document.querySelector('#aside-reason').value = '受潮';
		document.querySelector('#aside-method').value = '交医废公司焚烧';
		document.querySelector('#aside-place').value = '医废暂存间';
		return true;
	})()`)
	one.Fits("aside-destroy-laptop")
	one.Do(chromedp.Click(`button.button-main`))
	one.Until(`document.body.textContent.indexOf('请另一位同事') > 0`)
	one.Fits("aside-paper-first")

	h.be(3, identity.Assistant)
	two.Go(h.url + "/setaside")
	two.Until(`document.querySelectorAll('.list a.row').length === 2`)
	two.Fits("aside-papers-phone")
	two.Do(chromedp.Click(`.list li:last-child a.row`))
	two.Until(`document.querySelector('.button-big') && document.querySelector('.button-big').textContent.indexOf('3 盒') > 0`)
	two.Fits("aside-paper-phone")
	two.Do(chromedp.Click(`.button-big`))
	two.Until(`document.body.textContent.indexOf('已完成') > 0 && !document.querySelector('.button-big')`)
	two.Fits("aside-done-phone")
	n, err := inventory.CountAside(t.Context(), h.App, h.App.Now())
	if err != nil || n.Damaged != 0 || n.Quarantined != 3 || n.Waiting != 1 {
		t.Errorf("%+v %v", n, err)
	}

	h.be(1, identity.Pharmacist)
	for _, path := range []string{"/setaside", "/setaside/new?act=lose", "/setaside/new?act=destroy", "/setaside?list=lost"} {
		two.Go(h.url + path)
		two.Until(`document.querySelector('main h1') !== null`)
		two.Fits("aside-phone" + strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(path))
	}
}
