package sql_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	jfsql "jingfang/sql"
	"jingfang/sql/dbtest"
)

var update = flag.Bool("update", false, "write schema.txt anew")

// TestSchemaDump holds schema.txt, the schema to read, to what the migrations
// make. After a migration: go test ./sql -update.
func TestSchemaDump(t *testing.T) {
	d := dbtest.New(t)
	if d.App.IsGauss() {
		t.Skip("openGauss prints types and constraints in other words")
	}
	got := dump(t, d)
	if *update {
		if err := os.WriteFile("schema.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile("schema.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("schema.txt is not the schema of the migrations; run: go test ./sql -update")
	}
}

// TestEveryTableIsListed holds the list of owners to the migrations.
func TestEveryTableIsListed(t *testing.T) {
	d := dbtest.New(t)
	var have []string
	err := d.Owner.Select(context.Background(), &have, `SELECT tablename FROM pg_tables WHERE schemaname = $1::text ORDER BY tablename`, d.Owner.Schema())
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, table := range jfsql.Tables() {
		listed[table.Name] = true
	}
	for _, name := range have {
		if !listed[name] {
			t.Errorf("table %s has no owner in sql/tables.go", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("table %s is listed in sql/tables.go but no migration makes it", name)
	}
}

// TestAppendOnlyTablesHaveTriggers: the grants protect from the application, the
// triggers from everybody.
func TestAppendOnlyTablesHaveTriggers(t *testing.T) {
	d := dbtest.New(t)
	for _, table := range jfsql.Tables() {
		if !table.AppendOnly || table.Owner == "sql/db" {
			continue
		}
		var n int
		err := d.Owner.Get(context.Background(), &n, `SELECT count(*) FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
JOIN pg_namespace s ON s.oid = c.relnamespace JOIN pg_proc p ON p.oid = g.tgfoid
WHERE s.nspname = $1::text AND c.relname = $2::text AND p.proname = 'refuse_change'`, d.Owner.Schema(), table.Name)
		if err != nil {
			t.Fatal(err)
		}
		if n != 2 {
			t.Errorf("%s has %d triggers that refuse changes, want 2 (rows and TRUNCATE)", table.Name, n)
		}
	}
}

func dump(t *testing.T, d *dbtest.DB) string {
	t.Helper()
	var b strings.Builder
	for _, table := range jfsql.Tables() {
		fmt.Fprintf(&b, "%s  (%s%s)\n", table.Name, table.Owner, map[bool]string{true: ", append-only"}[table.AppendOnly])
		var lines []string
		err := d.Owner.Select(context.Background(), &lines, `SELECT line FROM (
  SELECT 1 AS part, a.attnum AS n, '  ' || rpad(a.attname, 20) || format_type(a.atttypid, a.atttypmod)
    || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END AS line
  FROM pg_attribute a WHERE a.attrelid = ($1::text || '.' || $2::text)::regclass AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT 2, 0, '  * ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = ($1::text || '.' || $2::text)::regclass
  UNION ALL
  SELECT 3, 0, '  # ' || replace(replace(indexdef, $1::text || '.', ''), 'CREATE ', '') FROM pg_indexes
  WHERE schemaname = $1::text AND tablename = $2::text AND indexname NOT LIKE '%\_pk'
) x ORDER BY part, n, line`, d.Owner.Schema(), table.Name)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(strings.ReplaceAll(strings.Join(lines, "\n"), d.Owner.Schema()+".", "") + "\n\n")
	}
	return b.String()
}
