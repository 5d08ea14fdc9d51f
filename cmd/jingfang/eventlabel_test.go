package main

import (
	"go/ast"
	"go/token"
	"strconv"
	"testing"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
)

// An auditor reads what was done, not our names for it: every event that the
// program writes has a Chinese name.
func TestEveryEventHasAName(t *testing.T) {
	events := []string{"session." + string(inventory.MoveAllocate), "session." + string(inventory.MoveComeHome)}
	for _, k := range []session.ArrivalKind{session.Queued, session.Started, session.AlreadyWaiting, session.AlreadyYours} {
		events = append(events, "visit."+string(k))
	}
	for _, s := range sources(t) {
		if !s.test {
			events = append(events, eventsOf(s.file)...)
		}
	}
	if len(events) < 30 {
		t.Fatalf("only %d events found", len(events))
	}
	for _, e := range events {
		if identity.EventLabel(e) == "" && eventLabel(e) == "" {
			t.Errorf("the event %q has no Chinese name", e)
		}
	}
}

// eventsOf gives the names in literals of identity.Event and in calls of
// functions that make one. A name that is put together is not among them.
func eventsOf(f *ast.File) (list []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CompositeLit:
			if name := typeName(n.Type); name == "Event" {
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok && typeName(kv.Key) == "Name" {
						list = append(list, textOf(kv.Value)...)
					}
				}
			}
		case *ast.CallExpr:
			if name := typeName(n.Fun); (name == "staffEvent" || name == "grantEvent") && len(n.Args) > 0 {
				list = append(list, textOf(n.Args[0])...)
			}
		}
		return true
	})
	return list
}

func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func textOf(e ast.Expr) []string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return nil
	}
	text, err := strconv.Unquote(lit.Value)
	if err != nil {
		return nil
	}
	return []string{text}
}
