package patient

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// Survivor follows a merged entry to the one that goes on; any other patient is
// given back as it is. Each step leads to a smaller number, so that it ends.
func Survivor(ctx context.Context, r db.Reader, p Patient) (Patient, error) {
	for p.State == Merged && p.MergedInto != nil {
		next, err := ByID(ctx, r, *p.MergedInto)
		if err != nil {
			return p, err
		}
		p = next
	}
	return p, nil
}

// Family gives the entries whose visits are one person's: the patient, and what was
// merged into it, over any number of steps. The patient comes first.
func Family(ctx context.Context, r db.Reader, id int64) ([]int64, error) {
	all, last := []int64{id}, []int64{id}
	for len(last) > 0 {
		var next []int64
		err := r.Select(ctx, &next, `SELECT id FROM patient WHERE merged_into_id = ANY($1::bigint[]) ORDER BY id`, pq.Array(last))
		if err != nil {
			return nil, fmt.Errorf("read merged entries: %w", err)
		}
		all, last = append(all, next...), next
	}
	return all, nil
}
