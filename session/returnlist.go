package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// Returned is a box that was brought back, with who was given it.
type Returned struct {
	ID    int64      `db:"id"`
	Code  string     `db:"code"`
	Form  ReturnForm `db:"form"`
	Units int64      `db:"units"` // what came back, in smallest units
	// Note is why the pharmacist is to look, an inventory.AnswerKind, or "".
	Note    string    `db:"note"`
	At      time.Time `db:"taken_at"`
	Taker   string    `db:"taker"`
	Patient string    `db:"patient"` // who brought it, in clear; lists mask it
	Number  int       `db:"number"`  // in the queue, 0 in the pharmacy
	Site    string    `db:"site"`    // of the table, "" in the pharmacy
	Generic string    `db:"generic_name"`
	Spec    string    `db:"spec"`
	Unit    string    `db:"unit_name"`
	State   string    `db:"state"` // of the pack now, "" when there is none
	// Who was given it: the name in clear, the day and the number; empty and zero
	// when nobody was.
	GivenTo     string     `db:"given_to"`
	GivenNumber int        `db:"given_number"`
	GivenOn     *time.Time `db:"given_on"`
	GivenSite   string     `db:"given_site"`
}

// DrugName is the drug as people say it, "" for a code that nobody knows.
func (x Returned) DrugName() string { return inventory.DrugName(x.Generic, x.Spec) }

// PackState is the pack's state now.
func (x Returned) PackState() inventory.State { return inventory.State(x.State) }

const returnedColumns = `b.id, b.code, b.form, b.units, b.note, b.taken_at, COALESCE(f.name, '') AS taker, COALESCE(p.name, '') AS patient,
  COALESCE(v.number, 0) AS number, COALESCE(s.name, '') AS site, COALESCE(g.generic_name, '') AS generic_name, COALESCE(g.spec, '') AS spec,
  COALESCE(g.unit_name, '') AS unit_name, COALESCE(k.state, '') AS state, COALESCE(q.name, '') AS given_to, COALESCE(w.number, 0) AS given_number,
  d.held_on AS given_on, COALESCE(t.name, '') AS given_site`

const returnedTables = `LEFT JOIN staff f ON f.id = b.taken_by LEFT JOIN patient p ON p.id = b.patient_id
LEFT JOIN visit v ON v.id = b.visit_id LEFT JOIN clinic_session c ON c.id = v.session_id LEFT JOIN site s ON s.id = c.site_id
LEFT JOIN pack k ON k.id = b.pack_id LEFT JOIN drug g ON g.id = k.drug_id
LEFT JOIN visit w ON w.id = b.given_visit_id LEFT JOIN patient q ON q.id = w.patient_id
LEFT JOIN clinic_session d ON d.id = w.session_id LEFT JOIN site t ON t.id = d.site_id`

// ReturnNotes reads what the pharmacist has not looked into yet, the oldest
// first.
func ReturnNotes(ctx context.Context, r db.Reader, limit int) ([]Returned, error) {
	var list []Returned
	err := r.Select(ctx, &list, `SELECT `+returnedColumns+`
FROM (SELECT * FROM patient_return WHERE note <> '' AND seen_at IS NULL AND void_at IS NULL ORDER BY id LIMIT $1::bigint) b `+returnedTables+` ORDER BY b.id`, limit)
	if err != nil {
		return nil, fmt.Errorf("read odd returns: %w", err)
	}
	return list, nil
}

// LastReturns reads what was brought back last, the last first.
func LastReturns(ctx context.Context, r db.Reader, limit int) ([]Returned, error) {
	var list []Returned
	err := r.Select(ctx, &list, `SELECT `+returnedColumns+`
FROM (SELECT * FROM patient_return WHERE void_at IS NULL ORDER BY id DESC LIMIT $1::bigint) b `+returnedTables+` ORDER BY b.id DESC`, limit)
	if err != nil {
		return nil, fmt.Errorf("read the last returns: %w", err)
	}
	return list, nil
}

// VisitReturns reads what was brought to a visit, the last first.
func VisitReturns(ctx context.Context, r db.Reader, visit uuid.UUID) ([]Returned, error) {
	var list []Returned
	err := r.Select(ctx, &list, `SELECT `+returnedColumns+`
FROM (SELECT * FROM patient_return WHERE visit_id = $1::uuid AND void_at IS NULL) b `+returnedTables+` ORDER BY b.id DESC`, visit)
	if err != nil {
		return nil, fmt.Errorf("read the returns of a visit: %w", err)
	}
	return list, nil
}
