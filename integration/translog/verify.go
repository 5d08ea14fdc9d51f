package translog

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Checks are what Verify compares a log with besides itself.
type Checks struct {
	// Anchored are heads from signed anchors. Without them a tail that was cut
	// together with its head row does not show.
	Anchored []Head
	// Officer opens every sealed body as well; nil leaves them closed.
	Officer *seal.PrivateKey
	// Day, such as "2026-11-23", bounds the check to that day's chains; "" is all.
	Day string
	// Progress, if set, is told how many of how many chains are done.
	Progress func(done, total int64)
}

// Verify checks the chains of all writers against their columns, their heads,
// one another and the anchors, on one snapshot. Its error is that of reading;
// what is wrong with the log stands in the report.
func Verify(ctx context.Context, d *db.DB, c Checks) (Report, error) {
	var r Report
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		r, err = verifyAll(ctx, tables{tx}, c)
		return err
	})
	return r, err
}

func verifyAll(ctx context.Context, from source, c Checks) (Report, error) {
	writers, err := from.writers(ctx)
	if err != nil {
		return Report{}, err
	}
	heads, err := from.heads(ctx)
	if err != nil {
		return Report{}, err
	}
	report := Report{Writers: len(writers)}
	if report.Open, err = from.open(ctx); err != nil {
		return Report{}, err
	}
	emptied, err := from.emptied(ctx)
	if err != nil {
		return Report{}, err
	}
	demands := gather(writers, c.Anchored)
	if c.Day != "" {
		writers = slices.DeleteFunc(writers, func(w writerRow) bool { return w.LogDay.Format(time.DateOnly) != c.Day })
		report.Writers = len(writers)
	}
	for i, w := range writers {
		if c.Progress != nil {
			c.Progress(int64(i), int64(len(writers)))
		}
		check := &chainCheck{writer: w, demands: demands[w.ID], officer: c.Officer, emptied: emptied[w.LogDay.Format(time.DateOnly)]}
		delete(demands, w.ID)
		p, err := check.run(ctx, from, heads)
		if err != nil {
			return Report{}, err
		}
		report.Entries += int(check.count)
		report.Elsewhere += check.passed
		if p != nil {
			report.Problems = append(report.Problems, *p)
		}
	}
	if c.Day != "" {
		// Demands on the writers of other days are not this check's.
		return report, nil
	}
	missing := slices.SortedFunc(maps.Keys(demands), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range missing {
		list := demands[id]
		report.Problems = append(report.Problems, *problem(id, 0, NoWriter,
			"整段日志缺失，但锚点或后一段日志记有其中 %d 条。", list[len(list)-1].Length))
	}
	return report, nil
}

// gather sorts by writer every place of a chain that somebody else vouches
// for: anchors, and the headers of writers that followed.
func gather(writers []writerRow, anchored []Head) map[uuid.UUID][]Head {
	out := map[uuid.UUID][]Head{}
	for _, h := range anchored {
		out[h.Writer] = append(out[h.Writer], h)
	}
	for _, w := range writers {
		h, err := decodeHeader(w.Canonical)
		if err == nil && h.Previous.Writer != uuid.Nil {
			out[h.Previous.Writer] = append(out[h.Previous.Writer], h.Previous)
		}
	}
	return out
}

// chainCheck walks one writer's chain.
type chainCheck struct {
	writer  writerRow
	demands []Head
	officer *seal.PrivateKey

	// emptied says that this day's bodies were moved to an archive.
	emptied bool

	chain  *seal.ChainVerifier
	key    seal.DataKey
	count  int64 // good entries so far
	passed int   // of those, without their content
	// visit gets every good entry, for Show; nil for none.
	visit func(e entry) error
}

// run gives the first problem, or nil.
func (c *chainCheck) run(ctx context.Context, from source, heads []Head) (*Problem, error) {
	if p := c.start(); p != nil {
		return p, nil
	}
	var found *Problem
	err := from.each(ctx, c.writer.ID, func(row entryRow) (more bool, err error) {
		found, err = c.next(row)
		return found == nil, err
	})
	if errors.As(err, &found) {
		return found, nil // the source itself could not be read at a place
	}
	if found != nil || err != nil {
		return found, err
	}
	return c.end(heads), nil
}

// start checks the header.
func (c *chainCheck) start() *Problem {
	w := c.writer
	c.chain = seal.NewChainVerifier(domain(w.ID), seal.Digest{})
	ce, err := w.chainEntry()
	if err == nil {
		err = c.chain.Next(ce)
	}
	if err != nil {
		return problem(w.ID, 0, Flipped, "段首被改动。")
	}
	h, err := decodeHeader(w.Canonical)
	if err != nil {
		return problem(w.ID, 0, Flipped, "段首不可读。")
	}
	if column := w.different(h); column != "" {
		return problem(w.ID, 0, Column, "段首的 %s 列与封存内容不符。", column)
	}
	if c.officer != nil {
		if c.key, err = c.officer.UnwrapKey(h.DataKey, h.WrappedKey); err != nil {
			return problem(w.ID, 0, Unopened, "数据密钥不能用这把私钥（%s）打开，须用 %s。", c.officer.ID(), h.OfficerKey)
		}
	}
	return c.demand()
}

// next checks one entry in its place.
func (c *chainCheck) next(row entryRow) (*Problem, error) {
	id, seq := c.writer.ID, c.count+1
	if c.emptied && row.Seq == seq && len(row.Canonical) == 0 {
		return c.pass(row), nil
	}
	e, err := decodeEntry(row.Canonical)
	if p := c.place(row, seq, e, err == nil); p != nil {
		return p, nil
	}
	if err != nil {
		return problem(id, seq, Flipped, "第 %d 条的封存内容不可读。", seq), nil
	}
	if column := row.different(e); column != "" {
		return problem(id, seq, Column, "第 %d 条的 %s 列与封存内容不符。", seq, column), nil
	}
	if c.officer != nil {
		if _, err := c.key.Open(aad(id, seq), e.Sealed); err != nil {
			return problem(id, seq, Unopened, "第 %d 条的密文不能打开。", seq), nil
		}
	}
	c.count = seq
	if p := c.demand(); p != nil {
		return p, nil
	}
	if c.visit != nil {
		return nil, c.visit(e)
	}
	return nil, nil
}

// pass checks the place of an entry whose content lies in an archive.
func (c *chainCheck) pass(row entryRow) *Problem {
	id, seq := c.writer.ID, row.Seq
	ce, err := row.chainEntry()
	if err != nil {
		return problem(id, seq, Flipped, "第 %d 条的摘要被改动。", seq)
	}
	if err := c.chain.Pass(ce.Prev, ce.Digest); err != nil {
		return problem(id, seq, Relinked, "第 %d 条与前一条接不上，其中一条被改写。", seq)
	}
	c.count, c.passed = seq, c.passed+1
	return c.demand()
}

// place tells a missing entry from one that was swapped, altered or relinked; e is
// what the row's bytes say, where they can be read.
func (c *chainCheck) place(row entryRow, seq int64, e entry, readable bool) *Problem {
	id := c.writer.ID
	if row.Seq != seq {
		return problem(id, seq, Dropped, "第 %d 条缺失（其后是第 %d 条）。", seq, row.Seq)
	}
	ce, err := row.chainEntry()
	if err != nil {
		return problem(id, seq, Flipped, "第 %d 条的摘要被改动。", seq)
	}
	own := seal.Link(domain(id), ce.Prev, ce.Canonical) == ce.Digest
	if own && readable && (e.Seq != seq || e.Writer != id) {
		return problem(id, seq, Swapped, "第 %d 条的位置上是写入方 %s 的第 %d 条。", seq, e.Writer, e.Seq)
	}
	if !own {
		return problem(id, seq, Flipped, "第 %d 条被改动。", seq)
	}
	if err := c.chain.Next(ce); err != nil {
		return problem(id, seq, Relinked, "第 %d 条与前一条接不上，其中一条被改写。", seq)
	}
	return nil
}

// demand compares the place just reached with what others vouch for.
func (c *chainCheck) demand() *Problem {
	for _, h := range c.demands {
		if h.Length == c.count && h.Digest != c.chain.Head() {
			return problem(c.writer.ID, c.count, Relinked, "到第 %d 条为止的链与锚点所记不同，此前被改写过。", c.count)
		}
	}
	return nil
}

// end compares the chain's end with the head row and the anchors.
func (c *chainCheck) end(heads []Head) *Problem {
	id, known := c.writer.ID, int64(-1)
	for _, h := range heads {
		if h.Writer != id {
			continue
		}
		known = h.Length
		if h.Length < c.count || h.Length == c.count && h.Digest != c.chain.Head() {
			return problem(id, h.Length, HeadWrong, "链头记为 %d 条，与实有的 %d 条不符。", h.Length, c.count)
		}
	}
	if known < 0 {
		return problem(id, c.count, HeadWrong, "链头缺失。")
	}
	for _, h := range c.demands {
		known = max(known, h.Length)
	}
	if known > c.count {
		return problem(id, c.count+1, Truncated, "尾部缺失：应有 %d 条，只有 %d 条，从第 %d 条起不见了。", known, c.count, c.count+1)
	}
	return nil
}
