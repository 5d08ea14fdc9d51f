package reporting

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// mergeRest is for how long after its sums were made a session is read anew for a
// merge of patients: one that was begun before may have been committed later.
const mergeRest = time.Hour

// stale lists sessions whose sums no longer hold: those that have changed
// since, those with packs that were given another drug, those of patients who were
// merged or parted, and the other sessions of all patients concerned, because
// whose visit was the first may have changed with them.
func (c changes) stale(ctx context.Context, tx *db.Tx) ([]int64, error) {
	var people []int64
	if len(c.merged) > 0 {
		var err error
		if people, err = summedBeforeMerge(ctx, tx, c.family.with(c.merged)); err != nil {
			return nil, err
		}
	}
	if len(c.sessions) > 0 {
		var theirs []int64
		if err := tx.Select(ctx, &theirs, `SELECT DISTINCT patient_id FROM visit WHERE session_id = ANY($1::bigint[])`, pq.Array(c.sessions)); err != nil {
			return nil, fmt.Errorf("read the patients of sessions that have changed: %w", err)
		}
		people = append(people, c.family.with(theirs)...)
	}
	if len(c.sessions)+len(people) == 0 {
		return nil, nil
	}
	var all []int64
	err := tx.Select(ctx, &all, `SELECT s.session_id FROM clinic_sum s WHERE s.session_id = ANY($1::bigint[])
UNION SELECT s.session_id FROM visit v JOIN clinic_sum s ON s.session_id = v.session_id WHERE v.patient_id = ANY($2::bigint[]) ORDER BY 1`, pq.Array(c.sessions), pq.Array(people))
	if err != nil {
		return nil, fmt.Errorf("read the sessions of patients concerned: %w", err)
	}
	return all, nil
}

// summedBeforeMerge keeps those of some patients who have a session that was summed
// before the last merge of anybody among them.
func summedBeforeMerge(ctx context.Context, tx *db.Tx, ids []int64) (list []int64, err error) {
	err = tx.Select(ctx, &list, `SELECT DISTINCT v.patient_id FROM visit v JOIN clinic_sum s ON s.session_id = v.session_id
WHERE v.patient_id = ANY($1::bigint[]) AND s.made_at < (SELECT max(COALESCE(m.undone_at, m.at)) FROM patient_merge m WHERE m.from_id = ANY($1::bigint[]) OR m.into_id = ANY($1::bigint[])) + CAST($2 AS interval)`,
		pq.Array(ids), fmt.Sprintf("%d seconds", int(mergeRest.Seconds())))
	if err != nil {
		return nil, fmt.Errorf("read sums from before a merge: %w", err)
	}
	return list, nil
}

// forgetDays forgets the sums of sessions that handed out on days whose packs were
// given another drug or batch. It belongs into the transaction that forgets the
// marks of these days.
func forgetDays(ctx context.Context, tx *db.Tx, days []string) error {
	if len(days) == 0 {
		return nil
	}
	var ids []int64
	err := tx.Select(ctx, &ids, `SELECT DISTINCT m.from_session_id FROM (SELECT CAST(unnest($1::text[]) AS date) AS day) g
JOIN movement m ON m.at >= CAST(g.day AS timestamp) AT TIME ZONE 'Asia/Shanghai' AND m.at < CAST(g.day + 1 AS timestamp) AT TIME ZONE 'Asia/Shanghai'
WHERE m.kind = 'dispense' AND m.from_session_id IS NOT NULL`, pq.Array(days))
	if err != nil {
		return fmt.Errorf("read the sessions of days to sum anew: %w", err)
	}
	return forgetClinics(ctx, tx, ids)
}
