package inventory

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// PuttingBack says that a refused box does not belong to this delivery and has
// gone back to where it came from.
type PuttingBack struct {
	ReceiptID int64
	RefusalID int64
	CommandID uuid.UUID
	// Prefix means all boxes that are held for want of its meaning, instead of one.
	Prefix string
}

// PutBack takes a refused box off the differences of an open receipt, or all
// that are held for an unknown prefix.
func (s *Service) PutBack(ctx context.Context, by identity.Actor, in PuttingBack) error {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "put_back", Request: in}
	_, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return true, putBack(ctx, tx, by, in)
	})
	return err
}

func putBack(ctx context.Context, tx *db.Tx, by identity.Actor, in PuttingBack) error {
	if _, err := lockReceipt(ctx, tx, in.ReceiptID); err != nil {
		return err
	}
	ids := []int64{in.RefusalID}
	if in.Prefix != "" {
		var err error
		if ids, err = heldOf(ctx, tx, in.ReceiptID, in.Prefix); err != nil {
			return err
		}
	}
	n, err := tx.Exec(ctx, `UPDATE receipt_refusal SET resolved_at = $3, resolved_by = $4::bigint, resolution = 'put_back'
WHERE id = ANY($1::bigint[]) AND receipt_id = $2 AND resolved_at IS NULL`, pq.Array(ids), in.ReceiptID, tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return fmt.Errorf("put back a refused box: %w", err)
	}
	if n == 0 {
		return db.Refuse(db.Conflict, "这一条差异已经处理过了。请刷新后再看。")
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: "receipt.put_back", ObjectKind: "receipt", ObjectID: fmt.Sprint(in.ReceiptID),
		Detail: fmt.Sprintf("refusal=%d prefix=%s boxes=%d", in.RefusalID, in.Prefix, n)})
}

// heldOf lists the boxes of a receipt that are held for an unknown prefix.
func heldOf(ctx context.Context, tx *db.Tx, receiptID int64, prefix string) ([]int64, error) {
	var rows []struct {
		ID   int64  `db:"id"`
		Code string `db:"code"`
	}
	err := tx.Select(ctx, &rows, `SELECT id, code FROM receipt_refusal WHERE receipt_id = $1 AND answer_kind = 'unknown_prefix' AND resolved_at IS NULL`, receiptID)
	if err != nil {
		return nil, fmt.Errorf("read held boxes: %w", err)
	}
	ids := []int64{}
	for _, x := range rows {
		if c, err := ParseTraceCode(x.Code); err == nil && c.Prefix() == prefix {
			ids = append(ids, x.ID)
		}
	}
	return ids, nil
}
