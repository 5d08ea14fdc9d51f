package inventory_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// openOpening begins a list on behalf of somebody.
func (s *shop) openOpening(t testing.TB, by identity.Actor, reason string) int64 {
	t.Helper()
	id, err := s.StartOpening(t.Context(), by, inventory.OpeningStart{CommandID: newID(), Reason: reason})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (s *shop) count(t testing.TB, by identity.Actor, list int64, typed inventory.TypedBatch, codes ...string) inventory.OpeningAnswer {
	t.Helper()
	a, err := s.ScanOpening(t.Context(), by, inventory.OpeningScan{ListID: list, CommandID: newID(), Codes: strings.Join(codes, "\n"), Typed: typed})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func openingKinds(a inventory.OpeningAnswer) string {
	var list []string
	for _, x := range a.Answers {
		list = append(list, string(x.Kind))
	}
	return strings.Join(list, " ")
}

// From the first box to the store: collected by one, completed, confirmed by
// another, once; then a late document has them.
func TestOpeningCount(t *testing.T) {
	s := newShop(t)
	gs1 := addDrug(t, s.DB, "YS3", "06901234567892")
	one, two := someone(2, identity.Assistant), someone(3, identity.Pharmacist)
	doc := transfer("R1", 1, 1)
	doc.Lines[0].Codes = codesFrom(prefix1, 90, 1)
	receipt := s.take(t, doc)
	s.scan(t, receipt, code(prefix2, 91))
	list := s.openOpening(t, one, "")
	if _, err := s.StartOpening(t.Context(), two, inventory.OpeningStart{CommandID: newID()}); db.KindOf(err) != db.Conflict {
		t.Errorf("a second open list: %v", err)
	}
	good := inventory.TypedBatch{Batch: "OB1", ExpiresOn: day(2028, 5, 31)}
	a := s.count(t, one, list, good, code(prefix1, 1), code(prefix1, 2), code(prefix1, 1), code(prefix1, 90), code(prefix2, 91), code("8199999", 1),
		"6901234567892", "(01)06901234567892(17)280131(10)G1(21)S1")
	if want := "ok ok already_here other_receipt already_here unknown_prefix commodity_code ok"; openingKinds(a) != want || a.Added != 3 || a.Total != 3 {
		t.Fatalf("answers %s, %d added of %d", openingKinds(a), a.Added, a.Total)
	}
	if !strings.Contains(a.Answers[4].Sentence, "药房账上") || !strings.Contains(a.Answers[2].Sentence, "期初清单") {
		t.Errorf("sentences %q %q", a.Answers[4].Sentence, a.Answers[2].Sentence)
	}
	s.count(t, one, list, inventory.TypedBatch{}, code(prefix2, 1), code(prefix2, 2))
	if n := countOf(t, s.App, `SELECT count(*) FROM pack WHERE receipt_line_id IS NULL`); n != 0 {
		t.Errorf("%d boxes are in the store before anybody confirmed", n)
	}
	confirm := inventory.OpeningConfirm{ListID: list, CommandID: newID(), Packs: 5}
	if _, err := s.ConfirmOpening(t.Context(), two, confirm); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "2 盒没有批号") {
		t.Errorf("blank batches: %v", err)
	}
	group := inventory.OpeningGroup{DrugID: s.drug2}
	for name, typed := range map[string]inventory.TypedBatch{"blank": {Batch: "X"}, "far": {Batch: "X", ExpiresOn: time.Now().AddDate(11, 0, 0)}, "past": {Batch: "X", ExpiresOn: day(2025, 1, 1)},
		"long": {Batch: strings.Repeat("批", 61), ExpiresOn: day(2028, 1, 1)}} {
		if _, err := s.FillOpening(t.Context(), one, inventory.OpeningFill{ListID: list, CommandID: newID(), Group: group, Typed: typed}); db.KindOf(err) != db.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	past := inventory.TypedBatch{Batch: "OB2", ExpiresOn: day(2025, 1, 1), Confirmed: true}
	if n, err := s.FillOpening(t.Context(), one, inventory.OpeningFill{ListID: list, CommandID: newID(), Group: group, Typed: past}); err != nil || n != 2 {
		t.Fatalf("fill: %d %v", n, err)
	}
	read := inventory.OpeningGroup{DrugID: gs1, Batch: "G1", ExpiresOn: "2028-01-31"}
	if _, err := s.FillOpening(t.Context(), one, inventory.OpeningFill{ListID: list, CommandID: newID(), Group: read, Typed: good}); db.KindOf(err) != db.Conflict {
		t.Errorf("what the code carries was overwritten: %v", err)
	}
	if _, err := s.ConfirmOpening(t.Context(), one, confirm); db.KindOf(err) != db.Denied {
		t.Errorf("the same person confirms: %v", err)
	}
	if _, err := s.ConfirmOpening(t.Context(), two, inventory.OpeningConfirm{ListID: list, CommandID: newID(), Packs: 4}); db.KindOf(err) != db.Conflict {
		t.Errorf("another count than the list: %v", err)
	}
	for range 2 {
		if n, err := s.ConfirmOpening(t.Context(), two, confirm); err != nil || n != 5 {
			t.Fatalf("confirm: %d %v", n, err)
		}
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM movement WHERE kind = 'opening' AND staff_id = 3`); n != 5 {
		t.Errorf("%d movements", n)
	}
	if _, err := s.ConfirmOpening(t.Context(), two, inventory.OpeningConfirm{ListID: list, CommandID: newID(), Packs: 5}); db.KindOf(err) != db.Conflict {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := s.ScanOpening(t.Context(), one, inventory.OpeningScan{ListID: list, CommandID: newID(), Codes: code(prefix1, 5)}); db.KindOf(err) != db.Conflict {
		t.Errorf("scan into a closed list: %v", err)
	}
	if _, err := s.StartOpening(t.Context(), one, inventory.OpeningStart{CommandID: newID()}); db.KindOf(err) != db.Invalid {
		t.Errorf("a further list without a reason: %v", err)
	}
	s.openOpening(t, one, "漏了一个柜子")
	s.adoptedLater(t)
	s.clean(t)
	s.balanced(t)
}

// adoptedLater: a listed document has opening boxes at once, a counting one when
// they are scanned; neither overwrites a good batch with another or a blank.
func (s *shop) adoptedLater(t *testing.T) {
	t.Helper()
	doc := transfer("R7", 2, 2)
	doc.Lines[0].Codes = codesFrom(prefix1, 1, 1)
	doc.Lines[1].Batch, doc.Lines[1].ExpiresOn = "", time.Time{}
	id := s.take(t, doc)
	if x := s.receiptOf(t, "R7", 1); x.Received != 1 {
		t.Errorf("the listed box is not counted: %+v", x)
	}
	if p := s.pack(t, code(prefix1, 1)); p.Batch != "OB1" || p.State != inventory.StateInStore {
		t.Errorf("pack %+v", p)
	}
	a := s.scan(t, id, code(prefix1, 2)+"\n"+code(prefix2, 1)+"\n"+code(prefix2, 1))
	if want := "adopted adopted already_here"; strings.Join(kinds(a), " ") != want || a.Received != 3 {
		t.Errorf("answers %v %d", kinds(a), a.Received)
	}
	if p := s.pack(t, code(prefix2, 1)); p.Batch != "OB2" || p.ExpiresOn == nil || p.ReceiptLineID == nil {
		t.Errorf("pack %+v", p)
	}
}

// A box that comes in by a receipt while the list is open keeps the list from
// being entered until it is taken off; people who scan and confirm at once bring
// each box in once.
func TestOpeningRaces(t *testing.T) {
	s := newShop(t)
	one, two := someone(2, identity.Assistant), someone(3, identity.Pharmacist)
	list := s.openOpening(t, one, "")
	good := inventory.TypedBatch{Batch: "OB1", ExpiresOn: day(2028, 5, 31)}
	s.count(t, one, list, good, codesFrom(prefix1, 1, 20)...)
	receipt := s.take(t, transfer("R1", 20, 1))
	var wg sync.WaitGroup
	for n := range 10 {
		wg.Go(func() {
			in := inventory.ReceiveScan{ReceiptID: receipt, CommandID: newID(), Codes: code(prefix1, n+1)}
			if _, err := s.Receive(t.Context(), someone(int64(n+10), identity.Assistant), in); err != nil {
				t.Errorf("receive: %v", err)
			}
		})
		wg.Go(func() {
			_, err := s.ConfirmOpening(t.Context(), two, inventory.OpeningConfirm{ListID: list, CommandID: newID(), Packs: 20})
			if err != nil && db.KindOf(err) != db.Conflict {
				t.Errorf("confirm: %v", err)
			}
		})
	}
	wg.Wait()
	entered := countOf(t, s.App, `SELECT count(*) FROM opening_list WHERE state = 'entered'`)
	if entered == 0 {
		n, err := s.RemoveOpening(t.Context(), one, inventory.OpeningRemoval{ListID: list, CommandID: newID(), Known: true})
		if err != nil || n != 10 {
			t.Fatalf("take the known ones off: %d %v", n, err)
		}
		if _, err := s.ConfirmOpening(t.Context(), two, inventory.OpeningConfirm{ListID: list, CommandID: newID(), Packs: 10}); err != nil {
			t.Fatal(err)
		}
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM pack WHERE state = 'in_store'`); n != 20 {
		t.Errorf("%d boxes in the store", n)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM movement WHERE kind IN ('opening', 'receive')`); n != 20 {
		t.Errorf("%d boxes came in", n)
	}
	s.clean(t)
}

func TestOpeningOf2000IsFewStatements(t *testing.T) {
	s := newShop(t)
	one, two := someone(2, identity.Assistant), someone(3, identity.Pharmacist)
	list := s.openOpening(t, one, "")
	in := inventory.OpeningScan{ListID: list, CommandID: newID(), Codes: strings.Join(codesFrom(prefix1, 1, 2000), "\n"),
		Typed: inventory.TypedBatch{Batch: "OB1", ExpiresOn: day(2028, 5, 31)}}
	ctx, counter := db.WithCounter(t.Context())
	began := time.Now()
	if _, err := s.ScanOpening(ctx, one, in); err != nil {
		t.Fatal(err)
	}
	t.Logf("scan: %v, %d statements", time.Since(began), counter.Count())
	scanned := counter.Count()
	ctx, counter = db.WithCounter(t.Context())
	began = time.Now()
	if n, err := s.ConfirmOpening(ctx, two, inventory.OpeningConfirm{ListID: list, CommandID: newID(), Packs: 2000}); err != nil || n != 2000 {
		t.Fatal(n, err)
	}
	t.Logf("confirm: %v, %d statements", time.Since(began), counter.Count())
	if scanned > 12 || counter.Count() > 12 {
		t.Errorf("%d and %d statements", scanned, counter.Count())
	}
	if err := s.DropOpening(t.Context(), one, inventory.OpeningDrop{ListID: list, CommandID: newID()}); db.KindOf(err) != db.Conflict {
		t.Errorf("an entered list was dropped: %v", err)
	}
}
