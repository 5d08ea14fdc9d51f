package session_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// end finishes a visit with nothing said.
func (c *clinic) end(by identity.Actor, visit uuid.UUID) session.FinishAnswer {
	c.t.Helper()
	a, err := c.svc.FinishVisit(c.ctx, by, session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New(), NoDrugReason: "缺药（欠药）"})
	c.must(err)
	return a
}

func TestOwedMedicine(t *testing.T) {
	c := newClinic(t, 2, 2, 2)
	doctor := c.doctors[0]
	visit := c.start(doctor, 0)
	note := session.OwedNote{SessionID: c.session, Visit: visit, CommandID: uuid.New(), DrugID: c.drug, Packs: 2, Note: "下周到货"}
	for _, x := range []struct {
		name   string
		change func(*session.OwedNote)
		want   db.Kind
	}{
		{"no drug", func(n *session.OwedNote) { n.DrugID = 0 }, db.Invalid},
		{"no such drug", func(n *session.OwedNote) { n.DrugID = 999 }, db.Invalid},
		{"no packs", func(n *session.OwedNote) { n.Packs = 0 }, db.Invalid},
		{"too many", func(n *session.OwedNote) { n.Packs = 100 }, db.Invalid},
		{"too long", func(n *session.OwedNote) { n.Note = strings.Repeat("长", 201) }, db.Invalid},
		{"no such visit", func(n *session.OwedNote) { n.Visit = uuid.New() }, db.NotFound},
	} {
		in := note
		in.CommandID = uuid.New()
		x.change(&in)
		if _, err := c.svc.NoteOwed(c.ctx, doctor, in); db.KindOf(err) != x.want {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	if _, err := c.svc.NoteOwed(c.ctx, c.doctors[1], note); db.KindOf(err) != db.Conflict {
		t.Errorf("another doctor: %v", err)
	}
	for range 2 {
		_, err := c.svc.NoteOwed(c.ctx, doctor, note)
		c.must(err)
	}
	c.end(doctor, visit)
	owed, err := session.OwedTo(c.ctx, c.db.App, c.patients[0].ID)
	if err != nil || len(owed) != 1 || owed[0].Packs != 2 || owed[0].Site != "演示新华" {
		t.Fatalf("%+v, %v", owed, err)
	}
	c.settles(owed[0].ID)
}

// settles gives what is owed at the next visit of the first patient.
func (c *clinic) settles(owed int64) {
	c.t.Helper()
	doctor := c.doctors[0]
	theirs := c.start(c.doctors[1], 1)
	if _, err := c.svc.SettleOwed(c.ctx, c.doctors[1], session.OwedSettling{SessionID: c.session, Visit: theirs, CommandID: uuid.New(), Owed: owed}); db.KindOf(err) != db.NotFound {
		c.t.Errorf("at another patient's visit: %v", err)
	}
	next := c.start(doctor, 0)
	in := session.OwedSettling{SessionID: c.session, Visit: next, CommandID: uuid.New(), Owed: owed}
	if _, err := c.svc.SettleOwed(c.ctx, doctor, in); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "先扫") {
		c.t.Errorf("without giving: %v", err)
	}
	c.scan(doctor, next, c.codes[0])
	for range 2 {
		a, err := c.svc.SettleOwed(c.ctx, doctor, in)
		if err != nil || !strings.Contains(a.Sentence, "还欠 1 盒") {
			c.t.Errorf("one of two: %+v, %v", a, err)
		}
	}
	in.CommandID = uuid.New()
	if _, err := c.svc.SettleOwed(c.ctx, doctor, in); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "已经抵了") {
		c.t.Errorf("with the same box again: %v", err)
	}
	c.scan(doctor, next, c.codes[1])
	in.CommandID = uuid.New()
	a, err := c.svc.SettleOwed(c.ctx, doctor, in)
	if err != nil || !strings.Contains(a.Sentence, "欠 1 盒 已补发") {
		c.t.Errorf("the other of two: %+v, %v", a, err)
	}
	in.CommandID = uuid.New()
	if _, err := c.svc.SettleOwed(c.ctx, doctor, in); db.KindOf(err) != db.Conflict {
		c.t.Errorf("twice: %v", err)
	}
	if list, err := session.OwedTo(c.ctx, c.db.App, c.patients[0].ID); err != nil || len(list) != 0 {
		c.t.Errorf("still owed: %+v, %v", list, err)
	}
}

// A drug that is given by quantity is owed by quantity as well, and made up over as
// many visits as it takes; one that is given whole is not.
func TestOwedInLooseUnits(t *testing.T) {
	c := newClinic(t, 1, 2, 3)
	doctor := c.doctors[0]
	visit := c.start(doctor, 0)
	note := session.OwedNote{SessionID: c.session, Visit: visit, CommandID: uuid.New(), DrugID: c.drug, Units: 30}
	if _, err := c.svc.NoteOwed(c.ctx, doctor, note); db.KindOf(err) != db.Invalid || !strings.Contains(db.Sentence(err), "整盒发") {
		t.Errorf("loose units of a drug that is given whole: %v", err)
	}
	c.makeLoose()
	a, err := c.svc.NoteOwed(c.ctx, doctor, note)
	if err != nil || !strings.Contains(a.Sentence, "已记欠药 30 片") {
		t.Fatalf("%+v, %v", a, err)
	}
	for _, bad := range []session.OwedNote{{Units: -1}, {Units: 10_000}, {Packs: -1, Units: 1}, {Packs: 1, Units: -1}, {}} {
		bad.SessionID, bad.Visit, bad.CommandID, bad.DrugID = c.session, visit, uuid.New(), c.drug
		if _, err := c.svc.NoteOwed(c.ctx, doctor, bad); db.KindOf(err) != db.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	c.end(doctor, visit)
	owed := func() []session.Owed {
		t.Helper()
		list, err := session.OwedTo(c.ctx, c.db.App, c.patients[0].ID)
		c.must(err)
		return list
	}
	roster, err := session.Roster(c.ctx, c.db.App, c.session)
	c.must(err)
	for _, p := range roster {
		if p.Owes != (p.PatientID == c.patients[0].ID) {
			t.Errorf("on the roster: %+v", p)
		}
	}
	give := func(code string, units int64, want string) {
		t.Helper()
		next := c.start(doctor, 0)
		c.units(doctor, next, code, units)
		a, err := c.svc.SettleOwed(c.ctx, doctor, session.OwedSettling{SessionID: c.session, Visit: next, CommandID: uuid.New(), Owed: owed()[0].ID})
		if err != nil || !strings.Contains(a.Sentence, want) {
			t.Errorf("made up with %d: %+v, %v", units, a, err)
		}
		_, err = c.svc.FinishVisit(c.ctx, doctor, session.Ending{SessionID: c.session, Visit: next, CommandID: uuid.New()})
		c.must(err)
	}
	give(c.codes[0], 12, "还欠 18 片")
	if list := owed(); len(list) != 1 || list[0].Left != 18 || list[0].Amount().String() != "18 片" {
		t.Errorf("owed still: %+v", list)
	}
	give(c.codes[1], 20, "欠 18 片 已补发")
	if list := owed(); len(list) != 0 {
		t.Errorf("owed still: %+v", list)
	}
}

// A note made by mistake is taken back at the same visit without giving.
func TestOwedMedicineTakenBack(t *testing.T) {
	c := newClinic(t, 1, 1, 0)
	visit := c.start(c.doctors[0], 0)
	_, err := c.svc.NoteOwed(c.ctx, c.doctors[0], session.OwedNote{SessionID: c.session, Visit: visit, CommandID: uuid.New(), DrugID: c.drug, Packs: 1})
	c.must(err)
	owed, err := session.OwedTo(c.ctx, c.db.App, c.patients[0].ID)
	c.must(err)
	a, err := c.svc.SettleOwed(c.ctx, c.doctors[0], session.OwedSettling{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Owed: owed[0].ID})
	if err != nil || !strings.Contains(a.Sentence, "取消") {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestDoseIsPrefilledFromLastTime(t *testing.T) {
	c := newClinic(t, 1, 2, 6)
	doctor := c.doctors[0]
	visit := c.start(doctor, 0)
	c.scan(doctor, visit, c.codes[0], c.codes[1])
	lines, err := session.VisitLines(c.ctx, c.db.App, visit)
	c.must(err)
	if lines[0].Dose != "" || lines[0].Days != nil {
		t.Errorf("the first time: %+v", lines[0])
	}
	in := session.Dosing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Pack: lines[0].PackID, Dose: "每日 1mg", Days: 30}
	for range 2 {
		_, err := c.svc.SetDose(c.ctx, doctor, in)
		c.must(err)
	}
	for name, bad := range map[string]session.Dosing{"days": {Pack: in.Pack, Days: 367}, "negative": {Pack: in.Pack, Days: -1}, "long": {Pack: in.Pack, Dose: strings.Repeat("长", 61)}} {
		bad.SessionID, bad.Visit, bad.CommandID = c.session, visit, uuid.New()
		if _, err := c.svc.SetDose(c.ctx, doctor, bad); db.KindOf(err) != db.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The next box of the drug gets the same, at once and at the next visit, one
	// or many at a time; another patient's does not.
	c.scan(doctor, visit, c.codes[2])
	c.end(doctor, visit)
	next := c.start(doctor, 0)
	c.scan(doctor, next, c.codes[3])
	c.scan(doctor, next, c.codes[4])
	for _, v := range []uuid.UUID{visit, next} {
		lines, err := session.VisitLines(c.ctx, c.db.App, v)
		c.must(err)
		for _, l := range lines {
			if l.Dose != "每日 1mg" || l.Days == nil || *l.Days != 30 {
				t.Errorf("%s: %+v", l.Code, l)
			}
		}
	}
	if !strings.Contains(c.record(1), "每日 1mg") {
		t.Error("the record does not say the dose")
	}
	c.end(doctor, next)
	other := c.start(doctor, 1)
	c.scan(doctor, other, c.codes[5])
	lines, err = session.VisitLines(c.ctx, c.db.App, other)
	if err != nil || lines[0].Dose != "" {
		t.Errorf("another patient: %+v, %v", lines, err)
	}
	in.Visit, in.CommandID = other, uuid.New()
	in.Pack = 999
	if _, err := c.svc.SetDose(c.ctx, doctor, in); db.KindOf(err) != db.Conflict {
		t.Errorf("no such line: %v", err)
	}
}
