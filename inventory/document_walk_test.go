package inventory_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// documentWalk is a pharmacy to which documents of every kind come at random
// while people scan, take back, teach and correct.
type documentWalk struct {
	*shop
	t    *testing.T
	r    *rand.Rand
	did  map[string]int
	list int64 // the open opening list
}

// Whatever documents and people do in whatever order: nothing fails inside, one
// revision of a document holds, nothing is counted twice, and every box is what
// its movements make of it.
func TestRandomDocumentsVerifyClean(t *testing.T) {
	for seed := range uint64(3) {
		w := &documentWalk{shop: newShop(t), t: t, r: rand.New(rand.NewPCG(seed, 11)), did: map[string]int{}}
		for range 300 {
			w.step()
		}
		t.Logf("seed %d: %v", seed, w.did)
		for _, must := range []string{"document", "revision", "red", "scan", "undo", "teach", "typed", "opening"} {
			if w.did[must] == 0 {
				t.Errorf("seed %d never did %s", seed, must)
			}
		}
		w.holds()
		w.clean(t)
		w.balanced(t)
	}
}

// note counts what was done; a refusal is an answer, an inner fault is none.
func (w *documentWalk) note(what string, err error) {
	w.t.Helper()
	switch {
	case err == nil:
		w.did[what]++
	case db.KindOf(err) == db.Internal:
		w.t.Fatalf("%s: %v", what, err)
	}
}

func (w *documentWalk) number() string { return fmt.Sprint("W", w.r.IntN(4)) }

// codes are a few boxes of three prefixes, one of which nobody knows at first.
func (w *documentWalk) codes(n int) (list []string) {
	for range n {
		list = append(list, code([]string{prefix1, prefix2, "8199999"}[w.r.IntN(3)], w.r.IntN(30)))
	}
	return list
}

// receipt is any receipt, open or not.
func (w *documentWalk) receipt() (id int64) {
	w.t.Helper()
	if err := w.App.Get(w.t.Context(), &id, `SELECT COALESCE(max(id), 0) FROM receipt`); err != nil {
		w.t.Fatal(err)
	}
	return 1 + w.r.Int64N(id+1)
}

func (w *documentWalk) step() {
	ctx, by := w.t.Context(), someone(int64(2+w.r.IntN(3)), identity.Pharmacist)
	switch w.r.IntN(9) {
	case 0, 1:
		w.document()
	case 2:
		doc := red(fmt.Sprint("H", w.r.IntN(1000)), w.number(), w.r.IntN(4), w.r.IntN(3)+1)
		_, err := w.TakeReceipt(ctx, identity.System("his-poller"), doc)
		w.note("red", err)
	case 3, 4:
		in := inventory.ReceiveScan{ReceiptID: w.receipt(), CommandID: newID(), Codes: strings.Join(w.codes(6), "\n")}
		_, err := w.Receive(ctx, by, in)
		w.note("scan", err)
	case 5:
		var c string
		err := w.App.Get(ctx, &c, `SELECT COALESCE(max(k.code), '') FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id JOIN receipt r ON r.id = l.receipt_id
WHERE k.state = 'in_store' AND r.state = 'scanning'`)
		if err != nil || c == "" {
			return
		}
		_, err = w.Unreceive(ctx, by, inventory.Unreceiving{ReceiptID: w.receiptOfBox(c), CommandID: newID(), Code: c})
		w.note("undo", err)
	case 6:
		in := inventory.Teaching{CommandID: newID(), Code: "8199999", DrugID: []int64{w.drug1, w.drug2}[w.r.IntN(2)], Level: 1, Replace: true}
		_, err := w.TeachPrefix(ctx, by, in)
		w.note("teach", err)
	case 7:
		w.typeSome(by)
	case 8:
		w.openSome(by)
	}
}

// document brings a new document or the next revision of one, with or without
// codes and batches.
func (w *documentWalk) document() {
	var revision int
	doc := transfer(w.number(), 1+w.r.IntN(8), 1+w.r.IntN(8))
	err := w.App.Get(w.t.Context(), &revision, `SELECT COALESCE(max(revision), 0) FROM receipt WHERE number = $1`, doc.Number)
	if err != nil {
		w.t.Fatal(err)
	}
	doc.Revision = revision + 1 + w.r.IntN(2)
	if w.r.IntN(2) == 0 {
		doc.Lines[0].Batch, doc.Lines[0].ExpiresOn, doc.Lines[0].MadeOn = "", time.Time{}, time.Time{}
	}
	if w.r.IntN(3) == 0 {
		doc.Lines[1].Codes = codesFrom(prefix2, w.r.IntN(25), 1+w.r.IntN(doc.Lines[1].Packs))
	}
	what := "document"
	if revision > 0 {
		what = "revision"
	}
	_, err = w.TakeReceipt(w.t.Context(), identity.System("his-poller"), doc)
	w.note(what, err)
}

func (w *documentWalk) receiptOfBox(c string) (id int64) {
	w.t.Helper()
	err := w.App.Get(w.t.Context(), &id, `SELECT l.receipt_id FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id WHERE k.code = $1`, c)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *documentWalk) typeSome(by identity.Actor) {
	id := w.receipt()
	lines, err := inventory.ReceiptLines(w.t.Context(), w.App, id)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(lines) == 0 {
		return
	}
	in := inventory.BatchTyping{ReceiptID: id, LineID: lines[0].ID, CommandID: newID(), Correct: w.r.IntN(2) == 0,
		Typed: inventory.TypedBatch{Batch: fmt.Sprint("T", w.r.IntN(5)), ExpiresOn: day(2028, 1+w.r.IntN(12), 28)}}
	_, err = w.TypeBatch(w.t.Context(), by, in)
	w.note("typed", err)
}

// openSome begins an opening list, adds to it, or has another person confirm it.
func (w *documentWalk) openSome(by identity.Actor) {
	ctx := w.t.Context()
	if w.list == 0 {
		id, err := w.StartOpening(ctx, by, inventory.OpeningStart{CommandID: newID(), Reason: "演示"})
		w.note("opening", err)
		w.list = id
		return
	}
	typed := inventory.TypedBatch{Batch: "OB", ExpiresOn: day(2028, 5, 31)}
	_, err := w.ScanOpening(ctx, by, inventory.OpeningScan{ListID: w.list, CommandID: newID(), Codes: strings.Join(w.codes(3), "\n"), Typed: typed})
	w.note("counted", err)
	packs := countOf(w.t, w.App, fmt.Sprintf(`SELECT count(*) FROM opening_code WHERE list_id = %d`, w.list))
	if _, err = w.ConfirmOpening(ctx, someone(9, identity.Pharmacist), inventory.OpeningConfirm{ListID: w.list, CommandID: newID(), Packs: packs}); err == nil {
		w.list = 0
	}
	w.note("entered", err)
}

// holds is what is true of documents at any time.
func (w *documentWalk) holds() {
	w.t.Helper()
	for say, query := range map[string]string{
		"documents of which two revisions hold": `SELECT count(*) FROM (SELECT number FROM receipt WHERE state <> 'superseded' GROUP BY number HAVING count(*) > 1) x`,
		"lines with more boxes than they want": `SELECT count(*) FROM receipt_line l JOIN receipt r ON r.id = l.receipt_id WHERE r.state <> 'superseded'
AND l.packs - l.cancelled < (SELECT count(*) FROM pack k WHERE k.receipt_line_id = l.id AND k.state <> 'withdrawn')`,
		"boxes expected by a document that does not hold": `SELECT count(*) FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id JOIN receipt r ON r.id = l.receipt_id
WHERE k.state = 'expected' AND r.state IN ('superseded', 'cancelled')`,
		"boxes of another drug than their line's": `SELECT count(*) FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id WHERE l.drug_id <> k.drug_id`,
	} {
		if n := countOf(w.t, w.App, query); n != 0 {
			w.t.Errorf("%d %s", n, say)
		}
	}
}
