package inventory

// decide answers one piece of the scan and notes what is to be written.
func (b *receivingBench) decide(p Parsed) CodeAnswer {
	if p.Err != nil {
		return UnreadAnswer(p.Err)
	}
	if a, ok := b.decideCarton(p.Code); ok {
		return a
	}
	a := b.decideSmall(p.Code)
	switch a.Kind {
	case KindOK, KindAlreadyHere, KindAdopted:
		return b.fill(p.Code, a)
	case KindInRecalled, KindInExpired:
		b.fill(p.Code, a)
	}
	return a
}

// decideSmall answers the code of one box.
func (b *receivingBench) decideSmall(code TraceCode) CodeAnswer {
	f, line := b.facts(code)
	c := b.context(code, line)
	said := ScanAnswer(f, c)
	drug := c.Drug
	if f != nil {
		drug = f.Drug
	}
	if said.Move == MoveReceive && line.Received >= line.Packs {
		// Only boxes that came in without their code fill a line before its codes.
		said = Answer{Kind: KindCodelessTwin, Sentence: KindCodelessTwin.Sentence(Details{Drug: drug})}
	}
	if said.Move != "" {
		b.accept(code, line, said.Move)
		b.here[code.Code()] = drug
	}
	return NewCodeAnswer(code.Raw(), code.Code(), drug, said.Kind, said.Sentence)
}

// facts is what the rules need to know of a code. A box that the receipt has
// room for is looked at as if the document had announced it, so that its expiry
// is judged like any other's; f is nil where there is neither pack nor room.
func (b *receivingBench) facts(code TraceCode) (f *ScanFacts, line *ReceiptLine) {
	if drug, ok := b.here[code.Code()]; ok {
		return &ScanFacts{Pack: PackFacts{State: StateInStore}, Drug: drug, Receipt: b.receipt.ID}, nil
	}
	pack := b.packs[code.Code()]
	if pack != nil && !unclaimed(pack) && !b.comesAgain(pack) {
		return b.packFacts(pack, code)
	}
	if line = b.room(b.drugOf(code, pack), or(code.Batch(), b.told[code.Code()].Batch)); line == nil {
		if pack != nil && !unclaimed(pack) {
			return b.packFacts(pack, code)
		}
		return nil, nil
	}
	p := b.newPack(code, line)
	return &ScanFacts{Drug: line.DrugName(), Receipt: b.receipt.ID,
		Pack: PackFacts{State: StateExpected, Content: p.content, Remainder: p.content, Expiry: p.expiresOn,
			Recalled: recallOf(b.recalls, p.drugID, p.batch, p.code) != 0}}, line
}

// comesAgain reports a box that was withdrawn or sent back and lies here again,
// without a document that lists it. What a red document took off this very
// receipt is not meant to come.
func (b *receivingBench) comesAgain(pack *Pack) bool {
	if !Allowed(MoveAnnounce, pack.State) || pack.Returned {
		return false
	}
	for _, l := range b.lines {
		if l.ID == valueOf(pack.ReceiptLineID) && l.ReceiptID == b.receipt.ID {
			return false
		}
	}
	return true
}

// packFacts is a known pack with the line that claims it, or where none does the
// line that could.
func (b *receivingBench) packFacts(pack *Pack, code TraceCode) (*ScanFacts, *ReceiptLine) {
	f := &ScanFacts{Pack: pack.Facts(), Drug: pack.DrugName(), SessionName: "别的场次", Taken: b.taken[pack.ID]}
	if pack.ReceiptLineID == nil {
		return f, b.room(pack.DrugID, or(code.Batch(), pack.Batch))
	}
	var line *ReceiptLine
	for i := range b.lines {
		if b.lines[i].ID == *pack.ReceiptLineID {
			line = &b.lines[i]
			f.Receipt, f.ReceiptNo = line.ReceiptID, line.Number
		}
	}
	return f, line
}

// drugOf is the drug of a code without a claim; zero when it is not to be taken
// in here: an unknown prefix, or a carton.
func (b *receivingBench) drugOf(code TraceCode, pack *Pack) int64 {
	if pack != nil {
		return pack.DrugID
	}
	known, ok := b.known[code.Prefix()]
	if !ok || known.Level > 1 {
		return 0
	}
	return known.DrugID
}

// room chooses the line a box is counted to: one of its drug with room, of its
// batch if the code names one, else the first.
func (b *receivingBench) room(drugID int64, batch string) *ReceiptLine {
	var first *ReceiptLine
	for i := range b.lines {
		l := &b.lines[i]
		if l.ReceiptID != b.receipt.ID || l.DrugID != drugID || l.Linked >= l.Packs {
			continue
		}
		if batch != "" && l.Batch == batch {
			return l
		}
		if first == nil {
			first = l
		}
	}
	return first
}

func (b *receivingBench) context(code TraceCode, line *ReceiptLine) ScanContext {
	known, ok := b.known[code.Prefix()]
	c := ScanContext{Point: PointReceiving, Receipt: b.receipt.ID, Now: b.tx.Now,
		PrefixKnown: ok, Carton: ok && known.Level > 1, Wanted: line != nil, Drug: known.Drug}
	if pack := b.packs[code.Code()]; pack != nil {
		c.PrefixKnown, c.Carton, c.Drug = true, false, pack.DrugName()
	}
	return c
}
