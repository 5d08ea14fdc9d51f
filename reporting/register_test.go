package reporting_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// special makes the first drug of a day a special one.
func (d *day) special() (drug int64) {
	d.t.Helper()
	d.must(d.db.App.Get(d.ctx, &drug, `SELECT min(id) FROM drug`))
	d.exec(`INSERT INTO drug_class (drug_id, class, since_on, at) VALUES ($1, '精二', '2020-01-01', now())`, drug)
	return drug
}

func (d *day) register(by identity.Actor, drug int64) reporting.Register {
	d.t.Helper()
	r, err := reporting.ReadRegister(d.ctx, d.db.App, by, reporting.LedgerQuestion{DrugID: drug, From: d.today(), To: d.today()})
	d.must(err)
	return r
}

// The register runs from line to line to what the packs say, names the document,
// two people, the patient as far as the viewer may read it, and why a supply is long.
func TestRegisterOfADay(t *testing.T) {
	d := newDay(t, 1, drugLine{"演示阿普唑仑片", "0.4mg×20片", risperidone, 20, 12}, drugLine{"演示利培酮片", "1mg×20片", aripiprazol, 20, 2})
	drug := d.special()
	d.exec(`INSERT INTO drug_class (drug_id, class, since_on, at) VALUES ($1, '普', '2020-01-01', now())`, drug+1)
	codes, doctor := d.codes[risperidone], d.doctors[0]
	d.open()
	one := d.start(doctor, d.patient("演示王小明"))
	d.scan(doctor, one, codes[0], codes[1])
	lines, err := session.VisitLines(d.ctx, d.db.App, one)
	d.must(err)
	_, err = d.svc.SetDose(d.ctx, doctor, session.Dosing{SessionID: d.session, Visit: one, CommandID: uuid.New(), Pack: lines[0].PackID, Days: 30, OverReason: "慢性病长期用药"})
	d.must(err)
	d.finish(doctor, session.Ending{Visit: one, Prescription: "CF-1"})
	two := d.start(doctor, d.patient("演示李四"))
	d.scan(doctor, two, codes[2])
	d.undo(doctor, two, codes[2])
	d.scan(doctor, two, codes[3])
	d.loose(doctor, two, codes[4], 5)
	d.finish(doctor, session.Ending{Visit: two})

	r := d.register(d.chief, drug)
	if !r.Right() {
		t.Fatalf("a good day: %s", r.Problem())
	}
	var got []string
	for _, l := range r.Lines {
		words := func(a reporting.Amount) string { return a.Words("盒", "片") }
		got = append(got, fmt.Sprintf("%s %s %s %s %s %s/%s", l.Kind.Chinese(), l.Patient, words(l.In), words(l.Out), words(l.Balance), l.First, l.Second))
	}
	want := []string{
		"扫码入库  6盒 0 6盒 演示药师甲/", "扫码入库  6盒 0 12盒 演示药师甲/", // two batches
		"发药 演示王小明 0 2盒 10盒 演示医生甲/演示药师甲",
		"发药 演示李四 0 1盒 9盒 演示医生甲/演示药师甲", "撤销发药 演示李四 1盒 0 10盒 演示医生甲/演示药师甲",
		"发药 演示李四 0 1盒5片 8盒15片 演示医生甲/演示药师甲",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("lines:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if l := r.Lines[2]; l.Voucher != "处方 CF-1" || !l.Over || l.OverReason != "慢性病长期用药" || l.KeepUntil == nil || l.KeepUntil.Sub(*l.ExpiresOn).Hours() < 5*365*24 {
		t.Errorf("the line of a long supply: %+v", l)
	}
	if l := r.Lines[3]; l.Over || !strings.HasPrefix(l.Voucher, "就诊 ") {
		t.Errorf("the line of a visit without a prescription: %+v", l)
	}
	manager := d.person("演示主管", identity.Manager)
	for _, l := range d.register(manager, drug).Lines {
		if strings.Contains(l.Patient, "王小明") || l.PatientNo != "" {
			t.Errorf("a manager reads %q", l.Patient)
		}
	}
	if _, err := reporting.ReadRegister(d.ctx, d.db.App, d.chief, reporting.LedgerQuestion{DrugID: drug + 1, From: d.today(), To: d.today()}); db.KindOf(err) != db.NotFound {
		t.Errorf("the register of an ordinary drug: %v", err)
	}
	d.exec(`UPDATE pack SET units_left = 5 WHERE code = $1`, codes[6])
	if r := d.register(d.chief, drug); r.Right() || !strings.Contains(r.Problem(), "药盒登记为") {
		t.Errorf("units gone: %v", r.Right())
	}
}

// Each page of the paper carries the balance over.
func TestPaperOfARegister(t *testing.T) {
	needFonts(t)
	d := newDay(t, 1, drugLine{"演示阿普唑仑片", "0.4mg×20片", risperidone, 20, 60})
	drug, doctor := d.special(), d.doctors[0]
	d.open()
	for i, code := range d.codes[risperidone][:50] {
		v := d.start(doctor, d.patient(fmt.Sprintf("演示患者%d", i)))
		d.scan(doctor, v, code)
		d.finish(doctor, session.Ending{Visit: v})
	}
	path := d.paperOf("register", func(b *bytes.Buffer) error {
		return drawn(reporting.WriteRegisterPDF(b, d.register(d.chief, drug), "药房账上全部", made()))
	})
	list := pages(t, path)
	if len(list) < 2 {
		t.Fatalf("%d pages", len(list))
	}
	carry := ""
	for i, text := range list {
		has := func(word string) bool { return strings.Contains(text, word) }
		if has("过次页") != (i < len(list)-1) || has("承前页") != (i > 0) || has("期初结存") != (i == 0) {
			t.Errorf("page %d of %d carries wrongly:\n%s", i+1, len(list), text)
		}
		if i > 0 && !strings.Contains(lineWith(text, "承前页"), carry) {
			t.Errorf("page %d begins with %q, the one before ended with %q", i+1, lineWith(text, "承前页"), carry)
		}
		carry = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(lineWith(text, "过次页")), "过次页"))
	}
	if !strings.Contains(list[len(list)-1], "10盒") || !strings.Contains(list[len(list)-1], "一致") {
		t.Errorf("the end: %s", list[len(list)-1])
	}
}

func lineWith(text, word string) string {
	for _, line := range strings.Split(text, "\n") {
		if strings.Contains(line, word) {
			return line
		}
	}
	return ""
}
