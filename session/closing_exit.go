package session

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// ExitKind is how a missing code is explained. The fourth exit, found, is a scan.
type ExitKind string

// The exits of a missing code.
const (
	ExitGiven   ExitKind = "given"   // 给了患者
	ExitDamaged ExitKind = "damaged" // 损坏
	ExitLost    ExitKind = "lost"    // 丢失, once a second person says so too
)

// Word is the exit in Chinese.
func (k ExitKind) Word() string {
	switch k {
	case ExitGiven:
		return "给了患者"
	case ExitDamaged:
		return "损坏"
	}
	return "丢失"
}

// Explaining is the input of ExplainMissing.
type Explaining struct {
	SessionID int64
	CommandID uuid.UUID
	Code      string
	Exit      ExitKind
	// Visit is who got it, for ExitGiven: a finished visit of the session.
	Visit uuid.UUID
	// Quantity is how much of it the patient got, for ExitGiven of a box in parts, in
	// smallest units; 0 is all that is left. The rest stays missing.
	Quantity int64 `json:",omitempty"`
	// Reason must be given for damaged and lost.
	Reason string
}

// ExplainMissing gives a missing code its exit. What was given to a patient and
// what is damaged counts at once; a loss waits for a second person.
func (s *Service) ExplainMissing(ctx context.Context, by identity.Actor, in Explaining) (ClosingAnswer, error) {
	in, err := in.check()
	if err != nil {
		return ClosingAnswer{}, err
	}
	call := closingCall{kind: "closing_exit", session: in.SessionID, id: in.CommandID, request: in, who: leads}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (ClosingAnswer, error) {
		return s.explain(ctx, tx, by, in)
	})
}

func (in Explaining) check() (Explaining, error) {
	switch in.Exit {
	case ExitGiven:
		in.Reason = strings.TrimSpace(cut(in.Reason, 200))
		if in.Visit == uuid.Nil {
			return in, db.Refuse(db.Invalid, "请选择这盒药给了哪位患者。")
		}
		return in, nil
	case ExitDamaged, ExitLost:
		var err error
		in.Reason, err = needReason(in.Reason, "请写明"+in.Exit.Word()+"的经过。")
		return in, err
	}
	return in, db.Refuse(db.Invalid, "请选择这个码的去向：给了患者、找到了、损坏或丢失。")
}

func (s *Service) explain(ctx context.Context, tx *db.Tx, by identity.Actor, in Explaining) (ClosingAnswer, error) {
	x, err := lock(ctx, tx, in.SessionID, Closing)
	if err != nil {
		return ClosingAnswer{}, err
	}
	m, err := missingCode(ctx, tx, x, in.Code)
	if err != nil {
		return ClosingAnswer{}, err
	}
	if err := in.checkQuantity(m); err != nil {
		return ClosingAnswer{}, err
	}
	if m.LostByID == 0 || in.Exit != ExitLost {
		// A box may be missing twice: it was explained, found, packed again.
		if err := dropExit(ctx, tx, x.ID, m.PackID); err != nil {
			return ClosingAnswer{}, err
		}
	}
	a := ClosingAnswer{State: Closing}
	switch in.Exit {
	case ExitGiven:
		a.Sentence, err = giveMissing(ctx, tx, by, x, m, in)
	case ExitDamaged:
		a.Sentence = m.DrugName() + "（…" + lastFour(m.Code) + "）已登记为损坏。"
		err = moveMissing(ctx, tx, by, m, in, inventory.MoveDamage)
	default:
		a.Sentence = m.DrugName() + "（…" + lastFour(m.Code) + "）已报丢失，请另一位同事确认后才算数。"
		if m.LostByID != 0 {
			err = db.Refuse(db.Conflict, "这盒已由 %s 报为丢失，请另一位同事点“确认丢失”。", m.LostBy)
		}
	}
	if err != nil {
		return ClosingAnswer{}, err
	}
	if !in.leavesRest(m) {
		if err := keepExit(ctx, tx, by, x, m, in); err != nil {
			return ClosingAnswer{}, err
		}
	}
	return s.closingStep(ctx, tx, by, x, "closing.exit", fmt.Sprintf("code=%s exit=%s visit=%s units=%d reason=%s", m.Code, in.Exit, in.Visit, in.Quantity, in.Reason), a)
}

// leavesRest tells of a box of which only a part was given: what is left of it has
// no exit yet.
func (in Explaining) leavesRest(m MissingPack) bool { return in.Quantity > 0 && in.Quantity < m.Units }

// checkQuantity refuses a part of a box that cannot have been given.
func (in Explaining) checkQuantity(m MissingPack) error {
	switch {
	case in.Quantity == 0:
		return nil
	case in.Exit != ExitGiven:
		return db.Refuse(db.Invalid, "只有“给了患者”要填数量。损坏或丢失按整盒余下的登记。")
	case !m.InParts():
		return db.Refuse(db.Invalid, "%s 整盒发，补记时不用填数量。", m.DrugName())
	case in.Quantity < 0 || in.Quantity > m.Units:
		return db.Refuse(db.Invalid, "这盒 %s 账上还有 %d %s，数量请填 1 到 %d。", m.DrugName(), m.Units, m.UnitWord, m.Units)
	}
	return nil
}

// missingCode finds a code among those that are missing; only what was asked for
// by name can be explained, or a box that is still there would be written off.
func missingCode(ctx context.Context, tx *db.Tx, x Session, code string) (MissingPack, error) {
	lines, err := readLines(ctx, tx, x)
	if err != nil {
		return MissingPack{}, err
	}
	missing, err := readMissing(ctx, tx, x, lines)
	if err != nil {
		return MissingPack{}, err
	}
	for _, m := range missing {
		if m.Code == code {
			return m, nil
		}
	}
	return MissingPack{}, db.Refuse(db.Conflict, "这个码现在不是缺码。请先填数，并把在手的药盒扫完，再处理缺的码。")
}

// moveMissing moves the pack of a missing code out of the session.
func moveMissing(ctx context.Context, tx *db.Tx, by identity.Actor, m MissingPack, in Explaining, kind inventory.MovementKind) error {
	packs, err := inventory.LockPacks(ctx, tx, []string{m.Code})
	if err != nil {
		return err
	}
	_, err = inventory.Write(ctx, tx, by, packs[m.Code], inventory.Entry{Move: inventory.Move{Kind: kind, At: tx.Now},
		How: inventory.HowTyped, Reason: in.Reason, Device: by.Device, Command: in.CommandID})
	return moveRefused(err, m.DrugName())
}

// moveRefused turns a refusal of the ledger's rules into a sentence.
func moveRefused(err error, drug string) error {
	var refused *inventory.MoveError
	if errors.As(err, &refused) {
		return db.RefuseBecause(err, db.Conflict, "%s", refused.Kind.Sentence(inventory.Details{Drug: drug, State: refused.From.Chinese()}))
	}
	return err
}

func keepExit(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, m MissingPack, in Explaining) error {
	var visit any
	if in.Exit == ExitGiven {
		visit = in.Visit
	}
	err := tx.ExecOne(ctx, `INSERT INTO closing_exit (session_id, pack_id, exit_kind, visit_id, reason, by_id, at) VALUES ($1, $2, $3, $4::uuid, $5, $6, $7)`,
		x.ID, m.PackID, string(in.Exit), visit, in.Reason, by.StaffID, tx.Now)
	if err != nil {
		return fmt.Errorf("keep an exit: %w", err)
	}
	return nil
}

func dropExit(ctx context.Context, tx *db.Tx, sessionID, packID int64) error {
	if _, err := tx.Exec(ctx, `DELETE FROM closing_exit WHERE session_id = $1 AND pack_id = $2`, sessionID, packID); err != nil {
		return fmt.Errorf("drop an exit: %w", err)
	}
	return nil
}

// LossConfirming is the input of ConfirmLoss.
type LossConfirming struct {
	SessionID int64
	CommandID uuid.UUID
	Code      string
}

// ConfirmLoss is the second person's word for a loss; with it the pack is lost.
func (s *Service) ConfirmLoss(ctx context.Context, by identity.Actor, in LossConfirming) (ClosingAnswer, error) {
	call := closingCall{kind: "closing_loss", session: in.SessionID, id: in.CommandID, request: in, who: helps}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (ClosingAnswer, error) {
		x, err := lock(ctx, tx, in.SessionID, Closing)
		if err != nil {
			return ClosingAnswer{}, err
		}
		m, err := missingCode(ctx, tx, x, in.Code)
		switch {
		case err != nil:
			return ClosingAnswer{}, err
		case m.LostByID == 0:
			return ClosingAnswer{}, db.Refuse(db.Conflict, "这盒还没有人报丢失。请值班药师先登记。")
		case m.LostByID == by.StaffID:
			return ClosingAnswer{}, db.Refuse(db.Conflict, "丢失要两个人确认：您已经报过，请另一位同事来点。")
		}
		why := Explaining{CommandID: in.CommandID, Reason: m.LostWhy}
		if err := moveMissing(ctx, tx, by, m, why, inventory.MoveLose); err != nil {
			return ClosingAnswer{}, err
		}
		err = tx.ExecOne(ctx, `UPDATE closing_exit SET second_id = $3, second_at = $4 WHERE session_id = $1 AND pack_id = $2`, x.ID, m.PackID, by.StaffID, tx.Now)
		if err != nil {
			return ClosingAnswer{}, fmt.Errorf("confirm a loss: %w", err)
		}
		a := ClosingAnswer{Closing, m.DrugName() + "（…" + lastFour(m.Code) + "）已登记为丢失，两人已确认。"}
		return s.closingStep(ctx, tx, by, x, "closing.loss", "code="+m.Code, a)
	})
}

// lastFour is the end of a code, as people read it aloud.
func lastFour(code string) string {
	if len(code) <= 4 {
		return code
	}
	return code[len(code)-4:]
}
