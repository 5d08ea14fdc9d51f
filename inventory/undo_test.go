package inventory_test

import (
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

func TestUndoAndScanIntoAnotherReceipt(t *testing.T) {
	s := newShop(t)
	wrong, right := s.take(t, transfer("R1", 2, 1)), s.take(t, transfer("R2", 2, 1))
	c := code(prefix1, 1)
	s.scan(t, wrong, c)
	if a := s.scan(t, right, c); a.Answers[0].Kind != inventory.KindAlreadyHere {
		t.Fatalf("a box in the store: %v", kinds(a))
	}
	by := someone(2, identity.Assistant)
	a, err := s.Unreceive(t.Context(), by, inventory.Unreceiving{ReceiptID: wrong, CommandID: uuid.New(), Code: c})
	if err != nil || a.Received != 0 {
		t.Fatalf("undo: %+v %v", a, err)
	}
	if _, err := s.Unreceive(t.Context(), by, inventory.Unreceiving{ReceiptID: wrong, CommandID: uuid.New(), Code: c}); db.KindOf(err) != db.NotFound {
		t.Errorf("undo twice: %v", err)
	}
	if a := s.scan(t, right, c); a.Answers[0].Kind != inventory.KindOK || a.Received != 1 {
		t.Fatalf("scan into the right receipt: %+v", a)
	}
	p, err := inventory.FindPack(t.Context(), s.App, c)
	if err != nil || p.State != inventory.StateInStore {
		t.Fatalf("pack %+v %v", p, err)
	}
	s.clean(t)
}

// A box that went back to the central store may come again with a later
// document, and belongs to that one then.
func TestABoxSentBackComesAgain(t *testing.T) {
	s := newShop(t)
	c := code(prefix1, 1)
	first := s.take(t, transfer("R1", 1, 1))
	s.scan(t, first, c)
	e := inventory.Entry{Move: inventory.Move{Kind: inventory.MoveSendBack}, How: inventory.HowScanned}
	if _, err := one(t.Context(), s.App, c, e); err != nil {
		t.Fatal(err)
	}
	doc := transfer("R2", 1, 1)
	doc.Lines[0].Codes, doc.Lines[0].Batch = []string{c}, "B7"
	again := s.take(t, doc)
	if a := s.scan(t, again, c); a.Answers[0].Kind != inventory.KindOK || a.Received != 1 {
		t.Fatalf("answer %+v", a)
	}
	p, err := inventory.FindPack(t.Context(), s.App, c)
	if err != nil || p.State != inventory.StateInStore || p.Batch != "B7" {
		t.Errorf("pack %+v %v", p, err)
	}
	s.clean(t)
}

// An undone box that a later document lists belongs to that document.
func TestAnUndoneBoxIsClaimedByADocument(t *testing.T) {
	s := newShop(t)
	c := code(prefix1, 1)
	first := s.take(t, transfer("R1", 1, 1))
	s.scan(t, first, c)
	by := someone(2, identity.Assistant)
	if _, err := s.Unreceive(t.Context(), by, inventory.Unreceiving{ReceiptID: first, CommandID: uuid.New(), Code: c}); err != nil {
		t.Fatal(err)
	}
	doc := transfer("R2", 1, 1)
	doc.Lines[0].Codes = []string{c}
	second := s.take(t, doc)
	if a := s.scan(t, first, c); a.Answers[0].Kind != inventory.KindOtherReceipt {
		t.Errorf("in the first receipt: %+v", a.Answers[0])
	}
	if a := s.scan(t, second, c); a.Answers[0].Kind != inventory.KindOK {
		t.Errorf("in its own receipt: %+v", a.Answers[0])
	}
	// Undone again, it may be scanned again.
	if _, err := s.Unreceive(t.Context(), by, inventory.Unreceiving{ReceiptID: second, CommandID: uuid.New(), Code: c}); err != nil {
		t.Fatal(err)
	}
	if a := s.scan(t, second, c); a.Answers[0].Kind != inventory.KindOK {
		t.Errorf("in its own receipt again: %+v", a.Answers[0])
	}
	s.clean(t)
}
