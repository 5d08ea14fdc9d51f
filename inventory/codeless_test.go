package inventory_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// confirmSheet confirms a difference sheet as another person.
func (s *shop) confirmSheet(t testing.TB, receipt, sheet int64) inventory.Finished {
	t.Helper()
	done, err := s.DecideSheet(t.Context(), someone(77, identity.Pharmacist), inventory.SheetDecision{ReceiptID: receipt, SheetID: sheet, CommandID: uuid.New(), Confirm: true})
	if err != nil || done.Waiting {
		t.Fatalf("confirm: %+v %v", done, err)
	}
	return done
}

func (s *shop) line(t testing.TB, receipt int64, no int) inventory.ReceiptLine {
	t.Helper()
	lines, err := inventory.ReceiptLines(t.Context(), s.App, receipt)
	if err != nil || len(lines) < no {
		t.Fatalf("lines %v %v", lines, err)
	}
	return lines[no-1]
}

// codeless records and confirms boxes without a code and gives our codes.
func (s *shop) codeless(t testing.TB, receipt, line int64, packs int) []string {
	t.Helper()
	ask := inventory.CodelessAsk{ReceiptID: receipt, CommandID: uuid.New(), LineID: line, Packs: packs, Reason: inventory.CodeDamaged, Readable: "末四位 0003"}
	id, err := s.AskCodeless(t.Context(), someone(2, identity.Assistant), ask)
	if err != nil {
		t.Fatal(err)
	}
	codes, err := s.DecideCodeless(t.Context(), someone(3, identity.Assistant), inventory.CodelessDecision{ReceiptID: receipt, RequestID: id, CommandID: uuid.New(), Confirm: true})
	if err != nil || len(codes) != packs {
		t.Fatalf("%v %v", codes, err)
	}
	return codes
}

func TestBoxesWithoutACode(t *testing.T) {
	s := newShop(t)
	ctx, first, second := t.Context(), someone(2, identity.Assistant), someone(3, identity.Assistant)
	id := s.take(t, transfer("R1", 3, 1))
	line := s.line(t, id, 1)
	ask := inventory.CodelessAsk{ReceiptID: id, CommandID: uuid.New(), LineID: line.ID, Packs: 2, Reason: inventory.CodeDamaged}
	for name, x := range map[string]struct {
		change func(*inventory.CodelessAsk)
		by     identity.Actor
		want   db.Kind
	}{
		"too many":        {func(a *inventory.CodelessAsk) { a.Packs = 4 }, first, db.Conflict},
		"none":            {func(a *inventory.CodelessAsk) { a.Packs = 0 }, first, db.Invalid},
		"a million":       {func(a *inventory.CodelessAsk) { a.Packs = 1_000_000 }, first, db.Invalid},
		"no reason":       {func(a *inventory.CodelessAsk) { a.Reason = "x" }, first, db.Invalid},
		"another receipt": {func(a *inventory.CodelessAsk) { a.LineID = 999 }, first, db.Invalid},
		"too much text":   {func(a *inventory.CodelessAsk) { a.Readable = strings.Repeat("长", 101) }, first, db.Invalid},
		"a doctor":        {func(*inventory.CodelessAsk) {}, someone(9, identity.Doctor), db.Denied},
	} {
		bad := ask
		bad.CommandID = uuid.New()
		x.change(&bad)
		if _, err := s.AskCodeless(ctx, x.by, bad); db.KindOf(err) != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	request, err := s.AskCodeless(ctx, first, ask)
	if err != nil {
		t.Fatal(err)
	}
	more := ask
	more.CommandID = uuid.New()
	if _, err := s.AskCodeless(ctx, first, more); db.KindOf(err) != db.Conflict {
		t.Errorf("more than is missing: %v", err)
	}
	end := inventory.Finishing{ReceiptID: id, CommandID: uuid.New(), Missing: 4, Remark: "x"}
	if _, err := s.FinishReceipt(ctx, first, end); db.KindOf(err) != db.Conflict {
		t.Errorf("finished while it waits: %v", err)
	}
	yes := inventory.CodelessDecision{ReceiptID: id, RequestID: request, CommandID: uuid.New(), Confirm: true}
	if _, err := s.DecideCodeless(ctx, first, yes); db.KindOf(err) != db.Denied {
		t.Fatalf("the same person confirms: %v", err)
	}
	yes.CommandID = uuid.New()
	codes, err := s.DecideCodeless(ctx, second, yes)
	if err != nil || len(codes) != 2 {
		t.Fatalf("%v %v", codes, err)
	}
	yes.CommandID = uuid.New()
	if _, err := s.DecideCodeless(ctx, second, yes); db.KindOf(err) != db.Conflict {
		t.Errorf("confirmed twice: %v", err)
	}
	p, err := inventory.FindPack(ctx, s.App, strings.ToUpper(codes[0]))
	if err != nil || !p.Codeless() || p.State != inventory.StateInStore || p.Batch != "B1" || p.UnitsLeft != 20 {
		t.Errorf("pack %+v %v", p, err)
	}
	teach := inventory.Teaching{CommandID: uuid.New(), Code: codes[0], DrugID: s.drug1, Level: 1}
	if _, err := s.TeachPrefix(ctx, pharmacist(), teach); db.KindOf(err) != db.Invalid {
		t.Errorf("a code of ours teaches a prefix: %v", err)
	}
	if l := s.line(t, id, 1); l.Received != 2 || l.Missing() != 1 {
		t.Errorf("progress %+v", l)
	}
	list, err := inventory.ReadCodeless(ctx, s.App, id)
	if err != nil || len(list) != 1 || len(list[0].Boxes) != 2 || list[0].State != "confirmed" {
		t.Errorf("list %+v %v", list, err)
	}
	s.clean(t)
}

// Two people confirm at once: the boxes come in once.
func TestCodelessConfirmedByTwoAtOnce(t *testing.T) {
	s := newShop(t)
	id := s.take(t, transfer("R1", 5, 1))
	ask := inventory.CodelessAsk{ReceiptID: id, CommandID: uuid.New(), LineID: s.line(t, id, 1).ID, Packs: 2, Reason: inventory.CodeMissing}
	request, err := s.AskCodeless(t.Context(), someone(2, identity.Assistant), ask)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 5)
	for i := range errs {
		wg.Go(func() {
			in := inventory.CodelessDecision{ReceiptID: id, RequestID: request, CommandID: uuid.New(), Confirm: true}
			_, errs[i] = s.DecideCodeless(context.Background(), someone(int64(10+i), identity.Assistant), in)
		})
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if db.KindOf(err) != db.Conflict {
			t.Error(err)
		}
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM pack WHERE state = 'in_store'`); won != 1 || n != 2 {
		t.Errorf("%d confirmed, %d packs", won, n)
	}
	s.clean(t)
}

// The true code is found later: both codes find the one box, and the document's
// announcement of the true code is withdrawn.
func TestTheTrueCodeIsFound(t *testing.T) {
	s := newShop(t)
	ctx, by := t.Context(), someone(2, identity.Assistant)
	doc := transfer("R1", 3, 2)
	doc.Lines[0].Codes = boxes(1, 3)
	id := s.take(t, doc)
	s.scan(t, id, strings.Join(boxes(1, 2), "\n"))
	ours := s.codeless(t, id, s.line(t, id, 1).ID, 1)[0]
	if a := s.scan(t, id, code(prefix1, 3)); a.Answers[0].Kind != inventory.KindCodelessTwin || a.Taken != 0 {
		t.Fatalf("the code of the box that is in: %+v", a.Answers[0])
	}
	link := func(code, found string) error {
		_, err := s.LinkCodeless(ctx, by, inventory.CodelessLink{CommandID: uuid.New(), Code: code, TrueCode: found})
		return err
	}
	for name, x := range map[string]struct {
		ours, found string
		want        db.Kind
	}{
		"no code of ours": {code(prefix1, 1), code(prefix1, 3), db.Invalid}, "nonsense": {ours, "6901234567892", db.Invalid},
		"two of ours": {ours, ours, db.Invalid}, "another drug": {ours, code(prefix2, 1), db.Invalid},
		"unknown prefix": {ours, code("8199999", 1), db.Invalid}, "a box that is here": {ours, code(prefix1, 1), db.Conflict},
	} {
		if err := link(x.ours, x.found); db.KindOf(err) != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := link(ours, code(prefix1, 3)); err != nil {
		t.Fatal(err)
	}
	if err := link(ours, code(prefix1, 3)); db.KindOf(err) != db.Conflict {
		t.Errorf("linked twice: %v", err)
	}
	for _, c := range []string{ours, code(prefix1, 3)} {
		p, err := inventory.FindPack(ctx, s.App, c)
		if err != nil || p.Code != ours || p.TrueCode != code(prefix1, 3) || p.State != inventory.StateInStore {
			t.Errorf("%s finds %+v %v", c, p, err)
		}
	}
	if a := s.scan(t, id, code(prefix1, 3)); a.Answers[0].Kind != inventory.KindAlreadyHere {
		t.Errorf("the true code scanned: %+v", a.Answers[0])
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM receipt_refusal WHERE resolved_at IS NULL`); n != 0 {
		t.Errorf("%d refusals left", n)
	}
	if l := s.line(t, id, 1); l.Received != 3 || l.Linked != 3 || l.Missing() != 0 {
		t.Errorf("line %+v", l)
	}
	s.clean(t)
}

func TestDifferenceSheetNeedsTwo(t *testing.T) {
	s := newShop(t)
	ctx, by := t.Context(), someone(2, identity.Assistant)
	id := s.take(t, transfer("R1", 3, 1))
	s.scan(t, id, strings.Join(append(boxes(1, 2), code(prefix2, 1), code(prefix2, 2)), "\n"))
	end := inventory.Finishing{ReceiptID: id, CommandID: uuid.New(), Missing: 1, Refused: 1, Remark: "已电话告知"}
	done, err := s.FinishReceipt(ctx, by, end)
	if err != nil || !done.Waiting {
		t.Fatalf("%+v %v", done, err)
	}
	if x, _ := inventory.FindReceipt(ctx, s.App, id); x.State != inventory.ReceiptScanning {
		t.Fatalf("the receipt is %s", x.State)
	}
	yes := func(sheet int64) inventory.SheetDecision {
		return inventory.SheetDecision{ReceiptID: id, SheetID: sheet, CommandID: uuid.New(), Confirm: true}
	}
	if _, err := s.DecideSheet(ctx, by, yes(done.SheetID)); db.KindOf(err) != db.Denied {
		t.Errorf("the same person: %v", err)
	}
	if _, err := s.DecideSheet(ctx, someone(9, identity.Doctor), yes(done.SheetID)); db.KindOf(err) != db.Denied {
		t.Errorf("a doctor: %v", err)
	}
	s.scan(t, id, code(prefix1, 3)) // found after all
	if _, err := s.DecideSheet(ctx, pharmacist(), yes(done.SheetID)); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "少 0 盒") {
		t.Errorf("a sheet that is not true any more: %v", err)
	}
	end.CommandID, end.Missing = uuid.New(), 0
	again, err := s.FinishReceipt(ctx, by, end)
	if err != nil || again.SheetID == done.SheetID {
		t.Fatalf("%+v %v", again, err)
	}
	if _, err := s.DecideSheet(ctx, pharmacist(), yes(done.SheetID)); db.KindOf(err) != db.Conflict {
		t.Errorf("the void sheet: %v", err)
	}
	s.confirmSheet(t, id, again.SheetID)
	sheet, err := inventory.ReadReceiptSheet(ctx, s.App, id)
	if err != nil || sheet.Sign == nil || sheet.Sign.State != "confirmed" || len(sheet.Differ.Refused) != 1 || sheet.Receipt.State != inventory.ReceiptFinished {
		t.Errorf("sheet %+v %v", sheet, err)
	}
	s.clean(t)
}

// A pack whose code or relation file names another batch than its line stands on
// the sheet.
func TestWrongBatchStandsOnTheSheet(t *testing.T) {
	s := cartonShop(t)
	id := s.take(t, transfer("R1", 3, 1))
	s.relation(t, code(prefixMiddle, 1), 2, "", boxes(1, 3)...) // batch F1, the line says B1
	s.scan(t, id, code(prefixMiddle, 1)+"\n"+code(prefix2, 1))
	sheet, err := inventory.ReadReceiptSheet(t.Context(), s.App, id)
	if err != nil || len(sheet.Batches) != 3 || sheet.Batches[0].Listed != "B1" || sheet.Batches[0].Found != "F1" || sheet.None() {
		t.Fatalf("sheet %+v %v", sheet, err)
	}
	done, err := s.FinishReceipt(t.Context(), pharmacist(), inventory.Finishing{ReceiptID: id, CommandID: uuid.New(), Remark: "批号印错"})
	if err != nil || !done.Waiting || done.WrongBatch != 3 || !strings.Contains(done.Sentence, "批号不符 3 盒") {
		t.Errorf("%+v %v", done, err)
	}
}
