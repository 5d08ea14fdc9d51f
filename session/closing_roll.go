package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Rolling is the input of RollOver: where the left-overs of a drug go.
type Rolling struct {
	SessionID int64
	CommandID uuid.UUID
	// DrugID is one drug, 0 all of them.
	DrugID int64
	// ToID is a planned session; 0 is home, to the pharmacy.
	ToID int64
}

// RollTarget is a planned session that may take left-overs.
type RollTarget struct {
	ID     int64     `db:"id"`
	Site   string    `db:"site"`
	HeldOn time.Time `db:"held_on"`
	Place  string    `db:"place"`
}

// RollOver chooses where left-overs go; they move when the session is closed.
func (s *Service) RollOver(ctx context.Context, by identity.Actor, in Rolling) (ClosingAnswer, error) {
	call := closingCall{kind: "closing_roll", session: in.SessionID, id: in.CommandID, request: in, who: leads}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (ClosingAnswer, error) {
		x, err := lock(ctx, tx, in.SessionID, Closing)
		if err != nil {
			return ClosingAnswer{}, err
		}
		a := ClosingAnswer{Closing, "余药将带回药房。"}
		if in.ToID != 0 {
			t, err := rollTarget(ctx, tx, x, in.ToID)
			if err != nil {
				return ClosingAnswer{}, err
			}
			a.Sentence = fmt.Sprintf("余药将转到 %s %s。", t.HeldOn.Format("1月2日"), t.Site)
		}
		lines, err := readLines(ctx, tx, x)
		if err != nil {
			return ClosingAnswer{}, err
		}
		if err := chooseTarget(ctx, tx, by, in, lines); err != nil {
			return ClosingAnswer{}, err
		}
		return s.closingStep(ctx, tx, by, x, "closing.roll", fmt.Sprintf("drug=%d to=%d", in.DrugID, in.ToID), a)
	})
}

// chooseTarget replaces the choice for the drugs that are meant.
func chooseTarget(ctx context.Context, tx *db.Tx, by identity.Actor, in Rolling, lines []ClosingLine) error {
	var drugs []int64
	for _, l := range lines {
		if in.DrugID == 0 || l.DrugID == in.DrugID {
			drugs = append(drugs, l.DrugID)
		}
	}
	if len(drugs) == 0 {
		return db.Refuse(db.Invalid, "本场没有带这种药。请刷新页面后重新选择。")
	}
	_, err := tx.Exec(ctx, `DELETE FROM closing_target WHERE session_id = $1 AND drug_id = ANY($2::bigint[])`, in.SessionID, idArray(drugs))
	if err != nil {
		return fmt.Errorf("forget where left-overs go: %w", err)
	}
	if in.ToID == 0 {
		return nil
	}
	_, err = tx.Exec(ctx, `INSERT INTO closing_target (session_id, drug_id, to_id, chosen_by, chosen_at)
SELECT $1::bigint, n.id, $3::bigint, $4::bigint, $5::timestamptz FROM (SELECT unnest($2::bigint[]) AS id) n`,
		in.SessionID, idArray(drugs), in.ToID, by.StaffID, tx.Now)
	if err != nil {
		return fmt.Errorf("choose where left-overs go: %w", err)
	}
	return nil
}

// rollTarget finds a session that may take the left-overs.
func rollTarget(ctx context.Context, r db.Reader, x Session, id int64) (RollTarget, error) {
	list, err := rollTargets(ctx, r, x)
	if err != nil {
		return RollTarget{}, err
	}
	for _, t := range list {
		if t.ID == id {
			return t, nil
		}
	}
	return RollTarget{}, db.Refuse(db.Conflict, "余药只能转到待开始的场次，所选的场次已不是。请重新选择，或带回药房。")
}

// rollTargets lists the next planned sessions, the earliest first.
func rollTargets(ctx context.Context, r db.Reader, x Session) ([]RollTarget, error) {
	var list []RollTarget
	err := r.Select(ctx, &list, `SELECT c.id, s.name AS site, c.held_on, c.place FROM clinic_session c JOIN site s ON s.id = c.site_id
WHERE c.state = 'planned' AND c.held_on >= $1::date AND c.id <> $2::bigint ORDER BY c.held_on, c.id LIMIT 30`,
		x.HeldOn.Format(time.DateOnly), x.ID)
	if err != nil {
		return nil, fmt.Errorf("read planned sessions: %w", err)
	}
	return list, nil
}

// lockWithTargets locks the session and those that take its left-overs, in the
// order of their ids as everybody locks several. Who chooses another target
// meanwhile is told to look again.
func lockWithTargets(ctx context.Context, tx *db.Tx, id int64) (Session, []int64, error) {
	before, err := targetIDs(ctx, tx, id)
	if err != nil {
		return Session{}, nil, err
	}
	var x Session
	locked := false
	for _, t := range append(before, 0) {
		if !locked && (t == 0 || t > id) {
			if x, err = lock(ctx, tx, id, Closing, Closed); err != nil {
				return x, nil, err
			}
			locked = true
		}
		if t == 0 || x.State == Closed {
			break
		}
		if _, err := lock(ctx, tx, t, Planned); err != nil {
			return x, nil, targetGone(err)
		}
	}
	if x.State == Closed {
		return x, nil, nil
	}
	after, err := targetIDs(ctx, tx, id)
	if err == nil && fmt.Sprint(before) != fmt.Sprint(after) {
		err = db.Refuse(db.Conflict, "余药的去向刚被改动，请看最新的页面后再确认。")
	}
	return x, after, err
}

func targetGone(err error) error {
	if db.KindOf(err) == db.Conflict {
		return db.RefuseBecause(err, db.Conflict, "要转去的场次已开始或已取消，余药不能转过去。请重新选择去向。")
	}
	return err
}

func targetIDs(ctx context.Context, r db.Reader, id int64) ([]int64, error) {
	var ids []int64
	err := r.Select(ctx, &ids, `SELECT DISTINCT to_id FROM closing_target WHERE session_id = $1::bigint ORDER BY to_id`, id)
	if err != nil {
		return nil, fmt.Errorf("read where left-overs go: %w", err)
	}
	return ids, nil
}
