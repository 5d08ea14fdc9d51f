package inventory

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// OpeningState is how far an opening list (期初盘入) has come.
type OpeningState string

// The states of an opening list.
const (
	OpeningOpen    OpeningState = "open"    // boxes are being collected
	OpeningEntered OpeningState = "entered" // all of them are in the store
	OpeningDropped OpeningState = "dropped" // given up: nothing entered
)

// OpeningList is boxes that lie in the pharmacy without a document.
type OpeningList struct {
	ID       int64        `db:"id"`
	State    OpeningState `db:"state"`
	Reason   string       `db:"reason"`
	OpenedBy string       `db:"opened_by_name"`
	OpenedAt time.Time    `db:"opened_at"`
	ClosedBy string       `db:"closed_by_name"`
	ClosedAt *time.Time   `db:"closed_at"`
	// Packs is how many boxes it holds, Blank how many of them lack a batch or an
	// expiry.
	Packs int `db:"packs"`
	Blank int `db:"blank"`
}

// OpeningStart begins a list.
type OpeningStart struct {
	CommandID uuid.UUID
	// Reason is required once a list has been entered: the first day has been. At
	// most 200 characters.
	Reason string
}

// StartOpening begins a list of boxes without a document and gives its number.
// There is one open list at a time: whoever comes second is told so.
func (s *Service) StartOpening(ctx context.Context, by identity.Actor, in OpeningStart) (id int64, err error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return 0, err
	}
	if utf8.RuneCountInString(in.Reason) > 200 {
		return 0, db.Refuse(db.Invalid, "原因最多 200 个字，请写短一些。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "start_opening", Request: in}
	id, _, err = identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (int64, error) {
		return startOpening(ctx, tx, by, in)
	})
	if db.IsUnique(err, "opening_list_open_uq") {
		err = db.RefuseBecause(err, db.Conflict, "已经有一张期初清单在录，请在那张清单里继续。")
	}
	return id, err
}

func startOpening(ctx context.Context, tx *db.Tx, by identity.Actor, in OpeningStart) (id int64, err error) {
	var entered int
	err = tx.Get(ctx, &entered, `SELECT count(*) FROM opening_list WHERE state = 'entered'`)
	if err != nil {
		return 0, fmt.Errorf("look for earlier opening lists: %w", err)
	}
	if entered > 0 && in.Reason == "" {
		return 0, db.Refuse(db.Invalid, "期初已经盘入过 %d 次。再开一张清单，请写明原因，例如“清点时漏了一个柜子”。", entered)
	}
	err = tx.Get(ctx, &id, `INSERT INTO opening_list (state, reason, opened_by, opened_at) VALUES ('open', $1, $2, $3) RETURNING id`,
		in.Reason, by.StaffID, tx.Now)
	if err != nil {
		return 0, fmt.Errorf("insert opening list: %w", err)
	}
	return id, identity.Audit(ctx, tx, by, identity.Event{Name: "opening.start", ObjectKind: "opening", ObjectID: fmt.Sprint(id),
		Detail: fmt.Sprintf("earlier=%d", entered)})
}

// lockOpening takes the row of an open list; everybody who works on it waits
// here.
func lockOpening(ctx context.Context, tx *db.Tx, id int64) error {
	var state OpeningState
	err := tx.Get(ctx, &state, `SELECT state FROM opening_list WHERE id = $1 FOR NO KEY UPDATE`, id)
	switch {
	case db.IsNoRows(err):
		return db.Refuse(db.NotFound, "没有这张期初清单。请从期初盘入页重新进入。")
	case err != nil:
		return fmt.Errorf("lock opening list: %w", err)
	case state == OpeningEntered:
		return db.Refuse(db.Conflict, "这张期初清单已经确认盘入，不能再改。漏下的药盒请另开一张清单。")
	case state == OpeningDropped:
		return db.Refuse(db.Conflict, "这张期初清单已经作废。请另开一张清单。")
	}
	return nil
}

// OpeningDrop gives an open list up.
type OpeningDrop struct {
	ListID    int64
	CommandID uuid.UUID
}

// DropOpening gives an open list up: nothing of it enters. Its codes stay to be
// looked at.
func (s *Service) DropOpening(ctx context.Context, by identity.Actor, in OpeningDrop) error {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "drop_opening", Request: in}
	_, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return true, dropOpening(ctx, tx, by, in)
	})
	return err
}

func dropOpening(ctx context.Context, tx *db.Tx, by identity.Actor, in OpeningDrop) error {
	if err := lockOpening(ctx, tx, in.ListID); err != nil {
		return err
	}
	var packs int
	err := tx.Get(ctx, &packs, `SELECT count(*) FROM opening_code WHERE list_id = $1`, in.ListID)
	if err != nil {
		return fmt.Errorf("count opening codes: %w", err)
	}
	if err := closeOpening(ctx, tx, by, in.ListID, OpeningDropped, packs); err != nil {
		return err
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: "opening.drop", ObjectKind: "opening", ObjectID: fmt.Sprint(in.ListID),
		Detail: fmt.Sprintf("packs=%d", packs)})
}

func closeOpening(ctx context.Context, tx *db.Tx, by identity.Actor, id int64, state OpeningState, packs int) error {
	err := tx.ExecOne(ctx, `UPDATE opening_list SET state = $2, closed_by = $3::bigint, closed_at = $4, packs = $5 WHERE id = $1`,
		id, string(state), db.NullInt(by.StaffID), tx.Now, packs)
	if err != nil {
		return fmt.Errorf("close opening list: %w", err)
	}
	return nil
}
