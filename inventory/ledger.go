package inventory

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Entry says what is to be written beside a move: for which visit, how the code
// was read, when the device saw it, and why.
type Entry struct {
	Move
	Visit    uuid.UUID // uuid.Nil when no visit is concerned
	How      How
	Reason   string
	Device   string
	DeviceAt time.Time // zero when the device did not say
	Command  uuid.UUID
}

// change is a pack on its way from one row to the next.
type change struct {
	pack          *Pack
	before, after PackFacts
	step          Step
	visit         *uuid.UUID // the visit that emptied it, as the row keeps it
}

// errUnlocked says that a row was not as it was read: the caller did not hold
// its lock.
var errUnlocked = errors.New("move pack: its row changed without its lock")

// Write moves a locked pack by the rules of [Apply] and writes its movement.
// The caller holds the row (LockPacks); the statement still names the state and
// the remainder it starts from, so that a pack that was not locked cannot move
// twice. p is brought up to date. A refused move is a *[MoveError]. A recalled pack
// that comes to the store is set apart by a second movement.
func Write(ctx context.Context, tx *db.Tx, by identity.Actor, p *Pack, e Entry) (Step, error) {
	if e.At.IsZero() {
		e.At = tx.Now
	}
	c, err := plan(p, e)
	if err != nil {
		return Step{}, err
	}
	n, err := tx.Exec(ctx, `UPDATE pack SET state = $2, units_left = $3, units_given = $4, session_id = $5::bigint,
  visit_id = $6::uuid, returned = $7, alarm = $8, changed_at = $9
WHERE id = $1 AND state = $10 AND units_left = $11 AND units_given = $12`,
		p.ID, string(c.after.State), c.after.Remainder, c.after.Given, db.NullInt(c.after.Session), c.visit, c.after.Returned,
		string(c.step.Alarm), tx.Now, string(c.before.State), c.before.Remainder, c.before.Given)
	if err != nil {
		return Step{}, fmt.Errorf("move pack: %w", err)
	}
	if n != 1 {
		return Step{}, errUnlocked
	}
	c.settle()
	if err := insertMovement(ctx, tx, by, c, e); err != nil {
		return Step{}, err
	}
	return c.step, setApart(ctx, tx, by, []*Pack{p}, e)
}

// plan asks the rules what the move makes of the pack; nothing is written yet.
func plan(p *Pack, e Entry) (change, error) {
	before := p.Facts()
	after, step, err := Apply(before, e.Move)
	if err != nil {
		return change{}, err
	}
	return change{pack: p, before: before, after: after, step: step, visit: visitOf(p, after, e)}, nil
}

// visitOf is the visit that emptied the pack. A move that leaves it dispensed
// (a late document adopts it) names no visit and keeps the one it has.
func visitOf(p *Pack, after PackFacts, e Entry) *uuid.UUID {
	switch {
	case after.State != StateDispensed:
		return nil
	case e.Visit != uuid.Nil:
		return &e.Visit
	}
	return p.VisitID
}

// settle brings the value the caller holds up to its row.
func (c *change) settle() {
	p, after := c.pack, c.after
	p.State, p.UnitsLeft, p.UnitsGiven = after.State, after.Remainder, after.Given
	p.Returned, p.Alarm, p.VisitID = after.Returned, string(c.step.Alarm), c.visit
	p.SessionID = nil
	if after.Session != 0 {
		p.SessionID = &after.Session
	}
}

// insertMovement writes the ledger's row.
func insertMovement(ctx context.Context, tx *db.Tx, by identity.Actor, c change, e Entry) error {
	p, step := c.pack, c.step
	err := tx.ExecOne(ctx, `INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, from_session_id, to_session_id,
  visit_id, receipt_line_id, staff_id, login_id, device, device_at, at, reason, how, fact, alarm, command_id)
VALUES ($1, $2, $3, $4, $5, $6, $7::bigint, $8::bigint, $9::uuid, $10::bigint, $11::bigint, $12::uuid, $13, $14::timestamptz,
  $15, $16, $17, $18, $19, $20::uuid)`,
		string(step.Kind), p.ID, step.Quantity, string(step.From), string(step.To), p.UnitsLeft, db.NullInt(step.FromSession),
		db.NullInt(step.ToSession), db.NullUUID(e.Visit), p.ReceiptLineID, db.NullInt(by.StaffID), db.NullUUID(by.LoginID), clip(e.Device, 64),
		db.NullTime(e.DeviceAt), tx.Now, clip(e.Reason, 200), string(e.How), e.Fact, string(step.Alarm), db.NullUUID(e.Command))
	if err != nil {
		return fmt.Errorf("insert movement: %w", err)
	}
	return nil
}

// clip cuts text to n characters: what a device calls itself, or a reason typed
// at length, must not keep a move from being written.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
