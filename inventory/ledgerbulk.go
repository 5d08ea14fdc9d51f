package inventory

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// WriteAll is [Write] for many locked packs that make the same move: two
// statements whatever their number. Either all packs move or none does; the
// first one the rules refuse is a *[MoveError] that names its code. The steps
// come in the order of packs. No packs is no statement.
func WriteAll(ctx context.Context, tx *db.Tx, by identity.Actor, packs []*Pack, e Entry) ([]Step, error) {
	if len(packs) == 0 {
		return nil, nil
	}
	if e.At.IsZero() {
		e.At = tx.Now
	}
	changes := make([]change, len(packs))
	steps := make([]Step, len(packs))
	for i, p := range packs {
		c, err := plan(p, e)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", p.Code, err)
		}
		changes[i], steps[i] = c, c.step
	}
	if err := updatePacks(ctx, tx, changes); err != nil {
		return nil, err
	}
	for i := range changes {
		changes[i].settle()
	}
	return steps, insertMovements(ctx, tx, by, changes, e)
}

// updatePacks writes all rows at once. A pack that stands twice in the list, or
// whose row is not as it was read, makes the number of rows fall short.
func updatePacks(ctx context.Context, tx *db.Tx, changes []change) error {
	var b bulk
	for _, c := range changes {
		b.ids = append(b.ids, c.pack.ID)
		b.oldState = append(b.oldState, string(c.before.State))
		b.oldLeft = append(b.oldLeft, c.before.Remainder)
		b.oldGiven = append(b.oldGiven, c.before.Given)
		b.state = append(b.state, string(c.after.State))
		b.left = append(b.left, c.after.Remainder)
		b.given = append(b.given, c.after.Given)
		b.sessions = append(b.sessions, c.after.Session)
		b.visits = append(b.visits, textOf(c.visit))
		b.returned = append(b.returned, c.after.Returned)
		b.alarms = append(b.alarms, string(c.step.Alarm))
	}
	n, err := tx.Exec(ctx, `UPDATE pack SET state = n.state, units_left = n.units_left, units_given = n.units_given,
  session_id = NULLIF(n.session_id, 0), visit_id = CAST(NULLIF(n.visit, '') AS uuid), returned = n.returned, alarm = n.alarm, changed_at = $12
FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::text[]) AS old_state, unnest($3::bigint[]) AS old_left, unnest($4::bigint[]) AS old_given,
  unnest($5::text[]) AS state, unnest($6::bigint[]) AS units_left, unnest($7::bigint[]) AS units_given, unnest($8::bigint[]) AS session_id,
  unnest($9::text[]) AS visit, unnest($10::boolean[]) AS returned, unnest($11::text[]) AS alarm) n
WHERE pack.id = n.id AND pack.state = n.old_state AND pack.units_left = n.old_left AND pack.units_given = n.old_given`,
		pq.Array(b.ids), pq.Array(b.oldState), pq.Array(b.oldLeft), pq.Array(b.oldGiven), pq.Array(b.state), pq.Array(b.left),
		pq.Array(b.given), pq.Array(b.sessions), pq.Array(b.visits), pq.Array(b.returned), pq.Array(b.alarms), tx.Now)
	if err != nil {
		return fmt.Errorf("move packs: %w", err)
	}
	if n != int64(len(changes)) {
		return fmt.Errorf("%d of %d rows: %w", n, len(changes), errUnlocked)
	}
	return nil
}

// bulk is the columns of many packs, one array each.
type bulk struct {
	ids, oldLeft, oldGiven, left, given, sessions []int64
	oldState, state, visits, alarms               []string
	returned                                      []bool
}

// insertMovements writes the ledger's rows in the order of changes.
func insertMovements(ctx context.Context, tx *db.Tx, by identity.Actor, changes []change, e Entry) error {
	var packs, quantities, after, fromSession, toSession, lines []int64
	var from, to, alarms []string
	for _, c := range changes {
		packs = append(packs, c.pack.ID)
		quantities = append(quantities, c.step.Quantity)
		after = append(after, c.after.Remainder)
		fromSession = append(fromSession, c.step.FromSession)
		toSession = append(toSession, c.step.ToSession)
		lines = append(lines, valueOf(c.pack.ReceiptLineID))
		from = append(from, string(c.step.From))
		to = append(to, string(c.step.To))
		alarms = append(alarms, string(c.step.Alarm))
	}
	n, err := tx.Exec(ctx, `INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, from_session_id, to_session_id,
  receipt_line_id, alarm, visit_id, staff_id, login_id, device, device_at, at, reason, how, fact, command_id)
SELECT $10::text, n.pack_id, n.quantity, n.from_state, n.to_state, n.units_after, NULLIF(n.from_session, 0), NULLIF(n.to_session, 0),
  NULLIF(n.line, 0), n.alarm, $11::uuid, $12::bigint, $13::uuid, $14::text, $15::timestamptz, $16::timestamptz, $17::text, $18::text,
  $19::boolean, $20::uuid
FROM (SELECT unnest($1::bigint[]) AS pack_id, unnest($2::bigint[]) AS quantity, unnest($3::text[]) AS from_state, unnest($4::text[]) AS to_state,
  unnest($5::bigint[]) AS units_after, unnest($6::bigint[]) AS from_session, unnest($7::bigint[]) AS to_session, unnest($8::bigint[]) AS line,
  unnest($9::text[]) AS alarm) n`,
		pq.Array(packs), pq.Array(quantities), pq.Array(from), pq.Array(to), pq.Array(after), pq.Array(fromSession), pq.Array(toSession),
		pq.Array(lines), pq.Array(alarms), string(e.Kind), nullUUID(e.Visit), nullInt(by.StaffID), nullUUID(by.LoginID), clip(e.Device, 64),
		nullTime(e.DeviceAt), tx.Now, clip(e.Reason, 200), string(e.How), e.Fact, nullUUID(e.Command))
	if err != nil {
		return fmt.Errorf("insert movements: %w", err)
	}
	if n != int64(len(changes)) {
		return fmt.Errorf("insert movements: %d rows of %d", n, len(changes))
	}
	return nil
}
