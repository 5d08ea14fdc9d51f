package db

import (
	"fmt"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestLintTree reads every migration and every SQL string of the module.
func TestLintTree(t *testing.T) {
	const root = "../.."
	sources := treeSQL(t, root)
	t.Logf("%d SQL texts", len(sources))
	if len(sources) < 20 {
		t.Fatalf("only %d SQL texts found: the search is broken", len(sources))
	}
	for _, s := range sources {
		for _, f := range lintSQL(s.text) {
			t.Errorf("%s:%d: %q breaks dialect rule %d; write %s", s.file, s.line+f.line-1, f.found, f.rule, f.advice)
		}
	}
}

// TestLintNames holds rule 10 across the migrations: each constraint and index
// has a name of its own, for errors are told apart by it.
func TestLintNames(t *testing.T) {
	seen := map[string]string{}
	for _, s := range treeSQL(t, "../..") {
		if !strings.HasSuffix(s.file, ".sql") {
			continue
		}
		for _, n := range namesMade(s.text) {
			at := fmt.Sprintf("%s:%d", s.file, n.line)
			if other, ok := seen[n.text]; ok {
				t.Errorf("%s: the name %s is used at %s already; write another", at, n.text, other)
			}
			seen[n.text] = at
		}
	}
}

// sqlText is SQL found in a file; line is its first line there.
type sqlText struct {
	file, text string
	line       int
}

// postgresOnly are folders and files whose SQL never reaches openGauss: the
// private cluster, and the linter's own examples.
var postgresOnly = regexp.MustCompile(`^(sql/embedded/.*|sql/db/lint_\w*\.go|sql/db/lint_test\.go)$`)

func treeSQL(t *testing.T, root string) []sqlText {
	t.Helper()
	var list []sqlText
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if slices.Contains([]string{"node_modules", "vendor", "testdata"}, e.Name()) || len(e.Name()) > 2 && e.Name()[0] == '.' {
				return filepath.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil || postgresOnly.MatchString(filepath.ToSlash(name)) {
			return err
		}
		found, err := fileSQL(path, name)
		list = append(list, found...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func fileSQL(path, name string) ([]sqlText, error) {
	switch filepath.Ext(path) {
	case ".sql":
		b, err := os.ReadFile(path)
		return []sqlText{{name, string(b), 1}}, err
	case ".go":
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		return goSQL(name, b)
	}
	return nil, nil
}

// goSQL finds the SQL among the string literals of a Go file. Strings joined by
// + are read as one; what is no literal stands in it as a name.
func goSQL(name string, src []byte) ([]sqlText, error) {
	set := gotoken.NewFileSet()
	file, err := parser.ParseFile(set, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("read SQL strings: %w", err)
	}
	var list []sqlText
	taken := map[ast.Expr]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		e, ok := n.(ast.Expr)
		if !ok || taken[e] {
			return true
		}
		if text, literal := joined(e, taken); literal {
			text = verb.ReplaceAllString(text, goValue)
			if looksLikeSQL(text) {
				list = append(list, sqlText{name, text, set.Position(e.Pos()).Line})
			}
		}
		return true
	})
	return list, nil
}

// verb is a verb of fmt.
var verb = regexp.MustCompile(`%(\[\d+\])?[+#]?0?\d*[sdvqx]`)

// joined gives the text of a literal or of a sum with a literal in it, and
// marks the parts as read.
func joined(e ast.Expr, taken map[ast.Expr]bool) (text string, literal bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != gotoken.STRING {
			return goValue, false
		}
		taken[e] = true
		s, err := strconv.Unquote(e.Value)
		return s, err == nil
	case *ast.ParenExpr:
		return joined(e.X, taken)
	case *ast.BinaryExpr:
		if e.Op != gotoken.ADD {
			return goValue, false
		}
		left, a := joined(e.X, taken)
		right, b := joined(e.Y, taken)
		taken[e] = a || b
		return left + right, a || b
	}
	return goValue, false
}

var (
	// upperSQL begins a statement or a piece of one, in the house's capitals.
	upperSQL = regexp.MustCompile(`^(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|MERGE INTO|CREATE|ALTER|DROP|TRUNCATE|GRANT|REVOKE|SET|SHOW|RESET|LISTEN|NOTIFY|UNLISTEN|DISCARD|PREPARE|DEALLOCATE|DO|LOCK|COPY|CALL|VALUES|FROM|JOIN|LEFT JOIN|WHERE|AND|OR|ORDER BY|GROUP BY|HAVING|LIMIT|RETURNING|ON CONFLICT|FOR UPDATE|CASE|COALESCE)[\s(]`)
	// lowerSQL wants more of a sentence that begins like one in English.
	lowerSQL = regexp.MustCompile(`(?is)^(select\s.+\sfrom\s|select\s+\w+\(|insert\s+into\s.+\s(values|select)\b|update\s+\w+\s+set\s|delete\s+from\s+\w+\s+where\s|with\s+\w+\s+as\s*\(|merge\s+into\s|create\s+(table|index|unique|temp|function|trigger|type|domain|extension|sequence|view)\s|alter\s+table\s|(listen|notify)\s+\w+\s*$)`)
	wholeSQL = regexp.MustCompile(`^(BEGIN|COMMIT|ROLLBACK|DISCARD ALL)$`)
)

// looksLikeSQL tells SQL from other text. A sentence taken for SQL does no harm
// unless it holds one of the few words or signs that a rule looks for.
func looksLikeSQL(text string) bool {
	text = strings.TrimSpace(text)
	for strings.HasPrefix(text, "--") {
		_, text, _ = strings.Cut(text, "\n")
		text = strings.TrimSpace(text)
	}
	return upperSQL.MatchString(text) || lowerSQL.MatchString(text) || wholeSQL.MatchString(text)
}

func TestGoSQL(t *testing.T) {
	const src = "package x\n\nconst q = `SELECT a\n / b FROM c`\n\nfunc f(t string, n int) {\n" +
		"\tg(\"select a \" +\n\t\t\"from c where $1 is null\")\n" +
		"\tg(\"SELECT \" + t + \" FROM c ORDER BY \" + g(\"UPDATE d SET e = $1\"))\n" +
		"\tg(fmt.Sprintf(\"CREATE TABLE %s (b text, UNIQUE (b))\", t))\n" +
		"\tg(\"update a/b\")\n\tg(\"BEGIN\")\n\tg(\"-- x\\nDELETE FROM c\")\n}\n"
	list, err := goSQL("x.go", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		for _, f := range lintSQL(s.text) {
			got = append(got, fmt.Sprintf("%d:%d", f.rule, s.line+f.line-1))
		}
	}
	slices.Sort(got)
	if want := "10:10 15:4 15:7 4:12"; strings.Join(got, " ") != want {
		t.Errorf("found %v, want %s", got, want)
	}
	for _, s := range []string{"update visit: %w", "Select a patient", "select a drug", "with the doctor", "insert the box", "create a session", "begin"} {
		if looksLikeSQL(s) {
			t.Errorf("%q is taken for SQL", s)
		}
	}
}
