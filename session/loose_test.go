package session_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// makeLoose makes the clinic's drug one that is given by the tablet, and the
// scans so far so old that no reader can have read twice.
func (c *clinic) makeLoose() {
	c.t.Helper()
	c.exec(`UPDATE drug SET loose = true WHERE id = $1`, c.drug)
}

func (c *clinic) exec(query string, args ...any) {
	c.t.Helper()
	c.must(c.db.Owner.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}))
}

// units gives a quantity of one box.
func (c *clinic) units(by identity.Actor, visit uuid.UUID, code string, quantity int64) inventory.CodeAnswer {
	c.t.Helper()
	a, err := c.svc.Dispense(c.ctx, by, session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: code, Quantity: quantity})
	c.must(err)
	return a.Answers[0]
}

// pack is a box as its row says.
func (c *clinic) pack(code string) inventory.Pack {
	c.t.Helper()
	p, err := inventory.FindPack(c.ctx, c.db.App, code)
	c.must(err)
	return p
}

// stockHolds replays the ledger.
func (c *clinic) stockHolds() {
	c.t.Helper()
	check, err := inventory.VerifyStock(c.ctx, c.db.App, nil)
	c.must(err)
	if check.First != nil {
		c.t.Errorf("stock: %+v", check.First)
	}
}

// One box of twenty serves patients until its last tablet has gone: nobody gets
// more than it holds, and a second scan of it at the same visit asks instead of
// giving.
func TestOneBoxServesManyPatients(t *testing.T) {
	c := newClinic(t, 2, 3, 2)
	c.makeLoose()
	box, other := c.codes[0], c.codes[1]
	first := c.start(c.doctors[0], 0)
	if a := c.scan(c.doctors[0], first, box).Answers[0]; a.Kind != inventory.KindAskQuantity || a.Left != 20 || a.Unit != "片" {
		t.Fatalf("a loose box without a number: %+v", a)
	}
	if p := c.pack(box); p.UnitsLeft != 20 || p.State != inventory.StateAllocated {
		t.Fatalf("a question moved the box: %+v", p)
	}
	a := c.units(c.doctors[0], first, box, 12)
	if a.Kind != inventory.KindOK || a.Quantity != 12 || a.Left != 8 || a.Sentence != "演示利培酮片 1mg×20片 已记录 12 片，这盒还剩 8 片。" {
		t.Errorf("twelve of twenty: %+v", a)
	}
	second := c.start(c.doctors[1], 1)
	if a := c.units(c.doctors[1], second, box, 10); a.Kind != inventory.KindNotEnough || !strings.Contains(a.Sentence, "剩 8 片") || !strings.Contains(a.Sentence, "另一盒再扫 2 片") {
		t.Errorf("more than is left: %+v", a)
	}
	if a := c.units(c.doctors[1], second, box, 8); a.Kind != inventory.KindOK || a.Left != 0 || !strings.Contains(a.Sentence, "这盒已发完") {
		t.Errorf("the last eight: %+v", a)
	}
	if p := c.pack(box); p.State != inventory.StateDispensed || p.UnitsLeft != 0 || p.UnitsGiven != 20 {
		t.Errorf("the last unit closes the box: %+v", p)
	}
	if a := c.units(c.doctors[1], second, other, 2); a.Kind != inventory.KindOK {
		t.Errorf("two of another box: %+v", a)
	}
	lines, err := session.VisitLines(c.ctx, c.db.App, second)
	c.must(err)
	if len(lines) != 2 || lines[0].Quantity != 2 || lines[1].Quantity != 8 {
		t.Errorf("one issue over two boxes: %+v", lines)
	}
	c.finish(c.doctors[0], first, "")
	third := c.start(c.doctors[0], 2)
	if a := c.scan(c.doctors[0], third, box).Answers[0]; a.Kind != inventory.KindUsedUp || !strings.Contains(a.Sentence, "已发完") {
		t.Errorf("an empty box: %+v", a)
	}
	c.finish(c.doctors[1], second, "")
	if left := c.notRecorded(second); len(left) != 0 {
		t.Errorf("codes that were only asked for a number stand in the record: %q", left)
	}
	c.stockHolds()
}

// notRecorded is what the record of a visit names as not recorded.
func (c *clinic) notRecorded(visit uuid.UUID) []string {
	c.t.Helper()
	var list []string
	c.must(c.db.App.Select(c.ctx, &list, `SELECT answer_kind FROM visit_refusal WHERE visit_id = $1 AND resolution <> '已填数量'`, visit))
	return list
}

// The same box again with another number changes the line that is there.
func TestTheSameBoxAgainChangesTheNumber(t *testing.T) {
	c := newClinic(t, 1, 2, 2)
	c.makeLoose()
	d, box := c.doctors[0], c.codes[0]
	visit := c.start(d, 0)
	c.units(d, visit, box, 10)
	cases := []struct {
		units, has, left int64
		kind             inventory.AnswerKind
	}{
		{10, 10, 10, inventory.KindRepeat},
		{6, 6, 14, inventory.KindChanged},
		{15, 15, 5, inventory.KindChanged},
		{21, 15, 5, inventory.KindNotEnough},
		{20, 20, 0, inventory.KindChanged},
		{1, 1, 19, inventory.KindChanged},
	}
	for _, x := range cases {
		a := c.units(d, visit, box, x.units)
		p := c.pack(box)
		if a.Kind != x.kind || p.UnitsLeft != x.left || p.UnitsGiven != x.has || x.kind != inventory.KindNotEnough && (a.Quantity != x.has || a.Left != x.left) {
			t.Errorf("%d again: %+v; the box has %d, given %d", x.units, a, p.UnitsLeft, p.UnitsGiven)
		}
		lines, err := session.VisitLines(c.ctx, c.db.App, visit)
		c.must(err)
		if len(lines) != 1 || lines[0].Quantity != x.has {
			t.Errorf("%d again: lines %+v", x.units, lines)
		}
	}
	whole, err := c.svc.Dispense(c.ctx, d, session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: box, Whole: true})
	c.must(err)
	if a := whole.Answers[0]; a.Kind != inventory.KindChanged || a.Quantity != 20 || whole.Packs != 1 {
		t.Errorf("and the whole box after all: %+v", whole)
	}
	if _, err := c.svc.Undo(c.ctx, d, session.Undoing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: box}); err != nil {
		t.Error(err)
	}
	if p := c.pack(box); p.State != inventory.StateAllocated || p.UnitsLeft != 20 || p.UnitsGiven != 0 {
		t.Errorf("after undo: %+v", p)
	}
	c.stockHolds()
}

func TestNumbersThatCannotBeMeant(t *testing.T) {
	c := newClinic(t, 1, 1, 2)
	d, visit := c.doctors[0], c.start(c.doctors[0], 0)
	if a := c.units(d, visit, c.codes[0], 5); a.Kind != inventory.KindNotLoose {
		t.Errorf("a number for a drug that goes by the box: %+v", a)
	}
	c.makeLoose()
	for name, in := range map[string]session.Scan{
		"negative":       {Codes: c.codes[0], Quantity: -1},
		"endless":        {Codes: c.codes[0], Quantity: 1 << 40},
		"for two codes":  {Codes: join(c.codes), Quantity: 5},
		"both at once":   {Codes: c.codes[0], Quantity: 5, Whole: true},
		"whole, for two": {Codes: join(c.codes), Whole: true},
	} {
		in.SessionID, in.Visit, in.CommandID = c.session, visit, uuid.New()
		if _, err := c.svc.Dispense(c.ctx, d, in); db.KindOf(err) != db.Invalid || db.Sentence(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	a := c.scan(d, visit, c.codes...)
	if len(a.Answers) != 2 || a.Packs != 0 || a.Answers[0].Kind != inventory.KindAskQuantity || a.Answers[1].Kind != inventory.KindAskQuantity {
		t.Errorf("two loose boxes at once: %+v", a)
	}
	if _, err := c.svc.FinishVisit(c.ctx, d, session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New(), NoDrugReason: "只复诊", AskLeft: true, Left: session.LeftGiven}); db.KindOf(err) != db.Conflict {
		t.Errorf("given, but nobody knows how much: %v", err)
	}
	c.stockHolds()
}

// Ten doctors reach for one box at once: each gets two tablets or reads that
// there are not enough, and what was given is what the box had.
func TestManyDoctorsAndOneLooseBox(t *testing.T) {
	c := newClinic(t, 12, 12, 1)
	c.makeLoose()
	visits := make([]uuid.UUID, len(c.doctors))
	for i, d := range c.doctors {
		visits[i] = c.start(d, i)
	}
	var wg sync.WaitGroup
	kinds := make([]inventory.AnswerKind, len(c.doctors))
	for i, d := range c.doctors {
		wg.Go(func() {
			a, err := c.svc.Dispense(c.ctx, d, session.Scan{SessionID: c.session, Visit: visits[i], CommandID: uuid.New(), Codes: c.codes[0], Quantity: 3})
			if err == nil {
				kinds[i] = a.Answers[0].Kind
			}
		})
	}
	wg.Wait()
	got := map[inventory.AnswerKind]int{}
	for _, k := range kinds {
		got[k]++
	}
	if p := c.pack(c.codes[0]); got[inventory.KindOK] != 6 || got[inventory.KindNotEnough] != 6 || p.UnitsLeft != 2 || p.UnitsGiven != 18 {
		t.Errorf("%v; the box: %+v", got, p)
	}
	c.stockHolds()
}

// The number that the page fills in is what the patient had last time, less what
// the visit has already; what one box had not is carried to the next.
func TestTheNumberSuggested(t *testing.T) {
	c := newClinic(t, 1, 2, 3)
	c.makeLoose()
	d := c.doctors[0]
	asks := func(visit uuid.UUID, again string) string {
		v, err := session.FindVisit(c.ctx, c.db.App, c.session, visit)
		c.must(err)
		chips, err := session.Chips(c.ctx, c.db.App, visit)
		c.must(err)
		list, err := session.Questions(c.ctx, c.db.App, v, chips, again)
		c.must(err)
		text := ""
		for _, q := range list {
			text += fmt.Sprintf("%s: %d of %d, has %d; ", q.Code[16:], q.Suggest, q.Left, q.Mine)
		}
		return text
	}
	holds := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	visit := c.start(d, 0)
	c.scan(d, visit, c.codes[0])
	holds("a patient without a past", asks(visit, ""), "0001: 0 of 20, has 0; ")
	c.units(d, visit, c.codes[0], 14)
	holds("nothing open", asks(visit, ""), "")
	holds("changing", asks(visit, c.codes[0]), "0001: 14 of 6, has 14; ")
	c.finish(d, visit, "")
	visit = c.start(d, 0)
	c.scan(d, visit, c.codes[0], c.codes[1])
	holds("as last time, as far as the box goes", asks(visit, ""), "0001: 6 of 6, has 0; 0002: 14 of 20, has 0; ")
	c.units(d, visit, c.codes[0], 10)
	c.units(d, visit, c.codes[0], 6)
	holds("what was asked for, less what is there", asks(visit, ""), "0002: 4 of 20, has 0; ")
	c.units(d, visit, c.codes[1], 4)
	c.finish(d, visit, "")
	visit = c.start(d, 0)
	c.scan(d, visit, c.codes[1])
	holds("both boxes of last time", asks(visit, ""), "0002: 10 of 16, has 0; ")
	c.exec(`UPDATE pack SET units_total = 5, units_left = 5 WHERE code = $1`, c.codes[2])
	visit = func() uuid.UUID { c.finish(d, visit, "只复诊"); return c.start(d, 1) }()
	c.scan(d, visit, c.codes[2])
	holds("ampoules go one by one", asks(visit, ""), "0003: 1 of 5, has 0; ")
}

// A loose box that the duty holder lets in is not handed out unasked.
func TestALooseBoxThatIsLetIn(t *testing.T) {
	c := newClinic(t, 1, 1, 2)
	c.makeLoose()
	d := c.doctors[0]
	_, err := c.svc.Unpack(c.ctx, c.chief, session.Packing{SessionID: c.session, CommandID: uuid.New(), Codes: c.codes[0]})
	c.must(err)
	visit := c.start(d, 0)
	for _, code := range []string{c.codes[0], "80000019999999999999"} {
		if a := c.scan(d, visit, code).Answers[0]; !a.MayAsk {
			t.Fatalf("%s: %+v", code, a)
		}
		request, err := c.svc.AskLetIn(c.ctx, d, session.Asking{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: code})
		c.must(err)
		answer, err := c.svc.Decide(c.ctx, c.chief, session.Deciding{SessionID: c.session, Request: request.ID, CommandID: uuid.New(), LetIn: true, Reason: "患者急用"})
		c.must(err)
		if !strings.Contains(answer.Sentence, "填发多少") {
			t.Errorf("%s: %+v", code, answer)
		}
		if p := c.pack(code); p.State != inventory.StateAllocated || p.UnitsLeft != 20 {
			t.Errorf("%s: %+v", code, p)
		}
		chips, err := session.Chips(c.ctx, c.db.App, visit)
		c.must(err)
		if len(chips) != 1 || chips[0].Kind != string(inventory.KindAskQuantity) {
			t.Errorf("%s: the doctor is not asked: %+v", code, chips)
		}
		if a := c.units(d, visit, code, 7); a.Kind != inventory.KindOK || a.Left != 13 {
			t.Errorf("%s: %+v", code, a)
		}
	}
	c.stockHolds()
}
