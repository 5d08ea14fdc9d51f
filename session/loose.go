package session

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// maxUnits bounds a quantity: no box holds more.
const maxUnits = 100_000

// resolvedByNumber stands behind a code that was only asked for its number and then
// given: it was recorded, so the record does not name it as not recorded.
const resolvedByNumber = "已填数量"

// checkQuantity refuses a number that cannot be meant.
func (in Scan) checkQuantity(codes int) error {
	switch {
	case in.Quantity < 0 || in.Quantity > maxUnits:
		return db.Refuse(db.Invalid, "数量请填 1 到 %d 的整数。", maxUnits)
	case in.Quantity > 0 && in.Whole:
		return db.Refuse(db.Invalid, "请填数量，或选“整盒”，不能两样都要。")
	case (in.Quantity > 0 || in.Whole) && codes != 1:
		return db.Refuse(db.Invalid, "数量只能配一个追溯码，这次有 %d 个。请一盒一盒扫。", codes)
	}
	return nil
}

// changed is a box that a visit has some of and that gets another number.
type changed struct {
	pack     *inventory.Pack
	from, to int64
}

// readMine reads what this visit has of the packs that are given in parts: the
// last hand-over of such a box may be another patient's.
func (t *table) readMine(ctx context.Context) error {
	t.mine = map[int64]int64{}
	var ids []int64
	for _, p := range t.packs {
		if p.UnitsGiven > 0 && (p.Loose || p.UnitsLeft > 0) {
			ids = append(ids, p.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	var rows []Line
	err := t.tx.Select(ctx, &rows, `SELECT pack_id, quantity, at FROM visit_line WHERE visit_id = $1 AND pack_id = ANY($2::bigint[]) AND undone_at IS NULL`,
		t.visit.ID, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("read what the visit has: %w", err)
	}
	for _, l := range rows {
		t.mine[l.PackID] = l.Quantity
		t.taken[l.PackID] = &inventory.Taken{Visit: t.visit.ID.String(), Doctor: doctorWord(t.by.Name), At: l.At}
	}
	return nil
}

// wantsNumber tells a box that is given by quantity when nobody said how much.
func (t *table) wantsNumber(p *inventory.Pack) bool {
	return p.Loose && t.in.Quantity == 0 && !t.in.Whole
}

// amounts says what the visit has of a loose box after this answer, and what the
// box holds then.
func (t *table) amounts(a *inventory.CodeAnswer, p *inventory.Pack, said inventory.Answer) {
	a.Unit, a.Quantity, a.Left = p.UnitName, t.mine[p.ID], p.UnitsLeft
	if said.Move != "" {
		a.Left -= said.Quantity - a.Quantity
		a.Quantity = said.Quantity
	}
}

// changeQuantity brings a box of the visit to its new number: the ledger gets
// the difference, the visit keeps its one line.
func (t *table) changeQuantity(ctx context.Context) error {
	c := t.change
	if c == nil {
		return nil
	}
	err := moveDifference(ctx, t.tx, t.by, *c, inventory.Entry{Move: inventory.Move{Session: t.session.ID, At: t.tx.Now},
		Visit: t.visit.ID, How: t.how, Reason: "改数量", Device: t.by.Device, Command: t.in.CommandID})
	if err != nil {
		return fmt.Errorf("change a quantity: answered yes: %w", err)
	}
	if err := setQuantity(ctx, t.tx, t.visit.ID, c.pack.ID, c.to); err != nil {
		return err
	}
	return t.numberSaid(ctx, c.pack)
}

// setQuantity changes the number of a visit's line.
func setQuantity(ctx context.Context, tx *db.Tx, visit uuid.UUID, pack, to int64) error {
	err := tx.ExecOne(ctx, `UPDATE visit_line SET quantity = $3 WHERE visit_id = $1 AND pack_id = $2 AND undone_at IS NULL`, visit, pack, to)
	if err != nil {
		return fmt.Errorf("change a visit line: %w", err)
	}
	return nil
}

// numberSaid resolves the questions about a box of the visit.
func (t *table) numberSaid(ctx context.Context, p *inventory.Pack) error {
	if !p.Loose {
		return nil
	}
	_, err := t.tx.Exec(ctx, `UPDATE visit_refusal SET resolved_at = $3, resolved_by = $4, resolution = $5
WHERE visit_id = $1 AND code = $2 AND resolved_at IS NULL AND answer_kind IN ('ask_quantity', 'not_enough')`,
		t.visit.ID, p.Code, t.tx.Now, t.by.StaffID, resolvedByNumber)
	if err != nil {
		return fmt.Errorf("resolve the question for a number: %w", err)
	}
	return nil
}

// quantityDetail is what the audit says of numbers.
func (t *table) quantityDetail() string {
	switch {
	case t.change != nil:
		return fmt.Sprintf(" code=%s units=%d before=%d", t.change.pack.Code, t.change.to, t.change.from)
	case t.in.Quantity > 0 || t.in.Whole:
		return fmt.Sprintf(" units=%d whole=%t", t.in.Quantity, t.in.Whole)
	}
	return ""
}

// moveDifference takes units of a locked pack to its visit, or back into the box.
func moveDifference(ctx context.Context, tx *db.Tx, by identity.Actor, c changed, e inventory.Entry) error {
	e.Kind, e.Quantity = inventory.MoveDispense, c.to-c.from
	if c.to < c.from {
		e.Kind, e.Quantity = inventory.MoveUndo, c.from-c.to
	}
	_, err := inventory.Write(ctx, tx, by, c.pack, e)
	return err
}
