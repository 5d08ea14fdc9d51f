package page

import (
	"errors"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"path"
	"strings"
	"text/template/parse"
)

// trees are parsed templates by name; they are copied before html/template sees
// them, because escaping changes a tree and an escaped set cannot be extended.
type trees map[string]*parse.Tree

// source is one template file.
type source struct {
	name  string // the file's name without folder and ending
	file  string // where it came from, for messages
	trees trees  // what it defines
}

// pageBlocks are what a page's file may define; the value says whether it must.
// title is the document's title; main the page itself; head more of <head>; where
// the place and date in the header; answer the area for the answer to a scan,
// with the id band, if the page begins with one; frame a class of <body>, such as
// room-frame for columns that do not scroll together.
var pageBlocks = map[string]bool{"title": true, "main": true, "head": false, "where": false, "answer": false, "frame": false}

// parse reads all sets and builds one template set for each page and one for all
// fragments.
func (s *Site) parse(sets []fs.FS) error {
	funcs, err := s.funcs()
	if err != nil {
		return err
	}
	layout, err := parseFile(own, "layout.html", funcs)
	if err != nil {
		return err
	}
	pages, err := collect(sets, "pages", funcs)
	if err != nil {
		return err
	}
	parts, err := collect(sets, "parts", funcs)
	if err != nil {
		return err
	}
	fragments, err := joinParts(parts, layout.trees)
	if err != nil {
		return err
	}
	return s.build(layout.trees, pages, fragments, funcs)
}

// build makes the executable sets. A page gets only the fragments it reaches:
// with all of them in every page, the trees alone would cost tens of megabytes.
func (s *Site) build(layout trees, pages []source, fragments trees, funcs template.FuncMap) error {
	s.pages = map[string]*template.Template{}
	for _, p := range pages {
		if err := checkPage(p); err != nil {
			return err
		}
		set, err := newSet(p.name, []string{"layout", "swap"}, funcs, p.trees, layout, fragments)
		if err != nil {
			return fmt.Errorf("%s: %w", p.file, err)
		}
		s.pages[p.name] = set
	}
	names := make([]string, 0, len(fragments))
	for name := range fragments {
		names = append(names, name)
	}
	set, err := newSet("fragments", names, funcs, fragments)
	if err != nil {
		return err
	}
	s.parts = set
	return nil
}

// collect parses one folder of this package's own set and of all others, and
// refuses a file name that occurs twice.
func collect(sets []fs.FS, folder string, funcs template.FuncMap) ([]source, error) {
	var found []source
	seen := map[string]string{}
	for i, set := range append([]fs.FS{own}, sets...) {
		names, err := fs.Glob(set, folder+"/*.html")
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", folder, err)
		}
		for _, file := range names {
			src, err := parseFile(set, file, funcs)
			if err != nil {
				return nil, err
			}
			where := fmt.Sprintf("%s of set %d", file, i)
			if before, twice := seen[src.name]; twice {
				return nil, fmt.Errorf("%s: the name %q is taken by %s", where, src.name, before)
			}
			seen[src.name] = where
			found = append(found, src)
		}
	}
	return found, nil
}

// parseFile parses one file and refuses text outside its definitions, which
// would be lost without a word.
func parseFile(set fs.FS, file string, funcs template.FuncMap) (source, error) {
	text, err := fs.ReadFile(set, file)
	if err != nil {
		return source{}, fmt.Errorf("read %s: %w", file, err)
	}
	src := source{name: strings.TrimSuffix(path.Base(file), ".html"), file: file, trees: trees{}}
	root := parse.New("\x00" + file)
	if _, err := root.Parse(string(text), "", "", src.trees, funcs, builtins); err != nil {
		return source{}, fmt.Errorf("%s: %w", file, err)
	}
	if !parse.IsEmptyTree(root.Root) {
		return source{}, fmt.Errorf("%s: there is text outside of {{define}}", file)
	}
	delete(src.trees, root.Name)
	return src, nil
}

// builtins are the functions text/template knows by itself; only the names
// matter to the parser.
var builtins = map[string]any{
	"and": true, "or": true, "not": true, "len": true, "index": true, "slice": true, "call": true,
	"print": true, "printf": true, "println": true, "html": true, "js": true, "urlquery": true,
	"eq": true, "ne": true, "lt": true, "le": true, "gt": true, "ge": true,
}

// checkPage holds a page's file to the blocks of the layout.
func checkPage(p source) error {
	for block, required := range pageBlocks {
		if required && p.trees[block] == nil {
			return fmt.Errorf("%s does not define %q", p.file, block)
		}
	}
	for name := range p.trees {
		if _, known := pageBlocks[name]; !known {
			return fmt.Errorf("%s defines %q; a page may define title, main, head, where, answer and frame, a fragment has its own file in parts", p.file, name)
		}
	}
	return nil
}

// joinParts puts all fragments into one table and holds each file to its name.
func joinParts(parts []source, layout trees) (trees, error) {
	all := trees{}
	for _, p := range parts {
		if p.trees[p.name] == nil {
			return nil, fmt.Errorf("%s does not define %q", p.file, p.name)
		}
		if len(p.trees) > 1 {
			return nil, fmt.Errorf("%s defines more than %q", p.file, p.name)
		}
		if _, block := pageBlocks[p.name]; block || layout[p.name] != nil {
			return nil, fmt.Errorf("%s: %q is a name of the layout", p.file, p.name)
		}
		all[p.name] = p.trees[p.name]
	}
	return all, nil
}

// newSet builds a set from the named templates and everything they call; the
// first table that knows a name wins. Escaping happens here, not at the first
// request, so that a template html/template refuses stops the program's start.
func newSet(name string, roots []string, funcs template.FuncMap, from ...trees) (*template.Template, error) {
	set := template.New("\x00" + name).Funcs(funcs).Option("missingkey=error")
	added := map[string]bool{}
	for len(roots) > 0 {
		next := roots[0]
		roots = roots[1:]
		if added[next] {
			continue
		}
		added[next] = true
		tree := find(next, from)
		if tree == nil {
			return nil, fmt.Errorf("template %q is called and nowhere defined", next)
		}
		if _, err := set.AddParseTree(next, tree.Copy()); err != nil {
			return nil, fmt.Errorf("add template %q: %w", next, err)
		}
		roots = append(roots, calls(tree.Root)...)
	}
	return set, escape(set, added)
}

// find looks a name up in the tables, in order.
func find(name string, from []trees) *parse.Tree {
	for _, table := range from {
		if tree := table[name]; tree != nil {
			return tree
		}
	}
	return nil
}

// escape executes every template once without data. Nearly all fail on the
// missing data, which means nothing; an escaping error is what we look for.
func escape(set *template.Template, names map[string]bool) error {
	for name := range names {
		var refused *template.Error
		if err := set.ExecuteTemplate(io.Discard, name, nil); errors.As(err, &refused) {
			return fmt.Errorf("template %q: %w", name, err)
		}
	}
	return nil
}

// calls lists the templates a list of nodes calls.
func calls(list *parse.ListNode) []string {
	if list == nil {
		return nil
	}
	var names []string
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.TemplateNode:
			names = append(names, n.Name)
		case *parse.IfNode:
			names = append(names, branch(&n.BranchNode)...)
		case *parse.RangeNode:
			names = append(names, branch(&n.BranchNode)...)
		case *parse.WithNode:
			names = append(names, branch(&n.BranchNode)...)
		}
	}
	return names
}

// branch lists the templates both arms of an if, range or with call.
func branch(n *parse.BranchNode) []string {
	return append(calls(n.List), calls(n.ElseList)...)
}
