package reporting

import (
	"context"
	"fmt"
	"slices"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/sql/db"
)

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
}

// Drug is the drug as people say it.
func (p PersonUse) Drug() string { return inventory.DrugName(p.Generic, p.Spec) }

// PersonRows adds up what each patient was given of each drug, most patients by
// their numbers from the given place on, and all that all of them were given. total
// counts the patients.
func PersonRows(ctx context.Context, d *db.DB, q Question, from, most int64) (list []PersonUse, sum Used, total int64, err error) {
	if err := q.Check(today(d.Now())); err != nil {
		return nil, Used{}, 0, err
	}
	err = d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		x, err := readFacts(ctx, tx, q, detail{drugs: true, sessions: true})
		if err != nil {
			return err
		}
		sessions := x.given()
		people, err := peopleGiven(ctx, tx, q, sessions)
		if err != nil {
			return err
		}
		total = int64(len(people))
		people = people[min(from, total):min(from+most, total)]
		if list, err = personRows(ctx, tx, q, sessions, people); err != nil || q.PatientID != 0 {
			for _, p := range list {
				sum = sum.plus(Used{p.Visits, p.Whole, p.Loose, p.Units})
			}
			return err
		}
		for _, d := range x.drugs {
			sum = sum.plus(Used{d.Visits, d.Whole, d.Loose, d.Units})
		}
		return nil
	})
	return list, sum, total, err
}

// given are the sessions in which something of the question was handed out.
func (x facts) given() (sessions []int64) {
	for _, d := range x.drugs {
		sessions = append(sessions, d.SessionID)
	}
	slices.Sort(sessions)
	return slices.Compact(sessions)
}

// manyClinics are so many sessions that who was given something in them is sooner
// found patient by patient than by reading them all.
const manyClinics = 1000

// peopleGiven lists the patients who were given something, by their numbers.
func peopleGiven(ctx context.Context, tx *db.Tx, q Question, sessions []int64) (list []int64, err error) {
	if len(sessions) > manyClinics && q.PatientID == 0 {
		return peopleEverGiven(ctx, tx, q, sessions)
	}
	err = tx.Select(ctx, &list, `SELECT p.id FROM patient p JOIN (SELECT DISTINCT v.patient_id FROM visit v JOIN visit_line l ON l.visit_id = v.id
  WHERE v.session_id = ANY($1::bigint[]) AND l.undone_at IS NULL AND ($2::bigint = 0 OR v.doctor_id = $2::bigint) AND ($3::bigint = 0 OR v.patient_id = $3::bigint)
    AND ($4::bigint = 0 OR EXISTS (SELECT 1 FROM pack k WHERE k.id = l.pack_id AND k.drug_id = $4::bigint))) x ON x.patient_id = p.id
ORDER BY p.number, p.id`, pq.Array(sessions), q.DoctorID, q.PatientID, q.DrugID)
	if err != nil {
		return nil, fmt.Errorf("list who was given something: %w", err)
	}
	return list, nil
}

// peopleEverGiven does the same over years: of each patient it reads visits until
// one has a line. OFFSET 0 keeps the database from joining all visits first.
func peopleEverGiven(ctx context.Context, tx *db.Tx, q Question, sessions []int64) (list []int64, err error) {
	err = tx.Select(ctx, &list, `SELECT p.id FROM patient p WHERE EXISTS (SELECT 1 FROM (SELECT v.id, v.session_id, v.doctor_id FROM visit v WHERE v.patient_id = p.id OFFSET 0) v JOIN visit_line l ON l.visit_id = v.id
  WHERE v.session_id = ANY($1::bigint[]) AND l.undone_at IS NULL AND ($2::bigint = 0 OR v.doctor_id = $2::bigint)
    AND ($3::bigint = 0 OR EXISTS (SELECT 1 FROM pack k WHERE k.id = l.pack_id AND k.drug_id = $3::bigint)))
ORDER BY p.number, p.id`, pq.Array(sessions), q.DoctorID, q.DrugID)
	if err != nil {
		return nil, fmt.Errorf("list who was given something over years: %w", err)
	}
	return list, nil
}

func personRows(ctx context.Context, tx *db.Tx, q Question, sessions, people []int64) (list []PersonUse, err error) {
	err = tx.Select(ctx, &list, `SELECT x.patient_id, p.number AS patient_no, p.name AS patient, x.drug_id, d.generic_name, d.spec, d.pack_name, d.unit_name, x.visits, x.whole, x.loose, x.units
FROM (SELECT v.patient_id, k.drug_id, count(DISTINCT v.id) AS visits, CAST(sum(CASE WHEN l.quantity = k.units_total THEN 1 ELSE 0 END) AS bigint) AS whole,
    CAST(sum(CASE WHEN l.quantity = k.units_total THEN 0 ELSE l.quantity END) AS bigint) AS loose, CAST(sum(l.quantity) AS bigint) AS units
  FROM visit v JOIN visit_line l ON l.visit_id = v.id JOIN pack k ON k.id = l.pack_id
  WHERE v.session_id = ANY($1::bigint[]) AND v.patient_id = ANY($4::bigint[]) AND l.undone_at IS NULL AND ($2::bigint = 0 OR v.doctor_id = $2::bigint) AND ($3::bigint = 0 OR k.drug_id = $3::bigint)
  GROUP BY v.patient_id, k.drug_id) x
JOIN patient p ON p.id = x.patient_id JOIN drug d ON d.id = x.drug_id
ORDER BY p.number, p.id, d.generic_name, d.spec, d.id`, pq.Array(sessions), q.DoctorID, q.DrugID, pq.Array(people))
	if err != nil {
		return nil, fmt.Errorf("read what patients were given: %w", err)
	}
	return list, nil
}
