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

// Write moves a locked pack by the rules of [Apply] and writes its movement.
// The caller holds the row (LockPacks); the statement still names the state and
// the remainder it starts from, so that a pack that was not locked cannot move
// twice. p is brought up to date. A refused move is a *[MoveError].
func Write(ctx context.Context, tx *db.Tx, by identity.Actor, p *Pack, e Entry) (Step, error) {
	if e.At.IsZero() {
		e.At = tx.Now
	}
	before := p.Facts()
	after, step, err := Apply(before, e.Move)
	if err != nil {
		return Step{}, err
	}
	n, err := tx.Exec(ctx, `UPDATE pack SET state = $2, units_left = $3, session_id = $4::bigint, visit_id = $5::uuid, returned = $6,
  alarm = $7, changed_at = $8 WHERE id = $1 AND state = $9 AND units_left = $10`,
		p.ID, string(after.State), after.Remainder, nullInt(after.Session), visitOf(after, e), after.Returned,
		string(step.Alarm), tx.Now, string(before.State), before.Remainder)
	if err != nil {
		return Step{}, fmt.Errorf("move pack: %w", err)
	}
	if n != 1 {
		return Step{}, errors.New("move pack: its row changed without its lock")
	}
	p.State, p.UnitsLeft, p.Returned, p.Alarm = after.State, after.Remainder, after.Returned, string(step.Alarm)
	p.SessionID = nil
	if after.Session != 0 {
		p.SessionID = &after.Session
	}
	return step, insertMovement(ctx, tx, by, p, e, step)
}

// visitOf is the visit that emptied the pack, kept while it is dispensed.
func visitOf(after PackFacts, e Entry) any {
	if after.State == StateDispensed && e.Visit != uuid.Nil {
		return e.Visit
	}
	return nil
}

// insertMovement writes the ledger's row.
func insertMovement(ctx context.Context, tx *db.Tx, by identity.Actor, p *Pack, e Entry, step Step) error {
	err := tx.ExecOne(ctx, `INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, from_session_id, to_session_id,
  visit_id, receipt_line_id, staff_id, login_id, device, device_at, at, reason, how, fact, alarm, command_id)
VALUES ($1, $2, $3, $4, $5, $6, $7::bigint, $8::bigint, $9::uuid, $10::bigint, $11::bigint, $12::uuid, $13, $14::timestamptz,
  $15, $16, $17, $18, $19, $20::uuid)`,
		string(step.Kind), p.ID, step.Quantity, string(step.From), string(step.To), p.UnitsLeft, nullInt(step.FromSession),
		nullInt(step.ToSession), nullUUID(e.Visit), p.ReceiptLineID, nullInt(by.StaffID), nullUUID(by.LoginID), e.Device,
		nullTime(e.DeviceAt), tx.Now, e.Reason, string(e.How), e.Fact, string(step.Alarm), nullUUID(e.Command))
	if err != nil {
		return fmt.Errorf("insert movement: %w", err)
	}
	return nil
}

func nullInt(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

func nullUUID(u uuid.UUID) any {
	if u == uuid.Nil {
		return nil
	}
	return u
}

func nullTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
