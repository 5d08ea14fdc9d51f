package session

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Confirming is the input of ConfirmClosing.
type Confirming struct {
	SessionID int64
	CommandID uuid.UUID
}

// Confirmation is one person's word that the session may be closed.
type Confirmation struct {
	StaffID int64     `db:"staff_id"`
	Name    string    `db:"name"`
	Part    string    `db:"part"`
	At      time.Time `db:"at"`
}

// The parts in a confirmation: one of the two must lead.
const (
	confirmLead = "lead" // the duty holder or a pharmacist of the team
	confirmTeam = "team" // anybody else of the team, or of the pharmacy
)

// ConfirmClosing is one of the two signatures. The second, by another person,
// closes the session: the left-overs move, the chain's head is signed, and from
// then on nothing changes but by supplement.
func (s *Service) ConfirmClosing(ctx context.Context, by identity.Actor, in Confirming) (ClosingAnswer, error) {
	call := closingCall{kind: "closing_confirm", session: in.SessionID, id: in.CommandID, request: in, who: helps}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (ClosingAnswer, error) {
		x, targets, err := lockWithTargets(ctx, tx, in.SessionID)
		if err != nil {
			return ClosingAnswer{}, err
		}
		before, err := Confirmations(ctx, tx, x.ID)
		if err != nil {
			return ClosingAnswer{}, err
		}
		if x.State == Closed {
			return ClosingAnswer{}, db.Refuse(db.Conflict, "本场次已于 %s 由%s确认结束，不用再点。", clock(*x.ClosedAt), namesOf(before))
		}
		lines, err := readyToClose(ctx, tx, x)
		if err != nil {
			return ClosingAnswer{}, err
		}
		both, err := confirm(ctx, tx, by, x, before)
		if err != nil {
			return ClosingAnswer{}, err
		}
		if len(both) < 2 {
			return s.firstConfirmed(ctx, tx, by, x)
		}
		return s.close(ctx, tx, by, x, closingRun{lines: lines, targets: targets, signed: both, command: in.CommandID})
	})
}

// confirm writes one person's word; the session is locked.
func confirm(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, before []Confirmation) ([]Confirmation, error) {
	part, err := confirmPart(ctx, tx, by, x)
	if err != nil {
		return nil, err
	}
	leading := part == confirmLead
	for _, c := range before {
		if c.StaffID == by.StaffID {
			return nil, db.Refuse(db.Conflict, "您已于 %s 确认过。结束场次要两个人，请另一位同事用自己的账号确认。", clock(c.At))
		}
		leading = leading || c.Part == confirmLead
	}
	if len(before) > 0 && !leading {
		return nil, db.Refuse(db.Conflict, "两人中须有一位值班药师（或指定的代理人）。请值班药师来确认。")
	}
	err = tx.ExecOne(ctx, `INSERT INTO closing_confirm (session_id, staff_id, part, at) VALUES ($1, $2, $3, $4)`, x.ID, by.StaffID, part, tx.Now)
	if err != nil {
		return nil, fmt.Errorf("confirm closing: %w", err)
	}
	return append(before, Confirmation{StaffID: by.StaffID, Name: by.Name, Part: part, At: tx.Now}), nil
}

func confirmPart(ctx context.Context, r db.Reader, by identity.Actor, x Session) (string, error) {
	err := leads(ctx, r, by, x)
	switch {
	case err == nil:
		return confirmLead, nil
	case db.KindOf(err) == db.Denied:
		return confirmTeam, nil
	}
	return "", err
}

func (s *Service) firstConfirmed(ctx context.Context, tx *db.Tx, by identity.Actor, x Session) (ClosingAnswer, error) {
	err := identity.Audit(ctx, tx, by, identity.Event{Name: "closing.confirm", ObjectKind: "session", ObjectID: fmt.Sprint(x.ID),
		SiteID: x.SiteID, SessionID: x.ID})
	if err != nil {
		return ClosingAnswer{}, err
	}
	return ClosingAnswer{Closing, by.Name + " 已确认。请另一位同事用自己的账号确认，场次就结束。"}, s.hub.Touch(ctx, tx, x.ID)
}

// Confirmations reads who has confirmed, the first one first.
func Confirmations(ctx context.Context, r db.Reader, sessionID int64) ([]Confirmation, error) {
	var list []Confirmation
	err := r.Select(ctx, &list, `SELECT c.staff_id, f.name, c.part, c.at FROM closing_confirm c JOIN staff f ON f.id = c.staff_id
WHERE c.session_id = $1::bigint ORDER BY c.at, c.staff_id`, sessionID)
	if err != nil {
		return nil, fmt.Errorf("read confirmations: %w", err)
	}
	return list, nil
}

func namesOf(list []Confirmation) string {
	var names []string
	for _, c := range list {
		names = append(names, c.Name)
	}
	return " " + strings.Join(names, "、") + " "
}
