package inventory

import (
	"context"
	"fmt"
	"slices"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// ApproveStocktake approves a submitted count: what is to be adjusted becomes
// movements. It takes somebody who neither counted nor handed it in. Every pack is
// looked at again under its lock: one that has moved since the handing-in, or that
// the rules do not let move, is dropped from the adjustments and named.
func (s *Service) ApproveStocktake(ctx context.Context, by identity.Actor, in CountStep) (CountStepped, error) {
	return s.countStep(ctx, by, identity.ApproveCount, "approve_stocktake", in, func(ctx context.Context, tx *db.Tx) (CountStepped, error) {
		x, err := lockStocktake(ctx, tx, in.StocktakeID, CountSubmitted)
		if err != nil {
			return CountStepped{}, err
		}
		if in.Submission != x.Submission {
			return CountStepped{}, db.Refuse(db.Conflict, "盘点结果刚刚换过一版（第 %d 次提交）。请再看一遍差异后审核。", x.Submission)
		}
		if err := x.mayApprove(ctx, tx, by); err != nil {
			return CountStepped{}, err
		}
		a := &adjusting{tx: tx, by: by, x: x, step: in, outcomes: map[int64]string{}}
		if err := a.run(ctx); err != nil {
			return CountStepped{}, err
		}
		return a.finish(ctx, s)
	})
}

// mayApprove refuses whoever counted, or handed the count in, or explained it;
// and a count with a difference that nobody explained.
func (x Stocktake) mayApprove(ctx context.Context, tx *db.Tx, by identity.Actor) error {
	var mine int
	err := tx.Get(ctx, &mine, `SELECT (SELECT count(*) FROM stocktake_seen WHERE stocktake_id = $1::bigint AND staff_id = $2::bigint)
  + (SELECT count(*) FROM stocktake_number WHERE stocktake_id = $1::bigint AND staff_id = $2::bigint)
  + (SELECT count(*) FROM stocktake_difference WHERE stocktake_id = $1::bigint AND explained_by = $2::bigint)`, x.ID, by.StaffID)
	if err != nil {
		return fmt.Errorf("look for the approver among the counters: %w", err)
	}
	if mine > 0 || valueOf(x.SubmittedBy) == by.StaffID {
		return db.Refuse(db.Denied, "您参加了这次盘点，不能自己审核。请没有参加的药师或管理人员用自己的账号审核。")
	}
	left, err := x.unexplained(ctx, tx)
	if err == nil && left > 0 {
		return db.Refuse(db.Conflict, "还有 %d 处差异没有写明原因，不能审核。请盘点人先逐条说明。", left)
	}
	return err
}

// adjustment is a difference that is to become a movement.
type adjustment struct {
	ID         int64        `db:"id"`
	Code       string       `db:"code"`
	Booked     int64        `db:"booked"`
	Counted    int64        `db:"counted"`
	MovementID int64        `db:"movement_id"`
	Action     MovementKind `db:"action"`
	Reason     CountReason  `db:"reason_kind"`
	Text       string       `db:"reason"`
}

// quantity is the units that an adjustment of a remainder moves; zero for all.
func (d adjustment) quantity() int64 {
	switch d.Action {
	case MoveSurplus:
		return d.Counted - d.Booked
	case MoveShortage:
		return d.Booked - d.Counted
	}
	return 0
}

// sameMove is what adjustments have in common that are written together.
type sameMove struct {
	action   MovementKind
	quantity int64
	reason   string
}

// adjusting is the approval of a count while it is worked through.
type adjusting struct {
	tx   *db.Tx
	by   identity.Actor
	x    Stocktake
	step CountStep

	packs    map[string]*Pack
	groups   map[sameMove][]*Pack
	sessions []int64
	outcomes map[int64]string // by difference
	adjusted int
	dropped  int
}

func (a *adjusting) run(ctx context.Context) error {
	var list []adjustment
	err := a.tx.Select(ctx, &list, `SELECT id, code, booked, counted, movement_id, action, reason_kind, reason FROM stocktake_difference
WHERE stocktake_id = $1::bigint AND submission = $2::integer AND action <> '' ORDER BY id`, a.x.ID, a.x.Submission)
	if err != nil {
		return fmt.Errorf("read adjustments: %w", err)
	}
	codes := make([]string, 0, len(list))
	for _, d := range list {
		codes = append(codes, d.Code)
	}
	if a.packs, err = LockPacks(ctx, a.tx, codes); err != nil {
		return err
	}
	last, err := a.lastMoves(ctx)
	if err != nil {
		return err
	}
	a.groups = map[sameMove][]*Pack{}
	for _, d := range list {
		a.sort(d, last)
	}
	return a.write(ctx)
}

// lastMoves reads the last movement of each locked pack, after the locks are held.
func (a *adjusting) lastMoves(ctx context.Context) (map[int64]int64, error) {
	ids := make([]int64, 0, len(a.packs))
	for _, p := range a.packs {
		ids = append(ids, p.ID)
	}
	var rows []struct {
		PackID int64 `db:"pack_id"`
		Last   int64 `db:"last_id"`
	}
	err := a.tx.Select(ctx, &rows, `SELECT pack_id, max(id) AS last_id FROM movement WHERE pack_id = ANY($1::bigint[]) GROUP BY pack_id`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read last movements: %w", err)
	}
	last := make(map[int64]int64, len(rows))
	for _, r := range rows {
		last[r.PackID] = r.Last
	}
	return last, nil
}

// sort puts an adjustment to those that are written with it, or drops it.
func (a *adjusting) sort(d adjustment, last map[int64]int64) {
	p := a.packs[d.Code]
	if p == nil || last[p.ID] != d.MovementID {
		a.drop(d)
		return
	}
	same := sameMove{d.Action, d.quantity(), a.reason(d)}
	if _, err := plan(p, same.entry(a)); err != nil {
		a.drop(d)
		return
	}
	if p.State == StateAllocated && p.SessionID != nil {
		a.sessions = append(a.sessions, *p.SessionID)
	}
	a.groups[same] = append(a.groups[same], p)
	a.outcomes[d.ID] = "adjusted"
	a.adjusted++
}

// drop keeps an adjustment out: its pack is no longer as it was handed in.
func (a *adjusting) drop(d adjustment) {
	a.outcomes[d.ID] = "dropped"
	a.dropped++
}

// reason is what stands with the movement: the count's number, why, and who
// handed it in. Two people stand for it, the other is who approves.
func (a *adjusting) reason(d adjustment) string {
	text := "盘点 " + a.x.Number() + " " + d.Reason.Chinese()
	if d.Reason == ReasonOtherReason {
		text = "盘点 " + a.x.Number()
	}
	if d.Text != "" {
		text += "：" + d.Text
	}
	return text + "（提交 " + a.x.Submitter + "）"
}

func (m sameMove) entry(a *adjusting) Entry {
	return Entry{Move: Move{Kind: m.action, Quantity: m.quantity, At: a.tx.Now}, How: HowByNumber, Reason: m.reason, Device: a.by.Device, Command: a.step.CommandID}
}

// write moves the packs: a statement for each kind, quantity and reason.
func (a *adjusting) write(ctx context.Context) error {
	for same, packs := range a.groups {
		if _, err := WriteAll(ctx, a.tx, a.by, packs, same.entry(a)); err != nil {
			return fmt.Errorf("adjust after a count: %w", err)
		}
	}
	var ids []int64
	var outcomes []string
	for id, o := range a.outcomes {
		ids, outcomes = append(ids, id), append(outcomes, o)
	}
	_, err := a.tx.Exec(ctx, `UPDATE stocktake_difference SET outcome = COALESCE(n.outcome, 'recorded')
FROM (SELECT d.id, o.outcome FROM stocktake_difference d
  LEFT JOIN (SELECT unnest($3::bigint[]) AS id, unnest($4::text[]) AS outcome) o ON o.id = d.id
  WHERE d.stocktake_id = $1::bigint AND d.submission = $2::integer) n
WHERE stocktake_difference.id = n.id`, a.x.ID, a.x.Submission, pq.Array(ids), pq.Array(outcomes))
	if err != nil {
		return fmt.Errorf("write what became of differences: %w", err)
	}
	return nil
}

// finish closes the count and wakes the sessions whose boxes came home.
func (a *adjusting) finish(ctx context.Context, s *Service) (CountStepped, error) {
	x, tx := a.x, a.tx
	err := tx.ExecOne(ctx, `UPDATE stocktake SET state = 'approved', decided_by = $2, decided_at = $3, version = version + 1 WHERE id = $1`, x.ID, a.by.StaffID, tx.Now)
	if err != nil {
		return CountStepped{}, fmt.Errorf("approve stocktake: %w", err)
	}
	done := CountStepped{State: CountApproved, Submission: x.Submission, Adjusted: a.adjusted, Dropped: a.dropped}
	done.Sentence = fmt.Sprintf("盘点 %s 已审核，调整 %d 盒。", x.Number(), a.adjusted)
	if a.dropped > 0 {
		done.Sentence += fmt.Sprintf("有 %d 盒在提交以后又动过，没有调整，已在结果里标明。", a.dropped)
	}
	open, err := x.unnamedNow(ctx, tx)
	if err != nil {
		return CountStepped{}, err
	}
	if done.Open = open; open > 0 {
		done.Sentence += fmt.Sprintf("有 %d 种药按数和账不符，账没有动。请另起一次盘点，把它们逐盒扫一遍。", open)
	}
	detail := fmt.Sprintf("number=%s submission=%d adjusted=%d dropped=%d open=%d", x.Number(), x.Submission, a.adjusted, a.dropped, open)
	if err := x.audit(ctx, tx, a.by, "stocktake.approve", detail); err != nil {
		return CountStepped{}, err
	}
	slices.Sort(a.sessions)
	return done, s.hub.Touch(ctx, tx, slices.Compact(a.sessions)...)
}
