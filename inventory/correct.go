package inventory

import "time"

// Correction is what a record said wrongly of one pack and one visit.
type Correction struct {
	// More is the units that the patient has beyond what was recorded; negative
	// for fewer.
	More int64
	// Session is the clinic day of the visit, Closed that it is over.
	Session int64
	Closed  bool
	// Apart sets what comes back apart instead of putting it on the shelf.
	Apart bool
	At    time.Time
}

// CorrectionMoves is the way a correction after 诊毕 is written down. All moves are
// facts: what is put right has happened.
//
// While the session goes on the units simply go back to its tray, or out of it. A
// closed session holds nothing, so what comes back passes through it and ends on
// the shelf of the pharmacy; by these moves, and no shorter ones, the session's own
// sum stays right: given less, home more. The rest of an opened box lies on the
// shelf already, is fetched for the moment, and returns there.
//
// What was out of the pharmacy's sight is set apart: nobody can vouch for how it
// was kept, and a pharmacist releases or destroys it later. What a patient really
// had is no correction at all but a return (patient_return), which never goes back
// to stock.
//
// It refuses with a *[MoveError] when the box has gone on elsewhere meanwhile.
func CorrectionMoves(p PackFacts, c Correction) ([]Move, error) {
	move := Move{Kind: MoveDispense, Quantity: c.More, Session: c.Session, At: c.At, Fact: true}
	if c.More < 0 {
		move.Kind, move.Quantity = MoveUndo, -c.More
	}
	held := (p.State == StateAllocated || p.State == StateDispensed) && p.Session == c.Session
	switch {
	case c.More == 0:
		return nil, refuse(p, move, KindBadQuantity)
	case p.State == StateAllocated && !held:
		return nil, refuse(p, move, KindOtherSession)
	case !held && p.State != StateInStore:
		return nil, refuse(p, move, refusalOf(p.State))
	case c.More > p.Remainder:
		return nil, refuse(p, move, KindNotEnough)
	}
	var moves []Move
	if p.State == StateInStore {
		moves = append(moves, Move{Kind: MoveAllocate, Session: c.Session, At: c.At, Fact: true})
	}
	moves = append(moves, move)
	if p.Remainder == c.More || held && !c.Closed {
		return moves, nil
	}
	away := Move{Kind: MoveComeHome, At: c.At, Fact: true}
	if c.Apart && c.More < 0 {
		away.Kind = MoveQuarantine
	}
	return append(moves, away), nil
}
