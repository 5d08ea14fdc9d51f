package inventory_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// Packs that go through hundreds of moves of every kind, as facts and not, whole
// and in parts, stand in the end where their movements put them; and what left
// the store and came to patients balances over the whole ledger.
func TestRandomWalksVerifyClean(t *testing.T) {
	s := newShop(t)
	var codes []string
	for i := range 12 {
		codes = append(codes, code(prefix1, i))
	}
	stocked(t, s.DB, s.drug1, codes...)
	r := rand.New(rand.NewPCG(7, 7))
	done := map[inventory.MovementKind]int{}
	for range 4000 {
		c, e := codes[r.IntN(len(codes))], randomEntry(r)
		_, err := one(t.Context(), s.App, c, e)
		var refused *inventory.MoveError
		switch {
		case err == nil:
			done[e.Kind]++
		case !errors.As(err, &refused):
			t.Fatalf("%s: %v", e.Kind, err)
		}
		if r.IntN(8) == 0 { // a fresh box takes the place of a spent one
			i := r.IntN(len(codes))
			codes[i] = code(prefix1, 1000+r.IntN(1_000_000_000))
			stocked(t, s.DB, s.drug1, codes[i])
		}
	}
	t.Logf("moves done: %v", done)
	for _, k := range []inventory.MovementKind{inventory.MoveAllocate, inventory.MoveDispense, inventory.MoveUndo, inventory.MoveReturn,
		inventory.MoveQuarantine, inventory.MoveRelease, inventory.MoveDamage, inventory.MoveDestroy, inventory.MoveLose, inventory.MoveFind,
		inventory.MoveSurplus, inventory.MoveShortage, inventory.MoveRollOver, inventory.MoveComeHome, inventory.MoveSendBack, inventory.MoveLetIn} {
		if done[k] == 0 {
			t.Errorf("the walk never did %q", k)
		}
	}
	s.clean(t)
	s.balanced(t)
}

func randomEntry(r *rand.Rand) inventory.Entry {
	all := inventory.MovementKinds()
	m := inventory.Move{Kind: all[r.IntN(len(all))], Session: int64(r.IntN(2) + 1), Fact: r.IntN(4) == 0}
	if r.IntN(3) == 0 {
		m.Kind = []inventory.MovementKind{inventory.MoveAllocate, inventory.MoveDispense, inventory.MoveUndo, inventory.MoveReturn}[r.IntN(4)]
	}
	if r.IntN(2) == 0 {
		m.Quantity = int64(r.IntN(8) + 1)
	}
	m.Empty = m.Kind == inventory.MoveReturn && r.IntN(3) == 0
	if m.Empty {
		m.Quantity = 0
	}
	e := inventory.Entry{Move: m, How: inventory.HowScanned}
	if m.Kind == inventory.MoveDispense || m.Kind == inventory.MoveUndo {
		e.Visit = uuid.New()
	}
	return e
}

// balanced compares, for every place on the books, the sum over the ledger with
// the remainders that lie there.
func (s *shop) balanced(t *testing.T) {
	t.Helper()
	var moves []struct {
		Kind     inventory.MovementKind `db:"kind"`
		From     inventory.State        `db:"from_state"`
		To       inventory.State        `db:"to_state"`
		Quantity int64                  `db:"quantity"`
	}
	var packs []struct {
		State inventory.State `db:"state"`
		Left  int64           `db:"units"`
	}
	err := s.App.InSnapshot(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Select(ctx, &moves, `SELECT kind, from_state, to_state, quantity FROM movement`); err != nil {
			return err
		}
		return tx.Select(ctx, &packs, `SELECT state, sum(units_left) AS units FROM pack GROUP BY state`)
	})
	if err != nil {
		t.Fatal(err)
	}
	want, got := map[inventory.Place]int64{}, map[inventory.Place]int64{}
	for _, p := range packs {
		want[p.State.Place()] += p.Left
	}
	for _, m := range moves {
		for _, p := range inventory.Places() {
			got[p] += inventory.Balance(p, m.Kind, m.From, m.To, m.Quantity)
		}
	}
	for _, p := range inventory.Places() {
		if p.OnBooks() && got[p] != want[p] {
			t.Errorf("%s: the ledger says %d units, the packs %d", p, got[p], want[p])
		}
	}
}
