package reporting

import (
	"context"
	"fmt"

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
		sessions, err := sessionsOf(ctx, tx, q)
		if err != nil {
			return err
		}
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
		x, err := readFacts(ctx, tx, q, detail{drugs: true})
		for _, d := range x.drugs {
			sum = sum.plus(Used{d.Visits, d.Whole, d.Loose, d.Units})
		}
		return err
	})
	return list, sum, total, err
}

// peopleGiven lists the patients who were given something, by their numbers.
func peopleGiven(ctx context.Context, tx *db.Tx, q Question, sessions []int64) (list []int64, err error) {
	err = tx.Select(ctx, &list, `SELECT p.id FROM patient p JOIN (SELECT DISTINCT v.patient_id FROM visit v JOIN visit_line l ON l.visit_id = v.id
  WHERE v.session_id = ANY($1::bigint[]) AND l.undone_at IS NULL AND ($2::bigint = 0 OR v.doctor_id = $2::bigint) AND ($3::bigint = 0 OR v.patient_id = $3::bigint)
    AND ($4::bigint = 0 OR l.pack_id IN (SELECT k.id FROM pack k WHERE k.drug_id = $4::bigint))) x ON x.patient_id = p.id
ORDER BY p.number, p.id`, pq.Array(sessions), q.DoctorID, q.PatientID, q.DrugID)
	if err != nil {
		return nil, fmt.Errorf("list who was given something: %w", err)
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
