package inventory

import "fmt"

// decideCarton answers a code that is a carton's; ok is false for a small one.
func (b *receivingBench) decideCarton(code TraceCode) (a CodeAnswer, ok bool) {
	c := b.cartons[code.Code()]
	known, taught := b.known[code.Prefix()]
	switch {
	case b.packs[code.Code()] != nil:
		return a, false
	case c == nil && (!taught || known.Level < 2):
		return a, false
	case c == nil || c.State == CartonKnown && len(c.all()) == 0:
		return b.openCarton(code, c, known), true
	case c.ReceiptID != nil && *c.ReceiptID != b.receipt.ID:
		return b.sayCarton(code, c, KindCartonElsewhere, ""), true
	case c.State == CartonResolved:
		return b.sayCarton(code, c, KindCartonDone, fmt.Sprint(c.count())), true
	case c.State == CartonOpen:
		b.hold(c)
		return b.sayCarton(code, c, KindCartonAgain, c.said()), true
	}
	return b.takeCarton(code, c), true
}

// sayCarton is an answer about a carton.
func (b *receivingBench) sayCarton(code TraceCode, c *benchCarton, kind AnswerKind, count string) CodeAnswer {
	drug := b.known[code.Prefix()].Drug
	where := ""
	if c != nil {
		where = c.ReceiptNo
	}
	return NewCodeAnswer(code.Raw(), code.Code(), drug, kind, kind.Sentence(Details{Drug: drug, Count: count, Where: where}))
}

// openCarton takes a carton up whose content nobody knows: its small packs are
// scanned one after the other. c is nil when it has no row either.
func (b *receivingBench) openCarton(code TraceCode, c *benchCarton, known Prefix) CodeAnswer {
	line := b.lineWanting(known.DrugID)
	switch {
	case line == nil:
		return b.sayCarton(code, c, KindCartonUnwanted, "")
	case known.Units%line.UnitsPerPack != 0 || known.Units/line.UnitsPerPack < 1:
		return b.sayCarton(code, c, KindCartonUneven, "")
	}
	if c == nil {
		c = &benchCarton{fresh: true, Carton: &Carton{Code: code.Code(), DrugID: known.DrugID, Level: known.Level, Nominal: int(known.Units / line.UnitsPerPack)}}
	}
	if outer := b.current(); outer != nil && outer.Level > c.Level && outer.DrugID == c.DrugID && c.parent == nil {
		c.parent = outer
		outer.children = append(outer.children, c)
	}
	b.cartons[c.Code] = c
	b.hold(c)
	return b.sayCarton(code, c, KindCartonOpened, c.said())
}

// lineWanting is a line of this receipt whose packs of the drug are not all in;
// nil when none is.
func (b *receivingBench) lineWanting(drugID int64) *ReceiptLine {
	for i := range b.lines {
		l := &b.lines[i]
		if l.ReceiptID == b.receipt.ID && l.DrugID == drugID && l.Received < l.Packs {
			return l
		}
	}
	return nil
}

// takeCarton receives everything in a carton that the receipt wants. What it does
// not want stays with the receipt as a difference, code by code; a carton of
// which nothing is wanted is one extra box.
func (b *receivingBench) takeCarton(code TraceCode, c *benchCarton) CodeAnswer {
	var inner []CodeAnswer
	var warning CodeAnswer
	taken, here := 0, 0
	b.whole = true
	for _, x := range c.all() {
		switch a := b.decideSmall(parseOne(x.Code).Code); {
		case b.here[x.Code] != "" && a.Tone != ToneSoft:
			taken++
			if a.Tone != ToneGood {
				warning = a // recalled or expired: that outranks how many
			}
		case a.Kind == KindAlreadyHere:
			here++
		default:
			inner = append(inner, a)
		}
	}
	b.whole = false
	if taken+here == 0 {
		return b.refuseCarton(code, c, inner)
	}
	b.inner = append(b.inner, inner...)
	if outer := b.current(); outer != nil && outer.Level > c.Level && outer.DrugID == c.DrugID && c.parent == nil {
		c.parent = outer
		outer.children = append(outer.children, c)
	}
	b.resolve(c)
	if warning.Kind != "" {
		return NewCodeAnswer(code.Raw(), code.Code(), warning.Drug, warning.Kind, warning.Sentence)
	}
	if len(inner) > 0 {
		return b.sayCarton(code, c, KindCartonPartly, fmt.Sprintf("%d 盒，入库 %d 盒，没有收下 %d 盒", c.count(), taken+here, len(inner)))
	}
	return b.sayCarton(code, c, KindCartonWhole, fmt.Sprint(c.count()))
}

// refuseCarton is the answer to a carton of which nothing is wanted here.
func (b *receivingBench) refuseCarton(code TraceCode, c *benchCarton, inner []CodeAnswer) CodeAnswer {
	for _, a := range inner {
		if a.Kind == KindOtherReceipt {
			if line := b.packLine(a.Code); line != nil {
				return b.sayCarton(code, &benchCarton{Carton: &Carton{ReceiptNo: line.Number}}, KindCartonElsewhere, "")
			}
		}
	}
	return b.sayCarton(code, c, KindCartonUnwanted, "")
}

// packLine is the line that announced a pack; nil when none did.
func (b *receivingBench) packLine(code string) *ReceiptLine {
	p := b.packs[code]
	for i := range b.lines {
		if p != nil && p.ReceiptLineID != nil && b.lines[i].ID == *p.ReceiptLineID {
			return &b.lines[i]
		}
	}
	return nil
}

// fill counts a small pack that was scanned by itself into the carton in the
// person's hands, and says so; a is the answer it has had.
func (b *receivingBench) fill(code TraceCode, a CodeAnswer) CodeAnswer {
	into := b.current()
	drugID, ours := b.mine(code)
	if into == nil || !ours || drugID != into.DrugID {
		return a
	}
	if owner, known := b.owner[code.Code()]; known {
		if into.holds(owner) {
			return a
		}
		kind := KindInOtherCarton
		return NewCodeAnswer(a.Raw, a.Code, a.Drug, kind, kind.Sentence(Details{Drug: a.Drug}))
	}
	x := cartonCode{Code: code.Code()}
	into.codes, into.added = append(into.codes, x), append(into.added, x)
	b.owner[x.Code] = into.ID
	kind := KindCartonIn
	if into.count() >= into.Nominal {
		b.resolve(into)
		kind = KindCartonFull
	}
	return NewCodeAnswer(a.Raw, a.Code, a.Drug, kind, kind.Sentence(Details{Drug: a.Drug, Count: into.said()}))
}

// mine reports a pack that this receipt has taken in, now or before, and its
// drug.
func (b *receivingBench) mine(code TraceCode) (drugID int64, ok bool) {
	if p := b.packs[code.Code()]; p != nil {
		line := b.packLine(code.Code())
		return p.DrugID, line != nil && line.ReceiptID == b.receipt.ID && (p.State == StateInStore || b.here[code.Code()] != "")
	}
	return b.known[code.Prefix()].DrugID, b.here[code.Code()] != ""
}

// holds reports whether the carton with this number is it, or lies in it.
func (c *benchCarton) holds(id int64) bool {
	if c.ID == id {
		return true
	}
	for _, k := range c.children {
		if k.holds(id) {
			return true
		}
	}
	return false
}

// cartonProgress is how far the carton in the person's hands is after a scan:
// the current one, else the one that the scan completed.
func (b *receivingBench) cartonProgress() *CartonProgress {
	c := b.current()
	for i := len(b.holding) - 1; c == nil && i >= 0; i-- {
		c = b.holding[i]
	}
	if c == nil {
		return nil
	}
	return &CartonProgress{Code: c.Code, Level: c.Level, Scanned: c.count(), Nominal: c.Nominal, Done: c.State == CartonResolved}
}

// CartonProgress is how far a carton is whose small packs are scanned into it.
type CartonProgress struct {
	Code    string `json:"code"`
	Level   int    `json:"level"`
	Scanned int    `json:"scanned"`
	Nominal int    `json:"nominal"`
	Done    bool   `json:"done"`
}
