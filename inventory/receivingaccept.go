package inventory

// newPack is a box as the line and its own code describe it.
func (b *receivingBench) newPack(code TraceCode, line *ReceiptLine) newPack {
	p := newPack{code: code.Code(), drugID: line.DrugID, content: line.UnitsPerPack, batch: line.Batch, lineID: line.ID}
	if line.ExpiresOn != nil {
		p.expiresOn = *line.ExpiresOn
	}
	if line.MadeOn != nil {
		p.madeOn = *line.MadeOn
	}
	told := b.told[code.Code()]
	if p.batch == "" {
		p.batch = told.Batch
	}
	if p.expiresOn.IsZero() && told.ExpiresOn != nil {
		p.expiresOn = *told.ExpiresOn
	}
	if p.madeOn.IsZero() && told.MadeOn != nil {
		p.madeOn = *told.MadeOn
	}
	p.readFrom(code)
	if known, ok := b.known[code.Prefix()]; ok && known.Level == 1 {
		p.content = known.Units
	}
	return p
}

// accept notes a box that is taken in and counts it to its line.
func (b *receivingBench) accept(code TraceCode, line *ReceiptLine, move MovementKind) {
	line.Received++
	pack := b.packs[code.Code()]
	switch {
	case pack == nil:
		line.Linked++
		b.enter(b.newPack(code, line))
		return
	case move == MoveAdopt:
		b.adopted = append(b.adopted, pack)
	case pack.State == StateExpected && pack.ReceiptLineID != nil:
		b.arrive(pack)
		return
	case pack.State != StateExpected:
		b.again = append(b.again, pack)
		b.arrive(pack)
	default:
		b.arrive(pack)
	}
	line.Linked++
	b.claim(pack, line, b.newPack(code, line), move == MoveAdopt)
}

// enter and arrive note a box apart by how it was read: by itself, or by the code
// of its carton.
func (b *receivingBench) enter(p newPack) {
	if b.whole {
		b.freshWhole = append(b.freshWhole, p)
	} else {
		b.fresh = append(b.fresh, p)
	}
}

func (b *receivingBench) arrive(p *Pack) {
	if b.whole {
		b.arrivingWhole = append(b.arrivingWhole, p)
	} else {
		b.arriving = append(b.arriving, p)
	}
}

// claim ties a known pack to a line. What the box's own code carries goes before
// the line; of a box that was here before the line only fills what is blank.
func (b *receivingBench) claim(pack *Pack, line *ReceiptLine, p newPack, fill bool) {
	pack.ReceiptLineID = &line.ID
	if p.batch != "" && (pack.Batch == "" || p.batchRead || !fill && !pack.BatchRead) {
		pack.Batch = p.batch
	}
	if !p.expiresOn.IsZero() && (pack.ExpiresOn == nil || p.batchRead || !fill && !pack.BatchRead) {
		pack.ExpiresOn = dayPointer(p.expiresOn)
	}
	pack.BatchRead = pack.BatchRead || p.batchRead
	pack.RecallID = recallOf(b.recalls, pack.DrugID, pack.Batch, pack.Code)
	b.claimed = append(b.claimed, pack)
}
