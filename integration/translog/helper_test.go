package translog_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// clock is a hand-moved clock that ticks a millisecond per reading.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Millisecond)
	return c.now
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type fixture struct {
	t     testing.TB
	db    *dbtest.DB
	keys  *seal.MemoryKeys
	clock *clock
	log   *translog.Log
}

func setUp(t testing.TB) *fixture {
	t.Helper()
	f := &fixture{t: t, keys: seal.NewMemoryKeys(), clock: newClock()}
	f.db = dbtest.With(t, dbtest.Options{Clock: f.clock.Now})
	f.log = translog.New(f.db.App, f.keys, "test-host")
	return f
}

func pull(key string) translog.Exchange {
	return translog.Exchange{System: "HIS", Service: "HIS.RECEIPT.PULL", Direction: translog.Out, Key: key,
		Person: "系统定时拉取", Target: "http://his.example/his/receipts", Body: []byte(`{"since":"` + key + `"}`)}
}

func ok(body string) translog.Outcome {
	return translog.Outcome{Result: translog.OK, Status: 200, Body: []byte(body)}
}

// exchange makes a whole exchange of two entries.
func (f *fixture) exchange(key string) uuid.UUID {
	f.t.Helper()
	p, err := f.log.Begin(context.Background(), pull(key))
	if err != nil {
		f.t.Fatal(err)
	}
	if err := p.End(context.Background(), ok("answer to "+key)); err != nil {
		f.t.Fatal(err)
	}
	return p.ID()
}

// tamper does what only the owner of the tables can: it switches the triggers
// off, runs the statements and switches them on again.
func (f *fixture) tamper(statements ...string) {
	f.t.Helper()
	err := f.db.Owner.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		for _, table := range []string{"translog_entry", "translog_writer"} {
			if _, err := tx.Exec(ctx, "ALTER TABLE "+table+" DISABLE TRIGGER USER"); err != nil {
				return err
			}
		}
		for _, s := range statements {
			n, err := tx.Exec(ctx, s)
			if err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
			if n == 0 {
				return fmt.Errorf("%s: touched nothing", s)
			}
		}
		for _, table := range []string{"translog_entry", "translog_writer"} {
			if _, err := tx.Exec(ctx, "ALTER TABLE "+table+" ENABLE TRIGGER USER"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) verify(c translog.Checks) translog.Report {
	f.t.Helper()
	r, err := translog.Verify(context.Background(), f.db.App, c)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}
