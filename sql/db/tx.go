package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jmoiron/sqlx"
)

// maxTries bounds how often InTx runs a closure that lost a lock or a race.
const maxTries = 6

// Tx is one transaction. Now is fixed for all of it.
type Tx struct {
	// Now is the transaction's only notion of the present, in microseconds.
	Now   time.Time
	tx    *sqlx.Tx
	after []func()
	saves int
}

type txKey struct{}

// InTransaction tells whether ctx belongs to a running transaction. Whoever
// talks to the network or opens a transaction of its own refuses to do so.
func InTransaction(ctx context.Context) bool { return ctx.Value(txKey{}) != nil }

// InTx runs fn in a READ COMMITTED transaction and commits when it returns nil.
// A panic rolls back and goes on. Nesting is refused. When the database reports
// a lost race (40001, 40P01, 55P03, YY003) everything is rolled back and fn runs
// again, so fn must not change anything outside tx but through AfterCommit.
func (d *DB) InTx(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if InTransaction(ctx) {
		return errors.New("db: InTx inside a transaction")
	}
	for try := 1; ; try++ {
		err := d.once(ctx, nil, fn)
		if err == nil || !retryable(err) {
			return err
		}
		if try == maxTries {
			return RefuseBecause(err, Conflict, "同一时间操作的人太多，这次没有完成，请再试一次。")
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

// InSnapshot runs fn read-only on one consistent snapshot (REPEATABLE READ).
func (d *DB) InSnapshot(ctx context.Context, fn func(ctx context.Context, tx *Tx) error) error {
	if InTransaction(ctx) {
		return errors.New("db: InSnapshot inside a transaction")
	}
	return d.once(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, fn)
}

// pause waits a short random time that grows with the tries, or until ctx ends.
func pause(ctx context.Context, try int) error {
	limit := 4 * time.Millisecond << try
	t := time.NewTimer(time.Millisecond + rand.N(limit))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *DB) once(ctx context.Context, opt *sql.TxOptions, fn func(context.Context, *Tx) error) (err error) {
	x, err := d.pool.BeginTxx(ctx, opt)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	tx := &Tx{Now: d.Now(), tx: x}
	done := false
	defer func() {
		if !done {
			// Reached by an error or a panic of fn. A failed rollback means a
			// broken connection, which the server rolls back itself.
			_ = x.Rollback()
		}
	}()
	if err := fn(context.WithValue(ctx, txKey{}, tx), tx); err != nil {
		return err
	}
	if err := x.Commit(); err != nil {
		if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
			err = ctx.Err() // the context ended first, and its end rolled back
		}
		return fmt.Errorf("commit: %w", err)
	}
	done = true
	for _, f := range tx.after {
		f()
	}
	return nil
}

// AfterCommit queues f to run once this transaction has committed, in order. A
// rollback or a retry drops it.
func (t *Tx) AfterCommit(f func()) { t.after = append(t.after, f) }

// Get runs a query and scans its only row.
func (t *Tx) Get(ctx context.Context, dst any, query string, args ...any) error {
	if err := begin(ctx, args); err != nil {
		return err
	}
	return t.tx.GetContext(ctx, dst, query, args...)
}

// Select runs a query and scans all rows.
func (t *Tx) Select(ctx context.Context, dst any, query string, args ...any) error {
	if err := begin(ctx, args); err != nil {
		return err
	}
	return t.tx.SelectContext(ctx, dst, query, args...)
}

// Exec runs a statement and gives the number of rows it touched.
func (t *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := begin(ctx, args); err != nil {
		return 0, err
	}
	r, err := t.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// ExecOne runs a statement that must touch exactly one row; another number is
// an error, which rolls the transaction back.
func (t *Tx) ExecOne(ctx context.Context, query string, args ...any) error {
	n, err := t.Exec(ctx, query, args...)
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("db: %d rows touched where 1 was expected", n)
	}
	return nil
}

// Try runs fn behind a savepoint: when it fails, what it did is undone and the
// transaction goes on. It is how an insert finds out that the row is there
// (openGauss has no ON CONFLICT).
func (t *Tx) Try(ctx context.Context, fn func() error) error {
	t.saves++
	name := fmt.Sprintf("s%d", t.saves)
	if _, err := t.tx.ExecContext(ctx, "SAVEPOINT "+name); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	if err := fn(); err != nil {
		if _, rerr := t.tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT "+name); rerr != nil {
			return fmt.Errorf("rollback to savepoint: %w", errors.Join(rerr, err))
		}
		return err
	}
	_, err := t.tx.ExecContext(ctx, "RELEASE SAVEPOINT "+name)
	return err
}
