package session_test

import (
	"context"
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

// recall starts a recall of the clinic's batch B1 unless the input says
// otherwise.
func (c *clinic) recall(in inventory.Recalling) inventory.RecallStarted {
	c.t.Helper()
	if in.DrugID == 0 && in.Codes == "" {
		in.DrugID, in.Batch = c.drug, "B1"
	}
	in.CommandID, in.Class, in.Reason = uuid.New(), inventory.RecallSecond, "有关物质超标"
	if in.SourceNo == "" {
		in.SourceNo = "演召" + uuid.NewString()[:8]
	}
	done, err := inventory.New(c.db.App).StartRecall(c.ctx, c.chief, in)
	c.must(err)
	return done
}

// lift has two pharmacists lift a recall.
func (c *clinic) lift(id int64) inventory.RecallLifted {
	c.t.Helper()
	stock, second := inventory.New(c.db.App), c.person("药师乙", identity.Pharmacist)
	_, err := stock.AskLift(c.ctx, c.chief, inventory.Lifting{RecallID: id, CommandID: uuid.New(), Reason: "复检合格"})
	c.must(err)
	done, err := stock.LiftRecall(c.ctx, second, inventory.Lifting{RecallID: id, CommandID: uuid.New()})
	c.must(err)
	return done
}

func (c *clinic) boxState(code string) inventory.State {
	c.t.Helper()
	p, err := inventory.FindPack(c.ctx, c.db.App, code)
	c.must(err)
	return p.State
}

func (c *clinic) stockIsTrue() {
	c.t.Helper()
	check, err := inventory.VerifyStock(c.ctx, c.db.App, nil)
	if err != nil || check.First != nil {
		c.t.Fatalf("stock: %+v, %v", check.First, err)
	}
}

// From its commit a recall stops every way in which a box could reach a patient.
func TestRecallStopsEveryScan(t *testing.T) {
	c := newClinic(t, 1, 1, 6)
	visit := c.start(c.doctors[0], 0)
	c.scan(c.doctors[0], visit, c.codes[0])
	_, err := c.svc.Unpack(c.ctx, c.chief, session.Packing{SessionID: c.session, CommandID: uuid.New(), Codes: c.codes[5]})
	c.must(err)
	done := c.recall(inventory.Recalling{})
	if done.SetApart != 1 || done.Frozen != 4 || done.Sessions != 1 || !strings.Contains(done.Sentence, "1 盒已转入隔离") {
		t.Fatalf("%+v", done)
	}
	if c.boxState(c.codes[5]) != inventory.StateQuarantined || c.boxState(c.codes[1]) != inventory.StateAllocated {
		t.Error("the store's box is not apart, or the tray's has moved")
	}
	a := c.scan(c.doctors[0], visit, c.codes[1], c.codes[5])
	for _, x := range a.Answers {
		if x.Kind != inventory.KindRecalled || x.MayAsk {
			t.Errorf("%s: %s %s", x.Code, x.Kind, x.Sentence)
		}
	}
	tail, err := c.svc.Dispense(c.ctx, c.doctors[0], session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: "0003", Typed: true})
	if c.must(err); tail.Answers[0].Kind != inventory.KindRecalled {
		t.Errorf("typed by its end: %+v", tail.Answers)
	}
	_, err = c.svc.AskLetIn(c.ctx, c.doctors[0], session.Asking{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: c.codes[5]})
	if db.KindOf(err) != db.Conflict {
		t.Errorf("asked to be let in: %v", err)
	}
	packed, err := c.svc.Pack(c.ctx, c.chief, session.Packing{SessionID: c.session, CommandID: uuid.New(), Codes: c.codes[5]})
	if c.must(err); packed.Moved != 0 || packed.Answers[0].Kind != inventory.KindRecalled {
		t.Errorf("packed: %+v", packed.Answers)
	}
	if _, err := c.svc.Undo(c.ctx, c.doctors[0], session.Undoing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: c.codes[0]}); err != nil {
		t.Errorf("what was handed out before cannot be taken back: %v", err)
	}
	if a := c.scan(c.doctors[0], visit, c.codes[0]); a.Answers[0].Kind != inventory.KindRecalled {
		t.Errorf("taken back and given again: %+v", a.Answers)
	}
	c.stockIsTrue()
}

// A box that was handed out while the link was down is a fact, with an alarm.
func TestRecalledFactIsWrittenDown(t *testing.T) {
	c := newClinic(t, 1, 1, 2)
	visit := c.start(c.doctors[0], 0)
	c.recall(inventory.Recalling{Codes: c.codes[0]})
	a, err := c.svc.Dispense(c.ctx, c.doctors[0], session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: c.codes[0], DoneAt: time.Now().Add(-time.Minute)})
	c.must(err)
	if a.Answers[0].Kind != inventory.KindFactAlarm || !strings.Contains(a.Answers[0].Sentence, "召回") || a.Packs != 1 {
		t.Errorf("%+v", a)
	}
	list, _, err := session.Alarms(c.ctx, c.db.App, c.session)
	if c.must(err); len(list) != 1 || list[0].Kind != inventory.KindRecalled {
		t.Errorf("alarms %+v", list)
	}
}

// Eight doctors scan as fast as they can while a recall begins: each box that was
// handed out was handed out before the recall's commit, and its patient is named.
func TestRecallAgainstScans(t *testing.T) {
	const boxes = 160
	c := newClinic(t, 8, 8, boxes)
	visits := make([]uuid.UUID, 8)
	for i, d := range c.doctors {
		visits[i] = c.start(d, i)
	}
	var wg sync.WaitGroup
	begin, enough := make(chan struct{}), make(chan struct{})
	var mu sync.Mutex
	given, after := 0, 0
	var committed bool
	for i, d := range c.doctors {
		wg.Go(func() {
			<-begin
			for n := i; n < boxes; n += 8 {
				mu.Lock()
				late := committed
				mu.Unlock()
				a, err := c.svc.Dispense(c.ctx, d, session.Scan{SessionID: c.session, Visit: visits[i], CommandID: uuid.New(), Codes: c.codes[n]})
				if err != nil {
					t.Errorf("scan: %v", err)
					return
				}
				mu.Lock()
				if a.Answers[0].Kind == inventory.KindOK {
					if given++; given == 20 {
						close(enough)
					}
					if late {
						after++
					}
				}
				mu.Unlock()
			}
		})
	}
	wg.Go(func() {
		<-enough
		done, err := inventory.New(c.db.App).StartRecall(c.ctx, c.chief, inventory.Recalling{CommandID: uuid.New(), Class: inventory.RecallFirst,
			DrugID: c.drug, Batch: "B1", Reason: "演示", SourceNo: "演召1"})
		mu.Lock()
		defer mu.Unlock()
		committed = true
		if err != nil {
			t.Errorf("recall: %v", err)
		}
		if done.Frozen == 0 {
			t.Log("the recall came after the last scan")
		}
	})
	close(begin)
	wg.Wait()
	if after != 0 {
		t.Errorf("%d boxes were handed out after the recall had committed", after)
	}
	list, err := c.svc.RecallPatients(c.ctx, c.chief, 1, "view")
	c.must(err)
	named := 0
	for _, p := range list.Patients {
		named += len(p.Boxes)
	}
	if named != given || given == 0 || given == boxes {
		t.Errorf("%d boxes handed out of %d, %d of them named by the recall", given, boxes, named)
	}
	c.stockIsTrue()
}

// What is frozen in a tray comes home at closing and goes apart; the equation
// holds, although somebody wanted the left-overs elsewhere.
func TestRecalledLeftOversGoApart(t *testing.T) {
	e := newEvening(t, 1, 4)
	next, err := e.svc.PlanSession(e.ctx, e.chief, session.Plan{SiteID: e.site, HeldOn: session.Today(time.Now()).AddDate(0, 0, 7),
		Team: []session.Member{{StaffID: e.chief.StaffID, Part: session.PartPharmacist}, {StaffID: e.doctors[0].StaffID, Part: session.PartDoctor}}})
	e.must(err)
	e.recall(inventory.Recalling{Codes: e.codes[1] + "\n" + e.codes[2]})
	board, err := session.ReadBoard(e.ctx, e.db.App, e.session)
	if e.must(err); len(board.Stock) != 1 || board.Stock[0].Recalled != 2 || board.Stock[0].RecalledGiven != 0 || board.Stock[0].RecallClass != inventory.RecallSecond {
		t.Errorf("the board says %+v", board.Stock)
	}
	_, err = e.svc.RollOver(e.ctx, e.chief, session.Rolling{SessionID: e.session, CommandID: uuid.New(), ToID: next})
	e.must(err)
	e.must(e.count(3, 0))
	e.close()
	if got, want := e.equation(), (session.Equation{Taken: 4, Given: 1, Home: 2, Rolled: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	for i, want := range []inventory.State{inventory.StateDispensed, inventory.StateQuarantined, inventory.StateQuarantined, inventory.StateAllocated} {
		if got := e.boxState(e.codes[i]); got != want {
			t.Errorf("box %d is %s, want %s", i, got, want)
		}
	}
	e.stockIsTrue()
}

// Lifting gives back what the recall alone had set apart.
func TestLiftReleasesOnlyItsOwn(t *testing.T) {
	c := newClinic(t, 1, 1, 7)
	visit := c.start(c.doctors[0], 0)
	c.scan(c.doctors[0], visit, c.codes[0])
	_, err := c.svc.Unpack(c.ctx, c.chief, session.Packing{SessionID: c.session, CommandID: uuid.New(), Codes: join(c.codes[2:])})
	c.must(err)
	c.move(inventory.Entry{Move: inventory.Move{Kind: inventory.MoveQuarantine}, How: inventory.HowScanned, Reason: "外包装可疑"}, c.codes[2])
	c.move(inventory.Entry{Move: inventory.Move{Kind: inventory.MoveReturn}, How: inventory.HowScanned, Reason: "患者退回"}, c.codes[0])
	batch := c.recall(inventory.Recalling{})
	list := c.recall(inventory.Recalling{Codes: c.codes[3]})
	if got := c.lift(batch.ID); got.Released != 3 {
		t.Errorf("released %d: %s", got.Released, got.Sentence)
	}
	for i, want := range []inventory.State{inventory.StateQuarantined, inventory.StateAllocated, inventory.StateQuarantined, inventory.StateQuarantined,
		inventory.StateInStore, inventory.StateInStore, inventory.StateInStore} {
		if got := c.boxState(c.codes[i]); got != want {
			t.Errorf("after the first: box %d is %s, want %s", i, got, want)
		}
	}
	if got := c.lift(list.ID); got.Released != 1 || c.boxState(c.codes[3]) != inventory.StateInStore {
		t.Errorf("the second: %+v", got)
	}
	if a := c.scan(c.doctors[0], visit, c.codes[1]); a.Answers[0].Kind != inventory.KindOK {
		t.Errorf("the tray's box: %+v", a.Answers)
	}
	c.stockIsTrue()
}

// move moves locked packs past the use cases.
func (c *clinic) move(e inventory.Entry, codes ...string) {
	c.t.Helper()
	c.must(c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		locked, err := inventory.LockPacks(ctx, tx, codes)
		if err != nil {
			return err
		}
		var list []*inventory.Pack
		for _, code := range codes {
			list = append(list, locked[code])
		}
		_, err = inventory.WriteAll(ctx, tx, c.chief, list, e)
		return err
	}))
}

// The list of a recall names everybody who was given a box of the batch, and
// nobody else.
func TestRecallNames120(t *testing.T) {
	c := newClinic(t, 4, 122, 124)
	for i := range 121 {
		d := c.doctors[i%4]
		visit := c.start(d, i)
		c.scan(d, visit, c.codes[i])
		if i == 120 {
			_, err := c.svc.Undo(c.ctx, d, session.Undoing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: c.codes[i]})
			c.must(err)
			continue
		}
		_, err := c.svc.FinishVisit(c.ctx, d, session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New()})
		c.must(err)
	}
	done := c.recall(inventory.Recalling{})
	list, err := c.svc.RecallPatients(c.ctx, c.chief, done.ID, "view")
	c.must(err)
	if len(list.Patients) != 120 || list.Reached != 0 {
		t.Fatalf("%d patients, %d reached", len(list.Patients), list.Reached)
	}
	for i, p := range list.Patients {
		if len(p.Boxes) != 1 || p.Name != fmt.Sprintf("演示%d", i+1) || p.Boxes[0].Code != c.codes[i] || p.Contact.State != session.NotYet {
			t.Fatalf("patient %d: %+v", i, p)
		}
	}
	reach, err := session.ReadRecallReach(c.ctx, c.db.App, inventory.RecallScope{DrugID: c.drug, Batch: "B1"})
	if c.must(err); reach.Patients != 120 || reach.Packs != 124 || reach.Free != 4 {
		t.Errorf("reach %+v", reach)
	}
	if n := c.countAudit("recall.patients"); n != 1 {
		t.Errorf("opening the list stands %d times in the audit", n)
	}
	c.contacts(done.ID, list)
}

func (c *clinic) countAudit(event string) (n int) {
	c.t.Helper()
	c.must(c.db.App.Get(c.ctx, &n, `SELECT count(*) FROM audit WHERE event = $1`, event))
	return n
}

// contacts writes what came of calling, and reads how far it has come.
func (c *clinic) contacts(recall int64, list session.RecallList) {
	t := c.t
	t.Helper()
	note := func(by identity.Actor, patient int64, s session.ContactState) error {
		_, err := c.svc.NoteContact(c.ctx, by, session.Contacting{RecallID: recall, PatientID: patient, CommandID: uuid.New(), State: s, Note: "演示"})
		return err
	}
	c.must(note(c.doctors[0], list.Patients[0].ID, session.Unreached))
	c.must(note(c.chief, list.Patients[0].ID, session.ToldOfIt))
	c.must(note(c.chief, list.Patients[1].ID, session.Unreached))
	c.move(inventory.Entry{Move: inventory.Move{Kind: inventory.MoveReturn}, How: inventory.HowScanned}, list.Patients[2].Boxes[0].Code)
	after, err := c.svc.RecallPatients(c.ctx, c.chief, recall, "view")
	c.must(err)
	if after.Reached != 2 || after.Patients[0].Contact.State != session.ToldOfIt || after.Patients[2].Contact.State != session.HandedBack {
		t.Errorf("%d reached: %+v, %+v", after.Reached, after.Patients[0].Contact, after.Patients[2].Contact)
	}
	history, err := session.RecallContacts(c.ctx, c.db.App, recall, list.Patients[0].ID)
	if c.must(err); len(history) != 2 || history[1].State != session.Unreached || history[1].By != "医生1" {
		t.Errorf("history %+v", history)
	}
	for name, err := range map[string]error{
		"no such result": note(c.chief, list.Patients[0].ID, "maybe"), "not of this recall": note(c.chief, c.patients[121].ID, session.ToldOfIt),
		"may not": note(c.helper, list.Patients[0].ID, session.ToldOfIt),
	} {
		if k := db.KindOf(err); err == nil || k == db.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	elsewhere := c.doctors[1]
	elsewhere.Grants = []identity.Grant{{Role: identity.Doctor, SiteID: c.site + 99}}
	if l, err := c.svc.RecallPatients(c.ctx, elsewhere, recall, "view"); err != nil || len(l.Patients) != 0 {
		t.Errorf("a doctor of another site sees %d patients, %v", len(l.Patients), err)
	}
}
