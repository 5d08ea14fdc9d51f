package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Undoing is the input of Undo.
type Undoing struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	Code      string
	// DoneAt is when it was undone while the link was down, by the device's clock;
	// zero for now.
	DoneAt time.Time `json:",omitzero"`
}

// Undo takes a pack back from an open visit: it lies in the session's tray
// again. Anyone of the team at that visit may do it until 诊毕.
func (s *Service) Undo(ctx context.Context, by identity.Actor, in Undoing) (ScanAnswer, error) {
	if _, err := s.may(ctx, by, identity.Undo, in.SessionID); err != nil {
		return ScanAnswer{}, err
	}
	code, err := inventory.ParseTraceCode(in.Code)
	if err != nil {
		return ScanAnswer{}, db.RefuseBecause(err, db.Invalid, "要撤销的追溯码不对。请在列表里点“撤销”，或重扫那一盒。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "undo", Request: in.asked()}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (ScanAnswer, error) {
		return s.undo(ctx, tx, by, in, code)
	})
	return answer, s.denied(ctx, by, in.SessionID, err)
}

func (s *Service) undo(ctx context.Context, tx *db.Tx, by identity.Actor, in Undoing, code inventory.TraceCode) (ScanAnswer, error) {
	allowed := []State{Open}
	if !in.DoneAt.IsZero() {
		allowed = append(allowed, Closing)
	}
	x, err := lock(ctx, tx, in.SessionID, allowed...)
	if err != nil {
		return ScanAnswer{}, err
	}
	if err := inTeam(ctx, tx, x.ID, by, PartDoctor, PartPharmacist, PartDeputy); err != nil {
		return ScanAnswer{}, err
	}
	v, err := lockVisit(ctx, tx, x.ID, in.Visit)
	if err != nil {
		return ScanAnswer{}, err
	}
	if v.State == Finished {
		return ScanAnswer{}, db.Refuse(db.Conflict, "%d 号已经诊毕，记录不再改动。请看诊医生当天在“全部候诊”里点“更正”。", v.Number)
	}
	p, err := takeBack(ctx, tx, by, x, v, in, code)
	if err != nil {
		return ScanAnswer{}, err
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "visit.undo", ObjectKind: "pack", ObjectID: p.Code,
		SiteID: x.SiteID, SessionID: x.ID, Detail: "visit=" + v.ID.String()})
	if err != nil {
		return ScanAnswer{}, err
	}
	a := inventory.NewCodeAnswer(code.Raw(), p.Code, p.DrugName(), inventory.KindOK, p.DrugName()+" 已撤销，回到本场药箱。")
	return ScanAnswer{Answers: []inventory.CodeAnswer{a}, Packs: v.Lines - 1}, s.hub.Touch(ctx, tx, x.ID)
}

// takeBack closes the visit's line and moves the units back.
func takeBack(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in Undoing, code inventory.TraceCode) (*inventory.Pack, error) {
	packs, err := inventory.LockPacks(ctx, tx, []string{code.Code()})
	if err != nil {
		return nil, err
	}
	p := packs[code.Code()]
	if p == nil {
		return nil, db.Refuse(db.NotFound, "没有这个追溯码的记录，不用撤销。")
	}
	var quantity int64
	err = tx.Get(ctx, &quantity, `UPDATE visit_line SET undone_at = $3, undone_by = $4
WHERE visit_id = $1 AND pack_id = $2 AND undone_at IS NULL RETURNING quantity`, v.ID, p.ID, tx.Now, by.StaffID)
	if db.IsNoRows(err) {
		return nil, db.Refuse(db.Conflict, "%s（…%s）不在 %d 号的记录里，可能已经撤销。请看最新的列表。", p.DrugName(), code.Tail(4), v.Number)
	}
	if err != nil {
		return nil, fmt.Errorf("undo visit line: %w", err)
	}
	_, err = inventory.Write(ctx, tx, by, p, inventory.Entry{
		Move:  inventory.Move{Kind: inventory.MoveUndo, Quantity: quantity, Session: x.ID, At: tx.Now},
		Visit: v.ID, How: inventory.HowScanned, Device: by.Device, Command: in.CommandID,
	})
	var refused *inventory.MoveError
	if errors.As(err, &refused) {
		return nil, db.RefuseBecause(err, db.Conflict, "%s", refused.Kind.Sentence(inventory.Details{Drug: p.DrugName(), State: p.State.Chinese()}))
	}
	return p, err
}
