package session_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Stopping takes one tap of the duty holder; until somebody resumes, a scan at the
// table is answered and records nothing.
func TestStopAndResumeDispensing(t *testing.T) {
	c := newClinic(t, 2, 1, 2)
	e := &evening{clinic: c}
	visit := c.start(c.doctors[0], 0)
	e.refused(e.stop(c.doctors[0]), db.Denied, "值班药师")
	outsider := c.person("药师外", identity.Pharmacist)
	e.refused(e.stop(outsider), db.Denied)
	if c.refusals(c.doctors[0]) != 1 || c.refusals(outsider) != 1 {
		t.Error("a denial left no trace")
	}
	c.must(e.stop(c.chief))
	e.refused(e.stop(c.chief), db.Conflict, "停止发药")
	_, err := c.svc.Dispense(c.ctx, c.doctors[0], session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: c.codes[0]})
	e.refused(err, db.Conflict, "已停止发药")
	resume := func(by identity.Actor, reason string) error {
		_, err := c.svc.ResumeDispensing(c.ctx, by, session.Stopping{SessionID: c.session, CommandID: uuid.New(), Reason: reason})
		return err
	}
	e.refused(resume(c.chief, " "), db.Invalid, "原因")
	e.refused(resume(c.doctors[1], "又来了一位"), db.Denied)
	c.must(e.count(2, 0))
	c.must(resume(c.chief, "又来了一位"))
	e.refused(resume(c.chief, "又来了一位"), db.Conflict)
	if a := c.scan(c.doctors[0], visit, c.codes[0]); a.Packs != 1 {
		t.Errorf("after resuming: %+v", a)
	}
	c.must(e.stop(c.chief))
	v, err := session.ReadClosing(c.ctx, c.db.App, c.session)
	c.must(err)
	if v.Lines[0].CountedAt != nil || v.Lines[0].State() != session.LineUncounted {
		t.Errorf("what was counted before resuming still counts: %+v", v.Lines[0])
	}
}

// A deputy who holds the duty closes a session without a pharmacist.
func TestADeputyHoldsTheDuty(t *testing.T) {
	c := newClinic(t, 2, 0, 0)
	team := []session.Member{{StaffID: c.helper.StaffID, Part: session.PartDeputy}, {StaffID: c.doctors[0].StaffID, Part: session.PartDoctor}}
	id, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: session.Today(c.db.App.Now()), Kind: "home", Place: "演示上门", Team: team})
	c.must(err)
	c.must(c.svc.OpenSession(c.ctx, c.chief, id))
	e := &evening{clinic: c}
	e.clinic.session = id
	e.refused(e.stop(c.doctors[0]), db.Denied)
	c.must(e.stop(c.helper))
}

// The usual evening: the number is right, nothing is scanned, two people confirm.
func TestClosingByNumber(t *testing.T) {
	e := newEvening(t, 2, 8)
	e.must(e.count(6, 0))
	first, err := e.confirm(e.chief)
	e.must(err)
	if first.State != session.Closing || !strings.Contains(first.Sentence, "另一位") {
		t.Errorf("first word: %+v", first)
	}
	_, err = e.confirm(e.chief)
	e.refused(err, db.Conflict, "两个人")
	a, err := e.confirm(e.doctors[1])
	e.must(err)
	if a.State != session.Closed || !strings.Contains(a.Sentence, "带出 8 = 发出 2 + 带回 6") {
		t.Errorf("second word: %+v", a)
	}
	if got, want := e.equation(), (session.Equation{Taken: 8, Given: 2, Home: 6}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if n := e.ways(inventory.MoveComeHome, inventory.HowByNumber); n != 6 {
		t.Errorf("%d packs came home by number", n)
	}
	e.verified(2, 1)
	_, err = e.confirm(e.doctors[0])
	e.refused(err, db.Conflict, "已于", "药师甲", "医生2")
}

// One pack is hidden: closing refuses and names exactly that code with who had it
// last; when it turns up it is scanned, and came home by its scan.
func TestAHiddenPackIsNamedWithItsLastHolder(t *testing.T) {
	e := &evening{clinic: newClinic(t, 1, 2, 6)}
	doctor := e.doctors[0]
	for i, codes := range [][]string{{e.codes[0], e.codes[3]}, {e.codes[1]}} {
		visit := e.start(doctor, i)
		e.scan(doctor, visit, codes...)
		if i == 0 {
			_, err := e.svc.Undo(e.ctx, doctor, session.Undoing{SessionID: e.session, Visit: visit, CommandID: uuid.New(), Code: e.codes[3]})
			e.must(err)
		}
		_, err := e.svc.FinishVisit(e.ctx, doctor, session.Ending{SessionID: e.session, Visit: visit, CommandID: uuid.New()})
		e.must(err)
	}
	e.must(e.stop(e.chief))
	_, err := e.confirm(e.chief)
	e.refused(err, db.Conflict, "还没有清点")
	e.must(e.count(3, 0))
	_, err = e.confirm(e.chief)
	e.refused(err, db.Conflict, "逐盒扫")
	hidden := e.codes[3]
	e.refused(e.explain(e.chief, session.Explaining{Code: hidden, Exit: session.ExitDamaged, Reason: "压坏"}), db.Conflict, "扫完")
	if a := e.see(e.codes[2], e.codes[4], e.codes[5], e.codes[0], "81234567890123456789"); a.Moved != 3 ||
		a.Answers[3].Kind != inventory.KindTakenToday || a.Answers[4].Kind != inventory.KindUnknownPrefix {
		t.Errorf("scanned: %+v", a)
	}
	_, err = e.confirm(e.chief)
	e.refused(err, db.Conflict, "还缺 1 盒", hidden, "医生1扫给 1 号", "撤销")
	for _, other := range []string{e.codes[2], e.codes[0]} {
		if strings.Contains(db.Sentence(err), other) {
			t.Errorf("%q names a code that is here", db.Sentence(err))
		}
	}
	v, err := session.ReadClosing(e.ctx, e.db.App, e.session)
	e.must(err)
	if len(v.Missing) != 1 || v.Missing[0].Code != hidden || v.Settled() || len(v.Finished) != 2 {
		t.Fatalf("missing: %+v", v.Missing)
	}
	e.see(hidden)
	if a := e.see(hidden); a.Answers[0].Kind != inventory.KindAlreadyHere {
		t.Errorf("again: %+v", a.Answers[0])
	}
	e.svc = e.svc.WithKeys(newKeys(e))
	e.close()
	if n := e.ways(inventory.MoveComeHome, inventory.HowScanned); n != 4 {
		t.Errorf("%d packs came home by their scan", n)
	}
}

// What a patient turns out to have got is a fact: inferred, in the visit, with a
// record that names the old one and waits for its doctor.
func TestAMissingPackWasGiven(t *testing.T) {
	e := newEvening(t, 3, 5)
	e.must(e.count(1, 0))
	e.see(e.codes[4])
	in := session.Explaining{Code: e.codes[3], Exit: session.ExitGiven, Visit: e.visits[1], Reason: "家属来电"}
	e.refused(e.explain(e.doctors[0], in), db.Denied)
	e.refused(e.explain(e.chief, session.Explaining{Code: e.codes[3], Exit: session.ExitGiven}), db.Invalid, "哪位患者")
	e.refused(e.explain(e.chief, session.Explaining{Code: e.codes[3], Exit: session.ExitGiven, Visit: uuid.New()}), db.NotFound)
	e.refused(e.explain(e.chief, session.Explaining{Code: e.codes[3], Exit: "eaten"}), db.Invalid)
	e.must(e.explain(e.chief, in))
	e.refused(e.explain(e.chief, in), db.Conflict)
	lines, err := session.VisitLines(e.ctx, e.db.App, e.visits[1])
	e.must(err)
	if len(lines) != 2 || lines[0].Code != e.codes[3] || lines[0].How != string(inventory.HowInferred) {
		t.Errorf("lines: %+v", lines)
	}
	waiting, err := session.LateRecords(e.ctx, e.db.App, e.doctors[1].StaffID)
	e.must(err)
	if len(waiting) != 1 || waiting[0].Number != 2 || waiting[0].Corrects != "就诊记录 2" || !strings.Contains(waiting[0].Text, e.codes[3]) {
		t.Fatalf("waiting for the doctor: %+v", waiting)
	}
	if all, err := session.ToCountersign(e.ctx, e.db.App, e.doctors[1].StaffID); err != nil || len(all) != 1 || !all[0].Late || all[0].RecordID != waiting[0].ID {
		t.Errorf("what waits for the doctor at login: %+v, %v", all, err)
	}
	sign := func(by identity.Actor) error {
		return e.svc.SignLate(e.ctx, by, session.LateSigning{RecordID: waiting[0].ID, CommandID: uuid.New()})
	}
	e.refused(sign(e.doctors[0]), db.Denied)
	e.must(sign(e.doctors[1]))
	e.refused(sign(e.doctors[1]), db.Conflict)
	if waiting, err = session.LateRecords(e.ctx, e.db.App, e.doctors[1].StaffID); err != nil || len(waiting) != 0 {
		t.Errorf("still waiting: %+v, %v", waiting, err)
	}
	if all, err := session.ToCountersign(e.ctx, e.db.App, e.doctors[1].StaffID); err != nil || len(all) != 0 {
		t.Errorf("still waiting at login: %+v, %v", all, err)
	}
	e.close()
	if got, want := e.equation(), (session.Equation{Taken: 5, Given: 4, Home: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	e.verified(4, 1)
}

// Damaged counts at once, lost when a second person says so too; a lost box that is
// scanned after all is found.
func TestDamagedLostAndFound(t *testing.T) {
	e := newEvening(t, 1, 6)
	e.must(e.count(2, 0))
	e.see(e.codes[1], e.codes[2])
	e.refused(e.explain(e.chief, session.Explaining{Code: e.codes[3], Exit: session.ExitDamaged}), db.Invalid, "经过")
	e.must(e.explain(e.chief, session.Explaining{Code: e.codes[3], Exit: session.ExitDamaged, Reason: "打湿"}))
	lost := session.Explaining{Exit: session.ExitLost, Reason: "找不到"}
	second := func(by identity.Actor, code string) error {
		_, err := e.svc.ConfirmLoss(e.ctx, by, session.LossConfirming{SessionID: e.session, CommandID: uuid.New(), Code: code})
		return err
	}
	e.refused(second(e.doctors[0], e.codes[4]), db.Conflict, "还没有人报")
	for _, code := range e.codes[4:6] {
		lost.Code = code
		e.must(e.explain(e.chief, lost))
	}
	e.refused(e.explain(e.chief, lost), db.Conflict, "药师甲")
	e.refused(second(e.chief, e.codes[4]), db.Conflict, "两个人")
	_, err := e.confirm(e.chief)
	e.refused(err, db.Conflict, "还缺 2 盒")
	e.must(second(e.doctors[0], e.codes[4]))
	e.must(second(e.doctors[1], e.codes[5]))
	if got, want := e.equation(), (session.Equation{Taken: 6, Given: 1, Left: 2, Damaged: 1, Explained: 2}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if a := e.see(e.codes[5]); !strings.Contains(a.Answers[0].Sentence, "找到了") {
		t.Errorf("found: %+v", a.Answers[0])
	}
	e.must(e.count(3, 0))
	if a := e.close(); !strings.Contains(a.Sentence, "带出 6 = 发出 1 + 带回 3 + 损坏 1 + 说明 1") {
		t.Errorf("%s", a.Sentence)
	}
	e.equation()
}

// A box that two people declared lost, that was found and packed again may be missing
// a second time: what was said the first time does not count any more.
func TestABoxIsMissingTwice(t *testing.T) {
	for _, exit := range []session.ExitKind{session.ExitLost, session.ExitDamaged} {
		e := newEvening(t, 1, 3)
		box, reason := e.codes[2], "找不到"
		again := func() {
			e.must(e.count(1, 0))
			e.see(e.codes[1])
		}
		again()
		e.must(e.explain(e.chief, session.Explaining{Code: box, Exit: session.ExitLost, Reason: reason}))
		second := func() error {
			_, err := e.svc.ConfirmLoss(e.ctx, e.doctors[1], session.LossConfirming{SessionID: e.session, CommandID: uuid.New(), Code: box})
			return err
		}
		e.must(second())
		_, err := e.svc.ResumeDispensing(e.ctx, e.chief, session.Stopping{SessionID: e.session, CommandID: uuid.New(), Reason: "又来了一位"})
		e.must(err)
		e.move(inventory.Entry{Move: inventory.Move{Kind: inventory.MoveFind, At: e.db.App.Now()}, How: inventory.HowTyped, Reason: "找到了"}, box)
		_, err = e.svc.Pack(e.ctx, e.chief, session.Packing{SessionID: e.session, CommandID: uuid.New(), Codes: box})
		e.must(err)
		e.must(e.stop(e.chief))
		again()
		e.refused(second(), db.Conflict, "还没有人报")
		e.must(e.explain(e.chief, session.Explaining{Code: box, Exit: exit, Reason: reason}))
		if exit == session.ExitLost {
			e.must(second())
		}
		e.close()
	}
}

// Opened packs are counted in loose units; what two people count otherwise is
// written as a difference of the packs that were scanned.
func TestLooseLeftOvers(t *testing.T) {
	e := newEvening(t, 1, 4)
	e.must(e.db.App.InTx(e.ctx, func(ctx context.Context, tx *db.Tx) error {
		packs, err := inventory.LockPacks(ctx, tx, e.codes[1:2])
		if err != nil {
			return err
		}
		_, err = inventory.Write(ctx, tx, e.chief, packs[e.codes[1]], inventory.Entry{How: inventory.HowScanned,
			Move: inventory.Move{Kind: inventory.MoveDispense, Quantity: 8, Session: e.session}, Visit: uuid.New()})
		return err
	}))
	e.must(e.count(2, 10))
	_, err := e.confirm(e.chief)
	e.refused(err, db.Conflict, "逐盒扫")
	e.see(e.codes[1])
	e.close()
	var left, short int64
	e.must(e.db.App.Get(e.ctx, &left, `SELECT units_left FROM pack WHERE code = $1 AND state = 'in_store'`, e.codes[1]))
	e.must(e.db.App.Get(e.ctx, &short, `SELECT quantity FROM movement WHERE kind = 'adjust_down'`))
	if left != 10 || short != 2 {
		t.Errorf("%d units left, %d written off; want 10 and 2", left, short)
	}
	if n := e.ways(inventory.MoveComeHome, inventory.HowByNumber); n != 2 {
		t.Errorf("%d full packs came home by number", n)
	}
	e.equation()
}

// Counts that cannot be are refused; the same drug counted again replaces the
// number.
func TestCountsThatCannotBe(t *testing.T) {
	e := newEvening(t, 2, 5)
	e.refused(e.count(6, 0), db.Invalid, "只带出 5 盒")
	e.refused(e.count(-1, 0), db.Invalid)
	e.refused(e.count(3, 101), db.Invalid, "散装")
	_, err := e.svc.CountLeft(e.ctx, e.chief, session.Counting{SessionID: e.session, CommandID: uuid.New(), DrugID: e.drug + 99, Packs: 1})
	e.refused(err, db.Invalid, "没有带这种药")
	_, err = e.svc.CountLeft(e.ctx, e.person("路人", identity.Assistant), session.Counting{SessionID: e.session, CommandID: uuid.New(), DrugID: e.drug, Packs: 3})
	e.refused(err, db.Denied)
	e.must(e.count(4, 0))
	_, err = e.confirm(e.chief)
	e.refused(err, db.Conflict, "多了 1 盒")
	e.must(e.count(3, 0))
	e.close()
}

// While somebody is at a table or waits, or a request is undecided, nothing closes,
// and the refusal names it.
func TestOpenVisitsAndRequestsKeepASessionOpen(t *testing.T) {
	c := newClinic(t, 2, 3, 2)
	e := &evening{clinic: c}
	e.svc = e.svc.WithKeys(newKeys(e))
	visit := e.start(e.doctors[0], 0)
	_, err := e.svc.CheckIn(e.ctx, e.helper, session.Arrival{SessionID: e.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: e.tokens[1]})
	e.must(err)
	e.must(e.stop(e.chief))
	e.must(e.count(2, 0))
	_, err = e.confirm(e.chief)
	e.refused(err, db.Conflict, "2 位", "1 号（医生1）", "2 号（候诊）")
	_, err = e.svc.NameCarrier(e.ctx, e.chief, session.Carrying{SessionID: e.session, CommandID: uuid.New(), StaffID: e.doctors[0].StaffID})
	e.refused(err, db.Conflict, "1 号（医生1）")
	_, err = e.svc.FinishVisit(e.ctx, e.doctors[0], session.Ending{SessionID: e.session, Visit: visit, CommandID: uuid.New(), NoDrugReason: "只复诊"})
	e.must(err)
	e.must(e.db.Owner.InTx(e.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE visit SET state = 'void' WHERE state = 'waiting'`)
		return err
	}))
	request := uuid.New()
	e.must(e.db.Owner.InTx(e.ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `INSERT INTO let_in_request (id, session_id, visit_id, code, answer_kind, asked_by, asked_at)
VALUES ($1, $2, $3, 'X', 'unknown', $4, now())`, request, e.session, visit, e.doctors[0].StaffID)
	}))
	_, err = e.confirm(e.chief)
	e.refused(err, db.Conflict, "1 个放行申请")
	e.must(e.db.Owner.InTx(e.ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `UPDATE let_in_request SET decision = 'refused' WHERE id = $1`, request)
	}))
	e.close()
}

// Two must confirm, and one of them leads; a change in between asks both again.
func TestWhoConfirms(t *testing.T) {
	e := newEvening(t, 1, 3)
	e.must(e.count(2, 0))
	_, err := e.confirm(e.person("路人", identity.Doctor))
	e.refused(err, db.Denied)
	_, err = e.confirm(e.doctors[0])
	e.must(err)
	_, err = e.confirm(e.doctors[1])
	e.refused(err, db.Conflict, "值班药师")
	e.must(e.count(2, 0))
	a, err := e.confirm(e.chief)
	e.must(err)
	if a.State != session.Closing {
		t.Errorf("a word from before the count still counted: %+v", a)
	}
	a, err = e.confirm(e.person("药房药师", identity.Pharmacist))
	e.must(err)
	if a.State != session.Closed {
		t.Errorf("somebody of the pharmacy as second: %+v", a)
	}
}

// Many confirm at the same moment: the session is closed once, and everybody reads
// what became of it.
func TestManyCloseAtOnce(t *testing.T) {
	e := newEvening(t, 1, 6)
	e.must(e.count(5, 0))
	people := append([]identity.Actor{e.chief}, e.doctors...)
	for i := range 5 {
		people = append(people, e.person("药师"+string(rune('乙'+i)), identity.Pharmacist))
	}
	answers, errs := make([]session.ClosingAnswer, len(people)), make([]error, len(people))
	var wg sync.WaitGroup
	for i, by := range people {
		wg.Go(func() { answers[i], errs[i] = e.confirm(by) })
	}
	wg.Wait()
	closed := 0
	for i := range people {
		switch {
		case errs[i] == nil && answers[i].State == session.Closed:
			closed++
		case errs[i] != nil && db.KindOf(errs[i]) != db.Conflict:
			t.Errorf("%s read %v", people[i].Name, errs[i])
		}
	}
	var heads, home int
	e.must(e.db.App.Get(e.ctx, &heads, `SELECT count(*) FROM session_head`))
	e.must(e.db.App.Get(e.ctx, &home, `SELECT count(*) FROM movement WHERE kind = 'come_home'`))
	if closed != 1 || heads != 1 || home != 5 {
		t.Errorf("closed %d times, %d heads, %d packs came home", closed, heads, home)
	}
	e.equation()
}
