package live

import (
	"context"
	"fmt"
	"slices"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// Create gives a new clinic session its version, in the transaction that makes
// the session.
func Create(ctx context.Context, tx *db.Tx, id int64) error {
	err := tx.ExecOne(ctx, `INSERT INTO session_version (session_id, version, changed_at) VALUES ($1::bigint, 1, $2::timestamptz)`, id, tx.Now)
	if err != nil {
		return fmt.Errorf("create version of session %d: %w", id, err)
	}
	return nil
}

// Touch raises the versions of sessions whose screens this transaction changes
// and wakes their viewers once it has committed. It comes last in a transaction,
// so that the row that every scan of a session needs is locked for the shortest
// time. A nil hub raises the rows only (programs without viewers).
func (h *Hub) Touch(ctx context.Context, tx *db.Tx, ids ...int64) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(ids) == 0 {
		return nil
	}
	if err := lockVersions(ctx, tx, ids); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE session_version SET version = version + 1, changed_at = $2::timestamptz WHERE session_id = ANY($1::bigint[])`, pq.Array(ids), tx.Now)
	if err != nil {
		return fmt.Errorf("raise versions of sessions %v: %w", ids, err)
	}
	if n != int64(len(ids)) {
		return fmt.Errorf("raise versions of sessions %v: %d rows found", ids, n)
	}
	tx.AfterCommit(func() { h.nudge(ids) })
	return nil
}

// lockVersions takes several rows in the order of their ids: an UPDATE alone
// takes them as it finds them, and two transactions could wait for each other.
func lockVersions(ctx context.Context, tx *db.Tx, ids []int64) error {
	if len(ids) == 1 {
		return nil
	}
	var locked []int64
	err := tx.Select(ctx, &locked, `SELECT session_id FROM session_version WHERE session_id = ANY($1::bigint[]) ORDER BY session_id FOR NO KEY UPDATE`, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("lock versions of sessions %v: %w", ids, err)
	}
	return nil
}

// readVersions gives the committed versions of sessions; one without a row is
// missing from the answer.
func readVersions(ctx context.Context, r db.Reader, ids []int64) (map[int64]int64, error) {
	var rows []struct {
		ID      int64 `db:"session_id"`
		Version int64 `db:"version"`
	}
	err := r.Select(ctx, &rows, `SELECT session_id, version FROM session_version WHERE session_id = ANY($1::bigint[])`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read versions of %d sessions: %w", len(ids), err)
	}
	m := make(map[int64]int64, len(rows))
	for _, row := range rows {
		m[row.ID] = row.Version
	}
	return m, nil
}

// CreateRange gives many new clinic sessions, whose ids follow each other, their
// versions.
func CreateRange(ctx context.Context, tx *db.Tx, first, n int64) error {
	_, err := tx.Exec(ctx, `INSERT INTO session_version (session_id, version, changed_at) SELECT g, 1, $3::timestamptz FROM generate_series($1::bigint, $1::bigint + $2::bigint - 1) g`, first, n, tx.Now)
	if err != nil {
		return fmt.Errorf("create versions of %d sessions: %w", n, err)
	}
	return nil
}
