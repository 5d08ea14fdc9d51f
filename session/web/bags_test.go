package web_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/patient"
)

// expect puts everybody on the roster and gives the patients' ids and numbers.
func (d *desk) expect() (ids []int64, numbers []string) {
	d.t.Helper()
	for _, token := range d.tokens {
		_, err := d.sessions.ChangeRoster(d.t.Context(), d.chief, session.RosterChange{SessionID: d.id, CommandID: uuid.New(), Add: token})
		d.must(err)
		p, err := patient.Find(d.t.Context(), d.App, token)
		d.must(err)
		ids, numbers = append(ids, p.ID), append(numbers, p.Number)
	}
	return ids, numbers
}

// bag packs codes for a patient and gives the label.
func (d *desk) bag(patientID int64, codes ...string) session.BagAnswer {
	d.t.Helper()
	a, err := d.sessions.FillBag(d.t.Context(), d.chief, session.BagFilling{SessionID: d.id, PatientID: patientID, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")})
	d.must(err)
	return a
}

func TestBagsPage(t *testing.T) {
	d := newDesk(t, 6, 3)
	ids, numbers := d.expect()
	d.lookAs(d.chief)
	one := fmt.Sprintf("/bags?patient=%d", ids[0])
	if r := d.page(d.path(one)); r.status != 200 || !strings.Contains(r.body, numbers[0]) || strings.Contains(r.body, "演示患者1") || !strings.Contains(r.body, "没有上次发药的记录") {
		t.Fatalf("the page: %d %s", r.status, r.body)
	}
	if n := d.statements.Load(); n > 12 {
		t.Errorf("%d statements", n)
	}
	fill := func(id int64, pairs ...string) (reply, string) {
		r, doc := d.press("/bags", append([]string{"patient", fmt.Sprint(id)}, pairs...)...)
		return r, doc.Find("#band").Text()
	}
	if r, band := fill(ids[0], "codes", strings.Join(d.codes[:3], "\n")); r.status != 200 || !strings.Contains(band, "3") || !strings.Contains(r.body, "已装 3 盒") {
		t.Errorf("three boxes: %d %s", r.status, band)
	}
	if _, band := fill(ids[1], "codes", d.codes[0]); !strings.Contains(band, numbers[0]+" 的药袋") {
		t.Errorf("a box of another bag: %s", band)
	}
	if _, band := fill(ids[0], "codes", d.codes[2], "out", "1"); !strings.Contains(band, "已从袋里拿出") {
		t.Errorf("taken out: %s", band)
	}
	var list []struct {
		ID             int64
		Patient, State string
		Packs          int
	}
	d.must(json.Unmarshal([]byte(d.json(d.path("/bags")).body), &list))
	if len(list) != 1 || list[0].Packs != 2 || list[0].Patient != numbers[0] || list[0].State != "packed" {
		t.Fatalf("a program reads %+v", list)
	}
	label := d.post(d.path(fmt.Sprintf("/bags/%d/label", list[0].ID)), fields())
	paper := d.read(label).Find(".label").Text()
	if label.status != 200 || !strings.Contains(paper, numbers[0]) || strings.Contains(paper, "患者1") || strings.Contains(paper, "精") || !strings.Contains(paper, "JFB") {
		t.Errorf("the label: %d %s", label.status, paper)
	}
	if r, band := fill(424242, "codes", d.codes[4]); r.status != 400 && r.status != 422 && !strings.Contains(band+r.body, "应到名单") {
		t.Errorf("a stranger's bag: %d %s", r.status, r.body)
	}
	d.lookAs(d.doctors[0])
	if r := d.post(d.path("/bags"), fields("patient", fmt.Sprint(ids[0]), "codes", d.codes[4])); r.status != 403 {
		t.Errorf("a doctor packs: %d", r.status)
	}
	if r := d.page(d.path("/bags")); r.status != 200 || !strings.Contains(r.body, "拆袋") || strings.Contains(r.body, "data-scan-form") {
		t.Errorf("a doctor looks: %d", r.status)
	}
	if _, doc := d.press("/bags/open", "bag", fmt.Sprint(list[0].ID)); !strings.Contains(doc.Find("#band").Text(), "已拆 1 袋，2 盒") {
		t.Errorf("opened: %s", doc.Find("#band").Text())
	}
	if _, doc := d.press("/bags/open", "bag", fmt.Sprint(list[0].ID)); !strings.Contains(doc.Find("#band").Text(), "不用再拆") {
		t.Errorf("opened twice: %s", doc.Find("#band").Text())
	}
}

func TestBagLabelInPlaceOfThePatients(t *testing.T) {
	d := newDesk(t, 2, 1)
	ids, _ := d.expect()
	label := d.bag(ids[0], d.codes...).Label
	_, doc := d.press("/visits", "visit", uuid.NewString(), "patient", label, "start", "true")
	if band := doc.Find("#band").Text(); !strings.Contains(band, "请先扫患者的标签") {
		t.Errorf("the bag before the patient: %s", band)
	}
	r := d.ask("POST", d.path("/visits"), fields("visit", uuid.NewString(), "patient", inventory.NewLabel(inventory.ContainerTote), "start", "true"), "Accept", "application/json", "Origin", d.url)
	if !strings.Contains(r.body, "周转箱") {
		t.Errorf("a tote before the patient: %d %s", r.status, r.body)
	}
}

// Two scans are a visit of five packs; a box out of another bag is taken by opening
// that bag with one tap; the bag that is left is opened in the evening.
func TestBagsInABrowser(t *testing.T) {
	d := newDesk(t, 9, 3)
	ids, numbers := d.expect()
	d.lookAs(d.chief)
	b := openScreen(t, 390, 844)
	b.Go(d.url + d.path(fmt.Sprintf("/bags?patient=%d", ids[0])))
	b.Shows(".patient-number", numbers[0])
	scans := 0
	scan := func(code string) {
		b.Run(fmt.Sprintf(`window.jingfang.scan(%q)`, code))
		scans++
	}
	scan(strings.Join(d.codes[:4], " "))
	b.Shows(".hero", "4")
	scan(d.codes[4])
	b.Shows(".hero", "5")
	b.Fits("bags-filling")
	b.Do(chromedp.Click(`form[action$="/label"] button`))
	b.Until(`document.querySelector(".label") !== null`)
	b.Shows(".label", numbers[0])
	b.Fits("bag-label")
	bags, err := session.Bags(t.Context(), d.App, d.id)
	d.must(err)
	if len(bags) != 1 || bags[0].Packs != 5 || bags[0].Prints != 1 {
		t.Fatalf("bags %+v", bags)
	}
	d.bag(ids[1], d.codes[5])
	third := d.bag(ids[2], d.codes[6])
	d.lookAs(d.doctors[0])
	b.Go(d.url + d.path(""))
	b.Live()
	scans = 0
	scan(d.tokens[0])
	b.Shows(".patient-number", "1")
	scan(bags[0].Code)
	b.Shows("#band", "袋内 5 盒已记录")
	b.Shows(".hero", "5")
	b.Fits("desk-bag")
	if scans != 2 {
		t.Errorf("%d scans for a visit of five packs", scans)
	}
	scan(third.Label)
	b.Shows("#band", numbers[2]+" 的药袋")
	scan(d.codes[5])
	b.Shows("#chips", numbers[1]+" 的药袋")
	b.Fits("desk-other-bag")
	b.Run(`document.querySelector('#chips form[action$="/bags/open"]').requestSubmit()`)
	b.Shows("#band", "已拆 1 袋")
	scan(d.codes[5])
	b.Shows(".hero", "6")
	b.Run(`document.querySelectorAll('#chips form[hx-post$="/chips"] button').forEach(function (x) { x.click(); })`)
	b.Until(`!document.querySelector("#chips")`)
	b.Run(`document.querySelector('#desk form[hx-post$="/finish"] button').click()`)
	b.Shows("#band", "1 号诊毕")

	d.lookAs(d.chief)
	d.press("/stop")
	b.Go(d.url + d.path("/closing"))
	b.Shows("#closing-rest", "没有拆的药袋")
	b.Shows("#closing-rest", numbers[2])
	b.Fits("closing-bags")
	b.Run(`document.querySelector('form[action$="/bags/open"]').requestSubmit()`)
	b.Shows("#band", "1 盒回到药箱")
	b.Until(`!document.querySelector('form[action$="/bags/open"]')`)
}
