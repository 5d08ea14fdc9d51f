package inventory

import "testing"

// giver is how the pack and the patient who brings it belong together.
type giver string

const (
	nobody     giver = "never given"
	thisOne    giver = "given to this patient before"
	thisVisit  giver = "given to this patient in this visit"
	another    giver = "given to another patient"
	loosely    giver = "units of it given to this patient"
	cameBefore giver = "came back before"
	notedOnce  giver = "noted before"
)

// returnCell is one case: a state, who got it, and whether the box is empty.
type returnCell struct {
	state State
	to    giver
	empty bool
}

// returnTable is the whole table, written by hand: what comes back with content
// is taken in if anybody was given it; no answer is red.
var returnTable = map[returnCell]AnswerKind{
	{StateDispensed, thisOne, false}: KindOK, {StateDispensed, thisOne, true}: KindEmptySeen,
	{StateDispensed, another, false}: KindReturnOther, {StateDispensed, another, true}: KindEmptyOther,
	{StateDispensed, thisVisit, false}: KindGivenNow, {StateDispensed, thisVisit, true}: KindGivenNow,
	{StateInStore, notedOnce, false}: KindAlreadyHere, {StateInStore, notedOnce, true}: KindAlreadyHere,
	{StateDispensed, notedOnce, false}: KindOK, {StateDispensed, notedOnce, true}: KindAlreadyHere,
	{StateDispensed, loosely, false}: KindOK, {StateDispensed, loosely, true}: KindEmptySeen,
	{StateAllocated, loosely, false}: KindLooseBack, {StateAllocated, loosely, true}: KindEmptySeen,
	{StateInStore, loosely, false}: KindLooseBack, {StateInStore, loosely, true}: KindEmptySeen,
	{StateQuarantined, loosely, false}: KindLooseBack, {StateQuarantined, loosely, true}: KindEmptySeen,

	{StateExpected, nobody, false}: KindNeverGiven, {StateExpected, nobody, true}: KindEmptyNever,
	{StateInStore, nobody, false}: KindNeverGiven, {StateInStore, nobody, true}: KindEmptyNever,
	{StateAllocated, nobody, false}: KindNeverGiven, {StateAllocated, nobody, true}: KindEmptyNever,
	{StateQuarantined, nobody, false}: KindNeverGiven, {StateQuarantined, nobody, true}: KindEmptyNever,
	{StateDamaged, nobody, false}: KindNeverGiven, {StateDamaged, nobody, true}: KindEmptyNever,
	{StateDestroyed, nobody, false}: KindNeverGiven, {StateDestroyed, nobody, true}: KindEmptyNever,
	{StateLost, nobody, false}: KindNeverGiven, {StateLost, nobody, true}: KindEmptyNever,
	{StateSentBack, nobody, false}: KindNeverGiven, {StateSentBack, nobody, true}: KindEmptyNever,
	{StateWithdrawn, nobody, false}: KindNeverGiven, {StateWithdrawn, nobody, true}: KindEmptyNever,

	{StateQuarantined, cameBefore, false}: KindCameBack, {StateQuarantined, cameBefore, true}: KindCameBack,
	{StateDamaged, cameBefore, false}: KindCameBack, {StateDamaged, cameBefore, true}: KindCameBack,
	{StateDestroyed, cameBefore, false}: KindCameBack, {StateDestroyed, cameBefore, true}: KindCameBack,
	{StateLost, cameBefore, false}: KindCameBack, {StateLost, cameBefore, true}: KindCameBack,
}

// brought makes the facts of a cell: patient 3 sits at the table in visit v1.
func brought(x returnCell) (*ScanFacts, ScanContext) {
	f := &ScanFacts{Pack: packIn(x.state), Drug: "甲片"}
	c := ScanContext{Point: PointReturn, Visit: "v1", Now: noon, Return: ReturnContext{Patient: 3, Empty: x.empty}}
	taken := &Taken{Visit: "v0", At: noon.AddDate(0, -1, 0), Patient: 3}
	switch x.to {
	case thisOne:
		f.Taken = taken
	case thisVisit:
		taken.Visit = "v1"
		f.Taken = taken
	case another:
		taken.Patient = 4
		f.Taken = taken
	case loosely:
		f.Taken, c.Return.Loose = taken, true
	case cameBefore:
		f.Taken, f.Pack.Returned = taken, true
	case notedOnce:
		f.Taken, c.Return.Noted = taken, true
	}
	return f, c
}

func TestScanAnswer_return(t *testing.T) {
	t.Parallel()
	for x, want := range returnTable {
		f, c := brought(x)
		got := ScanAnswer(f, c)
		if got.Kind != want {
			t.Errorf("%+v: %s, want %s", x, got.Kind, want)
		}
		if tone := got.Kind.Tone(); tone == ToneBad || x.empty && tone == ToneCaution && want != KindGivenNow && want != KindCameBack {
			t.Errorf("%+v: a patient is met with %s", x, tone)
		}
		moves := want == KindOK || want == KindReturnOther
		if (got.Move == MoveReturn) != moves {
			t.Errorf("%+v: moves %q", x, got.Move)
		}
		if moves {
			if after, _, err := Apply(f.Pack, Move{Kind: got.Move, At: noon}); err != nil || after.State != StateQuarantined || !after.Returned {
				t.Errorf("%+v: promised, then %+v %v", x, after, err)
			}
		}
	}
	for _, s := range States() {
		if _, there := returnTable[returnCell{s, nobody, false}]; !there && s != StateDispensed {
			t.Errorf("%s is missing from the table", s)
		}
	}
}

// A code that nobody knows is noted, whatever its prefix, and never a carton to
// be taken apart.
func TestScanAnswer_returnUnknown(t *testing.T) {
	t.Parallel()
	for _, carton := range []bool{false, true} {
		c := ScanContext{Point: PointReturn, Now: noon, Carton: carton, PrefixKnown: carton}
		if got := ScanAnswer(nil, c); got.Kind != KindNotOurs || got.MayAsk {
			t.Errorf("content: %+v", got)
		}
		c.Return.Empty = true
		if got := ScanAnswer(nil, c); got.Kind != KindEmptyUnknown {
			t.Errorf("empty: %+v", got)
		}
	}
}

// The empty boxes of 麻 and 精一 are taken in, all others looked at.
func TestScanAnswer_returnKeepsSomeEmpties(t *testing.T) {
	t.Parallel()
	f, c := brought(returnCell{StateDispensed, thisOne, true})
	c.Return.Keep = true
	got := ScanAnswer(f, c)
	if got.Kind != KindOK || got.Move != MoveReturn || got.Sentence != "甲片 已收下空盒，请放进隔离区。" {
		t.Errorf("%+v", got)
	}
	after, step, err := Apply(f.Pack, Move{Kind: got.Move, Empty: true, At: noon})
	if err != nil || after.State != StateQuarantined || step.Quantity != 0 || after.Given != 20 {
		t.Errorf("%+v %+v %v", after, step, err)
	}
}

func TestOddKindsAreNotRed(t *testing.T) {
	t.Parallel()
	n := 0
	for _, k := range Kinds() {
		if k.Kind.Odd() {
			n++
			if k.Tone == ToneBad {
				t.Errorf("%s is red", k.Kind)
			}
		}
	}
	if n != 8 {
		t.Errorf("%d odd kinds", n)
	}
}
