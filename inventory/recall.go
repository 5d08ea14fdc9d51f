package inventory

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// Recall is a recall with the words a screen needs for it.
type Recall struct {
	ID          int64       `db:"id"`
	Class       RecallClass `db:"class"`
	Kind        RecallKind  `db:"scope"`
	DrugID      int64       `db:"drug_id"` // zero for a list of codes
	GenericName string      `db:"generic_name"`
	Spec        string      `db:"spec"`
	Batch       string      `db:"batch"`
	Codes       int         `db:"codes"`   // how many the list has
	Unknown     int         `db:"unknown"` // of those, how many no box is known for
	Reason      string      `db:"reason"`
	SourceNo    string      `db:"source_no"` // the maker's or the authority's document
	StartedBy   string      `db:"started_name"`
	StartedAt   time.Time   `db:"started_at"`
	DueAt       time.Time   `db:"due_at"`
	// LiftReason and AskedBy are set once somebody wants it lifted, LiftedBy and
	// LiftedAt once a second person has agreed.
	LiftReason string     `db:"lift_reason"`
	AskedID    int64      `db:"asked_by"`
	AskedBy    string     `db:"asked_name"`
	AskedAt    *time.Time `db:"asked_at"`
	LiftedBy   string     `db:"lifted_name"`
	LiftedAt   *time.Time `db:"lifted_at"`
}

// recallColumns reads a Recall from recallTables.
const recallColumns = `a.id, a.class, a.scope, COALESCE(a.drug_id, 0) AS drug_id, COALESCE(d.generic_name, '') AS generic_name,
  COALESCE(d.spec, '') AS spec, a.batch, a.reason, a.source_no, s.name AS started_name, a.started_at, a.due_at, a.lift_reason,
  COALESCE(a.asked_by, 0) AS asked_by, COALESCE(q.name, '') AS asked_name, a.asked_at, COALESCE(l.name, '') AS lifted_name, a.lifted_at,
  (SELECT count(*) FROM recall_code c WHERE c.recall_id = a.id) AS codes,
  (SELECT count(*) FROM recall_code c WHERE c.recall_id = a.id AND NOT EXISTS (SELECT 1 FROM pack k WHERE k.code = c.code)) AS unknown`

const recallTables = `recall a JOIN staff s ON s.id = a.started_by LEFT JOIN drug d ON d.id = a.drug_id
  LEFT JOIN staff q ON q.id = a.asked_by LEFT JOIN staff l ON l.id = a.lifted_by`

// Number is the recall as people speak of it.
func (a Recall) Number() string { return RecallNumber(a.ID) }

// Open reports whether it is in force.
func (a Recall) Open() bool { return a.LiftedAt == nil }

// Subject is what it names, in words.
func (a Recall) Subject() string {
	drug := DrugName(a.GenericName, a.Spec)
	switch a.Kind {
	case RecallDrug:
		return drug + " 全部批号"
	case RecallBatch:
		return drug + " 批号 " + a.Batch
	}
	return fmt.Sprintf("清单上的 %d 个追溯码", a.Codes)
}

// maxRecalls bounds the list of recalls.
const maxRecalls = 100

// Recalls reads the recalls: those in force, the most urgent first, then the
// lifted ones, the last first; at most 100.
func Recalls(ctx context.Context, r db.Reader) ([]Recall, error) {
	return readRecalls(ctx, r, maxRecalls)
}

// EveryRecall is [Recalls] without a bound.
func EveryRecall(ctx context.Context, r db.Reader) ([]Recall, error) {
	return readRecalls(ctx, r, math.MaxInt32)
}

func readRecalls(ctx context.Context, r db.Reader, limit int) ([]Recall, error) {
	var list []Recall
	err := r.Select(ctx, &list, `SELECT `+recallColumns+` FROM `+recallTables+`
ORDER BY CASE WHEN a.lifted_at IS NULL THEN 0 ELSE 1 END, CASE WHEN a.lifted_at IS NULL THEN a.due_at END, a.id DESC LIMIT $1::integer`, limit)
	if err != nil {
		return nil, fmt.Errorf("read recalls: %w", err)
	}
	return list, nil
}

// FindRecall reads one recall.
func FindRecall(ctx context.Context, r db.Reader, id int64) (Recall, error) {
	var a Recall
	err := r.Get(ctx, &a, `SELECT `+recallColumns+` FROM `+recallTables+` WHERE a.id = $1::bigint`, id)
	if db.IsNoRows(err) {
		return a, db.Refuse(db.NotFound, "没有这个召回。请从召回列表重新进入。")
	}
	if err != nil {
		return a, fmt.Errorf("read recall: %w", err)
	}
	return a, nil
}

// Scope reads what a recall names; the codes of a list come in order.
func (a Recall) Scope(ctx context.Context, r db.Reader) (RecallScope, error) {
	s := RecallScope{DrugID: a.DrugID, Batch: a.Batch}
	if a.Kind != RecallCodes {
		return s, nil
	}
	if err := r.Select(ctx, &s.Codes, `SELECT code FROM recall_code WHERE recall_id = $1::bigint ORDER BY code`, a.ID); err != nil {
		return s, fmt.Errorf("read codes of a recall: %w", err)
	}
	return s, nil
}

// RecallMatch is the condition under which a pack k is meant by the scope whose
// [RecallScope.Args] are $1, $2 and $3.
const RecallMatch = `(k.drug_id = $1::bigint AND ($2::text = '' OR k.batch = $2::text) OR k.code = ANY($3::text[]))`

// Args are the first three arguments of a statement with [RecallMatch].
func (s RecallScope) Args(more ...any) []any {
	return append([]any{s.DrugID, s.Batch, pq.Array(s.Codes)}, more...)
}

// OpenRecallCount is how many recalls are in force and when the first is due;
// nil when none is.
type OpenRecallCount struct {
	Open  int        `db:"open"`
	First *time.Time `db:"first"`
}

// CountOpenRecalls reads the count for a page that only points to the list.
func CountOpenRecalls(ctx context.Context, r db.Reader) (OpenRecallCount, error) {
	var c OpenRecallCount
	if err := r.Get(ctx, &c, `SELECT count(*) AS open, min(due_at) AS first FROM recall WHERE lifted_at IS NULL`); err != nil {
		return c, fmt.Errorf("count recalls: %w", err)
	}
	return c, nil
}

// DrugNameByID is a drug's name with its spec.
func DrugNameByID(ctx context.Context, r db.Reader, id int64) (string, error) {
	var d Drug
	err := r.Get(ctx, &d, `SELECT generic_name, spec FROM drug WHERE id = $1::bigint`, id)
	if db.IsNoRows(err) {
		return "", db.Refuse(db.NotFound, "没有这个药品。请从列表里重新选。")
	}
	if err != nil {
		return "", fmt.Errorf("read drug: %w", err)
	}
	return d.Name(), nil
}
