package inventory

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// PuttingBack says that a refused box does not belong to this delivery and has
// gone back to where it came from.
type PuttingBack struct {
	ReceiptID int64
	RefusalID int64
	CommandID uuid.UUID
}

// PutBack takes a refused box off the differences of an open receipt.
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
	n, err := tx.Exec(ctx, `UPDATE receipt_refusal SET resolved_at = $3, resolved_by = $4::bigint, resolution = 'put_back'
WHERE id = $1 AND receipt_id = $2 AND resolved_at IS NULL`, in.RefusalID, in.ReceiptID, tx.Now, nullInt(by.StaffID))
	if err != nil {
		return fmt.Errorf("put back a refused box: %w", err)
	}
	if n == 0 {
		return db.Refuse(db.Conflict, "这一条差异已经处理过了。请刷新后再看。")
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: "receipt.put_back", ObjectKind: "receipt", ObjectID: fmt.Sprint(in.ReceiptID),
		Detail: fmt.Sprintf("refusal=%d", in.RefusalID)})
}
