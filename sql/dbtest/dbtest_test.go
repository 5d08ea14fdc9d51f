package dbtest_test

import (
	"context"
	"errors"
	"testing"

	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

func count(t testing.TB, d *db.DB, query string, args ...any) int {
	t.Helper()
	var n int
	if err := d.Get(t.Context(), &n, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNew(t *testing.T) {
	var gone string
	d := dbtest.New(t)
	t.Run("another test has its own schema and leaves nothing", func(t *testing.T) {
		other := dbtest.New(t)
		if other.Schema == d.Schema {
			t.Error("two tests share a schema")
		}
		gone = other.Schema
	})
	if n := count(t, d.Owner, "SELECT count(*) FROM pg_namespace WHERE nspname = $1::text", gone); n != 0 {
		t.Errorf("schema %s was not dropped", gone)
	}
	if err := db.CheckSchema(t.Context(), d.App); err != nil {
		t.Error(err)
	}
}

func TestTwoUsers(t *testing.T) {
	d := dbtest.New(t)
	d.NeedTwoUsers(t)
	err := d.App.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, "DELETE FROM schema_migration")
		return err
	})
	if db.State(err) != "42501" {
		t.Errorf("got %v, want a refusal (42501)", err)
	}
}

func TestEmpty(t *testing.T) {
	d := dbtest.With(t, dbtest.Options{Empty: true})
	if n := count(t, d.Owner, "SELECT count(*) FROM pg_namespace WHERE nspname = $1::text", d.Schema); n != 0 {
		t.Error("the schema exists")
	}
}

func TestOwnCluster(t *testing.T) {
	d := dbtest.With(t, dbtest.Options{OwnCluster: true})
	if err := d.Cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := d.App.Ping(t.Context()); err == nil {
		t.Error("the killed database answers")
	}
	if err := errors.Join(d.Cluster.Resume(t.Context()), db.CheckSchema(t.Context(), d.App)); err != nil {
		t.Error(err)
	}
}

// TestOtherServer plays the server of JINGFANG_TEST_DSN with a cluster.
func TestOtherServer(t *testing.T) {
	c := dbtest.With(t, dbtest.Options{OwnCluster: true, Empty: true}).Cluster
	t.Setenv("JINGFANG_TEST_DSN", c.OwnerDSN(""))

	for _, test := range []struct {
		name, app string
		two       bool
	}{
		{"one user plays both", "", false},
		{"two users", c.AppDSN("ignored"), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("JINGFANG_TEST_APP_DSN", test.app)
			d := dbtest.New(t)
			if d.TwoUsers() != test.two {
				t.Errorf("two users: %v", d.TwoUsers())
			}
			if err := db.CheckSchema(t.Context(), d.App); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("it is never stopped", func(t *testing.T) {
		dbtest.With(t, dbtest.Options{OwnCluster: true})
		t.Error("a test may stop the named server")
	})
}

func BenchmarkNew(b *testing.B) {
	dbtest.New(b) // starts the cluster
	for b.Loop() {
		dbtest.New(b)
	}
}
