package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is the import path of everything of ours.
const module = "jingfang"

// ladder is the table of rungs of the house: imports go down only.
func ladder() map[string]int {
	rungs := [][]string{
		0: {"sql", "static", "sql/seal"},
		1: {"sql/db", "integration/wire", "static/browsertest"},
		2: {"session/identity", "session/job", "sql/embedded"},
		3: {"session/live", "session/page", "integration/translog", "sql/dbtest"},
		4: {"inventory", "session/patient"},
		5: {"session"},
		6: {"session/notice", "reporting", "integration", "integration/simulator"},
		7: {"session/notice/web", "session/web", "session/identity/web", "session/patient/web", "inventory/web", "reporting/web", "integration/web"},
		8: {"cmd/jingfang", "cmd/hospitalsim", "cmd/clinicload"},
	}
	table := map[string]int{}
	for rung, names := range rungs {
		for _, name := range names {
			table[name] = rung
		}
	}
	return table
}

// source is one Go file of the module.
type source struct {
	pkg  string // its folder below the module, such as "sql/db"
	name string // its path below the module
	test bool
	// outside is a test of the package from outside, which may look up.
	outside bool
	set     *token.FileSet
	file    *ast.File
}

// at is where something stands, for messages.
func (s source) at(pos token.Pos) string {
	return s.name + ":" + strconv.Itoa(s.set.Position(pos).Line)
}

// parsed are the Go files of the module, read once for all tests of the house.
var parsed = sync.OnceValues(parse)

// sources are the Go files of the module. Nobody changes them.
func sources(t *testing.T) []source {
	t.Helper()
	list, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 100 {
		t.Fatalf("only %d Go files found", len(list))
	}
	return list
}

// parse reads every Go file of the module.
func parse() ([]source, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	var list []source
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") {
			return nil
		}
		s, err := parseFile(root, path)
		list = append(list, s)
		return err
	})
	return list, err
}

func parseFile(root, path string) (source, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return source{}, err
	}
	name, err := filepath.Rel(root, path)
	if err != nil {
		return source{}, err
	}
	s := source{pkg: filepath.ToSlash(filepath.Dir(name)), name: filepath.ToSlash(name), test: strings.HasSuffix(name, "_test.go"), set: token.NewFileSet()}
	s.file, err = parser.ParseFile(s.set, path, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return source{}, err
	}
	s.outside = s.test && strings.HasSuffix(s.file.Name.Name, "_test")
	return s, nil
}

// imports lists what a file imports, with the place.
func (s source) imports() map[string]token.Pos {
	list := map[string]token.Pos{}
	for _, i := range s.file.Imports {
		if path, err := strconv.Unquote(i.Path.Value); err == nil {
			list[path] = i.Pos()
		}
	}
	return list
}

func TestLadder(t *testing.T) {
	rungs := ladder()
	for _, s := range sources(t) {
		own, known := rungs[s.pkg]
		if !known {
			t.Errorf("%s: package %s has no rung in the ladder", s.name, s.pkg)
			continue
		}
		for path, pos := range s.imports() {
			other, ours := strings.CutPrefix(path, module+"/")
			if !ours || s.outside {
				continue
			}
			if rung, known := rungs[other]; !known || rung >= own {
				t.Errorf("%s: %s (rung %d) imports %s (rung %d): imports go down only", s.at(pos), s.pkg, own, other, rung)
			}
		}
	}
}

// gate is a library that only some packages may import.
type gate struct {
	library string // its path or the beginning of it
	owners  []string
}

func gates() []gate {
	return []gate{
		{"github.com/r3labs/sse", []string{"session/live", "cmd/clinicload"}}, // clinicload measures the bare library
		{"github.com/emmansun/gmsm", []string{"sql/seal"}},
		{"github.com/jmoiron/sqlx", []string{"sql/db"}},
		{"database/sql", []string{"sql/db", "sql/embedded", "sql/dbtest"}},
		{"github.com/prometheus/client_golang", []string{"cmd/jingfang"}},
		{"github.com/pquerna/otp", []string{"session/identity"}},
		{"github.com/jung-kurt/gofpdf", []string{"reporting"}},
		{"github.com/xuri/excelize", []string{"reporting", "session/patient"}},
		{"github.com/chromedp", []string{"static/browsertest"}},
		{"github.com/PuerkitoBio/goquery", nil}, // tests only
		{"testing", []string{"sql/dbtest", "static/browsertest"}},
		{module + "/sql/dbtest", nil},
		{module + "/static/browsertest", nil},
	}
}

func TestLibrariesStayBehindTheirGates(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for path, pos := range s.imports() {
			for _, g := range gates() {
				if (path == g.library || strings.HasPrefix(path, g.library+"/")) && !slices.Contains(g.owners, s.pkg) {
					t.Errorf("%s: %s imports %s, which only %v may", s.at(pos), s.pkg, path, g.owners)
				}
			}
		}
	}
}

// TestDriverStaysInDB: others use the driver's arrays and nothing else of it.
func TestDriverStaysInDB(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || slices.Contains([]string{"sql/db", "sql/dbtest", "sql/embedded"}, s.pkg) {
			continue
		}
		if _, has := s.imports()["github.com/lib/pq"]; !has {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			x, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if id, ok := x.X.(*ast.Ident); ok && id.Name == "pq" && !strings.HasSuffix(x.Sel.Name, "Array") {
				t.Errorf("%s: pq.%s outside of sql/db", s.at(x.Pos()), x.Sel.Name)
			}
			return true
		})
	}
}
