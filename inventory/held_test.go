package inventory_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

func (s *shop) teach(t testing.TB, c string, drug int64, replace bool) inventory.Taught {
	t.Helper()
	x, err := s.TeachPrefix(t.Context(), pharmacist(), inventory.Teaching{CommandID: uuid.New(), Code: c, DrugID: drug, Level: 1, Replace: replace})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// Boxes of an unknown prefix on several receipts come in when the prefix is
// taught, each into its own receipt, with the batch that their codes carry; what
// its receipt does not want stays a difference with the new reason.
func TestTeachingResolvesHeldBoxesOfAllReceipts(t *testing.T) {
	s := newShop(t)
	const gtin = "06901234567892"
	one, two := s.take(t, transfer("R1", 2, 1)), s.take(t, transfer("R2", 1, 1))
	closed := s.take(t, transfer("R3", 1, 1))
	s.scan(t, one, "(01)06901234567892(17)280131(10)G1(21)S1\n(01)06901234567892(21)S2\n(01)06901234567892(21)S3")
	s.scan(t, two, "(01)06901234567892(21)S4\n"+code("8199999", 1))
	s.scan(t, closed, "(01)06901234567892(21)S5")
	tamper(t, s.DB, `UPDATE receipt SET state = 'finished' WHERE id = $1`, closed)
	x := s.teach(t, gtin, s.drug1, false)
	if len(x.Held) != 2 || x.Held[0].Received != 2 || x.Held[0].Refused != 1 || !strings.Contains(x.Held[0].Why, "已经扫满") || x.Held[1].Received != 1 || x.Elsewhere != 0 {
		t.Fatalf("held %+v", x.Held)
	}
	if p := s.pack(t, "(01)06901234567892(21)S1"); p.State != inventory.StateInStore || p.Batch != "G1" || !p.BatchRead {
		t.Errorf("pack %+v", p)
	}
	lines, err := inventory.ReceiptLines(t.Context(), s.App, one)
	if err != nil {
		t.Fatal(err)
	}
	diff, err := inventory.ReadDifferences(t.Context(), s.App, one, lines)
	if err != nil || len(diff.Refused) != 1 || diff.Refused[0].Kind != inventory.KindNotOnReceipt {
		t.Errorf("differences %+v %v", diff.Refused, err)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM receipt_refusal f JOIN receipt r ON r.id = f.receipt_id WHERE r.state <> 'finished'
 AND f.answer_kind = 'unknown_prefix' AND f.resolved_at IS NULL`); n != 1 {
		t.Errorf("%d boxes are held, want the one of another prefix", n)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM pack WHERE code LIKE '%S5'`); n != 0 {
		t.Error("a box of a finished receipt came in")
	}
	s.clean(t)
}

// A wrong meaning is corrected: the old one is kept as inactive, boxes still in
// the store go to the right drug, and those that went on are counted.
func TestTeachingIsCorrected(t *testing.T) {
	s := newShop(t)
	id := s.take(t, transfer("R1", 5, 2))
	s.scan(t, id, strings.Join(codesFrom("8199999", 1, 4), "\n"))
	if x := s.teach(t, "8199999", s.drug1, false); x.Held[0].Received != 4 {
		t.Fatalf("held %+v", x.Held)
	}
	s.sessionWith(t, 7, code("8199999", 4))
	in := inventory.Teaching{CommandID: newID(), Code: "8199999", DrugID: s.drug2, Level: 1}
	if _, err := s.TeachPrefix(t.Context(), pharmacist(), in); db.KindOf(err) != db.Conflict {
		t.Fatalf("another meaning without a word: %v", err)
	}
	x := s.teach(t, "8199999", s.drug2, true)
	if len(x.Held) != 1 || x.Held[0].Received != 2 || x.Held[0].Refused != 1 || x.Elsewhere != 1 {
		t.Fatalf("corrected %+v", x)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM drug_prefix WHERE prefix = '8199999' AND NOT active`); n != 1 {
		t.Errorf("%d old meanings kept", n)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM audit WHERE event = 'prefix.teach'`); n != 2 {
		t.Errorf("%d events", n)
	}
	lines, err := inventory.ReceiptLines(t.Context(), s.App, id)
	if err != nil || lines[0].Received != 1 || lines[1].Received != 2 {
		t.Errorf("lines %+v %v", lines, err)
	}
	s.clean(t)
	s.balanced(t)
}

// One teaches while others scan boxes of that prefix and a third finishes: no box
// comes in twice, none is lost between.
func TestTeachingWhilePeopleScan(t *testing.T) {
	s := newShop(t)
	ids := []int64{s.take(t, transfer("R1", 30, 1)), s.take(t, transfer("R2", 30, 1))}
	var wg sync.WaitGroup
	for n := range 12 {
		wg.Go(func() {
			in := inventory.ReceiveScan{ReceiptID: ids[n%2], CommandID: newID(), Codes: strings.Join(codesFrom("8199999", n*5, 5), "\n")}
			if _, err := s.Receive(t.Context(), someone(int64(n+10), identity.Assistant), in); err != nil {
				t.Errorf("scan: %v", err)
			}
		})
	}
	wg.Go(func() {
		in := inventory.Teaching{CommandID: newID(), Code: "8199999", DrugID: s.drug1, Level: 1}
		if _, err := s.TeachPrefix(t.Context(), pharmacist(), in); err != nil {
			t.Errorf("teach: %v", err)
		}
	})
	wg.Wait()
	here := countOf(t, s.App, `SELECT count(*) FROM pack WHERE state = 'in_store'`)
	held := countOf(t, s.App, `SELECT count(*) FROM receipt_refusal WHERE resolved_at IS NULL`)
	if here+held != 60 || countOf(t, s.App, `SELECT count(*) FROM movement WHERE kind = 'receive'`) != here {
		t.Errorf("%d boxes in, %d held", here, held)
	}
	s.clean(t)
}
