package session_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// correct puts the number of a box of a finished visit right.
func (c *clinic) correct(by identity.Actor, visit uuid.UUID, code string, quantity int64) (session.CorrectAnswer, error) {
	return c.svc.CorrectLine(c.ctx, by, session.Correcting{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: code, Quantity: quantity, Reason: "拿错了一盒"})
}

// The doctor takes a box back after 诊毕: it lies in the tray, a new record of the
// main chain names the old one, and nobody has to countersign what the doctor wrote.
func TestADoctorCorrectsTheSameDay(t *testing.T) {
	e := &evening{clinic: newClinic(t, 2, 2, 3)}
	e.svc = e.svc.WithKeys(newKeys(e))
	d := e.doctors[0]
	visit := e.start(d, 0)
	e.scan(d, visit, e.codes[0], e.codes[1])
	if _, err := e.correct(d, visit, e.codes[0], 0); db.KindOf(err) != db.Conflict {
		t.Errorf("before 诊毕: %v", err)
	}
	e.finish(d, visit, "")
	for name, by := range map[string]identity.Actor{"another doctor": e.doctors[1], "the pharmacist": e.chief, "the assistant": e.helper} {
		if _, err := e.correct(by, visit, e.codes[0], 0); db.KindOf(err) != db.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := e.svc.Undo(e.ctx, d, session.Undoing{SessionID: e.session, Visit: visit, CommandID: uuid.New(), Code: e.codes[0]}); db.KindOf(err) != db.Conflict {
		t.Errorf("a plain undo after 诊毕: %v", err)
	}
	a, err := e.correct(d, visit, e.codes[0], 0)
	e.must(err)
	if a.Chain != "main" || a.Record != 2 || !strings.Contains(a.Sentence, "没有给出") {
		t.Errorf("%+v", a)
	}
	if p := e.pack(e.codes[0]); p.State != inventory.StateAllocated || p.UnitsLeft != 20 {
		t.Errorf("the box: %+v", p)
	}
	e.refused(second(e.correct(d, visit, e.codes[0], 0)), db.Conflict, "可能已经更正")
	e.refused(second(e.correct(d, visit, e.codes[1], 5)), db.Invalid, "不拆零")
	e.refused(second(e.correct(d, visit, e.codes[1], -1)), db.Invalid, "0 到")
	e.refused(second(e.correct(d, visit, "80000019999999999999", 0)), db.NotFound)
	list, err := session.Corrections(e.ctx, e.db.App, visit)
	e.must(err)
	if len(list) != 1 || list[0].Corrects != "就诊记录 1" || !strings.Contains(list[0].Text, e.codes[0]) || !strings.Contains(list[0].Text, "拿错了一盒") {
		t.Errorf("%+v", list)
	}
	sign, err := session.ToCountersign(e.ctx, e.db.App, d.StaffID)
	e.must(err)
	if len(sign) != 0 {
		t.Errorf("one's own correction waits for a countersign: %+v", sign)
	}
	next := e.start(d, 1)
	if a := e.scan(d, next, e.codes[0]); a.Answers[0].Kind != inventory.KindOK {
		t.Errorf("the box for the next patient: %+v", a)
	}
	e.finish(d, next, "")
	e.verified(3, 0)
	if got, want := e.equation(), (session.Equation{Taken: 3, Given: 2, Left: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func second[T any](_ T, err error) error { return err }

// A number of tablets is put right upwards and downwards, while the left-overs are
// counted too; what was confirmed must be confirmed again.
func TestADoctorCorrectsANumber(t *testing.T) {
	e := &evening{clinic: newClinic(t, 1, 2, 2)}
	e.svc = e.svc.WithKeys(newKeys(e))
	e.makeLoose()
	d := e.doctors[0]
	visit := e.start(d, 0)
	e.units(d, visit, e.codes[0], 12)
	e.finish(d, visit, "")
	for _, n := range []int64{10, 20, 15} {
		a, err := e.correct(d, visit, e.codes[0], n)
		e.must(err)
		if p := e.pack(e.codes[0]); p.UnitsLeft != 20-n || p.UnitsGiven != n || a.Left != 20-n {
			t.Errorf("%d: %+v, %+v", n, a, p)
		}
	}
	e.refused(second(e.correct(d, visit, e.codes[0], 21)), db.Conflict, "不够")
	e.refused(second(e.correct(d, visit, e.codes[0], 15)), db.Invalid, "不用更正")
	e.must(e.stop(e.chief))
	e.must(e.count(1, 5))
	_, err := e.confirm(e.chief)
	e.must(err)
	_, err = e.correct(d, visit, e.codes[0], 14)
	e.must(err)
	e.must(e.count(1, 6))
	if a, err := e.confirm(d); err != nil || a.State != session.Closing {
		t.Errorf("a confirmation of what has changed counts: %+v, %v", a, err)
	}
	if a, err := e.confirm(e.chief); err != nil || a.State != session.Closed {
		t.Errorf("%+v, %v", a, err)
	}
	e.refused(second(e.correct(d, visit, e.codes[0], 10)), db.Denied, "只有药师")
	e.verified(5, 1)
	e.equation()
}

// After closing only a pharmacist corrects, in the supplement chain; the box ends
// on the shelf, or apart, and the session's sum still holds.
func TestAPharmacistCorrectsAfterClosing(t *testing.T) {
	e := newEvening(t, 2, 4)
	e.makeLoose() // so that parts may be corrected: the boxes were given whole
	e.must(e.count(2, 0))
	e.close()
	home, err := e.correct(e.chief, e.visits[0], e.codes[0], 0)
	e.must(err)
	if p := e.pack(e.codes[0]); home.Chain != "supplement" || home.Record != 1 || p.State != inventory.StateInStore || p.UnitsLeft != 20 {
		t.Errorf("%+v; %+v", home, p)
	}
	part, err := e.correct(e.chief, e.visits[1], e.codes[1], 14)
	e.must(err)
	if p := e.pack(e.codes[1]); p.State != inventory.StateInStore || p.UnitsLeft != 6 || p.UnitsGiven != 14 || part.Record != 2 {
		t.Errorf("%+v; %+v", part, p)
	}
	more, err := e.correct(e.chief, e.visits[1], e.codes[1], 15)
	e.must(err)
	if p := e.pack(e.codes[1]); p.State != inventory.StateInStore || p.UnitsLeft != 5 || more.Record != 3 {
		t.Errorf("%+v; %+v", more, p)
	}
	apart, err := e.svc.CorrectLine(e.ctx, e.chief, session.Correcting{SessionID: e.session, Visit: e.visits[1], CommandID: uuid.New(), Code: e.codes[1], Apart: true, Reason: "在社区站里找到"})
	e.must(err)
	if p := e.pack(e.codes[1]); p.State != inventory.StateQuarantined || p.UnitsLeft != 20 || apart.Record != 4 {
		t.Errorf("%+v; %+v", apart, p)
	}
	e.refused(second(e.svc.CorrectLine(e.ctx, e.chief, session.Correcting{SessionID: e.session, Visit: e.visits[1], CommandID: uuid.New(), Code: e.codes[1]})), db.Invalid, "原因")
	e.verified(6, 5)
	if got, want := e.equation(), (session.Equation{Taken: 4, Home: 3, Explained: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// What has gone on to another session is not fetched back from under its feet.
func TestACorrectionOfABoxThatWentOn(t *testing.T) {
	e := &evening{clinic: newClinic(t, 1, 1, 2)}
	e.svc = e.svc.WithKeys(newKeys(e))
	e.makeLoose()
	d := e.doctors[0]
	visit := e.start(d, 0)
	e.units(d, visit, e.codes[0], 12)
	e.finish(d, visit, "")
	next := e.secondSession()
	e.must(e.stop(e.chief))
	e.must(e.roll(0, next))
	e.must(e.count(1, 8))
	e.close()
	e.refused(second(e.correct(e.chief, visit, e.codes[0], 10)), db.Conflict, "不在本场")
	if p := e.pack(e.codes[0]); p.UnitsLeft != 8 || *p.SessionID != next {
		t.Errorf("%+v", p)
	}
	e.verified(1, 1)
}

// The same correction twice at once, and sent again, is one.
func TestOneCorrectionOfTwo(t *testing.T) {
	e := &evening{clinic: newClinic(t, 1, 1, 1)}
	e.svc = e.svc.WithKeys(newKeys(e))
	d := e.doctors[0]
	visit := e.start(d, 0)
	e.scan(d, visit, e.codes[0])
	e.finish(d, visit, "")
	var wg sync.WaitGroup
	done := make([]error, 4)
	for i := range done {
		wg.Go(func() { _, done[i] = e.correct(d, visit, e.codes[0], 0) })
	}
	wg.Wait()
	n := 0
	for _, err := range done {
		if err == nil {
			n++
		} else if db.KindOf(err) != db.Conflict {
			t.Error(err)
		}
	}
	if n != 1 {
		t.Errorf("%d of four corrections were carried out", n)
	}
	in := session.Correcting{SessionID: e.session, Visit: visit, CommandID: uuid.New(), Code: e.codes[0], Reason: "x"}
	again := e.start(d, 0)
	e.scan(d, again, e.codes[0])
	e.finish(d, again, "")
	in.Visit = again
	first, err := e.svc.CorrectLine(e.ctx, d, in)
	e.must(err)
	repeat, err := e.svc.CorrectLine(e.ctx, d, in)
	if err != nil || repeat != first {
		t.Errorf("sent again: %+v, %v; first %+v", repeat, err, first)
	}
	e.verified(4, 0)
}

// A session that is still open on another day is not corrected by its doctors.
func TestACorrectionOnAnotherDay(t *testing.T) {
	c := newClinic(t, 1, 1, 1)
	d := c.doctors[0]
	visit := c.start(d, 0)
	c.scan(d, visit, c.codes[0])
	c.finish(d, visit, "")
	c.exec(`UPDATE clinic_session SET held_on = held_on - 1 WHERE id = $1`, c.session)
	if _, err := c.correct(d, visit, c.codes[0], 0); db.KindOf(err) != db.Denied || !strings.Contains(db.Sentence(err), "当天") {
		t.Errorf("the day after: %v", err)
	}
}
