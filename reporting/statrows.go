package reporting

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/inventory"
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

// VisitRow is a finished visit behind a figure.
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
	Total      int64      `db:"total"` // of all rows there are
}

// VisitRows reads finished visits of a question in the order of days, most of them
// from the given place on. total counts all there are, 0 past their end. Errors are
// those of [ReadVisits].
func VisitRows(ctx context.Context, d *db.DB, q Question, only Only, from, most int64) (list []VisitRow, total int64, err error) {
	if err := q.Check(today(d.Now())); err != nil {
		return nil, 0, err
	}
	err = d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		list, err = visitRows(ctx, tx, q, only, from, most)
		return err
	})
	if len(list) > 0 {
		total = list[0].Total
	}
	return list, total, err
}

// EachVisit gives every visit of a question to do, on one snapshot and a month at a
// time, so that any number of them takes the memory of a month. progress, which may
// be nil, hears of the months.
func EachVisit(ctx context.Context, d *db.DB, q Question, only Only, progress func(done, total int64), do func(VisitRow) error) error {
	return eachMonth(ctx, d, q, progress, func(ctx context.Context, tx *db.Tx, month Question) error {
		list, err := visitRows(ctx, tx, month, only, 0, everyRow)
		return eachOf(list, err, do)
	})
}

// everyRow is more than there are.
const everyRow = 1 << 40

func eachOf[T any](list []T, err error, do func(T) error) error {
	for _, x := range list {
		if err == nil {
			err = do(x)
		}
	}
	return err
}

// eachMonth does something with every month of a question on one snapshot.
func eachMonth(ctx context.Context, d *db.DB, q Question, progress func(done, total int64), do func(context.Context, *db.Tx, Question) error) error {
	if err := q.Check(today(d.Now())); err != nil {
		return err
	}
	return d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		total := int64(q.months())
		for done, day := int64(0), q.From; !day.After(q.To); done, day = done+1, nextMonth(day) {
			if progress != nil {
				progress(done, total)
			}
			month := q
			month.Period = Period{day, earlier(MonthOf(day).To, q.To)}
			if err := do(ctx, tx, month); err != nil {
				return err
			}
		}
		return nil
	})
}

func visitRows(ctx context.Context, tx *db.Tx, q Question, only Only, from, most int64) (list []VisitRow, err error) {
	c, err := readChanges(ctx, tx)
	if err != nil {
		return nil, err
	}
	f := c.family
	sites, all := q.sites()
	err = tx.Select(ctx, &list, `SELECT y.id, y.session_id, y.site_id, s.name AS site, y.held_on, y.kind, y.number, y.patient_id, p.number AS patient_no, p.name AS patient,
  COALESCE(t.name, '未记医生') AS doctor, y.fresh, y.owed, y.packs, y.no_drug_reason, y.started_at, y.finished_at, y.total
FROM (SELECT CAST(x.id AS text) AS id, x.session_id, x.site_id, x.held_on, x.kind, x.number, x.patient_id, x.doctor_id, x.fresh, x.owed, x.packs, x.no_drug_reason, x.started_at, x.finished_at, count(*) OVER () AS total
  FROM (SELECT v.id, v.session_id, c.site_id, c.held_on, c.kind, v.number, v.patient_id, v.doctor_id, v.no_drug_reason, v.started_at, v.finished_at,
      (SELECT count(*) FROM visit_line l WHERE l.visit_id = v.id AND l.undone_at IS NULL) AS packs,
      EXISTS (SELECT 1 FROM owed_medicine o WHERE o.visit_id = v.id) AS owed,
      NOT (EXISTS (SELECT 1 FROM visit e WHERE e.patient_id = v.patient_id AND e.state = 'finished' AND (e.came_at < v.came_at OR e.came_at = v.came_at AND e.id < v.id))
        OR EXISTS (SELECT 1 FROM (SELECT unnest($10::bigint[]) AS id, unnest($11::bigint[]) AS root) g JOIN visit e ON e.patient_id = g.id
          WHERE g.root = f.root AND e.state = 'finished' AND (e.came_at < v.came_at OR e.came_at = v.came_at AND e.id < v.id))) AS fresh
    FROM clinic_session c JOIN visit v ON v.session_id = c.id LEFT JOIN (SELECT unnest($10::bigint[]) AS id, unnest($11::bigint[]) AS root) f ON f.id = v.patient_id
    WHERE c.held_on >= $1::date AND c.held_on <= $2::date AND c.state IN ('open', 'closing', 'closed') AND ($3::boolean OR c.site_id = ANY($4::bigint[]))
      AND ($5::text = '' OR c.kind = $5::text) AND ($6::bigint = 0 OR v.doctor_id = $6::bigint) AND ($7::bigint = 0 OR v.patient_id = $7::bigint) AND v.state = 'finished'
      AND ($8::bigint = 0 OR EXISTS (SELECT 1 FROM visit_line l JOIN pack k ON k.id = l.pack_id WHERE l.visit_id = v.id AND l.undone_at IS NULL AND k.drug_id = $8::bigint))) x
  WHERE ($9::text = '' OR $9::text = 'fresh' AND x.fresh OR $9::text = 'again' AND NOT x.fresh OR $9::text = 'bare' AND x.packs = 0 OR $9::text = 'owed' AND x.owed)) y
JOIN site s ON s.id = y.site_id JOIN patient p ON p.id = y.patient_id LEFT JOIN staff t ON t.id = y.doctor_id
ORDER BY y.held_on, s.code, y.session_id, y.number LIMIT $13::bigint OFFSET $12::bigint`,
		dateOf(q.From), dateOf(q.To), all, pq.Array(sites), q.Kind, q.DoctorID, q.PatientID, q.DrugID, string(only), pq.Array(f.entries), pq.Array(f.roots), from, most)
	if err != nil {
		return nil, fmt.Errorf("read the visits behind a figure: %w", err)
	}
	return list, nil
}

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
	Total     int64     `db:"total"` // of all rows there are
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
// all. total counts all there are, 0 past their end.
func GivenRows(ctx context.Context, d *db.DB, q Question, visit string, from, most int64) (list []GivenRow, total int64, err error) {
	if err := q.Check(today(d.Now())); err != nil {
		return nil, 0, err
	}
	err = d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		list, err = givenRows(ctx, tx, q, visit, from, most)
		return err
	})
	if len(list) > 0 {
		total = list[0].Total
	}
	return list, total, err
}

// EachGiven gives every row of [GivenRows] to do, as [EachVisit] does.
func EachGiven(ctx context.Context, d *db.DB, q Question, progress func(done, total int64), do func(GivenRow) error) error {
	return eachMonth(ctx, d, q, progress, func(ctx context.Context, tx *db.Tx, month Question) error {
		list, err := givenRows(ctx, tx, month, "", 0, everyRow)
		return eachOf(list, err, do)
	})
}

func givenRows(ctx context.Context, tx *db.Tx, q Question, visit string, from, most int64) (list []GivenRow, err error) {
	sites, all := q.sites()
	err = tx.Select(ctx, &list, `SELECT x.id, x.session_id, s.name AS site, x.held_on, x.kind, x.number, p.number AS patient_no, p.name AS patient, COALESCE(t.name, '未记医生') AS doctor,
  d.generic_name, d.spec, x.batch, x.code, x.content, x.quantity, d.pack_name, d.unit_name, x.dose, x.days, x.total
FROM (SELECT l.id, c.id AS session_id, c.site_id, c.held_on, c.kind, v.number, v.patient_id, v.doctor_id, k.drug_id, k.batch, k.code, k.units_total AS content, l.quantity, l.dose, l.days, count(*) OVER () AS total
  FROM clinic_session c JOIN visit v ON v.session_id = c.id JOIN visit_line l ON l.visit_id = v.id JOIN pack k ON k.id = l.pack_id
  WHERE c.held_on >= $1::date AND c.held_on <= $2::date AND c.state IN ('open', 'closing', 'closed') AND ($3::boolean OR c.site_id = ANY($4::bigint[])) AND l.undone_at IS NULL
    AND ($5::text = '' OR c.kind = $5::text) AND ($6::bigint = 0 OR v.doctor_id = $6::bigint) AND ($7::bigint = 0 OR v.patient_id = $7::bigint)
    AND ($8::bigint = 0 OR k.drug_id = $8::bigint) AND ($9::text = '' OR CAST(v.id AS text) = $9::text)) x
JOIN site s ON s.id = x.site_id JOIN patient p ON p.id = x.patient_id JOIN drug d ON d.id = x.drug_id LEFT JOIN staff t ON t.id = x.doctor_id
ORDER BY x.held_on, s.code, x.session_id, x.number, x.id LIMIT $11::bigint OFFSET $10::bigint`,
		dateOf(q.From), dateOf(q.To), all, pq.Array(sites), q.Kind, q.DoctorID, q.PatientID, q.DrugID, visit, from, most)
	if err != nil {
		return nil, fmt.Errorf("read what was handed out: %w", err)
	}
	return list, nil
}

// PersonUse is what one patient was given of one drug.
type PersonUse struct {
	PatientID int64  `db:"patient_id"`
	Number    string `db:"patient_no"`
	Name      string `db:"patient"` // whole; masked by whoever shows it
	DrugID    int64  `db:"drug_id"`
	Generic   string `db:"generic_name"`
	Spec      string `db:"spec"`
	PackWord  string `db:"pack_name"`
	UnitWord  string `db:"unit_name"`
	Visits    int64  `db:"visits"`
	Whole     int64  `db:"whole"`
	Loose     int64  `db:"loose"`
	Units     int64  `db:"units"`
	Total     int64  `db:"total"` // of all rows there are
}

// Drug is the drug as people say it.
func (p PersonUse) Drug() string { return inventory.DrugName(p.Generic, p.Spec) }

// PersonRows adds up what each patient was given of each drug, by patient, most
// rows from the given place on, and all rows together.
func PersonRows(ctx context.Context, d *db.DB, q Question, from, most int64) (list []PersonUse, sum Used, err error) {
	if err := q.Check(today(d.Now())); err != nil {
		return nil, Used{}, err
	}
	err = d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		if list, err = personRows(ctx, tx, q, from, most); err != nil {
			return err
		}
		u := UseStatistic{Question: q}
		f, err := readFacts(ctx, tx, q)
		for _, x := range f.drugs {
			u.Total.Now = u.Total.Now.plus(Used{x.Visits, x.Whole, x.Loose, x.Units})
		}
		sum = u.Total.Now
		return err
	})
	return list, sum, err
}

func personRows(ctx context.Context, tx *db.Tx, q Question, from, most int64) (list []PersonUse, err error) {
	sites, all := q.sites()
	err = tx.Select(ctx, &list, `SELECT x.patient_id, p.number AS patient_no, p.name AS patient, x.drug_id, d.generic_name, d.spec, d.pack_name, d.unit_name, x.visits, x.whole, x.loose, x.units, x.total
FROM (SELECT v.patient_id, k.drug_id, count(DISTINCT v.id) AS visits, CAST(sum(CASE WHEN l.quantity = k.units_total THEN 1 ELSE 0 END) AS bigint) AS whole,
    CAST(sum(CASE WHEN l.quantity = k.units_total THEN 0 ELSE l.quantity END) AS bigint) AS loose, CAST(sum(l.quantity) AS bigint) AS units, count(*) OVER () AS total
  FROM clinic_session c JOIN visit v ON v.session_id = c.id JOIN visit_line l ON l.visit_id = v.id JOIN pack k ON k.id = l.pack_id
  WHERE c.held_on >= $1::date AND c.held_on <= $2::date AND c.state IN ('open', 'closing', 'closed') AND ($3::boolean OR c.site_id = ANY($4::bigint[])) AND l.undone_at IS NULL
    AND ($5::text = '' OR c.kind = $5::text) AND ($6::bigint = 0 OR v.doctor_id = $6::bigint) AND ($7::bigint = 0 OR k.drug_id = $7::bigint) AND ($8::bigint = 0 OR v.patient_id = $8::bigint)
  GROUP BY v.patient_id, k.drug_id) x
JOIN patient p ON p.id = x.patient_id JOIN drug d ON d.id = x.drug_id
ORDER BY p.number, d.generic_name, d.spec, d.id LIMIT $10::bigint OFFSET $9::bigint`,
		dateOf(q.From), dateOf(q.To), all, pq.Array(sites), q.Kind, q.DoctorID, q.DrugID, q.PatientID, from, most)
	if err != nil {
		return nil, fmt.Errorf("read what patients were given: %w", err)
	}
	return list, nil
}
