package inventory

import "fmt"

// answerGive is for a pack of this session's trays at the table. A drug that is
// given by quantity is never handed out as a whole box because nobody said how
// much: the scan is then a question.
func answerGive(f *ScanFacts, c ScanContext) Answer {
	a := answerMove(MoveDispense, f, c)
	left := f.Pack.Remainder
	switch {
	case a.Move == "":
		return a
	case !f.Loose && c.Quantity != 0 && c.Quantity != left:
		return answer(KindNotLoose, f, c)
	case !f.Loose:
		return a
	case c.Whole:
		return given(f, a, left)
	case c.Quantity == 0:
		return counted(KindAskQuantity, f, left, "")
	case c.Quantity > left:
		return notEnough(f, c, left)
	}
	return given(f, a, c.Quantity)
}

// answerAgain is for a loose pack that this visit has some of: another number
// takes the place of the first, so that a slip of the finger needs no undo and
// one box has one line. Without a number nothing changes.
func answerAgain(f *ScanFacts, c ScanContext) Answer {
	p, want := f.Pack, c.Quantity
	if c.Whole {
		want = f.Mine + p.Remainder
	}
	here := (p.State == StateAllocated || p.State == StateDispensed) && p.Session == c.Session
	switch {
	case want == 0, want == f.Mine, !here:
		return counted(KindRepeat, f, f.Mine, fmt.Sprintf("%s 这盒已在本次就诊中，记了 %s，没有重复记录。", f.Drug, amount(f.Mine, f.Unit)))
	case want > f.Mine+p.Remainder:
		return notEnough(f, c, f.Mine+p.Remainder)
	case want < f.Mine:
		a := counted(KindChanged, f, want, changed(f, want))
		a.Move, a.Quantity = MoveUndo, want
		return a
	}
	more := answerMove(MoveDispense, f, c)
	if more.Move == "" {
		return more
	}
	a := counted(KindChanged, f, want, changed(f, want))
	a.Move, a.Quantity = MoveDispense, want
	return a
}

// changed says the new number, the old one and the rest of the box.
func changed(f *ScanFacts, want int64) string {
	return fmt.Sprintf("%s 这盒已由 %s改为 %s，%s。", f.Drug, amount(f.Mine, f.Unit), amount(want, f.Unit), restOf(f.Mine+f.Pack.Remainder-want, f.Unit))
}

// given says what was handed out and what the box still holds.
func given(f *ScanFacts, a Answer, quantity int64) Answer {
	a.Quantity = quantity
	a.Sentence = fmt.Sprintf("%s 已记录 %s，%s。", f.Drug, amount(quantity, f.Unit), restOf(f.Pack.Remainder-quantity, f.Unit))
	return a
}

func restOf(left int64, unit string) string {
	if left == 0 {
		return "这盒已发完"
	}
	return "这盒还剩 " + amount(left, unit)
}

// notEnough names the rest and where to take it from.
func notEnough(f *ScanFacts, c ScanContext, left int64) Answer {
	d := Details{Drug: f.Drug, Count: amount(left, f.Unit), Rest: "另一盒再扫 " + amount(c.Quantity-left, f.Unit)}
	return Answer{Kind: KindNotEnough, Sentence: KindNotEnough.Sentence(d)}
}

// counted is an answer with an amount in it; an empty sentence takes the kind's.
func counted(kind AnswerKind, f *ScanFacts, units int64, sentence string) Answer {
	if sentence == "" {
		sentence = kind.Sentence(Details{Drug: f.Drug, Count: amount(units, f.Unit)})
	}
	return Answer{Kind: kind, Sentence: sentence}
}

func amount(units int64, unit string) string {
	return fmt.Sprintf("%d %s", units, or(unit, "个最小单位"))
}
