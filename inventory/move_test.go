package inventory

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// noon of a clinic day.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, shanghai())

// day is a date as the database and the codes give it.
func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// packIn is a full pack of 20 in a state, in session 7 where it has one.
func packIn(s State) PackFacts {
	p := PackFacts{State: s, Content: 20, Remainder: 20, Expiry: day(2027, 12, 31)}
	switch s {
	case StateNone:
		return PackFacts{}
	case StateAllocated:
		p.Session = 7
	case StateDispensed:
		p.Session, p.Remainder, p.Given = 7, 0, 20
	}
	return p
}

// moveOf is a plain move of a kind, with what every kind may need.
func moveOf(k MovementKind) Move {
	m := Move{Kind: k, Content: 20, Session: 7, At: noon}
	switch k {
	case MoveRollOver:
		m.Session = 8
	case MoveShortage:
		m.Quantity = 1
	}
	return m
}

// TestApply_everyStateAndKind holds the whole table a second time, written by
// hand: what is not here must be refused.
func TestApply_everyStateAndKind(t *testing.T) {
	t.Parallel()
	type at struct {
		from State
		kind MovementKind
	}
	allowed := map[at]State{
		{StateNone, MoveAnnounce}: StateExpected, {StateNone, MoveReceive}: StateInStore,
		{StateNone, MoveOpening}: StateInStore, {StateNone, MoveLetIn}: StateAllocated,
		{StateExpected, MoveWithdraw}: StateWithdrawn, {StateExpected, MoveReceive}: StateInStore,
		{StateExpected, MoveLetIn}: StateAllocated, {StateExpected, MoveDamage}: StateDamaged,
		{StateInStore, MoveUnreceive}: StateExpected, {StateInStore, MoveAllocate}: StateAllocated,
		{StateInStore, MoveLetIn}: StateAllocated, {StateInStore, MoveQuarantine}: StateQuarantined,
		{StateInStore, MoveDamage}: StateDamaged, {StateInStore, MoveLose}: StateLost,
		{StateInStore, MoveSendBack}: StateSentBack, {StateInStore, MoveShortage}: StateInStore,
		{StateInStore, MoveAdopt}:      StateInStore,
		{StateAllocated, MoveComeHome}: StateInStore, {StateAllocated, MoveRollOver}: StateAllocated,
		{StateAllocated, MoveDispense}: StateDispensed, {StateAllocated, MoveQuarantine}: StateQuarantined,
		{StateAllocated, MoveDamage}: StateDamaged, {StateAllocated, MoveLose}: StateLost,
		{StateAllocated, MoveShortage}: StateAllocated, {StateAllocated, MoveAdopt}: StateAllocated,
		{StateDispensed, MoveUndo}: StateAllocated, {StateDispensed, MoveReturn}: StateQuarantined,
		{StateDispensed, MoveAdopt}:      StateDispensed,
		{StateQuarantined, MoveRelease}:  StateInStore,
		{StateQuarantined, MoveDamage}:   StateDamaged,
		{StateQuarantined, MoveDestroy}:  StateDestroyed,
		{StateQuarantined, MoveLose}:     StateLost,
		{StateQuarantined, MoveSendBack}: StateSentBack,
		{StateQuarantined, MoveAdopt}:    StateQuarantined,
		{StateDamaged, MoveDestroy}:      StateDestroyed, {StateDamaged, MoveLose}: StateLost,
		{StateDamaged, MoveSendBack}: StateSentBack, {StateDamaged, MoveAdopt}: StateDamaged,
		{StateDestroyed, MoveAdopt}: StateDestroyed,
		{StateLost, MoveFind}:       StateInStore, {StateLost, MoveQuarantine}: StateQuarantined,
		{StateLost, MoveAdopt}: StateLost, {StateSentBack, MoveAnnounce}: StateExpected,
		{StateWithdrawn, MoveAnnounce}: StateExpected, {StateSentBack, MoveAdopt}: StateSentBack,
	}
	for _, from := range append(States(), StateNone) {
		for _, kind := range MovementKinds() {
			p := packIn(from)
			after, step, err := Apply(p, moveOf(kind))
			want, ok := allowed[at{from, kind}]
			if !ok {
				var me *MoveError
				if !errors.As(err, &me) || !me.Kind.Valid() || after != p || step != (Step{}) {
					t.Errorf("%s from %q: not refused cleanly: %+v %v", kind, from, after, err)
				}
				continue
			}
			if err != nil || after.State != want || step.From != from || step.To != want || step.Kind != kind {
				t.Errorf("%s from %q: got %q, want %q, %v", kind, from, after.State, want, err)
			}
		}
	}
}

func TestApply_looseUnits(t *testing.T) {
	t.Parallel()
	p := packIn(StateAllocated)
	give := func(q int64) Step {
		t.Helper()
		after, step, err := Apply(p, Move{Kind: MoveDispense, Quantity: q, Session: 7, At: noon})
		if err != nil {
			t.Fatal(err)
		}
		p = after
		return step
	}
	if s := give(5); p.State != StateAllocated || p.Remainder != 15 || p.Given != 5 || s.Quantity != 5 {
		t.Fatalf("after five: %+v %+v", p, s)
	}
	if _, _, err := Apply(p, Move{Kind: MoveDispense, Quantity: 16, Session: 7, At: noon}); kindOf(err) != KindNotEnough {
		t.Fatalf("sixteen of fifteen: %v", err)
	}
	if s := give(0); p.State != StateDispensed || p.Remainder != 0 || p.Given != 20 || s.Quantity != 15 {
		t.Fatalf("the last unit must close it: %+v %+v", p, s)
	}
	p, s, err := Apply(p, Move{Kind: MoveUndo, Quantity: 5, Session: 7, At: noon})
	if err != nil || p.State != StateAllocated || p.Remainder != 5 || p.Given != 15 || s.Quantity != 5 {
		t.Fatalf("undo of five: %+v %v", p, err)
	}
	if _, _, err := Apply(p, Move{Kind: MoveUndo, Quantity: 16, Session: 7, At: noon}); kindOf(err) != KindNothingToUndo {
		t.Fatalf("undo of more than given: %v", err)
	}
}

// kindOf is the answer an error carries.
func kindOf(err error) AnswerKind {
	var me *MoveError
	if errors.As(err, &me) {
		return me.Kind
	}
	return ""
}

func TestApply_guards(t *testing.T) {
	t.Parallel()
	recalled, expired, returned := packIn(StateAllocated), packIn(StateAllocated), packIn(StateAllocated)
	recalled.Recalled, expired.Expiry, returned.Returned = true, day(2026, 11, 22), true
	lastDay := packIn(StateAllocated)
	lastDay.Expiry = day(2026, 11, 23)
	back := packIn(StateQuarantined)
	back.Returned = true
	shelf := packIn(StateInStore)
	shelf.Recalled = true
	cases := []struct {
		name string
		p    PackFacts
		m    Move
		want AnswerKind
	}{
		{"recalled", recalled, moveOf(MoveDispense), KindRecalled},
		{"expired yesterday", expired, moveOf(MoveDispense), KindExpired},
		{"good through its last day", lastDay, moveOf(MoveDispense), ""},
		{"returned once", returned, moveOf(MoveDispense), KindQuarantined},
		{"returned once, home", returned, moveOf(MoveComeHome), KindQuarantined},
		{"returned, release", back, moveOf(MoveRelease), KindQuarantined},
		{"returned, destroy", back, moveOf(MoveDestroy), ""},
		{"recalled, pack it", shelf, moveOf(MoveAllocate), KindRecalled},
		{"recalled, roll over", recalled, moveOf(MoveRollOver), KindRecalled},
		{"expired comes home", expired, moveOf(MoveComeHome), ""},
		{"other session gives", packIn(StateAllocated), Move{Kind: MoveDispense, Session: 8, At: noon}, KindOtherSession},
		{"other session undoes", packIn(StateDispensed), Move{Kind: MoveUndo, Session: 8, At: noon}, KindOtherSession},
		{"roll over to itself", packIn(StateAllocated), Move{Kind: MoveRollOver, Session: 7, At: noon}, KindAlreadyHere},
		{"allocate to nothing", packIn(StateInStore), Move{Kind: MoveAllocate, At: noon}, KindOtherSession},
		{"found at the table", packIn(StateLost), Move{Kind: MoveFind, To: StateAllocated, Session: 7, At: noon}, ""},
		{"found at no table", packIn(StateLost), Move{Kind: MoveFind, To: StateAllocated, At: noon}, KindOtherSession},
		{"target not in the table", packIn(StateLost), Move{Kind: MoveFind, To: StateDispensed, At: noon}, KindLost},
		{"pack without content", packIn(StateNone), Move{Kind: MoveReceive, At: noon}, KindBadQuantity},
		{"more than a pack", packIn(StateNone), Move{Kind: MoveOpening, Content: 20, Quantity: 21, At: noon}, KindBadQuantity},
		{"part of a box comes home", packIn(StateAllocated), Move{Kind: MoveComeHome, Quantity: 3, At: noon}, KindBadQuantity},
		{"negative", packIn(StateAllocated), Move{Kind: MoveDispense, Quantity: -1, Session: 7, At: noon}, KindBadQuantity},
		{"counted down to nothing", packIn(StateInStore), Move{Kind: MoveShortage, Quantity: 20, At: noon}, KindBadQuantity},
		{"counted above a full pack", packIn(StateInStore), Move{Kind: MoveSurplus, Quantity: 1, At: noon}, KindBadQuantity},
		{"empty box back", packIn(StateDispensed), Move{Kind: MoveReturn, Empty: true, At: noon}, ""},
		{"emptiness elsewhere", packIn(StateAllocated), Move{Kind: MoveDispense, Empty: true, Session: 7, At: noon}, KindBadQuantity},
		{"opened box of ten counted in", packIn(StateNone), Move{Kind: MoveOpening, Content: 20, Quantity: 10, At: noon}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := Apply(c.p, c.m); kindOf(err) != c.want || (err == nil) != (c.want == "") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestFactMoves holds that what has happened is never refused, in any state
// with units left, and that every oddity raises an alarm.
func TestFactMoves(t *testing.T) {
	t.Parallel()
	for _, s := range append(States(), StateNone) {
		for _, bad := range []string{"", "recalled", "expired", "other session"} {
			p := packIn(s)
			p.Recalled = bad == "recalled"
			if bad == "expired" {
				p.Expiry = day(2020, 1, 1)
			}
			if bad == "other session" && p.Session != 0 {
				p.Session = 9
			}
			moves, err := FactMoves(p, 20, 3, 7, noon)
			if s == StateDispensed {
				if kindOf(err) != KindTakenBefore {
					t.Errorf("two people claim one box: %v", err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s %s: %v", s, bad, err)
				continue
			}
			alarms := 0
			for _, m := range moves {
				var step Step
				if p, step, err = Apply(p, m); err != nil {
					t.Fatalf("%s %s: fact refused: %v", s, bad, err)
				}
				if step.Alarm != "" {
					alarms++
				}
			}
			regular := s == StateAllocated && bad == ""
			if p.Given != 3 || p.Remainder != 17 || p.Session != 7 || (alarms == 0) != regular {
				t.Errorf("%s %s: %+v with %d alarms", s, bad, p, alarms)
			}
		}
	}
}

// TestApply_property drives packs through random moves and holds the ledger:
// no remainder is negative, and the movements of each place sum to what the
// packs say.
func TestApply_property(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 1))
	kinds := MovementKinds()
	seen := map[MovementKind]int{}
	for range 3000 {
		p, content := PackFacts{Recalled: rnd.IntN(20) == 0}, 1+rnd.Int64N(30)
		stock := map[Place]int64{}
		var book int64
		for range 60 {
			m := Move{Kind: kinds[rnd.IntN(len(kinds))], Content: content, Session: 1 + rnd.Int64N(2), At: noon, Fact: rnd.IntN(4) == 0}
			if rnd.IntN(2) == 0 {
				m.Quantity = rnd.Int64N(content+4) - 1
			}
			m.Empty = rnd.IntN(10) == 0
			after, step, err := Apply(p, m)
			if err != nil {
				if after != p {
					t.Fatalf("a refused %s changed the pack", m.Kind)
				}
				continue
			}
			seen[m.Kind]++
			p = after
			for _, place := range Places() {
				stock[place] += Balance(place, step.Kind, step.From, step.To, step.Quantity)
			}
			book += BookBalance(step.Kind, step.From, step.To, step.Quantity)
			checkLedger(t, p, stock, book)
		}
	}
	for _, k := range kinds {
		if seen[k] == 0 {
			t.Errorf("%s never happened, so nothing was tested of it", k)
		}
	}
}

// checkLedger compares one pack with the sums of its movements.
func checkLedger(t *testing.T, p PackFacts, stock map[Place]int64, book int64) {
	t.Helper()
	if p.Remainder < 0 || p.Given < 0 || p.Remainder+p.Given > p.Content {
		t.Fatalf("impossible pack %+v", p)
	}
	if (p.State == StateAllocated || p.State == StateDispensed) != (p.Session != 0) {
		t.Fatalf("session of %+v", p)
	}
	if p.State == StateDispensed && p.Remainder != 0 {
		t.Fatalf("dispensed with a remainder: %+v", p)
	}
	var onBooks int64
	for _, place := range Places() {
		want := int64(0)
		if place == p.State.Place() {
			want = p.Remainder
		}
		if place == PlacePatient {
			want = p.Given
		}
		if place == PlaceOutside {
			continue // the world outside holds no count of ours
		}
		if stock[place] != want {
			t.Fatalf("%s holds %d by its movements, %d by the pack %+v", place, stock[place], want, p)
		}
		if place.OnBooks() {
			onBooks += want
		}
	}
	if book != onBooks {
		t.Fatalf("books say %d, packs say %d", book, onBooks)
	}
}

func TestExpired(t *testing.T) {
	t.Parallel()
	expiry := day(2026, 11, 23)
	cases := []struct {
		name string
		now  time.Time
		want bool
	}{
		{"day before", time.Date(2026, 11, 22, 23, 0, 0, 0, shanghai()), false},
		{"last minute of the last day", time.Date(2026, 11, 23, 23, 59, 59, 0, shanghai()), false},
		{"same minute told in UTC", time.Date(2026, 11, 23, 15, 59, 59, 0, time.UTC), false},
		{"midnight", time.Date(2026, 11, 24, 0, 0, 0, 0, shanghai()), true},
		{"midnight told in UTC", time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC), true},
	}
	for _, c := range cases {
		if got := Expired(expiry, c.now); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if Expired(time.Time{}, noon) {
		t.Error("an unknown expiry counts as expired")
	}
}

func TestClosedLists(t *testing.T) {
	t.Parallel()
	for _, s := range States() {
		if s.Chinese() == "无记录" || !slices.Contains(Places(), s.Place()) {
			t.Errorf("%s has no name or place", s)
		}
	}
	for _, k := range MovementKinds() {
		if k.Chinese() == "其他" {
			t.Errorf("%s has no name", k)
		}
	}
	for _, r := range moveRules {
		if !slices.Contains(MovementKinds(), r.kind) || len(r.to) == 0 || len(r.from) == 0 {
			t.Errorf("rule %+v", r)
		}
	}
}
