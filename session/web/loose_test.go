package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// makeLoose makes the house's drug one that is given by the tablet.
func (d *desk) makeLoose() {
	d.t.Helper()
	d.must(d.App.InTx(d.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `UPDATE drug SET loose = true WHERE id = $1`, d.drug)
	}))
}

// The page asks how much, keeps asking after a reload, takes the number, and says
// boxes and tablets apart.
func TestTheDeskAsksHowMuch(t *testing.T) {
	d := newDesk(t, 2, 2)
	d.makeLoose()
	visit := d.begin(0)
	_, doc := d.press(visit+"/scans", "codes", d.codes[0], "scanned", "1")
	if doc.Find(".ask").Length() != 1 || doc.Find("#chips").Length() != 0 || !strings.Contains(band(doc), "按数量发，这盒剩 20 片") {
		t.Fatalf("asked: %q, %s", band(doc), doc.Find("#desk").Text())
	}
	doc = d.read(d.page(d.path("")))
	if doc.Find("#desk .ask input[name=quantity]").Length() != 1 {
		t.Error("the question is gone after a reload")
	}
	for name, bad := range map[string]string{"letters": "zehn", "zero": "0", "negative": "-3", "a fraction": "2.5", "endless": strings.Repeat("9", 30)} {
		r, doc := d.press(visit+"/scans", "codes", d.codes[0], "scanned", "1", "quantity", bad)
		if r.status != 200 || !strings.Contains(band(doc), "数量不对") || doc.Find(".ask").Length() != 1 {
			t.Errorf("%s: %d, %q", name, r.status, band(doc))
		}
	}
	_, doc = d.press(visit+"/scans", "codes", d.codes[0], "scanned", "1", "quantity", "10")
	if !strings.Contains(band(doc), "已记录 10 片，这盒还剩 10 片") || doc.Find(".ask").Length() != 0 || strings.TrimSpace(doc.Find("#desk .hero").Text()) != "10片" {
		t.Errorf("ten: %q, %q", band(doc), doc.Find("#desk .hero").Text())
	}
	_, doc = d.press(visit+"/scans", "codes", d.codes[1], "scanned", "1", "whole", "true", "quantity", "3")
	if !strings.Contains(band(doc), "已记录 20 片，这盒已发完") || !strings.Contains(doc.Find("#desk .patient .right").Text(), "1盒 + 10 片") {
		t.Errorf("the whole of the other: %q, %q", band(doc), doc.Find("#desk .patient .right").Text())
	}
	r, doc := d.press(visit + "/finish")
	if r.status != 200 || !strings.Contains(band(doc), "共 1 盒 + 10 片") {
		t.Errorf("诊毕: %q", band(doc))
	}
	board := d.read(d.page(d.path("")))
	if text := board.Find(".stock-row").Text(); !strings.Contains(text, "+ 10 片") || !strings.Contains(text, "发出 1 + 10 片") {
		t.Errorf("the stock: %s", text)
	}
	if text := board.Find("#foot").Text(); !strings.Contains(text, "已发 10 片，还有 10 片") {
		t.Errorf("the sum: %s", text)
	}
}

// Programs say the number with the code and read amounts.
func TestAProgramSaysTheNumber(t *testing.T) {
	d := newDesk(t, 1, 1)
	d.makeLoose()
	visit := d.begin(0)
	for _, x := range []struct {
		quantity, kind string
		has, left      int64
	}{{"", "ask_quantity", 0, 20}, {"25", "not_enough", 0, 20}, {"12", "ok", 12, 8}, {"5", "quantity_changed", 5, 15}, {"5", "repeat", 5, 15}} {
		r := d.ask("POST", d.path(visit+"/scans"), fields("codes", d.codes[0], "quantity", x.quantity), "Accept", "application/json")
		var a session.ScanAnswer
		if err := json.Unmarshal([]byte(r.body), &a); err != nil || len(a.Answers) != 1 {
			t.Fatalf("%d %s", r.status, r.body)
		}
		if got := a.Answers[0]; string(got.Kind) != x.kind || got.Quantity != x.has || got.Left != x.left || got.Unit != "片" {
			t.Errorf("%q: %+v", x.quantity, got)
		}
	}
	if r := d.ask("POST", d.path(visit+"/scans"), fields("codes", d.codes[0], "quantity", "x"), "Accept", "application/json"); r.status != 422 && r.status != 400 {
		t.Errorf("letters: %d", r.status)
	}
}

// The doctor corrects a finished visit; who may not reads why.
func TestCorrectingOnThePage(t *testing.T) {
	d := newDesk(t, 2, 1)
	visit := d.begin(0)
	d.press(visit+"/scans", "codes", strings.Join(d.codes, "\n"), "scanned", "1")
	if r := d.page(d.path(visit + "/correct")); r.status != 409 {
		t.Errorf("before 诊毕: %d", r.status)
	}
	d.press(visit + "/finish")
	if doc := d.read(d.page(d.path("/queue"))); doc.Find(`#queue-list a[href$="/correct"]`).Length() != 1 {
		t.Error("the list does not lead to the correction")
	}
	doc := d.read(d.page(d.path(visit + "/correct")))
	if doc.Find("details.wrong").Length() != 2 {
		t.Fatalf("%s", doc.Text())
	}
	for name, form := range map[string][]string{
		"no reason": {"code", d.codes[0], "quantity", "0"}, "no number": {"code", d.codes[0], "reason", "x"},
		"a part of a box": {"code", d.codes[0], "quantity", "7", "reason", "x"}, "another box": {"code", "80000019999999999999", "quantity", "0", "reason", "x"},
	} {
		if r, _ := d.press(visit+"/correct", form...); r.status == 200 && !strings.Contains(r.body, "band-caution") {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	_, doc = d.press(visit+"/correct", "code", d.codes[0], "quantity", "0", "reason", "拿错了一盒")
	if !strings.Contains(band(doc), "没有给出") || doc.Find("details.wrong").Length() != 1 || !strings.Contains(doc.Find("#correct").Text(), "拿错了一盒") {
		t.Errorf("%q %s", band(doc), doc.Find("#correct").Text())
	}
	d.lookAs(d.chief)
	if r := d.page(d.path(visit + "/correct")); r.status != 403 {
		t.Errorf("the pharmacist, while the session goes on: %d", r.status)
	}
	if r, _ := d.press(visit+"/correct", "code", d.codes[1], "quantity", "0", "reason", "x"); r.status != 403 {
		t.Errorf("the pharmacist corrects: %d", r.status)
	}
	if doc := d.read(d.page(d.path("/queue"))); doc.Find(`#queue-list a[href$="/correct"]`).Length() != 0 {
		t.Error("the list offers what would be refused")
	}
	p, err := inventory.FindPack(t.Context(), d.App, d.codes[0])
	if err != nil || p.State != inventory.StateAllocated {
		t.Errorf("%+v, %v", p, err)
	}
}

// A doctor gives ten tablets of a box to each of two patients; the last unit
// closes the box. Nobody touches anything but the scanner and one button.
func TestALooseBoxInABrowser(t *testing.T) {
	d := newDesk(t, 2, 3)
	d.makeLoose()
	b := openScreen(t, 390, 844)
	d.begin(0)
	b.Go(d.url + d.path(""))
	b.Live()
	scan := func(code string) { b.Run(fmt.Sprintf(`window.jingfang.scan(%q)`, code)) }
	press := func(selector string) { b.Run(fmt.Sprintf(`document.querySelector(%q).click()`, selector)) }

	scan(d.codes[0])
	b.Shows(".ask", "这盒剩 20 片")
	b.Shot("loose-asked")
	b.Run(`document.querySelector(".ask input[name=quantity]").value = "9"`)
	press(`.ask [data-step="1"]`)
	press(".ask .button-main")
	b.Shows("#band", "已记录 10 片，这盒还剩 10 片")
	b.Shows("#desk .hero", "10")
	b.Shot("loose-given")
	press(`#desk form[hx-post$="/finish"] button`)
	b.Shows("#band", "1 号诊毕，共 10 片")

	scan(d.tokens[1])
	b.Shows(".patient-number", "2")
	scan(d.codes[0])
	b.Shows(".ask", "这盒剩 10 片")
	b.Run(`document.querySelector(".ask input[name=quantity]").value = "14"`)
	b.Run(`document.querySelector(".ask form").noValidate = true`)
	press(".ask .button-main")
	b.Shows("#band", "另一盒再扫 4 片")
	b.Until(`document.querySelector(".ask input[name=quantity]").value === "10"`)
	b.Shot("loose-not-enough")
	press(".ask .button-main")
	b.Shows("#band", "这盒已发完")
	p, err := inventory.FindPack(t.Context(), d.App, d.codes[0])
	if err != nil || p.State != inventory.StateDispensed || p.UnitsLeft != 0 || p.UnitsGiven != 20 {
		t.Errorf("the box: %+v, %v", p, err)
	}
	scan(d.codes[1])
	b.Shows(".ask", "这盒剩 20 片")
	b.Until(`document.querySelector(".ask input[name=quantity]").value === "4"`)
	press(".ask .button-main")
	b.Shows("#desk .hero", "14")
	b.Shot("loose-two-boxes")
	b.Run(`Array.from(document.querySelectorAll("#desk li button")).filter(function (x) { return x.textContent.indexOf("改数量") >= 0; })[0].click()`)
	press(`#desk form[hx-post$="/finish"] button`)
	b.Shows("#band", "2 号诊毕，共 14 片")

	b.Go(d.url + d.path("/queue"))
	b.Shows("#queue-list", "拆零 2 份")
	b.Shot("loose-queue")
	list, err := session.QueueList(t.Context(), d.App, d.id)
	d.must(err)
	b.Go(d.url + d.path("/visits/"+list[1].ID.String()+"/correct"))
	b.Shows("h1", "更正 2 号")
	press("details.wrong summary")
	b.Run(`document.querySelector("details.wrong input[name=quantity]").value = "2"`)
	b.Run(`document.querySelector("details.wrong input[name=reason]").value = "数错了"`)
	b.Shot("correct-open")
	press("details.wrong .button-main")
	b.Shows("#band", "由 4 片改为 2 片")
	b.Shows("#correct", "数错了")
	b.Shot("correct-done")
	report, err := session.VerifyRecords(t.Context(), d.App, d.id)
	if err != nil || report.Problem != "" || report.Records != 3 {
		t.Errorf("%+v, %v", report, err)
	}
}
