package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// ReturnForm is how a box comes back.
type ReturnForm string

// The forms of a return.
const (
	ReturnFull   ReturnForm = "full"   // all that this patient was given of it
	ReturnOpened ReturnForm = "opened" // a part of it, in smallest units
	ReturnEmpty  ReturnForm = "empty"  // the box alone
)

// Word is the form in Chinese.
func (f ReturnForm) Word() string {
	switch f {
	case ReturnFull:
		return "整盒"
	case ReturnOpened:
		return "开过"
	}
	return "空盒"
}

// Returning is what a patient brings back: at a table with its visit, or in the
// pharmacy without.
type Returning struct {
	SessionID int64     // 0 in the pharmacy
	Visit     uuid.UUID // uuid.Nil in the pharmacy
	CommandID uuid.UUID
	// Patient is who brings it, in the pharmacy: a label, a number, or nothing.
	Patient string `json:",omitempty"`
	Codes   string
	Form    ReturnForm
	// Units is what is left in an opened box, in smallest units.
	Units int64 `json:",omitempty"`
	// Unread says that an empty box was seen whose code cannot be read.
	Unread bool `json:",omitempty"`
}

// ReturnAnswer is the answer to a return, code by code. None of it keeps a
// patient from getting medicine.
type ReturnAnswer struct {
	Answers []inventory.CodeAnswer `json:"answers"`
	// Taken is how many boxes went into quarantine, Ticked how many empty ones
	// were seen, Noted how many the pharmacist is to look at.
	Taken  int `json:"taken"`
	Ticked int `json:"ticked"`
	Noted  int `json:"noted"`
}

// Worst is the answer the band shows.
func (a ReturnAnswer) Worst() inventory.CodeAnswer { return inventory.Worst(a.Answers) }

// check finds what is wrong with a return by itself.
func (in *Returning) check() ([]inventory.Parsed, error) {
	if in.Unread {
		in.Form, in.Codes, in.Units = ReturnEmpty, "", 0
		return nil, nil
	}
	read := inventory.ParseScan(in.Codes)
	switch in.Form {
	case ReturnFull, ReturnEmpty:
		in.Units = 0
	case ReturnOpened:
		if in.Units <= 0 {
			return nil, db.Refuse(db.Invalid, "开过的盒请填还剩多少片（支、粒），要大于零。空盒请选“空盒”。")
		}
		if len(read) > 1 {
			return nil, db.Refuse(db.Invalid, "开过的盒各剩多少不同，请一盒一盒登记。")
		}
	default:
		return nil, db.Refuse(db.Invalid, "请选择退回的是整盒、开过的，还是空盒。")
	}
	if len(read) > maxCodes {
		return nil, db.Refuse(db.Invalid, "一次最多扫 %d 个码，这次有 %d 个。请分几次扫。", maxCodes, len(read))
	}
	return read, nil
}

// TakeReturn takes in what a patient brings back. An empty box is a tick beside
// what this patient was given; a box with content goes into quarantine and never
// back to stock. What is odd (given to somebody else, never given, not ours) is
// noted for the pharmacist and refuses the patient nothing. A box of a closed
// session adds a supplement to the record of the visit that gave it.
func (s *Service) TakeReturn(ctx context.Context, by identity.Actor, in Returning) (ReturnAnswer, error) {
	if in.Visit == uuid.Nil {
		if err := identity.Allow(ctx, s.db, by, identity.TakeReturn, 0); err != nil {
			return ReturnAnswer{}, err
		}
		in.SessionID = 0
	} else if _, err := s.may(ctx, by, identity.TakeReturn, in.SessionID); err != nil {
		return ReturnAnswer{}, err
	}
	read, err := in.check()
	if err != nil {
		return ReturnAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "take_return", Request: in}
	do := func(ctx context.Context, tx *db.Tx) (ReturnAnswer, error) { return s.takeReturn(ctx, tx, by, in, read) }
	var answer ReturnAnswer
	if in.SessionID == 0 {
		answer, _, err = identity.RunCommand(ctx, s.db, by, cmd, do)
	} else {
		answer, _, err = runCommand(ctx, s, in.SessionID, by, cmd, do)
	}
	return answer, err
}

func (s *Service) takeReturn(ctx context.Context, tx *db.Tx, by identity.Actor, in Returning, read []inventory.Parsed) (ReturnAnswer, error) {
	b := &returnBench{s: s, tx: tx, by: by, in: in}
	if err := b.findPatient(ctx); err != nil {
		return ReturnAnswer{}, err
	}
	if in.Unread {
		return b.tickUnread(ctx)
	}
	if err := b.load(ctx, read); err != nil {
		return ReturnAnswer{}, err
	}
	seen := map[string]bool{}
	for _, p := range read {
		b.decide(p, seen)
	}
	return b.write(ctx)
}

// findPatient is whoever sits at the table, or was named in the pharmacy. A
// family may bring back what a patient no longer needs: any state will do.
func (b *returnBench) findPatient(ctx context.Context) error {
	in := b.in
	if in.Visit == uuid.Nil {
		if in.Patient == "" {
			return nil
		}
		p, err := patient.Find(ctx, b.tx, in.Patient)
		b.patient = p.ID
		return err
	}
	x, err := lock(ctx, b.tx, in.SessionID, Open)
	if err != nil {
		return err
	}
	v, err := lockVisit(ctx, b.tx, x.ID, in.Visit)
	if err != nil {
		return err
	}
	if v.State == Void {
		return db.Refuse(db.Conflict, "%d 号这次就诊已作废，请重新扫患者二维码。", v.Number)
	}
	b.site, b.patient = x.SiteID, v.PatientID
	return nil
}

// tickUnread notes an empty box whose code cannot be read.
func (b *returnBench) tickUnread(ctx context.Context) (ReturnAnswer, error) {
	b.rows = append(b.rows, returnRow{form: ReturnEmpty})
	b.answer.Ticked++
	b.answer.Answers = append(b.answer.Answers, inventory.NewCodeAnswer("", "", "", inventory.KindEmptySeen, "空盒已见，码看不清，已登记 1 个。"))
	return b.write(ctx)
}

// VoidingReturn takes a tick back that was made by mistake.
type VoidingReturn struct {
	ID        int64
	CommandID uuid.UUID
}

// VoidReturn takes a row back that moved nothing: a tick, or a note. What went
// into quarantine stays there.
func (s *Service) VoidReturn(ctx context.Context, by identity.Actor, in VoidingReturn) error {
	if err := identity.Allow(ctx, s.db, by, identity.TakeReturn, 0); err != nil {
		return err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "void_return", Request: in}
	_, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		n, err := tx.Exec(ctx, `UPDATE patient_return SET void_by = $2, void_at = $3 WHERE id = $1 AND void_at IS NULL AND taken_at > $4::timestamptz
  AND NOT EXISTS (SELECT 1 FROM pack k WHERE k.id = patient_return.pack_id AND k.returned AND patient_return.note = '')`,
			in.ID, by.StaffID, tx.Now, Today(tx.Now).Add(-8*time.Hour))
		if err != nil {
			return false, fmt.Errorf("void a return: %w", err)
		}
		if n == 0 {
			return false, db.Refuse(db.Conflict, "这一条不能撤销：已经撤销过，不是今天登记的，或者药已收进隔离区。")
		}
		if err := noteVoided(ctx, tx, in.ID); err != nil {
			return false, err
		}
		return true, identity.Audit(ctx, tx, by, identity.Event{Name: "return.void", ObjectKind: "return", ObjectID: fmt.Sprint(in.ID)})
	})
	return err
}

// SeeReturn is the pharmacist's word that a noted return was looked into.
func (s *Service) SeeReturn(ctx context.Context, by identity.Actor, in VoidingReturn) error {
	if err := identity.Allow(ctx, s.db, by, identity.Dispose, 0); err != nil {
		return err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "see_return", Request: in}
	_, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		n, err := tx.Exec(ctx, `UPDATE patient_return SET seen_by = $2, seen_at = $3 WHERE id = $1 AND note <> '' AND seen_at IS NULL`, in.ID, by.StaffID, tx.Now)
		if err != nil {
			return false, fmt.Errorf("see a return: %w", err)
		}
		if n == 0 {
			return false, db.Refuse(db.Conflict, "这一条已经处理过了。请看最新的列表。")
		}
		return true, identity.Audit(ctx, tx, by, identity.Event{Name: "return.seen", ObjectKind: "return", ObjectID: fmt.Sprint(in.ID)})
	})
	return err
}
