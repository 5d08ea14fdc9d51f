package session

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// oneByOne is the largest content of a box whose units are given one at a time:
// ampoules of a carton. Of larger boxes nobody can guess a number.
const oneByOne = 10

// asksQuantity tells a code that waits for its number.
func (c Chip) asksQuantity() bool {
	return c.Resolution == "" && (c.Kind == string(inventory.KindAskQuantity) || c.Kind == string(inventory.KindNotEnough))
}

// noQuestions refuses to take boxes as given whose number nobody has said: how
// much the patient has cannot be found out afterwards.
func noQuestions(chips []Chip) error {
	for _, f := range chips {
		if f.asksQuantity() {
			return db.Refuse(db.Conflict, "…%s 是按数量发的药，还没有填发了多少。请先填数量，再诊毕。", lastFour(f.Code))
		}
	}
	return nil
}

// Question is a box at a table whose number is still to be said, or may be
// changed. Amounts are in smallest units.
type Question struct {
	Chip     int64  `db:"chip"` // of what is 未记录, 0 when the number is to be changed
	Code     string `db:"code"`
	DrugID   int64  `db:"drug_id"`
	Generic  string `db:"generic_name"`
	Spec     string `db:"spec"`
	UnitWord string `db:"unit_name"`
	PackWord string `db:"pack_name"`
	Left     int64  `db:"units_left"`
	Content  int64  `db:"units_total"`
	Mine     int64  `db:"mine"`  // what the visit has of the box
	Typed    bool   `db:"typed"` // the code was found by its end
	// Suggest is the number that is probably meant, 0 when nothing is known.
	Suggest int64 `db:"-"`
}

// DrugName is the drug as people say it.
func (q Question) DrugName() string { return inventory.DrugName(q.Generic, q.Spec) }

// Questions reads the boxes of an open visit that wait for their number, and the
// one whose number may be changed, "" for none. The number suggested is what the
// patient had last time, or what was asked for and was more than one box held,
// less what the visit has already.
func Questions(ctx context.Context, r db.Reader, v Visit, chips []Chip, again string) ([]Question, error) {
	var asked []string
	for _, f := range chips {
		if f.asksQuantity() {
			asked = append(asked, f.Code)
		}
	}
	if len(asked) == 0 && again == "" {
		return nil, nil
	}
	var list []Question
	err := r.Select(ctx, &list, `SELECT COALESCE(f.chip, 0) AS chip, k.code, k.drug_id, d.generic_name, d.spec, d.unit_name, d.pack_name, k.units_left, k.units_total,
  COALESCE(l.quantity, 0) AS mine, COALESCE(f.typed, false) AS typed
FROM pack k JOIN drug d ON d.id = k.drug_id
LEFT JOIN visit_line l ON l.pack_id = k.id AND l.visit_id = $1::uuid AND l.undone_at IS NULL
LEFT JOIN (SELECT code, max(id) AS chip, max(CASE WHEN typed THEN 1 ELSE 0 END) = 1 AS typed FROM visit_refusal
  WHERE visit_id = $1::uuid AND resolved_at IS NULL GROUP BY code) f ON f.code = k.code
WHERE k.code = ANY($2::text[]) AND d.loose AND k.session_id = $3::bigint AND (k.state = 'allocated' OR l.id IS NOT NULL) ORDER BY f.chip, k.code`,
		v.ID, pq.Array(append(asked, again)), v.SessionID)
	if err != nil {
		return nil, fmt.Errorf("read what waits for a number: %w", err)
	}
	return list, suggestAll(ctx, r, v, list)
}

// drugHabit is what a patient had and has of a drug, in units.
type drugHabit struct {
	DrugID int64 `db:"drug_id"`
	Last   int64 `db:"last_units"`
	Here   int64 `db:"here"`
	Wanted int64 `db:"wanted"` // and the box had fewer
}

func suggestAll(ctx context.Context, r db.Reader, v Visit, list []Question) error {
	if len(list) == 0 {
		return nil
	}
	var drugs []int64
	for _, q := range list {
		drugs = append(drugs, q.DrugID)
	}
	var rows []drugHabit
	err := r.Select(ctx, &rows, `SELECT n.drug_id, COALESCE(h.units, 0) AS last_units, COALESCE(c.units, 0) AS here, COALESCE(w.units, 0) AS wanted
FROM (SELECT DISTINCT unnest($2::bigint[]) AS drug_id) n
LEFT JOIN (SELECT x.drug_id, x.units FROM (SELECT k.drug_id, sum(l.quantity) AS units, row_number() OVER (PARTITION BY k.drug_id ORDER BY max(l.id) DESC) AS place
  FROM visit w JOIN visit_line l ON l.visit_id = w.id AND l.undone_at IS NULL JOIN pack k ON k.id = l.pack_id
  WHERE w.patient_id = $3::bigint AND w.state = 'finished' AND w.came_at > $4::timestamptz GROUP BY k.drug_id, w.id) x WHERE x.place = 1) h ON h.drug_id = n.drug_id
LEFT JOIN (SELECT k.drug_id, sum(l.quantity) AS units FROM visit_line l JOIN pack k ON k.id = l.pack_id
  WHERE l.visit_id = $1::uuid AND l.undone_at IS NULL GROUP BY k.drug_id) c ON c.drug_id = n.drug_id
LEFT JOIN (SELECT k.drug_id, max(f.units) AS units FROM visit_refusal f JOIN pack k ON k.code = f.code
  WHERE f.visit_id = $1::uuid AND f.answer_kind = 'not_enough' GROUP BY k.drug_id) w ON w.drug_id = n.drug_id`,
		v.ID, pq.Array(drugs), v.PatientID, v.CameAt.Add(-doseMemory))
	if err != nil {
		return fmt.Errorf("read what the patient had: %w", err)
	}
	habits := map[int64]drugHabit{}
	for _, h := range rows {
		habits[h.DrugID] = h
	}
	for i := range list {
		list[i].Suggest = list[i].suggest(habits[list[i].DrugID])
	}
	return nil
}

// suggest is the number that the page fills in; a person confirms it.
func (q Question) suggest(h drugHabit) int64 {
	want := max(h.Wanted, 0)
	if want == 0 {
		want = h.Last
	}
	switch {
	case q.Mine > 0:
		return q.Mine
	case want > 0:
		return max(0, min(want-h.Here, q.Left))
	case q.Content <= oneByOne:
		return 1
	}
	return 0
}
