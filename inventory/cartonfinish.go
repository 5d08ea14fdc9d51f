package inventory

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// CartonEnding ends the scanning of an open carton that does not hold its nominal
// count.
type CartonEnding struct {
	ReceiptID int64
	CartonID  int64
	CommandID uuid.UUID
	// Status says why: [BoxOdd], [BoxMixed] or both; [BoxFull] for a carton that
	// should be full and is short.
	Status BoxStatus
	// Reason is required; at most 200 characters.
	Reason string
	// Drop puts a carton away into which nothing was scanned.
	Drop bool
}

// FinishCarton ends the scanning of an open carton with the count it really has
// (本箱完成), or puts one away that was opened by mistake.
func (s *Service) FinishCarton(ctx context.Context, by identity.Actor, in CartonEnding) (CartonProgress, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return CartonProgress{}, err
	}
	in.Reason = strings.TrimSpace(in.Reason)
	switch {
	case longer(in.Reason, 200):
		return CartonProgress{}, db.Refuse(db.Invalid, "说明最多 200 个字，请写短一些。")
	case !in.Drop && in.Reason == "":
		return CartonProgress{}, db.Refuse(db.Invalid, "这一箱不满，请写一句原因，例如“箱上标着零箱”。")
	case in.Status < BoxFull || in.Status > BoxMixedAndOdd:
		return CartonProgress{}, db.Refuse(db.Invalid, "请选这一箱是零箱、拼箱还是少了盒。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "finish_carton", Request: in}
	done, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (CartonProgress, error) {
		return finishCarton(ctx, tx, by, in)
	})
	return done, err
}

func finishCarton(ctx context.Context, tx *db.Tx, by identity.Actor, in CartonEnding) (CartonProgress, error) {
	receipt, err := lockReceipt(ctx, tx, in.ReceiptID)
	if err != nil {
		return CartonProgress{}, err
	}
	b := &receivingBench{tx: tx, by: by, receipt: receipt}
	if err := b.loadCartons(ctx, nil); err != nil {
		return CartonProgress{}, err
	}
	c := b.openByID(in.CartonID)
	switch {
	case c == nil:
		return CartonProgress{}, db.Refuse(db.Conflict, "这一箱已经完成，或不在这张入库单上。请刷新后再看。")
	case in.Drop && c.count() > 0:
		return CartonProgress{}, db.Refuse(db.Conflict, "这一箱已经扫了 %d 盒，不能放弃。请写原因后按实际盒数完成。", c.count())
	case !in.Drop && c.count() == 0:
		return CartonProgress{}, db.Refuse(db.Invalid, "这一箱还没有扫到盒。请先扫箱里的小盒，或点“不扫这一箱”。")
	case in.Drop:
		c.State, c.ReceiptID, c.HeldBy, c.ParentID, c.parent, c.changed = CartonKnown, nil, nil, nil, nil, true
	default:
		c.Status = in.Status
		b.resolve(c)
	}
	if err := b.writeCartons(ctx); err != nil {
		return CartonProgress{}, err
	}
	if err := tx.ExecOne(ctx, `UPDATE carton SET reason = $2 WHERE id = $1`, c.ID, in.Reason); err != nil {
		return CartonProgress{}, fmt.Errorf("keep the reason of a carton: %w", err)
	}
	return CartonProgress{Code: c.Code, Level: c.Level, Scanned: c.count(), Nominal: c.Nominal, Done: !in.Drop}, identity.Audit(ctx, tx, by, identity.Event{
		Name: "receipt.carton", ObjectKind: "carton", ObjectID: c.Code,
		Detail: fmt.Sprintf("receipt=%d packs=%d nominal=%d status=%d dropped=%v", in.ReceiptID, c.count(), c.Nominal, c.Status, in.Drop)})
}

func (b *receivingBench) openByID(id int64) *benchCarton {
	for _, c := range b.cartons {
		if c.ID == id && c.State == CartonOpen {
			return c
		}
	}
	return nil
}

// OpenCarton is a carton of a receipt whose small packs are being scanned.
type OpenCarton struct {
	ID      int64  `db:"id"`
	Code    string `db:"code"`
	Generic string `db:"generic_name"`
	Spec    string `db:"spec"`
	Level   int    `db:"pack_level"`
	Nominal int    `db:"nominal"`
	// Scanned is the small packs in it and in what lies in it.
	Scanned int    `db:"scanned"`
	HeldBy  int64  `db:"held_by"`
	Holder  string `db:"holder"`
}

// DrugName is the drug as people say it.
func (c OpenCarton) DrugName() string { return DrugName(c.Generic, c.Spec) }

// OpenCartons reads the cartons that are open on a receipt, the one taken up last
// first.
func OpenCartons(ctx context.Context, r db.Reader, receiptID int64) ([]OpenCarton, error) {
	var list []OpenCarton
	err := r.Select(ctx, &list, `SELECT c.id, c.code, d.generic_name, d.spec, c.pack_level, c.nominal, COALESCE(c.held_by, 0) AS held_by,
  COALESCE(s.name, '') AS holder, (SELECT count(*) FROM carton_code x JOIN carton i ON i.id = x.carton_id WHERE i.id = c.id OR i.parent_id = c.id) AS scanned
FROM carton c JOIN drug d ON d.id = c.drug_id LEFT JOIN staff s ON s.id = c.held_by
WHERE c.receipt_id = $1::bigint AND c.state = 'open' ORDER BY c.held_at DESC, c.pack_level, c.code DESC`, receiptID)
	if err != nil {
		return nil, fmt.Errorf("read open cartons: %w", err)
	}
	return list, nil
}

// takeOutOfCarton takes a box that is not in the store any more out of the carton
// it was scanned into, which is open again then. What a relation file says stays.
func takeOutOfCarton(ctx context.Context, tx *db.Tx, code string) error {
	var ids []int64
	err := tx.Select(ctx, &ids, `SELECT c.id FROM carton c WHERE c.file_id IS NULL AND c.id = (SELECT x.carton_id FROM carton_code x WHERE x.code = $1::text)
ORDER BY c.code FOR NO KEY UPDATE OF c`, code)
	if err != nil || len(ids) == 0 {
		if err != nil {
			err = fmt.Errorf("look for the carton of a box: %w", err)
		}
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM carton_code WHERE code = $1::text`, code); err != nil {
		return fmt.Errorf("take a box out of its carton: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE carton SET state = 'open', actual = NULL, complete = false, resolved_at = NULL, resolved_by = NULL
WHERE id = $1 OR id = (SELECT c.parent_id FROM carton c WHERE c.id = $1) AND file_id IS NULL`, ids[0])
	if err != nil {
		return fmt.Errorf("open a carton again: %w", err)
	}
	return nil
}
