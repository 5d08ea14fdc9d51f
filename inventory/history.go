package inventory

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// HistoryClinics is how many clinic days a month of a made history has, one for
// each site in turn.
const HistoryClinics = 25

// History is a made past for demonstrations and measurements: visits and boxes of
// many years, written in statements of the database's own, since through the use
// cases they would take a day. All of it follows from numbers, in order of
// time: clinic c is that of month c/25 and site c%25, visit v belongs to clinic
// v*Clinics/Visits, box b is given in visit b*Visits/(Packs-Shelf).
type History struct {
	// First is the first day of its first month, as midnight UTC.
	First time.Time
	// Clinics, Visits and Packs are how many there are; Shelf of the packs, the last
	// ones, are still on the shelf.
	Clinics, Visits, Packs, Shelf int64
	// FirstSession is the id of clinic 0; the others follow it.
	FirstSession int64
	// StaffID is who did it all.
	StaffID int64
}

// GrowPacks writes the boxes from one number up to another, which is not among
// them, with everything that moved them.
func GrowPacks(ctx context.Context, tx *db.Tx, h History, from, to int64) error {
	var last int64
	if err := tx.Get(ctx, &last, `SELECT COALESCE(max(id), 0) FROM pack`); err != nil {
		return fmt.Errorf("find the last box: %w", err)
	}
	if _, err := tx.Exec(ctx, `INSERT INTO pack (code, drug_id, state, units_total, units_left, units_given, batch, expires_on, session_id, visit_id, created_at, changed_at)
SELECT p.prefix || lpad(CAST(5000000000 + y.n AS text), 13, '0'), p.drug_id, CASE WHEN y.shelf THEN 'in_store' ELSE 'dispensed' END, p.units,
  CASE WHEN y.shelf THEN p.units ELSE 0 END, CASE WHEN y.shelf THEN 0 ELSE p.units END, 'H' || to_char(y.day - 40, 'YYMM'), y.day + 700,
  CASE WHEN y.shelf THEN NULL ELSE $6::bigint + y.clinic END, CASE WHEN y.shelf THEN NULL ELSE CAST('00000000-0000-4000-8000-' || lpad(CAST(y.visit AS text), 12, '0') AS uuid) END,
  (y.day - 10 + TIME '10:00') AT TIME ZONE 'Asia/Shanghai', (y.day + TIME '09:03') AT TIME ZONE 'Asia/Shanghai' + CAST(4 * (y.visit - div(y.clinic * $5::bigint + $4::bigint - 1, $4::bigint) + 1) || ' minutes' AS interval)
FROM (SELECT x.n, x.visit, x.clinic, x.n >= $7::bigint AS shelf, CASE WHEN x.n % 10 < 5 THEN div(x.n, 10) % 4 ELSE div(x.n, 10) % 20 END AS nth,
    CAST(CAST($3::date AS timestamp) + CAST(div(x.clinic, 25) || ' months' AS interval) AS date) + CAST(x.clinic % 25 AS integer) AS day
  FROM (SELECT z.n, z.visit, div(z.visit * $4::bigint, $5::bigint) AS clinic FROM (SELECT g.n, CASE WHEN g.visit % 37 = 0 AND g.visit + 1 < $5::bigint THEN g.visit + 1 ELSE g.visit END AS visit
    FROM (SELECT n, LEAST(div(n * $5::bigint, $7::bigint), $5::bigint - 1) AS visit FROM generate_series($1::bigint, $2::bigint - 1) n) g) z) x) y
JOIN (SELECT d.id AS drug_id, d.units_per_pack AS units, min(f.prefix) AS prefix, row_number() OVER (ORDER BY d.id) - 1 AS nth FROM drug d JOIN drug_prefix f ON f.drug_id = d.id AND f.active AND f.pack_level = 1
  GROUP BY d.id, d.units_per_pack) p ON p.nth = y.nth ORDER BY y.n`,
		from, to, h.First.Format(time.DateOnly), h.Clinics, h.Visits, h.FirstSession, h.Packs-h.Shelf); err != nil {
		return fmt.Errorf("make the boxes of a history: %w", err)
	}
	return growMoves(ctx, tx, h, last)
}

// growMoves writes the movements of the boxes after one: received, packed the day
// before the clinic, given out.
func growMoves(ctx context.Context, tx *db.Tx, h History, last int64) error {
	for _, q := range []string{
		`INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, staff_id, at, how)
SELECT 'receive', k.id, k.units_total, '', 'in_store', k.units_total, $2::bigint, k.created_at, 'scanned' FROM pack k WHERE k.id > $1::bigint ORDER BY k.id`,
		`INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, to_session_id, staff_id, at, how)
SELECT 'allocate', k.id, k.units_total, 'in_store', 'allocated', k.units_total, k.session_id, $2::bigint, k.changed_at - INTERVAL '16 hours', 'scanned' FROM pack k WHERE k.id > $1::bigint AND k.state = 'dispensed' ORDER BY k.id`,
		`INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, from_session_id, to_session_id, visit_id, staff_id, at, how)
SELECT 'dispense', k.id, k.units_total, 'allocated', 'dispensed', 0, k.session_id, k.session_id, k.visit_id, $2::bigint, k.changed_at, 'scanned' FROM pack k WHERE k.id > $1::bigint AND k.state = 'dispensed' ORDER BY k.id`,
	} {
		if _, err := tx.Exec(ctx, q, last, h.StaffID); err != nil {
			return fmt.Errorf("make the movements of a history: %w", err)
		}
	}
	return nil
}
