package inventory

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// RecalledStock is what a clinic day has of one drug that a recall means. A box
// that several recalls mean counts for the first.
type RecalledStock struct {
	RecallID int64       `db:"recall_id"`
	Class    RecallClass `db:"class"`
	DueAt    time.Time   `db:"due_at"`
	DrugID   int64       `db:"drug_id"`
	Generic  string      `db:"generic_name"`
	Spec     string      `db:"spec"`
	InTrays  int         `db:"in_trays"`  // packs that cannot be handed out any more
	WithThem int         `db:"with_them"` // packs that were handed out before
}

// DrugName is the drug as people say it.
func (s RecalledStock) DrugName() string { return DrugName(s.Generic, s.Spec) }

// RecalledIn reads what a clinic day has of recalled packs, for its board. On most
// days no recall is in force and the statement ends at an empty index.
func RecalledIn(ctx context.Context, r db.Reader, sessionID int64) ([]RecalledStock, error) {
	var list []RecalledStock
	err := r.Select(ctx, &list, `SELECT y.recall_id, a.class, a.due_at, y.drug_id, d.generic_name, d.spec, y.in_trays, y.with_them
FROM (SELECT x.recall_id, x.drug_id, sum(CASE WHEN x.state = 'allocated' THEN 1 ELSE 0 END) AS in_trays,
    sum(CASE WHEN x.state = 'dispensed' THEN 1 ELSE 0 END) AS with_them
  FROM (SELECT u.id, u.drug_id, u.state, min(u.recall_id) AS recall_id FROM (
      SELECT k.id, k.drug_id, k.state, a.id AS recall_id FROM recall a JOIN pack k ON k.drug_id = a.drug_id AND (a.batch = '' OR a.batch = k.batch)
      WHERE a.lifted_at IS NULL AND k.session_id = $1::bigint AND k.state IN ('allocated', 'dispensed')
      UNION ALL
      SELECT k.id, k.drug_id, k.state, a.id FROM recall a JOIN recall_code c ON c.recall_id = a.id JOIN pack k ON k.code = c.code
      WHERE a.lifted_at IS NULL AND k.session_id = $1::bigint AND k.state IN ('allocated', 'dispensed')) u
    GROUP BY u.id, u.drug_id, u.state) x
  GROUP BY x.recall_id, x.drug_id) y
JOIN recall a ON a.id = y.recall_id JOIN drug d ON d.id = y.drug_id ORDER BY a.due_at, y.recall_id, d.generic_name, d.spec, y.drug_id`, sessionID)
	if err != nil {
		return nil, fmt.Errorf("read recalled packs of a session: %w", err)
	}
	return list, nil
}
