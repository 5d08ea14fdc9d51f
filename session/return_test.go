package session_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// back takes a return at a visit, or in the pharmacy with uuid.Nil.
func (c *clinic) back(by identity.Actor, visit uuid.UUID, form session.ReturnForm, units int64, codes ...string) (session.ReturnAnswer, error) {
	return c.svc.TakeReturn(c.ctx, by, session.Returning{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: join(codes), Form: form, Units: units})
}

// brings is back without an error, answered with the kinds in the order of the
// codes.
func (c *clinic) brings(visit uuid.UUID, form session.ReturnForm, units int64, codes []string, want ...inventory.AnswerKind) session.ReturnAnswer {
	c.t.Helper()
	a, err := c.back(c.helper, visit, form, units, codes...)
	c.must(err)
	for i, k := range want {
		if a.Answers[i].Kind != k {
			c.t.Errorf("code %d: %+v, want %s", i, a.Answers[i], k)
		}
	}
	return a
}

// supplied gives a patient packs in a finished visit.
func (c *clinic) supplied(i int, codes ...string) uuid.UUID {
	c.t.Helper()
	visit := c.start(c.doctors[0], i)
	c.scan(c.doctors[0], visit, codes...)
	c.end(c.doctors[0], visit)
	return visit
}

func (c *clinic) stateOf(code string) inventory.State {
	c.t.Helper()
	p, err := inventory.FindPack(c.ctx, c.db.App, code)
	c.must(err)
	return p.State
}

func (c *clinic) adheres(i int, visit uuid.UUID) session.Adherence {
	c.t.Helper()
	a, err := session.ReadAdherence(c.ctx, c.db.App, c.patients[i].ID, visit, time.Now())
	c.must(err)
	return a
}

// The whole of a return at the table: ticks, what comes back with content, what
// is odd, and medicine handed out all the same.
func TestReturnAtTheTable(t *testing.T) {
	c := newClinic(t, 1, 2, 8)
	x := c.codes
	gave := c.supplied(0, x[0], x[1], x[2])
	c.supplied(1, x[3])
	c.insertDays(gave, 28)
	visit := c.start(c.doctors[0], 0)
	if got := c.adheres(0, visit).Sentence(); got != "给 28 天，已 0 天，还差 3 个空盒" {
		t.Errorf("before: %q", got)
	}
	c.brings(visit, session.ReturnEmpty, 0, []string{x[0], x[0], x[3], x[5], code20("9"), "6901234567892"}, inventory.KindEmptySeen, inventory.KindAbsorbed,
		inventory.KindEmptyOther, inventory.KindEmptyNever, inventory.KindEmptyUnknown, inventory.KindCommodityCode)
	c.brings(visit, session.ReturnEmpty, 0, x[:1], inventory.KindAlreadyHere)
	_, err := c.svc.TakeReturn(c.ctx, c.helper, session.Returning{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Unread: true})
	c.must(err)
	if a := c.adheres(0, visit); a.Missing() != 1 || a.Sentence() != "给 28 天，已 0 天，还差 1 个空盒" {
		t.Errorf("after: %+v %q", a, a.Sentence())
	}
	a := c.brings(visit, session.ReturnOpened, 7, x[1:2], inventory.KindOK)
	if a.Taken != 1 || c.stateOf(x[1]) != inventory.StateQuarantined {
		t.Errorf("opened: %+v", a)
	}
	p, err := inventory.FindPack(c.ctx, c.db.App, x[1])
	if err != nil || p.UnitsLeft != 7 || p.UnitsGiven != 13 || !p.Returned {
		t.Errorf("%+v %v", p, err)
	}
	c.brings(visit, session.ReturnFull, 0, []string{x[3], x[6], code20("9"), x[1]}, inventory.KindReturnOther, inventory.KindNeverGiven, inventory.KindNotOurs, inventory.KindAlreadyHere)
	if c.stateOf(x[3]) != inventory.StateQuarantined || c.stateOf(x[6]) != inventory.StateAllocated || c.stateOf(x[0]) != inventory.StateDispensed {
		t.Error("what was never given moved, or an empty box did")
	}
	if got := c.scan(c.doctors[0], visit, x[4]); got.Packs != 1 {
		t.Errorf("the patient gets no medicine: %+v", got)
	}
	c.brings(visit, session.ReturnFull, 0, x[4:5], inventory.KindGivenNow)
	notes, err := session.ReturnNotes(c.ctx, c.db.App, 50)
	if err != nil || len(notes) != 6 {
		t.Fatalf("%d notes: %+v %v", len(notes), notes, err)
	}
	for _, n := range notes {
		if n.Patient != "演示1" || n.Taker != "工作人员甲" {
			t.Errorf("%+v", n)
		}
	}
	c.agreesWithLedger()
}

func code20(head string) string { return head + strings.Repeat("0", 19) }

func (c *clinic) insertDays(visit uuid.UUID, days int) {
	c.t.Helper()
	var n int64
	c.insert(&n, `UPDATE visit_line SET days = $2 WHERE id = (SELECT min(id) FROM visit_line WHERE visit_id = $1) RETURNING id`, visit, days)
}

func (c *clinic) agreesWithLedger() {
	c.t.Helper()
	check, err := inventory.VerifyStock(c.ctx, c.db.App, nil)
	if err != nil || check.First != nil {
		c.t.Errorf("verify: %+v %v", check.First, err)
	}
	s, err := session.ReadBoard(c.ctx, c.db.App, c.session)
	c.must(err)
	moves, err := session.ReadEquation(c.ctx, c.db.App, s.Session)
	if err != nil || moves != s.Equation() || !moves.Holds() {
		c.t.Errorf("by packs %+v, by movements %+v, %v", s.Equation(), moves, err)
	}
}

func TestReturnRefusals(t *testing.T) {
	c := newClinic(t, 1, 1, 3)
	c.supplied(0, c.codes[0])
	visit := c.start(c.doctors[0], 0)
	manager := c.person("主任", identity.Manager)
	for _, x := range []struct {
		name  string
		by    identity.Actor
		visit uuid.UUID
		form  session.ReturnForm
		units int64
		codes []string
		kind  db.Kind
		words string
	}{
		{"opened without a number", c.helper, visit, session.ReturnOpened, 0, c.codes[:1], db.Invalid, "还剩多少"},
		{"opened, several at once", c.helper, visit, session.ReturnOpened, 3, c.codes[:2], db.Invalid, "一盒一盒"},
		{"more than was given", c.helper, visit, session.ReturnOpened, 21, c.codes[:1], db.Invalid, "一共给了 20"},
		{"no form", c.helper, visit, "half", 0, c.codes[:1], db.Invalid, "请选择"},
		{"another session's visit", c.helper, uuid.New(), session.ReturnFull, 0, c.codes[:1], db.NotFound, "就诊"},
		{"a manager", manager, visit, session.ReturnFull, 0, c.codes[:1], db.Denied, "退药"},
		{"a manager in the pharmacy", manager, uuid.Nil, session.ReturnFull, 0, c.codes[:1], db.Denied, "退药"},
	} {
		_, err := c.back(x.by, x.visit, x.form, x.units, x.codes...)
		if db.KindOf(err) != x.kind || !strings.Contains(db.Sentence(err), x.words) {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	if c.stateOf(c.codes[0]) != inventory.StateDispensed {
		t.Error("something moved")
	}
}

// In the pharmacy a return needs no patient; a tick may be taken back the same
// day, what went into quarantine may not.
func TestReturnInThePharmacy(t *testing.T) {
	c := newClinic(t, 1, 2, 4)
	c.supplied(0, c.codes[0], c.codes[1])
	c.brings(uuid.Nil, session.ReturnEmpty, 0, c.codes[:1], inventory.KindEmptySeen)
	c.brings(uuid.Nil, session.ReturnFull, 0, c.codes[1:2], inventory.KindOK)
	a, err := c.svc.TakeReturn(c.ctx, c.chief, session.Returning{CommandID: uuid.New(), Patient: c.tokens[1], Codes: c.codes[0], Form: session.ReturnFull})
	if err != nil || a.Answers[0].Kind != inventory.KindReturnOther {
		t.Errorf("brought by another: %+v %v", a, err)
	}
	last, err := session.LastReturns(c.ctx, c.db.App, 10)
	if err != nil || len(last) != 3 || last[2].GivenNumber != 1 {
		t.Fatalf("%+v %v", last, err)
	}
	undo := func(i int) error {
		return c.svc.VoidReturn(c.ctx, c.helper, session.VoidingReturn{ID: last[i].ID, CommandID: uuid.New()})
	}
	if err := undo(1); db.KindOf(err) != db.Conflict {
		t.Errorf("out of quarantine: %v", err)
	}
	if err := c.svc.SeeReturn(c.ctx, c.helper, session.VoidingReturn{ID: last[0].ID, CommandID: uuid.New()}); db.KindOf(err) != db.Denied {
		t.Errorf("an assistant settles a note: %v", err)
	}
	c.must(c.svc.SeeReturn(c.ctx, c.chief, session.VoidingReturn{ID: last[0].ID, CommandID: uuid.New()}))
	if notes, err := session.ReturnNotes(c.ctx, c.db.App, 10); err != nil || len(notes) != 0 {
		t.Errorf("%+v %v", notes, err)
	}
}

func TestReturnTickTakenBack(t *testing.T) {
	c := newClinic(t, 1, 1, 2)
	c.supplied(0, c.codes[0])
	visit := c.start(c.doctors[0], 0)
	c.brings(visit, session.ReturnEmpty, 0, c.codes[:1], inventory.KindEmptySeen)
	last, err := session.LastReturns(c.ctx, c.db.App, 10)
	c.must(err)
	in := session.VoidingReturn{ID: last[0].ID, CommandID: uuid.New()}
	c.must(c.svc.VoidReturn(c.ctx, c.helper, in))
	if err := c.svc.VoidReturn(c.ctx, c.helper, session.VoidingReturn{ID: in.ID, CommandID: uuid.New()}); db.KindOf(err) != db.Conflict {
		t.Errorf("twice: %v", err)
	}
	if a := c.adheres(0, visit); a.Missing() != 1 {
		t.Errorf("%+v", a)
	}
	c.brings(visit, session.ReturnEmpty, 0, c.codes[:1], inventory.KindEmptySeen)
}

// A box of a closed session adds a supplement to the record of the visit that
// gave it; the chain and its signed head stay whole, and the code's life names
// that visit.
func TestReturnAfterClosing(t *testing.T) {
	e := newEvening(t, 2, 3)
	e.must(e.count(1, 0))
	e.close()
	a, err := e.svc.TakeReturn(e.ctx, e.chief, session.Returning{CommandID: uuid.New(), Codes: join(e.codes[:2]), Form: session.ReturnFull})
	if err != nil || a.Taken != 2 {
		t.Fatalf("%+v %v", a, err)
	}
	list, err := session.Supplements(e.ctx, e.db.App, e.session)
	if err != nil || len(list) != 2 || !strings.Contains(list[0].Text, "患者退回") || list[0].Corrects == "" {
		t.Errorf("%+v %v", list, err)
	}
	heads, err := session.VerifyHeads(e.ctx, e.db.App, e.session, e.keys.PublicKey)
	if err != nil || heads.Problem != "" || heads.Chains != 2 {
		t.Errorf("heads %+v %v", heads, err)
	}
	trace, err := e.svc.Trace(e.ctx, e.chief, e.codes[0])
	if err != nil || trace.Chains.Problem != "" {
		t.Fatalf("%+v %v", trace.Chains, err)
	}
	last := trace.Steps[len(trace.Steps)-1]
	if last.Kind != inventory.MoveReturn || last.Given == nil || last.Given.Number != 1 || last.Given.Patient != "演示1" {
		t.Errorf("%+v %+v", last, last.Given)
	}
}

// A box is brought back at two tables and in the pharmacy at once, and undone,
// and set apart: one of them gets it.
func TestReturnAtOnce(t *testing.T) {
	c := newClinic(t, 2, 2, 4)
	c.supplied(0, c.codes[0])
	visits := []uuid.UUID{c.start(c.doctors[0], 0), c.start(c.doctors[1], 1), uuid.Nil, uuid.Nil}
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for _, v := range visits {
		wg.Go(func() {
			a, err := c.back(c.helper, v, session.ReturnFull, 0, c.codes[0])
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("%v", err)
			}
			taken += a.Taken
		})
	}
	wg.Wait()
	if taken != 1 || c.stateOf(c.codes[0]) != inventory.StateQuarantined {
		t.Errorf("taken %d times", taken)
	}
	c.agreesWithLedger()
}

// The second person confirms a loss while the doctor scans that very box: the
// patient has it, or it is lost, never both.
func TestLossAgainstDispensing(t *testing.T) {
	c := newClinic(t, 1, 1, 12)
	stock := inventory.New(c.db.App)
	second := c.person("药师乙", identity.Pharmacist)
	visit := c.start(c.doctors[0], 0)
	for i, code := range c.codes {
		a, err := stock.SetAside(c.ctx, c.chief, inventory.SettingAside{CommandID: uuid.New(), Act: inventory.MoveLose, Codes: code, Reason: "找不到"})
		c.must(err)
		var wg sync.WaitGroup
		var confirmed error
		var scanned session.ScanAnswer
		wg.Go(func() {
			_, confirmed = stock.ConfirmDisposal(c.ctx, second, inventory.Deciding{DisposalID: a.Disposal, CommandID: uuid.New(), Packs: 1})
		})
		wg.Go(func() {
			var err error
			scanned, err = c.svc.Dispense(c.ctx, c.doctors[0], session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: code})
			if err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		given := scanned.Answers[0].Kind == inventory.KindOK
		switch state := c.stateOf(code); {
		case given && (confirmed == nil || state != inventory.StateDispensed || !strings.Contains(db.Sentence(confirmed), "已发")):
			t.Errorf("%d: given, and %s with %v", i, state, confirmed)
		case !given && (confirmed != nil || state != inventory.StateLost):
			t.Errorf("%d: not given, and %s with %v", i, state, confirmed)
		}
	}
	c.agreesWithLedger()
}

func TestAdherenceSentence(t *testing.T) {
	t.Parallel()
	box := func(back session.ReturnForm) session.SupplyBox { return session.SupplyBox{Back: back} }
	for i, x := range []struct {
		a    session.Adherence
		want string
	}{
		{session.Adherence{}, ""},
		{session.Adherence{Days: 28, Passed: 30, Boxes: []session.SupplyBox{box("empty"), box("")}}, "给 28 天，已 30 天，还差 1 个空盒"},
		{session.Adherence{Passed: 30, Boxes: []session.SupplyBox{box("")}}, "已 30 天，还差 1 个空盒"},
		{session.Adherence{Days: 28, Passed: 30, Unread: 1, Boxes: []session.SupplyBox{box("full"), box("")}}, "给 28 天，已 30 天，空盒齐了"},
		{session.Adherence{Days: 28, Passed: 3, Unread: 5, Boxes: []session.SupplyBox{box("")}}, "给 28 天，已 3 天，空盒齐了"},
	} {
		if got := x.a.Sentence(); got != x.want {
			t.Errorf("%d: %q, want %q", i, got, x.want)
		}
	}
	if fmt.Sprint(session.ReturnFull.Word(), session.ReturnOpened.Word(), session.ReturnEmpty.Word()) != "整盒开过空盒" {
		t.Error("words")
	}
}

// A box of a visit that is still open is undone there, not brought back.
func TestReturnOfAnOpenVisit(t *testing.T) {
	c := newClinic(t, 1, 1, 2)
	visit := c.start(c.doctors[0], 0)
	c.scan(c.doctors[0], visit, c.codes[0])
	c.brings(uuid.Nil, session.ReturnFull, 0, c.codes[:1], inventory.KindGivenNow)
	c.brings(uuid.Nil, session.ReturnEmpty, 0, c.codes[:1], inventory.KindGivenNow)
	if c.stateOf(c.codes[0]) != inventory.StateDispensed {
		t.Error("it moved")
	}
}

// Units of a pack that was given by quantity come back as a note: the pack itself
// stays where it is.
func TestReturnOfLooseUnits(t *testing.T) {
	c := newClinic(t, 1, 2, 2)
	var drug int64
	c.insert(&drug, `UPDATE drug SET loose = true WHERE id = $1 RETURNING id`, c.drug)
	visit := c.start(c.doctors[0], 0)
	_, err := c.svc.Dispense(c.ctx, c.doctors[0], session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: c.codes[0], Quantity: 5})
	c.must(err)
	c.end(c.doctors[0], visit)
	if _, err := c.back(c.helper, uuid.Nil, session.ReturnOpened, 6, c.codes[0]); db.KindOf(err) != db.Invalid || !strings.Contains(db.Sentence(err), "给了 5") {
		t.Errorf("more than was given: %v", err)
	}
	c.brings(uuid.Nil, session.ReturnOpened, 3, c.codes[:1], inventory.KindLooseBack)
	notes, err := session.ReturnNotes(c.ctx, c.db.App, 10)
	if err != nil || len(notes) != 1 || notes[0].Units != 3 || notes[0].GivenTo != "演示1" {
		t.Errorf("%+v %v", notes, err)
	}
	if p, err := inventory.FindPack(c.ctx, c.db.App, c.codes[0]); err != nil || p.State != inventory.StateAllocated || p.UnitsLeft != 15 || p.UnitsGiven != 5 {
		t.Errorf("%+v %v", p, err)
	}
	c.agreesWithLedger()
}

// The empty boxes of a narcotic are taken in and destroyed by two; their life
// says who and on which paper.
func TestEmptyBoxOfANarcotic(t *testing.T) {
	c := newClinic(t, 1, 1, 2)
	var class int64
	c.insert(&class, `INSERT INTO drug_class (drug_id, class, since_on, at) VALUES ($1, '麻', '2020-01-01', now()) RETURNING id`, c.drug)
	c.supplied(0, c.codes[0])
	a := c.brings(uuid.Nil, session.ReturnEmpty, 0, c.codes[:1], inventory.KindOK)
	if a.Taken != 1 || c.stateOf(c.codes[0]) != inventory.StateQuarantined {
		t.Fatalf("%+v", a)
	}
	stock, second := inventory.New(c.db.App), c.person("药师乙", identity.Pharmacist)
	done, err := stock.SetAside(c.ctx, c.chief, inventory.SettingAside{CommandID: uuid.New(), Act: inventory.MoveDestroy, Codes: c.codes[0], Reason: "空安瓿", Method: "毁形", Place: "医废间"})
	c.must(err)
	_, err = stock.ConfirmDisposal(c.ctx, second, inventory.Deciding{DisposalID: done.Disposal, CommandID: uuid.New(), Packs: 1})
	c.must(err)
	trace, err := c.svc.Trace(c.ctx, c.chief, c.codes[0])
	c.must(err)
	last := trace.Steps[len(trace.Steps)-1]
	if last.Kind != inventory.MoveDestroy || last.Quantity != 0 || last.Paper != done.Number || last.Proposer != "药师甲" || last.Decider != "药师乙" {
		t.Errorf("%+v", last)
	}
	c.agreesWithLedger()
}
