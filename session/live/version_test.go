package live_test

import (
	"context"
	"slices"
	"testing"

	"jingfang/session/live"
	"jingfang/sql/db"
)

func TestTouch(t *testing.T) {
	d := testDB(t)
	create(t, d, 3, 2, 1) // so that a scan finds them in the wrong order
	t.Run("every id once", func(t *testing.T) {
		touch(t, d, nil, 3, 1, 3, 3)
		var got []int64
		if err := d.Select(t.Context(), &got, `SELECT version FROM session_version ORDER BY session_id`); err != nil || !slices.Equal(got, []int64{2, 1, 2}) {
			t.Errorf("versions %v, want 2 1 2; %v", got, err)
		}
	})
	t.Run("rows are taken in the order of ids", func(t *testing.T) { lockOrder(t, d) })
	t.Run("no such session", func(t *testing.T) {
		if err := tryTouch(t.Context(), d, nil, 1, 99); err == nil {
			t.Error("a session without a version was touched")
		}
	})
	t.Run("a nil hub", func(t *testing.T) { (*live.Hub)(nil).Dirty(1) })
	t.Run("nothing", func(t *testing.T) {
		if err := tryTouch(t.Context(), d, nil); err != nil {
			t.Error(err)
		}
	})
}

// lockOrder holds row 1 while somebody touches 2 and 1: who waits for 1 must not
// hold 2, or two that wait for each other are a deadlock.
func lockOrder(t *testing.T, d *db.DB) {
	touched := make(chan error, 1)
	err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		var id int64
		if err := tx.Get(ctx, &id, `SELECT session_id FROM session_version WHERE session_id = 1 FOR NO KEY UPDATE`); err != nil {
			return err
		}
		go func() { touched <- tryTouch(context.Background(), d, nil, 2, 1) }()
		until(t, "somebody waits for a row", func() bool {
			var n int
			err := d.Get(context.Background(), &n, `SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'`)
			return err == nil && n > 0
		})
		return tx.Get(ctx, &id, `SELECT session_id FROM session_version WHERE session_id = 2 FOR NO KEY UPDATE NOWAIT`)
	})
	if err != nil {
		t.Errorf("row 2 is held by who waits for row 1: %v", err)
	}
	if err := <-touched; err != nil {
		t.Error(err)
	}
}
