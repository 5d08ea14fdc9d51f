package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// KeepEmpties tells of which drugs the empty boxes are taken in and destroyed by
// two: those of the classes 麻 and 精一 on the day of now (处方管理办法 第二十八条
// asks for them back before the next supply). The empty boxes of all others are
// looked at and thrown away.
func KeepEmpties(ctx context.Context, r db.Reader, drugs []int64, now time.Time) (map[int64]bool, error) {
	var ids []int64
	err := r.Select(ctx, &ids, `SELECT d.id FROM drug d WHERE d.id = ANY($1::bigint[]) AND (SELECT c.class FROM drug_class c
WHERE c.drug_id = d.id AND c.since_on <= $2::date ORDER BY c.since_on DESC, c.id DESC LIMIT 1) IN ('麻', '精一')`, pq.Array(drugs), dayText(now))
	if err != nil {
		return nil, fmt.Errorf("read whose empty boxes are kept: %w", err)
	}
	keep := make(map[int64]bool, len(ids))
	for _, id := range ids {
		keep[id] = true
	}
	return keep, nil
}
