package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"jingfang/session"
)

// The evening in a browser: steppers count by themselves, only the line that
// differs is scanned, a colleague's change is heard, two people close.
func TestTheEveningInABrowser(t *testing.T) {
	d := newDusk(t, 4)
	b := openScreen(t, 390, 844)
	b.do(chromedp.Navigate(d.url + d.path + "/closing"))
	b.until(`document.getElementById("line").dataset.state === "live"`)
	b.run(`document.querySelector('form[action$="/stop"]').requestSubmit()`)
	line := fmt.Sprintf("#line-%d", d.drug)
	b.says(line+"-status", "未数")
	b.until(fmt.Sprintf(`document.querySelector('%s input[name="packs"]').value === ""`, line))
	for range 2 {
		b.run(fmt.Sprintf(`document.querySelector('%s [data-step="1"]').click()`, line))
	}
	b.says(line+"-status", "在手的 2 盒") // the second press has been counted too
	b.run(fmt.Sprintf(`var f = document.querySelector("#closing-rest [data-scan]"); f.value = %q; f.form.requestSubmit()`, strings.Join(d.codes[1:3], " ")))
	b.says(".closing-missing", "最后：")
	b.keep("closing-missing")
	if wide := b.number(`document.documentElement.scrollWidth - window.innerWidth`); wide > 0 {
		t.Errorf("%d pixels wider than the screen", wide)
	}
	b.run(`var x = document.querySelectorAll(".closing-missing details")[1]; x.open = true; x.querySelector('input[name="reason"]').value = "压坏"; x.querySelector("form").requestSubmit()`)
	b.says(line+"-status", "相符")
	b.until(`!document.querySelector(".closing-missing")`)
	_, err := d.sessions.CountLeft(t.Context(), d.doctors[0], session.Counting{SessionID: d.id, CommandID: uuid.New(), DrugID: d.drug, Packs: 1})
	d.must(err)
	b.says("#closing-news", "同事刚有改动")
	b.says(line+"-status", "相符") // both boxes were scanned: that counts more
	b.run(`document.querySelector('form[action$="/confirm"]').requestSubmit()`)
	b.says("#closing-rest", "您已确认")
	d.lookAs(d.doctors[0])
	b.do(chromedp.Navigate(d.url + d.path + "/closing"))
	b.says("#closing-rest", "确认并结束场次")
	b.run(`document.querySelector('form[action$="/confirm"]').requestSubmit()`)
	b.says(".stamp", "已结束")
	b.says(".equation", "损坏")
	b.keep("closing-done")
}

// number is the value of an expression in the page.
func (s screen) number(expression string) int {
	s.t.Helper()
	n, err := chromedp.Run(s.ctx, chromedp.Evaluate[int](expression))
	s.must(err)
	return n
}
