package inventory_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

const (
	prefixMiddle = "8212345" // 中码 of drug 1: 3 boxes
	prefixCarton = "8312345" // 大码 of drug 1: 6 boxes
)

// cartonShop is a shop whose first drug comes in cartons.
func cartonShop(t testing.TB) *shop {
	s := newShop(t)
	for prefix, x := range map[string][2]int{prefixMiddle: {2, 60}, prefixCarton: {3, 120}} {
		in := inventory.Teaching{CommandID: uuid.New(), Code: prefix, DrugID: s.drug1, Level: x[0], Units: int64(x[1])}
		if _, err := s.TeachPrefix(t.Context(), pharmacist(), in); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// relation writes a carton with its codes past the import, as a relation file
// would have left it.
func (s *shop) relation(t testing.TB, carton string, level int, parent string, codes ...string) {
	t.Helper()
	tamper(t, s.DB, `INSERT INTO carton (code, drug_id, pack_level, parent_id, nominal, actual, complete, file_id, created_at)
VALUES ($1, $2, $3, (SELECT c.id FROM carton c WHERE c.code = $4::text), $5, $6, true, 1, now())`, carton, s.drug1, level, parent, max(1, len(codes)), len(codes))
	for _, c := range codes {
		tamper(t, s.DB, `INSERT INTO carton_code (carton_id, code, batch) SELECT c.id, $2::text, 'F1' FROM carton c WHERE c.code = $1::text`, carton, c)
	}
}

func boxes(from, to int) (list []string) {
	for i := from; i <= to; i++ {
		list = append(list, code(prefix1, i))
	}
	return list
}

func TestCartonIsScannedBoxByBox(t *testing.T) {
	s := cartonShop(t)
	id := s.take(t, transfer("R1", 10, 1))
	carton := code(prefixMiddle, 1)
	if a := s.scan(t, id, carton); a.Answers[0].Kind != inventory.KindCartonOpened || a.Carton == nil || a.Carton.Nominal != 3 || a.Carton.Scanned != 0 {
		t.Fatalf("open: %+v %+v", a, a.Carton)
	}
	a := s.scan(t, id, strings.Join(append(boxes(1, 2), code(prefix2, 1)), "\n"))
	if want := []string{"carton_in", "carton_in", "ok"}; !slices.Equal(kinds(a), want) || a.Carton.Scanned != 2 {
		t.Fatalf("two boxes and one of another drug: %v %+v", kinds(a), a.Carton)
	}
	if a := s.scan(t, id, carton); a.Answers[0].Kind != inventory.KindCartonAgain || a.Carton.Scanned != 2 {
		t.Fatalf("again: %+v", a.Answers[0])
	}
	if a := s.scan(t, id, code(prefix1, 2)); a.Answers[0].Kind != inventory.KindAlreadyHere || a.Carton.Scanned != 2 {
		t.Fatalf("a box twice: %+v %+v", a.Answers[0], a.Carton)
	}
	if a := s.scan(t, id, code(prefix1, 3)); a.Answers[0].Kind != inventory.KindCartonFull || !strings.Contains(a.Answers[0].Sentence, "3 / 3") {
		t.Fatalf("full: %+v", a.Answers[0])
	}
	if a := s.scan(t, id, carton); a.Answers[0].Kind != inventory.KindCartonDone {
		t.Fatalf("after it was full: %+v", a.Answers[0])
	}
	if a := s.scan(t, id, code(prefix1, 4)); a.Answers[0].Kind != inventory.KindOK {
		t.Fatalf("a box after the carton: %+v", a.Answers[0])
	}
	codes, complete, err := inventory.CartonPacks(t.Context(), s.App, carton)
	if err != nil || !complete || !slices.Equal(codes, boxes(1, 3)) {
		t.Errorf("packs %v %v %v", codes, complete, err)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM receipt_refusal`); n != 0 {
		t.Errorf("%d refusals", n)
	}
	s.clean(t)
}

func TestOddCartonEndsWithItsRealCount(t *testing.T) {
	s := cartonShop(t)
	ctx, by := t.Context(), someone(2, identity.Assistant)
	id := s.take(t, transfer("R1", 10, 1))
	s.scan(t, id, code(prefixCarton, 1)+"\n"+strings.Join(boxes(1, 4), "\n"))
	open, err := inventory.OpenCartons(ctx, s.App, id)
	if err != nil || len(open) != 1 || open[0].Scanned != 4 || open[0].Nominal != 6 {
		t.Fatalf("open %+v %v", open, err)
	}
	end := inventory.CartonEnding{ReceiptID: id, CartonID: open[0].ID, CommandID: uuid.New(), Status: inventory.BoxOdd}
	if _, err := s.FinishCarton(ctx, by, end); db.KindOf(err) != db.Invalid {
		t.Fatalf("without a reason: %v", err)
	}
	end.Reason, end.Drop = "x", true
	if _, err := s.FinishCarton(ctx, by, end); db.KindOf(err) != db.Conflict {
		t.Fatalf("drop a carton with boxes: %v", err)
	}
	end.Reason, end.Drop, end.CommandID = "箱上标着零箱", false, uuid.New()
	for range 2 {
		if done, err := s.FinishCarton(ctx, by, end); err != nil || done.Scanned != 4 || !done.Done {
			t.Fatalf("finish: %+v %v", done, err)
		}
	}
	end.CommandID = uuid.New()
	if _, err := s.FinishCarton(ctx, by, end); db.KindOf(err) != db.Conflict {
		t.Fatalf("finish twice: %v", err)
	}
	if _, complete, _ := inventory.CartonPacks(ctx, s.App, code(prefixCarton, 1)); !complete {
		t.Error("an odd carton that was scanned is complete")
	}
	// A box that was scanned in by mistake leaves its carton, which is open again.
	if _, err := s.Unreceive(ctx, by, inventory.Unreceiving{ReceiptID: id, CommandID: uuid.New(), Code: code(prefix1, 4)}); err != nil {
		t.Fatal(err)
	}
	codes, complete, err := inventory.CartonPacks(ctx, s.App, code(prefixCarton, 1))
	if err != nil || complete || len(codes) != 3 {
		t.Errorf("after the undo: %v %v %v", codes, complete, err)
	}
	s.clean(t)
}

func TestCartonWithARelationComesInWhole(t *testing.T) {
	s := cartonShop(t)
	doc := transfer("R1", 6, 1)
	doc.Lines[0].Codes = boxes(1, 2)
	doc.Lines[0].Batch = ""
	id := s.take(t, doc)
	s.relation(t, code(prefixCarton, 1), 3, "")
	s.relation(t, code(prefixMiddle, 1), 2, code(prefixCarton, 1), boxes(1, 3)...)
	s.relation(t, code(prefixMiddle, 2), 2, code(prefixCarton, 1), boxes(4, 6)...)
	if codes, complete, err := inventory.CartonPacks(t.Context(), s.App, code(prefixCarton, 1)); err != nil || !complete || len(codes) != 6 {
		t.Fatalf("packs %v %v %v", codes, complete, err)
	}
	a := s.scan(t, id, code(prefixCarton, 1))
	if a.Answers[0].Kind != inventory.KindCartonWhole || a.Taken != 6 || a.Received != 6 {
		t.Fatalf("whole: %+v", a)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM movement WHERE kind = 'receive' AND how = 'by_number'`); n != 6 {
		t.Errorf("%d movements by the carton's code", n)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM pack WHERE batch = 'F1'`); n != 4 {
		t.Errorf("%d packs have the batch of the file", n)
	}
	if a := s.scan(t, id, code(prefixMiddle, 2)); a.Answers[0].Kind != inventory.KindCartonDone {
		t.Errorf("what lay in it: %+v", a.Answers[0])
	}
	s.clean(t)
}

func TestCartonOfWhichTheReceiptWantsAPart(t *testing.T) {
	s := cartonShop(t)
	id := s.take(t, transfer("R1", 4, 1))
	s.relation(t, code(prefixCarton, 1), 3, "", boxes(1, 6)...)
	a := s.scan(t, id, code(prefixCarton, 1))
	if a.Answers[0].Kind != inventory.KindCartonPartly || a.Taken != 4 || !strings.Contains(a.Answers[0].Sentence, "6 盒，入库 4 盒，没有收下 2 盒") {
		t.Fatalf("partly: %+v", a)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM receipt_refusal WHERE answer_kind = 'not_on_receipt'`); n != 2 {
		t.Errorf("%d boxes are kept as extra", n)
	}
	s.relation(t, code(prefixCarton, 2), 3, "", boxes(11, 16)...)
	if a := s.scan(t, id, code(prefixCarton, 2)); a.Answers[0].Kind != inventory.KindCartonUnwanted || a.Taken != 0 {
		t.Errorf("unwanted: %+v", a.Answers[0])
	}
	s.clean(t)
}

func TestCartonOfAnotherReceipt(t *testing.T) {
	s := cartonShop(t)
	doc := transfer("R1", 3, 1)
	doc.Lines[0].Codes = boxes(1, 3)
	first := s.take(t, doc)
	second := s.take(t, transfer("R2", 3, 1))
	s.relation(t, code(prefixMiddle, 1), 2, "", boxes(1, 3)...)
	a := s.scan(t, second, code(prefixMiddle, 1))
	if a.Answers[0].Kind != inventory.KindCartonElsewhere || !strings.Contains(a.Answers[0].Sentence, "R1") {
		t.Errorf("listed by another: %+v", a.Answers[0])
	}
	s.scan(t, first, code(prefixMiddle, 1))
	if a := s.scan(t, second, code(prefixMiddle, 1)); a.Answers[0].Kind != inventory.KindCartonElsewhere || !strings.Contains(a.Answers[0].Sentence, "R1") {
		t.Errorf("received by another: %+v", a.Answers[0])
	}
	if a := s.scan(t, first, code(prefixMiddle, 9)); a.Answers[0].Kind != inventory.KindCartonUnwanted {
		t.Errorf("a carton when all are in: %+v", a.Answers[0])
	}
}

// Middle packs are scanned into a carton, and their boxes into them.
func TestCartonsWithinACarton(t *testing.T) {
	s := cartonShop(t)
	id := s.take(t, transfer("R1", 10, 1))
	s.relation(t, code(prefixMiddle, 2), 2, "", boxes(4, 6)...)
	a := s.scan(t, id, strings.Join(append([]string{code(prefixCarton, 1), code(prefixMiddle, 1)}, boxes(1, 3)...), "\n"))
	if want := []string{"carton_opened", "carton_opened", "carton_in", "carton_in", "carton_full"}; !slices.Equal(kinds(a), want) || a.Carton.Code != code(prefixCarton, 1) || a.Carton.Scanned != 3 {
		t.Fatalf("nested: %v %+v", kinds(a), a.Carton)
	}
	if a := s.scan(t, id, code(prefixMiddle, 2)); a.Answers[0].Kind != inventory.KindCartonWhole {
		t.Fatalf("a middle pack with a relation: %+v", a.Answers[0])
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM carton WHERE state = 'resolved'`); n != 3 {
		t.Errorf("%d cartons are done", n)
	}
	codes, complete, err := inventory.CartonPacks(t.Context(), s.App, code(prefixCarton, 1))
	if err != nil || !complete || !slices.Equal(codes, boxes(1, 6)) {
		t.Errorf("packs %v %v %v", codes, complete, err)
	}
	s.clean(t)
}

// Two people scan two cartons into one receipt at once; each fills his own.
func TestTwoPeopleTwoCartons(t *testing.T) {
	s := cartonShop(t)
	id := s.take(t, transfer("R1", 12, 1))
	var wg sync.WaitGroup
	for n := range 2 {
		wg.Go(func() {
			by := someone(int64(10+n), identity.Assistant)
			for _, c := range append([]string{code(prefixCarton, n)}, boxes(1+6*n, 6+6*n)...) {
				in := inventory.ReceiveScan{ReceiptID: id, CommandID: uuid.New(), Codes: c}
				if _, err := s.Receive(context.Background(), by, in); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for n := range 2 {
		codes, complete, err := inventory.CartonPacks(t.Context(), s.App, code(prefixCarton, n))
		if err != nil || !complete || !slices.Equal(codes, boxes(1+6*n, 6+6*n)) {
			t.Errorf("carton %d: %v %v %v", n, codes, complete, err)
		}
	}
	s.clean(t)
}

// Two people scan the same carton at once: one takes all of it, the other reads
// that it is in.
func TestSameCartonAtOnce(t *testing.T) {
	s := cartonShop(t)
	id := s.take(t, transfer("R1", 12, 1))
	s.relation(t, code(prefixCarton, 1), 3, "", boxes(1, 6)...)
	got := make([]inventory.ReceiveAnswer, 4)
	var wg sync.WaitGroup
	for n := range got {
		wg.Go(func() {
			in := inventory.ReceiveScan{ReceiptID: id, CommandID: uuid.New(), Codes: code(prefixCarton, 1)}
			var err error
			if got[n], err = s.Receive(context.Background(), someone(int64(10+n), identity.Assistant), in); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	count := map[inventory.AnswerKind]int{}
	for _, a := range got {
		count[a.Answers[0].Kind]++
	}
	if count[inventory.KindCartonWhole] != 1 || count[inventory.KindCartonDone] != 3 {
		t.Errorf("answers %v", count)
	}
	s.clean(t)
}

func TestCartonThatIsNoWholeBoxes(t *testing.T) {
	s := cartonShop(t)
	in := inventory.Teaching{CommandID: uuid.New(), Code: "8412345", DrugID: s.drug1, Level: 2, Units: 50}
	if _, err := s.TeachPrefix(t.Context(), pharmacist(), in); err != nil {
		t.Fatal(err)
	}
	id := s.take(t, transfer("R1", 12, 1))
	if a := s.scan(t, id, code("8412345", 1)); a.Answers[0].Kind != inventory.KindCartonUneven {
		t.Errorf("uneven: %+v", a.Answers[0])
	}
	// A box that a relation puts into another carton comes in, and is pointed out.
	s.relation(t, code(prefixMiddle, 7), 2, "", boxes(7, 9)...)
	a := s.scan(t, id, code(prefixMiddle, 8)+"\n"+code(prefix1, 7))
	if fmt.Sprint(kinds(a)) != "[carton_opened in_other_carton]" || a.Taken != 1 {
		t.Errorf("a box of another carton: %v", kinds(a))
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM receipt_refusal`); n != 0 {
		t.Errorf("%d refusals", n)
	}
}
