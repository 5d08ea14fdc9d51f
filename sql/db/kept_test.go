package db_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// prepared counts the statements that the only connection keeps.
func prepared(t *testing.T, d *db.DB, like string) (n int) {
	t.Helper()
	if err := d.Get(t.Context(), &n, `SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE $1::text`, like); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStatementsAreKept(t *testing.T) {
	d := dbtest.With(t, dbtest.Options{MaxOpen: 1}).App
	ask := func(x int) (got int) {
		t.Helper()
		if err := d.Get(t.Context(), &got, `SELECT $1::integer + 1000`, x); err != nil {
			t.Fatal(err)
		}
		return got
	}
	for i := range 10 {
		if got := ask(i); got != i+1000 {
			t.Fatalf("%d + 1000 is %d", i, got)
		}
	}
	if n := prepared(t, d, "%+ 1000"); n != 1 {
		t.Errorf("the text is prepared %d times, want once", n)
	}
	t.Run("but not where each is planned for itself", func(t *testing.T) {
		for i := range 10 {
			var got int
			if err := d.Get(db.WithOwnPlans(t.Context()), &got, `SELECT $1::integer + 2000`, i); err != nil || got != i+2000 {
				t.Fatalf("%d + 2000 is %d: %v", i, got, err)
			}
		}
		if n := prepared(t, d, "%+ 2000"); n != 0 {
			t.Errorf("the text is prepared %d times, want never", n)
		}
	})
	t.Run("an error does not spoil it", func(t *testing.T) {
		err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			var x int
			if err := tx.Get(ctx, &x, `SELECT CAST($1::text AS integer)`, "x"); err == nil {
				t.Error("x is a number")
			}
			return errors.New("stop")
		})
		if err == nil || ask(1) != 1001 {
			t.Errorf("afterwards: %v", err)
		}
	})
	t.Run("many texts are not all kept", func(t *testing.T) {
		for i := range 400 {
			var x int
			if err := d.Get(t.Context(), &x, fmt.Sprintf(`SELECT $1::integer + %d`, 5000+i), 1); err != nil {
				t.Fatal(err)
			}
		}
		if n := prepared(t, d, "%"); n > 256 {
			t.Errorf("%d statements are kept", n)
		}
	})
}

func TestKeptStatementOfAChangedTable(t *testing.T) {
	o := dbtest.With(t, dbtest.Options{MaxOpen: 1}).Owner
	exec := func(query string) {
		t.Helper()
		err := o.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, query)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	read := func() error {
		var x []string
		return o.Select(t.Context(), &x, `SELECT * FROM changing WHERE $1::boolean`, true)
	}
	exec(`CREATE TABLE changing (a integer)`)
	for range 7 {
		if err := read(); err != nil {
			t.Fatal(err)
		}
	}
	exec(`ALTER TABLE changing ALTER COLUMN a TYPE bigint`)
	if err := read(); err != nil && db.State(err) != "0A000" {
		t.Fatal(err)
	}
	if err := read(); err != nil {
		t.Errorf("the statement is not prepared anew: %v", err)
	}
}
