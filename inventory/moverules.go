package inventory

import "slices"

// rule is one line of the table of allowed moves.
type rule struct {
	kind   MovementKind
	from   []State
	to     []State // the first is taken unless the move names another
	effect effect
	// mustBeFit refuses recalled, expired and once returned packs before the
	// fact.
	mustBeFit bool
	// joins brings the pack to the clinic day the move names.
	joins bool
	// onlyFact allows the move from this state only as a fact, with an alarm.
	onlyFact bool
	// noReturned refuses what a patient has had.
	noReturned bool
}

// moveRules is the one table of allowed moves; it is never written to. A move
// that is not here is answered, not done.
var moveRules = [...]rule{
	{kind: MoveAnnounce, from: []State{StateNone, StateWithdrawn, StateSentBack}, to: []State{StateExpected}, effect: effectFill, noReturned: true},
	{kind: MoveWithdraw, from: []State{StateExpected}, to: []State{StateWithdrawn}, effect: effectWhole},
	{kind: MoveReceive, from: []State{StateNone}, to: []State{StateInStore}, effect: effectFill},
	{kind: MoveReceive, from: []State{StateExpected}, to: []State{StateInStore}, effect: effectWhole},
	{kind: MoveUnreceive, from: []State{StateInStore}, to: []State{StateExpected}, effect: effectWhole},
	{kind: MoveOpening, from: []State{StateNone}, to: []State{StateInStore}, effect: effectFill},

	{kind: MoveAllocate, from: []State{StateInStore}, to: []State{StateAllocated}, joins: true, effect: effectWhole, mustBeFit: true},
	{kind: MoveLetIn, from: []State{StateNone}, to: []State{StateAllocated}, joins: true, effect: effectFill, mustBeFit: true},
	{kind: MoveLetIn, from: []State{StateExpected, StateInStore}, to: []State{StateAllocated}, joins: true, effect: effectWhole, mustBeFit: true},
	{kind: MoveLetIn, from: []State{StateQuarantined, StateDamaged, StateDestroyed, StateLost, StateSentBack, StateWithdrawn}, to: []State{StateAllocated}, joins: true, effect: effectWhole, onlyFact: true},
	{kind: MoveComeHome, from: []State{StateAllocated}, to: []State{StateInStore}, effect: effectWhole, noReturned: true},
	{kind: MoveRollOver, from: []State{StateAllocated}, to: []State{StateAllocated}, joins: true, effect: effectWhole, mustBeFit: true},

	{kind: MoveDispense, from: []State{StateAllocated}, to: []State{StateDispensed}, effect: effectGive, mustBeFit: true},
	{kind: MoveUndo, from: []State{StateAllocated, StateDispensed}, to: []State{StateAllocated}, effect: effectTakeBack},
	{kind: MoveReturn, from: []State{StateDispensed}, to: []State{StateQuarantined}, effect: effectReturn},

	{kind: MoveQuarantine, from: []State{StateInStore, StateAllocated, StateLost}, to: []State{StateQuarantined}, effect: effectWhole},
	{kind: MoveRelease, from: []State{StateQuarantined}, to: []State{StateInStore}, effect: effectWhole, noReturned: true},
	{kind: MoveDamage, from: []State{StateExpected, StateInStore, StateAllocated, StateQuarantined}, to: []State{StateDamaged}, effect: effectWhole},
	{kind: MoveDestroy, from: []State{StateDamaged, StateQuarantined}, to: []State{StateDestroyed}, effect: effectWhole},
	{kind: MoveLose, from: []State{StateInStore, StateAllocated, StateQuarantined, StateDamaged}, to: []State{StateLost}, effect: effectWhole},
	{kind: MoveFind, from: []State{StateLost}, to: []State{StateInStore}, effect: effectWhole, noReturned: true},
	{kind: MoveFind, from: []State{StateLost}, to: []State{StateAllocated}, effect: effectWhole, joins: true, noReturned: true},
	{kind: MoveSendBack, from: []State{StateInStore, StateQuarantined, StateDamaged}, to: []State{StateSentBack}, effect: effectWhole, noReturned: true},

	{kind: MoveSurplus, from: []State{StateInStore}, to: []State{StateInStore}, effect: effectAdd},
	{kind: MoveSurplus, from: []State{StateAllocated}, to: []State{StateAllocated}, effect: effectAdd},
	{kind: MoveShortage, from: []State{StateInStore}, to: []State{StateInStore}, effect: effectRemove},
	{kind: MoveShortage, from: []State{StateAllocated}, to: []State{StateAllocated}, effect: effectRemove},

	{kind: MoveAdopt, from: []State{StateInStore}, to: []State{StateInStore}, effect: effectNone},
	{kind: MoveAdopt, from: []State{StateAllocated}, to: []State{StateAllocated}, effect: effectNone},
	{kind: MoveAdopt, from: []State{StateDispensed}, to: []State{StateDispensed}, effect: effectNone},
	{kind: MoveAdopt, from: []State{StateQuarantined}, to: []State{StateQuarantined}, effect: effectNone},
	{kind: MoveAdopt, from: []State{StateDamaged}, to: []State{StateDamaged}, effect: effectNone},
	{kind: MoveAdopt, from: []State{StateDestroyed}, to: []State{StateDestroyed}, effect: effectNone},
	{kind: MoveAdopt, from: []State{StateLost}, to: []State{StateLost}, effect: effectNone},
	{kind: MoveAdopt, from: []State{StateSentBack}, to: []State{StateSentBack}, effect: effectNone},
}

// findRule looks the move up; a target the rule does not list is not allowed.
func findRule(from State, m Move) (rule, bool) {
	for _, r := range moveRules {
		if r.kind == m.Kind && slices.Contains(r.from, from) &&
			(m.To == StateNone || slices.Contains(r.to, m.To)) {
			return r, true
		}
	}
	return rule{}, false
}

// Allowed reports whether the table knows the move from this state, leaving
// recall, expiry and quantity aside: for pages that offer only what can be
// done.
func Allowed(kind MovementKind, from State) bool {
	r, ok := findRule(from, Move{Kind: kind})
	return ok && !r.onlyFact
}

// effect is what a move does to the remainder.
type effect int

const (
	effectNone     effect = iota
	effectFill            // a pack begins with its content, or what is left of it
	effectWhole           // all of it goes along, the remainder stays as it is
	effectGive            // units go to a patient
	effectTakeBack        // units come back from an undone hand-over
	effectReturn          // a patient brings units, or the empty box
	effectAdd             // found by counting
	effectRemove          // missing by counting
)

// change applies the effect and returns the pack, the units that moved, and
// the answer when it cannot be done.
func (e effect) change(p PackFacts, m Move) (after PackFacts, moved int64, refused AnswerKind) {
	if m.Quantity < 0 || (m.Empty && (e != effectReturn || m.Quantity != 0)) {
		return p, 0, KindBadQuantity
	}
	switch e {
	case effectFill:
		return fill(p, m)
	case effectWhole:
		if m.Quantity != 0 && m.Quantity != p.Remainder {
			return p, 0, KindBadQuantity
		}
		return p, p.Remainder, ""
	case effectGive, effectRemove:
		return e.lessen(p, m)
	case effectTakeBack, effectReturn, effectAdd:
		return e.increase(p, m)
	}
	return p, 0, ""
}

// fill starts a pack. One that comes again after it was withdrawn or sent back
// keeps the content it had.
func fill(p PackFacts, m Move) (PackFacts, int64, AnswerKind) {
	after := p
	if p.State == StateNone {
		after.Content = m.Content
		after.Remainder = m.Content
	}
	if m.Quantity > after.Content {
		return p, 0, KindBadQuantity
	}
	if m.Quantity > 0 && p.State == StateNone {
		after.Remainder = m.Quantity
	}
	return after, after.Remainder, ""
}

// lessen takes units out. A pack cannot be counted down to nothing: a box that
// is gone is lost, by name.
func (e effect) lessen(p PackFacts, m Move) (PackFacts, int64, AnswerKind) {
	quantity := m.Quantity
	if quantity == 0 && e == effectGive {
		quantity = p.Remainder
	}
	switch {
	case quantity == 0, e == effectRemove && quantity == p.Remainder:
		return p, 0, KindBadQuantity
	case quantity > p.Remainder:
		return p, 0, KindNotEnough
	}
	p.Remainder -= quantity
	if e == effectGive {
		p.Given += quantity
	}
	return p, quantity, ""
}

// increase puts units back into the box: from patients never more than they
// have, by counting never more than the box can hold.
func (e effect) increase(p PackFacts, m Move) (PackFacts, int64, AnswerKind) {
	most, quantity := p.Given, m.Quantity
	if e == effectAdd {
		most = p.Content - p.Remainder - p.Given
	} else if quantity == 0 && !m.Empty {
		quantity = p.Given
	}
	switch {
	case e == effectTakeBack && (quantity == 0 || quantity > most):
		return p, 0, KindNothingToUndo
	case quantity == 0 && !m.Empty, quantity > most:
		return p, 0, KindBadQuantity
	}
	p.Remainder += quantity
	if e != effectAdd {
		p.Given -= quantity
	}
	p.Returned = p.Returned || e == effectReturn
	return p, quantity, ""
}
