package session

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Stopping is the input of StopDispensing and ResumeDispensing.
type Stopping struct {
	SessionID int64
	CommandID uuid.UUID
	// Reason says why dispensing goes on; stopping needs none. At most 200
	// characters.
	Reason string
}

// ClosingAnswer is the answer to a step of closing.
type ClosingAnswer struct {
	State    State  `json:"state"`
	Sentence string `json:"sentence"`
}

// StopDispensing (停止发药) ends the handing out: from now on the team counts.
// Visits that are still open may be finished.
func (s *Service) StopDispensing(ctx context.Context, by identity.Actor, in Stopping) (ClosingAnswer, error) {
	call := closingCall{kind: "stop", session: in.SessionID, id: in.CommandID, request: in, who: leads}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (ClosingAnswer, error) {
		x, err := lock(ctx, tx, in.SessionID, Open, Closing)
		if err != nil {
			return ClosingAnswer{}, err
		}
		if x.State == Closing {
			return ClosingAnswer{}, db.Refuse(db.Conflict, "本场次已于 %s 停止发药，请直接清点。", clock(*x.StoppedAt))
		}
		err = tx.ExecOne(ctx, `UPDATE clinic_session SET state = 'closing', stopped_by = $2, stopped_at = $3 WHERE id = $1`, x.ID, by.StaffID, tx.Now)
		if err != nil {
			return ClosingAnswer{}, fmt.Errorf("stop dispensing: %w", err)
		}
		return s.closingStep(ctx, tx, by, x, "session.stop", "", ClosingAnswer{Closing, "已停止发药。请按药品清点余药。"})
	})
}

// ResumeDispensing (恢复发药) opens a session again that was stopped too early.
// What was counted no longer holds and is forgotten.
func (s *Service) ResumeDispensing(ctx context.Context, by identity.Actor, in Stopping) (ClosingAnswer, error) {
	reason, err := needReason(in.Reason, "请写明恢复发药的原因，例如：又来了一位患者。")
	if err != nil {
		return ClosingAnswer{}, err
	}
	call := closingCall{kind: "resume", session: in.SessionID, id: in.CommandID, request: in, who: leads}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (ClosingAnswer, error) {
		x, err := lock(ctx, tx, in.SessionID, Closing)
		if err != nil {
			return ClosingAnswer{}, err
		}
		if x.CarrierID != nil {
			return ClosingAnswer{}, db.Refuse(db.Conflict, "余药已由专人带回，不能再恢复发药。请在药房清点后结束。")
		}
		if err := forgetCounts(ctx, tx, x.ID); err != nil {
			return ClosingAnswer{}, err
		}
		err = tx.ExecOne(ctx, `UPDATE clinic_session SET state = 'open', stopped_by = NULL, stopped_at = NULL WHERE id = $1`, x.ID)
		if err != nil {
			return ClosingAnswer{}, fmt.Errorf("resume dispensing: %w", err)
		}
		return s.closingStep(ctx, tx, by, x, "session.resume", reason, ClosingAnswer{Open, "已恢复发药，医生可以继续扫码。"})
	})
}

// closingCall is what every command of closing has in common.
type closingCall struct {
	kind    string
	session int64
	id      uuid.UUID
	request any
	who     func(ctx context.Context, r db.Reader, by identity.Actor, x Session) error
}

// runClosing asks who may before the transaction, because a repeat must not
// answer who may not ask, and runs the command once.
func runClosing[T any](ctx context.Context, s *Service, by identity.Actor, c closingCall, fn func(ctx context.Context, tx *db.Tx) (T, error)) (T, error) {
	var zero T
	x, err := s.may(ctx, by, identity.ViewSession, c.session)
	if err != nil {
		return zero, err
	}
	if err := c.who(ctx, s.db, by, x); err != nil {
		return zero, s.denied(ctx, by, x.ID, err)
	}
	answer, _, err := runCommand(ctx, s, c.session, by, identity.Command{ID: c.id, Kind: c.kind, Request: c.request}, fn)
	return answer, err
}

// closingStep ends a command of closing: who had confirmed must look again, the
// audit says what was done, the screens change.
func (s *Service) closingStep(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, event, detail string, a ClosingAnswer) (ClosingAnswer, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM closing_confirm WHERE session_id = $1`, x.ID); err != nil {
		return a, fmt.Errorf("forget confirmations: %w", err)
	}
	err := identity.Audit(ctx, tx, by, identity.Event{Name: event, ObjectKind: "session", ObjectID: fmt.Sprint(x.ID),
		SiteID: x.SiteID, SessionID: x.ID, Detail: detail})
	if err != nil {
		return a, err
	}
	return a, s.hub.Touch(ctx, tx, x.ID)
}

// forgetCounts removes what was counted and scanned; the exits that were carried
// out are facts and stay.
func forgetCounts(ctx context.Context, tx *db.Tx, sessionID int64) error {
	for _, query := range []string{
		`DELETE FROM closing_count WHERE session_id = $1`,
		`DELETE FROM closing_seen WHERE session_id = $1`,
		`DELETE FROM closing_exit WHERE session_id = $1 AND exit_kind = 'lost' AND second_id IS NULL`,
	} {
		if _, err := tx.Exec(ctx, query, sessionID); err != nil {
			return fmt.Errorf("forget what was counted: %w", err)
		}
	}
	return nil
}

// leads lets the one who has the session's duty, pharmacist or named deputy, and
// the team's other pharmacists. What is on the way home is finished in the
// pharmacy, by any pharmacist of the site.
func leads(ctx context.Context, r db.Reader, by identity.Actor, x Session) error {
	if x.DutyStaffID != nil && *x.DutyStaffID == by.StaffID {
		return nil
	}
	refused := db.Refuse(db.Denied, "这一步由值班药师（或指定的代理人）来做，您没有这个权限。请联系值班药师。")
	if by.Can(identity.CloseSession, x.SiteID) != nil {
		return refused
	}
	if x.CarrierID != nil {
		return nil
	}
	err := inTeam(ctx, r, x.ID, by, PartPharmacist, PartDeputy)
	if db.KindOf(err) == db.Denied {
		return refused
	}
	return err
}

// helps lets everybody of the team count, and the pharmacy.
func helps(ctx context.Context, r db.Reader, by identity.Actor, x Session) error {
	if by.Can(identity.CloseSession, x.SiteID) == nil {
		return nil
	}
	return inTeam(ctx, r, x.ID, by, PartDoctor, PartPharmacist, PartDeputy, PartAssistant)
}

// needReason refuses an empty or endless reason.
func needReason(text, ask string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", db.Refuse(db.Invalid, "%s", ask)
	case utf8.RuneCountInString(text) > 200:
		return "", db.Refuse(db.Invalid, "原因最多 200 个字，请写短一些。")
	}
	return text, nil
}
