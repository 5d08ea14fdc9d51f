package main

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// TestNobodySleeps: a test waits for a condition, the program for a timer that
// ends with its context.
func TestNobodySleeps(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if x, ok := n.(*ast.SelectorExpr); ok && x.Sel.Name == "Sleep" {
				if id, ok := x.X.(*ast.Ident); ok && id.Name == "time" {
					t.Errorf("%s: time.Sleep", s.at(x.Pos()))
				}
			}
			return true
		})
	}
}

// TestNoPackageVariableChanges: what stands at package level is never assigned
// to again, so that nothing is shared in secret.
func TestNoPackageVariableChanges(t *testing.T) {
	vars := map[string]map[string]bool{}
	all := sources(t)
	for _, s := range all {
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR || s.test {
				continue
			}
			for _, spec := range g.Specs {
				for _, name := range spec.(*ast.ValueSpec).Names {
					if vars[s.pkg] == nil {
						vars[s.pkg] = map[string]bool{}
					}
					vars[s.pkg][name.Name] = name.Name != "_"
				}
			}
		}
	}
	for _, s := range all {
		if s.test && s.outside {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
				findAssignments(t, s, f, vars[s.pkg])
			}
		}
	}
}

// findAssignments reports what a function assigns to that it has not declared.
func findAssignments(t *testing.T, s source, f *ast.FuncDecl, vars map[string]bool) {
	own := declared(f)
	check := func(x ast.Expr) {
		for {
			switch y := x.(type) {
			case *ast.IndexExpr:
				x = y.X
				continue
			case *ast.StarExpr:
				x = y.X
				continue
			}
			break
		}
		if id, ok := x.(*ast.Ident); ok && vars[id.Name] && !own[id.Name] {
			t.Errorf("%s: %s changes the package's variable %s", s.at(id.Pos()), f.Name.Name, id.Name)
		}
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.AssignStmt:
			if x.Tok != token.DEFINE {
				for _, l := range x.Lhs {
					check(l)
				}
			}
		case *ast.IncDecStmt:
			check(x.X)
		}
		return true
	})
}

// declared are the names that a function, or one inside it, declares.
func declared(f *ast.FuncDecl) map[string]bool {
	own := map[string]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.Field:
			for _, name := range x.Names {
				own[name.Name] = true
			}
		case *ast.AssignStmt:
			if x.Tok == token.DEFINE {
				for _, l := range x.Lhs {
					if id, ok := l.(*ast.Ident); ok {
						own[id.Name] = true
					}
				}
			}
		case *ast.ValueSpec:
			for _, name := range x.Names {
				own[name.Name] = true
			}
		case *ast.RangeStmt:
			for _, e := range []ast.Expr{x.Key, x.Value} {
				if id, ok := e.(*ast.Ident); ok {
					own[id.Name] = true
				}
			}
		}
		return true
	})
	return own
}

// TestErrorsAreWrapped: an error goes up with %w, never as text.
func TestErrorsAreWrapped(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			x, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || x.Sel.Name != "Errorf" {
				return true
			}
			if id, ok := x.X.(*ast.Ident); !ok || id.Name != "fmt" {
				return true
			}
			format, ok := call.Args[0].(*ast.BasicLit)
			last, isName := call.Args[len(call.Args)-1].(*ast.Ident)
			if ok && isName && last.Name == "err" && !strings.Contains(format.Value, "%w") {
				t.Errorf("%s: an error is not wrapped with %%w", s.at(call.Pos()))
			}
			return true
		})
	}
}

// TestEverythingIsExplained: each package says what it owns, each exported name
// what it is, beginning with the name.
func TestEverythingIsExplained(t *testing.T) {
	packages := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		packages[s.pkg] = packages[s.pkg] || len(strings.Fields(s.file.Doc.Text())) >= 15
		for _, d := range s.file.Decls {
			switch x := d.(type) {
			case *ast.FuncDecl:
				if x.Name.IsExported() && exportedReceiver(x) {
					explained(t, s, x.Name, x.Doc)
				}
			case *ast.GenDecl:
				explainedSpecs(t, s, x)
			}
		}
	}
	for pkg, ok := range packages {
		if !ok {
			t.Errorf("package %s has no comment that says what it owns", pkg)
		}
	}
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	x := f.Recv.List[0].Type
	for {
		switch y := x.(type) {
		case *ast.StarExpr:
			x = y.X
			continue
		case *ast.IndexExpr:
			x = y.X
			continue
		case *ast.Ident:
			return y.IsExported()
		}
		return true
	}
}

func explained(t *testing.T, s source, name *ast.Ident, doc *ast.CommentGroup) {
	text := doc.Text()
	for _, article := range []string{"A ", "An ", "The "} {
		text = strings.TrimPrefix(text, article)
	}
	if !strings.HasPrefix(text, name.Name) {
		t.Errorf("%s: the comment of %s does not begin with it", s.at(name.Pos()), name.Name)
	}
}

// explainedSpecs looks at types, and at variables and constants, for which a
// comment of the group or behind the line is enough.
func explainedSpecs(t *testing.T, s source, g *ast.GenDecl) {
	for _, spec := range g.Specs {
		switch x := spec.(type) {
		case *ast.TypeSpec:
			doc := x.Doc
			if doc == nil {
				doc = g.Doc
			}
			if x.Name.IsExported() {
				explained(t, s, x.Name, doc)
			}
		case *ast.ValueSpec:
			for _, name := range x.Names {
				if name.IsExported() && g.Doc == nil && x.Doc == nil && x.Comment == nil {
					t.Errorf("%s: %s has no comment", s.at(name.Pos()), name.Name)
				}
			}
		}
	}
}
