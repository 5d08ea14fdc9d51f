package session

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// notSeen is why visits are void that still waited when dispensing stopped.
const notSeen = "停止发药时仍在候诊，没有看诊"

// SendingHome is the input of SendHome.
type SendingHome struct {
	SessionID int64
	CommandID uuid.UUID
}

// SendHome makes all visits void that still wait, in one step: at half past five
// nobody strikes out a hundred numbers one by one. Nobody of them has been given
// anything; whoever sits at a table is left alone.
func (s *Service) SendHome(ctx context.Context, by identity.Actor, in SendingHome) (ClosingAnswer, error) {
	call := closingCall{kind: "closing_waiting", session: in.SessionID, id: in.CommandID, request: in, who: leads}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (ClosingAnswer, error) {
		x, err := lock(ctx, tx, in.SessionID, Closing)
		if err != nil {
			return ClosingAnswer{}, err
		}
		n, err := tx.Exec(ctx, `UPDATE visit SET state = 'void', void_reason = $2::text
WHERE session_id = $1 AND state = 'waiting' AND NOT EXISTS (SELECT 1 FROM visit_line l WHERE l.visit_id = visit.id AND l.undone_at IS NULL)`, x.ID, notSeen)
		if err != nil {
			return ClosingAnswer{}, fmt.Errorf("void who waits: %w", err)
		}
		if n == 0 {
			return ClosingAnswer{}, db.Refuse(db.Conflict, "已经没有人候诊，不用再点。")
		}
		a := ClosingAnswer{x.State, fmt.Sprintf("%d 位候诊的已记为没有看诊。", n)}
		return s.closingStep(ctx, tx, by, x, "closing.waiting", fmt.Sprintf("visits=%d", n), a)
	})
}
