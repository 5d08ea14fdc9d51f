package inventory

import "time"

// DoubleRead is how long after a read the same code from the same scanner is
// a double read and no second scan: readers held over a box send it twice.
const DoubleRead = 2 * time.Second

// ScanPoint is the place where a code is scanned; it decides what the scan is
// meant to do.
type ScanPoint string

// The scan points. PointClosing has no answer of its own yet; PointLook only looks.
const (
	PointReceiving ScanPoint = "receiving" // a receipt is scanned in
	PointPacking   ScanPoint = "packing"   // a session's packs are taken
	PointHome      ScanPoint = "home"      // a session's packs are put back into the store
	PointStow      ScanPoint = "stow"      // packs of the store are put into a tote
	PointBagging   ScanPoint = "bagging"   // a session's packs are put into a patient's bag
	PointTable     ScanPoint = "table"     // a doctor hands out
	PointClosing   ScanPoint = "closing"
	PointReturn    ScanPoint = "return"    // a patient brings something back
	PointSetAside  ScanPoint = "set_aside" // quarantine, damage, loss, destruction …
	PointCount     ScanPoint = "count"
	PointOpening   ScanPoint = "opening" // boxes without a document, on the first day
	PointLook      ScanPoint = "look"
)

// ScanContext is who scans where, and what for.
type ScanContext struct {
	Point ScanPoint
	// Denied says that the person's role may not do this here.
	Denied bool
	// Session is the clinic day being packed or held; Receipt the receipt being
	// scanned in; Visit the visit at this table, empty when nobody sits there.
	Session, Receipt int64
	Visit            string
	// LastRead is when the same person's scanner last read this very code at
	// this point, or zero.
	LastRead time.Time
	Now      time.Time
	// PrefixKnown says that the code's prefix is mapped to a drug; Carton that
	// it is mapped to a middle or large pack; Wanted that the open receipt has
	// room for one more of that drug, or that the count takes the drug.
	PrefixKnown, Carton, Wanted bool
	// Listed says that the opening list has the code already.
	Listed bool
	// Drug names the drug the prefix is mapped to, for a code without a pack.
	Drug string
	// Quantity is the units that a person asks for, of a drug that is given by
	// quantity; Whole asks for all that the box holds. Neither is a plain scan.
	Quantity int64
	Whole    bool
	// Return is what PointReturn needs to know beside this, Aside PointSetAside.
	Return ReturnContext
	Aside  AsideContext
}

// ScanFacts is a known pack with what the answer names.
type ScanFacts struct {
	Pack    PackFacts
	Drug    string // 利培酮片 1mg×20
	Receipt int64  // the receipt that announced it, or zero
	// ReceiptNo and SessionName name where it belongs.
	ReceiptNo, SessionName string
	// Taken is the last hand-over that still stands; nil when there is none.
	Taken *Taken
	// Loose says that the drug is given by quantity (拆零, and what is coded on
	// the carton alone); Unit is the word for its smallest unit, and Mine the
	// units of this pack that the visit has already.
	Loose bool
	Unit  string
	Mine  int64
	// Inside is the tote or bag it lies in, nil for none.
	Inside *Inside
}

// Inside is where a pack lies, when that is a tote or a bag.
type Inside struct {
	Container Container
	Name      string // 周转箱 7 号, or the number of the patient whose bag it is
	// Mine says that it is the container this scan is about: the tote or bag that
	// is being filled, or the bag of the patient at the table.
	Mine   bool
	Sealed bool // of a tote
}

// Taken is a hand-over that has not been undone.
type Taken struct {
	Visit  string
	Doctor string // 陈医生
	Queue  string // the patient's queue number
	Site   string
	At     time.Time
	// Patient who has it; zero where nobody asked.
	Patient int64
}

// Answer is what the person reads and what may be done next.
type Answer struct {
	Kind     AnswerKind
	Sentence string
	// Move is what the scan asks for; empty when nothing is to change.
	Move MovementKind
	// MayAsk says that the duty holder may be asked to let the pack in.
	MayAsk bool
	// Quantity is what the visit is to have of the pack afterwards, for a loose
	// drug and a move.
	Quantity int64
}

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
