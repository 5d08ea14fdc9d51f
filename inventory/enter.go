package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// newPack is a trace code that gets its row with its first movement.
type newPack struct {
	code      string
	drugID    int64
	content   int64 // units of a full pack
	batch     string
	expiresOn time.Time // zero when not known
	madeOn    time.Time
	lineID    int64 // receipt line, or zero
	// batchRead says that batch or expiry are what the box's own code carries.
	batchRead bool
}

// readFrom takes over what the box's own code carries: it is printed on the very
// box and goes before what a document or a person says.
func (p *newPack) readFrom(code TraceCode) {
	if code.Batch() != "" {
		p.batch = clip(code.Batch(), 60)
	}
	if !code.Expiry().IsZero() {
		p.expiresOn = code.Expiry()
	}
	if !code.Made().IsZero() {
		p.madeOn = code.Made()
	}
	p.batchRead = code.describes()
}

// enterPacks gives packs their rows and first movements in one statement, by
// the rules of [Apply]. A code that has a row already fails as
// unique(pack_code_uq): the caller runs its transaction again and then finds it.
// What is recalled and comes to the store is set apart by a second movement.
func enterPacks(ctx context.Context, tx *db.Tx, by identity.Actor, packs []newPack, e Entry) error {
	if err := insertPacks(ctx, tx, by, packs, e); err != nil {
		return err
	}
	if e.Kind == MoveAnnounce || len(packs) == 0 {
		return nil
	}
	return setApartNew(ctx, tx, by, packs, e)
}

// insertPacks is enterPacks for who knows that no recall is in force.
func insertPacks(ctx context.Context, tx *db.Tx, by identity.Actor, packs []newPack, e Entry) error {
	if len(packs) == 0 {
		return nil
	}
	// Everybody inserts in the order of the codes, as everybody locks.
	slices.SortFunc(packs, func(a, b newPack) int { return strings.Compare(a.code, b.code) })
	var c enterColumns
	for _, p := range packs {
		m := e.Move
		m.Content = p.content
		after, step, err := Apply(PackFacts{Expiry: p.expiresOn}, m)
		if err != nil {
			return fmt.Errorf("pack %s: %w", p.code, err)
		}
		c.add(p, after, step)
	}
	n, err := tx.Exec(ctx, `WITH fresh AS (
  INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, expires_on, made_on, receipt_line_id, alarm, batch_read, created_at, changed_at)
  SELECT n.code, n.drug_id, n.state, n.content, n.units_left, n.batch, CAST(NULLIF(n.expires_on, '') AS date), CAST(NULLIF(n.made_on, '') AS date),
    NULLIF(n.line, 0), n.alarm, n.batch_read, $11::timestamptz, $11::timestamptz
  FROM (SELECT unnest($1::text[]) AS code, unnest($2::bigint[]) AS drug_id, unnest($3::text[]) AS state, unnest($4::bigint[]) AS content,
    unnest($5::bigint[]) AS units_left, unnest($6::text[]) AS batch, unnest($7::text[]) AS expires_on, unnest($8::text[]) AS made_on,
    unnest($9::bigint[]) AS line, unnest($10::text[]) AS alarm, unnest($21::boolean[]) AS batch_read) n
  RETURNING id, state, units_left, receipt_line_id, alarm
)
INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, receipt_line_id, staff_id, login_id, device, device_at, at,
  reason, how, fact, alarm, command_id)
SELECT $12::text, f.id, f.units_left, '', f.state, f.units_left, f.receipt_line_id, $13::bigint, $14::uuid, $15::text, $16::timestamptz, $11::timestamptz,
  $17::text, $18::text, $19::boolean, f.alarm, $20::uuid
FROM fresh f`,
		pq.Array(c.codes), pq.Array(c.drugs), pq.Array(c.states), pq.Array(c.contents), pq.Array(c.left), pq.Array(c.batches),
		pq.Array(c.expires), pq.Array(c.made), pq.Array(c.lines), pq.Array(c.alarms), tx.Now, string(e.Kind), db.NullInt(by.StaffID),
		db.NullUUID(by.LoginID), clip(e.Device, 64), db.NullTime(e.DeviceAt), clip(e.Reason, 200), string(e.How), e.Fact, db.NullUUID(e.Command), pq.Array(c.read))
	if err != nil {
		return fmt.Errorf("insert packs: %w", err)
	}
	if n != int64(len(packs)) {
		return fmt.Errorf("insert packs: %d movements for %d packs", n, len(packs))
	}
	return nil
}

// enterColumns is the columns of new packs, one array each.
type enterColumns struct {
	codes, states, batches, expires, made, alarms []string
	drugs, contents, left, lines                  []int64
	read                                          []bool
}

func (c *enterColumns) add(p newPack, after PackFacts, step Step) {
	c.codes = append(c.codes, p.code)
	c.drugs = append(c.drugs, p.drugID)
	c.states = append(c.states, string(after.State))
	c.contents = append(c.contents, after.Content)
	c.left = append(c.left, after.Remainder)
	c.batches = append(c.batches, p.batch)
	c.expires = append(c.expires, dateText(p.expiresOn))
	c.made = append(c.made, dateText(p.madeOn))
	c.lines = append(c.lines, p.lineID)
	c.alarms = append(c.alarms, string(step.Alarm))
	c.read = append(c.read, p.batchRead)
}

// claimPacks ties packs to lines of a receipt, or to none, with the drug, the batch
// and the dates they have now. The packs are locked and carry all of it already.
func claimPacks(ctx context.Context, tx *db.Tx, packs []*Pack) error {
	if len(packs) == 0 {
		return nil
	}
	var ids, lines, drugs []int64
	var batches, expires []string
	var read []bool
	for _, p := range packs {
		drugs = append(drugs, p.DrugID)
		read = append(read, p.BatchRead)
		ids = append(ids, p.ID)
		lines = append(lines, valueOf(p.ReceiptLineID))
		batches = append(batches, p.Batch)
		expires = append(expires, dayOf(p.ExpiresOn))
	}
	if err := markStale(ctx, tx, ids, drugs, batches); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE pack SET receipt_line_id = NULLIF(n.line, 0), batch = n.batch, expires_on = CAST(NULLIF(n.expires_on, '') AS date),
  batch_read = n.batch_read, drug_id = n.drug_id, changed_at = $5
FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::bigint[]) AS line, unnest($3::text[]) AS batch, unnest($4::text[]) AS expires_on,
  unnest($6::boolean[]) AS batch_read, unnest($7::bigint[]) AS drug_id) n
WHERE pack.id = n.id`, pq.Array(ids), pq.Array(lines), pq.Array(batches), pq.Array(expires), tx.Now, pq.Array(read), pq.Array(drugs))
	if err != nil {
		return fmt.Errorf("claim packs: %w", err)
	}
	if n != int64(len(packs)) {
		return fmt.Errorf("claim packs: %d rows of %d", n, len(packs))
	}
	return nil
}

// raced reports that another transaction brought the same new row first. Its
// row is committed by then, so running again finds it.
func raced(err error) bool {
	for _, name := range []string{"pack_code_uq", "receipt_document_uq", "receipt_current_uq", "opening_code_pk", "carton_code_uq", "carton_code_code_uq",
		"disposal_number_uq", "disposal_pack_waiting_uq", "stocktake_open_uq"} {
		if db.IsUnique(err, name) {
			return true
		}
	}
	return false
}

// maxRaces bounds how often a use case runs again for that.
const maxRaces = 5

// rerun runs fn until it does not lose a race for a new row.
func rerun(fn func() error) error {
	for try := 1; ; try++ {
		err := fn()
		if !raced(err) {
			return err
		}
		if try == maxRaces {
			return db.RefuseBecause(err, db.Conflict, "同一批码正由别人录入，这次没有完成，请再试一次。")
		}
	}
}
