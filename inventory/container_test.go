package inventory

import (
	"strings"
	"testing"
	"time"
)

// boxKey is one cell of the table of containers.
type boxKey struct {
	container Container
	state     ContainerState
	point     ScanPoint
	rel       string // what the scan would find inside, or whose bag it is
}

// boxFacts makes a container of a state and relation; 10 packs were sealed in.
func boxFacts(k boxKey) ContainerFacts {
	f := ContainerFacts{Container: k.container, State: k.state, Name: "周转箱 7 号", Owner: "000012", Sealed: 10, At: noon.Add(-time.Hour)}
	switch k.rel {
	case "all move", "mine":
		f.Moves, f.Mine = 10, true
	case "some move":
		f.Moves = 7
	case "rest moves":
		f.Moves, f.Here = 6, 4
	case "all here":
		f.Here = 10
	case "unfit":
		f.Unfit, f.Why, f.Where = 2, "正在召回", "10 盒在药房"
	case "mine, empty":
		f.Mine = true
	case "mine, this visit":
		f.Mine, f.Visit = true, "v1"
	case "mine, other visit":
		f.Mine, f.Visit = true, "v2"
	case "others":
		f.Moves = 10
	}
	return f
}

// boxAnswers is the table, written by hand.
var boxAnswers = map[boxKey]AnswerKind{
	{ContainerTote, ContainerSealed, PointPacking, "all move"}:   KindToteDone,
	{ContainerTote, ContainerSealed, PointPacking, "rest moves"}: KindToteDone,
	{ContainerTote, ContainerSealed, PointPacking, "some move"}:  KindToteChanged,
	{ContainerTote, ContainerSealed, PointPacking, "all here"}:   KindAlreadyHere,
	{ContainerTote, ContainerSealed, PointPacking, "nothing"}:    KindNothingInside,
	{ContainerTote, ContainerOpen, PointPacking, "all move"}:     KindToteOpen,
	{ContainerTote, ContainerOpen, PointPacking, "all here"}:     KindAlreadyHere,
	{ContainerTote, ContainerOpen, PointPacking, "nothing"}:      KindToteOpen,
	{ContainerTote, ContainerUnknown, PointPacking, "nothing"}:   KindToteUnknown,
	{ContainerTote, ContainerRetired, PointPacking, "nothing"}:   KindToteRetired,

	{ContainerTote, ContainerSealed, PointHome, "all move"}:  KindToteDone,
	{ContainerTote, ContainerSealed, PointHome, "some move"}: KindToteDone,
	{ContainerTote, ContainerSealed, PointHome, "all here"}:  KindAlreadyHere,
	{ContainerTote, ContainerSealed, PointHome, "nothing"}:   KindNothingInside,
	{ContainerTote, ContainerOpen, PointHome, "some move"}:   KindToteDone,
	{ContainerTote, ContainerUnknown, PointHome, "nothing"}:  KindToteUnknown,
	{ContainerTote, ContainerRetired, PointHome, "nothing"}:  KindToteRetired,

	{ContainerTote, ContainerSealed, PointClosing, "some move"}: KindToteDone,
	{ContainerTote, ContainerOpen, PointClosing, "some move"}:   KindToteDone,
	{ContainerTote, ContainerSealed, PointClosing, "all here"}:  KindAlreadyHere,
	{ContainerTote, ContainerSealed, PointClosing, "nothing"}:   KindNothingInside,
	{ContainerTote, ContainerUnknown, PointClosing, "nothing"}:  KindToteUnknown,
	{ContainerTote, ContainerRetired, PointClosing, "nothing"}:  KindToteRetired,

	{ContainerCarton, ContainerSealed, PointPacking, "all move"}:   KindCartonPacked,
	{ContainerCarton, ContainerSealed, PointPacking, "rest moves"}: KindCartonPacked,
	{ContainerCarton, ContainerSealed, PointPacking, "some move"}:  KindCartonIncomplete,
	{ContainerCarton, ContainerSealed, PointPacking, "nothing"}:    KindCartonIncomplete,
	{ContainerCarton, ContainerSealed, PointPacking, "all here"}:   KindAlreadyHere,
	{ContainerCarton, ContainerOpen, PointPacking, "all move"}:     KindCartonIncomplete,
	{ContainerCarton, ContainerSealed, PointHome, "some move"}:     KindCartonPacked,
	{ContainerCarton, ContainerSealed, PointHome, "nothing"}:       KindNothingInside,
	{ContainerCarton, ContainerSealed, PointClosing, "some move"}:  KindCartonCode,
	{ContainerCarton, ContainerSealed, PointTable, "all move"}:     KindCartonCode,

	{ContainerBag, ContainerPacked, PointTable, "mine"}:             KindBagGiven,
	{ContainerBag, ContainerPacked, PointTable, "mine, empty"}:      KindNothingInside,
	{ContainerBag, ContainerPacked, PointTable, "others"}:           KindOtherBag,
	{ContainerBag, ContainerGiven, PointTable, "mine, this visit"}:  KindRepeat,
	{ContainerBag, ContainerGiven, PointTable, "mine, other visit"}: KindBagUsed,
	{ContainerBag, ContainerOpened, PointTable, "mine, empty"}:      KindBagUsed,
	{ContainerBag, ContainerGiven, PointTable, "others"}:            KindOtherBag,
	{ContainerBag, ContainerOpened, PointTable, "others"}:           KindOtherBag,
	{ContainerBag, ContainerUnknown, PointTable, "nothing"}:         KindBagUnknown,
}

func TestContainerAnswer_everyStatePointAndRelation(t *testing.T) {
	t.Parallel()
	for k, want := range boxAnswers {
		checkBox(t, k, want)
	}
	for _, kind := range []Container{ContainerTote, ContainerCarton, ContainerBag} {
		for _, s := range []ContainerState{ContainerOpen, ContainerSealed, ContainerRetired, ContainerPacked, ContainerGiven, ContainerOpened} {
			checkBox(t, boxKey{kind, s, PointLook, "all move"}, KindLooked)
			checkBox(t, boxKey{kind, s, PointLook, "unfit"}, KindLookedInside)
		}
		checkBox(t, boxKey{kind, ContainerUnknown, PointLook, "nothing"}, KindLookedNone)
	}
	for _, p := range []ScanPoint{PointReceiving, PointPacking, PointHome, PointStow, PointBagging, PointTable, PointClosing, PointReturn, PointCount} {
		for _, s := range []ContainerState{ContainerUnknown, ContainerPacked, ContainerGiven, ContainerOpened} {
			if p != PointTable {
				checkBox(t, boxKey{ContainerBag, s, p, "mine"}, KindBagLabel)
			}
		}
		for _, s := range []ContainerState{ContainerUnknown, ContainerOpen, ContainerSealed, ContainerRetired} {
			if _, here := moveOfTote(p); !here {
				checkBox(t, boxKey{ContainerTote, s, p, "all move"}, KindToteLabel)
			}
		}
	}
}

func checkBox(t *testing.T, k boxKey, want AnswerKind) {
	t.Helper()
	a := ContainerAnswer(boxFacts(k), at(k.point))
	if a.Kind != want {
		t.Errorf("%+v: %s, want %s", k, a.Kind, want)
	}
	if !a.Kind.Valid() || strings.ContainsAny(a.Sentence, "{}") {
		t.Errorf("%+v: unfinished answer %+v", k, a)
	}
	moving := want == KindToteDone || want == KindToteChanged || want == KindCartonPacked || want == KindBagGiven
	if (a.Move != "") != moving {
		t.Errorf("%+v: %s asks for the move %q", k, a.Kind, a.Move)
	}
}

func TestContainerAnswer_whoAndNobody(t *testing.T) {
	t.Parallel()
	bag := boxFacts(boxKey{ContainerBag, ContainerPacked, PointTable, "mine"})
	nobody, denied := at(PointTable), at(PointTable)
	nobody.Visit, denied.Denied = "", true
	if a := ContainerAnswer(bag, nobody); a.Kind != KindNoVisit || a.Move != "" {
		t.Errorf("nobody at the table: %+v", a)
	}
	if a := ContainerAnswer(bag, denied); a.Kind != KindNotAllowed || a.Move != "" {
		t.Errorf("who may not: %+v", a)
	}
}

// Where a pack lies in a tote or bag, beside the table of its own states.
func TestScanAnswer_inside(t *testing.T) {
	t.Parallel()
	mine, other := &Inside{Name: "000012", Mine: true}, &Inside{Name: "000013"}
	sealed := &Inside{Container: ContainerTote, Name: "周转箱 2 号", Sealed: true}
	cases := []struct {
		point  ScanPoint
		state  State
		inside *Inside
		want   AnswerKind
	}{
		{PointTable, StateAllocated, nil, KindOK},
		{PointTable, StateAllocated, mine, KindOK},
		{PointTable, StateAllocated, other, KindInABag},
		{PointBagging, StateAllocated, nil, KindOK},
		{PointBagging, StateAllocated, mine, KindAlreadyHere},
		{PointBagging, StateAllocated, other, KindInABag},
		{PointBagging, StateInStore, nil, KindNotPacked},
		{PointBagging, StateExpected, nil, KindNotReceived},
		{PointBagging, StateQuarantined, nil, KindQuarantined},
		{PointBagging, StateDamaged, nil, KindWrongState},
		{PointBagging, StateLost, nil, KindLost},
		{PointStow, StateInStore, nil, KindOK},
		{PointStow, StateInStore, mine, KindAlreadyHere},
		{PointStow, StateInStore, &Inside{Name: "周转箱 3 号"}, KindOK},
		{PointStow, StateInStore, sealed, KindInATote},
		{PointStow, StateAllocated, nil, KindOtherSession},
		{PointStow, StateExpected, nil, KindNotReceived},
		{PointStow, StateQuarantined, nil, KindQuarantined},
	}
	for _, c := range cases {
		f := &ScanFacts{Pack: packIn(c.state), Drug: "甲片", Inside: c.inside}
		got := ScanAnswer(f, at(c.point))
		if got.Kind != c.want || got.Kind == KindOK && got.Move == "" {
			t.Errorf("%s, %s, %+v: %+v, want %s", c.point, c.state, c.inside, got, c.want)
		}
		if c.want == KindInABag && !strings.Contains(got.Sentence, "000013") || c.want == KindInATote && !strings.Contains(got.Sentence, "2 号") {
			t.Errorf("nobody is named in %q", got.Sentence)
		}
		f.Pack.Recalled = true
		if got := ScanAnswer(f, at(c.point)); c.want == KindInABag && got.Kind != KindRecalled {
			t.Errorf("recalled and in a bag: %s", got.Kind)
		}
	}
}

func TestLabel(t *testing.T) {
	t.Parallel()
	for _, want := range []Container{ContainerTote, ContainerBag} {
		text := NewLabel(want)
		got, code, ok := ParseLabel(" " + strings.ToLower(text) + "\r\n")
		if got != want || code != text || !ok {
			t.Fatalf("%s is read as %s %s %v", text, got, code, ok)
		}
		read := ParseScan(text + "\n" + "80000010000000000001")
		if len(read) != 2 || read[0].Err == nil || read[0].Err.Kind != ownLabel(text) || read[1].Err != nil {
			t.Errorf("a scan with %s: %+v", text, read)
		}
		halves := ParseScan(text[:7] + " " + text[7:])
		if len(halves) != 1 || halves[0].Err == nil || halves[0].Err.Text != text {
			t.Errorf("typed in two halves: %+v", halves)
		}
		wrong := 0
		for i := len("JFT"); i < len(text); i++ {
			for _, c := range labelLetter {
				changed := text[:i] + string(c) + text[i+1:]
				if _, _, ok := ParseLabel(changed); ok && changed != text {
					wrong++
				}
			}
		}
		if wrong != 0 {
			t.Errorf("%d of all single misreadings of %s pass", wrong, text)
		}
	}
	for _, bad := range []string{"", "JFT", "JFT0123456789", "JFTU123456789A", NewLabel(ContainerTote) + "0", NewLabel(ContainerTote) + NewLabel(ContainerTote), "JFP0123456789ABCDEFG", "\xff"} {
		if c, code, ok := ParseLabel(bad); ok {
			t.Errorf("%q is taken for %s %s", bad, c, code)
		}
	}
}
