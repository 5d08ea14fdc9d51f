package inventory

import (
	"slices"
	"testing"
)

// acts with the letter of their column below.
var asideColumns = []MovementKind{MoveQuarantine, MoveRelease, MoveDamage, MoveFind, MoveLose, MoveDestroy, MoveSendBack}

// asideTable is every state by every act, written by hand, in the order of
// asideColumns.
var asideTable = map[State][7]AnswerKind{
	StateExpected:    {KindNotThus, KindNotThus, KindOK, KindNotThus, KindNotThus, KindNotThus, KindNotThus},
	StateInStore:     {KindOK, KindAlreadyHere, KindOK, KindAlreadyHere, KindOK, KindNotThus, KindOK},
	StateAllocated:   {KindOK, KindNotThus, KindOK, KindNotThus, KindOK, KindNotThus, KindNotThus},
	StateDispensed:   {KindWithPatient, KindWithPatient, KindWithPatient, KindWithPatient, KindWithPatient, KindWithPatient, KindWithPatient},
	StateQuarantined: {KindAlreadyHere, KindOK, KindOK, KindNotThus, KindOK, KindOK, KindOK},
	StateDamaged:     {KindNotThus, KindNotThus, KindAlreadyHere, KindNotThus, KindOK, KindOK, KindOK},
	StateDestroyed:   {KindNotThus, KindNotThus, KindNotThus, KindNotThus, KindNotThus, KindAlreadyHere, KindNotThus},
	StateLost:        {KindOK, KindNotThus, KindNotThus, KindOK, KindAlreadyHere, KindNotThus, KindNotThus},
	StateSentBack:    {KindNotThus, KindNotThus, KindNotThus, KindNotThus, KindNotThus, KindNotThus, KindAlreadyHere},
	StateWithdrawn:   {KindNotThus, KindNotThus, KindNotThus, KindNotThus, KindNotThus, KindNotThus, KindNotThus},
}

// returnedTable is what a patient once had: destroyed, never back to the shelf
// or to the central store.
var returnedTable = map[State][7]AnswerKind{
	StateQuarantined: {KindAlreadyHere, KindPatientHad, KindOK, KindNotThus, KindOK, KindOK, KindPatientHad},
	StateDamaged:     {KindNotThus, KindPatientHad, KindAlreadyHere, KindNotThus, KindOK, KindOK, KindPatientHad},
	StateLost:        {KindOK, KindPatientHad, KindNotThus, KindOK, KindAlreadyHere, KindNotThus, KindPatientHad},
	StateDestroyed:   {KindNotThus, KindPatientHad, KindNotThus, KindNotThus, KindNotThus, KindAlreadyHere, KindPatientHad},
}

func asideAt(act MovementKind) ScanContext {
	return ScanContext{Point: PointSetAside, Now: noon, Aside: AsideContext{Act: act}}
}

func TestScanAnswer_setAsideEveryStateAndAct(t *testing.T) {
	t.Parallel()
	if !slices.Equal(asideColumns, AsideActs()) || len(asideTable) != len(States()) {
		t.Fatal("an act or a state is missing from the table")
	}
	for _, returned := range []bool{false, true} {
		table := asideTable
		if returned {
			table = returnedTable
		}
		for s, row := range table {
			for i, act := range asideColumns {
				f := &ScanFacts{Pack: packIn(s), Drug: "甲片"}
				f.Pack.Returned = returned
				got := ScanAnswer(f, asideAt(act))
				if got.Kind != row[i] {
					t.Errorf("%s, %s, returned %v: %s, want %s", act, s, returned, got.Kind, row[i])
				}
				checkAnswer(t, f, asideAt(act), got)
				checkAside(t, f, act, got)
			}
		}
	}
}

// checkAside holds that a yes moves the pack where the act leads, and that what
// a patient had lands nowhere from where it could be given out again.
func checkAside(t *testing.T, f *ScanFacts, act MovementKind, a Answer) {
	t.Helper()
	if a.Move == "" {
		return
	}
	after, _, err := Apply(f.Pack, Move{Kind: a.Move, At: noon})
	want := asideTarget(act)
	if f.Pack.Returned && act == MoveFind {
		want = StateQuarantined
	}
	if err != nil || after.State != want {
		t.Errorf("%s from %s leads to %s, %v", act, f.Pack.State, after.State, err)
	}
}

func TestScanAnswer_setAsideWaits(t *testing.T) {
	t.Parallel()
	f := &ScanFacts{Pack: packIn(StateQuarantined), Drug: "甲片"}
	for _, act := range AsideActs() {
		c := asideAt(act)
		c.Aside.Waiting = "XH20261123-001"
		want := "甲片 已在 XH20261123-001 上等第二人确认。请先确认或撤回那一单。"
		if got := ScanAnswer(f, c); got.Kind != KindWaiting || got.Move != "" || got.Sentence != want {
			t.Errorf("%s: %+v", act, got)
		}
	}
	f.Pack.Recalled = true
	if got := ScanAnswer(f, asideAt(MoveRelease)); got.Kind != KindRecalled {
		t.Errorf("a recalled pack leaves quarantine: %+v", got)
	}
	if got := ScanAnswer(nil, asideAt(MoveDamage)); got.Kind != KindNotOurs || got.Move != "" {
		t.Errorf("a code that nobody knows: %+v", got)
	}
	for act, want := range map[MovementKind]string{MoveDestroy: "甲片 已列入销毁单。", MoveSendBack: "甲片 已列入退回药库单。"} {
		c := &ScanFacts{Pack: packIn(StateDamaged), Drug: "甲片"}
		if got := ScanAnswer(c, asideAt(act)); got.Sentence != want {
			t.Errorf("%s: %q", act, got.Sentence)
		}
	}
}
