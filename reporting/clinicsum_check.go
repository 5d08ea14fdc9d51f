package reporting

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jingfang/sql/db"
)

// CheckClinics makes the sums of every session anew from rosters, visits and lines,
// on one snapshot, and names the first session whose sums differ. Sessions that
// wait to be summed again are read from their visits by every page, and passed
// over here. The answer is one Chinese sentence, "" when nothing is wrong.
func CheckClinics(ctx context.Context, d *db.DB) (problem string, err error) {
	err = d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		c, err := readChanges(ctx, tx)
		if err != nil {
			return err
		}
		stale, err := c.stale(ctx, tx)
		if err != nil {
			return err
		}
		var ids []int64
		if err := tx.Select(ctx, &ids, `SELECT session_id FROM clinic_sum ORDER BY session_id`); err != nil {
			return fmt.Errorf("read which sessions are summed: %w", err)
		}
		ids = slices.DeleteFunc(ids, func(id int64) bool { _, waits := slices.BinarySearch(stale, id); return waits })
		for part := range slices.Chunk(ids, mostClinics) {
			if problem, err = checkClinics(ctx, tx, c.family, part); err != nil || problem != "" {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("check the sums of sessions: %w", err)
	}
	return problem, nil
}

func checkClinics(ctx context.Context, tx *db.Tx, f family, ids []int64) (string, error) {
	made, err := makeClinics(ctx, tx, f, ids)
	if err != nil {
		return "", err
	}
	kept, err := keptClinics(ctx, tx, ids)
	if err != nil {
		return "", err
	}
	id, what := made.differ(kept)
	if what == "" {
		return "", nil
	}
	var row struct {
		HeldOn time.Time `db:"held_on"`
		Site   string    `db:"name"`
	}
	if err := tx.Get(ctx, &row, `SELECT c.held_on, s.name FROM clinic_session c JOIN site s ON s.id = c.site_id WHERE c.id = $1`, id); err != nil {
		return "", fmt.Errorf("read a session: %w", err)
	}
	return fmt.Sprintf("%s %s的%s与就诊记录不符。", dateOf(row.HeldOn), row.Site, what), nil
}

// differ names the first session that two sums do not agree on, and in what.
func (c clinicSums) differ(o clinicSums) (session int64, what string) {
	if id := firstOther(c.clinics, o.clinics, func(x clinicFact) int64 { return x.SessionID }); id != 0 {
		return id, "到诊合计"
	}
	if id := firstOther(c.visits, o.visits, func(x visitFact) int64 { return x.SessionID }); id != 0 {
		return id, "就诊合计"
	}
	if id := firstOther(c.drugs, o.drugs, func(x drugFact) int64 { return x.SessionID }); id != 0 {
		return id, "发药合计"
	}
	return 0, ""
}

// firstOther gives the session of the first row that is not the same in both lists;
// 0 when they are alike.
func firstOther[T comparable](a, b []T, of func(T) int64) int64 {
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return of(b[i])
		case i >= len(b) || a[i] != b[i]:
			return of(a[i])
		}
	}
	return 0
}
