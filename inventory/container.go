package inventory

import (
	"fmt"
	"time"
)

// ContainerState is where a tote or a bag stands.
type ContainerState string

// The states of a container. A tote is open or sealed until it is retired; a bag
// is packed until it was given or opened.
const (
	ContainerUnknown ContainerState = ""
	ContainerOpen    ContainerState = "open"
	ContainerSealed  ContainerState = "sealed"
	ContainerRetired ContainerState = "retired"
	ContainerPacked  ContainerState = "packed"
	ContainerGiven   ContainerState = "given"
	ContainerOpened  ContainerState = "opened"
)

// Chinese is the state's name for people.
func (s ContainerState) Chinese() string {
	switch s {
	case ContainerOpen:
		return "未封"
	case ContainerSealed:
		return "已封箱"
	case ContainerRetired:
		return "已停用"
	case ContainerPacked:
		return "已装袋"
	case ContainerGiven:
		return "已发出"
	case ContainerOpened:
		return "已拆开"
	}
	return "无记录"
}

// ContainerFacts is a tote, a carton or a bag whose code was scanned, with what the
// answer names. A carton is sealed when its relation names all that is in it.
type ContainerFacts struct {
	Container Container
	State     ContainerState
	Name      string // 周转箱 7 号; 药袋 P0012; the drug of a carton
	// Owner is whose bag it is, by the patient's number; Mine that this patient
	// sits at the table. Visit is the one it was given in, At when it was given,
	// opened or retired.
	Owner string
	Mine  bool
	Visit string
	At    time.Time
	// Sealed is how many packs were in the tote when it was closed, or how many the
	// relation names in the carton.
	Sealed int
	// Where is where it is and what it holds, for who only looks: 12 盒在药房. Unfit is
	// how many packs in it may not be handed out, Why the reasons.
	Where string
	Unfit int
	Why   string
	// Moves is how many packs inside the scan would move, Here how many are where
	// it would move them already.
	Moves, Here int
}

// ContainerAnswer decides what the scan of a container's label is answered with,
// for any container, state, point and relation. The packs inside have answers of
// their own ([ScanAnswer]); Move says whether those that may are to move.
func ContainerAnswer(f ContainerFacts, c ScanContext) Answer {
	switch {
	case c.Denied:
		return f.answer(KindNotAllowed, c)
	case c.Point == PointLook:
		return f.answerLook(c)
	case f.Container == ContainerBag:
		return answerBag(f, c)
	case f.Container == ContainerCarton:
		return answerCarton(f, c)
	}
	return answerTote(f, c)
}

// answerLook is for who only wants to know: nothing moves, whatever lies inside.
func (f ContainerFacts) answerLook(c ScanContext) Answer {
	switch {
	case f.State == ContainerUnknown:
		return f.answer(KindLookedNone, c)
	case f.Unfit > 0:
		return f.answer(KindLookedInside, c)
	}
	return f.answer(KindLooked, c)
}

func answerTote(f ContainerFacts, c ScanContext) Answer {
	move, here := moveOfTote(c.Point)
	switch {
	case !here:
		return f.answer(KindToteLabel, c)
	case f.State == ContainerUnknown:
		return f.answer(KindToteUnknown, c)
	case f.State == ContainerRetired:
		return f.answer(KindToteRetired, c)
	case f.Moves == 0 && f.Here > 0:
		return f.answer(KindAlreadyHere, c)
	case c.Point == PointPacking && f.State == ContainerOpen:
		return f.answer(KindToteOpen, c)
	case f.Moves == 0:
		return f.answer(KindNothingInside, c)
	}
	kind := KindToteDone
	if c.Point == PointPacking && f.Moves+f.Here != f.Sealed {
		kind = KindToteChanged
	}
	a := f.answer(kind, c)
	a.Move = move
	return a
}

// moveOfTote is what a tote's label asks for at a point; false where it asks for
// nothing. Closing only ticks off: its packs move when two people have confirmed.
func moveOfTote(p ScanPoint) (MovementKind, bool) {
	switch p {
	case PointPacking:
		return MoveAllocate, true
	case PointHome, PointClosing:
		return MoveComeHome, true
	}
	return "", false
}

// answerCarton is for a carton whose small codes are known. Only a whole one may be
// taken by its own code: of a broken one nobody knows which boxes are left in it.
func answerCarton(f ContainerFacts, c ScanContext) Answer {
	move, here := moveOfTote(c.Point)
	switch {
	case !here || c.Point == PointClosing:
		return f.answer(KindCartonCode, c)
	case f.Moves == 0 && f.Here > 0:
		return f.answer(KindAlreadyHere, c)
	case c.Point == PointPacking && (f.State != ContainerSealed || f.Moves+f.Here != f.Sealed):
		return f.answer(KindCartonIncomplete, c)
	case f.Moves == 0:
		return f.answer(KindNothingInside, c)
	}
	a := f.answer(KindCartonPacked, c)
	a.Move = move
	return a
}

func answerBag(f ContainerFacts, c ScanContext) Answer {
	switch {
	case c.Point != PointTable:
		return f.answer(KindBagLabel, c)
	case c.Visit == "":
		return f.answer(KindNoVisit, c)
	case f.State == ContainerUnknown:
		return f.answer(KindBagUnknown, c)
	case !f.Mine:
		return f.answer(KindOtherBag, c)
	case f.State == ContainerGiven && f.Visit == c.Visit:
		return f.answer(KindRepeat, c)
	case f.State != ContainerPacked:
		return f.answer(KindBagUsed, c)
	case f.Moves == 0:
		return f.answer(KindNothingInside, c)
	}
	a := f.answer(KindBagGiven, c)
	a.Move = MoveDispense
	return a
}

// stateWord is the state for people. Nobody seals a carton: what counts is whether
// every code in it is known.
func (f ContainerFacts) stateWord() string {
	switch {
	case f.Container != ContainerCarton:
		return f.State.Chinese()
	case f.State == ContainerSealed:
		return "小码齐全"
	}
	return "小码不全"
}

// answer fills in the sentence.
func (f ContainerFacts) answer(kind AnswerKind, c ScanContext) Answer {
	d := Details{Drug: f.Name, Done: doneAt(c), Who: f.Owner, State: f.stateWord(), Count: fmt.Sprint(f.Moves), Before: fmt.Sprint(f.Sealed), Where: f.Where}
	if kind == KindLookedInside {
		d.Count, d.Rest = fmt.Sprint(f.Unfit), f.Why
	}
	if !f.At.IsZero() {
		d.When = whenAt(f.At, c.Now)
	}
	return Answer{Kind: kind, Sentence: kind.Sentence(d)}
}

// whenAt is the minute on the same day, the date for an earlier one.
func whenAt(at, now time.Time) string {
	if sameDay(at, now) {
		return at.In(shanghai()).Format("15:04")
	}
	return at.In(shanghai()).Format(time.DateOnly)
}
