package inventory

// answerOpening is for a scan at the opening count of a box that is known. A
// box of a document is scanned into that one; what is on the books is not counted
// a second time.
func answerOpening(f *ScanFacts, c ScanContext) Answer {
	switch {
	case f.Pack.State == StateInStore:
		return Answer{Kind: KindAlreadyHere, Sentence: KindAlreadyHere.Sentence(Details{Drug: f.Drug, Done: "在药房账上"})}
	case f.Pack.State == StateExpected && f.Receipt != 0:
		return answer(KindOtherReceipt, f, c)
	}
	return answerState(f, c)
}

// answerUnlisted is for a scan at the opening count of a box without a row, of a
// known prefix.
func answerUnlisted(c ScanContext) Answer {
	if c.Listed {
		return answer(KindAlreadyHere, nil, c)
	}
	a := answer(KindOK, nil, c)
	a.Move = MoveOpening
	return a
}
