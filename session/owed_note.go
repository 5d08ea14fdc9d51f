package session

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Most that a visit may owe of a drug.
const (
	maxOwed      = 99    // packs
	maxOwedUnits = 9_999 // loose units
)

// OwedNote is the input of NoteOwed. Packs and Units are added up; Units only for a
// drug that is given by quantity.
type OwedNote struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	DrugID    int64
	Packs     int
	Units     int `json:",omitempty"`
	Note      string
}

// OwedAnswer is the answer to a note of owed medicine.
type OwedAnswer struct {
	Sentence string `json:"sentence"`
}

// NoteOwed writes down what an open visit owes the patient; the next visit, at
// whatever site, shows it.
func (s *Service) NoteOwed(ctx context.Context, by identity.Actor, in OwedNote) (OwedAnswer, error) {
	if _, err := s.may(ctx, by, identity.Dispense, in.SessionID); err != nil {
		return OwedAnswer{}, err
	}
	in.Note = strings.TrimSpace(in.Note)
	if err := in.check(); err != nil {
		return OwedAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "note_owed", Request: in}
	return atTable(ctx, s, by, in.SessionID, in.Visit, cmd, func(ctx context.Context, tx *db.Tx, x Session, v Visit) (OwedAnswer, error) {
		return s.noteOwed(ctx, tx, by, x, v, in)
	})
}

func (in OwedNote) check() error {
	switch {
	case in.DrugID <= 0:
		return db.Refuse(db.Invalid, "请选择欠的是哪一种药。")
	case in.Packs < 0 || in.Packs > maxOwed || in.Packs+in.Units == 0:
		return db.Refuse(db.Invalid, "欠药的盒数请填 1 到 %d；拆零的药可以只填散数。", maxOwed)
	case in.Units < 0 || in.Units > maxOwedUnits:
		return db.Refuse(db.Invalid, "欠药的散数请填 1 到 %d。", maxOwedUnits)
	case utf8.RuneCountInString(in.Note) > 200:
		return db.Refuse(db.Invalid, "备注最多 200 个字，请写短一些。")
	}
	return nil
}

func (s *Service) noteOwed(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in OwedNote) (OwedAnswer, error) {
	var d inventory.Drug
	err := tx.Get(ctx, &d, `SELECT id, generic_name, spec, pack_name, unit_name, loose FROM drug WHERE id = $1::bigint`, in.DrugID)
	switch {
	case db.IsNoRows(err):
		return OwedAnswer{}, db.Refuse(db.Invalid, "没有这个药品，请从列表里重新选。")
	case err != nil:
		return OwedAnswer{}, fmt.Errorf("read drug: %w", err)
	case in.Units > 0 && !d.Loose:
		return OwedAnswer{}, db.Refuse(db.Invalid, "%s 整%s发，欠药只填%s数。", d.Name(), d.PackName, d.PackName)
	}
	err = tx.ExecOne(ctx, `INSERT INTO owed_medicine (session_id, visit_id, patient_id, drug_id, packs, units, note, noted_by, noted_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, x.ID, v.ID, v.PatientID, in.DrugID, in.Packs, in.Units, in.Note, by.StaffID, tx.Now)
	if err != nil {
		return OwedAnswer{}, fmt.Errorf("insert owed medicine: %w", err)
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "owed.note", ObjectKind: "visit", ObjectID: v.ID.String(), SiteID: x.SiteID, SessionID: x.ID,
		Detail: fmt.Sprintf("drug=%d packs=%d units=%d", in.DrugID, in.Packs, in.Units)})
	words := Owed{Unit: d.PackName, UnitWord: d.UnitName}.words(int64(in.Packs), int64(in.Units))
	return OwedAnswer{fmt.Sprintf("已记欠药 %s，下次就诊会提醒。", words)}, err
}

// OwedSettling is the input of SettleOwed.
type OwedSettling struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	Owed      int64
}

// SettleOwed makes owed medicine up with what was scanned of the drug at this visit:
// all of it, or as much as there is, and the rest stays owed. What was noted at this
// very visit is taken back without.
func (s *Service) SettleOwed(ctx context.Context, by identity.Actor, in OwedSettling) (OwedAnswer, error) {
	if _, err := s.may(ctx, by, identity.Dispense, in.SessionID); err != nil {
		return OwedAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "settle_owed", Request: in}
	return atTable(ctx, s, by, in.SessionID, in.Visit, cmd, func(ctx context.Context, tx *db.Tx, x Session, v Visit) (OwedAnswer, error) {
		return s.settleOwed(ctx, tx, by, x, v, in)
	})
}

func (s *Service) settleOwed(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in OwedSettling) (OwedAnswer, error) {
	o, err := openOwed(ctx, tx, v, in.Owed)
	if err != nil {
		return OwedAnswer{}, err
	}
	answer, name, units := OwedAnswer{fmt.Sprintf("%s 的欠药记录已取消。", o.Drug())}, "owed.cancel", int64(0)
	if o.VisitID != v.ID {
		name = "owed.settle"
		if units, err = o.makeUp(ctx, tx, by, v); err != nil {
			return OwedAnswer{}, err
		}
		answer = o.madeUp(units)
	}
	if o.VisitID == v.ID || units >= o.Left {
		err = tx.ExecOne(ctx, `UPDATE owed_medicine SET settled_visit_id = $2, settled_at = $3 WHERE id = $1 AND settled_at IS NULL`, o.ID, v.ID, tx.Now)
		if err != nil {
			return OwedAnswer{}, fmt.Errorf("settle owed medicine: %w", err)
		}
	}
	return answer, identity.Audit(ctx, tx, by, identity.Event{Name: name, ObjectKind: "visit", ObjectID: v.ID.String(), SiteID: x.SiteID,
		SessionID: x.ID, Detail: fmt.Sprintf("owed=%d drug=%d units=%d of=%d", o.ID, o.DrugID, units, o.Left)})
}

// makeUp writes down how much of what is owed this visit makes up.
func (o owedHere) makeUp(ctx context.Context, tx *db.Tx, by identity.Actor, v Visit) (int64, error) {
	units := min(o.Given-o.Used, o.Left)
	switch {
	case o.Given == 0:
		return 0, db.Refuse(db.Conflict, "还没有扫 %s。请先扫要补的药，再点“已补发”。", o.Drug())
	case units <= 0:
		return 0, db.Refuse(db.Conflict, "这次发的 %s 已经抵了欠药。请再扫要补的药，再点“已补发”。", o.Drug())
	}
	err := tx.ExecOne(ctx, `INSERT INTO owed_settlement (owed_id, visit_id, units, staff_id, at) VALUES ($1, $2, $3, $4, $5)`, o.ID, v.ID, units, by.StaffID, tx.Now)
	if err != nil {
		return 0, fmt.Errorf("insert what was made up: %w", err)
	}
	return units, nil
}

// madeUp says what became of it.
func (o owedHere) madeUp(units int64) OwedAnswer {
	before := o.Amount()
	if o.Left -= units; o.Left <= 0 {
		return OwedAnswer{fmt.Sprintf("%s 欠 %s 已补发。", o.Drug(), before)}
	}
	return OwedAnswer{fmt.Sprintf("%s 补了一部分，还欠 %s。", o.Drug(), o.Amount())}
}
