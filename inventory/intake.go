package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/session/live"
	"jingfang/sql/db"
)

// intake is one document while it is taken in.
type intake struct {
	tx     *db.Tx
	by     identity.Actor
	hub    *live.Hub
	doc    Document
	digest []byte
	listed []listedCode
	drugs  map[string]Drug // by HIS code
	id     int64           // of the receipt
	lineID []int64         // of each line

	earlier map[int64]earlierLine // of the revisions before this one, by id
	held    map[string]*Pack      // by code: what the document is about and is known
}

// run takes the document in; false says that it was there already.
func (t *intake) run(ctx context.Context) (changed bool, err error) {
	known, err := lockNumber(ctx, t.tx, t.doc.Source, t.doc.Number)
	if err != nil {
		return false, err
	}
	if seen, err := t.seen(known); seen || err != nil {
		return false, err
	}
	if err := t.findDrugs(ctx); err != nil {
		return false, err
	}
	holds := holding(known)
	switch {
	case t.doc.Kind == DocumentRed:
		return true, t.cancel(ctx)
	case holds != nil && holds.Revision > t.doc.Revision:
		return true, t.keepLate(ctx, *holds)
	case holds != nil:
		return true, t.replace(ctx, *holds)
	}
	return true, t.begin(ctx)
}

// begin takes in a document that has no earlier revision.
func (t *intake) begin(ctx context.Context) error {
	// The row comes before the codes are looked at: whoever brings the same
	// document at the same time then waits here, and finds it seen.
	if err := t.insert(ctx, ReceiptWaiting); err != nil {
		return err
	}
	if err := t.lockListed(ctx); err != nil {
		return err
	}
	sorted, err := t.sortCodes(ctx)
	if err != nil {
		return err
	}
	if err := t.enter(ctx, sorted); err != nil {
		return err
	}
	if err := t.audit(ctx, fmt.Sprintf("adopted=%d", len(sorted.adopted))); err != nil {
		return err
	}
	return t.touch(ctx, sorted.adopted)
}

func (t *intake) audit(ctx context.Context, more string) error {
	return identity.Audit(ctx, t.tx, t.by, identity.Event{Name: "receipt.take", ObjectKind: "receipt", ObjectID: fmt.Sprint(t.id),
		Detail: fmt.Sprintf("source=%s number=%s revision=%d lines=%d codes=%d %s", t.doc.Source, t.doc.Number, t.doc.Revision,
			len(t.doc.Lines), len(t.listed), more)})
}

// touch wakes the screens of sessions whose trays hold packs that got another
// batch or expiry, or lost their alarm.
func (t *intake) touch(ctx context.Context, packs []*Pack) error {
	var ids []int64
	for _, p := range packs {
		if p.State == StateAllocated && p.SessionID != nil {
			ids = append(ids, *p.SessionID)
		}
	}
	return t.hub.Touch(ctx, t.tx, ids...)
}

// knownReceipt is a revision of a document that was taken in before.
type knownReceipt struct {
	ID       int64        `db:"id"`
	Revision int          `db:"revision"`
	Kind     string       `db:"kind"`
	State    ReceiptState `db:"state"`
	Digest   []byte       `db:"digest"`
}

// lockNumber takes all revisions of a document and reads them, oldest first: a
// second statement sees what was committed while the first one waited.
func lockNumber(ctx context.Context, tx *db.Tx, source, number string) ([]knownReceipt, error) {
	var ids []int64
	err := tx.Select(ctx, &ids, `SELECT id FROM receipt WHERE source = $1 AND number = $2 ORDER BY id FOR NO KEY UPDATE`, source, number)
	if err != nil || len(ids) == 0 {
		return nil, wrap(err, "lock receipt %s", number)
	}
	var known []knownReceipt
	err = tx.Select(ctx, &known, `SELECT id, revision, kind, state, digest FROM receipt WHERE source = $1 AND number = $2 ORDER BY revision`, source, number)
	return known, wrap(err, "read receipt %s", number)
}

// wrap is fmt.Errorf that leaves nil alone.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}

// holding is the revision that holds now; nil when there is none.
func holding(known []knownReceipt) *knownReceipt {
	for i := range known {
		if known[i].State != ReceiptSuperseded {
			return &known[i]
		}
	}
	return nil
}

// seen tells whether this very document was taken before, and refuses another
// one under its number and revision, or of another kind.
func (t *intake) seen(known []knownReceipt) (bool, error) {
	for _, x := range known {
		switch {
		case x.Revision == t.doc.Revision && string(x.Digest) == string(t.digest):
			return true, nil
		case x.Revision == t.doc.Revision:
			return false, db.Refuse(db.Conflict, "入库单 %s 第 %d 版已经收过，这次的内容不同，没有改动。请发单方改用新的版次重发。", t.doc.Number, t.doc.Revision)
		case x.Kind == DocumentRed, t.doc.Kind == DocumentRed:
			return false, db.Refuse(db.Conflict, "单号 %s 已经用过，红单不能换版，也不能和别的单同号。没有改动，请发单方另开一张单。", t.doc.Number)
		}
	}
	return false, nil
}

// findDrugs reads the drugs of all lines and names those the dictionary lacks.
func (t *intake) findDrugs(ctx context.Context) error {
	var codes []string
	for _, l := range t.doc.Lines {
		codes = append(codes, l.HISCode)
	}
	var rows []Drug
	err := t.tx.Select(ctx, &rows, `SELECT id, his_code, generic_name, spec, units_per_pack FROM drug WHERE his_code = ANY($1::text[])`, pq.Array(codes))
	if err != nil {
		return fmt.Errorf("read drugs: %w", err)
	}
	t.drugs = make(map[string]Drug, len(rows))
	for _, d := range rows {
		t.drugs[d.HISCode] = d
	}
	var missing []string
	for _, c := range codes {
		if _, ok := t.drugs[c]; !ok && !slices.Contains(missing, c) {
			missing = append(missing, c)
		}
	}
	if len(missing) > 0 {
		return db.Refuse(db.Invalid, "入库单 %s 里有药品目录没有的编码：%s。整张单没有收下，请先同步药品目录，再取这张单。",
			t.doc.Number, strings.Join(missing[:min(len(missing), 10)], "、"))
	}
	return nil
}
