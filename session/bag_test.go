package session_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// bag packs codes into the bag of patient i.
func (c *clinic) bag(i int, codes ...string) session.BagAnswer {
	c.t.Helper()
	a, err := c.svc.FillBag(c.ctx, c.chief, session.BagFilling{SessionID: c.session, PatientID: c.patients[i].ID, CommandID: uuid.New(), Codes: join(codes)})
	c.must(err)
	return a
}

// expect puts all patients on the roster.
func (c *clinic) expect() {
	c.t.Helper()
	for _, token := range c.tokens {
		_, err := c.svc.ChangeRoster(c.ctx, c.chief, session.RosterChange{SessionID: c.session, CommandID: uuid.New(), Add: token})
		if err != nil && db.KindOf(err) != db.Conflict {
			c.t.Fatal(err)
		}
	}
}

func kindsOf(answers []inventory.CodeAnswer) string {
	var list []string
	for _, a := range answers {
		list = append(list, string(a.Kind))
	}
	return strings.Join(list, " ")
}

func TestBag_twoScansAreAVisit(t *testing.T) {
	t.Parallel()
	c := newClinic(t, 1, 2, 8)
	c.expect()
	b := c.bag(0, c.codes[:5]...)
	if b.Moved != 5 || b.Packs != 5 || !strings.HasPrefix(b.Label, "JFB") {
		t.Fatalf("bag %+v", b)
	}
	doctor := c.doctors[0]
	visit := c.start(doctor, 0)
	a := c.scan(doctor, visit, b.Label)
	if a.Packs != 5 || kindsOf(a.Answers) != "ok ok ok ok ok bag_given" || a.Worst().Kind != inventory.KindBagGiven {
		t.Fatalf("one scan of the bag gave %d packs: %s", a.Packs, kindsOf(a.Answers))
	}
	var hows []string
	c.must(c.db.App.Select(c.ctx, &hows, `SELECT DISTINCT how FROM visit_line WHERE visit_id = $1`, visit))
	if len(hows) != 1 || hows[0] != string(inventory.HowTogether) {
		t.Errorf("the lines say %v", hows)
	}
	again := c.scan(doctor, visit, b.Label)
	if kindsOf(again.Answers) != "repeat" || again.Packs != 5 {
		t.Errorf("the label again: %+v", again)
	}
}

func TestBag_packsStayWithTheSession(t *testing.T) {
	t.Parallel()
	c := newClinic(t, 1, 2, 4)
	c.expect()
	c.bag(0, c.codes[:3]...)
	x, err := session.Find(c.ctx, c.db.App, c.session)
	c.must(err)
	e, err := session.ReadEquation(c.ctx, c.db.App, x)
	c.must(err)
	if !e.Holds() || e.Left != 4 {
		t.Errorf("equation %+v", e)
	}
}

// What is refused at the table, and what may be done about it.
func TestBag_answersAtTheTable(t *testing.T) {
	t.Parallel()
	c := newClinic(t, 2, 3, 10)
	c.expect()
	first, second := c.bag(0, c.codes[0], c.codes[1]), c.bag(1, c.codes[2])
	doctor := c.doctors[0]
	visit := c.start(doctor, 0)
	number := c.patients[1].Number
	for _, x := range []struct {
		name, code, kinds, says string
	}{
		{"bag of another patient", second.Label, "other_bag", number},
		{"pack out of another bag", c.codes[2], "in_a_bag", number},
		{"label nobody knows", inventory.NewLabel(inventory.ContainerBag), "bag_unknown", "再扫一次"},
		{"label not read to its end", first.Label[:9], "bag_unknown", "再扫一次"},
		{"label of a tote", inventory.NewLabel(inventory.ContainerTote), "tote_label", "药盒"},
		{"pack out of the own bag", c.codes[0], "ok", ""},
		{"the rest by the label", first.Label, "ok absorbed bag_given", "1 盒"},
	} {
		a := c.scan(doctor, visit, x.code)
		if kindsOf(a.Answers) != x.kinds || !strings.Contains(a.Worst().Sentence, x.says) {
			t.Errorf("%s: %s %q", x.name, kindsOf(a.Answers), a.Worst().Sentence)
		}
	}
	o, err := c.svc.OpenBags(c.ctx, doctor, session.BagOpening{SessionID: c.session, BagID: second.BagID, CommandID: uuid.New()})
	c.must(err)
	if o.Moved != 1 {
		t.Errorf("opened: %+v", o)
	}
	if a := c.scan(doctor, visit, c.codes[2]); kindsOf(a.Answers) != "ok" {
		t.Errorf("after the bag was opened: %s", kindsOf(a.Answers))
	}
	other := c.start(c.doctors[1], 1)
	if a := c.scan(c.doctors[1], other, second.Label); kindsOf(a.Answers) != "bag_used" || !strings.Contains(a.Worst().Sentence, "已拆开") {
		t.Errorf("an opened bag: %+v", a)
	}
}

func TestBag_namesWhatMayNotGo(t *testing.T) {
	t.Parallel()
	c := newClinic(t, 1, 1, 6)
	c.expect()
	b := c.bag(0, c.codes[:5]...)
	c.must(c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE pack SET expires_on = $2::date WHERE code = $1`, c.codes[0], time.Now().AddDate(0, 0, -3)); err != nil {
			return err
		}
		packs, err := inventory.LockPacks(ctx, tx, c.codes[1:2])
		if err != nil {
			return err
		}
		_, err = inventory.SetAside(ctx, tx, c.chief, []*inventory.Pack{packs[c.codes[1]]}, inventory.Aside{Act: inventory.MoveQuarantine, Reason: "召回"})
		return err
	}))
	visit := c.start(c.doctors[0], 0)
	a := c.scan(c.doctors[0], visit, b.Label)
	if a.Packs != 3 || kindsOf(a.Answers) != "expired ok ok ok quarantined bag_given" || a.Worst().Tone != inventory.ToneBad {
		t.Fatalf("%d packs: %s, worst %q", a.Packs, kindsOf(a.Answers), a.Worst().Sentence)
	}
	chips, err := session.Chips(c.ctx, c.db.App, visit)
	c.must(err)
	if len(chips) != 2 {
		t.Errorf("未记录: %+v", chips)
	}
}

func TestBag_filling(t *testing.T) {
	t.Parallel()
	c := newClinic(t, 1, 3, 6)
	c.expect()
	c.bag(0, c.codes[0])
	if a := c.bag(1, c.codes[0]); kindsOf(a.Answers) != "in_a_bag" || a.BagID != 0 || !strings.Contains(a.Worst().Sentence, c.patients[0].Number) {
		t.Errorf("a pack for two: %+v", a)
	}
	if a := c.bag(0, c.codes[0]); kindsOf(a.Answers) != "already_here" || a.Packs != 1 {
		t.Errorf("twice into one bag: %+v", a)
	}
	visit := c.start(c.doctors[0], 2)
	c.scan(c.doctors[0], visit, c.codes[5])
	if a := c.bag(1, c.codes[5], "6901234567892", c.tokens[0]); kindsOf(a.Answers) != "taken_today commodity_code patient_label" || a.Moved != 0 {
		t.Errorf("not in the trays: %s", kindsOf(a.Answers))
	}
	out, err := c.svc.TakeFromBag(c.ctx, c.chief, session.BagFilling{SessionID: c.session, PatientID: c.patients[0].ID, CommandID: uuid.New(), Codes: c.codes[0]})
	c.must(err)
	if out.Packs != 0 || out.Moved != 1 {
		t.Errorf("taken out: %+v", out)
	}
	if a := c.bag(1, c.codes[0]); a.Packs != 1 {
		t.Errorf("and into the other: %+v", a)
	}
	_, err = c.svc.FillBag(c.ctx, c.chief, session.BagFilling{SessionID: c.session, PatientID: 424242, CommandID: uuid.New(), Codes: c.codes[1]})
	if db.KindOf(err) != db.Invalid {
		t.Errorf("a stranger: %v", err)
	}
	_, err = c.svc.FillBag(c.ctx, c.helper, session.BagFilling{SessionID: c.session, PatientID: c.patients[0].ID, CommandID: uuid.New(), Codes: c.codes[1]})
	if db.KindOf(err) != db.Denied {
		t.Errorf("an assistant: %v", err)
	}
}

// A pack that goes its own way is in the bag no more, whoever moved it.
func TestBag_followsThePacks(t *testing.T) {
	t.Parallel()
	c := newClinic(t, 1, 2, 4)
	c.expect()
	c.bag(0, c.codes[0], c.codes[1])
	_, err := c.svc.Unpack(c.ctx, c.chief, session.Packing{SessionID: c.session, CommandID: uuid.New(), Codes: c.codes[0]})
	c.must(err)
	_, err = c.svc.Pack(c.ctx, c.chief, session.Packing{SessionID: c.session, CommandID: uuid.New(), Codes: c.codes[0]})
	c.must(err)
	bags, err := session.Bags(c.ctx, c.db.App, c.session)
	c.must(err)
	if len(bags) != 1 || bags[0].Packs != 1 {
		t.Fatalf("bags %+v", bags)
	}
	if a := c.bag(1, c.codes[0]); a.Packs != 1 {
		t.Errorf("a pack that left a bag: %+v", a)
	}
}

func TestBag_closing(t *testing.T) {
	t.Parallel()
	c := newClinic(t, 1, 2, 4)
	c.svc = c.svc.WithKeys(seal.NewMemoryKeys())
	c.expect()
	c.bag(0, c.codes[0], c.codes[1])
	c.bag(1, c.codes[2])
	stop := session.Stopping{SessionID: c.session, CommandID: uuid.New()}
	_, err := c.svc.StopDispensing(c.ctx, c.chief, stop)
	c.must(err)
	_, err = c.svc.CountLeft(c.ctx, c.chief, session.Counting{SessionID: c.session, DrugID: c.drug, CommandID: uuid.New(), Packs: 4})
	c.must(err)
	confirm := func(by identity.Actor) error {
		_, err := c.svc.ConfirmClosing(c.ctx, by, session.Confirming{SessionID: c.session, CommandID: uuid.New()})
		return err
	}
	err = confirm(c.chief)
	if db.KindOf(err) != db.Conflict || !strings.Contains(err.Error(), "2 个药袋") || !strings.Contains(err.Error(), c.patients[0].Number) {
		t.Fatalf("closing over bags: %v", err)
	}
	view, err := session.ReadClosing(c.ctx, c.db.App, c.session)
	c.must(err)
	if len(view.Bags) != 2 || view.Settled() {
		t.Errorf("closing shows %d bags, settled %v", len(view.Bags), view.Settled())
	}
	a, err := c.svc.OpenBags(c.ctx, c.doctors[0], session.BagOpening{SessionID: c.session, CommandID: uuid.New()})
	c.must(err)
	if a.Moved != 3 {
		t.Errorf("opened %+v", a)
	}
	c.must(confirm(c.chief))
	c.must(confirm(c.doctors[0]))
	x, err := session.Find(c.ctx, c.db.App, c.session)
	c.must(err)
	e, err := session.ReadEquation(c.ctx, c.db.App, x)
	c.must(err)
	if x.State != session.Closed || e.Home != 4 {
		t.Errorf("%s, %+v", x.State, e)
	}
}

// Two people put one pack into two bags; somebody opens a bag while it is handed
// over: one of them wins, the other reads a clear sentence.
func TestBag_races(t *testing.T) {
	t.Parallel()
	for range 8 {
		c := newClinic(t, 1, 2, 3)
		c.expect()
		both := together(
			func() string { return kindsOf(c.bag(0, c.codes[0]).Answers) },
			func() string { return kindsOf(c.bag(1, c.codes[0]).Answers) })
		if both != "in_a_bag ok" {
			t.Fatalf("one pack, two bags: %s", both)
		}
		b := c.bag(0, c.codes[1])
		visit := c.start(c.doctors[0], 0)
		end := together(
			func() string { a := c.scan(c.doctors[0], visit, b.Label); return a.Answers[len(a.Answers)-1].Sentence },
			func() string {
				_, err := c.svc.OpenBags(c.ctx, c.chief, session.BagOpening{SessionID: c.session, BagID: b.BagID, CommandID: uuid.New()})
				return sentence(err)
			})
		given := strings.Contains(end, "已记录") && strings.Contains(end, "不用再拆")
		opened := strings.Contains(end, "没有药了") && strings.Contains(end, "yes")
		if given == opened {
			t.Fatalf("handed over and opened at once: %q", end)
		}
	}
}

func sentence(err error) string {
	if err == nil {
		return "yes"
	}
	return db.Sentence(err)
}

// together does two things at the same moment and gives what came of them, in
// alphabetical order.
func together(a, b func() string) string {
	out := make([]string, 2)
	var wg sync.WaitGroup
	for i, do := range []func() string{a, b} {
		wg.Go(func() { out[i] = do() })
	}
	wg.Wait()
	slices.Sort(out)
	return strings.Join(out, " ")
}

// A bag that was handed over while the link was down is a fact: a pack in it that
// has expired is written down with an alarm, and somebody else's bag is not.
func TestBag_replayed(t *testing.T) {
	t.Parallel()
	c := newClinic(t, 1, 2, 5)
	c.expect()
	mine, other := c.bag(0, c.codes[:3]...), c.bag(1, c.codes[3])
	c.must(c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `UPDATE pack SET expires_on = $2::date WHERE code = $1`, c.codes[0], time.Now().AddDate(0, 0, -3))
	}))
	visit := c.start(c.doctors[0], 0)
	replay := func(code string) session.ScanAnswer {
		a, err := c.svc.Dispense(c.ctx, c.doctors[0], session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: code, DoneAt: time.Now().Add(-10 * time.Minute)})
		c.must(err)
		return a
	}
	if a := replay(mine.Label); a.Packs != 3 || kindsOf(a.Answers) != "fact_alarm ok ok bag_given" {
		t.Errorf("%d packs: %s", a.Packs, kindsOf(a.Answers))
	}
	if a := replay(c.codes[3]); a.Packs != 4 || kindsOf(a.Answers) != "fact_alarm" || !strings.Contains(a.Worst().Sentence, "药袋") {
		t.Errorf("a pack of another bag: %+v", a)
	}
	if a := replay(other.Label); a.Packs != 4 || kindsOf(a.Answers) != "other_bag" {
		t.Errorf("another bag: %s", kindsOf(a.Answers))
	}
	var alarms int
	c.must(c.db.App.Get(c.ctx, &alarms, `SELECT count(*) FROM session_alarm WHERE session_id = $1`, c.session))
	if alarms != 3 {
		t.Errorf("%d alarms", alarms)
	}
}

// A patient whose bag waits cannot vanish from the roster.
func TestBag_roster(t *testing.T) {
	t.Parallel()
	c := newClinic(t, 1, 1, 1)
	c.expect()
	b := c.bag(0, c.codes[0])
	remove := func() error {
		_, err := c.svc.ChangeRoster(c.ctx, c.chief, session.RosterChange{SessionID: c.session, CommandID: uuid.New(), Remove: c.patients[0].ID})
		return err
	}
	if err := remove(); db.KindOf(err) != db.Conflict || !strings.Contains(err.Error(), "先拆袋") {
		t.Errorf("removed with a bag: %v", err)
	}
	_, err := c.svc.OpenBags(c.ctx, c.helper, session.BagOpening{SessionID: c.session, BagID: b.BagID, CommandID: uuid.New()})
	if db.KindOf(err) != db.Denied {
		t.Errorf("somebody who is not of the team opens it: %v", err)
	}
	_, err = c.svc.OpenBags(c.ctx, c.doctors[0], session.BagOpening{SessionID: c.session, Code: c.codes[0], CommandID: uuid.New()})
	c.must(err)
	c.must(remove())
}
