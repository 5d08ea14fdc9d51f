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
	b.Go(d.url + d.path(""))
	b.Live()
	b.Until(`document.querySelector('#desk a[href$="/return"]')`)
	b.Shot("return-desk")
	b.Do(chromedp.Click(`#desk a[href$="/return"]`), chromedp.WaitVisible("#return-body"))
	b.Shows("h1", "退药与空盒")
	b.Until(`document.readyState === "complete" && window.htmx`)
	b.Shows(".patient-note", "还差 3 个空盒")
	fits := func() { b.Until(`document.documentElement.scrollWidth <= window.innerWidth`) }
	scan := func(code string) { b.Run(fmt.Sprintf(`window.jingfang.scan(%q)`, code)) }

	scan(d.codes[0])
	b.Shows("#band", "空盒已见")
	b.Shows(".patient-note", "还差 2 个空盒")
	b.Until(`document.querySelectorAll("#return-body .badge-good").length === 1`)
	scan(d.codes[3])
	b.Shows("#band", "不影响取药")
	b.Until(`!document.querySelector("#band .band-bad")`)
	b.Run(`document.querySelector('input[name="unread"]').form.requestSubmit()`)
	b.Shows(".patient-note", "还差 1 个空盒")
	fits()
	b.Shot("return-ticked")

	b.Run(`document.querySelector('input[value="opened"]').click(); document.querySelector("#return-units").value = "7"`)
	scan(d.codes[1])
	b.Shows("#band", "隔离区")
	b.Shows("#return-body .row", "开过 7 片")
	b.Until(`document.querySelector('input[value="opened"]').checked`)
	fits()
	b.Shot("return-opened")
	p, err := inventory.FindPack(t.Context(), d.App, d.codes[1])
	if err != nil || p.State != inventory.StateQuarantined || p.UnitsLeft != 7 {
		t.Errorf("%+v %v", p, err)
	}

	b.Do(chromedp.Click(".page-head a"), chromedp.WaitVisible("#desk .patient-number"))
	b.Shows("#desk .patient-number", "2")
	scan(d.codes[4])
	b.Shows("#desk .hero", "1") // medicine is handed out all the same
}
