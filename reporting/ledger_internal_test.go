package reporting

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"jingfang/inventory"
)

// walker is a pack that wanders through its states by the rules.
type walker struct {
	facts inventory.PackFacts
}

// siteOf gives clinic day 1 and 2 to site 1, day 3 to site 2.
func siteOf(session int64) int64 { return map[int64]int64{0: 0, 1: 1, 2: 1, 3: 2}[session] }

// step tries one move and gives its flow as the query of the ledger would see it.
func (w *walker) step(kind inventory.MovementKind, quantity, session int64) (flow, bool) {
	was := w.facts
	m := inventory.Move{Kind: kind, Quantity: quantity, Content: 20, Session: session, At: time.Unix(1, 0), Fact: true,
		Empty: kind == inventory.MoveReturn && quantity == 0}
	now, s, err := inventory.Apply(was, m)
	var refused *inventory.MoveError
	if errors.As(err, &refused) {
		return flow{}, false
	}
	held := now.Remainder
	switch kind {
	case inventory.MoveDispense, inventory.MoveShortage:
		held += s.Quantity
	case inventory.MoveUndo, inventory.MoveReturn, inventory.MoveSurplus:
		held -= s.Quantity
	}
	f := flow{DrugID: 1, Content: 20, Kind: kind, From: s.From, To: s.To, FromSite: siteOf(s.FromSession), ToSite: siteOf(s.ToSession), Moves: 1}
	f.WholeBefore, f.LooseBefore = split(held)
	f.WholeAfter, f.LooseAfter = split(now.Remainder)
	w.facts = now
	return f, true
}

func split(units int64) (whole, loose int64) {
	if units == 20 {
		return 1, 0
	}
	return 0, units
}

// Whatever packs do by the rules, in every scope the movements make exactly what
// the packs are, in boxes and in loose units, and the units agree with the ledger
// rule of package inventory.
func TestLedgerFollowsEveryWalk(t *testing.T) {
	scopes := []Scope{{}, {Place: inventory.PlaceSession, SiteID: 1}, {Place: inventory.PlaceSession, SiteID: 2}}
	for _, p := range LedgerPlaces() {
		scopes = append(scopes, Scope{Place: p})
	}
	kinds := inventory.MovementKinds()
	r, seen := rand.New(rand.NewPCG(1, 2)), map[inventory.MovementKind]bool{}
	for range 400 {
		w := walker{}
		var flows []flow
		for range 60 {
			kind := kinds[r.IntN(len(kinds))]
			if f, ok := w.step(kind, []int64{0, 0, 5, 20}[r.IntN(4)], 1+r.Int64N(3)); ok {
				f.Phase = phase(min(len(flows)/3, 2))
				flows = append(flows, f)
				seen[kind] = true
			}
		}
		whole, loose := split(w.facts.Remainder)
		found := []held{{DrugID: 1, Content: 20, State: w.facts.State, Site: siteOf(w.facts.Session), Whole: whole, Loose: loose}}
		for _, s := range scopes {
			for _, l := range makeLines(s, flows, found) {
				if !l.Right() {
					t.Fatalf("%+v: now %+v, found %+v after %+v", s, l.Now, l.Found, flows)
				}
				if got := l.Opening.plus(l.In).plus(l.Out.times(-1)).plus(l.Opened); got != l.Closing {
					t.Fatalf("%+v: %+v does not close", s, l)
				}
				if l.Closing.Units != l.Closing.Packs*20+l.Closing.Loose {
					t.Fatalf("%+v: boxes and units part: %+v", s, l.Closing)
				}
			}
		}
		agreeWithInventory(t, flows)
	}
	for _, k := range kinds {
		if !seen[k] {
			t.Errorf("no walk met %s", k)
		}
	}
}

// agreeWithInventory holds the units of each posting against inventory's rule.
func agreeWithInventory(t *testing.T, flows []flow) {
	t.Helper()
	for _, f := range flows {
		q := f.amountAfter().Units
		switch f.Kind {
		case inventory.MoveDispense, inventory.MoveShortage:
			q = f.amountBefore().Units - q
		case inventory.MoveUndo, inventory.MoveReturn, inventory.MoveSurplus:
			q -= f.amountBefore().Units
		}
		if got, want := f.post(Scope{}).net().Units, inventory.BookBalance(f.Kind, f.From, f.To, q); got != want {
			t.Fatalf("%+v adds %d to the books, the rule says %d", f, got, want)
		}
		for _, p := range LedgerPlaces() {
			if got, want := f.post(Scope{Place: p}).net().Units, inventory.Balance(p, f.Kind, f.From, f.To, q); got != want {
				t.Fatalf("%+v adds %d to %s, the rule says %d", f, got, p, want)
			}
		}
	}
}

func TestLedgerTellsWhatIsWrong(t *testing.T) {
	receive := flow{DrugID: 1, Content: 20, Kind: inventory.MoveReceive, From: inventory.StateExpected, To: inventory.StateInStore, WholeBefore: 3, WholeAfter: 3, Phase: within}
	l := makeLines(Scope{}, []flow{receive}, []held{{DrugID: 1, Content: 20, State: inventory.StateInStore, Whole: 2, Loose: 5}})[lineKey{1, ""}]
	l.Drug, l.PackWord, l.UnitWord = "演示药", "盒", "片"
	if l.Right() || l.Problem() != "演示药：按流水现在应有 3盒，药盒登记为 2盒5片。" {
		t.Errorf("%v %s", l.Right(), l.Problem())
	}
	gone := flow{DrugID: 1, Content: 20, Kind: inventory.MoveDestroy, From: inventory.StateDamaged, To: inventory.StateDestroyed, WholeBefore: 1, WholeAfter: 1, Phase: before}
	back := gone
	back.Kind, back.From, back.To, back.Phase = inventory.MoveReceive, inventory.StateExpected, inventory.StateInStore, after
	m := makeLines(Scope{}, []flow{gone, back}, nil)[lineKey{1, ""}]
	if m.Now != m.Found || m.Right() {
		t.Errorf("less than nothing passes: %+v", m)
	}
}
