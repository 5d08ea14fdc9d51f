package inventory

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Finishing ends the scanning of a receipt.
type Finishing struct {
	ReceiptID int64
	CommandID uuid.UUID
	// Missing packs and Refused boxes are the differences the person has seen
	// and stands for.
	Missing, Refused int
	// Remark is required when there are differences; at most 200 characters.
	Remark string
}

// Finished is what a finished receipt came to.
type Finished struct {
	Number   string `json:"number"`
	Expected int    `json:"expected"`
	Received int    `json:"received"`
	Missing  int    `json:"missing"`
	Refused  int    `json:"refused"`
	// WrongBatch is packs whose own batch or expiry is not their line's, Surplus
	// boxes beyond a changed revision or a red document that nobody dealt with.
	WrongBatch int    `json:"wrong_batch"`
	Surplus    int    `json:"surplus"`
	Sentence   string `json:"sentence"`
	// Waiting says that the receipt is open still: its difference sheet, SheetID,
	// waits for a second person.
	Waiting bool  `json:"waiting,omitempty"`
	SheetID int64 `json:"sheet_id,omitempty"`
}

// FinishReceipt ends the scanning of a receipt. One with differences is only
// handed in, as a difference sheet: it is finished when another person confirms
// that with [Service.DecideSheet]. The differences must be the ones the person
// saw: a box that came in meanwhile is a Conflict. Packs that are missing stay
// expected.
func (s *Service) FinishReceipt(ctx context.Context, by identity.Actor, in Finishing) (Finished, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return Finished{}, err
	}
	if utf8.RuneCountInString(in.Remark) > 200 {
		return Finished{}, db.Refuse(db.Invalid, "说明最多 200 个字，请写短一些。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "finish_receipt", Request: in}
	done, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (Finished, error) {
		return finish(ctx, tx, by, in)
	})
	return done, err
}

func finish(ctx context.Context, tx *db.Tx, by identity.Actor, in Finishing) (Finished, error) {
	receipt, err := lockReceipt(ctx, tx, in.ReceiptID)
	if err != nil {
		return Finished{}, err
	}
	done, err := countReceipt(ctx, tx, receipt)
	if err != nil {
		return Finished{}, err
	}
	switch {
	case done.Missing != in.Missing || done.Refused != in.Refused:
		return Finished{}, db.Refuse(db.Conflict, "差异刚刚变了：现在%s。请再看一遍差异清单后完成。", done.differences())
	case done.Differs() && in.Remark == "":
		return Finished{}, db.Refuse(db.Invalid, "还有差异（%s）。请写一句说明后提交，例如“已电话告知中心药库”。", done.differences())
	}
	if err := settled(ctx, tx, in.ReceiptID); err != nil {
		return Finished{}, err
	}
	if done.Differs() {
		return handIn(ctx, tx, by, in, done)
	}
	done.Sentence = done.sentence()
	return done, closeReceipt(ctx, tx, by, by.StaffID, in, done)
}

// countReceipt counts a locked receipt against its boxes.
func countReceipt(ctx context.Context, tx *db.Tx, receipt Receipt) (Finished, error) {
	lines, beside, err := readLines(ctx, tx, receipt.ID, nil)
	if err != nil {
		return Finished{}, err
	}
	done := Finished{Number: receipt.Number, Refused: beside.Refused}
	for _, l := range lines {
		done.Expected += l.Packs
		done.Received += l.Received
	}
	done.Missing = done.Expected - done.Received
	batches, err := WrongBatches(ctx, tx, receipt.ID)
	if err != nil {
		return done, err
	}
	done.WrongBatch = len(batches)
	surplus, err := ReadSurplus(ctx, tx, receipt.ID)
	done.Surplus = SurplusLeft(surplus)
	return done, err
}

// Differs reports differences that a second person has to confirm.
func (f Finished) Differs() bool { return f.Missing != 0 || f.Refused+f.WrongBatch+f.Surplus > 0 }

// differences says them in a few words.
func (f Finished) differences() string {
	text := fmt.Sprintf("少 %d 盒，多出或不明 %d 盒", f.Missing, f.Refused)
	if f.WrongBatch > 0 {
		text += fmt.Sprintf("，批号不符 %d 盒", f.WrongBatch)
	}
	if f.Surplus > 0 {
		text += fmt.Sprintf("，单外需退回 %d 盒", f.Surplus)
	}
	return text
}

func (f Finished) sentence() string {
	if !f.Differs() {
		return fmt.Sprintf("入库单 %s 已完成：应扫 %d 盒，全部入库，没有差异。", f.Number, f.Expected)
	}
	return fmt.Sprintf("入库单 %s 已完成：应扫 %d 盒，入库 %d 盒，%s。差异已由两人确认。", f.Number, f.Expected, f.Received, f.differences())
}

// closeReceipt ends a receipt; by confirms it, finisher stands for it.
func closeReceipt(ctx context.Context, tx *db.Tx, by identity.Actor, finisher int64, in Finishing, done Finished) error {
	err := tx.ExecOne(ctx, `UPDATE receipt SET state = 'finished', finished_at = $2, finished_by = $3::bigint, remark = $4 WHERE id = $1`,
		in.ReceiptID, tx.Now, db.NullInt(finisher), in.Remark)
	if err != nil {
		return fmt.Errorf("finish receipt: %w", err)
	}
	_, err = tx.Exec(ctx, `UPDATE receipt_refusal SET resolved_at = $2, resolved_by = $3::bigint, resolution = 'difference'
WHERE receipt_id = $1 AND resolved_at IS NULL`, in.ReceiptID, tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return fmt.Errorf("keep refused boxes as difference: %w", err)
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: "receipt.finish", ObjectKind: "receipt", ObjectID: fmt.Sprint(in.ReceiptID),
		Detail: fmt.Sprintf("number=%s expected=%d received=%d refused=%d", done.Number, done.Expected, done.Received, done.Refused)})
}
