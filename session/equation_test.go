package session_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// secondSession plans a home-visit round of the same team for today.
func (c *clinic) secondSession() int64 {
	c.t.Helper()
	team := []session.Member{{StaffID: c.chief.StaffID, Part: session.PartPharmacist}, {StaffID: c.doctors[0].StaffID, Part: session.PartDoctor}}
	id, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: session.Today(time.Now()), Kind: "home", Place: "演示上门", Team: team})
	c.must(err)
	return id
}

// push makes one move of the ledger with a pack, as closing or the pharmacy would;
// what the rules refuse is false.
func (c *clinic) push(code string, m inventory.Move) bool {
	c.t.Helper()
	var refused *inventory.MoveError
	err := c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		packs, err := inventory.LockPacks(ctx, tx, []string{code})
		if err != nil {
			return err
		}
		e := inventory.Entry{Move: m, How: inventory.HowScanned}
		if m.Kind == inventory.MoveDispense {
			e.Visit = uuid.New()
		}
		_, err = inventory.Write(ctx, tx, c.chief, packs[code], e)
		return err
	})
	if errors.As(err, &refused) {
		return false
	}
	c.must(err)
	return true
}

// Whatever happens to packs, before and after opening, the equation holds, says
// the same by packs and by movements, and agrees with the rows of the packs.
func TestTheEquationHoldsAfterAnyMoves(t *testing.T) {
	const packs, steps = 12, 400
	c := newClinic(t, 1, 0, packs)
	other := c.secondSession()
	r := rand.New(rand.NewPCG(20261123, 3))
	kinds := []inventory.MovementKind{inventory.MoveAllocate, inventory.MoveComeHome, inventory.MoveRollOver, inventory.MoveDispense,
		inventory.MoveDispense, inventory.MoveUndo, inventory.MoveDamage, inventory.MoveLose, inventory.MoveFind, inventory.MoveQuarantine,
		inventory.MoveRelease, inventory.MoveReturn, inventory.MoveLetIn}
	sessions := []int64{c.session, other}
	moved := 0
	for step := range steps {
		if step == steps/3 {
			c.must(c.svc.OpenSession(c.ctx, c.chief, other))
		}
		m := inventory.Move{Kind: kinds[r.IntN(len(kinds))], Session: sessions[r.IntN(2)]}
		if m.Kind == inventory.MoveDispense && r.IntN(3) == 0 {
			m.Quantity = 5
		}
		if c.push(c.codes[r.IntN(packs)], m) {
			moved++
		}
		if step%20 == 0 || step == steps-1 {
			for _, id := range sessions {
				c.checkEquation(t, id)
			}
		}
	}
	if moved < steps/8 {
		t.Errorf("only %d of %d moves happened", moved, steps)
	}
}

func (c *clinic) checkEquation(t *testing.T, id int64) {
	t.Helper()
	board, err := session.ReadBoard(c.ctx, c.db.App, id)
	c.must(err)
	moves, err := session.ReadEquation(c.ctx, c.db.App, board.Session)
	c.must(err)
	if e := board.Equation(); e != moves || !e.Holds() {
		t.Fatalf("session %d: by packs %+v, by movements %+v", id, e, moves)
	}
	var left, given int
	c.must(c.db.App.Get(c.ctx, &left, `SELECT count(*) FROM pack WHERE session_id = $1 AND state = 'allocated'`, id))
	c.must(c.db.App.Get(c.ctx, &given, `SELECT count(*) FROM pack WHERE session_id = $1 AND state = 'dispensed'`, id))
	if moves.Left != left || moves.Given < given {
		t.Fatalf("session %d: equation %+v; the packs say left %d, given %d", id, moves, left, given)
	}
}

// A box that was put back before the session opened was never taken out; one that
// was put back later was, and came home.
func TestWhatCameHomeStaysInTheEquation(t *testing.T) {
	c := newClinic(t, 1, 1, 6)
	other := c.secondSession()
	unpack := func(id int64, code string) {
		t.Helper()
		a, err := c.svc.Unpack(c.ctx, c.chief, session.Packing{SessionID: id, CommandID: uuid.New(), Codes: code})
		c.must(err)
		if a.Moved != 1 {
			t.Fatalf("%+v", a)
		}
	}
	for _, code := range c.codes[:2] {
		unpack(c.session, code)
	}
	_, err := c.svc.Pack(c.ctx, c.chief, session.Packing{SessionID: other, CommandID: uuid.New(), Codes: join(c.codes[:2])})
	c.must(err)
	unpack(other, c.codes[0])
	visit := c.start(c.doctors[0], 0)
	c.scan(c.doctors[0], visit, c.codes[2])
	for id, want := range map[int64]session.Equation{
		c.session: {Taken: 6, Given: 1, Left: 3, Home: 2},
		other:     {Taken: 1, Left: 1},
	} {
		s, err := session.ReadBoard(c.ctx, c.db.App, id)
		c.must(err)
		if got := s.Equation(); got != want {
			t.Errorf("session %d: %+v, want %+v", id, got, want)
		}
	}
}
