package inventory_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// shop is a pharmacy with two demo drugs.
type shop struct {
	*dbtest.DB
	*inventory.Service
	drug1, drug2 int64
}

const (
	prefix1 = "8112345"
	prefix2 = "8112346"
)

func newShop(t testing.TB) *shop {
	d := dbtest.New(t)
	s := &shop{DB: d, Service: inventory.New(d.App)}
	s.drug1 = addDrug(t, d, "YS1", prefix1)
	s.drug2 = addDrug(t, d, "YS2", prefix2)
	return s
}

func day(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

// transfer is a document with one line for each drug.
func transfer(number string, packs1, packs2 int) inventory.Document {
	line := func(no int, his string, packs int) inventory.DocumentLine {
		return inventory.DocumentLine{LineNo: no, HISCode: his, Batch: fmt.Sprintf("B%d", no), ExpiresOn: day(2028, 3, 31), MadeOn: day(2026, 3, 1), Packs: packs, Price: "12.50"}
	}
	return inventory.Document{Source: "HIS", Number: number, Revision: 1, Kind: inventory.DocumentTransfer, IssuedAt: time.Now().Add(-time.Hour),
		FromStore: "中心药库", Lines: []inventory.DocumentLine{line(1, "YS1", packs1), line(2, "YS2", packs2)}}
}

// take takes a document in and gives its receipt.
func (s *shop) take(t testing.TB, doc inventory.Document) int64 {
	t.Helper()
	changed, err := s.TakeReceipt(t.Context(), identity.System("his-poller"), doc)
	if err != nil || !changed {
		t.Fatalf("take %s: changed %v, %v", doc.Number, changed, err)
	}
	var id int64
	if err := s.App.Get(t.Context(), &id, `SELECT id FROM receipt WHERE number = $1`, doc.Number); err != nil {
		t.Fatal(err)
	}
	return id
}

// scan scans codes into a receipt.
func (s *shop) scan(t testing.TB, receipt int64, codes string) inventory.ReceiveAnswer {
	t.Helper()
	a, err := s.Receive(t.Context(), someone(2, identity.Assistant), inventory.ReceiveScan{ReceiptID: receipt, CommandID: uuid.New(), Codes: codes})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// clean fails when a pack is not what its movements make of it.
func (s *shop) clean(t testing.TB) {
	t.Helper()
	check, err := inventory.VerifyStock(t.Context(), s.App, nil)
	if err != nil || check.First != nil {
		t.Fatalf("verify stock: %+v %v", check.First, err)
	}
}

func kinds(a inventory.ReceiveAnswer) (list []string) {
	for _, x := range a.Answers {
		list = append(list, string(x.Kind))
	}
	return list
}

func TestReceiveByCountAndByList(t *testing.T) {
	s := newShop(t)
	doc := transfer("R1", 2, 2)
	doc.Lines[1].Codes = []string{code(prefix2, 1), code(prefix2, 2)}
	id := s.take(t, doc)
	if n := countOf(t, s.App, `SELECT count(*) FROM pack WHERE state = 'expected'`); n != 2 {
		t.Fatalf("%d packs expected", n)
	}
	a := s.scan(t, id, strings.Join([]string{code(prefix1, 1), code(prefix2, 1), code(prefix2, 3), code(prefix1, 1), code(prefix1, 2), code(prefix1, 3)}, "\n"))
	want := []string{"ok", "ok", "not_on_receipt", "already_here", "ok", "not_on_receipt"}
	if !reflect.DeepEqual(kinds(a), want) {
		t.Fatalf("answers %v, want %v", kinds(a), want)
	}
	if a.Expected != 4 || a.Received != 3 || a.Taken != 3 {
		t.Errorf("figures %+v", a)
	}
	lines, err := inventory.ReceiptLines(t.Context(), s.App, id)
	if err != nil {
		t.Fatal(err)
	}
	diff, err := inventory.ReadDifferences(t.Context(), s.App, id, lines)
	if err != nil || diff.Packs() != 1 || len(diff.Missing[0].Codes) != 1 || diff.Missing[0].Codes[0] != code(prefix2, 2) || len(diff.Refused) != 2 {
		t.Fatalf("differences %+v %v", diff, err)
	}
	s.clean(t)
}

func TestFinishNamesTheDifferences(t *testing.T) {
	s := newShop(t)
	id := s.take(t, transfer("R1", 2, 1))
	s.scan(t, id, code(prefix1, 1)+"\n"+code(prefix2, 1)+"\n"+code(prefix2, 2))
	end := inventory.Finishing{ReceiptID: id, CommandID: uuid.New(), Missing: 1}
	ctx, by := t.Context(), someone(2, identity.Assistant)
	if _, err := s.FinishReceipt(ctx, by, end); db.KindOf(err) != db.Conflict {
		t.Fatalf("differences nobody saw: %v", err)
	}
	end.Refused = 1
	if _, err := s.FinishReceipt(ctx, by, end); db.KindOf(err) != db.Invalid {
		t.Fatalf("no remark: %v", err)
	}
	end.Remark = "已电话告知中心药库"
	var sheet int64
	for range 3 { // a repeat gives the first answer
		done, err := s.FinishReceipt(ctx, by, end)
		if err != nil || done.Missing != 1 || done.Refused != 1 || done.Received != 2 || !done.Waiting {
			t.Fatalf("finish: %+v %v", done, err)
		}
		sheet = done.SheetID
	}
	s.confirmSheet(t, id, sheet)
	_, err := s.Receive(ctx, by, inventory.ReceiveScan{ReceiptID: id, CommandID: uuid.New(), Codes: code(prefix1, 2)})
	if db.KindOf(err) != db.Conflict {
		t.Errorf("scan into a finished receipt: %v", err)
	}
	x, err := inventory.FindReceipt(ctx, s.App, id)
	if err != nil || x.State != inventory.ReceiptFinished || x.Refused != 1 || x.Expected != 3 || x.Received != 2 || x.Drugs != 2 {
		t.Errorf("receipt %+v %v", x, err)
	}
}

// A box that a document lists belongs to that document.
func TestListedBoxOfAnotherReceipt(t *testing.T) {
	s := newShop(t)
	doc := transfer("R2", 1, 1)
	doc.Lines[0].Codes = []string{code(prefix1, 1)}
	s.take(t, doc)
	id := s.take(t, transfer("R1", 1, 1))
	a := s.scan(t, id, code(prefix1, 1))
	if a.Answers[0].Kind != inventory.KindOtherReceipt || !strings.Contains(a.Answers[0].Sentence, "R2") {
		t.Fatalf("answer %+v", a.Answers[0])
	}
	s.scan(t, id, code(prefix1, 1))
	if n := countOf(t, s.App, `SELECT count(*) FROM receipt_refusal`); n != 1 {
		t.Fatalf("%d refusals for one box", n)
	}
	var refusal int64
	if err := s.App.Get(t.Context(), &refusal, `SELECT id FROM receipt_refusal`); err != nil {
		t.Fatal(err)
	}
	put := inventory.PuttingBack{ReceiptID: id, RefusalID: refusal, CommandID: uuid.New()}
	if err := s.PutBack(t.Context(), someone(2, identity.Assistant), put); err != nil {
		t.Fatal(err)
	}
	put.CommandID = uuid.New()
	if err := s.PutBack(t.Context(), someone(2, identity.Assistant), put); db.KindOf(err) != db.Conflict {
		t.Errorf("put back twice: %v", err)
	}
}

func TestExpiredBoxesAreTakenInAndSaidSo(t *testing.T) {
	s := newShop(t)
	doc := transfer("R1", 2, 1)
	doc.Lines[0].ExpiresOn = day(2026, 4, 1)
	doc.Lines[0].Codes = []string{code(prefix1, 1)}
	id := s.take(t, doc)
	a := s.scan(t, id, code(prefix1, 1)+"\n"+code(prefix1, 2))
	for _, x := range a.Answers {
		if x.Kind != inventory.KindInExpired || !strings.Contains(x.Sentence, "2026-04-01") {
			t.Errorf("answer %+v", x)
		}
	}
	if a.Received != 2 || countOf(t, s.App, `SELECT count(*) FROM receipt_refusal`) != 0 {
		t.Errorf("figures %+v", a)
	}
}

// A GS1 code brings its own batch and expiry, and goes to the line of its batch.
func TestGS1CodeChoosesItsLine(t *testing.T) {
	s := newShop(t)
	drug := addDrug(t, s.DB, "YS3", "06901234567892")
	_ = drug
	doc := transfer("R1", 1, 1)
	doc.Lines[0] = inventory.DocumentLine{LineNo: 1, HISCode: "YS3", Batch: "L1", ExpiresOn: day(2027, 1, 1), Packs: 1}
	doc.Lines[1] = inventory.DocumentLine{LineNo: 2, HISCode: "YS3", Batch: "L2", ExpiresOn: day(2027, 2, 1), Packs: 1}
	id := s.take(t, doc)
	a := s.scan(t, id, "(01)06901234567892(17)270228(10)L2(21)S1")
	if a.Answers[0].Kind != inventory.KindOK {
		t.Fatalf("answer %+v", a.Answers[0])
	}
	p, err := inventory.FindPack(t.Context(), s.App, a.Answers[0].Code)
	if err != nil || p.Batch != "L2" || p.ExpiresOn.Format(time.DateOnly) != "2027-02-28" {
		t.Fatalf("pack %+v %v", p, err)
	}
	if n := countOf(t, s.App, `SELECT l.line_no FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id`); n != 2 {
		t.Errorf("counted to line %d", n)
	}
}

func TestTeachingLetsHeldBoxesIn(t *testing.T) {
	s := newShop(t)
	id := s.take(t, transfer("R1", 2, 1))
	c := code("8199999", 1)
	if a := s.scan(t, id, c); a.Answers[0].Kind != inventory.KindUnknownPrefix {
		t.Fatalf("answer %+v", a.Answers[0])
	}
	in := inventory.Teaching{CommandID: uuid.New(), Code: c, DrugID: s.drug1, Level: 1}
	if _, err := s.TeachPrefix(t.Context(), someone(2, identity.Assistant), in); db.KindOf(err) != db.Denied {
		t.Fatalf("an assistant teaches: %v", err)
	}
	x, err := s.TeachPrefix(t.Context(), pharmacist(), in)
	if err != nil || x.Meaning.Prefix != "8199999" || x.Meaning.Units != 20 || len(x.Held) != 1 || x.Held[0].Received != 1 || x.Held[0].Number != "R1" {
		t.Fatalf("teach: %+v %v", x, err)
	}
	if a := s.scan(t, id, c); a.Answers[0].Kind != inventory.KindAlreadyHere {
		t.Fatalf("answer %+v", a.Answers[0])
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM receipt_refusal WHERE resolution = 'received'`); n != 1 {
		t.Errorf("%d refusals resolved", n)
	}
	other := inventory.Teaching{CommandID: uuid.New(), Code: "8199999", DrugID: s.drug2, Level: 1}
	if _, err := s.TeachPrefix(t.Context(), pharmacist(), other); db.KindOf(err) != db.Conflict {
		t.Errorf("another meaning without a word: %v", err)
	}
	other.Replace = true
	if _, err := s.TeachPrefix(t.Context(), pharmacist(), other); err != nil {
		t.Fatal(err)
	}
	carton := inventory.Teaching{CommandID: uuid.New(), Code: "8188888", DrugID: s.drug1, Level: 3, Units: 4000}
	if _, err := s.TeachPrefix(t.Context(), pharmacist(), carton); err != nil {
		t.Fatal(err)
	}
	if a := s.scan(t, id, code("8188888", 1)); a.Answers[0].Kind != inventory.KindCartonOpened {
		t.Errorf("a carton: %+v", a.Answers[0])
	}
}

func TestOnlyWhoReceivesMayReceive(t *testing.T) {
	s := newShop(t)
	id := s.take(t, transfer("R1", 1, 1))
	for _, role := range []identity.Role{identity.Doctor, identity.Manager, identity.SysAdmin, identity.Auditor} {
		in := inventory.ReceiveScan{ReceiptID: id, CommandID: uuid.New(), Codes: code(prefix1, 1)}
		if _, err := s.Receive(t.Context(), someone(9, role), in); db.KindOf(err) != db.Denied {
			t.Errorf("%s receives: %v", role, err)
		}
	}
}
