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

// staleClinics lists sessions whose sums no longer hold: those that have changed
// since, those with packs that were given another drug, those of patients who were
// merged or parted, and the other sessions of all patients concerned, because
// whose visit was the first may have changed with them.
func staleClinics(ctx context.Context, tx *db.Tx, f family) ([]int64, error) {
	var changed []int64
	err := tx.Select(ctx, &changed, `SELECT s.session_id FROM clinic_sum s LEFT JOIN session_version x ON x.session_id = s.session_id WHERE COALESCE(x.version, 0) <> s.made_of
UNION SELECT m.from_session_id FROM ledger_stale g JOIN movement m ON m.at >= CAST(g.day AS timestamp) AT TIME ZONE 'Asia/Shanghai'
    AND m.at < CAST(g.day + 1 AS timestamp) AT TIME ZONE 'Asia/Shanghai' JOIN clinic_sum s ON s.session_id = m.from_session_id WHERE m.kind = 'dispense'
ORDER BY 1`)
	if err != nil {
		return nil, fmt.Errorf("look for sessions that have changed: %w", err)
	}
	people, err := mergedPeople(ctx, tx, f)
	if err != nil {
		return nil, err
	}
	if len(changed) > 0 {
		var theirs []int64
		if err := tx.Select(ctx, &theirs, `SELECT DISTINCT patient_id FROM visit WHERE session_id = ANY($1::bigint[])`, pq.Array(changed)); err != nil {
			return nil, fmt.Errorf("read the patients of sessions that have changed: %w", err)
		}
		people = append(people, f.with(theirs)...)
	}
	if len(changed)+len(people) == 0 {
		return nil, nil
	}
	var all []int64
	err = tx.Select(ctx, &all, `SELECT s.session_id FROM clinic_sum s WHERE s.session_id = ANY($1::bigint[])
UNION SELECT s.session_id FROM visit v JOIN clinic_sum s ON s.session_id = v.session_id WHERE v.patient_id = ANY($2::bigint[]) ORDER BY 1`, pq.Array(changed), pq.Array(people))
	if err != nil {
		return nil, fmt.Errorf("read the sessions of patients concerned: %w", err)
	}
	return all, nil
}

// mergedPeople lists patients with sums from before they were merged or parted.
func mergedPeople(ctx context.Context, tx *db.Tx, f family) ([]int64, error) {
	var merges []struct {
		From int64 `db:"from_id"`
		Into int64 `db:"into_id"`
	}
	err := tx.Select(ctx, &merges, `SELECT from_id, into_id FROM patient_merge WHERE COALESCE(undone_at, at) > (SELECT min(made_at) FROM clinic_sum) - CAST($1 AS interval)`,
		fmt.Sprintf("%d seconds", int(mergeRest.Seconds())))
	if err != nil {
		return nil, fmt.Errorf("read merges: %w", err)
	}
	var ids []int64
	for _, m := range merges {
		ids = append(ids, m.From, m.Into)
	}
	if ids == nil {
		return nil, nil
	}
	return summedBeforeMerge(ctx, tx, f.with(ids))
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
