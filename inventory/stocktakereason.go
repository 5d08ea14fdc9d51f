package inventory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// CountReason is why a count and the books differ; the list is short and closed.
type CountReason string

// The reasons.
const (
	ReasonMissedOut   CountReason = "missed_out"
	ReasonMissedIn    CountReason = "missed_in"
	ReasonMissedHome  CountReason = "missed_home"
	ReasonMisplaced   CountReason = "misplaced"
	ReasonDamaged     CountReason = "damaged"
	ReasonMiscount    CountReason = "miscount"
	ReasonNotKnown    CountReason = "unknown"
	ReasonOtherReason CountReason = "other"
)

// CountReasons lists the reasons in the order in which pages offer them.
func CountReasons() []CountReason {
	return []CountReason{ReasonMissedOut, ReasonMissedIn, ReasonMissedHome, ReasonMisplaced, ReasonDamaged, ReasonMiscount, ReasonNotKnown, ReasonOtherReason}
}

// Chinese is the reason for people.
func (r CountReason) Chinese() string {
	switch r {
	case ReasonMissedOut:
		return "发出或配出时漏扫"
	case ReasonMissedIn:
		return "入库时漏扫"
	case ReasonMissedHome:
		return "带回时漏扫"
	case ReasonMisplaced:
		return "放错位置"
	case ReasonDamaged:
		return "破损未登记"
	case ReasonMiscount:
		return "拆零数错"
	case ReasonNotKnown:
		return "查过，原因不明"
	case ReasonOtherReason:
		return "其他（写明）"
	}
	return string(r)
}

// Explaining gives differences a reason, and says whether the books are to be
// adjusted as the rules propose.
type Explaining struct {
	StocktakeID int64
	CommandID   uuid.UUID
	// Differences are the rows that are meant; without rows, Kind means all of one
	// kind that have no reason yet.
	Differences []int64
	Kind        CountDifferenceKind
	Reason      CountReason
	// Text is at most 150 characters; it is required for ReasonOtherReason.
	Text string
	// Adjust takes the proposal where there is one; without it a difference is
	// only recorded.
	Adjust bool
}

// Explained is the answer: how many differences have no reason yet.
type Explained struct {
	Explained int    `json:"explained"`
	Left      int    `json:"left"`
	Sentence  string `json:"sentence"`
}

// ExplainDifferences writes the reason of some differences of a submitted count.
// It may be written again until the count is approved.
func (s *Service) ExplainDifferences(ctx context.Context, by identity.Actor, in Explaining) (Explained, error) {
	if err := s.mayCount(ctx, by, identity.CountStock, in.StocktakeID); err != nil {
		return Explained{}, err
	}
	in.Text = strings.TrimSpace(in.Text)
	if err := in.check(); err != nil {
		return Explained{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "explain_count", Request: in}
	a, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (Explained, error) {
		x, err := lockStocktake(ctx, tx, in.StocktakeID, CountSubmitted)
		if err != nil {
			return Explained{}, err
		}
		return x.explain(ctx, tx, by, in)
	})
	return a, err
}

func (in Explaining) check() error {
	switch {
	case len(in.Differences) == 0 && in.Kind == "":
		return db.Refuse(db.Invalid, "没有选中差异。请先勾选要说明的行。")
	case !slices.Contains(CountReasons(), in.Reason):
		return db.Refuse(db.Invalid, "请从列表里选一个原因。")
	case in.Reason == ReasonOtherReason && in.Text == "":
		return db.Refuse(db.Invalid, "选了“其他”，请用一句话写明原因。")
	case utf8.RuneCountInString(in.Text) > 150:
		return db.Refuse(db.Invalid, "说明最多 150 个字，请写短一些。")
	}
	return nil
}

func (x Stocktake) explain(ctx context.Context, tx *db.Tx, by identity.Actor, in Explaining) (Explained, error) {
	ids := slices.Clone(in.Differences)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	n, err := tx.Exec(ctx, `UPDATE stocktake_difference SET reason_kind = $4, reason = $5, explained_by = $6, explained_at = $7,
  action = CASE WHEN $8::boolean THEN proposal ELSE '' END
WHERE stocktake_id = $1 AND submission = $2 AND (id = ANY($3::bigint[]) OR ($9::boolean AND kind = $10 AND reason_kind = ''))`,
		x.ID, x.Submission, pq.Array(ids), string(in.Reason), in.Text, by.StaffID, tx.Now, in.Adjust, len(ids) == 0, string(in.Kind))
	if err != nil {
		return Explained{}, fmt.Errorf("explain differences: %w", err)
	}
	if n == 0 || len(ids) > 0 && n != int64(len(ids)) {
		return Explained{}, db.Refuse(db.Conflict, "差异清单刚刚变了。请刷新后重新勾选。")
	}
	if err := x.wantsWords(ctx, tx); err != nil {
		return Explained{}, err
	}
	a := Explained{Explained: int(n)}
	if a.Left, err = x.unexplained(ctx, tx); err != nil {
		return a, err
	}
	a.Sentence = fmt.Sprintf("已写明 %d 处差异的原因，还有 %d 处。", a.Explained, a.Left)
	if a.Left == 0 {
		a.Sentence = fmt.Sprintf("已写明 %d 处差异的原因，全部写完。请另一人审核。", a.Explained)
	}
	if err := x.raise(ctx, tx); err != nil {
		return a, err
	}
	return a, x.audit(ctx, tx, by, "stocktake.explain", fmt.Sprintf("number=%s differences=%d reason=%s adjust=%t", x.Number(), n, in.Reason, in.Adjust))
}

// unexplained counts the differences of the last handing-in without a reason.
func (x Stocktake) unexplained(ctx context.Context, r db.Reader) (n int, err error) {
	err = r.Get(ctx, &n, `SELECT count(*) FROM stocktake_difference WHERE stocktake_id = $1::bigint AND submission = $2::integer AND reason_kind = ''`,
		x.ID, x.Submission)
	if err != nil {
		return 0, fmt.Errorf("count unexplained differences: %w", err)
	}
	return n, nil
}
