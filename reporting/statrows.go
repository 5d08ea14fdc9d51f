package reporting

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// Only narrows visits to those behind one figure of a line.
type Only string

// The figures of a line of visits that have rows of their own.
const (
	OnlyFresh Only = "fresh" // first visits
	OnlyAgain Only = "again" // the others
	OnlyBare  Only = "bare"  // without medicine
	OnlyOwed  Only = "owed"  // some medicine left owing
)

// Valid tells whether it is one of them, or none.
func (o Only) Valid() bool {
	return o == "" || o == OnlyFresh || o == OnlyAgain || o == OnlyBare || o == OnlyOwed
}

// VisitRow is a visit behind a figure: a finished one, or where the figure is of a
// drug one that was given it.
type VisitRow struct {
	ID         string     `db:"id"`
	SessionID  int64      `db:"session_id"`
	SiteID     int64      `db:"site_id"`
	Site       string     `db:"site"`
	HeldOn     time.Time  `db:"held_on"`
	Kind       string     `db:"kind"`
	Number     int64      `db:"number"`
	PatientID  int64      `db:"patient_id"`
	PatientNo  string     `db:"patient_no"`
	Patient    string     `db:"patient"` // whole; masked by whoever shows it
	Doctor     string     `db:"doctor"`
	Fresh      bool       `db:"fresh"`
	Owed       bool       `db:"owed"`
	Packs      int64      `db:"packs"` // boxes it was given something from
	Reason     string     `db:"no_drug_reason"`
	StartedAt  *time.Time `db:"started_at"`
	FinishedAt *time.Time `db:"finished_at"`
	Total      int64      `db:"total"` // of the rows of these sessions
}

// VisitRows reads the visits of a question in the order of days, most of them from
// the given place on: finished ones, of a drug all that were given it. total counts
// all there are. Errors are those of [ReadVisits].
func VisitRows(ctx context.Context, d *db.DB, q Question, only Only, from, most int64) (list []VisitRow, total int64, err error) {
	if err := q.Check(today(d.Now())); err != nil {
		return nil, 0, err
	}
	err = d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		w, counted, err := visitWindow(ctx, tx, q, only, from, most)
		if err != nil {
			return err
		}
		c, err := readChanges(ctx, tx)
		if err != nil {
			return err
		}
		list, err = visitRows(ctx, tx, q, only, c.family, w.sessions, w.skip, most)
		if total = w.total; !counted && len(list) > 0 {
			total = list[0].Total
		}
		return err
	})
	return list, total, err
}

// visitWindow finds the sessions of a page of visits by the sums; counted tells that
// its total holds. What there are no sums of is looked for in all sessions.
func visitWindow(ctx context.Context, tx *db.Tx, q Question, only Only, from, most int64) (w window, counted bool, err error) {
	if q.PatientID != 0 || q.DrugID != 0 && only != "" {
		w.sessions, err = sessionsOf(ctx, tx, q)
		w.skip = from
		return w, false, err
	}
	x, err := readFacts(ctx, tx, q, detail{visits: q.DrugID == 0, drugs: q.DrugID != 0, sessions: true, kinds: true})
	if err == nil && only == OnlyOwed {
		err = x.readOwing(ctx, tx, q)
	}
	if err != nil {
		return w, false, err
	}
	ids := make([]int64, len(x.clinics))
	for i, c := range x.clinics {
		ids[i] = c.ID
	}
	return windowOf(ids, x.rowsOf(q, only), from, most), true, nil
}

// rowsOf counts the visits behind a figure by session.
func (x facts) rowsOf(q Question, only Only) map[int64]int64 {
	n := map[int64]int64{}
	if q.DrugID != 0 {
		for _, d := range x.drugs {
			n[d.SessionID] += d.Visits
		}
		return n
	}
	for _, v := range x.visits {
		n[v.SessionID] += map[Only]int64{"": v.Visits, OnlyFresh: v.Fresh, OnlyAgain: v.Visits - v.Fresh, OnlyBare: v.Bare}[only]
	}
	for _, o := range x.owed {
		n[o.SessionID] += o.Visits
	}
	return n
}

// EachVisit gives every visit of a question to do, on one snapshot and a month at a
// time, so that any number of them takes the memory of a month. progress, which may
// be nil, hears of the months.
func EachVisit(ctx context.Context, d *db.DB, q Question, only Only, progress func(done, total int64), do func(VisitRow) error) error {
	var f *family
	return eachMonth(ctx, d, q, progress, func(ctx context.Context, tx *db.Tx, sessions []int64) error {
		if f == nil {
			c, err := readChanges(ctx, tx)
			if err != nil {
				return err
			}
			f = &c.family
		}
		list, err := visitRows(ctx, tx, q, only, *f, sessions, 0, everyRow)
		return eachOf(list, err, do)
	})
}

// visitRows reads visits of some sessions. What a row says besides is looked up for
// the rows of the page only.
func visitRows(ctx context.Context, tx *db.Tx, q Question, only Only, f family, sessions []int64, from, most int64) (list []VisitRow, err error) {
	err = tx.Select(ctx, &list, `SELECT CAST(y.id AS text) AS id, y.session_id, y.site_id, y.site, y.held_on, y.kind, y.number, y.patient_id, p.number AS patient_no, p.name AS patient,
  COALESCE(t.name, '未记医生') AS doctor, EXISTS (SELECT 1 FROM owed_medicine o WHERE o.visit_id = y.id) AS owed, y.no_drug_reason, y.started_at, y.finished_at, y.total,
  (SELECT count(*) FROM visit_line l WHERE l.visit_id = y.id AND l.undone_at IS NULL) AS packs,
  NOT (EXISTS (SELECT 1 FROM visit e WHERE e.patient_id = y.patient_id AND e.state = 'finished' AND (e.came_at < y.came_at OR e.came_at = y.came_at AND e.id < y.id))
    OR EXISTS (SELECT 1 FROM (SELECT unnest($6::bigint[]) AS id, unnest($7::bigint[]) AS root) g JOIN visit e ON e.patient_id = g.id
      WHERE g.root = y.root AND e.state = 'finished' AND (e.came_at < y.came_at OR e.came_at = y.came_at AND e.id < y.id))) AS fresh
FROM (SELECT v.id, v.session_id, c.site_id, s.name AS site, s.code AS site_code, c.held_on, c.kind, v.number, v.patient_id, v.doctor_id, v.no_drug_reason, v.came_at, v.started_at, v.finished_at, f.root, count(*) OVER () AS total
  FROM clinic_session c JOIN site s ON s.id = c.site_id JOIN visit v ON v.session_id = c.id LEFT JOIN (SELECT unnest($6::bigint[]) AS id, unnest($7::bigint[]) AS root) f ON f.id = v.patient_id
  WHERE c.id = ANY($1::bigint[]) AND ($2::bigint = 0 OR v.doctor_id = $2::bigint) AND ($3::bigint = 0 OR v.patient_id = $3::bigint)
    AND ($4::bigint = 0 AND v.state = 'finished' OR $4::bigint <> 0 AND EXISTS (SELECT 1 FROM visit_line l JOIN pack k ON k.id = l.pack_id WHERE l.visit_id = v.id AND l.undone_at IS NULL AND k.drug_id = $4::bigint))
    AND ($5::text <> 'bare' OR NOT EXISTS (SELECT 1 FROM visit_line l WHERE l.visit_id = v.id AND l.undone_at IS NULL))
    AND ($5::text <> 'owed' OR EXISTS (SELECT 1 FROM owed_medicine o WHERE o.visit_id = v.id))
    AND ($5::text <> 'fresh' AND $5::text <> 'again'
      OR ($5::text = 'again') = (EXISTS (SELECT 1 FROM visit e WHERE e.patient_id = v.patient_id AND e.state = 'finished' AND (e.came_at < v.came_at OR e.came_at = v.came_at AND e.id < v.id))
        OR EXISTS (SELECT 1 FROM (SELECT unnest($6::bigint[]) AS id, unnest($7::bigint[]) AS root) g JOIN visit e ON e.patient_id = g.id
          WHERE g.root = f.root AND e.state = 'finished' AND (e.came_at < v.came_at OR e.came_at = v.came_at AND e.id < v.id))))
  ORDER BY c.held_on, s.code, v.session_id, v.number LIMIT $9::bigint OFFSET $8::bigint) y
JOIN patient p ON p.id = y.patient_id LEFT JOIN staff t ON t.id = y.doctor_id
ORDER BY y.held_on, y.site_code, y.session_id, y.number`,
		pq.Array(sessions), q.DoctorID, q.PatientID, q.DrugID, string(only), pq.Array(f.entries), pq.Array(f.roots), from, most)
	if err != nil {
		return nil, fmt.Errorf("read the visits behind a figure: %w", err)
	}
	return list, nil
}
