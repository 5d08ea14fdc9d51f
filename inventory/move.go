package inventory

import (
	"fmt"
	"time"
)

// PackFacts is what the rules need to know of a pack.
type PackFacts struct {
	State State
	// Content is the units of a full pack, in the drug's smallest unit; always
	// positive once the pack exists.
	Content int64
	// Remainder is the units still in the box, wherever it is. It is zero
	// exactly when all were given out, or the box came back empty.
	Remainder int64
	// Given is the units patients have from this pack. Remainder and Given
	// together never exceed Content; what is missing was counted away.
	Given int64
	// Session is the clinic day that holds or gave out the pack; zero unless
	// it is allocated or dispensed.
	Session int64
	// Expiry is the last good day; zero when not known.
	Expiry time.Time
	// Recalled says that a recall names this pack's drug, batch or code.
	Recalled bool
	// Returned says that a patient had it: it never goes back to stock.
	Returned bool
}

// Move is one thing to be done to a pack.
type Move struct {
	Kind MovementKind
	// Quantity in smallest units. Zero means all there is to move. An empty
	// box that a patient brings back says Empty.
	Quantity int64
	// Empty marks the return of an empty box.
	Empty bool
	// Content is the units of a full pack, for a pack that has no row yet.
	Content int64
	// To chooses among several allowed targets; empty takes the first.
	To State
	// Session is the clinic day that takes, holds or dispenses the pack.
	Session int64
	// At is the moment it is done, or for a fact was done.
	At time.Time
	// Fact says that it has happened already and is only being written down:
	// recall and expiry then raise an alarm and do not refuse.
	Fact bool
}

// Step is the movement that a move made: what the ledger's row says.
type Step struct {
	Kind     MovementKind
	From, To State
	Quantity int64
	// FromSession and ToSession are the clinic days it left and came to; both
	// are the same for what stays in one, zero for none.
	FromSession, ToSession int64
	// Alarm is why the pharmacist must be told of a fact: the answer it would
	// have had before it happened. Empty when nothing was wrong.
	Alarm AnswerKind
}

// MoveError refuses a move; the kind says what the person is answered.
type MoveError struct {
	Kind AnswerKind
	Move MovementKind
	From State
}

// Error says which move was refused, for the log; people read the kind's
// sentence.
func (e *MoveError) Error() string {
	return fmt.Sprintf("move %s from state %q refused: %s", e.Move, e.From, e.Kind)
}

// Apply is the one rule of how a pack moves. It returns the pack as it is
// afterwards and the step to be written, or a *[MoveError] and the pack
// unchanged. It never makes a remainder negative or larger than the pack.
func Apply(p PackFacts, m Move) (PackFacts, Step, error) {
	r, ok := findRule(p.State, m)
	if !ok {
		return p, Step{}, refuse(p, m, refusalOf(p.State))
	}
	if p.State == StateNone && m.Content <= 0 {
		return p, Step{}, refuse(p, m, KindBadQuantity)
	}
	alarm, kind := guard(p, m, r)
	if kind != "" {
		return p, Step{}, refuse(p, m, kind)
	}
	after, moved, kind := r.effect.change(p, m)
	if kind != "" {
		return p, Step{}, refuse(p, m, kind)
	}
	after.State = targetOf(r, m, after.Remainder)
	after.Session = sessionAfter(after, m)
	return after, Step{
		Kind: m.Kind, From: p.State, To: after.State, Quantity: moved,
		FromSession: p.Session, ToSession: after.Session, Alarm: alarm,
	}, nil
}

// refuse builds the typed error.
func refuse(p PackFacts, m Move, kind AnswerKind) error {
	return &MoveError{Kind: kind, Move: m.Kind, From: p.State}
}

// refusalOf names the answer for a move the state does not allow.
func refusalOf(s State) AnswerKind {
	switch s {
	case StateNone:
		return KindUnknown
	case StateExpected:
		return KindNotReceived
	case StateInStore:
		return KindNotPacked
	case StateQuarantined:
		return KindQuarantined
	case StateLost:
		return KindLost
	case StateWithdrawn:
		return KindWithdrawn
	}
	return KindWrongState
}

// guard tests what the state alone does not say. For a fact it turns a refusal
// over recall, expiry or origin into an alarm.
func guard(p PackFacts, m Move, r rule) (alarm, refused AnswerKind) {
	if kind := impossible(p, m, r); kind != "" {
		return "", kind
	}
	problem := unfit(p, m, r)
	if m.Fact {
		return problem, ""
	}
	return "", problem
}

// impossible names what not even a fact can have done.
func impossible(p PackFacts, m Move, r rule) AnswerKind {
	switch {
	case r.noReturned && p.Returned:
		return KindQuarantined
	case (m.Kind == MoveDispense || m.Kind == MoveUndo) && m.Session != p.Session,
		r.joins && m.Session == 0:
		return KindOtherSession
	case m.Kind == MoveRollOver && m.Session == p.Session:
		return KindAlreadyHere
	case m.Kind == MoveLetIn && p.State != StateNone && p.Remainder == 0:
		return KindTakenBefore
	}
	return ""
}

// unfit names what forbids a move before it happens.
func unfit(p PackFacts, m Move, r rule) AnswerKind {
	switch {
	case r.onlyFact, m.Kind == MoveLetIn && m.Fact:
		return refusalOf(p.State)
	case m.Kind == MoveRollOver && m.Fact:
		return KindOtherSession // given out by a session that never held it
	case m.Kind == MoveRelease && p.Recalled:
		return KindRecalled // it stays apart until the recall is lifted
	case !r.mustBeFit:
		return ""
	case p.Recalled:
		return KindRecalled
	case p.Returned:
		return KindQuarantined
	case Expired(p.Expiry, m.At):
		return KindExpired
	}
	return ""
}

// targetOf is the state after the move. A dispense leaves the pack allocated
// until its last unit has gone.
func targetOf(r rule, m Move, remainder int64) State {
	if m.Kind == MoveDispense && remainder > 0 {
		return StateAllocated
	}
	if m.To != StateNone {
		return m.To // findRule has checked it
	}
	return r.to[0]
}

// sessionAfter is the clinic day a pack belongs to after the move.
func sessionAfter(after PackFacts, m Move) int64 {
	switch after.State {
	case StateAllocated, StateDispensed:
	default:
		return 0
	}
	switch m.Kind {
	case MoveAllocate, MoveLetIn, MoveRollOver, MoveFind:
		return m.Session
	}
	return after.Session
}

// FactMoves is the way a hand-over that has already happened is written down,
// whatever the pack's state: first the alarm-raising move that brings it to the
// session that gave it, where one is needed, then the dispense. It fails only
// when the pack has no units left to have been given: then two people claim
// one box, and the caller records a conflict for the pharmacist.
func FactMoves(p PackFacts, content, quantity, session int64, at time.Time) ([]Move, error) {
	give := Move{Kind: MoveDispense, Quantity: quantity, Session: session, At: at, Fact: true}
	if p.State != StateNone && p.Remainder == 0 {
		return nil, refuse(p, give, KindTakenBefore)
	}
	switch {
	case p.State == StateAllocated && p.Session == session:
		return []Move{give}, nil
	case p.State == StateAllocated:
		return []Move{{Kind: MoveRollOver, Session: session, At: at, Fact: true}, give}, nil
	}
	enter := Move{Kind: MoveLetIn, Content: content, Session: session, At: at, Fact: true}
	return []Move{enter, give}, nil
}
