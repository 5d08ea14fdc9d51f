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
