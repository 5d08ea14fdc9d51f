package inventory_test

import (
	"strings"
	"sync"
	"testing"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// receiptOf is the receipt of a document's revision.
func (s *shop) receiptOf(t testing.TB, number string, revision int) inventory.Receipt {
	t.Helper()
	var id int64
	if err := s.App.Get(t.Context(), &id, `SELECT id FROM receipt WHERE number = $1 AND revision = $2`, number, revision); err != nil {
		t.Fatal(err)
	}
	x, err := inventory.FindReceipt(t.Context(), s.App, id)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// pull takes a document in as the poller does.
func (s *shop) pull(t testing.TB, doc inventory.Document) (bool, error) {
	t.Helper()
	return s.TakeReceipt(t.Context(), identity.System("his-poller"), doc)
}

// stateOf is the state of a box.
func (s *shop) pack(t testing.TB, c string) inventory.Pack {
	t.Helper()
	p, err := inventory.FindPack(t.Context(), s.App, c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func codesFrom(prefix string, from, n int) (list []string) {
	for i := range n {
		list = append(list, code(prefix, from+i))
	}
	return list
}

// A revision of listed boxes: what came in stays and is counted, what it does
// not list is withdrawn, what is new is announced.
func TestARevisionTakesThePlaceOfTheEarlierOne(t *testing.T) {
	s := newShop(t)
	doc := transfer("R1", 4, 2)
	doc.Lines[0].Codes = codesFrom(prefix1, 1, 4)
	old := s.take(t, doc)
	s.scan(t, old, code(prefix1, 1)+"\n"+code(prefix1, 2)+"\n"+code(prefix2, 1)+"\n"+code(prefix2, 7)+"\n"+code("8199999", 1))
	next := transfer("R1", 4, 3)
	next.Revision = 2
	next.Lines[0].Codes = []string{code(prefix1, 1), code(prefix1, 3), code(prefix1, 8), code(prefix1, 9)}
	next.Lines[1].Batch = "B2X" // a corrected batch
	if changed, err := s.pull(t, next); err != nil || !changed {
		t.Fatalf("revision 2: %v %v", changed, err)
	}
	first, second := s.receiptOf(t, "R1", 1), s.receiptOf(t, "R1", 2)
	if first.State != inventory.ReceiptSuperseded || first.ReplacedBy == nil || *first.ReplacedBy != second.ID || first.Received != 0+1 {
		t.Errorf("the old one: %+v", first)
	}
	// Box 2 came in and is not listed any more: all four places of its line are
	// taken by listed boxes, so it is too many.
	if second.State != inventory.ReceiptScanning || second.Expected != 7 || second.Received != 3 || second.Surplus != 1 || second.Refused != 1 {
		t.Errorf("the new one: %+v", second)
	}
	for c, want := range map[string]inventory.State{code(prefix1, 1): inventory.StateInStore, code(prefix1, 2): inventory.StateInStore,
		code(prefix1, 3): inventory.StateExpected, code(prefix1, 4): inventory.StateWithdrawn, code(prefix1, 8): inventory.StateExpected,
		code(prefix2, 1): inventory.StateInStore, code(prefix2, 7): inventory.StateInStore} {
		if p := s.pack(t, c); p.State != want {
			t.Errorf("%s is %s, want %s", c, p.State, want)
		}
	}
	if p := s.pack(t, code(prefix2, 1)); p.Batch != "B2X" {
		t.Errorf("the corrected batch did not come: %+v", p)
	}
	extra, err := inventory.ReadSurplus(t.Context(), s.App, second.ID)
	if err != nil || len(extra) != 1 || extra[0].Code != code(prefix1, 2) || extra[0].Red() || extra[0].State != inventory.StateInStore {
		t.Errorf("surplus %+v %v", extra, err)
	}
	if a, err := s.Receive(t.Context(), someone(2, identity.Assistant), inventory.ReceiveScan{ReceiptID: old, CommandID: newID(), Codes: code(prefix1, 3)}); db.KindOf(err) != db.Conflict ||
		!strings.Contains(db.Sentence(err), "新的一版") {
		t.Errorf("scan into the old one: %+v %v", a, err)
	}
	// The withdrawn box comes all the same; the rest comes as announced.
	a := s.scan(t, second.ID, code(prefix1, 4)+"\n"+code(prefix1, 3)+"\n"+code(prefix1, 8)+"\n"+code(prefix1, 9)+"\n"+code(prefix2, 8))
	if want := "withdrawn ok ok ok ok"; strings.Join(kinds(a), " ") != want || a.Received != 7 {
		t.Errorf("answers %v %d", kinds(a), a.Received)
	}
	s.clean(t)
	s.balanced(t)
}

// The same revision again, another content under it, and an earlier one that
// comes late: each has one outcome, and nothing is half done.
func TestRevisionsInEveryOrder(t *testing.T) {
	s := newShop(t)
	second := transfer("R1", 3, 1)
	second.Revision = 2
	s.take(t, second)
	movements := countOf(t, s.App, `SELECT count(*) FROM movement`)
	late := transfer("R1", 2, 1)
	late.Lines[0].Codes = codesFrom(prefix1, 1, 2)
	if changed, err := s.pull(t, late); err != nil || !changed {
		t.Fatalf("late: %v %v", changed, err)
	}
	if changed, err := s.pull(t, late); err != nil || changed {
		t.Fatalf("late again: %v %v", changed, err)
	}
	if x := s.receiptOf(t, "R1", 1); x.State != inventory.ReceiptSuperseded || x.ReplacedBy == nil || *x.ReplacedBy != s.receiptOf(t, "R1", 2).ID {
		t.Errorf("late one %+v", x)
	}
	other := late
	other.FromStore = "别处"
	if _, err := s.pull(t, other); db.KindOf(err) != db.Conflict {
		t.Errorf("another content of the late one: %v", err)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM movement`); n != movements {
		t.Errorf("%d movements, before %d", n, movements)
	}
	bad := transfer("R1", 3, 1)
	bad.Revision, bad.Lines[1].Codes = 3, []string{code(prefix1, 1)}
	if _, err := s.pull(t, bad); db.KindOf(err) != db.Invalid {
		t.Errorf("a revision that is wrong: %v", err)
	}
	if x := s.receiptOf(t, "R1", 2); x.State != inventory.ReceiptWaiting {
		t.Errorf("revision 2 after a wrong revision 3: %+v", x)
	}
}

// A finished receipt opens again, boxes that went on to the clinic and to
// patients are counted where they are.
func TestARevisionAfterTheBoxesWentOn(t *testing.T) {
	s := newShop(t)
	id := s.take(t, transfer("R1", 3, 1))
	s.scan(t, id, strings.Join(append(codesFrom(prefix1, 1, 3), code(prefix2, 1)), "\n"))
	if _, err := s.FinishReceipt(t.Context(), someone(2, identity.Assistant), inventory.Finishing{ReceiptID: id, CommandID: newID()}); err != nil {
		t.Fatal(err)
	}
	s.sessionWith(t, 7, code(prefix1, 1), code(prefix1, 2))
	if _, err := one(t.Context(), s.App, code(prefix1, 2), inventory.Entry{Move: inventory.Move{Kind: inventory.MoveDispense, Session: 7}, Visit: newID(), How: inventory.HowScanned}); err != nil {
		t.Fatal(err)
	}
	if _, err := one(t.Context(), s.App, code(prefix1, 3), inventory.Entry{Move: inventory.Move{Kind: inventory.MoveSendBack}, How: inventory.HowScanned}); err != nil {
		t.Fatal(err)
	}
	next := transfer("R1", 4, 1)
	next.Revision = 2
	if _, err := s.pull(t, next); err != nil {
		t.Fatal(err)
	}
	x := s.receiptOf(t, "R1", 2)
	if x.State != inventory.ReceiptScanning || x.Expected != 5 || x.Received != 4 || x.Surplus != 0 {
		t.Errorf("receipt %+v", x)
	}
	if n := countOf(t, s.App, `SELECT version FROM session_version WHERE session_id = 7`); n != 2 {
		t.Errorf("the session's screens were not told: version %d", n)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM movement WHERE kind = 'adopt'`); n != 4 {
		t.Errorf("%d boxes tied anew", n)
	}
	s.clean(t)
	s.balanced(t)
}

// Two servers bring two revisions while people scan: one holds in the end, and
// every box that came in is counted once.
func TestRevisionsWhilePeopleScan(t *testing.T) {
	s := newShop(t)
	id := s.take(t, transfer("R1", 40, 1))
	var wg sync.WaitGroup
	for rev := 2; rev <= 5; rev++ {
		wg.Go(func() {
			doc := transfer("R1", 40+rev, 1)
			doc.Revision = rev
			if _, err := s.pull(t, doc); err != nil {
				t.Errorf("revision %d: %v", rev, err)
			}
		})
	}
	for n := range 8 {
		wg.Go(func() {
			in := inventory.ReceiveScan{ReceiptID: id, CommandID: newID(), Codes: strings.Join(codesFrom(prefix1, n*5, 5), "\n")}
			if _, err := s.Receive(t.Context(), someone(int64(n+10), identity.Assistant), in); err != nil && db.KindOf(err) != db.Conflict {
				t.Errorf("scan: %v", err)
			}
		})
	}
	wg.Wait()
	if n := countOf(t, s.App, `SELECT count(*) FROM receipt WHERE state <> 'superseded'`); n != 1 {
		t.Errorf("%d revisions hold", n)
	}
	x := s.receiptOf(t, "R1", 5)
	if n := countOf(t, s.App, `SELECT count(*) FROM pack WHERE state = 'in_store'`); x.Received != n || x.Expected != 46 || !x.State.Open() {
		t.Errorf("%d boxes came in, the receipt says %+v", n, x)
	}
	s.clean(t)
}
