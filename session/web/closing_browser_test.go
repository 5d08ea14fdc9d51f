package web_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/session"
)

// The evening in a browser: steppers count by themselves, only the line that
// differs is scanned, a colleague's change is heard, two people close.
func TestTheEveningInABrowser(t *testing.T) {
	d := newDusk(t, 4)
	b := openScreen(t, 390, 844)
	b.Go(d.url + d.path + "/closing")
	b.Live()
	b.Run(`document.querySelector('form[action$="/stop"]').requestSubmit()`)
	line := fmt.Sprintf("#line-%d", d.drug)
	b.Shows(line+"-status", "未数")
	b.Until(fmt.Sprintf(`document.querySelector('%s input[name="packs"]').value === ""`, line))
	for range 2 {
		b.Run(fmt.Sprintf(`document.querySelector('%s [data-step="1"]').click()`, line))
	}
	b.Shows(line+"-status", "在手的 2 盒") // the second press has been counted too
	b.Run(fmt.Sprintf(`var f = document.querySelector("#closing-rest [data-scan]"); f.value = %q; f.form.requestSubmit()`, strings.Join(d.codes[1:3], " ")))
	b.Shows(".closing-missing", "最后：")
	b.Fits("closing-missing")
	b.Run(`var x = document.querySelectorAll(".closing-missing details")[1]; x.open = true; x.querySelector('input[name="reason"]').value = "压坏"; x.querySelector("form").requestSubmit()`)
	b.Shows(line+"-status", "相符")
	b.Until(`!document.querySelector(".closing-missing")`)
	_, err := d.sessions.CountLeft(t.Context(), d.doctors[0], session.Counting{SessionID: d.id, CommandID: uuid.New(), DrugID: d.drug, Packs: 1})
	d.must(err)
	b.Shows("#closing-news", "同事刚有改动")
	b.Shows(line+"-status", "相符") // both boxes were scanned: that counts more
	b.Run(`document.querySelector('form[action$="/confirm"]').requestSubmit()`)
	b.Shows("#closing-rest", "您已确认")
	d.lookAs(d.doctors[0])
	b.Go(d.url + d.path + "/closing")
	b.Shows("#closing-rest", "确认并结束场次")
	b.Run(`document.querySelector('form[action$="/confirm"]').requestSubmit()`)
	b.Shows(".stamp", "已结束")
	b.Shows(".equation", "损坏")
	b.Shot("closing-done")
}
