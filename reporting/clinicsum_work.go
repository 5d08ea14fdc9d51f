package reporting

import (
	"context"
	"fmt"
	"slices"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// mostClinics bounds the sessions that one transaction sums.
const mostClinics = 500

// ClinicSums says what a run of [SumClinics] did.
type ClinicSums struct {
	Summed int // sessions summed for the first time
	Mended int // sessions summed again because they had changed
}

// SumClinics sums the sessions of days that have ended, and those again whose sums
// no longer hold. Of several servers one works at a time; a run without anything
// to do changes nothing.
func SumClinics(ctx context.Context, d *db.DB) (ClinicSums, error) {
	var done ClinicSums
	for more := true; more; {
		n, err := sumOnce(ctx, d, false)
		if err != nil {
			return done, err
		}
		done.Summed, more = done.Summed+n, n == mostClinics
	}
	var err error
	done.Mended, err = sumOnce(ctx, d, true)
	return done, err
}

func sumOnce(ctx context.Context, d *db.DB, again bool) (n int, err error) {
	err = d.InTx(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = sumSome(ctx, tx, again)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sum clinic sessions: %w", err)
	}
	return n, nil
}

// sumSome sums sessions that have no sums yet, or all whose sums do not hold.
func sumSome(ctx context.Context, tx *db.Tx, again bool) (int, error) {
	if _, err := lockReach(ctx, tx); err != nil {
		return 0, err
	}
	ids, err := toSum(ctx, tx, again)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	// The versions are read before what they stand for: a change that comes between
	// makes the sums stale, never wrong.
	versions, err := readVersions(ctx, tx, ids)
	if err != nil {
		return 0, err
	}
	c, err := readChanges(ctx, tx)
	if err != nil {
		return 0, err
	}
	for part := range slices.Chunk(ids, mostClinics) {
		made, err := makeClinics(ctx, tx, c.family, part)
		if err != nil {
			return 0, err
		}
		if err := writeClinics(ctx, tx, versions, tx.Now, made); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

func toSum(ctx context.Context, tx *db.Tx, again bool) ([]int64, error) {
	if again {
		c, err := readChanges(ctx, tx)
		if err != nil {
			return nil, err
		}
		return c.stale(ctx, tx)
	}
	end, err := endedBefore(ctx, tx)
	if err != nil {
		return nil, err
	}
	var ids []int64
	err = tx.Select(ctx, &ids, `SELECT c.id FROM clinic_session c WHERE c.held_on < $1::date AND c.state IN ('open', 'closing', 'closed')
  AND NOT EXISTS (SELECT 1 FROM clinic_sum s WHERE s.session_id = c.id) ORDER BY c.held_on, c.id LIMIT $2`, dateOf(end), mostClinics)
	if err != nil {
		return nil, fmt.Errorf("find sessions to sum: %w", err)
	}
	return ids, nil
}

func readVersions(ctx context.Context, tx *db.Tx, ids []int64) (map[int64]int64, error) {
	var rows []struct {
		ID      int64 `db:"session_id"`
		Version int64 `db:"version"`
	}
	if err := tx.Select(ctx, &rows, `SELECT session_id, version FROM session_version WHERE session_id = ANY($1::bigint[])`, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("read versions of sessions: %w", err)
	}
	of := make(map[int64]int64, len(rows))
	for _, x := range rows {
		of[x.ID] = x.Version
	}
	return of, nil
}
