package inventory

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// CodelessLink says which true code a box bears that came in without one (补码).
type CodelessLink struct {
	CommandID uuid.UUID
	// Code is the one we gave, TrueCode the one that was found.
	Code, TrueCode string
}

// LinkCodeless ties the true code to a box that bears one of ours. Both find the
// same box from then on; its pack keeps its one row. A document's announcement of
// the true code, if it still waits for the box, is withdrawn: the box is here.
func (s *Service) LinkCodeless(ctx context.Context, by identity.Actor, in CodelessLink) (Pack, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return Pack{}, err
	}
	ours, err := ParseTraceCode(in.Code)
	if err != nil || ours.Family() != FamilyInternal {
		return Pack{}, db.Refuse(db.Invalid, "这不是院内码（WM 开头）。请从无码清单里选一盒。")
	}
	found, err := ParseTraceCode(in.TrueCode)
	if err != nil {
		return Pack{}, db.RefuseBecause(err, db.Invalid, "%s", err.Error())
	}
	if found.Family() == FamilyInternal {
		return Pack{}, db.Refuse(db.Invalid, "读到的是院内码。请扫盒上原来的追溯码。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "link_codeless", Request: in}
	p, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (Pack, error) {
		return linkCodeless(ctx, tx, by, ours, found, in.CommandID)
	})
	return p, err
}

func linkCodeless(ctx context.Context, tx *db.Tx, by identity.Actor, ours, found TraceCode, command uuid.UUID) (Pack, error) {
	var box CodelessBox
	err := tx.Get(ctx, &box, `SELECT b.request_id, b.code, COALESCE(b.true_code, '') AS true_code FROM codeless_box b WHERE b.code = $1::text FOR NO KEY UPDATE`, ours.Code())
	switch {
	case db.IsNoRows(err):
		return Pack{}, db.Refuse(db.NotFound, "没有这个院内码。请从无码清单里选一盒。")
	case err != nil:
		return Pack{}, fmt.Errorf("lock codeless box: %w", err)
	case box.TrueCode != "":
		return Pack{}, db.Refuse(db.Conflict, "这盒已经补过码：%s。", box.TrueCode)
	}
	packs, err := LockPacks(ctx, tx, []string{ours.Code(), found.Code()})
	if err != nil {
		return Pack{}, err
	}
	p := packs[ours.Code()]
	if p == nil {
		return Pack{}, fmt.Errorf("codeless box %s has no pack", ours.Code())
	}
	if err := fitsBox(ctx, tx, p, found); err != nil {
		return Pack{}, err
	}
	if err := giveWay(ctx, tx, by, packs[found.Code()], p, command); err != nil {
		return Pack{}, err
	}
	err = tx.ExecOne(ctx, `UPDATE codeless_box SET true_code = $2, linked_by = $3::bigint, linked_at = $4 WHERE code = $1`, ours.Code(), found.Code(), db.NullInt(by.StaffID), tx.Now)
	if db.IsUnique(err, "codeless_box_true_uq") {
		return Pack{}, db.RefuseBecause(err, db.Conflict, "这个追溯码刚刚补给了另一盒。请核对。")
	}
	if err != nil {
		return Pack{}, fmt.Errorf("link codeless box: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE receipt_refusal SET resolved_at = $2, resolved_by = $3::bigint, resolution = 'linked' WHERE code = $1 AND resolved_at IS NULL`,
		found.Code(), tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return Pack{}, fmt.Errorf("resolve the refusal of a linked box: %w", err)
	}
	p.TrueCode = found.Code()
	return *p, identity.Audit(ctx, tx, by, identity.Event{Name: "codeless.link", ObjectKind: "pack", ObjectID: p.Code, Detail: "true_code=" + found.Code()})
}

// fitsBox refuses a code that cannot stand on this box: of another drug, of a
// carton, of a prefix nobody knows.
func fitsBox(ctx context.Context, tx *db.Tx, p *Pack, found TraceCode) error {
	known, err := FindPrefixes(ctx, tx, []string{found.Prefix()})
	if err != nil {
		return err
	}
	x, ok := known[found.Prefix()]
	switch {
	case !ok:
		return db.Refuse(db.Invalid, "追溯码的前缀 %s 还没有对照药品。请药师先对照，再补码。", found.Prefix())
	case x.Level > 1:
		return db.Refuse(db.Invalid, "这是大包装（箱或中包）的码。请扫小盒上的追溯码。")
	case x.DrugID != p.DrugID:
		return db.Refuse(db.Invalid, "这个追溯码是 %s，这盒登记的是 %s。请核对是不是拿错了盒。", x.Drug, p.DrugName())
	}
	return nil
}

// giveWay takes the announcement of the true code back; other is its pack, if any.
func giveWay(ctx context.Context, tx *db.Tx, by identity.Actor, other, p *Pack, command uuid.UUID) error {
	switch {
	case other == nil || other.State == StateWithdrawn:
		return nil
	case other.State != StateExpected:
		return db.Refuse(db.Conflict, "这个追溯码已是另一盒的记录，状态是“%s”。请核对后再补。", other.State.Chinese())
	}
	e := Entry{Move: Move{Kind: MoveWithdraw, At: tx.Now}, How: HowScanned, Device: by.Device, Command: command, Reason: "补码到 " + p.Code}
	_, err := Write(ctx, tx, by, other, e)
	return err
}
