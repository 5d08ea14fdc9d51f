package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// owners are the packages whose statements a scan commits.
func owners() []string {
	return []string{"../../session", "../../session/identity", "../../session/live", "../../inventory"}
}

// TestRawStatementsAreTheServers holds the statements of -raw to those of the
// packages that run them, word by word but for the columns that a read lists: a
// comparison with others is worth nothing.
func TestRawStatementsAreTheServers(t *testing.T) {
	server := map[string]bool{}
	for _, dir := range owners() {
		for _, text := range statements(t, filepath.Join(dir, "*.go")) {
			server[text] = true
		}
	}
	mine := statements(t, "rawscan.go")
	if len(mine) != 11 {
		t.Errorf("%d statements found in rawscan.go, want 11", len(mine))
	}
	for _, text := range mine {
		if !server[text] {
			t.Errorf("the server does not run this any more; copy its new form:\n%s", text)
		}
	}
}

// statements gives the SQL texts of files, each in one line. Constants of the
// package are put in where they are joined on.
func statements(t *testing.T, pattern string) (list []string) {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatal(pattern, err)
	}
	var files []*ast.File
	consts := map[string]ast.Expr{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
		for _, d := range f.Decls {
			addConsts(consts, d)
		}
	}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text, ok := textOf(e, consts)
			if ok {
				if text = strings.Join(strings.Fields(text), " "); isStatement(text) {
					list = append(list, withoutColumns(text))
				}
			}
			return !ok
		})
	}
	return list
}

func addConsts(consts map[string]ast.Expr, d ast.Decl) {
	g, ok := d.(*ast.GenDecl)
	if !ok || g.Tok != token.CONST {
		return
	}
	for _, s := range g.Specs {
		v := s.(*ast.ValueSpec)
		for i, name := range v.Names {
			if i < len(v.Values) {
				consts[name.Name] = v.Values[i]
			}
		}
	}
}

func isStatement(text string) bool {
	for _, verb := range []string{"SELECT ", "INSERT ", "UPDATE ", "WITH "} {
		if strings.HasPrefix(text, verb) {
			return strings.Contains(text, "$1")
		}
	}
	return false
}

// withoutColumns leaves out what a SELECT lists, up to its own FROM.
func withoutColumns(text string) string {
	depth := 0
	for i, r := range text {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case depth == 0 && strings.HasPrefix(text, "SELECT ") && strings.HasPrefix(text[i:], " FROM "):
			return "SELECT …" + text[i:]
		}
	}
	return text
}

// textOf works a constant string out.
func textOf(e ast.Expr, consts map[string]ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, e.Kind == token.STRING && err == nil
	case *ast.Ident:
		if c := consts[e.Name]; c != nil {
			return textOf(c, consts)
		}
	case *ast.BinaryExpr:
		left, a := textOf(e.X, consts)
		right, b := textOf(e.Y, consts)
		return left + right, a && b && e.Op == token.ADD
	}
	return "", false
}
