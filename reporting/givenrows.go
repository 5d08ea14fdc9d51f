package reporting

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// GivenRow is one box, or a part of one, that was handed out.
type GivenRow struct {
	ID        int64     `db:"id"`
	SessionID int64     `db:"session_id"`
	Site      string    `db:"site"`
	HeldOn    time.Time `db:"held_on"`
	Kind      string    `db:"kind"`
	Number    int64     `db:"number"`
	PatientNo string    `db:"patient_no"`
	Patient   string    `db:"patient"`
	Doctor    string    `db:"doctor"`
	Generic   string    `db:"generic_name"`
	Spec      string    `db:"spec"`
	Batch     string    `db:"batch"`
	Code      string    `db:"code"`
	Content   int64     `db:"content"`
	Quantity  int64     `db:"quantity"` // smallest units
	PackWord  string    `db:"pack_name"`
	UnitWord  string    `db:"unit_name"`
	Dose      string    `db:"dose"`
	Days      *int64    `db:"days"`
	Total     int64     `db:"total"` // of the rows of these sessions
}

// Drug is the drug as people say it.
func (g GivenRow) Drug() string { return inventory.DrugName(g.Generic, g.Spec) }

// Used is the row as figures.
func (g GivenRow) Used() Used {
	if g.Quantity == g.Content {
		return Used{Whole: 1, Units: g.Quantity}
	}
	return Used{Loose: g.Quantity, Units: g.Quantity}
}

// GivenRows reads what was handed out in the sessions of a question, in the order
// of days, most rows from the given place on. visit narrows it to one visit; "" is
// all. total counts all there are.
func GivenRows(ctx context.Context, d *db.DB, q Question, visit string, from, most int64) (list []GivenRow, total int64, err error) {
	if err := q.Check(today(d.Now())); err != nil {
		return nil, 0, err
	}
	err = d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		w, counted, err := givenWindow(ctx, tx, q, visit, from, most)
		if err != nil {
			return err
		}
		list, err = givenRows(ctx, tx, q, visit, w.sessions, w.skip, most)
		if total = w.total; !counted && len(list) > 0 {
			total = list[0].Total
		}
		return err
	})
	return list, total, err
}

// givenWindow finds the sessions of a page of boxes, as [visitWindow] does.
func givenWindow(ctx context.Context, tx *db.Tx, q Question, visit string, from, most int64) (w window, counted bool, err error) {
	if q.PatientID != 0 || visit != "" {
		w.sessions, err = sessionsOf(ctx, tx, q)
		w.skip = from
		return w, false, err
	}
	x, err := readFacts(ctx, tx, q, detail{drugs: true, sessions: true})
	if err != nil {
		return w, false, err
	}
	ids, n := make([]int64, len(x.clinics)), map[int64]int64{}
	for i, c := range x.clinics {
		ids[i] = c.ID
	}
	for _, d := range x.drugs {
		n[d.SessionID] += d.Lines
	}
	return windowOf(ids, n, from, most), true, nil
}

// EachGiven gives every row of [GivenRows] to do, as [EachVisit] does.
func EachGiven(ctx context.Context, d *db.DB, q Question, progress func(done, total int64), do func(GivenRow) error) error {
	return eachMonth(ctx, d, q, progress, func(ctx context.Context, tx *db.Tx, sessions []int64) error {
		list, err := givenRows(ctx, tx, q, "", sessions, 0, everyRow)
		return eachOf(list, err, do)
	})
}

func givenRows(ctx context.Context, tx *db.Tx, q Question, visit string, sessions []int64, from, most int64) (list []GivenRow, err error) {
	err = tx.Select(ctx, &list, `SELECT x.id, x.session_id, x.site, x.held_on, x.kind, x.number, p.number AS patient_no, p.name AS patient, COALESCE(t.name, '未记医生') AS doctor,
  d.generic_name, d.spec, x.batch, x.code, x.content, x.quantity, d.pack_name, d.unit_name, x.dose, x.days, x.total
FROM (SELECT l.id, c.id AS session_id, s.name AS site, s.code AS site_code, c.held_on, c.kind, v.number, v.patient_id, v.doctor_id, k.drug_id, k.batch, k.code, k.units_total AS content, l.quantity, l.dose, l.days, count(*) OVER () AS total
  FROM clinic_session c JOIN site s ON s.id = c.site_id JOIN visit v ON v.session_id = c.id JOIN visit_line l ON l.visit_id = v.id JOIN pack k ON k.id = l.pack_id
  WHERE c.id = ANY($1::bigint[]) AND l.undone_at IS NULL AND ($2::bigint = 0 OR v.doctor_id = $2::bigint) AND ($3::bigint = 0 OR v.patient_id = $3::bigint)
    AND ($4::bigint = 0 OR k.drug_id = $4::bigint) AND ($5::text = '' OR CAST(v.id AS text) = $5::text)
  ORDER BY c.held_on, s.code, c.id, v.number, l.id LIMIT $7::bigint OFFSET $6::bigint) x
JOIN patient p ON p.id = x.patient_id JOIN drug d ON d.id = x.drug_id LEFT JOIN staff t ON t.id = x.doctor_id
ORDER BY x.held_on, x.site_code, x.session_id, x.number, x.id`,
		pq.Array(sessions), q.DoctorID, q.PatientID, q.DrugID, visit, from, most)
	if err != nil {
		return nil, fmt.Errorf("read what was handed out: %w", err)
	}
	return list, nil
}
