package inventory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// cancel lets a red document (红单, 冲红) take effect on the document it names:
// what has not come is withdrawn, what is here already is asked back by name. A
// red document whose original is not here is refused as NotFound: it waits with
// whoever brought it and is tried again when the original comes.
func (t *intake) cancel(ctx context.Context) error {
	of, err := t.original(ctx)
	if err != nil {
		return err
	}
	if err := t.insert(ctx, ReceiptFinished); err != nil {
		return err
	}
	c := &cancelling{intake: t, of: of}
	if err := c.load(ctx); err != nil {
		return err
	}
	for i := range t.doc.Lines {
		if err := c.line(i); err != nil {
			return err
		}
	}
	return c.write(ctx)
}

// original finds and locks the document that a red one cancels.
func (t *intake) original(ctx context.Context) (*knownReceipt, error) {
	known, err := lockNumber(ctx, t.tx, t.doc.Source, t.doc.Cancels)
	if err != nil {
		return nil, err
	}
	of := holding(known)
	switch {
	case of == nil:
		return nil, db.Refuse(db.NotFound, "红单 %s 要冲销的入库单 %s 还没有收到。红单先放着，原单一到会自动再试；急用请联系发单方重发原单。", t.doc.Number, t.doc.Cancels)
	case of.Kind == DocumentRed:
		return nil, t.doc.refuse("要冲销的 %s 自己是红单，红单不能冲红单", t.doc.Cancels)
	case of.State == ReceiptCancelled:
		return nil, db.Refuse(db.Conflict, "红单 %s 要冲销的入库单 %s 先前已经全部冲销。没有改动，请联系发单方核对是否重复开单。", t.doc.Number, t.doc.Cancels)
	}
	return of, nil
}

// cancelling is a red document while it is worked through.
type cancelling struct {
	*intake
	of    *knownReceipt
	lines []*cancelledLine
	at    map[int64]*cancelledLine // by the line's id
	// unknown are boxes that the red document names and nobody has seen: they are
	// written down as withdrawn, so that a scan of one is answered.
	unknown []newPack
	gone    []*Pack // to be withdrawn
	surplus []surplusRow
}

// cancelledLine is a line of the original.
type cancelledLine struct {
	ReceiptLine
	back     int     // packs here that red documents ask back
	expected []*Pack // listed and not scanned
}

// room is how many packs of the line have no code yet.
func (l *cancelledLine) room() int { return l.Packs - l.Linked }

// load reads the original's lines and locks its packs and those that are named.
func (c *cancelling) load(ctx context.Context) error {
	lines, _, err := readLines(ctx, c.tx, c.of.ID, nil)
	if err != nil {
		return err
	}
	var back []struct {
		LineID int64 `db:"line_id"`
		Packs  int   `db:"packs"`
	}
	err = c.tx.Select(ctx, &back, `SELECT line_id, sum(packs) AS packs FROM receipt_surplus WHERE receipt_id = $1 AND cause = 'red' GROUP BY line_id`, c.of.ID)
	if err != nil {
		return fmt.Errorf("read what red documents asked back: %w", err)
	}
	c.earlier, c.at = map[int64]earlierLine{}, map[int64]*cancelledLine{}
	for _, l := range lines {
		c.lines = append(c.lines, &cancelledLine{ReceiptLine: l})
		c.earlier[l.ID], c.at[l.ID] = earlierLine{ID: l.ID}, c.lines[len(c.lines)-1]
	}
	for _, x := range back {
		c.at[x.LineID].back = x.Packs
	}
	if err := c.lockListed(ctx); err != nil {
		return err
	}
	for _, p := range c.held {
		if p.State == StateExpected && c.ours(p) {
			l := c.at[*p.ReceiptLineID]
			l.expected = append(l.expected, p)
		}
	}
	return nil
}

// line cancels what one line of the red document says.
func (c *cancelling) line(i int) error {
	said := c.doc.Lines[i]
	l := c.find(said)
	if l == nil {
		return c.doc.refuse("第 %d 行（%s，批号 %s）在原单 %s 上没有", said.LineNo, c.drugs[said.HISCode].Name(), said.Batch, c.doc.Cancels)
	}
	f := cancelFacts{Packs: said.Packs, Named: len(said.Codes), Left: l.Packs - l.back}
	if err := c.named(i, l); err != nil {
		return err
	}
	f.Room, f.Expected = l.room(), len(l.expected)
	r, problem := cancelLine(f)
	if problem != "" {
		return c.doc.refuse("第 %d 行（%s，冲销 %d 盒）%s", said.LineNo, l.DrugName(), said.Packs, problem)
	}
	c.less(l, r.Room)
	if r.WithdrawAll {
		for _, p := range l.expected {
			c.gone = append(c.gone, p)
			l.Linked--
			c.less(l, 1)
		}
		l.expected = nil
	}
	if r.Back > 0 {
		c.askBack(l, 0, r.Back)
	}
	return nil
}

// less takes packs off a line that have not come.
func (c *cancelling) less(l *cancelledLine, packs int) {
	l.Packs -= packs
	l.Cancelled += packs
}

// askBack notes packs of a line that are here.
func (c *cancelling) askBack(l *cancelledLine, pack int64, packs int) {
	l.back += packs
	c.surplus = append(c.surplus, surplusRow{line: l.ID, pack: pack, packs: packs})
}

// find is the original's line of that drug and batch: one that has enough to
// cancel, or else the first.
func (c *cancelling) find(said DocumentLine) (found *cancelledLine) {
	for _, l := range c.lines {
		if l.DrugID != c.drugs[said.HISCode].ID || said.Batch != "" && l.Batch != "" && said.Batch != l.Batch {
			continue
		}
		if l.Packs-l.back >= said.Packs {
			return l
		}
		if found == nil {
			found = l
		}
	}
	return found
}

// named cancels the packs that a line of the red document names.
func (c *cancelling) named(i int, l *cancelledLine) error {
	for _, x := range c.listed {
		if x.line != i {
			continue
		}
		if problem := c.name(x, l); problem != "" {
			return c.doc.refuse("第 %d 行的追溯码 %s %s", c.doc.Lines[i].LineNo, x.code.Code(), problem)
		}
	}
	return nil
}

// name cancels one pack by its code; problem says why it cannot be.
func (c *cancelling) name(x listedCode, l *cancelledLine) (problem string) {
	p := c.held[x.code.Code()]
	switch {
	case p == nil && l.room() == 0:
		return "不在原单 " + c.doc.Cancels + " 上"
	case p == nil:
		c.unknown = append(c.unknown, newPack{code: x.code.Code(), drugID: l.DrugID, content: l.UnitsPerPack, batch: l.Batch, lineID: l.ID})
		c.less(l, 1)
	case p.ReceiptLineID == nil || *p.ReceiptLineID != l.ID:
		return "不在原单 " + c.doc.Cancels + " 的这一行上"
	case p.State == StateWithdrawn:
		return "先前已经撤单或冲销"
	case p.State == StateExpected:
		c.gone = append(c.gone, p)
		l.expected = slices.DeleteFunc(l.expected, func(q *Pack) bool { return q == p })
		l.Linked--
		c.less(l, 1)
	default:
		c.askBack(l, p.ID, 1)
	}
	return ""
}

// write carries out what was worked out: a constant number of statements.
func (c *cancelling) write(ctx context.Context) error {
	if err := c.withdrawUnknown(ctx); err != nil {
		return err
	}
	slices.SortFunc(c.gone, func(a, b *Pack) int { return strings.Compare(a.Code, b.Code) })
	if err := c.withdraw(ctx, c.gone); err != nil {
		return err
	}
	if err := c.writeLines(ctx); err != nil {
		return err
	}
	if err := keepSurplus(ctx, c.tx, c.of.ID, c.id, surplusRed, c.surplus); err != nil {
		return err
	}
	if err := outdateSheet(ctx, c.tx, c.of.ID); err != nil {
		return err
	}
	if err := c.close(ctx); err != nil {
		return err
	}
	back := 0
	for _, x := range c.surplus {
		back += x.packs
	}
	return identity.Audit(ctx, c.tx, c.by, identity.Event{Name: "receipt.cancel", ObjectKind: "receipt", ObjectID: fmt.Sprint(c.of.ID),
		Detail: fmt.Sprintf("red=%s cancels=%s withdrawn=%d back=%d whole=%t", c.doc.Number, c.doc.Cancels, len(c.gone)+len(c.unknown), back, c.whole())})
}

// withdrawUnknown writes down boxes that nobody has seen and nobody shall take
// in: announced and withdrawn again.
func (c *cancelling) withdrawUnknown(ctx context.Context) error {
	if len(c.unknown) == 0 {
		return nil
	}
	e := Entry{Move: Move{Kind: MoveAnnounce, At: c.tx.Now}, How: HowSystem, Reason: c.reason()}
	if err := enterPacks(ctx, c.tx, c.by, c.unknown, e); err != nil {
		return err
	}
	var codes []string
	for _, p := range c.unknown {
		codes = append(codes, p.code)
	}
	packs, err := LockPacks(ctx, c.tx, codes)
	if err != nil {
		return err
	}
	return c.withdraw(ctx, slices.Collect(maps.Values(packs)))
}

// writeLines keeps how many packs of each line are cancelled now.
func (c *cancelling) writeLines(ctx context.Context) error {
	var ids, cancelled []int64
	for _, l := range c.lines {
		ids = append(ids, l.ID)
		cancelled = append(cancelled, int64(l.Cancelled))
	}
	_, err := c.tx.Exec(ctx, `UPDATE receipt_line SET cancelled = n.cancelled
FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::bigint[]) AS cancelled) n WHERE receipt_line.id = n.id AND receipt_line.cancelled <> n.cancelled`,
		pq.Array(ids), pq.Array(cancelled))
	if err != nil {
		return fmt.Errorf("cancel packs of receipt lines: %w", err)
	}
	return nil
}

// whole reports that nothing of the original is wanted any more.
func (c *cancelling) whole() bool {
	return !slices.ContainsFunc(c.lines, func(l *cancelledLine) bool { return l.Packs > l.back })
}

// close ends the red document, which has nothing to scan, and the original when
// all of it is cancelled.
func (c *cancelling) close(ctx context.Context) error {
	if err := c.tx.ExecOne(ctx, `UPDATE receipt SET finished_at = $2 WHERE id = $1`, c.id, c.tx.Now); err != nil {
		return fmt.Errorf("end a red document: %w", err)
	}
	if !c.whole() {
		return nil
	}
	if err := c.tx.ExecOne(ctx, `UPDATE receipt SET state = 'cancelled' WHERE id = $1`, c.of.ID); err != nil {
		return fmt.Errorf("cancel a receipt: %w", err)
	}
	return nil
}
