package inventory_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// A document that comes while the sheet waits for its second person makes it
// void: the second reads why, and what holds now can be handed in.
func TestADocumentMakesTheWaitingSheetVoid(t *testing.T) {
	for name, next := range map[string]func(d *inventory.Document){
		"revision": func(d *inventory.Document) { d.Revision, d.Lines[0].Packs = 2, 1 },
		"red": func(d *inventory.Document) {
			d.Number, d.Kind, d.Cancels = "H1", inventory.DocumentRed, "R1"
			d.Lines = d.Lines[:1]
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			ctx, by := t.Context(), someone(2, identity.Assistant)
			first := transfer("R1", 3, 1)
			id := s.take(t, first)
			s.scan(t, id, strings.Join(boxes(1, 2), "\n"))
			done, err := s.FinishReceipt(ctx, by, inventory.Finishing{ReceiptID: id, CommandID: uuid.New(), Missing: 2, Remark: "已电话告知"})
			if err != nil || !done.Waiting {
				t.Fatalf("%+v %v", done, err)
			}
			doc := transfer("R1", 2, 1)
			next(&doc)
			if changed, err := s.pull(t, doc); err != nil || !changed {
				t.Fatalf("%v %v", changed, err)
			}
			_, err = s.DecideSheet(ctx, pharmacist(), inventory.SheetDecision{ReceiptID: id, SheetID: done.SheetID, CommandID: uuid.New(), Confirm: true})
			if db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "差异单已作废") {
				t.Errorf("the void sheet: %v", err)
			}
			if sheet, err := inventory.ReadReceiptSheet(ctx, s.App, id); err != nil || sheet.Sign == nil || !sheet.Sign.Outdated() {
				t.Errorf("the void sheet does not show: %+v %v", sheet.Sign, err)
			}
			now := s.receiptOf(t, "R1", 1)
			if name == "revision" {
				now = s.receiptOf(t, "R1", 2)
			}
			again, err := s.FinishReceipt(ctx, by, inventory.Finishing{ReceiptID: now.ID, CommandID: uuid.New(), Missing: now.Expected - now.Received, Remark: "按新的一版核对"})
			if err != nil || !again.Waiting {
				t.Fatalf("hand in what holds: %+v %v", again, err)
			}
			s.confirmSheet(t, now.ID, again.SheetID)
			s.clean(t)
		})
	}
}

// A box beyond the revision that holds takes two people as a missing one does,
// until it has gone back.
func TestSurplusStandsOnTheSheet(t *testing.T) {
	s := newShop(t)
	ctx := t.Context()
	id := s.take(t, transfer("R1", 3, 1))
	s.scan(t, id, strings.Join(append(boxes(1, 3), code(prefix2, 1)), "\n"))
	less := transfer("R1", 2, 1)
	less.Revision = 2
	if _, err := s.pull(t, less); err != nil {
		t.Fatal(err)
	}
	now := s.receiptOf(t, "R1", 2)
	sheet, err := inventory.ReadReceiptSheet(ctx, s.App, now.ID)
	if err != nil || sheet.None() || inventory.SurplusLeft(sheet.Surplus) != 1 {
		t.Fatalf("sheet %+v %v", sheet.Surplus, err)
	}
	end := inventory.Finishing{ReceiptID: now.ID, CommandID: uuid.New()}
	if _, err := s.FinishReceipt(ctx, pharmacist(), end); db.KindOf(err) != db.Invalid || !strings.Contains(db.Sentence(err), "需退回 1 盒") {
		t.Errorf("without a word: %v", err)
	}
	end.CommandID, end.Remark = uuid.New(), "多的一盒退回"
	done, err := s.FinishReceipt(ctx, pharmacist(), end)
	if err != nil || !done.Waiting || done.Surplus != 1 {
		t.Errorf("%+v %v", done, err)
	}
}

// A box whose own code says another expiry than the document stands on the sheet,
// with both days.
func TestWrongExpiryStandsOnTheSheet(t *testing.T) {
	s := newShop(t)
	s.teach(t, "06901234567892", s.drug1, false)
	doc := transfer("R1", 1, 1)
	id := s.take(t, doc)
	s.scan(t, id, "(01)06901234567892(17)270131(10)"+doc.Lines[0].Batch+"(21)S1\n"+code(prefix2, 1))
	sheet, err := inventory.ReadReceiptSheet(t.Context(), s.App, id)
	if err != nil || len(sheet.Batches) != 1 {
		t.Fatalf("sheet %+v %v", sheet.Batches, err)
	}
	b := sheet.Batches[0]
	if b.Listed != b.Found || b.FoundExpires == nil || b.FoundExpires.Format(time.DateOnly) != "2027-01-31" || b.ListedExpires == nil || b.ListedExpires.Equal(*b.FoundExpires) {
		t.Errorf("%+v", b)
	}
}
