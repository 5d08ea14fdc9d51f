package session_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// paperLine is a line of the paper of the first doctor, an hour ago.
func (c *clinic) paperLine(i int, boxes ...string) session.PaperEntry {
	in := session.PaperEntry{SessionID: c.session, CommandID: uuid.New(), DoctorID: c.doctors[0].StaffID, Patient: c.tokens[i],
		At: time.Now().Add(-time.Hour).Truncate(time.Second), Why: "下午出诊"}
	for _, b := range boxes {
		in.Boxes = append(in.Boxes, session.PaperBox{Code: b})
	}
	return in
}

func (c *clinic) end5(i int) string { return c.codes[i][len(c.codes[i])-5:] }

// The duty holder enters what stands on paper for a doctor who cannot: once, with the
// time of the paper, under both names, and the doctor countersigns it.
func TestEnteringForAnAbsentDoctor(t *testing.T) {
	c := newClinic(t, 2, 3, 6)
	in := c.paperLine(0, c.end5(0), c.codes[1])
	in.Collector, in.CollectorName = "family", "演示家属"
	for range 2 {
		a, err := c.svc.EnterForAbsent(c.ctx, c.chief, in)
		c.must(err)
		if a.Seq != 1 || a.Packs != 2 || len(a.Answers) != 2 || !strings.Contains(a.Sentence, "已代医生1补录 1 号，共 2 盒") || !strings.Contains(a.Sentence, "补签") {
			t.Fatalf("%+v", a)
		}
	}
	if n := c.count(`SELECT count(*) FROM visit WHERE state = 'finished' AND doctor_id = $1 AND finished_by = $2 AND finished_at = $3 AND collector = 'family'`,
		c.doctors[0].StaffID, c.chief.StaffID, in.At); n != 1 {
		t.Error("the visit does not say doctor, who entered it, time and who collected")
	}
	if n := c.count(`SELECT count(*) FROM movement WHERE kind = 'dispense' AND how = 'typed' AND device_at = $1 AND staff_id = $2`, in.At, c.chief.StaffID); n != 2 {
		t.Errorf("%d boxes in the ledger", n)
	}
	if record := c.record(1); !strings.Contains(record, "药师甲") || !strings.Contains(record, "医生1") {
		t.Error("the record does not name both")
	}
	list, err := session.ToCountersign(c.ctx, c.db.App, c.doctors[0].StaffID)
	c.must(err)
	if len(list) != 1 || list[0].By != "药师甲" || list[0].Why != "补录纸质名单：下午出诊" || list[0].Packs != 2 {
		t.Fatalf("to countersign: %+v", list)
	}
	_, err = c.svc.SignFinished(c.ctx, c.doctors[0], session.SigningFor{RecordID: list[0].RecordID, CommandID: uuid.New()})
	c.must(err)
	// A colleague who reaches for the box is sent to the doctor, not to who typed.
	visit := c.start(c.doctors[1], 1)
	if a := c.scan(c.doctors[1], visit, c.codes[0]).Worst(); !strings.Contains(a.Sentence, "医生1") || strings.Contains(a.Sentence, "药师甲") {
		t.Errorf("who has it: %s", a.Sentence)
	}
	c.stockHolds()
	report, err := session.VerifyRecords(c.ctx, c.db.App, 0)
	if err != nil || report.Problem != "" || report.Records != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}

// Every refusal enters nothing at all.
func TestEnteringForAnAbsentDoctorRefused(t *testing.T) {
	c := newClinic(t, 2, 4, 6)
	busy := c.start(c.doctors[1], 1)
	c.scan(c.doctors[1], busy, c.codes[5])
	waiting := c.join(2)
	with := func(change func(*session.PaperEntry)) session.PaperEntry {
		in := c.paperLine(0, c.codes[0], c.codes[1])
		change(&in)
		return in
	}
	before := c.count(`SELECT count(*) FROM movement`) + c.count(`SELECT count(*) FROM visit`)
	for _, x := range []struct {
		name, says string
		by         identity.Actor
		in         session.PaperEntry
		want       db.Kind
	}{
		{"a doctor", "值班", c.doctors[1], with(func(*session.PaperEntry) {}), db.Denied},
		{"an assistant", "值班", c.helper, with(func(*session.PaperEntry) {}), db.Denied},
		{"a pharmacist of no team", "", c.person("药师外", identity.Pharmacist), with(func(*session.PaperEntry) {}), db.Denied},
		{"no reason", "为什么", c.chief, with(func(in *session.PaperEntry) { in.Why = " " }), db.Invalid},
		{"no doctor", "哪位医生", c.chief, with(func(in *session.PaperEntry) { in.DoctorID = 0 }), db.Invalid},
		{"no doctor of the team", "不是本场次的医生", c.chief, with(func(in *session.PaperEntry) { in.DoctorID = c.helper.StaffID }), db.Invalid},
		{"no box", "末 4 到 6 位", c.chief, with(func(in *session.PaperEntry) { in.Boxes = nil }), db.Invalid},
		{"a box twice", "写了两次", c.chief, with(func(in *session.PaperEntry) { in.Boxes[1].Code = c.end5(0) }), db.Invalid},
		{"tomorrow", "还没有到", c.chief, with(func(in *session.PaperEntry) { in.At = time.Now().Add(time.Hour) }), db.Invalid},
		{"no such collector", "谁来取药", c.chief, with(func(in *session.PaperEntry) { in.Collector = "nobody" }), db.Invalid},
		{"nobody", "没有编号", c.chief, with(func(in *session.PaperEntry) { in.Patient = "999999" }), db.NotFound},
		{"a box in place of a patient", "药盒上的追溯码", c.chief, with(func(in *session.PaperEntry) { in.Patient = c.codes[0] }), db.Invalid},
		{"an end of nothing", "没有补录。…9999", c.chief, with(func(in *session.PaperEntry) { in.Boxes[1].Code = "9999" }), db.Conflict},
		{"no code", "没有补录", c.chief, with(func(in *session.PaperEntry) { in.Boxes[1].Code = "6901234567892" }), db.Conflict},
		{"another's box", "医生2", c.chief, with(func(in *session.PaperEntry) { in.Boxes[1].Code = c.codes[5] }), db.Conflict},
		{"more than the box holds", "没有补录", c.chief, with(func(in *session.PaperEntry) { in.Boxes[1].Quantity = 21 }), db.Conflict},
		{"with another doctor", "医生2", c.chief, with(func(in *session.PaperEntry) { in.Patient = c.tokens[1] }), db.Conflict},
		{"a doctor who is busy", "手上还有 1 号", c.chief, with(func(in *session.PaperEntry) { in.DoctorID = c.doctors[1].StaffID }), db.Conflict},
	} {
		if _, err := c.svc.EnterForAbsent(c.ctx, x.by, x.in); db.KindOf(err) != x.want || !strings.Contains(db.Sentence(err), x.says) {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	if after := c.count(`SELECT count(*) FROM movement`) + c.count(`SELECT count(*) FROM visit`); after != before || len(c.alarms()) != 0 {
		t.Errorf("refusals left %d movements and visits more, %d alarms", after-before, len(c.alarms()))
	}
	if c.visit(waiting).State != session.Waiting {
		t.Error("who waits was moved")
	}
	// Who waits in the queue is the same visit, and who was seen is pointed out.
	a, err := c.svc.EnterForAbsent(c.ctx, c.chief, c.paperLine(2, c.codes[0]))
	c.must(err)
	if v := c.visit(waiting); v.State != session.Finished || a.Number != v.Number {
		t.Errorf("%+v of %+v", a, v)
	}
	if a, err = c.svc.EnterForAbsent(c.ctx, c.chief, c.paperLine(2, c.codes[1])); err != nil || !strings.Contains(a.Sentence, "请核对是否重复取药") {
		t.Errorf("seen twice: %+v, %v", a, err)
	}
	_, err = c.svc.StopDispensing(c.ctx, c.chief, session.Stopping{SessionID: c.session, CommandID: uuid.New()})
	c.must(err)
	_, err = c.svc.EnterForAbsent(c.ctx, c.chief, c.paperLine(3, c.codes[2]))
	c.must(err) // while the team counts, too
	c.exec(`UPDATE clinic_session SET state = 'closed'`)
	if _, err := c.svc.EnterForAbsent(c.ctx, c.chief, c.paperLine(0, c.codes[3])); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "补充记录") {
		t.Errorf("after the end: %v", err)
	}
}

// What is given by quantity has its number on the paper; without one nothing goes in.
func TestEnteringQuantitiesForAnAbsentDoctor(t *testing.T) {
	c := newClinic(t, 1, 3, 2)
	c.makeLoose()
	in := c.paperLine(0, c.end5(0))
	if _, err := c.svc.EnterForAbsent(c.ctx, c.chief, in); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "×14") {
		t.Errorf("without a number: %v", err)
	}
	in.CommandID, in.Boxes[0].Quantity = uuid.New(), 14
	a, err := c.svc.EnterForAbsent(c.ctx, c.chief, in)
	if err != nil || a.Given != "14 片" || c.pack(c.codes[0]).UnitsLeft != 6 {
		t.Fatalf("%+v, %v", a, err)
	}
	in = c.paperLine(1, c.end5(0))
	in.Boxes[0].Quantity = 7
	if _, err := c.svc.EnterForAbsent(c.ctx, c.chief, in); db.KindOf(err) != db.Conflict {
		t.Errorf("more than is left: %v", err)
	}
	in.CommandID, in.Boxes[0].Quantity = uuid.New(), 6
	_, err = c.svc.EnterForAbsent(c.ctx, c.chief, in)
	c.must(err)
	c.stockHolds()
}

// Two pharmacists enter the same line at once, and a doctor reaches for its box: one
// of them has it.
func TestEnteringTheSameLineAtOnce(t *testing.T) {
	c := newClinic(t, 2, 2, 4)
	second := c.person("药师乙", identity.Pharmacist)
	c.must(c.svc.ChangeTeam(c.ctx, c.chief, session.TeamChange{SessionID: c.session, CommandID: uuid.New(), DutyStaffID: c.chief.StaffID,
		Team: append(c.team(), session.Member{StaffID: second.StaffID, Part: session.PartPharmacist}, session.Member{StaffID: c.doctors[1].StaffID, Part: session.PartDoctor})}))
	visit := c.start(c.doctors[1], 1)
	var all sync.WaitGroup
	errs := make([]error, 2)
	given := 0
	for i, by := range []identity.Actor{c.chief, second} {
		all.Add(1)
		go func() { defer all.Done(); _, errs[i] = c.svc.EnterForAbsent(c.ctx, by, c.paperLine(0, c.codes[0])) }()
	}
	a := c.scan(c.doctors[1], visit, c.codes[0])
	all.Wait()
	for _, err := range errs {
		if err == nil {
			given++
		} else if db.KindOf(err) != db.Conflict {
			t.Errorf("neither done nor refused: %v", err)
		}
	}
	if a.Packs == 1 {
		given++
	}
	if n := c.count(`SELECT count(*) FROM visit_line WHERE undone_at IS NULL`); given != 1 || n != 1 {
		t.Errorf("%d have it, %d lines", given, n)
	}
}
