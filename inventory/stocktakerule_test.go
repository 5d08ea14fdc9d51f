package inventory

import (
	"fmt"
	"testing"
)

// A box of 20 in the words of the tests: where the books see it.
func hereWith(units int64) CountMark { return CountMark{Here: true, Units: units} }
func gone() CountMark                { return CountMark{Units: 20} }

func TestJudgePack(t *testing.T) {
	t.Parallel()
	move := func(id int64, m CountMark) CountMove { return CountMove{ID: id, CountMark: m} }
	paper := func(id int64, m CountMark) CountMove { return CountMove{ID: id, CountMark: m, Paper: true} }
	seen := func(after int64) *CountSeen { return &CountSeen{After: after, Units: UnitsNotCounted} }
	with := func(after, units int64) *CountSeen { return &CountSeen{After: after, Units: units} }
	here := hereWith(20)
	cases := []struct {
		name  string
		f     CountFacts
		want  CountVerdict
		moved bool
	}{
		{"there, seen", CountFacts{Start: here, Seen: seen(0)}, VerdictPresent, false},
		{"there, not seen", CountFacts{Start: here}, VerdictMissing, false},
		{"not there, not seen", CountFacts{Start: gone()}, VerdictNothing, false},
		{"not there, seen", CountFacts{Start: gone(), Seen: seen(0)}, VerdictExtra, false},

		{"given out before anybody came", CountFacts{Start: here, Moves: []CountMove{move(5, gone())}}, VerdictLeft, true},
		{"seen, then given out", CountFacts{Start: here, Moves: []CountMove{move(5, gone())}, Seen: seen(0)}, VerdictLeft, true},
		{"given out, then seen all the same", CountFacts{Start: here, Moves: []CountMove{move(5, gone())}, Seen: seen(5)}, VerdictExtra, true},
		{"received, not seen", CountFacts{Start: gone(), Moves: []CountMove{move(5, here)}}, VerdictPresent, true},
		{"received, then seen", CountFacts{Start: gone(), Moves: []CountMove{move(5, here)}, Seen: seen(5)}, VerdictPresent, true},
		{"seen, then received", CountFacts{Start: gone(), Moves: []CountMove{move(5, here)}, Seen: seen(0)}, VerdictPresent, true},
		{"out and home, not seen", CountFacts{Start: here, Moves: []CountMove{move(5, gone()), move(6, here)}}, VerdictPresent, true},
		{"out, seen, home", CountFacts{Start: here, Moves: []CountMove{move(5, gone()), move(6, here)}, Seen: seen(5)}, VerdictPresent, true},
		{"seen, out and home", CountFacts{Start: here, Moves: []CountMove{move(5, gone()), move(6, here)}, Seen: seen(0)}, VerdictPresent, true},
		{"home and out again, not seen", CountFacts{Start: gone(), Moves: []CountMove{move(5, here), move(6, gone())}}, VerdictNothing, true},
		{"extra, then given out elsewhere", CountFacts{Start: gone(), Moves: []CountMove{move(5, gone())}, Seen: seen(0)}, VerdictLeft, true},

		{"adopted on paper, not seen", CountFacts{Start: here, Moves: []CountMove{paper(5, here)}}, VerdictMissing, true},
		{"adopted on paper, seen elsewhere", CountFacts{Start: gone(), Moves: []CountMove{paper(5, gone())}, Seen: seen(0)}, VerdictExtra, true},

		{"opened, counted right", CountFacts{Start: hereWith(12), Seen: with(0, 12)}, VerdictPresent, false},
		{"opened, counted short", CountFacts{Start: hereWith(12), Seen: with(0, 10)}, VerdictUnits, false},
		{"opened, nobody looked in", CountFacts{Start: hereWith(12), Seen: seen(0)}, VerdictPresent, false},
		{"units given, then counted right", CountFacts{Start: here, Moves: []CountMove{move(5, hereWith(14))}, Seen: with(5, 14)}, VerdictPresent, true},
		{"counted right, then units given", CountFacts{Start: here, Moves: []CountMove{move(5, hereWith(14))}, Seen: with(0, 20)}, VerdictPresent, true},
		{"counted short, then units given", CountFacts{Start: here, Moves: []CountMove{move(5, hereWith(14))}, Seen: with(0, 19)}, VerdictUnits, true},
		{"counted short, then gone", CountFacts{Start: hereWith(12), Moves: []CountMove{move(5, gone())}, Seen: with(0, 10)}, VerdictLeft, true},
		{"units given, not seen", CountFacts{Start: here, Moves: []CountMove{move(5, hereWith(14))}}, VerdictPresent, true},
	}
	for _, c := range cases {
		got := JudgePack(c.f)
		if got.Verdict != c.want || got.Moved != c.moved {
			t.Errorf("%s: %s, moved %t; want %s, %t", c.name, got.Verdict, got.Moved, c.want, c.moved)
		}
	}
}

// In every order of dispensing, coming home, opening and scanning, a box that is
// where the books say makes no difference; the same box makes one when somebody
// took it away, or put it back, without a word.
func TestJudgePack_everyOrder(t *testing.T) {
	t.Parallel()
	tried := map[string]int{}
	for _, start := range []CountMark{hereWith(20), gone()} {
		tryOrders(start, nil, 5, func(f CountFacts, steps []string) {
			name := fmt.Sprint(start.Here, steps)
			honest := JudgePack(f)
			switch honest.Verdict {
			case VerdictExtra, VerdictUnits:
				t.Errorf("%s: %s in a world without errors", name, honest.Verdict)
			case VerdictMissing:
				if f.Seen != nil || len(f.Moves) > 0 {
					t.Errorf("%s: a box that was touched is missing", name)
				}
			}
			tried[string(honest.Verdict)]++
			if f.Seen == nil || !honest.Now.Here {
				return
			}
			short := f
			short.Seen = &CountSeen{After: f.Seen.After, Units: honest.Booked - 1}
			if got := JudgePack(short); got.Verdict != VerdictUnits || got.Booked != honest.Booked {
				t.Errorf("%s: a unit short is %+v", name, got)
			}
		})
	}
	if tried["present"] < 50 || tried["left"] < 20 || tried["missing"] != 1 {
		t.Errorf("tried %v", tried)
	}
}

// tryOrders walks every order of at most n events that the world allows, with at
// most one scan, and hands each on.
func tryOrders(now CountMark, steps []string, n int, try func(CountFacts, []string)) {
	walk(CountFacts{Start: now}, now, steps, n, try)
}

func walk(f CountFacts, now CountMark, steps []string, n int, try func(CountFacts, []string)) {
	try(f, steps)
	if n == 0 {
		return
	}
	moved := func(step string, m CountMark) {
		g := f
		g.Moves = append(append([]CountMove(nil), f.Moves...), CountMove{ID: int64(10 + len(f.Moves)), CountMark: m})
		walk(g, m, append(append([]string(nil), steps...), step), n-1, try)
	}
	if now.Here {
		moved("out", CountMark{Units: now.Units})
		if now.Units > 2 {
			moved("units", CountMark{Here: true, Units: now.Units - 2})
		}
	} else {
		moved("home", CountMark{Here: true, Units: now.Units})
	}
	if now.Here && f.Seen == nil {
		g := f
		g.Seen = &CountSeen{Units: now.Units}
		if len(f.Moves) > 0 {
			g.Seen.After = f.Moves[len(f.Moves)-1].ID
		}
		walk(g, now, append(append([]string(nil), steps...), "seen"), n-1, try)
	}
}

func TestDrugCount(t *testing.T) {
	t.Parallel()
	number := func(packs, loose, bookedPacks, bookedLoose int64) *CountedNumber {
		return &CountedNumber{packs, loose, bookedPacks, bookedLoose}
	}
	const not = UnitsNotCounted
	cases := []struct {
		name         string
		c            DrugCount
		way          CountWay
		full, opened bool // are unseen ones missing by name
		packs, loose int64
	}{
		{"nobody counted it", DrugCount{}, WayUncounted, false, false, 0, 0},
		{"scanned", DrugCount{Seen: 3}, WayScanned, true, true, 0, 0},
		{"only an opened box was scanned", DrugCount{SeenOpened: 1}, WayScanned, true, true, 0, 0},
		{"the number is right", DrugCount{Number: number(5, not, 5, 0)}, WayNumber, false, false, 0, 0},
		{"the number is short", DrugCount{Number: number(4, not, 5, 0)}, WayNumber, false, false, -1, 0},
		{"the number is short, some were scanned", DrugCount{Seen: 2, Number: number(4, not, 5, 0)}, WayNumber, false, false, -1, 0},
		{"the number is short, all that are there were scanned", DrugCount{Seen: 4, Number: number(4, not, 5, 0)}, WayScanned, true, false, 0, 0},
		{"there is none", DrugCount{Number: number(0, 0, 5, 8)}, WayScanned, true, true, 0, 0},
		{"none full, loose not counted", DrugCount{Number: number(0, not, 5, 8)}, WayScanned, true, false, 0, 0},
		{"loose right", DrugCount{Number: number(5, 8, 5, 8)}, WayNumber, false, false, 0, 0},
		{"loose short", DrugCount{Number: number(5, 6, 5, 8)}, WayNumber, false, false, 0, -2},
		{"loose more", DrugCount{Number: number(5, 9, 5, 8)}, WayNumber, false, false, 0, 1},
		{"loose short, the opened boxes were scanned", DrugCount{SeenOpened: 1, SeenLoose: 6, Number: number(5, 6, 5, 8)}, WayNumber, false, true, 0, 0},
		{"scanned, dispensed from, then numbered", DrugCount{Seen: 5, Number: number(3, not, 3, 0)}, WayScanned, true, false, 0, 0},
	}
	for _, c := range cases {
		if got := c.c.Way(); got != c.way {
			t.Errorf("%s: %s, want %s", c.name, got, c.way)
		}
		if full, opened := c.c.NamesMissing(true), c.c.NamesMissing(false); full != c.full || opened != c.opened {
			t.Errorf("%s: names full %t opened %t, want %t %t", c.name, full, opened, c.full, c.opened)
		}
		if packs, loose := c.c.PackDifference(), c.c.LooseDifference(); packs != c.packs || loose != c.loose {
			t.Errorf("%s: differs by %d packs %d units, want %d %d", c.name, packs, loose, c.packs, c.loose)
		}
	}
}
