package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// earlierLine is a line of a revision that came before.
type earlierLine struct {
	ID        int64  `db:"id"`
	ReceiptID int64  `db:"receipt_id"`
	LineNo    int    `db:"line_no"`
	Batch     string `db:"batch"`
	Cancelled int    `db:"cancelled"`
	// Typed says that people read batch or expiry off the boxes.
	Typed bool `db:"typed"`
}

// readEarlier reads the lines of all revisions of the document.
func (t *intake) readEarlier(ctx context.Context) error {
	var lines []earlierLine
	err := t.tx.Select(ctx, &lines, `SELECT l.id, l.receipt_id, l.line_no, l.batch, l.cancelled, l.typed_at IS NOT NULL AS typed
FROM receipt_line l JOIN receipt r ON r.id = l.receipt_id WHERE r.source = $1 AND r.number = $2 ORDER BY l.id`, t.doc.Source, t.doc.Number)
	if err != nil {
		return fmt.Errorf("read earlier revisions of receipt %s: %w", t.doc.Number, err)
	}
	t.earlier = make(map[int64]earlierLine, len(lines))
	for _, l := range lines {
		t.earlier[l.ID] = l
	}
	return nil
}

// keepLate keeps a revision that came after a later one: the later one holds,
// nothing in the stock changes, and the same document again is known.
func (t *intake) keepLate(ctx context.Context, holds knownReceipt) error {
	if err := t.insert(ctx, ReceiptSuperseded); err != nil {
		return err
	}
	if err := t.tx.ExecOne(ctx, `UPDATE receipt SET replaced_by = $2::bigint WHERE id = $1`, t.id, holds.ID); err != nil {
		return fmt.Errorf("keep a late revision: %w", err)
	}
	return t.audit(ctx, fmt.Sprintf("late=true holds=%d", holds.Revision))
}

// replace lets a later revision take the place of the one that holds. Packs that
// came in stay where they are and are counted to the new lines, announced ones
// that the new revision does not list are withdrawn, and what is here beyond it
// shows as a difference.
func (t *intake) replace(ctx context.Context, holds knownReceipt) error {
	if err := t.readEarlier(ctx); err != nil {
		return err
	}
	if err := t.replaceable(ctx, holds); err != nil {
		return err
	}
	// First the old one steps back: only one revision of a document holds.
	if err := t.tx.ExecOne(ctx, `UPDATE receipt SET state = 'superseded' WHERE id = $1`, holds.ID); err != nil {
		return fmt.Errorf("supersede receipt: %w", err)
	}
	if err := outdateSheet(ctx, t.tx, holds.ID); err != nil {
		return err
	}
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
	gone, here := t.unlisted()
	extra := t.tieAnew(here, &sorted)
	if err := t.withdraw(ctx, gone); err != nil {
		return err
	}
	if err := t.enter(ctx, sorted); err != nil {
		return err
	}
	return t.settleReplaced(ctx, holds, sorted, gone, extra)
}

// replaceable refuses a revision of what a red document has cancelled: whether
// it counts before or after that one nobody can tell.
func (t *intake) replaceable(ctx context.Context, holds knownReceipt) error {
	if holds.State == ReceiptCancelled {
		return refuseReplacing(t.doc, "已经冲销，不能再换版。")
	}
	var red int
	err := t.tx.Get(ctx, &red, `SELECT count(*) FROM receipt WHERE source = $1 AND cancels = $2::text AND kind = 'red'`, t.doc.Source, t.doc.Number)
	if err != nil {
		return fmt.Errorf("look for red documents: %w", err)
	}
	if red > 0 {
		return refuseReplacing(t.doc, "已有红单冲销过一部分，不能再换版。")
	}
	return nil
}

// unlisted is the packs of earlier revisions that the new one does not list by
// code: those that never came, and those that are here or have been.
func (t *intake) unlisted() (gone, here []*Pack) {
	listed := make(map[string]bool, len(t.listed))
	for _, c := range t.listed {
		listed[c.code.Code()] = true
	}
	for code, p := range t.held {
		switch {
		case listed[code] || !t.ours(p) || p.State == StateWithdrawn:
		case p.State == StateExpected:
			gone = append(gone, p)
		default:
			here = append(here, p)
		}
	}
	byCode := func(a, b *Pack) int { return strings.Compare(a.Code, b.Code) }
	slices.SortFunc(gone, byCode)
	slices.SortFunc(here, byCode)
	return gone, here
}

// tieAnew counts packs that are here to the lines of the new revision; extra are
// those it has no room for.
func (t *intake) tieAnew(here []*Pack, s *sortedCodes) (extra []*Pack) {
	lines := make([]roomyLine, len(t.doc.Lines))
	for i, l := range t.doc.Lines {
		lines[i] = roomyLine{drugID: t.drugs[l.HISCode].ID, batch: l.Batch, lineNo: l.LineNo, room: l.Packs - len(l.Codes)}
	}
	packs := make([]tiedPack, len(here))
	for i, p := range here {
		packs[i] = tiedPack{drugID: p.DrugID, batch: p.Batch, lineNo: t.earlier[*p.ReceiptLineID].LineNo}
	}
	for i, line := range retie(packs, lines) {
		if line < 0 {
			extra = append(extra, here[i])
			continue
		}
		s.claimed = append(s.claimed, here[i])
		s.adopted = append(s.adopted, here[i])
		t.describe(here[i], line)
	}
	return extra
}

func (t *intake) withdraw(ctx context.Context, gone []*Pack) error {
	e := Entry{Move: Move{Kind: MoveWithdraw, At: t.tx.Now}, How: HowSystem, Reason: t.reason()}
	_, err := WriteAll(ctx, t.tx, t.by, gone, e)
	return err
}

// settleReplaced writes what hangs on the receipt: where the old one went, its
// boxes that nobody took in, and what is here beyond the new one.
func (t *intake) settleReplaced(ctx context.Context, holds knownReceipt, s sortedCodes, gone, extra []*Pack) error {
	err := t.tx.ExecOne(ctx, `UPDATE receipt SET replaced_by = $2::bigint WHERE id = $1`, holds.ID, t.id)
	if err != nil {
		return fmt.Errorf("name the revision that holds: %w", err)
	}
	if len(s.adopted)+len(extra) > 0 {
		if err := t.tx.ExecOne(ctx, `UPDATE receipt SET state = 'scanning' WHERE id = $1`, t.id); err != nil {
			return fmt.Errorf("go on with a replaced receipt: %w", err)
		}
	}
	if err := t.carryOver(ctx, holds); err != nil {
		return err
	}
	var rows []surplusRow
	for _, p := range extra {
		rows = append(rows, surplusRow{line: *p.ReceiptLineID, pack: p.ID, packs: 1})
	}
	if err := keepSurplus(ctx, t.tx, t.id, t.id, surplusRevision, rows); err != nil {
		return err
	}
	err = t.audit(ctx, fmt.Sprintf("replaces=%d kept=%d withdrawn=%d extra=%d", holds.Revision, len(s.adopted), len(gone), len(extra)))
	if err != nil {
		return err
	}
	return t.touch(ctx, s.adopted)
}

// carryOver brings to the new revision what people have done about boxes of the
// old one: boxes that were not taken in, open cartons, boxes without a code.
func (t *intake) carryOver(ctx context.Context, holds knownReceipt) error {
	_, err := t.tx.Exec(ctx, `UPDATE receipt_refusal SET receipt_id = $2::bigint, resolved_at = NULL, resolved_by = NULL, resolution = ''
WHERE receipt_id = $1 AND resolution IN ('', 'difference')`, holds.ID, t.id)
	if err != nil {
		return fmt.Errorf("carry refused boxes over: %w", err)
	}
	_, err = t.tx.Exec(ctx, `UPDATE carton SET receipt_id = $2::bigint WHERE receipt_id = $1`, holds.ID, t.id)
	if err != nil {
		return fmt.Errorf("carry cartons over: %w", err)
	}
	_, err = t.tx.Exec(ctx, `UPDATE codeless_request SET receipt_id = $2::bigint, receipt_line_id = COALESCE(
  (SELECT min(n.id) FROM receipt_line n JOIN receipt_line o ON o.drug_id = n.drug_id WHERE o.id = codeless_request.receipt_line_id AND n.receipt_id = $2::bigint),
  receipt_line_id)
WHERE receipt_id = $1`, holds.ID, t.id)
	return wrap(err, "carry boxes without a code over")
}

// lockPacksOf is [LockPacks] for packs by their codes and packs of receipt
// lines, in one order.
func lockPacksOf(ctx context.Context, tx *db.Tx, codes []string, lines []int64) (map[string]*Pack, error) {
	if len(lines) == 0 {
		return LockPacks(ctx, tx, codes)
	}
	// The codes are read first, so that all packs are locked by the one function
	// that knows how.
	var of []string
	err := tx.Select(ctx, &of, `SELECT k.code FROM pack k WHERE k.receipt_line_id = ANY($1::bigint[])`, pq.Array(lines))
	if err != nil {
		return nil, fmt.Errorf("read packs of receipt lines: %w", err)
	}
	return LockPacks(ctx, tx, distinct(append(of, codes...)))
}
