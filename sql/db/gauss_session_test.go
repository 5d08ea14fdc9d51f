package db_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// spliced is a front with TLS before the test database.
func spliced(t *testing.T) (*dbtest.GaussFront, string) {
	t.Helper()
	if strings.HasPrefix(os.Getenv("JINGFANG_TEST_DSN"), "opengauss://") {
		t.Skip("JINGFANG_TEST_DSN is an openGauss: the front end stands before PostgreSQL only")
	}
	d := dbtest.New(t)
	u, err := url.Parse(d.OwnerDSN)
	if err != nil {
		t.Fatal(err)
	}
	root, server := authority(t, "127.0.0.1")
	f := &dbtest.GaussFront{
		Method: "sm3", TLS: server, Backend: u.String(),
		Users: map[string]string{"app": dbtest.GaussPassword("sm3", "app", gaussPassword, 2048)},
		Answers: map[string]string{
			"SELECT version()":       "(openGauss-lite 6.0.0 build 0bd0ce80) compiled",
			"SHOW sql_compatibility": "PG",
			"SHOW server_encoding":   "UTF8",
		},
	}
	return f, gaussDSN(f.Start(t), url.PathEscape(gaussPassword), "sslmode=verify-full&sslrootcert="+url.QueryEscape(root)+"&search_path="+d.Schema)
}

// TestGaussSession runs what the program does over one login of openGauss with
// TLS: transactions, prepared statements, COPY, cancel.
func TestGaussSession(t *testing.T) {
	f, dsn := spliced(t)
	d, err := db.Open(t.Context(), db.Config{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if !d.IsGauss() || d.User() != "app" {
		t.Errorf("gauss %v, user %q", d.IsGauss(), d.User())
	}
	for k, want := range map[string]string{"session_timeout": "0", "behavior_compat_options": "display_leading_zero", "application_name": "jingfang"} {
		if got := f.Parameters()[k]; got != want {
			t.Errorf("start-up parameter %s is %q, want %q", k, got, want)
		}
	}
	t.Run("transaction", func(t *testing.T) {
		err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `CREATE TABLE shelf (id bigint CONSTRAINT shelf_pk PRIMARY KEY, label text NOT NULL)`); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO shelf (id, label) VALUES ($1::bigint, $2::text)`, 1, "演示架")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		var label string
		if err := d.Get(t.Context(), &label, `SELECT label FROM shelf WHERE id = $1::bigint`, 1); err != nil || label != "演示架" {
			t.Errorf("%q, %v", label, err)
		}
	})
	pool := openGauss(t, dsn)
	t.Run("prepared statement", func(t *testing.T) {
		s, err := pool.PrepareContext(t.Context(), `SELECT $1::bigint + id FROM shelf`)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for i := range 3 {
			var n int
			if err := s.QueryRowContext(t.Context(), i).Scan(&n); err != nil || n != i+1 {
				t.Errorf("%d: %d, %v", i, n, err)
			}
		}
	})
	t.Run("COPY", func(t *testing.T) {
		tx, err := pool.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = tx.Rollback() }()
		s, err := tx.PrepareContext(t.Context(), `COPY shelf (id, label) FROM STDIN`)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2000 {
			if _, err := s.ExecContext(t.Context(), i+10, strings.Repeat("药", 20)); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(s.Close(), tx.Commit()); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := d.Get(t.Context(), &n, `SELECT count(*) FROM shelf`); err != nil || n != 2001 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
	t.Run("target_session_attrs", func(t *testing.T) {
		if err := openGauss(t, dsn+"&target_session_attrs=primary").PingContext(t.Context()); err != nil {
			t.Errorf("primary: %v", err)
		}
		if err := openGauss(t, dsn+"&target_session_attrs=standby").PingContext(t.Context()); err == nil {
			t.Error("the primary is taken for a standby")
		}
	})
	t.Run("cancel", func(t *testing.T) {
		before := f.Cancels.Load()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		if _, err := pool.ExecContext(ctx, `SELECT pg_sleep(60)`); err == nil || time.Since(start) > 30*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if f.Cancels.Load() != before+1 {
			t.Errorf("%d cancel requests reached the server", f.Cancels.Load()-before)
		}
		if err := pool.PingContext(t.Context()); err != nil {
			t.Errorf("the pool after a cancel: %v", err)
		}
	})
}

// The start-up check closes the door to the wrong server before any other
// statement.
func TestGaussStartUpCheck(t *testing.T) {
	for answer, c := range map[string]struct{ key, want string }{
		"PostgreSQL 15.8": {"SELECT version()", "不是 openGauss"},
		"A":               {"SHOW sql_compatibility", "DBCOMPATIBILITY 'PG'"},
		"SQL_ASCII":       {"SHOW server_encoding", "UTF8"},
	} {
		f, address := front(t, "sha256", "sha256")
		f.Answers = map[string]string{"SELECT version()": "(openGauss 6.0.0 build 1)", "SHOW sql_compatibility": "PG", "SHOW server_encoding": "UTF8"}
		f.Answers[c.key] = answer
		_, err := db.Open(t.Context(), db.Config{DSN: gaussDSN(address, url.PathEscape(gaussPassword), "sslmode=disable")})
		if db.KindOf(err) != db.Invalid || !strings.Contains(db.Sentence(err), c.want) {
			t.Errorf("%s: %v, want %q", answer, err, c.want)
		}
	}
}
