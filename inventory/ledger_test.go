package inventory_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

func TestWriteAllMovesManyWithOneStatement(t *testing.T) {
	d := dbtest.New(t)
	drug := addDrug(t, d, "YS1", "8112345")
	var codes []string
	for i := range 300 {
		codes = append(codes, code("8112345", i))
	}
	stocked(t, d, drug, codes...)
	ctx, counter := db.WithCounter(t.Context())
	e := inventory.Entry{Move: inventory.Move{Kind: inventory.MoveAllocate, Session: 7}, How: inventory.HowScanned}
	steps, err := moveAll(ctx, d.App, codes, e)
	if err != nil || len(steps) != 300 || steps[0].Quantity != 20 || steps[0].ToSession != 7 {
		t.Fatalf("steps %v, error %v", steps, err)
	}
	if counter.Count() != 3 { // lock, what is recalled, write
		t.Errorf("%d statements, want 3", counter.Count())
	}
	if n := countOf(t, d.App, `SELECT count(*) FROM pack WHERE state = 'allocated' AND session_id = 7 AND units_left = 20`); n != 300 {
		t.Errorf("%d packs moved", n)
	}
	if n := countOf(t, d.App, `SELECT count(*) FROM movement WHERE kind = 'allocate' AND to_session_id = 7 AND from_session_id IS NULL`); n != 300 {
		t.Errorf("%d movements", n)
	}
}

func TestWriteAllMovesAllOrNothing(t *testing.T) {
	d := dbtest.New(t)
	drug := addDrug(t, d, "YS1", "8112345")
	codes := []string{code("8112345", 1), code("8112345", 2)}
	stocked(t, d, drug, codes...)
	give := inventory.Entry{Move: inventory.Move{Kind: inventory.MoveDispense, Session: 7}, How: inventory.HowScanned}
	var refused *inventory.MoveError
	if _, err := moveAll(t.Context(), d.App, codes, give); !errors.As(err, &refused) {
		t.Fatalf("dispensed from the store: %v", err)
	}
	twice := []string{codes[0], codes[0]}
	hold := inventory.Entry{Move: inventory.Move{Kind: inventory.MoveQuarantine}, How: inventory.HowScanned}
	if _, err := moveAll(t.Context(), d.App, twice, hold); err == nil {
		t.Fatal("one pack moved twice in one list")
	}
	if n := countOf(t, d.App, `SELECT count(*) FROM movement WHERE kind <> 'opening'`); n != 0 {
		t.Errorf("%d movements were left behind", n)
	}
	ctx, counter := db.WithCounter(t.Context())
	err := d.App.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		steps, err := inventory.WriteAll(ctx, tx, pharmacist(), nil, hold)
		if len(steps) != 0 {
			t.Error("steps out of nothing")
		}
		return err
	})
	if err != nil || counter.Count() != 0 {
		t.Errorf("no packs: %d statements, %v", counter.Count(), err)
	}
}

// What patients have is carried by the row: after a partial hand-over and its
// undo nothing is left with anybody, and counting cannot bring units "back"
// that a patient holds.
func TestUnitsGivenAreCarried(t *testing.T) {
	d := dbtest.New(t)
	drug := addDrug(t, d, "YS1", "8112345")
	c := code("8112345", 1)
	stocked(t, d, drug, c)
	visit := uuid.New()
	for _, m := range []inventory.Move{
		{Kind: inventory.MoveAllocate, Session: 7},
		{Kind: inventory.MoveDispense, Session: 7, Quantity: 5},
		{Kind: inventory.MoveShortage, Quantity: 2},
		{Kind: inventory.MoveDispense, Session: 7},
	} {
		if _, err := one(t.Context(), d.App, c, inventory.Entry{Move: m, Visit: visit, How: inventory.HowScanned}); err != nil {
			t.Fatalf("%s: %v", m.Kind, err)
		}
	}
	p, err := inventory.FindPack(t.Context(), d.App, c)
	if err != nil || p.UnitsLeft != 0 || p.UnitsGiven != 18 || p.VisitID == nil || *p.VisitID != visit {
		t.Fatalf("after the hand-over: %+v %v", p, err)
	}
	if _, err := moveAll(t.Context(), d.App, []string{c}, inventory.Entry{Move: inventory.Move{Kind: inventory.MoveAdopt}, How: inventory.HowSystem}); err != nil {
		t.Fatal(err)
	}
	if p, err = inventory.FindPack(t.Context(), d.App, c); err != nil || p.VisitID == nil {
		t.Fatalf("the adopted pack forgot who emptied it: %+v %v", p, err)
	}
	if _, err := one(t.Context(), d.App, c, inventory.Entry{Move: inventory.Move{Kind: inventory.MoveUndo, Session: 7}, How: inventory.HowScanned}); err != nil {
		t.Fatal(err)
	}
	p, err = inventory.FindPack(t.Context(), d.App, c)
	if err != nil || p.UnitsLeft != 18 || p.UnitsGiven != 0 || p.VisitID != nil {
		t.Fatalf("after the undo: %+v %v", p, err)
	}
}

// one moves a single pack by Write.
func one(ctx context.Context, d *db.DB, c string, e inventory.Entry) (inventory.Step, error) {
	return oneBy(ctx, d, pharmacist(), c, e)
}

// oneBy moves one pack on behalf of a person.
func oneBy(ctx context.Context, d *db.DB, by identity.Actor, c string, e inventory.Entry) (step inventory.Step, err error) {
	err = d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		held, err := inventory.LockPacks(ctx, tx, []string{c})
		if err != nil {
			return err
		}
		step, err = inventory.Write(ctx, tx, by, held[c], e)
		return err
	})
	return step, err
}
