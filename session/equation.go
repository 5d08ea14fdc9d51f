package session

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// Fate is what became of a pack that a session took out. Every such pack has
// exactly one, which is why the equation cannot fail to add up.
type Fate string

// The fates, in the order of the equation: 带出 = 发出 + 余 + 带回 + 转下场 +
// 损坏 + 说明.
const (
	FateGiven     Fate = "given"
	FateLeft      Fate = "left"
	FateHome      Fate = "home"
	FateRolled    Fate = "rolled"
	FateDamaged   Fate = "damaged"
	FateExplained Fate = "explained" // lost, or set apart: a reason is written
	fateNever     Fate = ""          // put back before the session opened
)

// Equation is what a session answers for and what became of it, in packs.
type Equation struct {
	Taken     int `json:"taken"`
	Given     int `json:"given"`
	Left      int `json:"left"`
	Home      int `json:"home"`
	Rolled    int `json:"rolled"`
	Damaged   int `json:"damaged"`
	Explained int `json:"explained"`
}

// Holds tells whether both sides are equal.
func (e Equation) Holds() bool {
	return e.Taken == e.Given+e.Left+e.Home+e.Rolled+e.Damaged+e.Explained
}

// count adds n packs of a fate to both sides.
func (e *Equation) count(f Fate, n int) {
	switch f {
	case FateGiven:
		e.Given += n
	case FateLeft:
		e.Left += n
	case FateHome:
		e.Home += n
	case FateRolled:
		e.Rolled += n
	case FateDamaged:
		e.Damaged += n
	case FateExplained:
		e.Explained += n
	default:
		return
	}
	e.Taken += n
}

// SessionMove is one movement that began or ended in a session.
type SessionMove struct {
	PackID   int64                  `db:"pack_id"`
	Kind     inventory.MovementKind `db:"kind"`
	To       inventory.State        `db:"to_state"`
	From     int64                  `db:"from_session"`
	Into     int64                  `db:"to_session"`
	Quantity int64                  `db:"quantity"`
	At       time.Time              `db:"at"`
}

// fateOf is what one movement makes of a pack that the session has. opened is
// zero for a session that has not opened: what is put back then was never taken
// out.
func fateOf(sessionID int64, m SessionMove, opened time.Time) Fate {
	if m.Into == sessionID {
		if m.To == inventory.StateDispensed {
			return FateGiven
		}
		return FateLeft
	}
	if opened.IsZero() || m.At.Before(opened) {
		return fateNever
	}
	return fateAway(m.Kind)
}

// fateAway is the fate of a pack that left the session after it opened. What a
// patient brings back months later was given all the same.
func fateAway(kind inventory.MovementKind) Fate {
	switch kind {
	case inventory.MoveComeHome:
		return FateHome
	case inventory.MoveRollOver:
		return FateRolled
	case inventory.MoveDamage:
		return FateDamaged
	case inventory.MoveReturn:
		return FateGiven
	}
	return FateExplained
}

// Balance is the equation of a session by its movements, given in the order in
// which they were written: the last one of a pack decides its fate.
func Balance(sessionID int64, moves []SessionMove, opened time.Time) Equation {
	fates := map[int64]Fate{}
	for _, m := range moves {
		fates[m.PackID] = fateOf(sessionID, m, opened)
	}
	var e Equation
	for _, f := range fates {
		e.count(f, 1)
	}
	return e
}

// ReadEquation reads the movements of a session and balances them.
func ReadEquation(ctx context.Context, r db.Reader, x Session) (Equation, error) {
	var moves []SessionMove
	err := r.Select(ctx, &moves, `SELECT m.pack_id, m.kind, m.to_state, COALESCE(m.from_session_id, 0) AS from_session,
  COALESCE(m.to_session_id, 0) AS to_session, m.quantity, m.at
FROM movement m WHERE m.from_session_id = $1::bigint OR m.to_session_id = $1::bigint ORDER BY m.id`, x.ID)
	if err != nil {
		return Equation{}, fmt.Errorf("read the session's movements: %w", err)
	}
	return Balance(x.ID, moves, x.opened()), nil
}

// opened is when the session opened, zero when it has not.
func (x Session) opened() time.Time {
	if x.OpenedAt == nil {
		return time.Time{}
	}
	return *x.OpenedAt
}

// awayLine is how many packs of a drug left the session in one way.
type awayLine struct {
	StockLine
	Kind  inventory.MovementKind `db:"kind"`
	Packs int                    `db:"packs"`
}

// readAway counts the packs that a session took out and has no longer, by the
// movement that took them. It is for the board: in a day's work nearly none.
func readAway(ctx context.Context, r db.Reader, x Session) ([]awayLine, error) {
	if x.OpenedAt == nil {
		return nil, nil
	}
	var list []awayLine
	err := r.Select(ctx, &list, `SELECT a.drug_id, d.generic_name, d.spec, d.pack_name, d.unit_name, a.kind, a.packs
FROM (SELECT k.drug_id, m.kind, count(*) AS packs FROM movement m JOIN pack k ON k.id = m.pack_id
  WHERE m.from_session_id = $1::bigint AND COALESCE(m.to_session_id, 0) <> $1::bigint AND m.at >= $2::timestamptz
    AND NOT EXISTS (SELECT 1 FROM movement n WHERE n.pack_id = m.pack_id AND n.id > m.id AND n.to_session_id = $1::bigint)
  GROUP BY k.drug_id, m.kind) a
JOIN drug d ON d.id = a.drug_id ORDER BY d.generic_name, d.spec, a.drug_id, a.kind`, x.ID, x.opened())
	if err != nil {
		return nil, fmt.Errorf("read what left the session: %w", err)
	}
	return list, nil
}

// addAway adds what left a session to the lines of what it still has; a drug
// that is gone altogether gets its line back.
func addAway(lines []StockLine, away []awayLine) []StockLine {
	for _, a := range away {
		i := slices.IndexFunc(lines, func(l StockLine) bool { return l.DrugID == a.DrugID })
		if i < 0 {
			lines, i = append(lines, a.StockLine), len(lines)
		}
		lines[i].Taken += a.Packs
		if f := fateAway(a.Kind); f == FateGiven {
			lines[i].Given += a.Packs
		} else {
			lines[i].Away.count(f, a.Packs)
		}
	}
	return lines
}

// InTray is how many packs, opened ones too, are still with the team.
func (l StockLine) InTray() int { return l.Taken - l.Given - l.Away.Taken }

// Equation is the sum over all drugs of what the session has and had, by packs.
func (s Snapshot) Equation() Equation {
	var e Equation
	for _, l := range s.Stock {
		e.count(FateGiven, l.Given)
		e.count(FateLeft, l.InTray())
		e.count(FateHome, l.Away.Home)
		e.count(FateRolled, l.Away.Rolled)
		e.count(FateDamaged, l.Away.Damaged)
		e.count(FateExplained, l.Away.Explained)
	}
	return e
}
