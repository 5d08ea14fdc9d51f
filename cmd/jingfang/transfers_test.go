package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"jingfang/integration/translog"
	integrationweb "jingfang/integration/web"
	"jingfang/session/page"
)

// TestEveryTransferIsNoted: every address that takes scanned codes, comes from a
// table, takes or gives a file or prints leaves an entry in the transfer log. What
// serves a file or prints is read from the handlers' own source, so that a new one
// fails here. What is in the table is an address of ours.
func TestEveryTransferIsNoted(t *testing.T) {
	table, known, sources := transfers(), map[string]bool{}, map[string]*webSource{}
	for _, x := range new(app).routes() {
		address := x.method + " " + x.pattern
		known[address] = true
		if _, noted := table[address]; noted || carriesNothing()[address] != "" {
			continue
		}
		atTable := x.method == "POST" && strings.HasPrefix(x.pattern, "/sessions/{id}/visits")
		if atTable || x.method == "POST" && strings.HasSuffix(x.pattern, "/scans") {
			t.Errorf("%s comes from a device and has no line in transferLines()", address)
		}
		if what := carried(t, sources, x.do); what != "" {
			t.Errorf("%s %s and has no line in transferLines()", address, what)
		}
	}
	for address, x := range table {
		if !known[address] {
			t.Errorf("transferLines() names %s, which is no address", address)
		}
		if x.System == "" || x.Service == "" || x.Direction != translog.In && x.Direction != translog.Out {
			t.Errorf("%s: %+v", address, x)
		}
		if x.Key != "" && !strings.Contains(address, "{"+x.Key+"}") {
			t.Errorf("%s has no parameter %s", address, x.Key)
		}
		if integrationweb.ServiceWord(x.Service) == x.Service {
			t.Errorf("%s has no word for people", x.Service)
		}
	}
	for address := range carriesNothing() {
		if !known[address] {
			t.Errorf("carriesNothing() names %s, which is no address", address)
		}
	}
}

// carriesNothing are addresses that look like transfers, with the reason why they
// are none.
func carriesNothing() map[string]string {
	const empty, screen = "an empty form or a sample: nobody's data", "a screen that people read; printing it is the browser's own act"
	return map[string]string{
		"GET /patients/import/template.xlsx": empty, "GET /receipts/problems/template.csv": empty, "GET /cartons/example/{form}": empty,
		"GET /rehearsal": empty,
		"GET /absent":    screen, "GET /sessions/{id}/absent": screen, "POST /absent/phones": screen, "POST /sessions/{id}/absent/phones": screen,
		"GET /recalls/{id}/patients": screen, "GET /statistics/visits": screen, "GET /statistics/use": screen, "GET /statistics/stock": screen,
		"GET /statistics/reports/{report}": screen, "GET /patients/labels": screen,
		"GET /setaside/{id}": screen, "POST /setaside/{id}/confirm": screen, "POST /setaside/{id}/withdraw": screen,
		"POST /transferlog/key": "the log officer's own key: it stays in memory and is audited",
	}
}

// carried says what a handler does with files or papers, "" for nothing.
func carried(t *testing.T, sources map[string]*webSource, do page.Func) string {
	t.Helper()
	name := runtime.FuncForPC(reflect.ValueOf(do).Pointer()).Name() // jingfang/session/web.(*Handlers).Room-fm
	dir, method, ok := strings.Cut(strings.TrimPrefix(name, "jingfang/"), ".(")
	if !ok {
		return ""
	}
	_, method, _ = strings.Cut(method, ").")
	if sources[dir] == nil {
		sources[dir] = readWeb(t, filepath.Join("..", "..", dir))
	}
	return sources[dir].reach("."+strings.TrimSuffix(method, "-fm"), map[string]bool{})
}

// webSource is what the functions of a package call and say.
type webSource struct {
	calls map[string]map[string]bool
	says  map[string]string
}

// reach follows calls inside the package, by name.
func (s *webSource) reach(name string, seen map[string]bool) string {
	if seen[name] {
		return ""
	}
	seen[name] = true
	if what := s.says[name]; what != "" {
		return what
	}
	for callee := range maps.Keys(s.calls[name]) {
		if what := s.reach(callee, seen); what != "" {
			return what
		}
	}
	return ""
}

// readWeb reads the Go files of a web package and the pages that print.
func readWeb(t *testing.T, dir string) *webSource {
	t.Helper()
	prints := printing(t, dir)
	s := &webSource{calls: map[string]map[string]bool{}, says: map[string]string{}}
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Body != nil {
				s.add(fn, prints)
			}
		}
	}
	return s
}

func (s *webSource) add(fn *ast.FuncDecl, prints map[string]bool) {
	name, receiver := fn.Name.Name, ""
	if fn.Recv != nil && len(fn.Recv.List[0].Names) == 1 {
		receiver = fn.Recv.List[0].Names[0].Name
		name = "." + name
	}
	if s.calls[name] == nil {
		s.calls[name] = map[string]bool{}
	}
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.CallExpr:
			callee, own := calleeOf(x, receiver)
			s.calls[name][own] = true
			for _, arg := range x.Args {
				if text := literal(arg); callee == "Page" && prints[text] {
					s.says[name] = "prints " + text
				}
			}
			if callee == "FormFile" {
				s.says[name] = "takes a file"
			}
		case *ast.BasicLit:
			if literal(x) == "Content-Disposition" {
				s.says[name] = "serves a file"
			}
		}
		return true
	})
}

// calleeOf is the name of what is called, and its name among the functions of the
// package: a method of the same receiver begins with a point; "" for all others.
func calleeOf(x *ast.CallExpr, receiver string) (name, own string) {
	switch f := x.Fun.(type) {
	case *ast.Ident:
		return f.Name, f.Name
	case *ast.SelectorExpr:
		if on, ok := f.X.(*ast.Ident); ok && on.Name == receiver && receiver != "" {
			return f.Sel.Name, "." + f.Sel.Name
		}
		return f.Sel.Name, ""
	}
	return "", ""
}

func literal(x ast.Expr) string {
	b, ok := x.(*ast.BasicLit)
	if !ok || b.Kind != token.STRING {
		return ""
	}
	text, _ := strconv.Unquote(b.Value) // the compiler has read it
	return text
}

// printing are the names of the pages with a button that prints.
func printing(t *testing.T, dir string) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".html" {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "data-print") {
			out[strings.TrimSuffix(filepath.Base(path), ".html")] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
