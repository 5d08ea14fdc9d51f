package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
)

// types sends real keys as a scanner does, with Enter at the end.
func (s screen) types(code string) {
	s.T.Helper()
	s.Settled()
	s.Do(chromedp.KeyEvent(code + "\r"))
}

// counted reads a number that the page counts.
func (s screen) counted(name string) int {
	s.T.Helper()
	return s.Number(`window.counted.` + name)
}

// A doctor's loop on a phone without any pointer: label, three boxes, the next
// label twice. What the doctor's scanner types is all there is: a key for each
// character and one Enter a code, one request a code, no dialog in between.
func TestADoctorsLoopWithoutAPointer(t *testing.T) {
	for range 3 {
		if loopByKeys(t) {
			return
		}
	}
	t.Skip("this machine is too busy to type as fast as a scanner")
}

// loopByKeys plays the loop once; false when a key came so late that no scanner
// would have sent it.
func loopByKeys(t *testing.T) bool {
	d := newDesk(t, 14, 3)
	b := openScreen(t, 390, 844)
	b.Go(d.url + d.path(""))
	b.Live()
	b.Run(`window.counted = {keys: 0, posts: 0, pointers: 0, modal: 0};
window.addEventListener("keydown", function () { counted.keys++; }, true); // before what the page does with it
document.addEventListener("pointerdown", function () { counted.pointers++; }, true);
document.addEventListener("htmx:beforeRequest", function (e) { if (e.detail.requestConfig.verb === "post") counted.posts++; });
["alert", "confirm", "prompt"].forEach(function (f) { window[f] = function () { counted.modal++; return true; }; });`)

	b.Run(`counted.slow = 0; counted.last = 0;
window.addEventListener("keydown", function (e) { if (counted.last && e.timeStamp - counted.last > 40) counted.slow++; counted.last = e.key === "Enter" ? 0 : e.timeStamp; }, true);`)

	keys, posts, fast := 0, 0, true
	scan := func(code string) bool {
		keys, posts = keys+len(code)+1, posts+1
		b.types(code)
		fast = fast && b.counted("slow") == 0
		return fast
	}
	if !scan(d.tokens[0]) {
		return false
	}
	b.Shows(".patient-number", "1")
	for i := range 3 {
		if !scan(d.codes[i]) {
			return false
		}
		b.Shows(".hero", fmt.Sprint(i+1))
	}
	if !scan(d.tokens[1]) {
		return false
	}
	b.Shows("#band", "再扫一次同一张标签")
	if !scan(d.tokens[1]) {
		return false
	}
	b.Shows(".patient-number", "2")
	if got := b.counted("keys"); got != keys {
		t.Errorf("%d keys, the scanner typed %d", got, keys)
	}
	if got := b.counted("posts"); got != posts || posts != 6 {
		t.Errorf("%d requests for %d codes", got, posts)
	}
	if p, m := b.counted("pointers"), b.counted("modal"); p != 0 || m != 0 {
		t.Errorf("%d pointers, %d dialogs", p, m)
	}

	// Eleven boxes: ten stand on the desk with their 撤销, the first is folded away.
	for i := 3; i < 14; i++ {
		b.Run(fmt.Sprintf(`window.jingfang.scan(%q)`, d.codes[i]))
		b.Shows(".hero", fmt.Sprint(i-2))
	}
	b.Until(`document.querySelectorAll("#scanned > li").length === 10 && document.querySelectorAll(".older li").length === 1`)
	b.Shot("loop-eleven")

	// A code that is no trace code is shown as it was read.
	b.Run(`window.jingfang.scan("6901234567892")`)
	b.Shows("#chips", "6901234567892")
	b.Shot("loop-refused")
	report, err := session.VerifyRecords(t.Context(), d.App, d.id)
	if err != nil || report.Problem != "" || report.Records != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	return true
}

// What the desk reminds of: a drug that was collected already, an injection, a
// check; each is answered with one press and none stops a scan.
func TestRemindersInABrowser(t *testing.T) {
	d := newDesk(t, 3, 1)
	_, err := inventory.New(d.App).SetCare(t.Context(), d.chief, inventory.Caring{CommandID: uuid.New(), Care: inventory.Care{DrugID: d.drug, DepotDays: 28, Check: "血常规", CheckDays: 28}})
	d.must(err)
	first := d.begin(0)
	_, doc := d.press(first+"/scans", "codes", d.codes[0], "scanned", "1")
	if doc.Find("#notes").Length() != 1 || doc.Find(".table-reasons").Length() != 0 {
		t.Fatalf("a first supply: %s", doc.Find("#notes").Text())
	}
	d.press(first+"/dose", "pack", fmt.Sprint(d.packID(d.codes[0])), "dose", "每日 1mg", "days", "30")
	if r, doc := d.press(first+"/finish", "next_due", "2001-01-01"); r.status != 200 || band(doc) != "下次取药的日期要在今天以后、一年以内。" {
		t.Errorf("%d %q", r.status, band(doc))
	}
	if _, doc = d.press(first+"/finish", "next_due", "soon"); band(doc) != "日期请写成 2026-11-23 的样子。" {
		t.Errorf("%q", band(doc))
	}
	next := session.Today(time.Now()).AddDate(0, 0, 28)
	_, doc = d.press(first+"/finish", "collector", "family", "collector_name", "演示家属", "relation", "子女", "next_due", next.Format(time.DateOnly))
	if got := band(doc); got != "1 号诊毕，共 1 盒，下次 "+next.Format("1月2日")+"。请扫下一位患者。" {
		t.Errorf("%q", got)
	}

	b := openScreen(t, 390, 844)
	b.Go(d.url + d.path(""))
	b.Live()
	b.Run(fmt.Sprintf(`window.jingfang.scan(%q)`, d.tokens[0]))
	b.Shows(".patient-note", "领 1 盒")
	b.Shows("#notes", "还没有记录过血常规")
	b.Shot("notes-start")
	b.Run(fmt.Sprintf(`window.jingfang.scan(%q)`, d.codes[1]))
	b.Until(`document.querySelector("#band .band-caution, #band [data-tone=caution]")`)
	b.Shows("#band", "还够 30 天")
	b.Until(`document.querySelectorAll(".table-reasons button").length === 5`)
	b.Shot("notes-box")
	b.Run(`document.querySelector('.table-reasons button[value="travel"]').click()`)
	b.Shows("#band", "外出备药")
	b.Until(`document.querySelector('.table-reasons button[value="travel"]').getAttribute("aria-pressed") === "true"`)
	b.Run(`document.querySelector('#notes button[value="here"]').click()`)
	b.Shows("#notes", "在此注射（医生甲），下次 "+next.Format("1月2日"))
	b.Run(`document.querySelector('#notes form[hx-post$="/check"] button').click()`)
	b.Until(`!document.querySelector('#notes form[hx-post$="/check"]')`)
	b.Shot("notes-done")
	b.Run(`document.querySelector('#desk form[hx-post$="/finish"] summary').click()`)
	b.Shot("notes-finish")
	b.Fits("notes-fits")
}

// packID is the pack of a code.
func (d *desk) packID(code string) int64 {
	d.t.Helper()
	var id int64
	d.get(&id, `SELECT id FROM pack WHERE code = $1`, code)
	return id
}
