package session

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/live"
	"jingfang/sql/db"
)

// Of the patients of a site so many are expected at a clinic of a made history, and
// so many come.
const historyExpected = 36

// GrowClinics writes the sessions of a made history and gives it the id of the
// first one. sites are the 25 sites in order.
func GrowClinics(ctx context.Context, tx *db.Tx, h inventory.History, sites []int64) (inventory.History, error) {
	var first []int64
	err := tx.Select(ctx, &first, `INSERT INTO clinic_session (site_id, held_on, kind, place, state, duty_staff_id, last_number, planned_by, planned_at, opened_by, opened_at, stopped_by, stopped_at, closed_at)
SELECT y.site_id, y.day, y.kind, CASE WHEN y.kind = 'home' THEN '演示上门' ELSE '' END, 'closed', $3::bigint, 40, $3::bigint, CAST(y.day - 20 AS timestamp) AT TIME ZONE 'Asia/Shanghai',
  $3::bigint, (y.day + TIME '08:50') AT TIME ZONE 'Asia/Shanghai', $3::bigint, (y.day + TIME '17:20') AT TIME ZONE 'Asia/Shanghai', (y.day + TIME '17:45') AT TIME ZONE 'Asia/Shanghai'
FROM (SELECT x.c, x.site_id, CASE WHEN x.nth > 22 AND div(x.c, 25) % 2 = 1 THEN 'home' ELSE 'site' END AS kind,
    CAST(CAST($4::date AS timestamp) + CAST(div(x.c, 25) || ' months' AS interval) AS date) + x.nth AS day
  FROM (SELECT c, CAST(c % 25 AS integer) AS nth, (CAST($1::bigint[] AS bigint[]))[CAST(c % 25 AS integer) + 1] AS site_id FROM generate_series(CAST(0 AS bigint), $2::bigint - 1) c) x) y
ORDER BY y.c RETURNING id`, pq.Array(sites), h.Clinics, h.StaffID, h.First.Format(time.DateOnly))
	if err != nil {
		return h, fmt.Errorf("make the sessions of a history: %w", err)
	}
	h.FirstSession = first[0]
	if last := first[len(first)-1]; last-h.FirstSession != h.Clinics-1 {
		return h, fmt.Errorf("make the sessions of a history: somebody else plans sessions meanwhile")
	}
	return h, live.CreateRange(ctx, tx, h.FirstSession, h.Clinics)
}

// GrowVisits writes the visits from one number up to another, which is not among
// them, with the roster of each. doctors see them in turn. Their boxes must be
// there for [GrowLines].
func GrowVisits(ctx context.Context, tx *db.Tx, h inventory.History, doctors []int64, from, to int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO visit (id, session_id, patient_id, number, state, doctor_id, came_at, came_by, started_at, finished_at, finished_by, collector, no_drug_reason)
SELECT CAST('00000000-0000-4000-8000-' || lpad(CAST(y.v AS text), 12, '0') AS uuid), y.session_id, p.id, y.number, 'finished', y.doctor, y.start - INTERVAL '6 minutes', y.doctor,
  y.start, y.start + CAST(120 + y.v % 300 || ' seconds' AS interval), y.doctor, 'self', CASE WHEN y.v % 37 = 0 THEN '家中尚有余药' ELSE '' END
FROM (SELECT x.v, x.session_id, x.number, x.month, c.site_id, (CAST($4::bigint[] AS bigint[]))[CAST(x.v % $5::bigint AS integer) + 1] AS doctor,
    (c.held_on + TIME '09:01') AT TIME ZONE 'Asia/Shanghai' + CAST(4 * x.number || ' minutes' AS interval) AS start
  FROM (SELECT z.v, $3::bigint + z.clinic AS session_id, CAST(z.v - div(z.clinic * $7::bigint + $6::bigint - 1, $6::bigint) + 1 AS integer) AS number, div(z.clinic, 25) AS month
    FROM (SELECT v, div(v * $6::bigint, $7::bigint) AS clinic FROM generate_series($1::bigint, $2::bigint - 1) v) z) x
  JOIN clinic_session c ON c.id = x.session_id) y
JOIN (SELECT id, home_site_id, row_number() OVER (PARTITION BY home_site_id ORDER BY id) - 1 AS nth, count(*) OVER (PARTITION BY home_site_id) AS many FROM patient WHERE state = 'active') p
  ON p.home_site_id = y.site_id AND p.nth = (y.number - 1 + 3 * y.month) % p.many ORDER BY y.v`, from, to, h.FirstSession, pq.Array(doctors), len(doctors), h.Clinics, h.Visits)
	if err != nil {
		return fmt.Errorf("make the visits of a history: %w", err)
	}
	return nil
}

// GrowRosters writes who was expected at the clinics from one number up to another.
func GrowRosters(ctx context.Context, tx *db.Tx, h inventory.History, from, to int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO session_roster (session_id, patient_id, source, added_at)
SELECT c.id, p.id, 'site', c.planned_at FROM clinic_session c
JOIN (SELECT id, home_site_id, row_number() OVER (PARTITION BY home_site_id ORDER BY id) - 1 AS nth, count(*) OVER (PARTITION BY home_site_id) AS many FROM patient WHERE state = 'active') p ON p.home_site_id = c.site_id
WHERE c.id >= $1::bigint + $2::bigint AND c.id < $1::bigint + $3::bigint AND (p.nth + 40 * p.many - 3 * div(c.id - $1::bigint, 25) % p.many) % p.many < $4::bigint`, h.FirstSession, from, to, historyExpected)
	if err != nil {
		return fmt.Errorf("make the rosters of a history: %w", err)
	}
	return nil
}

// GrowLines writes the lines of visits that have boxes and no lines yet, and what
// some of them were left owing.
func GrowLines(ctx context.Context, tx *db.Tx, h inventory.History, from, to int64) error {
	for _, q := range []string{
		`INSERT INTO visit_line (visit_id, pack_id, quantity, dose, days, how, staff_id, at)
SELECT k.visit_id, k.id, k.units_total, '每晚1片', 28, 'scanned', v.doctor_id, k.changed_at FROM pack k JOIN visit v ON v.id = k.visit_id
WHERE v.session_id >= $1::bigint + $2::bigint AND v.session_id < $1::bigint + $3::bigint AND k.session_id = v.session_id`,
		`INSERT INTO owed_medicine (session_id, visit_id, patient_id, drug_id, packs, note, noted_by, noted_at, settled_at)
SELECT v.session_id, v.id, v.patient_id, min(k.drug_id), 1, '', v.doctor_id, v.finished_at, v.finished_at + INTERVAL '30 days' FROM visit v JOIN visit_line l ON l.visit_id = v.id JOIN pack k ON k.id = l.pack_id
WHERE v.session_id >= $1::bigint + $2::bigint AND v.session_id < $1::bigint + $3::bigint AND v.number % 31 = 0 GROUP BY v.session_id, v.id, v.patient_id, v.doctor_id, v.finished_at`,
	} {
		if _, err := tx.Exec(ctx, q, h.FirstSession, from, to); err != nil {
			return fmt.Errorf("make the lines of a history: %w", err)
		}
	}
	return nil
}
