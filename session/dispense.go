package session

import (
	"context"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// maxCodes bounds one scan of the table: a batch reader holds a few dozen.
const maxCodes = 200

// Scan is the input of Dispense: what a scanner typed, one code or many.
type Scan struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	Codes     string
	// Typed says that a person typed it: 4 to 6 characters are then the end of
	// a code that cannot be read.
	Typed bool `json:",omitempty"`
	// Chosen says that Codes is the pack picked among several with the same end.
	Chosen bool `json:",omitempty"`
	// DoneAt is when the boxes were handed over while the link was down, by the
	// device's clock; zero for boxes that are handed over now.
	DoneAt time.Time `json:",omitzero"`
	// Quantity is the units that are given of the one box in Codes, whose drug is
	// given by quantity; of a box that the visit has already it is the new number.
	// Whole gives all that the box holds.
	Quantity int64 `json:",omitempty"`
	Whole    bool  `json:",omitempty"`
}

// ScanAnswer is the answer to a whole scan.
type ScanAnswer struct {
	Answers []inventory.CodeAnswer `json:"answers"`
	// Packs is how many packs the visit has now.
	Packs int `json:"packs"`
	// Choices are the packs that end with what was typed, when several do.
	Choices []Choice `json:"choices,omitempty"`
	// Late says that the boxes were taken as handed over already.
	Late bool `json:"late,omitempty"`
}

// Worst is the answer the band shows.
func (a ScanAnswer) Worst() inventory.CodeAnswer { return inventory.Worst(a.Answers) }

// Dispense hands the scanned packs to the patient of an open visit. Every code
// has its own answer; what cannot be handed out is kept with the visit as 未记录
// and changes nothing else.
func (s *Service) Dispense(ctx context.Context, by identity.Actor, in Scan) (ScanAnswer, error) {
	if _, err := s.may(ctx, by, identity.Dispense, in.SessionID); err != nil {
		return ScanAnswer{}, err
	}
	read := inventory.ParseScan(in.Codes)
	if len(read) > maxCodes {
		return ScanAnswer{}, db.Refuse(db.Invalid, "一次最多扫 %d 个码，这次有 %d 个。请分几次扫。", maxCodes, len(read))
	}
	if err := in.checkQuantity(len(read)); err != nil {
		return ScanAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "dispense", Request: in.asked()}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (ScanAnswer, error) {
		return s.dispense(ctx, tx, by, in, read)
	})
	return answer, err
}

func (s *Service) dispense(ctx context.Context, tx *db.Tx, by identity.Actor, in Scan, read []inventory.Parsed) (ScanAnswer, error) {
	x, holders, err := lockForScan(ctx, tx, in, read)
	if err != nil {
		return ScanAnswer{}, err
	}
	v, err := lockVisit(ctx, tx, x.ID, in.Visit)
	if err != nil {
		return ScanAnswer{}, err
	}
	if err := takesBoxes(v, by, in); err != nil {
		return ScanAnswer{}, err
	}
	how := inventory.HowScanned
	if in.Chosen {
		how = inventory.HowTyped
	}
	if tail, ok := typedTail(in, read); ok {
		found, err := findTail(ctx, tx, x.ID, tail)
		if err != nil || len(found) != 1 {
			return tailAnswer(tail, found, v.Lines), err
		}
		read, how = inventory.ParseScan(found[0].Code), inventory.HowTyped
	}
	read, bags, err := unfoldBags(ctx, tx, v, read)
	if err != nil {
		return ScanAnswer{}, err
	}
	t, err := newTable(ctx, tx, by, x, v, in, withBags(read, bags))
	if err != nil {
		return ScanAnswer{}, err
	}
	t.how, t.holders = how, holders
	for _, p := range read {
		t.take(p)
	}
	for _, b := range bags {
		t.takeBag(b)
	}
	if err := t.write(ctx); err != nil {
		return ScanAnswer{}, err
	}
	t.answer.Late = in.replayed()
	t.answer.Packs = v.Lines + len(t.giving) + len(t.late)
	return t.answer, s.hub.Touch(ctx, tx, append(holders, x.ID)...)
}

// takesBoxes refuses a visit that is another doctor's or over. Facts may still
// come to the doctor's own visit after its end.
func takesBoxes(v Visit, by identity.Actor, in Scan) error {
	switch {
	case v.State != Finished:
		if in.replayed() && v.State == InConsultation {
			return nil // with another doctor by now: the patient has the boxes all the same
		}
		return v.mine(by)
	case in.replayed() && v.DoctorID != nil && *v.DoctorID == by.StaffID:
		return nil
	}
	return db.Refuse(db.Conflict, "%d 号已经诊毕，记录不再改动。要补发，请重新扫患者二维码。", v.Number)
}
