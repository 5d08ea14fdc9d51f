package inventory

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Deciding is the second person's word on a paper.
type Deciding struct {
	DisposalID int64
	CommandID  uuid.UUID
	// Packs is how many packs the person saw that the paper can still move: when
	// it is another number now, nothing is done.
	Packs int
	// Reason is why a paper is withdrawn; at most 200 characters.
	Reason string
}

// DecisionAnswer is the answer to a decision on a paper.
type DecisionAnswer struct {
	State DisposalState `json:"state"`
	// Moved is how many packs moved, LeftOut how many had moved before and stay.
	Moved    int    `json:"moved"`
	LeftOut  int    `json:"left_out"`
	Sentence string `json:"sentence"`
}

// ConfirmDisposal is the second person's yes; with it the packs move. A pack that
// has moved since it was proposed is never moved by the paper: the second person
// sees it named and confirms the rest, by their number.
func (s *Service) ConfirmDisposal(ctx context.Context, by identity.Actor, in Deciding) (DecisionAnswer, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Witness, 0); err != nil {
		return DecisionAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "confirm_disposal", Request: in}
	answer, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (DecisionAnswer, error) {
		return s.confirm(ctx, tx, by, in)
	})
	return answer, err
}

func (s *Service) confirm(ctx context.Context, tx *db.Tx, by identity.Actor, in Deciding) (DecisionAnswer, error) {
	d, err := lockDisposal(ctx, tx, in.DisposalID)
	if err != nil {
		return DecisionAnswer{}, err
	}
	if err := d.confirmedBy(by.StaffID, tx.Now); err != nil {
		return DecisionAnswer{}, err
	}
	packs, moved, err := lockProposed(ctx, tx, d.ID)
	if err != nil {
		return DecisionAnswer{}, err
	}
	if len(packs) != in.Packs || len(packs) == 0 {
		return DecisionAnswer{}, changedMeanwhile(len(packs), moved)
	}
	sessions, err := SetAside(ctx, tx, by, packs, Aside{Act: d.Act, Reason: clip(d.Number+" "+d.Reason, 200), Command: in.CommandID})
	if err != nil {
		return DecisionAnswer{}, asideRefused(err)
	}
	if err := decideDisposal(ctx, tx, by, d.ID, DisposalDone, "", packs); err != nil {
		return DecisionAnswer{}, err
	}
	a := DecisionAnswer{State: DisposalDone, Moved: len(packs), LeftOut: len(moved)}
	a.Sentence = fmt.Sprintf("%s %s 已由两人确认，%d 盒已%s。", d.Title(), d.Number, a.Moved, d.Act.Chinese())
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "disposal.confirm", ObjectKind: "disposal", ObjectID: d.Number,
		Detail: fmt.Sprintf("act=%s packs=%d left_out=%d proposed_by=%d", d.Act, a.Moved, a.LeftOut, d.ProposedBy)})
	if err != nil {
		return a, err
	}
	return a, s.hub.Touch(ctx, tx, sessions...)
}

// lockProposed locks the packs of a paper and parts those that are as they were
// proposed from those that moved.
func lockProposed(ctx context.Context, tx *db.Tx, id int64) (same []*Pack, moved []DisposalPack, err error) {
	list, err := DisposalPacks(ctx, tx, id)
	if err != nil {
		return nil, nil, err
	}
	codes := make([]string, len(list))
	for i, p := range list {
		codes[i] = p.Code
	}
	locked, err := LockPacks(ctx, tx, codes)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range list {
		now := locked[p.Code]
		p.State, p.UnitsLeft = now.State, now.UnitsLeft
		if p.Moved() {
			moved = append(moved, p)
		} else {
			same = append(same, now)
		}
	}
	return same, moved, nil
}

// changedMeanwhile names what moved since the second person looked.
func changedMeanwhile(same int, moved []DisposalPack) error {
	var names []string
	for _, p := range moved[:min(len(moved), 5)] {
		names = append(names, fmt.Sprintf("%s …%s（现在：%s）", p.DrugName(), p.Code[max(0, len(p.Code)-4):], p.State.Chinese()))
	}
	text := strings.Join(names, "、")
	if len(moved) > len(names) {
		text += fmt.Sprintf(" 等 %d 盒", len(moved))
	}
	switch {
	case len(moved) == 0:
		return db.Refuse(db.Conflict, "清单有变化：现在有 %d 盒可以处理。这次一盒也没有动，请看过最新的清单再确认。", same)
	case same == 0:
		return db.Refuse(db.Conflict, "这一单的药在此期间都动过了：%s。请撤回这一单。", text)
	}
	return db.Refuse(db.Conflict, "%s 在此期间动过。这次一盒也没有动，请看过清单，再确认其余 %d 盒。", text, same)
}

// asideRefused turns a refusal of the rules into a sentence; what is locked and
// unchanged is refused by nothing but a rule that has grown stricter.
func asideRefused(err error) error {
	var refused *MoveError
	if errors.As(err, &refused) {
		return db.RefuseBecause(err, db.Conflict, "%s这次一盒也没有动。", refused.Kind.Sentence(Details{State: refused.From.Chinese()}))
	}
	return err
}

// WithdrawDisposal takes a proposal back, by its author or by whoever was to
// confirm it. Nothing moves, and the packs may be proposed again.
func (s *Service) WithdrawDisposal(ctx context.Context, by identity.Actor, in Deciding) (DecisionAnswer, error) {
	if by.Can(identity.Dispose, 0) != nil {
		if err := identity.Allow(ctx, s.db, by, identity.Witness, 0); err != nil {
			return DecisionAnswer{}, err
		}
	}
	in.Reason = strings.Join(strings.Fields(in.Reason), " ")
	if longer(in.Reason, 200) {
		return DecisionAnswer{}, db.Refuse(db.Invalid, "撤回的说明最多 200 个字，请写短一些。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "withdraw_disposal", Request: in}
	answer, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (DecisionAnswer, error) {
		return withdraw(ctx, tx, by, in)
	})
	return answer, err
}

func withdraw(ctx context.Context, tx *db.Tx, by identity.Actor, in Deciding) (DecisionAnswer, error) {
	d, err := lockDisposal(ctx, tx, in.DisposalID)
	if err != nil {
		return DecisionAnswer{}, err
	}
	if err := d.waits(tx.Now); err != nil {
		return DecisionAnswer{}, err
	}
	if err := decideDisposal(ctx, tx, by, d.ID, DisposalWithdrawn, in.Reason, nil); err != nil {
		return DecisionAnswer{}, err
	}
	a := DecisionAnswer{State: DisposalWithdrawn, Sentence: fmt.Sprintf("%s %s 已撤回，药没有动。", d.Title(), d.Number)}
	return a, identity.Audit(ctx, tx, by, identity.Event{Name: "disposal.withdraw", ObjectKind: "disposal", ObjectID: d.Number,
		Detail: fmt.Sprintf("act=%s packs=%d reason=%s", d.Act, d.Packs, in.Reason)})
}
