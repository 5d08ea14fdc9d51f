package session

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/live"
	"jingfang/sql/db"
)

// CallOff is the input of CancelSession and Reschedule.
type CallOff struct {
	SessionID int64
	CommandID uuid.UUID
	// Reason must be given: typhoon, hall not free.
	Reason string
	// HeldOn is the new date, for Reschedule.
	HeldOn time.Time
}

// CallOffAnswer is the answer to both.
type CallOffAnswer struct {
	// SessionID is the session that takes the place, 0 after a cancellation.
	SessionID int64 `json:"session"`
	// Packs rolled over with it.
	Packs    int    `json:"packs"`
	Sentence string `json:"sentence"`
}

// CancelSession calls off a session that has not begun, or that was opened and
// has seen nobody. Packs must have come home before.
func (s *Service) CancelSession(ctx context.Context, by identity.Actor, in CallOff) (CallOffAnswer, error) {
	return s.callOff(ctx, by, in, "cancel", func(ctx context.Context, tx *db.Tx, x Session) (CallOffAnswer, error) {
		packs, err := lockTray(ctx, tx, x.ID)
		if err != nil {
			return CallOffAnswer{}, err
		}
		if len(packs) > 0 {
			return CallOffAnswer{}, db.Refuse(db.Conflict, "药箱里还有 %d 盒。请先在“配药装箱”里放回药房，再取消。", len(packs))
		}
		err = tx.ExecOne(ctx, `UPDATE clinic_session SET state = 'cancelled', reason = $2, cancelled_at = $3 WHERE id = $1`, x.ID, in.Reason, tx.Now)
		if err != nil {
			return CallOffAnswer{}, fmt.Errorf("cancel session: %w", err)
		}
		return CallOffAnswer{Sentence: "场次已取消。"}, s.calledOff(ctx, tx, by, x, "session.cancel", in.Reason, x.ID)
	})
}

// Reschedule moves a session that has seen nobody to another day. The new one
// has its team, roster and place, and takes over the packs in the tray.
func (s *Service) Reschedule(ctx context.Context, by identity.Actor, in CallOff) (CallOffAnswer, error) {
	if in.HeldOn.Before(Today(s.db.Now())) {
		return CallOffAnswer{}, db.Refuse(db.Invalid, "请选择今天或以后的日期。")
	}
	if in.HeldOn.Year() > 2100 {
		return CallOffAnswer{}, db.Refuse(db.Invalid, "日期太远，请重新选择。")
	}
	answer, err := s.callOff(ctx, by, in, "reschedule", func(ctx context.Context, tx *db.Tx, x Session) (CallOffAnswer, error) {
		return s.move(ctx, tx, by, x, in)
	})
	if db.IsUnique(err, "clinic_session_day_uq") {
		return answer, db.RefuseBecause(err, db.Conflict, "这个精防点在 %s 已有场次，请改到别的日期。", in.HeldOn.Format("1月2日"))
	}
	return answer, err
}

// callOff is what both have in common: the right, the reason, the state, and
// that nobody has come.
func (s *Service) callOff(ctx context.Context, by identity.Actor, in CallOff, kind string, do func(context.Context, *db.Tx, Session) (CallOffAnswer, error)) (CallOffAnswer, error) {
	if _, err := s.may(ctx, by, identity.PlanSession, in.SessionID); err != nil {
		return CallOffAnswer{}, err
	}
	in.Reason = strings.TrimSpace(in.Reason)
	if n := utf8.RuneCountInString(in.Reason); n == 0 || n > 200 {
		return CallOffAnswer{}, db.Refuse(db.Invalid, "请写明原因，最多 200 个字，例如“台风”。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: kind, Request: in}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (CallOffAnswer, error) {
		x, err := lock(ctx, tx, in.SessionID, Planned, Open)
		if err != nil {
			return CallOffAnswer{}, err
		}
		var visits int
		if err := tx.Get(ctx, &visits, `SELECT count(*) FROM visit WHERE session_id = $1`, x.ID); err != nil {
			return CallOffAnswer{}, fmt.Errorf("count visits: %w", err)
		}
		if visits > 0 {
			return CallOffAnswer{}, db.Refuse(db.Conflict, "本场次已有 %d 位患者签到，不能取消或改期。请看完后正常结束。", visits)
		}
		return do(ctx, tx, x)
	})
	return answer, err
}

func (s *Service) move(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, in CallOff) (CallOffAnswer, error) {
	if in.HeldOn.Equal(x.HeldOn) {
		return CallOffAnswer{}, db.Refuse(db.Invalid, "新日期和原来一样，请选择别的日期。")
	}
	packs, err := lockTray(ctx, tx, x.ID)
	if err != nil {
		return CallOffAnswer{}, err
	}
	to, err := takePlace(ctx, tx, by, x, in)
	if err != nil {
		return CallOffAnswer{}, err
	}
	inTotes, inBags, err := lyingIn(ctx, tx, packs)
	if err != nil {
		return CallOffAnswer{}, err
	}
	entry := inventory.Entry{Move: inventory.Move{Kind: inventory.MoveRollOver, Session: to, At: tx.Now}, How: inventory.HowSystem,
		Reason: in.Reason, Device: by.Device, Command: in.CommandID}
	_, err = inventory.WriteAll(ctx, tx, by, packs, entry)
	var refused *inventory.MoveError
	if errors.As(err, &refused) {
		return CallOffAnswer{}, db.RefuseBecause(err, db.Conflict, "药箱里有过期或召回的药盒，不能转到新的场次。请先把它们放回药房，再改期。")
	}
	if err != nil {
		return CallOffAnswer{}, err
	}
	if err := inventory.StayInTotes(ctx, tx, inTotes); err != nil {
		return CallOffAnswer{}, err
	}
	if err := moveBags(ctx, tx, x.ID, to, inBags); err != nil {
		return CallOffAnswer{}, err
	}
	if err := inventory.NoteTrip(ctx, tx, by, inventory.ToteTrip{Move: inventory.MoveRollOver, SiteID: x.SiteID, SessionID: to, Packs: inTotes}); err != nil {
		return CallOffAnswer{}, err
	}
	a := CallOffAnswer{SessionID: to, Packs: len(packs), Sentence: fmt.Sprintf("已改到 %s。", in.HeldOn.Format("1月2日"))}
	if len(packs) > 0 {
		a.Sentence += fmt.Sprintf("药箱里的 %d 盒随新场次保留。", len(packs))
	}
	return a, s.calledOff(ctx, tx, by, x, "session.reschedule", fmt.Sprintf("to=%d on=%s packs=%d %s", to, in.HeldOn.Format(time.DateOnly), len(packs), in.Reason), x.ID, to)
}

// takePlace enters the session of the new day as the old one was, and links the
// old one to it. The old state goes first: the index allows one session of a site
// and day.
func takePlace(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, in CallOff) (int64, error) {
	err := tx.ExecOne(ctx, `UPDATE clinic_session SET state = 'rescheduled', reason = $2, cancelled_at = $3 WHERE id = $1`, x.ID, in.Reason, tx.Now)
	if err != nil {
		return 0, fmt.Errorf("reschedule session: %w", err)
	}
	team, err := Team(ctx, tx, x.ID)
	if err != nil {
		return 0, err
	}
	p := Plan{SiteID: x.SiteID, HeldOn: in.HeldOn, Kind: x.Kind, Place: x.Place}
	if x.DutyStaffID != nil {
		p.DutyStaffID = *x.DutyStaffID
	}
	to, err := insertSession(ctx, tx, by, p)
	if err != nil {
		return 0, err
	}
	if err := insertTeam(ctx, tx, to, team); err != nil {
		return 0, err
	}
	_, err = tx.Exec(ctx, `INSERT INTO session_roster (session_id, patient_id, source, added_by, added_at)
SELECT $2::bigint, o.patient_id, o.source, o.added_by, o.added_at FROM session_roster o WHERE o.session_id = $1::bigint`, x.ID, to)
	if err != nil {
		return 0, fmt.Errorf("copy roster: %w", err)
	}
	if err := tx.ExecOne(ctx, `UPDATE clinic_session SET moved_to_id = $2 WHERE id = $1`, x.ID, to); err != nil {
		return 0, fmt.Errorf("link session: %w", err)
	}
	return to, live.Create(ctx, tx, to)
}

func (s *Service) calledOff(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, event, detail string, touched ...int64) error {
	err := identity.Audit(ctx, tx, by, identity.Event{Name: event, ObjectKind: "session", ObjectID: fmt.Sprint(x.ID),
		SiteID: x.SiteID, SessionID: x.ID, Detail: detail})
	if err != nil {
		return err
	}
	return s.hub.Touch(ctx, tx, touched...)
}

// lockTray takes the packs that a session has in its trays, in code order.
func lockTray(ctx context.Context, tx *db.Tx, id int64) ([]*inventory.Pack, error) {
	var codes []string
	err := tx.Select(ctx, &codes, `SELECT code FROM pack WHERE session_id = $1 AND state = 'allocated' ORDER BY code`, id)
	if err != nil {
		return nil, fmt.Errorf("read tray: %w", err)
	}
	locked, err := inventory.LockPacks(ctx, tx, codes)
	if err != nil {
		return nil, err
	}
	packs := make([]*inventory.Pack, 0, len(codes))
	for _, code := range codes {
		packs = append(packs, locked[code])
	}
	return packs, nil
}

// MovedTo is the session that took the place of one that was rescheduled; 0 when
// none did.
func MovedTo(ctx context.Context, r db.Reader, id int64) (int64, error) {
	var to int64
	err := r.Get(ctx, &to, `SELECT COALESCE(moved_to_id, 0) FROM clinic_session WHERE id = $1::bigint`, id)
	if err != nil {
		return 0, fmt.Errorf("read where a session went: %w", err)
	}
	return to, nil
}
