package embedded_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"jingfang/sql/embedded"
)

// TestStopUnderLoad stops the database in every way while clients write: what
// was answered is there afterwards, and the clients go on without a new pool.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	c := start(t, embedded.Config{Fast: true})
	db := open(t, c.OwnerDSN("jf"))
	exec(t, db, "CREATE SCHEMA jf; CREATE TABLE thing (a bigint CONSTRAINT thing_pk PRIMARY KEY)")

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var next, answered atomic.Int64
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for ctx.Err() == nil {
				n := next.Add(1)
				if _, err := db.ExecContext(ctx, "INSERT INTO thing VALUES ($1)", n); err == nil {
					answered.Add(1)
				}
			}
		})
	}
	progress := func() {
		t.Helper()
		want := answered.Load() + 50
		err := waitFor(t, func() error {
			if answered.Load() < want {
				return errors.New("the clients do not go on")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, stop := range []func() error{
		c.Kill,
		func() error { return c.Halt(t.Context()) },
		c.Kill,
	} {
		progress()
		if err := errors.Join(stop(), c.Resume(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
	progress()
	cancel()
	workers.Wait()

	var there int64
	if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM thing").Scan(&there); err != nil {
		t.Fatal(err)
	}
	// An insert whose answer was lost may be there as well.
	if there < answered.Load() {
		t.Errorf("%d inserts were answered, %d are there", answered.Load(), there)
	}
}
