package inventory_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// red cancels packs of the two lines of a transfer.
func red(number, cancels string, packs1, packs2 int) inventory.Document {
	doc := transfer(number, max(packs1, 1), max(packs2, 1))
	doc.Kind, doc.Cancels = inventory.DocumentRed, cancels
	if packs2 == 0 {
		doc.Lines = doc.Lines[:1]
	}
	if packs1 == 0 {
		doc.Lines = doc.Lines[1:]
	}
	return doc
}

// sessionWith packs boxes for a clinic day whose screens are counted.
func (s *shop) sessionWith(t testing.TB, id int64, codes ...string) {
	t.Helper()
	tamper(t, s.DB, fmt.Sprintf(`INSERT INTO session_version (session_id, version, changed_at) VALUES (%d, 1, now())`, id))
	for _, c := range codes {
		if _, err := one(t.Context(), s.App, c, inventory.Entry{Move: inventory.Move{Kind: inventory.MoveAllocate, Session: id}, How: inventory.HowScanned}); err != nil {
			t.Fatal(err)
		}
	}
}

// All of a document: what has not come is withdrawn, what is here is named with
// where it is, and the receipt is cancelled.
func TestARedDocumentCancelsAWholeReceipt(t *testing.T) {
	s := newShop(t)
	doc := transfer("R1", 4, 3)
	doc.Lines[0].Codes = codesFrom(prefix1, 1, 4)
	id := s.take(t, doc)
	s.scan(t, id, strings.Join([]string{code(prefix1, 1), code(prefix1, 2), code(prefix1, 3), code(prefix2, 1)}, "\n"))
	s.sessionWith(t, 7, code(prefix1, 2), code(prefix1, 3))
	tamper(t, s.DB, `INSERT INTO staff (id, username, name, password_hash, created_at) VALUES (41, 'd41', '演示医生甲', '', now())`)
	give := inventory.Entry{Move: inventory.Move{Kind: inventory.MoveDispense, Session: 7}, Visit: newID(), How: inventory.HowScanned}
	if _, err := oneBy(t.Context(), s.App, someone(41, identity.Doctor), code(prefix1, 3), give); err != nil {
		t.Fatal(err)
	}
	cancel := red("H1", "R1", 4, 3)
	cancel.Lines[0].Codes = codesFrom(prefix1, 1, 4)
	if changed, err := s.pull(t, cancel); err != nil || !changed {
		t.Fatalf("%v %v", changed, err)
	}
	if changed, err := s.pull(t, cancel); err != nil || changed {
		t.Fatalf("again: %v %v", changed, err)
	}
	x := s.receiptOf(t, "R1", 1)
	if x.State != inventory.ReceiptCancelled || x.Expected != 4 || x.Received != 4 || x.Surplus != 4 || x.Reds != 1 {
		t.Errorf("receipt %+v", x)
	}
	if p := s.pack(t, code(prefix1, 4)); p.State != inventory.StateWithdrawn {
		t.Errorf("the box that never came: %+v", p)
	}
	rows, err := inventory.ReadSurplus(t.Context(), s.App, id)
	if err != nil || len(rows) != 4 {
		t.Fatalf("surplus %+v %v", rows, err)
	}
	for i, want := range []inventory.State{inventory.StateInStore, inventory.StateAllocated, inventory.StateDispensed, ""} {
		if rows[i].State != want || !rows[i].Red() || rows[i].Document != "H1" || rows[i].Packs != 1 {
			t.Errorf("row %d: %+v", i, rows[i])
		}
	}
	if rows[2].Doctor != "演示医生甲" || rows[2].TakenAt == nil || rows[1].SessionID == nil || *rows[1].SessionID != 7 || rows[3].Code != "" {
		t.Errorf("where they are: %+v", rows)
	}
	// What goes back leaves the list.
	if _, err := one(t.Context(), s.App, code(prefix1, 1), inventory.Entry{Move: inventory.Move{Kind: inventory.MoveSendBack}, How: inventory.HowScanned}); err != nil {
		t.Fatal(err)
	}
	if rows, err = inventory.ReadSurplus(t.Context(), s.App, id); err != nil || !rows[0].Gone() || s.receiptOf(t, "R1", 1).Surplus != 3 {
		t.Errorf("after sending back: %+v %v", rows[0], err)
	}
	if _, err := s.Receive(t.Context(), pharmacist(), inventory.ReceiveScan{ReceiptID: id, CommandID: newID(), Codes: code(prefix2, 2)}); db.KindOf(err) != db.Conflict {
		t.Errorf("scan into a cancelled receipt: %v", err)
	}
	s.clean(t)
	s.balanced(t)
}

// Parts of a document by number and by code; the receipt goes on with the rest.
func TestARedDocumentCancelsAPart(t *testing.T) {
	s := newShop(t)
	doc := transfer("R1", 6, 4)
	doc.Lines[1].Codes = codesFrom(prefix2, 1, 4)
	id := s.take(t, doc)
	s.scan(t, id, code(prefix1, 1)+"\n"+code(prefix1, 2)+"\n"+code(prefix2, 1))
	byNumber := red("H1", "R1", 3, 0)
	if _, err := s.pull(t, byNumber); err != nil {
		t.Fatal(err)
	}
	unclear := red("H2", "R1", 0, 2)
	if _, err := s.pull(t, unclear); db.KindOf(err) != db.Invalid || !strings.Contains(db.Sentence(err), "哪几盒") {
		t.Errorf("two of three listed boxes, not named: %v", err)
	}
	byCode := red("H3", "R1", 1, 2)
	byCode.Lines[0].Codes = []string{code(prefix1, 77)} // nobody has seen it
	byCode.Lines[1].Codes = codesFrom(prefix2, 3, 2)
	if _, err := s.pull(t, byCode); err != nil {
		t.Fatal(err)
	}
	x := s.receiptOf(t, "R1", 1)
	if x.State != inventory.ReceiptScanning || x.Expected != 4 || x.Received != 3 || x.Surplus != 0 || x.Reds != 2 {
		t.Errorf("receipt %+v", x)
	}
	a := s.scan(t, id, strings.Join([]string{code(prefix1, 77), code(prefix2, 3), code(prefix1, 5), code(prefix2, 2)}, "\n"))
	if want := "withdrawn withdrawn not_on_receipt ok"; strings.Join(kinds(a), " ") != want || a.Received != 4 || a.Expected != 4 {
		t.Errorf("answers %v %+v", kinds(a), a)
	}
	for name, c := range map[string]struct {
		doc inventory.Document
		say string
	}{
		"too many":       {red("H4", "R1", 9, 0), "还能冲销"},
		"twice":          {withCode(red("H5", "R1", 0, 1), code(prefix2, 3)), "先前已经"},
		"of another one": {withCode(red("H6", "R1", 1, 0), code(prefix2, 1)), "这一行上"},
		"red of a red":   {red("H7", "H1", 1, 0), "红单不能冲红单"},
	} {
		changed, err := s.pull(t, c.doc)
		if changed || db.KindOf(err) == db.Internal || !strings.Contains(db.Sentence(err), c.say) {
			t.Errorf("%s: %v %v", name, changed, err)
		}
	}
	next := transfer("R1", 9, 9)
	next.Revision = 2
	if _, err := s.pull(t, next); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "红单") {
		t.Errorf("a revision after a red document: %v", err)
	}
	next = byNumber
	next.Revision = 2
	if _, err := s.pull(t, next); db.KindOf(err) != db.Conflict {
		t.Errorf("a revision of a red document: %v", err)
	}
	s.clean(t)
}

func withCode(d inventory.Document, c string) inventory.Document {
	d.Lines[0].Codes = []string{c}
	return d
}

// Two red documents want the same boxes at once, and people scan: no box is
// cancelled twice.
func TestRedDocumentsWhilePeopleScan(t *testing.T) {
	s := newShop(t)
	id := s.take(t, transfer("R1", 20, 1))
	var wg sync.WaitGroup
	done := make([]bool, 6)
	for n := range done {
		wg.Go(func() {
			changed, err := s.pull(t, red(fmt.Sprint("H", n), "R1", 5, 0))
			if err != nil && db.KindOf(err) != db.Invalid && db.KindOf(err) != db.Conflict {
				t.Errorf("red %d: %v", n, err)
			}
			done[n] = changed
		})
		wg.Go(func() {
			in := inventory.ReceiveScan{ReceiptID: id, CommandID: newID(), Codes: strings.Join(codesFrom(prefix1, n*3, 3), "\n")}
			if _, err := s.Receive(t.Context(), someone(int64(n+10), identity.Assistant), in); err != nil && db.KindOf(err) != db.Conflict {
				t.Errorf("scan: %v", err)
			}
		})
	}
	wg.Wait()
	took := 0
	for _, d := range done {
		if d {
			took++
		}
	}
	x := s.receiptOf(t, "R1", 1)
	here := countOf(t, s.App, `SELECT count(*) FROM pack WHERE state = 'in_store'`)
	if took != 4 || x.Received != here || x.Expected+5*took-x.Surplus != 21 || x.Expected < x.Received {
		t.Errorf("%d red documents, %d boxes here, %+v", took, here, x)
	}
	s.clean(t)
}
