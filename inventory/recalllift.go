package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Lifting is the input of AskLift, LiftRecall and KeepRecall.
type Lifting struct {
	RecallID  int64
	CommandID uuid.UUID
	// Reason is for AskLift only; at most 200 characters.
	Reason string
}

// RecallLifted is what a step towards lifting did.
type RecallLifted struct {
	// Released packs went back to the shelf.
	Released int    `json:"released"`
	Sentence string `json:"sentence"`
}

// AskLift says that a recall may end, and why. Nothing changes until a second
// person agrees.
func (s *Service) AskLift(ctx context.Context, by identity.Actor, in Lifting) (RecallLifted, error) {
	in.Reason = strings.TrimSpace(in.Reason)
	if in.Reason == "" || utf8.RuneCountInString(in.Reason) > 200 {
		return RecallLifted{}, db.Refuse(db.Invalid, "请写解除召回的原因，最多 200 个字。")
	}
	return s.lifting(ctx, by, in, "recall_ask_lift", func(ctx context.Context, tx *db.Tx, a Recall) (RecallLifted, error) {
		if a.AskedID != 0 {
			return RecallLifted{}, db.Refuse(db.Conflict, "%s 已经提出解除。请另一位药师确认，或撤回后重新提出。", a.AskedBy)
		}
		err := tx.ExecOne(ctx, `UPDATE recall SET lift_reason = $2, asked_by = $3, asked_at = $4 WHERE id = $1`, a.ID, in.Reason, by.StaffID, tx.Now)
		if err != nil {
			return RecallLifted{}, fmt.Errorf("ask to lift a recall: %w", err)
		}
		return RecallLifted{Sentence: "已提出解除召回 " + a.Number() + "。请另一位药师在自己的登录里确认。"}, auditRecall(ctx, tx, by, "recall.ask_lift", a.ID, "")
	})
}

// KeepRecall takes the wish to lift back, or answers it with no.
func (s *Service) KeepRecall(ctx context.Context, by identity.Actor, in Lifting) (RecallLifted, error) {
	return s.lifting(ctx, by, in, "recall_keep", func(ctx context.Context, tx *db.Tx, a Recall) (RecallLifted, error) {
		if a.AskedID == 0 {
			return RecallLifted{}, db.Refuse(db.Conflict, "没有人提出解除，召回继续有效。")
		}
		err := tx.ExecOne(ctx, `UPDATE recall SET lift_reason = '', asked_by = NULL, asked_at = NULL WHERE id = $1`, a.ID)
		if err != nil {
			return RecallLifted{}, fmt.Errorf("keep a recall: %w", err)
		}
		return RecallLifted{Sentence: "不解除，召回 " + a.Number() + " 继续有效。"}, auditRecall(ctx, tx, by, "recall.keep", a.ID, "")
	})
}

// LiftRecall ends a recall as the second person. What it alone had set apart goes
// back to the shelf; what another recall means, what a patient has had and what
// was set apart for another reason stays.
func (s *Service) LiftRecall(ctx context.Context, by identity.Actor, in Lifting) (RecallLifted, error) {
	return s.lifting(ctx, by, in, "recall_lift", func(ctx context.Context, tx *db.Tx, a Recall) (RecallLifted, error) {
		switch a.AskedID {
		case 0:
			return RecallLifted{}, db.Refuse(db.Conflict, "还没有人提出解除。请先写明原因提出，再由另一位药师确认。")
		case by.StaffID:
			return RecallLifted{}, db.Refuse(db.Denied, "解除召回要两个人：您已提出，请另一位药师在自己的登录里确认。")
		}
		return s.lift(ctx, tx, by, a, in.CommandID)
	})
}

// lifting runs a step on the locked head row of a recall that is in force.
func (s *Service) lifting(ctx context.Context, by identity.Actor, in Lifting, kind string, step func(context.Context, *db.Tx, Recall) (RecallLifted, error)) (RecallLifted, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Recall, 0); err != nil {
		return RecallLifted{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: kind, Request: in}
	done, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (RecallLifted, error) {
		var id int64
		err := tx.Get(ctx, &id, `SELECT id FROM recall WHERE id = $1::bigint FOR NO KEY UPDATE`, in.RecallID)
		if err != nil && !db.IsNoRows(err) {
			return RecallLifted{}, fmt.Errorf("lock recall: %w", err)
		}
		a, err := FindRecall(ctx, tx, in.RecallID)
		if err != nil {
			return RecallLifted{}, err
		}
		if !a.Open() {
			return RecallLifted{}, db.Refuse(db.Conflict, "召回 %s 已由%s解除，不用再做。", a.Number(), a.LiftedBy)
		}
		return step(ctx, tx, a)
	})
	return done, err
}

func (s *Service) lift(ctx context.Context, tx *db.Tx, by identity.Actor, a Recall, command uuid.UUID) (RecallLifted, error) {
	err := tx.ExecOne(ctx, `UPDATE recall SET lifted_by = $2, lifted_at = $3 WHERE id = $1`, a.ID, by.StaffID, tx.Now)
	if err != nil {
		return RecallLifted{}, fmt.Errorf("lift recall: %w", err)
	}
	scope, err := a.Scope(ctx, tx)
	if err != nil {
		return RecallLifted{}, err
	}
	sessions, err := sessionsHolding(ctx, tx, scope)
	if err != nil {
		return RecallLifted{}, err
	}
	free, err := frozenOnly(ctx, tx, a.ID, scope)
	if err != nil {
		return RecallLifted{}, err
	}
	e := Entry{Move: Move{Kind: MoveRelease, At: tx.Now}, How: HowSystem, Reason: "解除召回 " + a.Number(), Device: by.Device, Command: command}
	if _, err := WriteAll(ctx, tx, by, free, e); err != nil {
		return RecallLifted{}, fmt.Errorf("release packs of a lifted recall: %w", err)
	}
	if err := auditRecall(ctx, tx, by, "recall.lift", a.ID, fmt.Sprintf("released=%d asked_by=%d", len(free), a.AskedID)); err != nil {
		return RecallLifted{}, err
	}
	done := RecallLifted{Released: len(free), Sentence: fmt.Sprintf("召回 %s 已解除，%d 盒回到药房货架。", a.Number(), len(free))}
	return done, s.hub.Touch(ctx, tx, sessions...)
}

// sessionsHolding lists the clinic days that have boxes of the scope in their
// trays.
func sessionsHolding(ctx context.Context, r db.Reader, scope RecallScope) ([]int64, error) {
	var ids []int64
	err := r.Select(ctx, &ids, `SELECT DISTINCT k.session_id FROM pack k WHERE `+RecallMatch+` AND k.state = 'allocated' ORDER BY k.session_id`, scope.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read sessions with recalled packs: %w", err)
	}
	return ids, nil
}

// frozenOnly locks the packs in quarantine that a recall brought there and that
// no recall means any more: of each the last movement into quarantine is one
// that a recall made.
func frozenOnly(ctx context.Context, tx *db.Tx, recallID int64, scope RecallScope) ([]*Pack, error) {
	var codes []string
	err := tx.Select(ctx, &codes, `SELECT k.code FROM pack k
WHERE (`+RecallMatch+` OR k.id IN (SELECT o.pack_id FROM recall_pack o WHERE o.recall_id = $4::bigint))
  AND k.state = 'quarantined' AND NOT k.returned
  AND EXISTS (SELECT 1 FROM recall_pack f WHERE f.pack_id = k.id AND f.at = (SELECT max(m.at) FROM movement m
    WHERE m.pack_id = k.id AND m.to_state = 'quarantined' AND m.from_state <> 'quarantined'))
ORDER BY k.code`, scope.Args(recallID)...)
	if err != nil {
		return nil, fmt.Errorf("read packs a recall set apart: %w", err)
	}
	locked, err := LockPacks(ctx, tx, codes)
	if err != nil {
		return nil, err
	}
	var free []*Pack
	for _, c := range codes {
		if p := locked[c]; p.RecallID == 0 && p.State == StateQuarantined && !p.Returned {
			free = append(free, p)
		}
	}
	return slices.Clip(free), nil
}

func auditRecall(ctx context.Context, tx *db.Tx, by identity.Actor, event string, id int64, detail string) error {
	return identity.Audit(ctx, tx, by, identity.Event{Name: event, ObjectKind: "recall", ObjectID: fmt.Sprint(id), Detail: detail})
}
