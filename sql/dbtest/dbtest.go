// Package dbtest gives every test a fresh, migrated database schema of its own
// and drops it when the test ends. The schemas lie in the server that
// JINGFANG_TEST_DSN names, else in one temporary cluster per test process. It
// owns which server that is and what a missing one means; starting clusters is
// left to package embedded, tables and grants to package db.
package dbtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"jingfang/sql/db"
	"jingfang/sql/embedded"
)

// DB is one test's schema, open for both database users.
type DB struct {
	// App is the handle that the program under test uses, Owner the one that
	// migrated. With one database user they are the same user twice.
	App, Owner *db.DB
	// AppDSN and OwnerDSN reach the same schema, for programs of their own.
	AppDSN, OwnerDSN string
	// Schema is the name of the test's schema.
	Schema string
	// Cluster is the test's own cluster to halt, kill and resume; only
	// Options.OwnCluster sets it.
	Cluster *embedded.Cluster
}

// Options are the rarer wishes of a test.
type Options struct {
	// Clock replaces time.Now in both handles.
	Clock func() time.Time
	// MaxOpen bounds each pool; 0 leaves it to package db.
	MaxOpen int
	// StatementTimeout is as in db.Config.
	StatementTimeout time.Duration
	// OwnCluster starts a cluster for this test alone, which it may stop and
	// kill. The test skips where JINGFANG_TEST_DSN names a server.
	OwnCluster bool
	// Empty leaves the migrations out: the schema does not exist yet.
	Empty bool
}

// New gives the test a migrated schema. Without any database the test skips on
// a laptop and fails where CI is set.
func New(t testing.TB) *DB {
	t.Helper()
	return With(t, Options{})
}

// With is New with wishes.
func With(t testing.TB, o Options) *DB {
	t.Helper()
	d := &DB{Schema: "t_" + strings.ToLower(rand.Text()[:16])}
	d.findServer(t, o)
	d.Owner = open(t, o, d.OwnerDSN)
	t.Cleanup(func() { d.drop(t) })
	d.App = open(t, o, d.AppDSN)
	t.Cleanup(func() { closePool(t, d.App) })
	if o.Empty {
		return d
	}
	if _, err := db.Migrate(t.Context(), d.Owner, d.App.User()); err != nil {
		t.Fatalf("migrate the test's schema: %v", err)
	}
	return d
}

// TwoUsers says whether the program's user is not the owner.
func (d *DB) TwoUsers() bool { return d.App.User() != d.Owner.User() }

// NeedTwoUsers skips a test of grants where one user plays both.
func (d *DB) NeedTwoUsers(t testing.TB) {
	t.Helper()
	if !d.TwoUsers() {
		t.Skip("grants are not tested: one database user plays owner and application; set JINGFANG_TEST_APP_DSN")
	}
}

// findServer fills the two connection strings.
func (d *DB) findServer(t testing.TB, o Options) {
	t.Helper()
	if dsn := os.Getenv("JINGFANG_TEST_DSN"); dsn != "" {
		if o.OwnCluster {
			t.Skip("JINGFANG_TEST_DSN is set: this test stops a cluster of its own")
		}
		d.OwnerDSN, d.AppDSN = external(t, dsn, d.Schema)
		return
	}
	c, err := cluster(t, o)
	if errors.Is(err, embedded.ErrMissing) && os.Getenv("CI") == "" {
		t.Skipf("no database: set JINGFANG_TEST_DSN or install PostgreSQL: %v", err)
	}
	if err != nil {
		t.Fatalf("start the test cluster: %v", err)
	}
	d.OwnerDSN, d.AppDSN = c.OwnerDSN(d.Schema), c.AppDSN(d.Schema)
	if o.OwnCluster {
		d.Cluster = c
	}
}

// shared starts the process's cluster on first use. Nobody stops it: its
// janitor removes it when the test process ends, however that happens.
var shared = sync.OnceValues(func() (*embedded.Cluster, error) {
	return embedded.Start(context.Background(), embedded.Config{Fast: true})
})

func cluster(t testing.TB, o Options) (*embedded.Cluster, error) {
	t.Helper()
	if !o.OwnCluster {
		return shared()
	}
	c, err := embedded.Start(t.Context(), embedded.Config{Fast: true})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Errorf("stop the test's cluster: %v", err)
		}
	})
	return c, nil
}

// external puts the schema into the strings of the server under test.
func external(t testing.TB, dsn, schema string) (owner, app string) {
	t.Helper()
	owner, err := withSchema(dsn, schema)
	if err != nil {
		t.Fatalf("JINGFANG_TEST_DSN: %v", err)
	}
	other := os.Getenv("JINGFANG_TEST_APP_DSN")
	if other == "" {
		return owner, owner
	}
	app, err = withSchema(other, schema)
	if err != nil {
		t.Fatalf("JINGFANG_TEST_APP_DSN: %v", err)
	}
	return owner, app
}

// withSchema sets the search path of a connection string. Its errors do not
// quote the string, which holds a password.
func withSchema(dsn, schema string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return "", errors.New("not of the form postgres://user:password@host:port/database")
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func open(t testing.TB, o Options, dsn string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), db.Config{DSN: dsn, Clock: o.Clock, MaxOpen: o.MaxOpen, StatementTimeout: o.StatementTimeout})
	if err != nil {
		t.Fatalf("open the test database: %v", err)
	}
	return d
}

// drop removes the schema; the test's own context has ended by then. A cluster
// of the test's own goes as a whole and may be down.
func (d *DB) drop(t testing.TB) {
	t.Helper()
	defer closePool(t, d.Owner)
	if d.Cluster != nil {
		return
	}
	err := d.Owner.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, fmt.Sprintf("DROP SCHEMA IF EXISTS %q CASCADE", d.Schema))
		return err
	})
	if err != nil {
		t.Errorf("drop the test's schema: %v", err)
	}
}

// closePool only tells what went wrong: taking leave of a database that the
// test has killed fails.
func closePool(t testing.TB, d *db.DB) {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Logf("close: %v", err)
	}
}
