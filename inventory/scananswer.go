package inventory

import "time"

// ScanAnswer decides what a scan is answered with, for any pack, point and
// relation; f is nil for a code without a pack. It only reads facts: the move
// itself is tested again by [Apply] under the row lock, where the facts may
// have changed.
func ScanAnswer(f *ScanFacts, c ScanContext) Answer {
	switch {
	case c.Denied:
		return answer(KindNotAllowed, f, c)
	case !c.LastRead.IsZero() && c.Now.Sub(c.LastRead) < DoubleRead && !c.Now.Before(c.LastRead):
		return answer(KindAbsorbed, f, c)
	case c.Point == PointTable && c.Visit == "":
		return answer(KindNoVisit, f, c)
	case f == nil:
		return answerUnknown(c)
	}
	switch c.Point {
	case PointReturn:
		return answerReturn(f, c)
	case PointSetAside:
		return answerAside(f, c)
	case PointOpening:
		return answerOpening(f, c)
	case PointReceiving:
		return answerReceiving(f, c)
	case PointPacking:
		return answerPacking(f, c)
	case PointTable:
		return answerTable(f, c)
	case PointLook:
		return answerLook(f, c)
	case PointStow:
		return answerStow(f, c)
	case PointBagging:
		return answerBagging(f, c)
	case PointCount:
		return answerCount(f, c)
	}
	return answerState(f, c)
}

// answerUnknown is for a code no pack is known for.
func answerUnknown(c ScanContext) Answer {
	switch {
	case c.Point == PointReturn && c.Return.Empty:
		return answer(KindEmptyUnknown, nil, c)
	case c.Point == PointReturn, c.Point == PointSetAside:
		return answer(KindNotOurs, nil, c)
	case c.Point == PointCount && !(c.PrefixKnown && c.Carton):
		return answer(KindCountUnknown, nil, c)
	case !c.PrefixKnown:
		return answer(KindUnknownPrefix, nil, c)
	case c.Carton:
		return answer(KindCartonCode, nil, c)
	case c.Point == PointOpening:
		return answerUnlisted(c)
	case c.Point == PointLook:
		return answer(KindLookedNone, nil, c)
	case c.Point != PointReceiving:
		a := answer(KindUnknown, nil, c)
		a.MayAsk = c.Point == PointTable
		return a
	case !c.Wanted:
		return answer(KindNotOnReceipt, nil, c)
	}
	a := answer(KindOK, nil, c)
	a.Move = MoveReceive
	return a
}

// answerReceiving is for a scan at the receiving desk. What has arrived is
// received even when expired or recalled; the answer then says where to put it.
func answerReceiving(f *ScanFacts, c ScanContext) Answer {
	switch {
	case f.Pack.State == StateInStore && f.Receipt == 0 && c.Wanted:
		// Let in or counted before its document came: now the document has it.
		a := answer(KindAdopted, f, c)
		a.Move = MoveAdopt
		return a
	case f.Pack.State == StateInStore && f.Receipt != 0 && f.Receipt != c.Receipt:
		a := answer(KindAlreadyHere, f, c)
		a.Sentence = f.Drug + " 已按入库单 " + or(f.ReceiptNo, "另一张") + " 入库，不属于这张单，不用再扫。"
		return a
	case f.Pack.State == StateInStore:
		return answer(KindAlreadyHere, f, c)
	case f.Pack.State != StateExpected:
		return answerState(f, c)
	case f.Receipt != c.Receipt:
		return answer(KindOtherReceipt, f, c)
	}
	kind := KindOK
	if f.Pack.Recalled {
		kind = KindInRecalled
	} else if Expired(f.Pack.Expiry, c.Now) {
		kind = KindInExpired
	}
	a := answer(kind, f, c)
	a.Move = MoveReceive
	return a
}

// answerPacking is for a scan while a session's packs are taken.
func answerPacking(f *ScanFacts, c ScanContext) Answer {
	switch f.Pack.State {
	case StateAllocated:
		if f.Pack.Session == c.Session {
			return answer(KindAlreadyHere, f, c)
		}
	case StateInStore:
		return answerMove(MoveAllocate, f, c)
	}
	return answerState(f, c)
}

// answerTable is for a doctor's scan with a patient at the table.
func answerTable(f *ScanFacts, c ScanContext) Answer {
	mine := f.Taken != nil && f.Taken.Visit == c.Visit
	switch {
	case mine && f.Loose:
		return answerAgain(f, c)
	case mine:
		return answer(KindRepeat, f, c)
	case f.Pack.State == StateAllocated && f.Pack.Session == c.Session:
		return outOfBag(answerGive(f, c), f, c)
	}
	a := answerState(f, c)
	a.MayAsk = Allowed(MoveLetIn, f.Pack.State) && a.Kind != KindRecalled && a.Kind != KindExpired ||
		a.Kind == KindOtherSession
	return a
}

// answerStow is for a scan into a tote. A pack that the person holds was taken out
// of an open tote; a sealed one is to be opened first.
func answerStow(f *ScanFacts, c ScanContext) Answer {
	switch {
	case f.Pack.State != StateInStore:
		return answerState(f, c)
	case f.Inside != nil && f.Inside.Mine:
		return answer(KindAlreadyHere, f, c)
	case f.Inside != nil && f.Inside.Sealed:
		return answer(KindInATote, f, c)
	}
	return answerMove(MoveAllocate, f, c)
}

// answerBagging is for a scan into a patient's bag.
func answerBagging(f *ScanFacts, c ScanContext) Answer {
	switch {
	case f.Pack.State != StateAllocated || f.Pack.Session != c.Session:
		return answerState(f, c)
	case f.Inside != nil && f.Inside.Mine:
		return answer(KindAlreadyHere, f, c)
	}
	return outOfBag(answerMove(MoveDispense, f, c), f, c)
}

// outOfBag turns a yes to handing a pack over down where it lies in somebody else's
// bag. A reason not to hand it over at all comes first.
func outOfBag(a Answer, f *ScanFacts, c ScanContext) Answer {
	if a.Move != "" && f.Inside != nil && !f.Inside.Mine {
		return answer(KindInABag, f, c)
	}
	return a
}

// answerCount is for a box in a counter's hand: whatever the books say of it, it
// is there. Session is zero when the pharmacy's shelf is counted.
func answerCount(f *ScanFacts, c ScanContext) Answer {
	here := f.Pack.State == StateInStore
	if c.Session != 0 {
		here = f.Pack.State == StateAllocated && f.Pack.Session == c.Session
	}
	switch {
	case !c.Wanted:
		return answer(KindNotCounted, f, c)
	case here:
		return answer(KindOK, f, c)
	}
	return answer(KindCountExtra, f, c)
}

// answerMove says yes if [Apply] would, and otherwise why not.
func answerMove(kind MovementKind, f *ScanFacts, c ScanContext) Answer {
	m := Move{Kind: kind, Session: c.Session, At: c.Now}
	r, _ := findRule(f.Pack.State, m)
	if problem := unfit(f.Pack, m, r); problem != "" {
		return answer(problem, f, c)
	}
	a := answer(KindOK, f, c)
	a.Move = kind
	return a
}

// answerState names the state of a pack that cannot be used here.
func answerState(f *ScanFacts, c ScanContext) Answer {
	p := f.Pack
	switch p.State {
	case StateDispensed:
		if f.Taken != nil && sameDay(f.Taken.At, c.Now) {
			if f.Loose {
				return answer(KindUsedUp, f, c)
			}
			return answer(KindTakenToday, f, c)
		}
		return answer(KindTakenBefore, f, c)
	case StateExpected, StateInStore, StateAllocated, StateQuarantined, StateLost:
		// A reason not to hand the box over outranks where it belongs.
		if p.Recalled {
			return answer(KindRecalled, f, c)
		}
		if c.Point != PointReceiving && Expired(p.Expiry, c.Now) {
			return answer(KindExpired, f, c)
		}
	}
	if p.State == StateAllocated {
		return answer(KindOtherSession, f, c)
	}
	return answer(refusalOf(p.State), f, c)
}

// answer fills in the sentence.
func answer(kind AnswerKind, f *ScanFacts, c ScanContext) Answer {
	d := Details{Drug: c.Drug, Done: doneAt(c)}
	if f != nil {
		d.Drug, d.State, d.Where = f.Drug, f.Pack.State.Chinese(), f.SessionName
		if kind == KindOtherReceipt {
			d.Where = f.ReceiptNo
		}
		if kind == KindWaiting {
			d.Where = c.Aside.Waiting
		}
		if f.Inside != nil && kind == KindInATote {
			d.Where = f.Inside.Name
		}
		if f.Inside != nil && kind == KindInABag {
			d.Who = f.Inside.Name
		}
		if (kind == KindExpired || kind == KindInExpired) && !f.Pack.Expiry.IsZero() {
			d.When = f.Pack.Expiry.Format("2006-01-02")
		}
		describeTaken(&d, kind, f.Taken, c.Now)
	}
	return Answer{Kind: kind, Sentence: kind.SentenceAt(c.Point, d)}
}

// describeTaken names who, when and where for a pack that is gone: the minute
// on the same day, the date for an earlier one.
func describeTaken(d *Details, kind AnswerKind, t *Taken, now time.Time) {
	if t == nil || (kind != KindTakenToday && kind != KindTakenBefore && kind != KindUsedUp) {
		return
	}
	d.Who, d.Queue, d.Where = t.Doctor, t.Queue, t.Site
	d.When = whenAt(t.At, now)
}

// doneAt is the word for what a scan does at this point.
func doneAt(c ScanContext) string {
	switch c.Point {
	case PointReceiving:
		return "入库"
	case PointPacking:
		return "装入本场药箱"
	case PointReturn:
		return doneReturn(c)
	case PointSetAside:
		return doneAside(c.Aside.Act)
	case PointHome:
		return "放回药房"
	case PointStow:
		return "装进这个周转箱"
	case PointBagging:
		return "装袋"
	case PointClosing, PointCount:
		return "点到"
	case PointOpening:
		if c.Listed {
			return "在期初清单里"
		}
		return "记入期初清单"
	}
	return "记录"
}
