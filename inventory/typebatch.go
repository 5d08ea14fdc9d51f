package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// BatchTyping says what stands on the boxes of a receipt's line that brings no
// batch or no expiry.
type BatchTyping struct {
	ReceiptID int64
	LineID    int64
	CommandID uuid.UUID
	Typed     TypedBatch
	// Correct changes also the boxes that have what was typed before. Without it
	// only boxes that lack it get it, and those that are scanned from now on: of
	// one line there may be boxes of two batches.
	Correct bool
}

// TypeBatch writes batch and expiry of a line once for all its boxes, and gives
// how many boxes got it. What the document says and what a box's own code carries
// is never overwritten.
func (s *Service) TypeBatch(ctx context.Context, by identity.Actor, in BatchTyping) (boxes int, err error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return 0, err
	}
	if err := in.Typed.check(s.db.Now()); err != nil {
		return 0, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "type_batch", Request: in}
	boxes, _, err = identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (int, error) {
		return s.typeBatch(ctx, tx, by, in)
	})
	return boxes, err
}

func (s *Service) typeBatch(ctx context.Context, tx *db.Tx, by identity.Actor, in BatchTyping) (int, error) {
	line, err := lockLine(ctx, tx, in.ReceiptID, in.LineID)
	if err != nil {
		return 0, err
	}
	typed, err := line.accept(in.Typed)
	if err != nil {
		return 0, err
	}
	held, err := lockPacksOf(ctx, tx, nil, []int64{in.LineID})
	if err != nil {
		return 0, err
	}
	var changed []*Pack
	var sessions []int64
	for _, p := range byCode(held) {
		if !line.tell(p, typed, in.Correct) {
			continue
		}
		changed = append(changed, p)
		if p.State == StateAllocated {
			sessions = append(sessions, valueOf(p.SessionID))
		}
	}
	if err := claimPacks(ctx, tx, changed); err != nil {
		return 0, err
	}
	err = tx.ExecOne(ctx, `UPDATE receipt_line SET batch = $2, expires_on = CAST(NULLIF($3::text, '') AS date), typed_by = $4::bigint, typed_at = $5 WHERE id = $1`,
		in.LineID, typed.Batch, dateText(typed.ExpiresOn), db.NullInt(by.StaffID), tx.Now)
	if err != nil {
		return 0, fmt.Errorf("type batch of a receipt line: %w", err)
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "receipt.batch", ObjectKind: "receipt", ObjectID: fmt.Sprint(in.ReceiptID),
		Detail: fmt.Sprintf("line=%d before=%s/%s batch=%s expires=%s correct=%t boxes=%d", line.LineNo, line.Batch, dayOf(line.ExpiresOn), typed.Batch,
			dateText(typed.ExpiresOn), in.Correct, len(changed))})
	if err != nil {
		return 0, err
	}
	return len(changed), s.hub.Touch(ctx, tx, sessions...)
}

// typedLine is a line whose batch is to be typed.
type typedLine struct {
	State     ReceiptState `db:"state"`
	Number    string       `db:"number"`
	LineNo    int          `db:"line_no"`
	Batch     string       `db:"batch"`
	ExpiresOn *time.Time   `db:"expires_on"`
	Typed     bool         `db:"typed"`
}

// lockLine takes the receipt's row and then reads the line.
func lockLine(ctx context.Context, tx *db.Tx, receiptID, lineID int64) (x typedLine, err error) {
	var id int64
	err = tx.Get(ctx, &id, `SELECT id FROM receipt WHERE id = $1 FOR NO KEY UPDATE`, receiptID)
	if err == nil {
		err = tx.Get(ctx, &x, `SELECT r.state, r.number, l.line_no, l.batch, l.expires_on, l.typed_at IS NOT NULL AS typed
FROM receipt_line l JOIN receipt r ON r.id = l.receipt_id WHERE l.id = $1 AND l.receipt_id = $2`, lineID, receiptID)
	}
	switch {
	case db.IsNoRows(err):
		return x, db.Refuse(db.NotFound, "没有这张入库单的这一行。请刷新后再看。")
	case err != nil:
		return x, fmt.Errorf("lock receipt line: %w", err)
	case !x.State.Open() && x.State != ReceiptFinished:
		return x, db.Refuse(db.Conflict, "入库单 %s %s，批号不能再填。请打开现在有效的那张单。", x.Number, x.State.Chinese())
	}
	return x, nil
}

// accept is the line's batch and expiry with what was typed. What the document
// says stays: it may be repeated, not contradicted.
func (l typedLine) accept(in TypedBatch) (TypedBatch, error) {
	own := TypedBatch{Batch: l.Batch}
	if l.ExpiresOn != nil {
		own.ExpiresOn = *l.ExpiresOn
	}
	if l.Typed {
		return in, in.whole()
	}
	if own.whole() == nil {
		return in, db.Refuse(db.Conflict, "单上已经写了批号 %s、有效期 %s，不能手改。单上写错了，请发单方换版重发。", own.Batch, dateText(own.ExpiresOn))
	}
	if own.Batch != "" && in.Batch != "" && in.Batch != own.Batch {
		return in, db.Refuse(db.Conflict, "单上的批号是 %s，和填的 %s 不一样。请核对盒上的批号；单上写错了，请发单方换版重发。", own.Batch, in.Batch)
	}
	if !own.ExpiresOn.IsZero() && !in.ExpiresOn.IsZero() && dayNumber(in.ExpiresOn) != dayNumber(own.ExpiresOn) {
		return in, db.Refuse(db.Conflict, "单上的有效期是 %s，和填的 %s 不一样。请核对盒上的有效期；单上写错了，请发单方换版重发。", dateText(own.ExpiresOn), dateText(in.ExpiresOn))
	}
	if own.Batch != "" {
		in.Batch = own.Batch
	}
	if !own.ExpiresOn.IsZero() {
		in.ExpiresOn = own.ExpiresOn
	}
	return in, in.whole()
}

// tell gives a box what was typed and reports whether that changed it.
func (l typedLine) tell(p *Pack, typed TypedBatch, correct bool) bool {
	if p.BatchRead {
		return false
	}
	correct = correct && l.Typed && p.Batch == l.Batch && dayOf(p.ExpiresOn) == dayOf(l.ExpiresOn)
	batch, expires := p.Batch, dayOf(p.ExpiresOn)
	if p.Batch == "" || correct {
		p.Batch = typed.Batch
	}
	if p.ExpiresOn == nil || correct {
		p.ExpiresOn = dayPointer(typed.ExpiresOn)
	}
	return p.Batch != batch || dayOf(p.ExpiresOn) != expires
}
