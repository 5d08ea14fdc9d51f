package main

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	jfsql "jingfang/sql"
)

var (
	writes  = regexp.MustCompile(`\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?([a-z_]+)\b`)
	reads   = regexp.MustCompile(`\b(?:FROM|JOIN|USING)\s+(?:ONLY\s+)?([a-z_]+)\b`)
	deletes = regexp.MustCompile(`\b(?:DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?)\s+([a-z_]+)\b`)
	updates = regexp.MustCompile(`\bUPDATE\s+(?:ONLY\s+)?([a-z_]+)\s+(?:[a-z]+\s+)?SET\b`)
	creates = regexp.MustCompile(`(?i)\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?([a-z_]+)`)
)

// eachString calls do with every string literal of a file.
func (s source) eachString(do func(text string, pos token.Pos)) {
	ast.Inspect(s.file, func(n ast.Node) bool {
		if x, ok := n.(*ast.BasicLit); ok && x.Kind == token.STRING {
			if text, err := strconv.Unquote(x.Value); err == nil {
				do(text, x.Pos())
			}
		}
		return true
	})
}

// names gives the tables that an expression finds in a statement.
func names(in *regexp.Regexp, text string) []string {
	var list []string
	for _, m := range in.FindAllStringSubmatch(text, -1) {
		list = append(list, m[1])
	}
	return list
}

func tablesByName() map[string]jfsql.Table {
	byName := map[string]jfsql.Table{}
	for _, t := range jfsql.Tables() {
		byName[t.Name] = t
	}
	return byName
}

// TestTablesHaveOneOwner reads every statement in the code: only its owner
// writes a table, only the owner and higher rungs read it, and what is never
// updated or deleted by its kind has no such statement anywhere.
func TestTablesHaveOneOwner(t *testing.T) {
	tables, rungs, found := tablesByName(), ladder(), map[string]bool{}
	for _, s := range sources(t) {
		if s.test || s.pkg == "cmd/clinicload" { // -raw plays a scan's statements in a schema of its own
			continue
		}
		s.eachString(func(text string, pos token.Pos) {
			for _, name := range names(writes, text) {
				x, known := tables[name]
				if known && x.Owner != s.pkg {
					t.Errorf("%s: %s writes %s, which belongs to %s", s.at(pos), s.pkg, name, x.Owner)
				}
				found[name] = found[name] || known
			}
			for _, name := range names(reads, text) {
				if x, known := tables[name]; known && x.Owner != s.pkg && rungs[s.pkg] <= rungs[x.Owner] {
					t.Errorf("%s: %s (rung %d) reads %s of %s (rung %d)", s.at(pos), s.pkg, rungs[s.pkg], name, x.Owner, rungs[x.Owner])
				}
			}
			for _, name := range names(deletes, text) {
				if x, known := tables[name]; known && !x.Deletable {
					t.Errorf("%s: %s deletes from %s, whose rows stay", s.at(pos), s.pkg, name)
				}
			}
			for _, name := range names(updates, text) {
				// The one exception: the owner of the tables, not the program's user,
				// empties bodies that lie in a verified archive (translog.Trim).
				if s.name == "integration/translog/trim.go" && name == "translog_entry" {
					continue
				}
				if x, known := tables[name]; known && x.AppendOnly {
					t.Errorf("%s: %s updates %s, which only grows", s.at(pos), s.pkg, name)
				}
			}
		})
	}
	for name := range tables {
		if !found[name] {
			t.Errorf("no statement writes %s: is the table needed?", name)
		}
	}
}

// TestMigrationsMakeTheTables compares the migrations with the list of tables,
// and asks for the triggers that hold append-only tables.
func TestMigrationsMakeTheTables(t *testing.T) {
	files, err := jfsql.Migrations.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	made, all := []string{"schema_migration"}, ""
	for _, f := range files {
		text, err := jfsql.Migrations.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, names(creates, string(text))...)
		all += string(text)
	}
	tables := tablesByName()
	for _, name := range made {
		if _, listed := tables[name]; !listed {
			t.Errorf("a migration makes %s, which sql.Tables does not list", name)
		}
	}
	for name, x := range tables {
		if !slices.Contains(made, name) {
			t.Errorf("sql.Tables lists %s, which no migration makes", name)
		}
		if _, known := ladder()[x.Owner]; !known {
			t.Errorf("%s belongs to %s, which is not in the ladder", name, x.Owner)
		}
		if x.AppendOnly && x.Owner != "sql/db" && (!strings.Contains(all, "BEFORE UPDATE OR DELETE ON "+name+" ") || !strings.Contains(all, "BEFORE TRUNCATE ON "+name+" ")) {
			t.Errorf("%s only grows, but no trigger refuses UPDATE, DELETE and TRUNCATE", name)
		}
	}
}
