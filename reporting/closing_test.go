package reporting_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/sql/seal"
)

// A whole day with its closing, by the use cases: one code given after all, one
// lost, the rest home; two signatures; a supplement on the day after.
func TestTheReportOfAClosedDay(t *testing.T) {
	d := newDay(t, 2, drugLine{"演示利培酮片", "1mg×20片", risperidone, 20, 8})
	keys := seal.NewMemoryKeys()
	svc := d.svc.WithKeys(keys)
	d.open()
	one, codes := d.doctors[0], d.codes[risperidone]
	v := d.start(one, d.patient("演示王小明"))
	d.scan(one, v, codes[0], codes[1])
	d.finish(one, session.Ending{Visit: v})

	_, err := svc.StopDispensing(d.ctx, d.chief, session.Stopping{SessionID: d.session, CommandID: uuid.New()})
	d.must(err)
	var drug int64
	d.must(d.db.App.Get(d.ctx, &drug, `SELECT min(id) FROM drug`))
	_, err = svc.CountLeft(d.ctx, d.chief, session.Counting{SessionID: d.session, DrugID: drug, CommandID: uuid.New(), Packs: 4})
	d.must(err)
	_, err = svc.ScanLeft(d.ctx, d.chief, session.LeftScan{SessionID: d.session, CommandID: uuid.New(), Codes: strings.Join(codes[4:], "\n")})
	d.must(err)
	_, err = svc.ExplainMissing(d.ctx, d.chief, session.Explaining{SessionID: d.session, CommandID: uuid.New(), Code: codes[2], Exit: session.ExitGiven, Visit: v, Reason: "患者说拿了三盒"})
	d.must(err)
	_, err = svc.ExplainMissing(d.ctx, d.chief, session.Explaining{SessionID: d.session, CommandID: uuid.New(), Code: codes[3], Exit: session.ExitLost, Reason: "途中遗失"})
	d.must(err)
	_, err = svc.ConfirmLoss(d.ctx, one, session.LossConfirming{SessionID: d.session, CommandID: uuid.New(), Code: codes[3]})
	d.must(err)
	half := d.read()
	if len(half.Differences) != 0 || len(half.Stock) != 2 || half.Stock[1].Left.Packs != 4 {
		t.Errorf("before the signatures: %+v", half.Differences)
	}
	_, err = svc.ConfirmClosing(d.ctx, d.chief, session.Confirming{SessionID: d.session, CommandID: uuid.New()})
	d.must(err)
	_, err = svc.ConfirmClosing(d.ctx, one, session.Confirming{SessionID: d.session, CommandID: uuid.New()})
	d.must(err)
	_, err = svc.AddSupplement(d.ctx, d.chief, session.Supplementing{SessionID: d.session, CommandID: uuid.New(), Visit: v, Text: "取药人应为家属"})
	d.must(err)

	r := d.read()
	if len(r.Stock) != 2 || len(r.Differences) != 0 {
		t.Fatalf("stock: %+v, differences %+v", r.Stock, r.Differences)
	}
	for i, want := range []string{"4盒 3盒 0 1盒 0", "4盒 0 4盒 0 0"} {
		l := r.Stock[i]
		got := []string{words(l, l.Tally.Taken()), words(l, l.Tally[reporting.Given]), words(l, l.Tally[reporting.Home]), words(l, l.Tally[reporting.Lost]), words(l, l.Left)}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: taken, given, home, lost, left %v, want %s", l.Batch, got, want)
		}
	}
	if len(r.Visits) != 1 || len(r.Visits[0].Lines) != 3 || r.Visits[0].Lines[2].How != inventory.HowInferred || len(r.Visits[0].Late) != 1 || r.Doctors[0].Quantity != "3盒" {
		t.Errorf("visits: %+v", r.Visits)
	}
	if len(r.Signatures) != 2 || !r.Signatures[0].Lead || r.Signatures[1].Lead || r.Main.SignedAt == nil || r.Main.Problem != "" || r.Late.Problem != "" {
		t.Errorf("signatures %+v, chains %+v %+v", r.Signatures, r.Main, r.Late)
	}
	path, _ := paper(t, r, "closed")
	text := squeezed(strings.Join(pages(t, path), "\n"))
	for _, want := range []string{"账实相符", "带出8盒=发出3盒+带回4盒+转下场0+损坏0+说明1盒+余0", "报失", "途中遗失", "补记发药", "患者说拿了三盒", "医生待确认", "补充1",
		"内容：取药人应为家属", "电子确认：值班药师演示药师甲", "电子确认：医生演示医生甲", "已结束", "签名（SM2"} {
		if !strings.Contains(text, want) {
			t.Errorf("the paper lacks %q", want)
		}
	}
	if len(r.Notes) != 1 || r.Notes[0].By != "演示药师甲、演示医生甲" {
		t.Errorf("notes: %+v", r.Notes)
	}
}

// What the doctor corrects the same day and a pharmacist after closing stands on the
// paper beside the record it names, and stock, boxes and visits still agree.
func TestCorrectionsOnThePaper(t *testing.T) {
	d := newDay(t, 1, drugLine{"演示利培酮片", "1mg×20片", risperidone, 20, 4})
	svc := d.svc.WithKeys(seal.NewMemoryKeys())
	d.open()
	one, codes := d.doctors[0], d.codes[risperidone]
	v := d.start(one, d.patient("演示王小明"))
	d.scan(one, v, codes[0], codes[1], codes[2])
	d.finish(one, session.Ending{Visit: v})
	correct := func(code string) {
		t.Helper()
		by := one
		if code == codes[1] {
			by = d.chief
		}
		_, err := svc.CorrectLine(d.ctx, by, session.Correcting{SessionID: d.session, Visit: v, CommandID: uuid.New(), Code: code, Reason: "拿错了一盒"})
		d.must(err)
	}
	correct(codes[0])
	_, err := svc.StopDispensing(d.ctx, d.chief, session.Stopping{SessionID: d.session, CommandID: uuid.New()})
	d.must(err)
	var drug int64
	d.must(d.db.App.Get(d.ctx, &drug, `SELECT min(id) FROM drug`))
	_, err = svc.CountLeft(d.ctx, d.chief, session.Counting{SessionID: d.session, DrugID: drug, CommandID: uuid.New(), Packs: 2})
	d.must(err)
	_, err = svc.ConfirmClosing(d.ctx, d.chief, session.Confirming{SessionID: d.session, CommandID: uuid.New()})
	d.must(err)
	_, err = svc.ConfirmClosing(d.ctx, one, session.Confirming{SessionID: d.session, CommandID: uuid.New()})
	d.must(err)
	correct(codes[1])
	r := d.read()
	if len(r.Differences) != 0 || len(r.Visits[0].Lines) != 2 || len(r.Visits[0].Late) != 1 || len(r.Supplements) != 1 || len(r.Supplements[0].Visit.Lines) != 1 {
		t.Errorf("differences %+v, visits %+v, supplements %+v", r.Differences, r.Visits, r.Supplements)
	}
	path, _ := paper(t, r, "corrected")
	text := squeezed(strings.Join(pages(t, path), "\n"))
	for _, want := range []string{"账实相符", "更正发药", codes[0], "拿错了一盒", "补充1", "更正就诊记录2", codes[1]} {
		if !strings.Contains(text, want) {
			t.Errorf("the paper lacks %q", want)
		}
	}
}
