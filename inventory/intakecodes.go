package inventory

import (
	"context"
	"strconv"

	"jingfang/sql/db"
)

// listedCode is a trace code of a line.
type listedCode struct {
	code TraceCode
	line int // index into the document's lines
	// units is what the prefix says of a pack's content, 0 when it is not known.
	units int64
}

// listed reads the codes of all lines.
func (d Document) listed() ([]listedCode, error) {
	var all []listedCode
	seen := map[string]bool{}
	for i, l := range d.Lines {
		for _, raw := range l.Codes {
			c, err := ParseTraceCode(raw)
			if err != nil {
				return nil, d.refuse("第 %d 行的追溯码 %s 不对：%s", l.LineNo, printable(raw), err.Error())
			}
			if seen[c.Code()] {
				return nil, d.refuse("第 %d 行的追溯码 %s 出现了两次", l.LineNo, c.Code())
			}
			seen[c.Code()] = true
			all = append(all, listedCode{code: c, line: i})
		}
	}
	return all, nil
}

// lockListed takes the known packs of the listed codes and, for a later
// revision, those that the earlier ones brought.
func (t *intake) lockListed(ctx context.Context) (err error) {
	var codes []string
	for _, c := range t.listed {
		codes = append(codes, c.code.Code())
	}
	var lines []int64
	for id := range t.earlier {
		lines = append(lines, id)
	}
	if len(codes)+len(lines) == 0 {
		return nil
	}
	t.held, err = lockPacksOf(ctx, t.tx, codes, lines)
	return err
}

// sortedCodes is the listed codes by what becomes of them.
type sortedCodes struct {
	fresh []listedCode
	// claimed packs are tied to their lines: expected ones, those in again of
	// them are announced once more, and adopted ones, which are here already.
	claimed, again, adopted []*Pack
}

// sortCodes parts the listed codes into new packs, packs that wait for a
// receipt or come again, and packs that were let in before their document came;
// any other known pack refuses the document.
func (t *intake) sortCodes(ctx context.Context) (s sortedCodes, err error) {
	if len(t.listed) == 0 {
		return s, nil
	}
	var prefixes []string
	for _, c := range t.listed {
		prefixes = append(prefixes, c.code.Prefix())
	}
	known, err := FindPrefixes(ctx, t.tx, distinct(prefixes))
	if err != nil {
		return s, err
	}
	for _, c := range t.listed {
		p := t.held[c.code.Code()]
		if err := t.fits(c, known, p); err != nil {
			return s, err
		}
		if p == nil {
			c.units = known[c.code.Prefix()].Units
			s.fresh = append(s.fresh, c)
			continue
		}
		s.claimed = append(s.claimed, p)
		switch t.listing(p) {
		case MoveAnnounce:
			s.again = append(s.again, p)
		case MoveAdopt:
			s.adopted = append(s.adopted, p)
		}
		t.describe(p, c.line)
	}
	return s, nil
}

// listing is the move that a document's list makes of a known pack: empty for
// one that is expected and stays so.
func (t *intake) listing(p *Pack) MovementKind {
	switch {
	case p.State == StateExpected:
		return ""
	case p.State == StateWithdrawn, p.State == StateSentBack && !t.ours(p):
		return MoveAnnounce
	}
	return MoveAdopt
}

// ours reports a pack that an earlier revision of the document brought.
func (t *intake) ours(p *Pack) bool {
	_, ok := t.earlier[valueOf(p.ReceiptLineID)]
	return ok
}

// fits refuses a listed code that belongs to another drug, to a carton, or to a
// pack that another document brought.
func (t *intake) fits(c listedCode, known map[string]Prefix, p *Pack) error {
	line := t.doc.Lines[c.line]
	drug := t.drugs[line.HISCode]
	x, ok := known[c.code.Prefix()]
	switch {
	case ok && x.DrugID != drug.ID:
		return t.doc.refuse("第 %d 行是 %s，追溯码 %s 却对照为 %s", line.LineNo, drug.Name(), c.code.Code(), x.Drug)
	case ok && x.Level > 1:
		return t.doc.refuse("第 %d 行的追溯码 %s 是大包装的码，应是每个小盒的码", line.LineNo, c.code.Code())
	case p == nil:
		return nil
	case p.DrugID != drug.ID:
		return t.doc.refuse("第 %d 行是 %s，追溯码 %s 先前记录为 %s", line.LineNo, drug.Name(), c.code.Code(), p.DrugName())
	case p.ReceiptLineID == nil, t.ours(p), Allowed(MoveAnnounce, p.State) && !p.Returned:
		return nil
	}
	return t.doc.refuse("第 %d 行的追溯码 %s 已由另一张单收过，状态是“%s”", line.LineNo, c.code.Code(), p.State.Chinese())
}

// describe ties a pack to a line, with the line's batch and dates unless the box
// itself says better: what is blank in the document overwrites nothing, what its
// own code carries stays, and so does what was written of a box that was here
// before its document. A contradiction is then a difference that people see.
func (t *intake) describe(p *Pack, line int) {
	l := t.doc.Lines[line]
	own := p.BatchRead || t.listing(p) == MoveAdopt && !t.copied(p)
	if l.Batch != "" && (p.Batch == "" || !own) {
		p.Batch = l.Batch
	}
	if !l.ExpiresOn.IsZero() && (p.ExpiresOn == nil || !own) {
		p.ExpiresOn = dayPointer(l.ExpiresOn)
	}
	p.ReceiptLineID = &t.lineID[line]
}

// copied reports a pack whose batch is what an earlier revision said, and nobody
// read it off the box.
func (t *intake) copied(p *Pack) bool {
	l, ok := t.earlier[valueOf(p.ReceiptLineID)]
	return ok && !l.Typed && l.Batch == p.Batch
}

// enter writes what the listed codes bring: new rows and moves, each a constant
// number of statements.
func (t *intake) enter(ctx context.Context, s sortedCodes) error {
	e := Entry{Move: Move{Kind: MoveAnnounce, At: t.tx.Now}, How: HowSystem, Reason: t.reason()}
	var packs []newPack
	for _, c := range s.fresh {
		packs = append(packs, t.newPack(c))
	}
	if err := enterPacks(ctx, t.tx, t.by, packs, e); err != nil {
		return err
	}
	if err := claimPacks(ctx, t.tx, s.claimed); err != nil {
		return err
	}
	if _, err := WriteAll(ctx, t.tx, t.by, s.again, e); err != nil {
		return err
	}
	e.Kind = MoveAdopt
	_, err := WriteAll(ctx, t.tx, t.by, s.adopted, e)
	return err
}

// reason names the document in the ledger.
func (t *intake) reason() string {
	if t.doc.Revision == 1 {
		return t.doc.Number
	}
	return t.doc.Number + " 第 " + strconv.Itoa(t.doc.Revision) + " 版"
}

// unclaimed reports a pack that waits for a receipt: it was scanned in by
// mistake and no document announced it.
func unclaimed(p *Pack) bool { return p.State == StateExpected && p.ReceiptLineID == nil }

// refuseReplacing names why a document cannot be replaced any more.
func refuseReplacing(d Document, format string, args ...any) error {
	return db.Refuse(db.Conflict, "入库单 "+d.Number+" "+format+"没有改动，请发单方另开一张单。", args...)
}
