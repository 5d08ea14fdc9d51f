package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Correcting is the input of CorrectLine: what a finished visit really has of one
// box.
type Correcting struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	Code      string
	// Quantity is the right number in smallest units; 0 takes the box back.
	Quantity int64
	// Apart sets a box aside that was out of the pharmacy's sight. Only for a
	// closed session; while it goes on, boxes go back to its trays.
	Apart bool `json:",omitempty"`
	// Reason must be given; at most 200 characters.
	Reason string
}

// CorrectAnswer is the answer to a correction.
type CorrectAnswer struct {
	Number   int    `json:"number"` // in the queue
	Record   int64  `json:"record"` // the correcting record's place in its chain
	Chain    string `json:"chain"`  // main or supplement
	Quantity int64  `json:"quantity"`
	Left     int64  `json:"left"`
	Sentence string `json:"sentence"`
}

// CorrectLine puts right what a record says of one box. The record stays; a new one
// names it. While the session goes on the visit's own doctor may do it, the same
// day, in the main chain; once it is closed a pharmacist may, in the supplement.
// What the ledger says follows in the same transaction.
func (s *Service) CorrectLine(ctx context.Context, by identity.Actor, in Correcting) (CorrectAnswer, error) {
	var err error
	if in.Reason, err = needReason(in.Reason, "请写明更正的原因，例如：拿错了一盒。"); err != nil {
		return CorrectAnswer{}, err
	}
	if in.Quantity < 0 || in.Quantity > maxUnits {
		return CorrectAnswer{}, db.Refuse(db.Invalid, "正确的数量请填 0 到 %d 的整数；0 表示没有给出。", maxUnits)
	}
	if _, err := s.may(ctx, by, identity.ViewSession, in.SessionID); err != nil {
		return CorrectAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "correct", Request: in}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (CorrectAnswer, error) {
		return s.correct(ctx, tx, by, in)
	})
	return answer, s.denied(ctx, by, in.SessionID, err)
}

// MayCorrect refuses who may not correct a visit's record now, and says when and by
// whom it can be done.
func MayCorrect(by identity.Actor, x Session, v Visit, today string) error {
	mine := v.DoctorID != nil && *v.DoctorID == by.StaffID && by.Can(identity.Dispense, x.SiteID) == nil
	switch {
	case v.State != Finished:
		return db.Refuse(db.Conflict, "%d 号还没有诊毕，请直接在就诊里撤销或改数量。", v.Number)
	case x.State == Closed && by.Can(identity.CloseSession, x.SiteID) != nil:
		return db.Refuse(db.Denied, "场次已结束，只有药师能更正，写入补充记录。请把码和原因告诉药师。")
	case x.State == Closed:
		return nil
	case x.State != Open && x.State != Closing:
		return db.Refuse(db.Conflict, "本场次%s，不能更正。", x.State.Word())
	case !mine:
		return db.Refuse(db.Denied, "诊毕以后只有%s本人能更正。场次结束以后请药师写入补充记录。", doctorWord(v.Doctor))
	case x.HeldOn.Format(time.DateOnly) != today:
		return db.Refuse(db.Denied, "只能在当天更正。请在场次结束以后由药师写入补充记录。")
	}
	return nil
}

func (s *Service) correct(ctx context.Context, tx *db.Tx, by identity.Actor, in Correcting) (CorrectAnswer, error) {
	x, err := lock(ctx, tx, in.SessionID, Open, Closing, Closed)
	if err != nil {
		return CorrectAnswer{}, err
	}
	v, err := lockVisit(ctx, tx, x.ID, in.Visit)
	if err != nil {
		return CorrectAnswer{}, err
	}
	if err := MayCorrect(by, x, v, Today(tx.Now).Format(time.DateOnly)); err != nil {
		return CorrectAnswer{}, err
	}
	c, err := wrongLine(ctx, tx, v, in)
	if err != nil {
		return CorrectAnswer{}, err
	}
	old, err := lastRecord(ctx, tx, x.ID, v.ID)
	if err != nil {
		return CorrectAnswer{}, err
	}
	if err := moveCorrected(ctx, tx, by, x, v, c, in); err != nil {
		return CorrectAnswer{}, err
	}
	if err := settleLine(ctx, tx, by, v, c); err != nil {
		return CorrectAnswer{}, err
	}
	return s.recordCorrection(ctx, tx, by, x, v, c, in, old)
}

// wrongLine finds the line and locks its box.
func wrongLine(ctx context.Context, tx *db.Tx, v Visit, in Correcting) (changed, error) {
	packs, err := inventory.LockPacks(ctx, tx, []string{in.Code})
	if err != nil {
		return changed{}, err
	}
	p := packs[in.Code]
	if p == nil {
		return changed{}, db.Refuse(db.NotFound, "没有这个追溯码的记录。请从列表里选择。")
	}
	c := changed{pack: p, to: in.Quantity}
	err = tx.Get(ctx, &c.from, `SELECT quantity FROM visit_line WHERE visit_id = $1 AND pack_id = $2 AND undone_at IS NULL`, v.ID, p.ID)
	switch {
	case db.IsNoRows(err):
		return c, db.Refuse(db.Conflict, "%s（…%s）不在 %d 号的记录里，可能已经更正。请看最新的列表。", p.DrugName(), lastFour(p.Code), v.Number)
	case err != nil:
		return c, fmt.Errorf("read the line to correct: %w", err)
	case c.to == c.from:
		return c, db.Refuse(db.Invalid, "%s 记录的就是 %d %s，不用更正。", p.DrugName(), c.from, p.UnitName)
	case c.to != 0 && !p.Loose:
		return c, db.Refuse(db.Invalid, "%s", inventory.KindNotLoose.Sentence(inventory.Details{Drug: p.DrugName()}))
	}
	return c, nil
}

// moveCorrected writes to the ledger what was wrong.
func moveCorrected(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, c changed, in Correcting) error {
	moves, err := inventory.CorrectionMoves(c.pack.Facts(), inventory.Correction{More: c.to - c.from, Session: x.ID, Closed: x.State == Closed,
		Apart: in.Apart, At: *v.FinishedAt})
	if err != nil {
		return moveRefused(err, c.pack.DrugName())
	}
	e := inventory.Entry{Visit: v.ID, How: inventory.HowTyped, Reason: cut("更正："+in.Reason, 200), Device: by.Device, Command: in.CommandID}
	var alarm inventory.AnswerKind
	for _, move := range moves {
		e.Move = move
		step, err := inventory.Write(ctx, tx, by, c.pack, e)
		if err != nil {
			return moveRefused(err, c.pack.DrugName())
		}
		if move.Kind == inventory.MoveDispense {
			alarm = step.Alarm
		}
	}
	if alarm == "" {
		return nil
	}
	sentence := inventory.KindFactAlarm.Sentence(inventory.Details{Drug: c.pack.DrugName(), State: stateBefore(alarm, c.pack.State)})
	return RaiseAlarm(ctx, tx, by, NewAlarm{SessionID: x.ID, Visit: v.ID, Kind: alarm, Code: c.pack.Code, Drug: c.pack.DrugName(), Sentence: sentence})
}

// settleLine brings the visit's line to what is right; one that was taken back
// stays as undone.
func settleLine(ctx context.Context, tx *db.Tx, by identity.Actor, v Visit, c changed) error {
	if c.to > 0 {
		return setQuantity(ctx, tx, v.ID, c.pack.ID, c.to)
	}
	err := tx.ExecOne(ctx, `UPDATE visit_line SET undone_at = $3, undone_by = $4 WHERE visit_id = $1 AND pack_id = $2 AND undone_at IS NULL`,
		v.ID, c.pack.ID, tx.Now, by.StaffID)
	if err != nil {
		return fmt.Errorf("take a line back: %w", err)
	}
	return nil
}

// recordCorrection appends the correcting record and says so everywhere.
func (s *Service) recordCorrection(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, c changed, in Correcting, old oldRecord) (CorrectAnswer, error) {
	chain := mainChain
	if x.State == Closed {
		chain = supplementChain
	}
	text := c.text() + "原因：" + in.Reason
	seq, err := writeLate(ctx, tx, by, x.ID, chain, v.ID, lateness{kind: lateCorrection, text: text, old: old})
	if err != nil {
		return CorrectAnswer{}, err
	}
	if x.State == Closed {
		err = s.signHead(ctx, tx, x, supplementChain, []int64{by.StaffID}, nil)
	} else {
		err = ownWord(ctx, tx, by, x, chain, seq, c.pack.ID)
	}
	if err != nil {
		return CorrectAnswer{}, err
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "record.correct", ObjectKind: "visit", ObjectID: v.ID.String(), SiteID: x.SiteID, SessionID: x.ID,
		Detail: fmt.Sprintf("code=%s units=%d before=%d record=%s/%d corrects=%s/%d reason=%s", c.pack.Code, c.to, c.from, chain, seq, old.Chain, old.Seq, in.Reason)})
	if err != nil {
		return CorrectAnswer{}, err
	}
	word := "更正记录"
	if chain == supplementChain {
		word = "补充"
	}
	a := CorrectAnswer{Number: v.Number, Record: seq, Chain: chain, Quantity: c.to, Left: c.pack.UnitsLeft,
		Sentence: fmt.Sprintf("%d 号已更正：%s%s记为%s %d，原记录没有改动。", v.Number, c.brief(), whereNow(c.pack), word, seq)}
	return a, s.hub.Touch(ctx, tx, x.ID)
}

// ownWord ends a correction while the session goes on: the doctor who wrote it need
// not countersign it. Where the left-overs are being counted already, what was
// confirmed or explained of the box no longer holds.
func ownWord(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, chain string, seq, pack int64) error {
	err := tx.ExecOne(ctx, `INSERT INTO record_countersign (record_id, staff_id, at)
SELECT id, $4::bigint, $5::timestamptz FROM record WHERE session_id = $1 AND chain = $2 AND seq = $3`, x.ID, chain, seq, by.StaffID, tx.Now)
	if err != nil {
		return fmt.Errorf("countersign one's own correction: %w", err)
	}
	if x.State != Closing {
		return nil
	}
	if _, err := tx.Exec(ctx, `DELETE FROM closing_confirm WHERE session_id = $1`, x.ID); err != nil {
		return fmt.Errorf("forget confirmations: %w", err)
	}
	return dropExit(ctx, tx, x.ID, pack)
}

// Corrections reads what was written about a visit after 诊毕, the oldest first, out
// of the frozen bytes.
func Corrections(ctx context.Context, r db.Reader, visit uuid.UUID) ([]Supplement, error) {
	var rows []struct {
		Chain     string    `db:"chain"`
		Seq       int64     `db:"seq"`
		At        time.Time `db:"at"`
		Canonical []byte    `db:"canonical"`
	}
	err := r.Select(ctx, &rows, `SELECT chain, seq, at, canonical FROM record WHERE visit_id = $1::uuid AND recipe = 2 ORDER BY id`, visit)
	if err != nil {
		return nil, fmt.Errorf("read corrections: %w", err)
	}
	list := make([]Supplement, len(rows))
	for i, row := range rows {
		said, err := seal.DecodeRecord(row.Canonical)
		if err != nil {
			return nil, fmt.Errorf("read record %s/%d: %w", row.Chain, row.Seq, err)
		}
		list[i] = newSupplement(row.Seq, row.At, said)
		list[i].Late = row.Chain == supplementChain
	}
	return list, nil
}
