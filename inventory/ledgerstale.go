package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// markStale says that packs are about to get another drug or batch: the daily sums
// of the days they have moved on no longer hold. It comes before the packs change;
// those that keep both mark nothing.
func markStale(ctx context.Context, tx *db.Tx, ids, drugs []int64, batches []string) error {
	_, err := tx.Exec(ctx, `INSERT INTO ledger_stale (day)
SELECT DISTINCT CAST(m.at AT TIME ZONE 'Asia/Shanghai' AS date)
FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::bigint[]) AS drug_id, unnest($3::text[]) AS batch) n
JOIN pack k ON k.id = n.id AND (k.drug_id <> n.drug_id OR k.batch <> n.batch) JOIN movement m ON m.pack_id = k.id`,
		pq.Array(ids), pq.Array(drugs), pq.Array(batches))
	if err != nil {
		return fmt.Errorf("mark days whose sums no longer hold: %w", err)
	}
	return nil
}

// StaleDay is a day, as midnight UTC, on which packs have moved that were given
// another drug or batch later.
type StaleDay struct {
	ID  int64     `db:"id"`
	Day time.Time `db:"day"`
}

// ListStaleDays gives the first most marks; a day may have several.
func ListStaleDays(ctx context.Context, r db.Reader, most int) ([]StaleDay, error) {
	var list []StaleDay
	if err := r.Select(ctx, &list, `SELECT id, day FROM ledger_stale ORDER BY id LIMIT $1`, most); err != nil {
		return nil, fmt.Errorf("read days whose sums no longer hold: %w", err)
	}
	return list, nil
}

// ForgetStaleDays removes marks whose days have been summed anew since they were
// read.
func ForgetStaleDays(ctx context.Context, tx *db.Tx, marks []StaleDay) error {
	if len(marks) == 0 {
		return nil
	}
	ids := make([]int64, 0, len(marks))
	for _, m := range marks {
		ids = append(ids, m.ID)
	}
	if _, err := tx.Exec(ctx, `DELETE FROM ledger_stale WHERE id = ANY($1::bigint[])`, pq.Array(ids)); err != nil {
		return fmt.Errorf("forget days that are summed anew: %w", err)
	}
	return nil
}
