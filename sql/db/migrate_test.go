package db_test

import (
	"context"
	"sync"
	"testing"

	jfsql "jingfang/sql"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

func TestSeveralMigratorsAtOnce(t *testing.T) {
	d := dbtest.With(t, dbtest.Options{Empty: true})
	ctx := context.Background()
	if err := db.CheckSchema(ctx, d.App); db.KindOf(err) != db.Invalid {
		t.Errorf("an empty database: %v", err)
	}
	var wg sync.WaitGroup
	applied, errs := make([]int, 4), make([]error, 4)
	for i := range applied {
		wg.Add(1)
		go func() {
			defer wg.Done()
			applied[i], errs[i] = db.Migrate(ctx, d.Owner, d.App.User())
		}()
	}
	wg.Wait()
	sum := 0
	for i := range applied {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		sum += applied[i]
	}
	var have int
	if err := d.Owner.Get(ctx, &have, `SELECT count(*) FROM schema_migration`); err != nil || have != sum || have == 0 {
		t.Errorf("%d applied, %d recorded, %v", sum, have, err)
	}
	if err := db.CheckSchema(ctx, d.App); err != nil {
		t.Error(err)
	}
}

// TestGrants: what was given by hand does not survive, and the application may
// do with each table what its line says.
func TestGrants(t *testing.T) {
	d := dbtest.New(t)
	d.NeedTwoUsers(t)
	ctx := context.Background()
	err := d.Owner.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `GRANT ALL ON ALL TABLES IN SCHEMA `+d.Schema+` TO `+d.App.User())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Migrate(ctx, d.Owner, d.App.User()); err != nil {
		t.Fatal(err)
	}
	for _, table := range jfsql.Tables() {
		for right, want := range map[string]bool{
			"SELECT": true, "INSERT": table.Owner != "sql/db", "UPDATE": !table.AppendOnly,
			"DELETE": table.Deletable, "TRUNCATE": false,
		} {
			var has bool
			if err := d.App.Get(ctx, &has, `SELECT has_table_privilege($1::text, $2::text)`, d.Schema+"."+table.Name, right); err != nil {
				t.Fatal(err)
			}
			if has != want {
				t.Errorf("%s on %s is %v, want %v", right, table.Name, has, want)
			}
		}
	}
	owns, err := db.OwnsTables(ctx, d.App)
	if err != nil || owns {
		t.Errorf("the application owns tables: %v, %v", owns, err)
	}
	if owns, err = db.OwnsTables(ctx, d.Owner); err != nil || !owns {
		t.Errorf("the owner does not own the tables: %v, %v", owns, err)
	}
}
