package web_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"

	"jingfang/inventory"
)

// A phone at the table: from the visit to the return, empty boxes one by one, a
// box whose code cannot be read, an opened one, and back to the visit.
func TestReturnOnAPhone(t *testing.T) {
	d := newDesk(t, 5, 2)
	d.supplied(0, d.codes[0], d.codes[1], d.codes[2])
	b := openScreen(t, 390, 844)
	b.do(chromedp.Navigate(d.url + d.path("")))
	b.until(`document.getElementById("line").dataset.state === "live"`)
	b.until(`document.querySelector('#desk a[href$="/return"]')`)
	b.keep("return-desk")
	b.do(chromedp.Click(`#desk a[href$="/return"]`), chromedp.WaitVisible("#return-body"))
	b.says("h1", "退药与空盒")
	b.until(`document.readyState === "complete" && window.htmx`)
	b.says(".patient-note", "还差 3 个空盒")
	fits := func() { b.until(`document.documentElement.scrollWidth <= window.innerWidth`) }
	scan := func(code string) { b.run(fmt.Sprintf(`window.jingfang.scan(%q)`, code)) }

	scan(d.codes[0])
	b.says("#band", "空盒已见")
	b.says(".patient-note", "还差 2 个空盒")
	b.until(`document.querySelectorAll("#return-body .badge-good").length === 1`)
	scan(d.codes[3])
	b.says("#band", "不影响取药")
	b.until(`!document.querySelector("#band .band-bad")`)
	b.run(`document.querySelector('input[name="unread"]').form.requestSubmit()`)
	b.says(".patient-note", "还差 1 个空盒")
	fits()
	b.keep("return-ticked")

	b.run(`document.querySelector('input[value="opened"]').click(); document.querySelector("#return-units").value = "7"`)
	scan(d.codes[1])
	b.says("#band", "隔离区")
	b.says("#return-body .row", "开过 7 片")
	b.until(`document.querySelector('input[value="opened"]').checked`)
	fits()
	b.keep("return-opened")
	p, err := inventory.FindPack(t.Context(), d.App, d.codes[1])
	if err != nil || p.State != inventory.StateQuarantined || p.UnitsLeft != 7 {
		t.Errorf("%+v %v", p, err)
	}

	b.do(chromedp.Click(".page-head a"), chromedp.WaitVisible("#desk .patient-number"))
	b.says("#desk .patient-number", "2")
	scan(d.codes[4])
	b.says("#desk .hero", "1") // medicine is handed out all the same
}
