package inventory

import (
	"context"
	"errors"
	"fmt"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// WriteAll is [Write] for many locked packs that make the same move, in one
// statement whatever their number. Either all packs move or none does; the first
// one the rules refuse is a *[MoveError] that names its code. The steps come in
// the order of packs. No packs is no statement. Recalled packs that come to the
// store are set apart by a second movement.
func WriteAll(ctx context.Context, tx *db.Tx, by identity.Actor, packs []*Pack, e Entry) ([]Step, error) {
	if len(packs) == 0 {
		return nil, nil
	}
	if e.At.IsZero() {
		e.At = tx.Now
	}
	var b bulk
	changes := make([]change, len(packs))
	steps := make([]Step, len(packs))
	seen := make(map[int64]bool, len(packs))
	for i, p := range packs {
		if seen[p.ID] {
			return nil, errors.New("move packs: pack " + p.Code + " stands in the list twice")
		}
		seen[p.ID] = true
		c, err := plan(p, e)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", p.Code, err)
		}
		changes[i], steps[i] = c, c.step
		b.add(c)
	}
	if err := b.write(ctx, tx, by, e); err != nil {
		return nil, err
	}
	for i := range changes {
		changes[i].settle()
	}
	return steps, setApart(ctx, tx, by, packs, e)
}

// bulk is the columns of many changes, one array each.
type bulk struct {
	ids, oldLeft, oldGiven, left, given       []int64
	quantities, fromSession, toSession, lines []int64
	oldState, state, visits, alarms           []string
	returned                                  []bool
}

func (b *bulk) add(c change) {
	b.ids = append(b.ids, c.pack.ID)
	b.oldState = append(b.oldState, string(c.before.State))
	b.oldLeft = append(b.oldLeft, c.before.Remainder)
	b.oldGiven = append(b.oldGiven, c.before.Given)
	b.state = append(b.state, string(c.after.State))
	b.left = append(b.left, c.after.Remainder)
	b.given = append(b.given, c.after.Given)
	b.visits = append(b.visits, textOf(c.visit))
	b.returned = append(b.returned, c.after.Returned)
	b.alarms = append(b.alarms, string(c.step.Alarm))
	b.quantities = append(b.quantities, c.step.Quantity)
	b.fromSession = append(b.fromSession, c.step.FromSession)
	b.toSession = append(b.toSession, c.step.ToSession)
	b.lines = append(b.lines, valueOf(c.pack.ReceiptLineID))
}

// write moves the rows and writes their movements. Only packs that are as they
// were read move, and only packs that moved get a movement, so the number of
// movements tells whether all did.
func (b *bulk) write(ctx context.Context, tx *db.Tx, by identity.Actor, e Entry) error {
	n, err := tx.Exec(ctx, `WITH n AS (
  SELECT unnest($1::bigint[]) AS id, unnest($2::text[]) AS old_state, unnest($3::bigint[]) AS old_left, unnest($4::bigint[]) AS old_given,
    unnest($5::text[]) AS state, unnest($6::bigint[]) AS units_left, unnest($7::bigint[]) AS units_given, unnest($8::text[]) AS emptied_by,
    unnest($9::boolean[]) AS returned, unnest($10::text[]) AS alarm, unnest($11::bigint[]) AS quantity, unnest($12::bigint[]) AS from_session,
    unnest($13::bigint[]) AS to_session, unnest($14::bigint[]) AS line
), moved AS (
  UPDATE pack SET state = n.state, units_left = n.units_left, units_given = n.units_given, session_id = NULLIF(n.to_session, 0),
    visit_id = CAST(NULLIF(n.emptied_by, '') AS uuid), returned = n.returned, alarm = n.alarm, changed_at = $15::timestamptz
  FROM n WHERE pack.id = n.id AND pack.state = n.old_state AND pack.units_left = n.old_left AND pack.units_given = n.old_given
  RETURNING pack.id
)
INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, from_session_id, to_session_id, receipt_line_id, alarm,
  visit_id, staff_id, login_id, device, device_at, at, reason, how, fact, command_id)
SELECT $16::text, n.id, n.quantity, n.old_state, n.state, n.units_left, NULLIF(n.from_session, 0), NULLIF(n.to_session, 0), NULLIF(n.line, 0), n.alarm,
  $17::uuid, $18::bigint, $19::uuid, $20::text, $21::timestamptz, $15::timestamptz, $22::text, $23::text, $24::boolean, $25::uuid
FROM n JOIN moved ON moved.id = n.id`,
		pq.Array(b.ids), pq.Array(b.oldState), pq.Array(b.oldLeft), pq.Array(b.oldGiven), pq.Array(b.state), pq.Array(b.left), pq.Array(b.given),
		pq.Array(b.visits), pq.Array(b.returned), pq.Array(b.alarms), pq.Array(b.quantities), pq.Array(b.fromSession), pq.Array(b.toSession),
		pq.Array(b.lines), tx.Now, string(e.Kind), db.NullUUID(e.Visit), db.NullInt(by.StaffID), db.NullUUID(by.LoginID), clip(e.Device, 64),
		db.NullTime(e.DeviceAt), clip(e.Reason, 200), string(e.How), e.Fact, db.NullUUID(e.Command))
	if err != nil {
		return fmt.Errorf("move packs: %w", err)
	}
	if n != int64(len(b.ids)) {
		return fmt.Errorf("%d of %d packs: %w", n, len(b.ids), errUnlocked)
	}
	return nil
}
