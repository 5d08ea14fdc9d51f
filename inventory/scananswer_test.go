package inventory

import (
	"strings"
	"testing"
	"time"
)

// relation is how a pack and the person who scans it belong together.
type relation string

const (
	none         relation = "none"
	sameSession  relation = "same session"
	otherSession relation = "other session"
	sameVisit    relation = "same visit"
	otherVisit   relation = "other visit today"
	earlier      relation = "earlier day"
)

// relations lists all, so that the table test meets each with every state.
var relations = []relation{none, sameSession, otherSession, sameVisit, otherVisit, earlier}

// factsFor is a pack in a state and a relation to session 7, visit v1, receipt
// 5; possible is false where the world has no such case.
func factsFor(s State, r relation) (f *ScanFacts, possible bool) {
	f = &ScanFacts{Pack: packIn(s), Drug: "甲片", Receipt: 5, SessionName: "新华社区", ReceiptNo: "RK1"}
	taken := &Taken{Visit: "v2", Doctor: "陈医生", Queue: "12", Site: "金平社区", At: noon.Add(-78 * time.Minute)}
	switch r {
	case none:
		return f, s != StateAllocated && s != StateDispensed
	case sameSession:
		return f, s == StateAllocated
	case otherSession:
		f.Pack.Session = 8
		return f, s == StateAllocated
	case sameVisit:
		taken.Visit = "v1"
	case earlier:
		taken.At = noon.AddDate(0, -1, 0)
	}
	f.Taken = taken
	return f, s == StateDispensed
}

// key is one cell of the table.
type key struct {
	point ScanPoint
	state State
	rel   relation
}

// expected is the whole table of first answers, written by hand.
var expected = map[key]AnswerKind{
	{PointReceiving, StateExpected, none}:          KindOK,
	{PointReceiving, StateInStore, none}:           KindAlreadyHere,
	{PointReceiving, StateAllocated, sameSession}:  KindOtherSession,
	{PointReceiving, StateAllocated, otherSession}: KindOtherSession,
	{PointReceiving, StateDispensed, sameVisit}:    KindTakenToday,
	{PointReceiving, StateDispensed, otherVisit}:   KindTakenToday,
	{PointReceiving, StateDispensed, earlier}:      KindTakenBefore,
	{PointReceiving, StateQuarantined, none}:       KindQuarantined,
	{PointReceiving, StateDamaged, none}:           KindWrongState,
	{PointReceiving, StateDestroyed, none}:         KindWrongState,
	{PointReceiving, StateLost, none}:              KindLost,
	{PointReceiving, StateSentBack, none}:          KindWrongState,
	{PointReceiving, StateWithdrawn, none}:         KindWithdrawn,

	{PointOpening, StateExpected, none}:          KindOtherReceipt,
	{PointOpening, StateInStore, none}:           KindAlreadyHere,
	{PointOpening, StateAllocated, sameSession}:  KindOtherSession,
	{PointOpening, StateAllocated, otherSession}: KindOtherSession,
	{PointOpening, StateDispensed, sameVisit}:    KindTakenToday,
	{PointOpening, StateDispensed, otherVisit}:   KindTakenToday,
	{PointOpening, StateDispensed, earlier}:      KindTakenBefore,
	{PointOpening, StateQuarantined, none}:       KindQuarantined,
	{PointOpening, StateDamaged, none}:           KindWrongState,
	{PointOpening, StateDestroyed, none}:         KindWrongState,
	{PointOpening, StateLost, none}:              KindLost,
	{PointOpening, StateSentBack, none}:          KindWrongState,
	{PointOpening, StateWithdrawn, none}:         KindWithdrawn,

	{PointPacking, StateExpected, none}:          KindNotReceived,
	{PointPacking, StateInStore, none}:           KindOK,
	{PointPacking, StateAllocated, sameSession}:  KindAlreadyHere,
	{PointPacking, StateAllocated, otherSession}: KindOtherSession,
	{PointPacking, StateDispensed, sameVisit}:    KindTakenToday,
	{PointPacking, StateDispensed, otherVisit}:   KindTakenToday,
	{PointPacking, StateDispensed, earlier}:      KindTakenBefore,
	{PointPacking, StateQuarantined, none}:       KindQuarantined,
	{PointPacking, StateDamaged, none}:           KindWrongState,
	{PointPacking, StateDestroyed, none}:         KindWrongState,
	{PointPacking, StateLost, none}:              KindLost,
	{PointPacking, StateSentBack, none}:          KindWrongState,
	{PointPacking, StateWithdrawn, none}:         KindWithdrawn,

	{PointTable, StateExpected, none}:          KindNotReceived,
	{PointTable, StateInStore, none}:           KindNotPacked,
	{PointTable, StateAllocated, sameSession}:  KindOK,
	{PointTable, StateAllocated, otherSession}: KindOtherSession,
	{PointTable, StateDispensed, sameVisit}:    KindRepeat,
	{PointTable, StateDispensed, otherVisit}:   KindTakenToday,
	{PointTable, StateDispensed, earlier}:      KindTakenBefore,
	{PointTable, StateQuarantined, none}:       KindQuarantined,
	{PointTable, StateDamaged, none}:           KindWrongState,
	{PointTable, StateDestroyed, none}:         KindWrongState,
	{PointTable, StateLost, none}:              KindLost,
	{PointTable, StateSentBack, none}:          KindWrongState,
	{PointTable, StateWithdrawn, none}:         KindWithdrawn,

	{PointCount, StateExpected, none}:          KindCountExtra,
	{PointCount, StateInStore, none}:           KindCountExtra,
	{PointCount, StateAllocated, sameSession}:  KindOK,
	{PointCount, StateAllocated, otherSession}: KindCountExtra,
	{PointCount, StateDispensed, sameVisit}:    KindCountExtra,
	{PointCount, StateDispensed, otherVisit}:   KindCountExtra,
	{PointCount, StateDispensed, earlier}:      KindCountExtra,
	{PointCount, StateQuarantined, none}:       KindCountExtra,
	{PointCount, StateDamaged, none}:           KindCountExtra,
	{PointCount, StateDestroyed, none}:         KindCountExtra,
	{PointCount, StateLost, none}:              KindCountExtra,
	{PointCount, StateSentBack, none}:          KindCountExtra,
	{PointCount, StateWithdrawn, none}:         KindCountExtra,
}

// at is a scan in session 7, receipt 5, visit v1.
func at(p ScanPoint) ScanContext {
	return ScanContext{Point: p, Session: 7, Receipt: 5, Visit: "v1", Now: noon, PrefixKnown: true, Wanted: true, Drug: "乙片"}
}

func TestScanAnswer_everyStatePointAndRelation(t *testing.T) {
	t.Parallel()
	met := 0
	for _, point := range []ScanPoint{PointReceiving, PointOpening, PointPacking, PointTable, PointCount} {
		for _, s := range States() {
			for _, r := range relations {
				f, possible := factsFor(s, r)
				if !possible {
					continue
				}
				met++
				want, ok := expected[key{point, s, r}]
				got := ScanAnswer(f, at(point))
				if !ok || got.Kind != want {
					t.Errorf("%s, %s, %s: %s, want %s", point, s, r, got.Kind, want)
				}
				checkAnswer(t, f, at(point), got)
			}
		}
	}
	if met != len(expected) {
		t.Errorf("%d cases met, %d written down", met, len(expected))
	}
}

// checkAnswer holds what is true of every answer: a listed kind, a finished
// sentence, and a move exactly when the rules would do it.
func checkAnswer(t *testing.T, f *ScanFacts, c ScanContext, a Answer) {
	t.Helper()
	if !a.Kind.Valid() || a.Sentence == "" || strings.ContainsAny(a.Sentence, "{}") {
		t.Errorf("%s: unfinished answer %+v", c.Point, a)
	}
	// Letting in is asked for at the table alone, and nobody takes another box of a
	// delivery or of what is left.
	if c.Point != PointTable && strings.Contains(a.Sentence, "放行") {
		t.Errorf("%s: %s offers what is not there: %s", c.Point, a.Kind, a.Sentence)
	}
	if (c.Point == PointReceiving || c.Point == PointClosing) && a.Kind != KindExpired && strings.Contains(a.Sentence, "换一盒") {
		t.Errorf("%s: %s tells to take another box: %s", c.Point, a.Kind, a.Sentence)
	}
	if a.Move == "" {
		if a.Kind.Tone() == ToneGood && c.Point != PointCount {
			t.Errorf("%s, %s: good, but nothing moves", c.Point, f.Pack.State)
		}
		return
	}
	if _, _, err := Apply(f.Pack, Move{Kind: a.Move, Session: c.Session, At: c.Now}); err != nil {
		t.Errorf("%s, %s: promised, then refused: %v", c.Point, f.Pack.State, err)
	}
}

func TestScanAnswer_unfit(t *testing.T) {
	t.Parallel()
	cases := []struct {
		point             ScanPoint
		state             State
		recalled, expired AnswerKind
	}{
		{PointReceiving, StateExpected, KindInRecalled, KindInExpired},
		{PointReceiving, StateInStore, KindAlreadyHere, KindAlreadyHere},
		{PointPacking, StateInStore, KindRecalled, KindExpired},
		{PointPacking, StateExpected, KindRecalled, KindExpired},
		{PointTable, StateAllocated, KindRecalled, KindExpired},
		{PointTable, StateInStore, KindRecalled, KindExpired},
		{PointTable, StateExpected, KindRecalled, KindExpired},
		{PointTable, StateQuarantined, KindRecalled, KindExpired},
	}
	for _, c := range cases {
		f := &ScanFacts{Pack: packIn(c.state), Drug: "甲片", Receipt: 5}
		f.Pack.Recalled = true
		if got := ScanAnswer(f, at(c.point)); got.Kind != c.recalled || got.MayAsk {
			t.Errorf("recalled, %s, %s: %+v, want %s", c.point, c.state, got, c.recalled)
		}
		f.Pack.Recalled, f.Pack.Expiry = false, day(2026, 11, 22)
		got := ScanAnswer(f, at(c.point))
		if got.Kind != c.expired || got.MayAsk {
			t.Errorf("expired, %s, %s: %+v, want %s", c.point, c.state, got, c.expired)
		}
		if c.expired == KindExpired && !strings.Contains(got.Sentence, "2026-11-22") {
			t.Errorf("no date in %q", got.Sentence)
		}
	}
}

func TestScanAnswer_withoutPack(t *testing.T) {
	t.Parallel()
	change := func(p ScanPoint, f func(*ScanContext)) ScanContext {
		c := at(p)
		f(&c)
		return c
	}
	keep := func(*ScanContext) {}
	unmapped := func(c *ScanContext) { c.PrefixKnown = false }
	carton := func(c *ScanContext) { c.Carton = true }
	cases := []struct {
		name string
		c    ScanContext
		kind AnswerKind
		ask  bool
		move MovementKind
	}{
		{"receiving, wanted", change(PointReceiving, keep), KindOK, false, MoveReceive},
		{"receiving, not wanted", change(PointReceiving, func(c *ScanContext) { c.Wanted = false }), KindNotOnReceipt, false, ""},
		{"receiving, unmapped", change(PointReceiving, unmapped), KindUnknownPrefix, false, ""},
		{"receiving, carton", change(PointReceiving, carton), KindCartonCode, false, ""},
		{"packing", change(PointPacking, keep), KindUnknown, false, ""},
		{"table", change(PointTable, keep), KindUnknown, true, ""},
		{"table, unmapped", change(PointTable, unmapped), KindUnknownPrefix, false, ""},
		{"table, carton", change(PointTable, carton), KindCartonCode, false, ""},
		{"table, nobody there", change(PointTable, func(c *ScanContext) { c.Visit = "" }), KindNoVisit, false, ""},
		{"count", change(PointCount, keep), KindCountUnknown, false, ""},
		{"count, unmapped", change(PointCount, unmapped), KindCountUnknown, false, ""},
		{"count, carton", change(PointCount, carton), KindCartonCode, false, ""},
		{"may not", change(PointTable, func(c *ScanContext) { c.Denied = true }), KindNotAllowed, false, ""},
	}
	for _, c := range cases {
		if got := ScanAnswer(nil, c.c); got.Kind != c.kind || got.MayAsk != c.ask || got.Move != c.move {
			t.Errorf("%s: %+v, want %s", c.name, got, c.kind)
		}
	}
}

// The shelf is counted without a session; what a count leaves out is not written.
func TestScanAnswer_countOfTheShelf(t *testing.T) {
	t.Parallel()
	for _, s := range States() {
		c := at(PointCount)
		c.Session = 0
		want := KindCountExtra
		if s == StateInStore {
			want = KindOK
		}
		f := &ScanFacts{Pack: packIn(s), Drug: "甲片"}
		if got := ScanAnswer(f, c); got.Kind != want || got.Move != "" {
			t.Errorf("%s: %+v, want %s", s, got, want)
		}
		f.Pack.Recalled, f.Pack.Expiry = true, day(2026, 11, 22)
		if got := ScanAnswer(f, c); got.Kind != want {
			t.Errorf("%s, recalled and expired: %s, want %s: it is there all the same", s, got.Kind, want)
		}
		c.Wanted = false
		if got := ScanAnswer(f, c); got.Kind != KindNotCounted {
			t.Errorf("%s, of a drug that is left out: %s", s, got.Kind)
		}
	}
}

func TestScanAnswer_doubleRead(t *testing.T) {
	t.Parallel()
	f := &ScanFacts{Pack: packIn(StateDispensed), Drug: "甲片", Taken: &Taken{Visit: "v1", At: noon}}
	for after, want := range map[time.Duration]AnswerKind{
		0: KindAbsorbed, 1999 * time.Millisecond: KindAbsorbed, 2 * time.Second: KindRepeat, -time.Second: KindRepeat,
	} {
		c := at(PointTable)
		c.LastRead = c.Now.Add(-after)
		if got := ScanAnswer(f, c); got.Kind != want || got.Move != "" {
			t.Errorf("read again after %s: %+v, want %s", after, got, want)
		}
	}
}

func TestScanAnswer_looseUnits(t *testing.T) {
	t.Parallel()
	opened := packIn(StateAllocated)
	opened.Remainder, opened.Given = 15, 5
	f := &ScanFacts{Pack: opened, Drug: "甲片", Taken: &Taken{Visit: "v2", At: noon}}
	if got := ScanAnswer(f, at(PointTable)); got.Kind != KindOK || got.Move != MoveDispense {
		t.Errorf("an opened box with units left for the next patient: %+v", got)
	}
	f.Taken.Visit = "v1"
	if got := ScanAnswer(f, at(PointTable)); got.Kind != KindRepeat {
		t.Errorf("an opened box again for the same patient: %+v", got)
	}
}

func TestScanAnswer_sentences(t *testing.T) {
	t.Parallel()
	cases := []struct {
		r    relation
		s    State
		want string
	}{
		{otherVisit, StateDispensed, "甲片 已于 10:42 由陈医生发给 12 号。请换一盒。"},
		{earlier, StateDispensed, "甲片 已于 2026-10-23 由陈医生在金平社区发出，不能再发。请把这盒放到一边，交给药师核对。"},
		{otherSession, StateAllocated, "甲片 配在新华社区的药箱里，不在本场。请换一盒，或请药师放行。"},
	}
	for _, c := range cases {
		f, _ := factsFor(c.s, c.r)
		if got := ScanAnswer(f, at(PointTable)); got.Sentence != c.want {
			t.Errorf("got  %q\nwant %q", got.Sentence, c.want)
		}
	}
}

func TestScanAnswer_mayAsk(t *testing.T) {
	t.Parallel()
	for s, want := range map[State]bool{
		StateExpected: true, StateInStore: true, StateQuarantined: false, StateLost: false, StateDestroyed: false,
	} {
		f, _ := factsFor(s, none)
		if got := ScanAnswer(f, at(PointTable)); got.MayAsk != want {
			t.Errorf("%s: may ask %v", s, got.MayAsk)
		}
	}
	f, _ := factsFor(StateAllocated, otherSession)
	if got := ScanAnswer(f, at(PointTable)); !got.MayAsk {
		t.Error("a pack of another session cannot be asked for")
	}
}
