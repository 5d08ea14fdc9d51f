package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// HISChannel is the channel of HIS; others are the names of the mapping file's
// destinations. Each has its switch, and its own facts with their states.
const HISChannel = "dispensing"

// toldLine is a line of a visit as it stands, or as it was told.
type toldLine struct {
	Fact     int64     `db:"id"` // 0 for a line
	Line     int64     `db:"line_id"`
	Pack     int64     `db:"pack_id"`
	Quantity int64     `db:"quantity"`
	Payer    string    `db:"payer"`
	At       time.Time `db:"at"`
}

// same says that two tell the same: the same units of the same box, of one payer.
func (l toldLine) same(o toldLine) bool {
	return l.Pack == o.Pack && l.Quantity == o.Quantity && l.Payer == o.Payer
}

// noteFacts writes what other systems are to hear of a visit whose record was
// written just now, for each channel: what it says and was not told yet is a sale,
// what was told and is no longer so is reversed. Nothing is written for a channel whose
// switch is off and that was told nothing of the visit.
func noteFacts(ctx context.Context, tx *db.Tx, h recordHead, visit uuid.UUID) error {
	if !h.Told {
		return nil
	}
	var channels []string
	err := tx.Select(ctx, &channels, `SELECT o.channel FROM outbox_switch o WHERE o.active
UNION SELECT f.channel FROM outbox_fact f WHERE f.visit_id = $1::uuid ORDER BY 1`, visit)
	if err != nil {
		return fmt.Errorf("read who hears of a visit: %w", err)
	}
	return noteChannels(ctx, tx, channels, h.SessionID, visit)
}

// noteReturn writes what other systems are to hear of boxes of a visit that came back
// whole (3506), or whose return was taken back: only those that heard of the visit.
func noteReturn(ctx context.Context, tx *db.Tx, session int64, visit uuid.UUID) error {
	var channels []string
	err := tx.Select(ctx, &channels, `SELECT DISTINCT channel FROM outbox_fact WHERE visit_id = $1::uuid ORDER BY channel`, visit)
	if err != nil {
		return fmt.Errorf("read who heard of a visit: %w", err)
	}
	return noteChannels(ctx, tx, channels, session, visit)
}

// noteVoided is noteReturn for a return that was taken back.
func noteVoided(ctx context.Context, tx *db.Tx, returned int64) error {
	var v struct {
		ID      uuid.UUID `db:"id"`
		Session int64     `db:"session_id"`
	}
	err := tx.Get(ctx, &v, `SELECT v.id, v.session_id FROM patient_return b JOIN visit v ON v.id = b.given_visit_id
WHERE b.id = $1::bigint AND b.form = 'full' AND v.state = 'finished'`, returned)
	if db.IsNoRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read what was given: %w", err)
	}
	return noteReturn(ctx, tx, v.Session, v.ID)
}

func noteChannels(ctx context.Context, tx *db.Tx, channels []string, session int64, visit uuid.UUID) error {
	if len(channels) == 0 {
		return nil
	}
	// Before anything is compared: two may bring back a box each of one visit, and the
	// second must see what the first has taken off.
	var held []int64
	err := tx.Select(ctx, &held, `SELECT id FROM outbox_fact WHERE visit_id = $1::uuid ORDER BY id FOR NO KEY UPDATE`, visit)
	if err != nil {
		return fmt.Errorf("hold what was told of a visit: %w", err)
	}
	stands, err := readStands(ctx, tx, visit)
	if err != nil {
		return err
	}
	for _, channel := range channels {
		n := factNote{channel, session, visit}
		if err := n.write(ctx, tx, stands); err != nil {
			return err
		}
	}
	return nil
}

// factNote is what one channel is to hear of one visit.
type factNote struct {
	channel string
	session int64
	visit   uuid.UUID
}

func (n factNote) write(ctx context.Context, tx *db.Tx, stands []toldLine) error {
	told, err := n.readTold(ctx, tx)
	if err != nil {
		return err
	}
	wrong, missing := unlike(told, stands)
	for _, t := range wrong {
		if err := n.reverse(ctx, tx, t); err != nil {
			return err
		}
	}
	for _, l := range missing {
		if err := n.insert(ctx, tx, l, "sale", 0); err != nil {
			return err
		}
	}
	return nil
}

// unlike compares what was told with what stands.
func unlike(told, stands []toldLine) (wrong, missing []toldLine) {
	right := map[int64]bool{} // places in stands that were told
	for _, t := range told {
		found := false
		for i, l := range stands {
			if !right[int64(i)] && t.same(l) {
				right[int64(i)], found = true, true
				break
			}
		}
		if !found {
			wrong = append(wrong, t)
		}
	}
	for i, l := range stands {
		if !right[int64(i)] {
			missing = append(missing, l)
		}
	}
	return wrong, missing
}

// readStands reads the lines of a visit that stand, with who pays. What the patient
// brought back whole does not stand any more; of an opened box the sale holds, and an
// empty one changes nothing.
func readStands(ctx context.Context, tx *db.Tx, visit uuid.UUID) (stands []toldLine, err error) {
	err = tx.Select(ctx, &stands, `SELECT 0 AS id, l.id AS line_id, l.pack_id, l.quantity, l.at, COALESCE(NULLIF(l.payer, ''),
  (SELECT p.payer FROM programme p WHERE p.site_id IN (0, c.site_id) ORDER BY CASE WHEN p.site_id = 0 THEN 1 ELSE 0 END, p.id DESC LIMIT 1), 'free') AS payer
FROM visit_line l JOIN visit v ON v.id = l.visit_id JOIN clinic_session c ON c.id = v.session_id
WHERE l.visit_id = $1 AND l.undone_at IS NULL AND NOT EXISTS (SELECT 1 FROM patient_return b
  WHERE b.given_visit_id = l.visit_id AND b.pack_id = l.pack_id AND b.form = 'full' AND b.units >= l.quantity AND b.void_at IS NULL) ORDER BY l.id`, visit)
	if err != nil {
		return nil, fmt.Errorf("read lines to tell: %w", err)
	}
	return stands, nil
}

// readTold reads the sales that were told and hold; noteChannels holds their rows.
func (n factNote) readTold(ctx context.Context, tx *db.Tx) (told []toldLine, err error) {
	err = tx.Select(ctx, &told, `SELECT f.id, f.line_id, f.pack_id, f.quantity, f.payer, f.happened_at AS at FROM outbox_fact f
WHERE f.visit_id = $1 AND f.channel = $2 AND f.kind = 'sale' AND f.state <> 'withdrawn' AND NOT EXISTS (SELECT 1 FROM outbox_fact r WHERE r.reverses = f.id)
ORDER BY f.id`, n.visit, n.channel)
	if err != nil {
		return nil, fmt.Errorf("read what was told: %w", err)
	}
	return told, nil
}

// reverse takes a sale back: before it was sent it is withdrawn, afterwards the other
// side hears of a reversal.
func (n factNote) reverse(ctx context.Context, tx *db.Tx, t toldLine) error {
	done, err := tx.Exec(ctx, `UPDATE outbox_fact SET state = 'withdrawn', settled_at = $2 WHERE id = $1 AND state IN ('waiting', 'failed')`, t.Fact, tx.Now)
	if err != nil {
		return fmt.Errorf("withdraw a fact: %w", err)
	}
	if done > 0 {
		return nil
	}
	t.At = tx.Now
	return n.insert(ctx, tx, t, "reversal", t.Fact)
}

func (n factNote) insert(ctx context.Context, tx *db.Tx, l toldLine, kind string, reverses int64) error {
	err := tx.ExecOne(ctx, `INSERT INTO outbox_fact (fact, channel, kind, reverses, session_id, visit_id, line_id, pack_id, quantity, payer, happened_at, written_at, next_at)
VALUES ($1, $12, $2, NULLIF($3::bigint, 0), $4, $5, $6, $7, $8, $9, $10, $11::timestamptz, $11::timestamptz)`,
		uuid.New(), kind, reverses, n.session, n.visit, l.Line, l.Pack, l.Quantity, l.Payer, l.At, tx.Now, n.channel)
	if err != nil {
		return fmt.Errorf("insert a dispensing fact: %w", err)
	}
	return nil
}

// OutboxActive says whether dispensing facts are written for a channel.
func OutboxActive(ctx context.Context, r db.Reader, channel string) (bool, error) {
	var active bool
	err := r.Get(ctx, &active, `SELECT active FROM outbox_switch WHERE channel = $1`, channel)
	if err != nil && !db.IsNoRows(err) {
		return false, fmt.Errorf("read the outbox's switch: %w", err)
	}
	return active, nil
}

// SwitchOutbox turns the writing of dispensing facts for a channel on or off. What was
// written before is still sent.
func (s *Service) SwitchOutbox(ctx context.Context, by identity.Actor, command uuid.UUID, channel string, active bool) error {
	if err := identity.Allow(ctx, s.db, by, identity.ManageSystem, 0); err != nil {
		return err
	}
	cmd := identity.Command{ID: command, Kind: "switch_outbox", Request: []any{channel, active}}
	_, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		n, err := tx.Exec(ctx, `UPDATE outbox_switch SET active = $2, changed_at = $3, changed_by = $4 WHERE channel = $1`,
			channel, active, tx.Now, by.StaffID)
		if err == nil && n == 0 {
			err = tx.ExecOne(ctx, `INSERT INTO outbox_switch (channel, active, changed_at, changed_by) VALUES ($1, $2, $3, $4)`,
				channel, active, tx.Now, by.StaffID)
		}
		if err != nil {
			return false, fmt.Errorf("switch the outbox: %w", err)
		}
		return true, identity.Audit(ctx, tx, by, identity.Event{Name: "outbox.switch", ObjectKind: "outbox", ObjectID: channel,
			Detail: fmt.Sprintf("active=%t", active)})
	})
	return err
}
