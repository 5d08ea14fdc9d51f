package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/inventory"
	"jingfang/session/identity"
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
	one, two := openBrowser(t, 1366, 768), openBrowser(t, 390, 844)
	one.do(chromedp.Navigate(h.url + "/setaside?list=quarantined"))
	one.until(`document.querySelectorAll('[data-row]').length === 3`)
	one.shot("aside-laptop")
	one.do(chromedp.Click(`.aside-acts a[href$="act=destroy"]`))
	one.until(`document.querySelectorAll('input[name="code"]').length === 5`)
	one.until(`(function () {
		document.querySelectorAll('input[name="code"]').forEach(function (x, i) { x.checked = i < 3; });
		document.querySelector('#aside-reason').value = '受潮';
		document.querySelector('#aside-method').value = '交医废公司焚烧';
		document.querySelector('#aside-place').value = '医废暂存间';
		return true;
	})()`)
	one.shot("aside-destroy-laptop")
	one.do(chromedp.Click(`button.button-main`))
	one.until(`document.body.textContent.indexOf('请另一位同事') > 0`)
	one.shot("aside-paper-first")

	h.be(3, identity.Assistant)
	two.do(chromedp.Navigate(h.url + "/setaside"))
	two.until(`document.querySelectorAll('.list a.row').length === 2`)
	two.shot("aside-papers-phone")
	two.do(chromedp.Click(`.list li:last-child a.row`))
	two.until(`document.querySelector('.button-big') && document.querySelector('.button-big').textContent.indexOf('3 盒') > 0`)
	two.shot("aside-paper-phone")
	two.do(chromedp.Click(`.button-big`))
	two.until(`document.body.textContent.indexOf('已完成') > 0 && !document.querySelector('.button-big')`)
	two.shot("aside-done-phone")
	n, err := inventory.CountAside(t.Context(), h.App, h.App.Now())
	if err != nil || n.Damaged != 0 || n.Quarantined != 3 || n.Waiting != 1 {
		t.Errorf("%+v %v", n, err)
	}

	h.be(1, identity.Pharmacist)
	for _, path := range []string{"/setaside", "/setaside/new?act=lose", "/setaside/new?act=destroy", "/setaside?list=lost"} {
		two.do(chromedp.Navigate(h.url + path))
		two.until(`document.querySelector('main h1') !== null`)
		two.shot("aside-phone" + strings.NewReplacer("/", "-", "?", "-", "=", "-").Replace(path))
	}
}
