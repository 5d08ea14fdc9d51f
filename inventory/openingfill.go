package inventory

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// OpeningGroup names boxes of an open list that are alike: of one drug, batch and
// expiry, as [OpeningGroups] gave them.
type OpeningGroup struct {
	DrugID    int64
	Batch     string
	ExpiresOn string // YYYY-MM-DD or empty
}

// OpeningFill says what stands on the boxes of a group. What the boxes' own codes
// carry stays.
type OpeningFill struct {
	ListID    int64
	CommandID uuid.UUID
	Group     OpeningGroup
	Typed     TypedBatch
}

// FillOpening writes batch and expiry of a group of an open list, once for all its
// boxes, and gives how many they were.
func (s *Service) FillOpening(ctx context.Context, by identity.Actor, in OpeningFill) (boxes int, err error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return 0, err
	}
	if err := in.Typed.whole(); err != nil {
		return 0, err
	}
	if err := in.Typed.check(s.db.Now()); err != nil {
		return 0, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "fill_opening", Request: in}
	boxes, _, err = identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (int, error) {
		return fillOpening(ctx, tx, by, in)
	})
	return boxes, err
}

func fillOpening(ctx context.Context, tx *db.Tx, by identity.Actor, in OpeningFill) (int, error) {
	if err := lockOpening(ctx, tx, in.ListID); err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, `UPDATE opening_code SET batch = $5::text, expires_on = CAST($6::text AS date)
WHERE list_id = $1 AND drug_id = $2 AND batch = $3::text AND COALESCE(CAST(expires_on AS text), '') = $4::text AND NOT batch_read`,
		in.ListID, in.Group.DrugID, in.Group.Batch, in.Group.ExpiresOn, in.Typed.Batch, dateText(in.Typed.ExpiresOn))
	if err != nil {
		return 0, fmt.Errorf("fill in batch and expiry: %w", err)
	}
	if n == 0 {
		return 0, db.Refuse(db.Conflict, "这一组刚刚变了，或批号由盒上的码带出，不能手改。请刷新后再看。")
	}
	return int(n), identity.Audit(ctx, tx, by, identity.Event{Name: "opening.fill", ObjectKind: "opening", ObjectID: fmt.Sprint(in.ListID),
		Detail: fmt.Sprintf("drug=%d before=%s/%s batch=%s expires=%s boxes=%d", in.Group.DrugID, in.Group.Batch, in.Group.ExpiresOn, in.Typed.Batch, dateText(in.Typed.ExpiresOn), n)})
}

// OpeningRemoval takes boxes off an open list: one by its code, or all that have
// their row meanwhile (Known).
type OpeningRemoval struct {
	ListID    int64
	CommandID uuid.UUID
	Code      string
	Known     bool
}

// RemoveOpening takes boxes off an open list and gives how many they were.
func (s *Service) RemoveOpening(ctx context.Context, by identity.Actor, in OpeningRemoval) (boxes int, err error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return 0, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "remove_opening", Request: in}
	boxes, _, err = identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (int, error) {
		return removeOpening(ctx, tx, by, in)
	})
	return boxes, err
}

func removeOpening(ctx context.Context, tx *db.Tx, by identity.Actor, in OpeningRemoval) (int, error) {
	if err := lockOpening(ctx, tx, in.ListID); err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, `DELETE FROM opening_code WHERE list_id = $1
AND (code = $2::text OR $3::boolean AND EXISTS (SELECT 1 FROM pack k WHERE k.code = opening_code.code))`, in.ListID, in.Code, in.Known)
	if err != nil {
		return 0, fmt.Errorf("take off the opening list: %w", err)
	}
	if n == 0 {
		return 0, db.Refuse(db.Conflict, "清单里没有这盒，可能刚刚已经移出。请刷新后再看。")
	}
	return int(n), identity.Audit(ctx, tx, by, identity.Event{Name: "opening.remove", ObjectKind: "opening", ObjectID: fmt.Sprint(in.ListID),
		Detail: fmt.Sprintf("code=%s boxes=%d", in.Code, n)})
}
