package inventory_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// bare is a document that knows neither batch nor expiry of its first line.
func bare(number string, packs int) inventory.Document {
	doc := transfer(number, packs, 1)
	doc.Lines[0].Batch, doc.Lines[0].ExpiresOn, doc.Lines[0].MadeOn = "", time.Time{}, time.Time{}
	return doc
}

func (s *shop) lineOf(t testing.TB, receipt int64, no int) inventory.ReceiptLine {
	t.Helper()
	lines, err := inventory.ReceiptLines(t.Context(), s.App, receipt)
	if err != nil {
		t.Fatal(err)
	}
	return lines[no-1]
}

// Typed once, it holds for boxes that are in, in a clinic's tray, and to come; a
// second batch of the line is for the boxes from then on; a slip is corrected.
func TestBatchIsTypedOncePerLine(t *testing.T) {
	s := newShop(t)
	id := s.take(t, bare("R1", 6))
	line := s.lineOf(t, id, 1)
	s.scan(t, id, code(prefix1, 1)+"\n"+code(prefix1, 2))
	s.sessionWith(t, 7, code(prefix1, 2))
	by := someone(2, identity.Assistant)
	put := func(batch string, correct bool, want int) {
		t.Helper()
		in := inventory.BatchTyping{ReceiptID: id, LineID: line.ID, CommandID: newID(), Correct: correct, Typed: inventory.TypedBatch{Batch: batch, ExpiresOn: day(2028, 6, 30)}}
		if n, err := s.TypeBatch(t.Context(), by, in); err != nil || n != want {
			t.Fatalf("%s: %d boxes, want %d, %v", batch, n, want, err)
		}
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM ledger_stale`); n != 0 {
		t.Errorf("receiving and packing leave %d days to sum anew", n)
	}
	put("T1", false, 2)
	if n := countOf(t, s.App, `SELECT count(*) FROM ledger_stale WHERE day = (SELECT CAST(max(at) AT TIME ZONE 'Asia/Shanghai' AS date) FROM movement)`); n != 1 {
		t.Errorf("two boxes of a new batch mark %d days", n)
	}
	if n := countOf(t, s.App, `SELECT version FROM session_version WHERE session_id = 7`); n != 2 {
		t.Error("the clinic's screens were not told")
	}
	s.scan(t, id, code(prefix1, 3))
	put("T2", false, 0) // the next boxes are of another batch
	s.scan(t, id, code(prefix1, 4))
	put("T22", true, 1) // T2 was a slip
	for n, want := range map[int]string{1: "T1", 2: "T1", 3: "T1", 4: "T22"} {
		if p := s.pack(t, code(prefix1, n)); p.Batch != want || p.ExpiresOn == nil {
			t.Errorf("box %d: %+v", n, p)
		}
	}
	if rows, err := inventory.ReadContradictions(t.Context(), s.App, id); err != nil || len(rows) != 0 {
		t.Errorf("typed batches contradict nothing: %+v %v", rows, err)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM audit WHERE event = 'receipt.batch'`); n != 3 {
		t.Errorf("%d events", n)
	}
	s.clean(t)
}

func TestBadBatches(t *testing.T) {
	s := newShop(t)
	id := s.take(t, bare("R1", 2))
	half := transfer("R2", 1, 1)
	half.Lines[0].ExpiresOn, half.Lines[0].MadeOn = time.Time{}, time.Time{}
	other := s.take(t, half)
	mine, full, partly := s.lineOf(t, id, 1).ID, s.lineOf(t, id, 2).ID, s.lineOf(t, other, 1).ID
	good := inventory.TypedBatch{Batch: "T1", ExpiresOn: day(2028, 6, 30)}
	for name, c := range map[string]struct {
		receipt, line int64
		typed         inventory.TypedBatch
		kind          db.Kind
		say           string
	}{
		"nothing":          {id, mine, inventory.TypedBatch{}, db.Invalid, "都填上"},
		"no expiry":        {id, mine, inventory.TypedBatch{Batch: "T1"}, db.Invalid, "都填上"},
		"long":             {id, mine, inventory.TypedBatch{Batch: strings.Repeat("9", 61), ExpiresOn: good.ExpiresOn}, db.Invalid, "60"},
		"control":          {id, mine, inventory.TypedBatch{Batch: "T\x01", ExpiresOn: good.ExpiresOn}, db.Invalid, "看不见"},
		"far":              {id, mine, inventory.TypedBatch{Batch: "T1", ExpiresOn: time.Now().AddDate(10, 0, 2)}, db.Invalid, "10 年"},
		"year 9999":        {id, mine, inventory.TypedBatch{Batch: "T1", ExpiresOn: day(9999, 1, 1), Confirmed: true}, db.Invalid, "10 年"},
		"past":             {id, mine, inventory.TypedBatch{Batch: "T1", ExpiresOn: day(2024, 1, 1)}, db.Invalid, "已经过去"},
		"document's own":   {id, full, good, db.Conflict, "换版"},
		"another receipt":  {other, mine, good, db.NotFound, "这一行"},
		"contradicts half": {other, partly, good, db.Conflict, "批号是 B1"},
	} {
		in := inventory.BatchTyping{ReceiptID: c.receipt, LineID: c.line, CommandID: newID(), Typed: c.typed}
		if n, err := s.TypeBatch(t.Context(), pharmacist(), in); n != 0 || db.KindOf(err) != c.kind || !strings.Contains(db.Sentence(err), c.say) {
			t.Errorf("%s: %d %v", name, n, err)
		}
	}
	in := inventory.BatchTyping{ReceiptID: other, LineID: partly, CommandID: newID(), Typed: inventory.TypedBatch{ExpiresOn: day(2024, 1, 1), Confirmed: true}}
	if _, err := s.TypeBatch(t.Context(), pharmacist(), in); err != nil {
		t.Errorf("the missing half, confirmed: %v", err)
	}
	if l := s.lineOf(t, other, 1); l.Batch != "B1" || dayOf(l.ExpiresOn) != "2024-01-01" || !l.Typed {
		t.Errorf("line %+v", l)
	}
}

func dayOf(d *time.Time) string {
	if d == nil {
		return ""
	}
	return d.Format(time.DateOnly)
}

// What the box's code says and what the document says stay both, and the
// contradiction is named.
func TestACodeContradictsTheDocument(t *testing.T) {
	s := newShop(t)
	addDrug(t, s.DB, "YS3", "06901234567892")
	doc := transfer("R1", 1, 1)
	doc.Lines[0] = inventory.DocumentLine{LineNo: 1, HISCode: "YS3", Batch: "L1", ExpiresOn: day(2027, 1, 1), Packs: 4}
	id := s.take(t, doc)
	s.scan(t, id, "(01)06901234567892(17)270228(10)L2(21)S1\n(01)06901234567892(17)270228(10)L2(21)S2\n(01)06901234567892(10)L1(21)S3\n(01)06901234567892(21)S4")
	rows, err := inventory.ReadContradictions(t.Context(), s.App, id)
	if err != nil || len(rows) != 1 || rows[0].Packs != 2 || rows[0].Batch != "L2" || rows[0].LineBatch != "L1" || !rows[0].Read || dayOf(rows[0].ExpiresOn) != "2027-02-28" {
		t.Fatalf("contradictions %+v %v", rows, err)
	}
	next := doc
	next.Revision, next.Lines = 2, append([]inventory.DocumentLine(nil), doc.Lines...)
	next.Lines[0].Batch, next.Lines[0].ExpiresOn = "", time.Time{}
	if _, err := s.pull(t, next); err != nil {
		t.Fatal(err)
	}
	for c, want := range map[string]string{"S1": "L2/2027-02-28", "S3": "L1/2027-01-01", "S4": "L1/2027-01-01"} {
		if p := s.pack(t, "(01)06901234567892(21)"+c); p.Batch+"/"+dayOf(p.ExpiresOn) != want {
			t.Errorf("%s after a blank revision: %+v", c, p)
		}
	}
	s.clean(t)
}

// Boxes that were let in at a table before any document: a list has them at once,
// wherever they are; a counting document has them when somebody says so.
func TestALateDocumentAdoptsWhatWasLetIn(t *testing.T) {
	s := newShop(t)
	tamper(t, s.DB, `INSERT INTO session_version (session_id, version, changed_at) VALUES (7, 1, now())`)
	for n := 1; n <= 4; n++ {
		s.letIn(t, code(prefix1, n), s.drug1, 7)
	}
	give := inventory.Entry{Move: inventory.Move{Kind: inventory.MoveDispense, Session: 7}, Visit: newID(), How: inventory.HowScanned}
	for _, n := range []int{1, 3} {
		if _, err := one(t.Context(), s.App, code(prefix1, n), give); err != nil {
			t.Fatal(err)
		}
	}
	listed := transfer("R1", 2, 1)
	listed.Lines[0].Codes = codesFrom(prefix1, 1, 2)
	s.take(t, listed)
	if x := s.receiptOf(t, "R1", 1); x.Received != 2 || x.State != inventory.ReceiptWaiting {
		t.Errorf("listed: %+v", x)
	}
	if p := s.pack(t, code(prefix1, 1)); p.State != inventory.StateDispensed || p.Batch != "B1" || p.VisitID == nil {
		t.Errorf("the dispensed one: %+v", p)
	}
	id := s.take(t, transfer("R2", 1, 1))
	boxes, err := inventory.UnpaperedBoxes(t.Context(), s.App, id, 10)
	if err != nil || len(boxes) != 2 || boxes[0].Code != code(prefix1, 3) || boxes[0].State != inventory.StateDispensed {
		t.Fatalf("boxes without a document %+v %v", boxes, err)
	}
	a, err := s.Adopt(t.Context(), someone(2, identity.Assistant), inventory.Adopting{ReceiptID: id, CommandID: newID(), Codes: append(codesFrom(prefix1, 3, 2), code(prefix1, 1), code(prefix2, 9))})
	if want := "adopted not_on_receipt already_here unknown"; err != nil || strings.Join(kinds(a), " ") != want || a.Received != 1 {
		t.Errorf("answers %v %d %v", kinds(a), a.Received, err)
	}
	if boxes, err := inventory.UnpaperedBoxes(t.Context(), s.App, id, 10); err != nil || len(boxes) != 0 {
		t.Errorf("the line is full: %+v %v", boxes, err)
	}
	if n := countOf(t, s.App, `SELECT version FROM session_version WHERE session_id = 7`); n != 2 {
		t.Errorf("version %d: the clinic hears of the box in its tray", n)
	}
	s.clean(t)
	s.balanced(t)
}

// letIn gives a box without a row to a clinic day, on the duty holder's word.
func (s *shop) letIn(t testing.TB, c string, drug, session int64) {
	t.Helper()
	parsed, err := inventory.ParseTraceCode(c)
	if err != nil {
		t.Fatal(err)
	}
	err = s.App.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		e := inventory.Entry{Move: inventory.Move{Session: session}, How: inventory.HowScanned}
		_, err := inventory.EnterLetIn(ctx, tx, pharmacist(), parsed, inventory.Prefix{Prefix: prefix1, DrugID: drug, Level: 1, Units: 20}, e)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
