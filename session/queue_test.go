package session_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// queue takes one step of the queue with a command of its own.
func (c *clinic) queue(by identity.Actor, visit uuid.UUID, step session.QueueStep, reason string) (session.QueueAnswer, error) {
	return c.svc.MoveInQueue(c.ctx, by, session.Queueing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Step: step, Reason: reason})
}

// join brings patient i into the queue.
func (c *clinic) join(i int) uuid.UUID {
	c.t.Helper()
	a, err := c.svc.CheckIn(c.ctx, c.chief, session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[i]})
	c.must(err)
	return a.VisitID
}

func (c *clinic) visit(id uuid.UUID) session.Visit {
	c.t.Helper()
	v, err := session.FindVisit(c.ctx, c.db.App, c.session, id)
	c.must(err)
	return v
}

func TestQueueSteps(t *testing.T) {
	c := newClinic(t, 2, 4, 2)
	waiting, open, full, done := c.join(0), c.start(c.doctors[0], 1), c.start(c.doctors[1], 2), uuid.Nil
	c.scan(c.doctors[1], full, c.codes[0])
	cases := []struct {
		name   string
		visit  uuid.UUID
		step   session.QueueStep
		reason string
		want   db.Kind
		text   string
	}{
		{"put back who waits", waiting, session.StepPutBack, "", db.Conflict, "本来就在候诊"},
		{"call who waits", waiting, session.StepCall, "", "", "已叫 1 号"},
		{"call again", waiting, session.StepCall, "", "", "已叫 1 号"},
		{"call who is at a table", open, session.StepCall, "", db.Conflict, "不用再叫"},
		{"put back with packs", full, session.StepPutBack, "", db.Conflict, "逐盒撤销"},
		{"void with packs", full, session.StepVoid, "重复", db.Conflict, "逐盒撤销"},
		{"void without a reason", waiting, session.StepVoid, "  ", db.Invalid, "原因"},
		{"too long", waiting, session.StepVoid, strings.Repeat("长", 201), db.Invalid, "200"},
		{"no such step", waiting, "dance", "", db.Invalid, "没有这种操作"},
		{"no such visit", done, session.StepCall, "", db.NotFound, "没有这次就诊"},
		{"put back", open, session.StepPutBack, "", "", "退回候诊"},
		{"void", waiting, session.StepVoid, "重复签到", "", "已作废"},
		{"call what is void", waiting, session.StepCall, "", db.Conflict, "已经作废"},
	}
	for _, x := range cases {
		a, err := c.queue(c.chief, x.visit, x.step, x.reason)
		if x.want != "" && (db.KindOf(err) != x.want || !strings.Contains(db.Sentence(err), x.text)) {
			t.Errorf("%s: %v", x.name, err)
		}
		if x.want == "" && (err != nil || !strings.Contains(a.Sentence, x.text)) {
			t.Errorf("%s: %+v, %v", x.name, a, err)
		}
	}
	if v := c.visit(open); v.State != session.Waiting || v.Doctor != "" || v.CalledAt != nil {
		t.Errorf("put back: %+v", v)
	}
	// The patient of a void visit may come again.
	if again := c.join(0); again == waiting || c.visit(again).Number != 4 {
		t.Errorf("after void: %+v", c.visit(again))
	}
}

func TestQueueBelongsToTheTeam(t *testing.T) {
	c := newClinic(t, 1, 1, 0)
	visit := c.join(0)
	guest := c.person("医生外", identity.Doctor)
	if _, err := c.queue(guest, visit, session.StepCall, ""); db.KindOf(err) != db.Denied || c.refusals(guest) != 1 {
		t.Errorf("a doctor of no team: %v", err)
	}
	manager := c.person("管理甲", identity.Manager)
	if _, err := c.queue(manager, visit, session.StepCall, ""); db.KindOf(err) != db.Denied {
		t.Errorf("a manager: %v", err)
	}
	in := session.Queueing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Step: session.StepCall}
	first, err := c.svc.MoveInQueue(c.ctx, c.doctors[0], in)
	c.must(err)
	again, err := c.svc.MoveInQueue(c.ctx, c.doctors[0], in)
	if err != nil || again != first {
		t.Errorf("replay: %+v, %v", again, err)
	}
}

// label scans a patient's label at a doctor's table.
func (c *clinic) label(by identity.Actor, i int, again string) (session.ArrivalAnswer, error) {
	return c.svc.CheckIn(c.ctx, by, session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[i], Start: true, Again: again})
}

func TestTheNextLabelFinishesAForgottenVisit(t *testing.T) {
	c := newClinic(t, 2, 4, 3)
	doctor := c.doctors[0]
	first := c.start(doctor, 0)
	c.scan(doctor, first, c.codes[0])
	asked, err := c.label(doctor, 1, "")
	c.must(err)
	if asked.Kind != session.FinishFirst || !strings.Contains(asked.Sentence, "1 号还没有诊毕，已扫 1 盒") {
		t.Fatalf("%+v", asked)
	}
	// Another label, or a box in between, is another situation.
	if a, err := c.label(doctor, 2, asked.Again); err != nil || a.Kind != session.FinishFirst {
		t.Errorf("another label: %+v, %v", a, err)
	}
	c.scan(doctor, first, c.codes[1])
	if a, err := c.label(doctor, 1, asked.Again); err != nil || a.Kind != session.FinishFirst {
		t.Errorf("a box in between: %+v, %v", a, err)
	} else {
		asked = a
	}
	if v := c.visit(first); v.State != session.InConsultation {
		t.Errorf("while asked: %+v", v)
	}
	in := session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[1], Start: true, Again: asked.Again}
	done, err := c.svc.CheckIn(c.ctx, doctor, in)
	c.must(err)
	if done.Kind != session.Started || !strings.Contains(done.Sentence, "1 号已诊毕，共 2 盒") {
		t.Errorf("%+v", done)
	}
	if again, err := c.svc.CheckIn(c.ctx, doctor, in); err != nil || again != done {
		t.Errorf("replay: %+v, %v", again, err)
	}
	v := c.visit(first)
	if v.State != session.Finished || v.Collector != "self" || c.visit(in.Visit).State != session.InConsultation {
		t.Errorf("%+v, %+v", v, c.visit(in.Visit))
	}
	report, err := session.VerifyRecords(c.ctx, c.db.App, 0)
	c.must(err)
	if report.Problem != "" || report.Records != 1 {
		t.Errorf("%+v", report)
	}
	c.checkStock(3, 2)
}

// Nothing is finished for a patient who cannot be started.
func TestTheNextLabelOfAnotherDoctorsPatient(t *testing.T) {
	c := newClinic(t, 2, 2, 1)
	mine, theirs := c.start(c.doctors[0], 0), c.start(c.doctors[1], 1)
	c.scan(c.doctors[0], mine, c.codes[0])
	asked, err := c.label(c.doctors[0], 1, "")
	c.must(err)
	if _, err := c.label(c.doctors[0], 1, asked.Again); db.KindOf(err) != db.Conflict {
		t.Errorf("%v", err)
	}
	if c.visit(mine).State != session.InConsultation || c.visit(theirs).Doctor != "医生2" {
		t.Error("something was changed")
	}
}

// A visit of another day is not this session's, whatever is asked for it.
func TestAVisitOfAnotherSession(t *testing.T) {
	c := newClinic(t, 1, 2, 1)
	doctor := c.doctors[0]
	old := c.start(doctor, 0)
	c.end(doctor, old)
	var n int64
	c.insert(&n, `UPDATE clinic_session SET held_on = held_on - 1, state = 'closed' WHERE id = $1 RETURNING id`, c.session)
	yesterday := c.session
	c.codes = nil
	c.open()
	visit := c.start(doctor, 1)
	for name, err := range map[string]error{
		"queue":  errorOf(c.queue(c.chief, old, session.StepPutBack, "")),
		"ask":    errorOf(c.ask(doctor, old, "80000010000000000101")),
		"owed":   errorOf(c.svc.NoteOwed(c.ctx, doctor, session.OwedNote{SessionID: c.session, Visit: old, CommandID: uuid.New(), DrugID: c.drug, Packs: 1})),
		"dose":   errorOf(c.svc.SetDose(c.ctx, doctor, session.Dosing{SessionID: c.session, Visit: old, CommandID: uuid.New(), Pack: 1})),
		"absent": errorOf(c.svc.FinishForAbsent(c.ctx, c.chief, session.AbsentEnding{Why: "走了", Ending: session.Ending{SessionID: c.session, Visit: old, CommandID: uuid.New()}})),
		"chip":   errorOf(c.svc.PutAway(c.ctx, doctor, session.Resolving{SessionID: c.session, Visit: old, CommandID: uuid.New(), Refusal: 1})),
	} {
		if db.KindOf(err) != db.NotFound || !strings.Contains(db.Sentence(err), "请重新扫患者二维码") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := c.svc.NoteOwed(c.ctx, doctor, session.OwedNote{SessionID: yesterday, Visit: old, CommandID: uuid.New(), DrugID: c.drug, Packs: 1})
	if db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "已结束") {
		t.Errorf("in yesterday's session: %v", err)
	}
	if c.visit(visit).State != session.InConsultation {
		t.Error("today's visit was touched")
	}
}

func errorOf[T any](_ T, err error) error { return err }
