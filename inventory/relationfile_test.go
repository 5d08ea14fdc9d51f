package inventory_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// relationText writes cartons of six boxes in middle packs of three.
func relationText(from, cartons int) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n<Document License=\"x\">\n<Relation productCode=\"8312345\" cascade=\"1:2:6\">\n<Batch batchNo=\"F9\" madeDate=\"2026-02-01\" validateDate=\"2028-02-01\">\n")
	line := func(code string, level int, parent string) {
		fmt.Fprintf(&b, "<Code curCode=\"%s\" packLayer=\"%d\" parentCode=\"%s\" flag=\"0\"/>\n", code, level, parent)
	}
	for c := from; c < from+cartons; c++ {
		line(code(prefixCarton, c), 3, "")
		for m := range 2 {
			line(code(prefixMiddle, 2*c+m), 2, code(prefixCarton, c))
			for n := range 3 {
				line(code(prefix1, 6*c+3*m+n), 1, code(prefixMiddle, 2*c+m))
			}
		}
	}
	b.WriteString("</Batch>\n</Relation>\n</Document>\n")
	return b.String()
}

func (s *shop) check(t testing.TB, text string) inventory.RelationCheck {
	t.Helper()
	c, err := s.CheckRelation(t.Context(), someone(2, identity.Assistant), "关系.xml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRelationIsLookedAtAndThenImported(t *testing.T) {
	s := cartonShop(t)
	doc := transfer("R1", 6, 1)
	doc.Lines[0].Codes, doc.Lines[0].Batch = []string{code(prefix1, 6)}, ""
	id := s.take(t, doc)
	c := s.check(t, relationText(1, 2))
	if c.Problems.Total != 0 || c.Cartons != 2 || c.Middles != 4 || c.Small != 12 || len(c.Drugs) != 1 || c.Drugs[0].Batch != "F9" || c.FileID == 0 {
		t.Fatalf("check %+v", c)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM carton`) + countOf(t, s.App, `SELECT count(*) FROM carton_code`); n != 0 {
		t.Fatalf("looking wrote %d rows", n)
	}
	if again := s.check(t, relationText(1, 2)); again.FileID != c.FileID {
		t.Errorf("the same file is kept twice")
	}
	in := inventory.RelationImport{FileID: c.FileID, CommandID: uuid.New()}
	for range 2 {
		done, err := s.ImportRelation(t.Context(), someone(2, identity.Assistant), in)
		if err != nil || done.Cartons != 6 || done.Small != 12 || done.Filled != 1 {
			t.Fatalf("import %+v %v", done, err)
		}
	}
	in.CommandID = uuid.New()
	if _, err := s.ImportRelation(t.Context(), someone(2, identity.Assistant), in); db.KindOf(err) != db.Conflict {
		t.Errorf("imported twice: %v", err)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM relation_file WHERE body IS NOT NULL`); n != 0 {
		t.Error("the file is still kept")
	}
	if a := s.scan(t, id, code(prefixCarton, 1)); a.Answers[0].Kind != inventory.KindCartonWhole || a.Taken != 6 {
		t.Errorf("the carton: %+v", a.Answers[0])
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM pack WHERE batch = 'F9' AND made_on IS NOT NULL`); n != 6 {
		t.Errorf("%d packs have the batch", n)
	}
	s.clean(t)
	// A larger file that holds what is known brings what is new; one that puts a
	// known box elsewhere is refused.
	more := s.check(t, relationText(1, 3))
	if more.Known != 18 || more.Problems.Total != 0 {
		t.Fatalf("more %+v", more)
	}
	done, err := s.ImportRelation(t.Context(), pharmacist(), inventory.RelationImport{FileID: more.FileID, CommandID: uuid.New()})
	if err != nil || done.Cartons != 3 || done.Small != 6 {
		t.Errorf("more: %+v %v", done, err)
	}
	moved := strings.Replace(relationText(1, 1), `parentCode="`+code(prefixMiddle, 2)+`"`, `parentCode="`+code(prefixMiddle, 3)+`"`, 1)
	moved = strings.ReplaceAll(moved, `flag="0"`, `flag="2"`)
	if c := s.check(t, strings.Replace(moved, "cascade", "x", 1)); c.Problems.Total == 0 || c.FileID != 0 {
		t.Errorf("moved: %+v", c)
	}
}

// A file with any fault changes nothing, and what was looked at is tested again
// when it is imported.
func TestRelationWithFaultsChangesNothing(t *testing.T) {
	s := cartonShop(t)
	good := relationText(1, 2)
	for name, text := range map[string]string{
		"truncated": good[:len(good)-200], "unknown prefix": strings.ReplaceAll(good, prefixCarton, "8399999"),
		"a circle": strings.Replace(good, `packLayer="3" parentCode=""`, `packLayer="3" parentCode="`+code(prefixMiddle, 2)+`"`, 1),
		"counts":   strings.Replace(good, fmt.Sprintf("<Code curCode=\"%s\" packLayer=\"1\" parentCode=\"%s\" flag=\"0\"/>\n", code(prefix1, 6), code(prefixMiddle, 2)), "", 1),
	} {
		c := s.check(t, text)
		if c.Problems.Total == 0 || c.FileID != 0 || !strings.HasPrefix(c.Problems.List[0].Sentence(), "第 ") {
			t.Errorf("%s: %+v", name, c.Problems)
		}
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM relation_file`) + countOf(t, s.App, `SELECT count(*) FROM carton`); n != 0 {
		t.Fatalf("%d rows", n)
	}
	c := s.check(t, good)
	other := inventory.Teaching{CommandID: uuid.New(), Code: prefixCarton, DrugID: s.drug2, Level: 3, Units: 120, Replace: true}
	if _, err := s.TeachPrefix(t.Context(), pharmacist(), other); err != nil {
		t.Fatal(err)
	}
	_, err := s.ImportRelation(t.Context(), pharmacist(), inventory.RelationImport{FileID: c.FileID, CommandID: uuid.New()})
	if db.KindOf(err) != db.Conflict || countOf(t, s.App, `SELECT count(*) FROM carton`) != 0 {
		t.Errorf("after the prefix changed: %v", err)
	}
	if _, err := s.CheckRelation(t.Context(), someone(9, identity.Doctor), "x", []byte(good)); db.KindOf(err) != db.Denied {
		t.Errorf("a doctor: %v", err)
	}
	if _, err := s.CheckRelation(t.Context(), pharmacist(), "x", nil); db.KindOf(err) != db.Invalid {
		t.Errorf("no file: %v", err)
	}
	if _, err := s.ImportRelation(t.Context(), pharmacist(), inventory.RelationImport{FileID: 999, CommandID: uuid.New()}); db.KindOf(err) != db.NotFound {
		t.Errorf("no such file: %v", err)
	}
}

// Two people import the same file at once: one does, the other is told.
func TestRelationImportedByTwoAtOnce(t *testing.T) {
	s := cartonShop(t)
	c := s.check(t, relationText(1, 5))
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			_, errs[i] = s.ImportRelation(context.Background(), someone(int64(10+i), identity.Assistant), inventory.RelationImport{FileID: c.FileID, CommandID: uuid.New()})
		})
	}
	wg.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		} else if db.KindOf(err) != db.Conflict {
			t.Error(err)
		}
	}
	if done != 1 || countOf(t, s.App, `SELECT count(*) FROM carton_code`) != 30 {
		t.Errorf("%d imports", done)
	}
}

// A hundred thousand rows are looked through and imported in seconds.
func TestRelationOfAHundredThousandRows(t *testing.T) {
	if testing.Short() {
		t.Skip("a long test")
	}
	s := cartonShop(t)
	text := relationText(1, 11_112)
	rows := strings.Count(text, "<Code ")
	began := time.Now()
	c := s.check(t, text)
	checked := time.Since(began)
	if c.Problems.Total != 0 || c.Small != 66_672 {
		t.Fatalf("%+v", c.Problems)
	}
	ctx, counter := db.WithCounter(t.Context())
	done, err := s.ImportRelation(ctx, pharmacist(), inventory.RelationImport{FileID: c.FileID, CommandID: uuid.New()})
	if err != nil || done.Cartons != 33_336 {
		t.Fatalf("%+v %v", done, err)
	}
	t.Logf("%d rows, %d bytes: looked through in %v, imported in %v, %d statements", rows, len(text), checked, time.Since(began)-checked, counter.Count())
	if counter.Count() > 20 {
		t.Errorf("%d statements", counter.Count())
	}
	wrong := strings.ReplaceAll(text, prefixCarton, "8399999")
	if c := s.check(t, wrong); c.Problems.Total < 10_000 || len(c.Problems.List) > 100 {
		t.Errorf("%d problems, %d named", c.Problems.Total, len(c.Problems.List))
	}
}
