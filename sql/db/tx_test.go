package db_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// insertSite writes a row that the tests look for.
func insertSite(ctx context.Context, tx *db.Tx, code string) error {
	return tx.ExecOne(ctx, `INSERT INTO site (code, name, district, created_at) VALUES ($1, '演示', '演示', $2)`, code, tx.Now)
}

func sites(t *testing.T, d *db.DB) int {
	t.Helper()
	var n int
	if err := d.Get(context.Background(), &n, `SELECT count(*) FROM site`); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestInTxCommitsAndRollsBack(t *testing.T) {
	d, ctx := dbtest.New(t).App, context.Background()
	boom := errors.New("boom")
	after := 0
	err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		tx.AfterCommit(func() { after++ })
		if err := insertSite(ctx, tx, "1"); err != nil {
			return err
		}
		return boom
	})
	if !errors.Is(err, boom) || sites(t, d) != 0 || after != 0 {
		t.Errorf("after a rollback: %v, %d rows, %d after-commit calls", err, sites(t, d), after)
	}
	err = d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		tx.AfterCommit(func() { after++ })
		return insertSite(ctx, tx, "1")
	})
	if err != nil || sites(t, d) != 1 || after != 1 {
		t.Errorf("after a commit: %v, %d rows, %d after-commit calls", err, sites(t, d), after)
	}
}

// A request that ran out of time before its commit was not committed, and is
// told that the database did not answer, not that we have a fault.
func TestAContextThatEndsBeforeTheCommit(t *testing.T) {
	d := dbtest.New(t).App
	ctx, cancel := context.WithCancel(context.Background())
	err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := insertSite(ctx, tx, "1"); err != nil {
			return err
		}
		cancel()
		// The driver rolls back on its own; wait until it has.
		for {
			var n int
			if err := tx.Get(context.WithoutCancel(ctx), &n, `SELECT 1`); errors.Is(err, sql.ErrTxDone) {
				return nil
			}
		}
	})
	if db.KindOf(err) != db.Unavailable || !errors.Is(err, context.Canceled) || sites(t, d) != 0 {
		t.Errorf("%s: %v, %d rows", db.KindOf(err), err, sites(t, d))
	}
}

func TestInTxSurvivesAPanic(t *testing.T) {
	d, ctx := dbtest.With(t, dbtest.Options{MaxOpen: 1}).App, context.Background()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not go on")
			}
		}()
		_ = d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			if err := insertSite(ctx, tx, "1"); err != nil {
				return err
			}
			panic("boom")
		})
	}()
	// With one connection the pool would hang here if the panic had kept it.
	if n := sites(t, d); n != 0 {
		t.Errorf("%d rows stayed", n)
	}
}

func TestInTxRefusesNesting(t *testing.T) {
	d := dbtest.New(t).App
	for name, begin := range map[string]func(context.Context, func(context.Context, *db.Tx) error) error{"InTx": d.InTx, "InSnapshot": d.InSnapshot} {
		ran := false
		err := d.InTx(context.Background(), func(ctx context.Context, _ *db.Tx) error {
			return begin(ctx, func(context.Context, *db.Tx) error { ran = true; return nil })
		})
		if err == nil || ran {
			t.Errorf("%s inside a transaction: %v, ran %v", name, err, ran)
		}
	}
}

func TestNowIsFixed(t *testing.T) {
	now := time.Date(2026, 11, 23, 1, 2, 3, 456789999, time.UTC)
	calls := 0
	d := dbtest.With(t, dbtest.Options{Clock: func() time.Time { calls++; return now.Add(time.Duration(calls) * time.Hour) }}).App
	err := d.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		var back time.Time
		if err := tx.Get(ctx, &back, `SELECT $1::timestamptz`, tx.Now); err != nil {
			return err
		}
		if !back.Equal(tx.Now) || tx.Now.Nanosecond()%1000 != 0 {
			t.Errorf("now %v came back as %v", tx.Now, back)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDeadlockIsRunAgain lets two transactions lock two rows crosswise: the
// loser runs again and both end well.
func TestDeadlockIsRunAgain(t *testing.T) {
	d, ctx := dbtest.New(t).App, context.Background()
	for _, code := range []string{"1", "2"} {
		if err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return insertSite(ctx, tx, code) }); err != nil {
			t.Fatal(err)
		}
	}
	var runs, calls [2]int
	var met sync.WaitGroup
	met.Add(2)
	cross := func(i int) error {
		return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			runs[i]++
			tx.AfterCommit(func() { calls[i]++ })
			if err := tx.ExecOne(ctx, `UPDATE site SET name = 'a' WHERE code = $1`, []string{"1", "2"}[i]); err != nil {
				return err
			}
			if runs[i] == 1 {
				met.Done()
				met.Wait()
			}
			return tx.ExecOne(ctx, `UPDATE site SET name = 'b' WHERE code = $1`, []string{"2", "1"}[i])
		})
	}
	errs := make(chan error, 1)
	go func() { errs <- cross(1) }()
	if err := errors.Join(cross(0), <-errs); err != nil {
		t.Fatal(err)
	}
	if runs[0]+runs[1] < 3 {
		t.Errorf("runs %v: nobody lost the deadlock", runs)
	}
	if calls != [2]int{1, 1} {
		t.Errorf("after-commit calls %v, want one each: a retry drops the first", calls)
	}
}

func TestRetriesEnd(t *testing.T) {
	d := dbtest.New(t).App
	runs := 0
	err := d.InTx(context.Background(), func(context.Context, *db.Tx) error {
		runs++
		return &pq.Error{Code: "40001"}
	})
	if db.KindOf(err) != db.Conflict || runs < 3 {
		t.Errorf("%d runs, then %v", runs, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	runs = 0
	err = d.InTx(ctx, func(context.Context, *db.Tx) error {
		runs++
		cancel()
		return &pq.Error{Code: "YY003"}
	})
	if !errors.Is(err, context.Canceled) && db.State(err) != "YY003" || runs != 1 {
		t.Errorf("a cancelled context: %d runs, then %v", runs, err)
	}
}

func TestTryKeepsTheTransaction(t *testing.T) {
	d := dbtest.New(t).App
	err := d.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		if err := insertSite(ctx, tx, "1"); err != nil {
			return err
		}
		err := tx.Try(ctx, func() error { return insertSite(ctx, tx, "1") })
		if !db.IsUnique(err, "site_code_uq") {
			t.Errorf("second insert: %v", err)
		}
		return insertSite(ctx, tx, "2")
	})
	if err != nil || sites(t, d) != 2 {
		t.Errorf("%v, %d rows", err, sites(t, d))
	}
}

func TestSnapshotIsOneMoment(t *testing.T) {
	d, ctx := dbtest.New(t).App, context.Background()
	err := d.InSnapshot(ctx, func(snap context.Context, tx *db.Tx) error {
		var before, after int
		if err := tx.Get(snap, &before, `SELECT count(*) FROM site`); err != nil {
			return err
		}
		if err := d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return insertSite(ctx, tx, "1") }); err != nil {
			return err
		}
		if err := tx.Get(snap, &after, `SELECT count(*) FROM site`); err != nil {
			return err
		}
		if before != after {
			t.Errorf("the snapshot saw %d, then %d rows", before, after)
		}
		err := tx.Try(snap, func() error { _, err := tx.Exec(snap, `DELETE FROM login_guard`); return err })
		if db.State(err) != "25006" {
			t.Errorf("a write in a snapshot: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTextTheDatabaseMustNotSee(t *testing.T) {
	d, ctx := dbtest.New(t).App, context.Background()
	for _, bad := range []any{"a\x00b", "\xff\xfe", pq.StringArray{"ok", "\xc3"}, pq.Array([]string{"a\x00"})} {
		var out string
		if err := d.Get(ctx, &out, `SELECT $1::text`, bad); db.KindOf(err) != db.Invalid {
			t.Errorf("%q: %v", bad, err)
		}
	}
	var out string
	if err := d.Get(ctx, &out, `SELECT $1::text`, "𠮷·é"); err != nil || out != "𠮷·é" {
		t.Errorf("good text: %q, %v", out, err)
	}
}
