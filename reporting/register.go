package reporting

import (
	"cmp"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
)

// RegisterLine is one line of the register of a special drug (专用账册): what
// came to the books or left them by one document, with the balance after it.
type RegisterLine struct {
	At      time.Time
	Kind    inventory.MovementKind
	Voucher string // number of the document: receipt, prescription or visit
	From    string // where it came from, as people say it
	To      string
	// Patient is the name as the viewer may read it: whole, masked, or "".
	Patient   string
	PatientNo string
	Batch     string
	ExpiresOn *time.Time
	In, Out   Amount
	// Opened is what opening boxes changed.
	Opened  Amount
	Balance Amount
	// First and Second are the two who answer for it; Second is "" where only one
	// person is on record, and is signed by hand on the paper.
	First, Second string
	// Days is the supply in days, 0 when not said; Over says that it is longer than
	// the class allows, OverReason why.
	Days       int
	Over       bool
	OverReason string
	Reason     string
	KeepUntil  *time.Time // nil: the expiry is not known, it is kept for good

	siteID int64
	visit  *uuid.UUID
	key    registerKey
}

// Register is the register of a drug over a period.
type Register struct {
	Drug     inventory.Drug
	Rule     inventory.ClassRule
	From, To time.Time // first and last day, midnight UTC
	Scope    Scope     // zero for the whole pharmacy
	At       time.Time
	Opening  Amount
	Lines    []RegisterLine
	// Ledger is the ledger's line of the same drug and period, against which the
	// register is held.
	Ledger LedgerLine
	// Open is what counts of the pharmacy found by number and nobody has settled.
	Open []inventory.OpenDifference
}

// Closing is the balance at the end of the period.
func (r Register) Closing() Amount {
	if n := len(r.Lines); n > 0 {
		return r.Lines[n-1].Balance
	}
	return r.Opening
}

// Right tells whether the running balance ends where the ledger does, that the
// ledger agrees with the packs, and that no count of the shelf says otherwise.
func (r Register) Right() bool {
	return r.Closing() == r.Ledger.Closing && r.Ledger.Right() && len(r.Open) == 0
}

// Problem says what is wrong with a register that is not right.
func (r Register) Problem() string {
	if !r.Ledger.Right() {
		return r.Ledger.Problem()
	}
	if len(r.Open) > 0 {
		return r.Open[0].Sentence()
	}
	words := func(a Amount) string { return a.Words(r.Drug.PackName, r.Drug.UnitName) }
	return fmt.Sprintf("%s：逐笔结存到 %s，按流水应为 %s。", r.Drug.Name(), words(r.Closing()), words(r.Ledger.Closing))
}

// registerRow is a movement with everything that the register says of it.
type registerRow struct {
	flow
	At           time.Time  `db:"at"`
	ExpiresOn    *time.Time `db:"expires_on"`
	Visit        *uuid.UUID `db:"visit_id"`
	Reason       string     `db:"reason"`
	Staff        string     `db:"staff"`
	Number       int        `db:"number"`
	Prescription string     `db:"prescription"`
	Doctor       string     `db:"doctor"`
	Patient      string     `db:"patient"`
	PatientNo    string     `db:"patient_no"`
	SessionID    int64      `db:"session_id"`
	SiteID       int64      `db:"site_id"`
	Site         string     `db:"site"`
	HeldOn       *time.Time `db:"held_on"`
	Duty         string     `db:"duty"`
	Receipt      string     `db:"receipt"`
	FromStore    string     `db:"from_store"`
	FinishedBy   string     `db:"finished_by"`
	Paper        string     `db:"paper"`   // a disposal of two people
	Decider      string     `db:"decider"` // who confirmed it, or the proposer where the decider moved it
	Days         int        `db:"days"`
	OverReason   string     `db:"over_reason"`
}

// registerKey is what movements have in common that make one line.
type registerKey struct {
	kind                            inventory.MovementKind
	batch, visit, receipt, who, why string
	session                         int64
	day                             string
}

func (x registerRow) key() registerKey {
	k := registerKey{kind: x.Kind, batch: x.Batch, receipt: x.Receipt, who: x.Staff, why: x.Reason, session: x.SessionID,
		day: x.At.In(session.Zone()).Format(time.DateOnly)}
	if x.Visit != nil {
		k.visit = x.Visit.String()
	}
	return k
}

// add books a movement, in the order they were written. Movements of one document
// that follow each other make one line.
func (r *Register) add(x registerRow) {
	p := x.post(r.Scope)
	if p == (posting{}) {
		return // it stayed within the scope, or never came there
	}
	balance := r.Closing().plus(p.net())
	if n := len(r.Lines); n > 0 && r.Lines[n-1].key == x.key() {
		l := &r.Lines[n-1]
		l.In, l.Out, l.Opened, l.Balance = l.In.plus(p.in), l.Out.plus(p.out), l.Opened.plus(p.opened), balance
		return
	}
	l := x.line(r.Rule)
	l.In, l.Out, l.Opened, l.Balance = p.in, p.out, p.opened, balance
	r.Lines = append(r.Lines, l)
}

// line is everything of a line but its figures.
func (x registerRow) line(rule inventory.ClassRule) RegisterLine {
	l := RegisterLine{At: x.At, Kind: x.Kind, Voucher: x.voucher(), Batch: x.Batch, ExpiresOn: x.ExpiresOn, Patient: x.Patient, PatientNo: x.PatientNo,
		First: x.Staff, Second: x.second(), Days: x.Days, Over: rule.Over(x.Days), OverReason: x.OverReason, Reason: x.Reason,
		siteID: x.SiteID, visit: x.Visit, key: x.key()}
	out, in := inventory.Flow(x.Kind, x.From, x.To)
	l.From, l.To = x.placeWords(out), x.placeWords(in)
	if until, known := rule.KeepUntil(x.ExpiresOn); known {
		l.KeepUntil = &until
	}
	return l
}

// voucher is the number of the document that a line rests on.
func (x registerRow) voucher() string {
	switch {
	case x.Prescription != "":
		return "处方 " + x.Prescription
	case x.Visit != nil:
		return fmt.Sprintf("就诊 %d-%d", x.SessionID, x.Number)
	case x.Paper != "":
		return "处置单 " + x.Paper
	case x.Receipt != "":
		return x.Receipt
	}
	return ""
}

// second is who answers beside the person who did it: the doctor or the session's
// duty for what a patient gets, who finished the receipt for what came by it.
func (x registerRow) second() string {
	for _, name := range []string{x.Decider, x.Doctor, x.Duty, x.FinishedBy} {
		if name != "" && name != x.Staff {
			return name
		}
	}
	return ""
}

// placeWords names a place, with the clinic day or the store it is.
func (x registerRow) placeWords(p inventory.Place) string {
	switch {
	case p == inventory.PlaceSession && x.HeldOn != nil:
		return x.Site + " " + x.HeldOn.Format("1月2日")
	case p == inventory.PlaceOutside:
		return cmp.Or(x.FromStore, p.Chinese())
	}
	return p.Chinese()
}

// hideFrom takes from the lines what the viewer may not read of the patients: the
// name is whole for who hands out or checks in at the site, masked for who sees
// patients there, and missing for all others.
func (r *Register) hideFrom(by identity.Actor) {
	for i := range r.Lines {
		l := &r.Lines[i]
		switch {
		case l.visit == nil:
		case by.Can(identity.Dispense, l.siteID) == nil, by.Can(identity.CheckIn, l.siteID) == nil:
		case by.Can(identity.ViewPatient, l.siteID) == nil:
			l.Patient, l.PatientNo = patient.MaskName(l.Patient), ""
		default:
			l.Patient, l.PatientNo = "", ""
		}
	}
}
