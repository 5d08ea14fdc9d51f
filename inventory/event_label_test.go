package inventory_test

import (
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
)

// Every event that the use cases write has a name for the auditor.
func TestEveryEventHasALabel(t *testing.T) {
	s := newShop(t)
	by := someone(2, identity.Assistant)
	id := s.take(t, transfer("R1", 1, 1))
	s.scan(t, id, code(prefix1, 1)+"\n"+code(prefix1, 2))
	undo := inventory.Unreceiving{ReceiptID: id, CommandID: uuid.New(), Code: code(prefix1, 1)}
	if _, err := s.Unreceive(t.Context(), by, undo); err != nil {
		t.Fatal(err)
	}
	var refusal int64
	if err := s.App.Get(t.Context(), &refusal, `SELECT id FROM receipt_refusal`); err != nil {
		t.Fatal(err)
	}
	if err := s.PutBack(t.Context(), by, inventory.PuttingBack{ReceiptID: id, RefusalID: refusal, CommandID: uuid.New()}); err != nil {
		t.Fatal(err)
	}
	end := inventory.Finishing{ReceiptID: id, CommandID: uuid.New(), Missing: 2, Remark: "演示"}
	done, err := s.FinishReceipt(t.Context(), by, end)
	if err != nil {
		t.Fatal(err)
	}
	s.confirmSheet(t, id, done.SheetID)
	in := inventory.Teaching{CommandID: uuid.New(), Code: "8166666", DrugID: s.drug1, Level: 1}
	if _, err := s.TeachPrefix(t.Context(), pharmacist(), in); err != nil {
		t.Fatal(err)
	}
	var events []string
	if err := s.App.Select(t.Context(), &events, `SELECT DISTINCT event FROM audit ORDER BY event`); err != nil {
		t.Fatal(err)
	}
	if len(events) != 8 {
		t.Errorf("events %v", events)
	}
	for _, e := range events {
		if inventory.EventLabel(e) == "" {
			t.Errorf("%q has no label", e)
		}
	}
}
