package inventory_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// open reads what counts left unsettled, as "kind booked counted".
func (s *tally) open(t testing.TB) []inventory.OpenDifference {
	t.Helper()
	list, err := inventory.OpenDifferences(t.Context(), s.App, 0)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (s *tally) recount(t testing.TB, drug int64) {
	t.Helper()
	if _, err := s.RecountDrug(t.Context(), s.one, inventory.Recounting{StocktakeID: s.id, CommandID: uuid.New(), DrugID: drug}); err != nil {
		t.Fatal(err)
	}
}

// explaining gives every difference a ready-made reason with some words.
func (s *tally) explaining(r inventory.CountResult, words string) inventory.Explaining {
	in := inventory.Explaining{StocktakeID: s.id, CommandID: uuid.New(), Reason: inventory.ReasonNotKnown, Text: words, Adjust: true}
	for _, d := range r.Differences {
		in.Differences = append(in.Differences, d.ID)
	}
	return in
}

// A number that differs wants the boxes scanned: a second number is refused, but for
// one that confirms what was scanned, and then the missing boxes have names.
func TestANumberThatDiffersIsScanned(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 5)
	s.start(t)
	s.number(t, s.drug1, 3, nil)
	a, err := s.SubmitStocktake(t.Context(), s.one, s.step(""))
	if err != nil || !strings.Contains(a.Sentence, "逐盒重盘") {
		t.Fatalf("handed in: %+v %v", a, err)
	}
	r, diff := s.result(t)
	same(t, diff, "number")
	_, err = s.ExplainDifferences(t.Context(), s.one, s.explaining(r, ""))
	wantKind(t, err, db.Invalid, "逐盒扫一遍")
	_, err = s.ApproveStocktake(t.Context(), s.manager, s.approving(1))
	wantKind(t, err, db.Conflict, "没有写明原因")
	s.recount(t, s.drug1)
	in := inventory.CountingNumber{StocktakeID: s.id, CommandID: uuid.New(), DrugID: s.drug1, Packs: 4}
	_, err = s.CountByNumber(t.Context(), s.two, in)
	wantKind(t, err, db.Conflict, "逐盒扫一遍")
	s.seen(t, s.one, c[0], c[1], c[2], c[3])
	s.number(t, s.drug1, 4, nil)
	r, diff = s.submit(t)
	same(t, diff, "missing 0005 lose")
	s.explain(t, r, true)
	done, err := s.ApproveStocktake(t.Context(), s.manager, s.approving(2))
	if err != nil || done.Adjusted != 1 || done.Open != 0 {
		t.Fatalf("approved %+v %v", done, err)
	}
	if p := s.state(t, c[4]); p.State != inventory.StateLost {
		t.Errorf("the missing box is %s", p.State)
	}
	if open := s.open(t); len(open) != 0 {
		t.Errorf("still open: %+v", open)
	}
}

// A number that nobody settled stays in sight until a later count has: leaving the
// drug out does not make it go away, in the same count or in the next.
func TestANumberThatDiffersStaysInSight(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 5)
	d := s.fill(t, prefix2, 2)
	s.start(t)
	s.number(t, s.drug1, 3, nil)
	s.seen(t, s.one, d...)
	s.submit(t)
	s.recount(t, s.drug1)
	r, diff := s.submit(t)
	same(t, diff, "number")
	if x := r.Differences[0]; x.Booked != 5 || x.Counted != 3 || !x.Unnamed() {
		t.Errorf("kept as %+v", x)
	}
	if _, err := s.ExplainDifferences(t.Context(), s.one, s.explaining(r, "演示：冷柜锁着")); err != nil {
		t.Fatal(err)
	}
	done, err := s.ApproveStocktake(t.Context(), s.manager, s.approving(2))
	if err != nil || done.Open != 1 || !strings.Contains(done.Sentence, "账没有动") {
		t.Fatalf("approved %+v %v", done, err)
	}
	open := s.open(t)
	if len(open) != 1 || !strings.Contains(open[0].Sentence(), "按数少 2 ") || !strings.Contains(open[0].Sentence(), "冷柜锁着") {
		t.Fatalf("open: %+v", open)
	}
	next := func(do func()) {
		t.Helper()
		s.start(t)
		do()
		r, _ := s.submit(t)
		if len(r.Differences) > 0 {
			s.explain(t, r, true)
		}
		if _, err := s.ApproveStocktake(t.Context(), s.manager, s.approving(1)); err != nil {
			t.Fatal(err)
		}
	}
	next(func() { s.seen(t, s.one, d...) })
	if open := s.open(t); len(open) != 1 {
		t.Errorf("a count without the drug settles it: %+v", open)
	}
	next(func() { s.seen(t, s.one, c[:3]...) })
	if open := s.open(t); len(open) != 0 {
		t.Errorf("still open: %+v", open)
	}
	if p := s.state(t, c[4]); p.State != inventory.StateLost {
		t.Errorf("the missing box is %s", p.State)
	}
}
