package session

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Carrying is the input of NameCarrier.
type Carrying struct {
	SessionID int64
	CommandID uuid.UUID
	// StaffID is who takes the left-overs home; somebody of the team.
	StaffID int64
}

// NameCarrier sends the left-overs home with one person when the team has no time
// to count: the session stays closing, and the next working day the pharmacy counts
// anew and two people confirm. What was counted before no longer holds.
func (s *Service) NameCarrier(ctx context.Context, by identity.Actor, in Carrying) (ClosingAnswer, error) {
	call := closingCall{kind: "closing_carrier", session: in.SessionID, id: in.CommandID, request: in, who: leads}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (ClosingAnswer, error) {
		x, err := lock(ctx, tx, in.SessionID, Closing)
		if err != nil {
			return ClosingAnswer{}, err
		}
		name, err := s.mayCarry(ctx, tx, x, in.StaffID)
		if err != nil {
			return ClosingAnswer{}, err
		}
		if err := forgetCounts(ctx, tx, x.ID); err != nil {
			return ClosingAnswer{}, err
		}
		err = tx.ExecOne(ctx, `UPDATE clinic_session SET carrier_id = $2, carrier_at = $3 WHERE id = $1`, x.ID, in.StaffID, tx.Now)
		if err != nil {
			return ClosingAnswer{}, fmt.Errorf("name the carrier: %w", err)
		}
		a := ClosingAnswer{Closing, name + " 带余药回药房。下一个工作日在药房重新清点，由两人确认结束。"}
		return s.closingStep(ctx, tx, by, x, "closing.carrier", fmt.Sprintf("carrier=%d", in.StaffID), a)
	})
}

// mayCarry gives the carrier's name, or says why nobody can leave yet.
func (s *Service) mayCarry(ctx context.Context, tx *db.Tx, x Session, staffID int64) (string, error) {
	if x.CarrierID != nil {
		return "", db.Refuse(db.Conflict, "已经指定了带回人，余药在路上。请在药房清点后结束。")
	}
	if err := noOpenVisits(ctx, tx, x.ID); err != nil {
		return "", err
	}
	team, err := Team(ctx, tx, x.ID)
	if err != nil {
		return "", err
	}
	for _, m := range team {
		if m.StaffID == staffID {
			return m.Name, nil
		}
	}
	return "", db.Refuse(db.Invalid, "带回人要在本场次的名单里。请重新选择。")
}
