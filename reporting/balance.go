package reporting

import (
	"time"

	"jingfang/inventory"
)

// Way is how units came to a session's boxes or left them.
type Way int

// The ways. Opening and Added bring units, all others take them away; each
// movement of a session counts under exactly one.
const (
	Opening     Way = iota // in the boxes when the session opened
	Added                  // came later: packed, let in, rolled over from another
	Given                  // handed out, less what was undone
	Home                   // came home to the pharmacy
	Rolled                 // rolled over to another session
	Damaged                // broken
	Lost                   // missing, with two people's word
	Quarantined            // set apart
	Counted                // counted away, less what was found by counting
	Other                  // any other way; there is none today
	ways
)

// Tally is the units of a drug by the way they went.
type Tally [ways]Amount

// Taken is what the session answers for (带出).
func (t Tally) Taken() Amount { return t[Opening].plus(t[Added]) }

// Explained is what is neither given nor home and has a written reason (说明).
func (t Tally) Explained() Amount {
	return t[Lost].plus(t[Quarantined]).plus(t[Counted]).plus(t[Other])
}

// left is the smallest units that must still be in the boxes by the movements.
func (t Tally) left() int64 {
	left := t.Taken().Units
	for w := Given; w < ways; w++ {
		left -= t[w].Units
	}
	return left
}

func (t *Tally) addAll(o Tally) {
	for w := range t {
		t[w] = t[w].plus(o[w])
	}
}

// moved is a movement of a session as the ledger says it.
type moved struct {
	Kind        inventory.MovementKind `db:"kind"`
	PackID      int64                  `db:"pack_id"`
	Quantity    int64                  `db:"quantity"`
	From        inventory.State        `db:"from_state"`
	To          inventory.State        `db:"to_state"`
	FromSession int64                  `db:"from_session"`
	ToSession   int64                  `db:"to_session"`
	At          time.Time              `db:"at"`
	Reason      string                 `db:"reason"`
	By          string                 `db:"by_name"`
}

// account follows one pack through a session.
type account struct {
	session  int64
	openedAt *time.Time
	content  int64
	tally    Tally
	exits    []exit
	notes    []PackNote
}

// exit is one time that the pack left; it is taken back when the pack returns.
type exit struct {
	way   Way
	units int64
	note  int // in notes; -1 for none
}

// book counts one movement. Movements come in the order they were written.
func (a *account) book(m moved) {
	out, in := inventory.Flow(m.Kind, m.From, m.To)
	leaves := out == inventory.PlaceSession && m.FromSession == a.session
	enters := in == inventory.PlaceSession && m.ToSession == a.session
	switch {
	case leaves == enters: // stays, or is another session's
	case m.Kind == inventory.MoveDispense:
		a.add(Given, m.Quantity, 1)
	case m.Kind == inventory.MoveUndo:
		a.add(Given, m.Quantity, -1)
	case m.Kind == inventory.MoveShortage, m.Kind == inventory.MoveSurplus:
		a.count(m)
	case enters:
		a.enter(m)
	default:
		a.leave(m)
	}
}

func (a *account) add(w Way, units, sign int64) { a.tally[w].add(units, a.content, sign) }

// count books an adjustment, which keeps its sign: found is explained less.
func (a *account) count(m moved) {
	sign := int64(1)
	if m.Kind == inventory.MoveSurplus {
		sign = -1
	}
	a.add(Counted, m.Quantity, sign)
	a.note(m)
}

// enter books what comes. A pack that left this session before takes that way
// back with it: one box is not taken twice, nor lost once it is found.
func (a *account) enter(m moved) {
	if n := len(a.exits); n > 0 && a.exits[n-1].units == m.Quantity {
		last := a.exits[n-1]
		a.exits = a.exits[:n-1]
		a.add(last.way, last.units, -1)
		if last.note >= 0 {
			a.notes[last.note].void = true
		}
		return
	}
	if a.before(m.At) {
		a.add(Opening, m.Quantity, 1)
	} else {
		a.add(Added, m.Quantity, 1)
	}
	if m.Kind == inventory.MoveLetIn {
		a.note(m)
	}
}

// leave books what goes. What goes before the doors open was never taken out.
func (a *account) leave(m moved) {
	w := wayOf(m.Kind)
	e := exit{way: w, units: m.Quantity, note: -1}
	if w != Home && w != Rolled {
		e.note = a.note(m)
	}
	if a.before(m.At) {
		a.add(Opening, m.Quantity, -1)
		return
	}
	a.add(w, m.Quantity, 1)
	a.exits = append(a.exits, e)
}

// before tells whether the session had not opened yet.
func (a *account) before(at time.Time) bool { return a.openedAt == nil || at.Before(*a.openedAt) }

func (a *account) note(m moved) int {
	a.notes = append(a.notes, PackNote{Kind: m.Kind, Units: m.Quantity, At: m.At, By: m.By, Reason: m.Reason})
	return len(a.notes) - 1
}

// wayOf names the way out of a kind of movement.
func wayOf(k inventory.MovementKind) Way {
	switch k {
	case inventory.MoveComeHome:
		return Home
	case inventory.MoveRollOver:
		return Rolled
	case inventory.MoveDamage:
		return Damaged
	case inventory.MoveLose:
		return Lost
	case inventory.MoveQuarantine:
		return Quarantined
	}
	return Other
}
