package inventory

import (
	"context"
	"fmt"
	"strings"
	"time"

	"jingfang/sql/db"
)

// DisposalState is where a paper (处置单) stands.
type DisposalState string

// The states of a paper. A proposal that nobody confirms in time expires by
// itself; it is then written as expired by whoever proposes next.
const (
	DisposalProposed  DisposalState = "proposed"
	DisposalDone      DisposalState = "done"
	DisposalWithdrawn DisposalState = "withdrawn"
	DisposalExpired   DisposalState = "expired"
)

// Chinese is the state for people.
func (s DisposalState) Chinese() string {
	switch s {
	case DisposalProposed:
		return "等第二人确认"
	case DisposalDone:
		return "已完成"
	case DisposalWithdrawn:
		return "已撤回"
	}
	return "已过期"
}

// keepProposals is how long a proposal waits for its second person.
const keepProposals = 7 * 24 * time.Hour

// Disposal is a paper over a loss, a destruction or a sending back: what one
// person proposed and a second one confirmed.
type Disposal struct {
	ID         int64         `db:"id"`
	Number     string        `db:"number"`
	Act        MovementKind  `db:"act"`
	State      DisposalState `db:"state"`
	Reason     string        `db:"reason"`
	Method     string        `db:"method"`  // how it was destroyed
	Place      string        `db:"place"`   // where, or whom it was sent to
	Witness    string        `db:"witness"` // others who stood by
	Packs      int           `db:"packs"`
	ProposedBy int64         `db:"proposed_by"`
	Proposer   string        `db:"proposer"`
	ProposedAt time.Time     `db:"proposed_at"`
	DecidedBy  *int64        `db:"decided_by"`
	Decider    string        `db:"decider"`
	DecidedAt  *time.Time    `db:"decided_at"`
	Remark     string        `db:"remark"` // why it was withdrawn
}

// Title is what the paper is called: 销毁单, 报失单, 退回药库单.
func (d Disposal) Title() string { return d.Act.Chinese() + "单" }

// At is the paper's state at a moment: a proposal grows old by itself.
func (d Disposal) At(now time.Time) DisposalState {
	if d.State == DisposalProposed && now.Sub(d.ProposedAt) >= keepProposals {
		return DisposalExpired
	}
	return d.State
}

// waits refuses a paper on which nothing is to be decided any more.
func (d Disposal) waits(now time.Time) error {
	switch d.At(now) {
	case DisposalDone:
		return db.Refuse(db.Conflict, "%s %s 已由%s确认，不用再点。", d.Title(), d.Number, d.Decider)
	case DisposalWithdrawn:
		return db.Refuse(db.Conflict, "%s %s 已由%s撤回。药没有动，需要时请重新提出。", d.Title(), d.Number, d.Decider)
	case DisposalExpired:
		return db.Refuse(db.Conflict, "%s %s 超过 7 天没有人确认，已过期。药没有动，需要时请重新提出。", d.Title(), d.Number)
	}
	return nil
}

// confirmedBy refuses the person who may not be the second one.
func (d Disposal) confirmedBy(staffID int64, now time.Time) error {
	if err := d.waits(now); err != nil {
		return err
	}
	if staffID == d.ProposedBy {
		return db.Refuse(db.Conflict, "%s要两个人：您已经提出，请另一位同事从自己的账号确认。", d.Act.Chinese())
	}
	return nil
}

// DisposalPack is a pack on a paper.
type DisposalPack struct {
	PackID    int64      `db:"pack_id"`
	Code      string     `db:"code"`
	Generic   string     `db:"generic_name"`
	Spec      string     `db:"spec"`
	UnitName  string     `db:"unit_name"`
	PackName  string     `db:"pack_name"`
	Batch     string     `db:"batch"`
	ExpiresOn *time.Time `db:"expires_on"`
	From      State      `db:"from_state"` // when it was proposed
	Units     int64      `db:"units"`      // in the box then, smallest units
	Total     int64      `db:"units_total"`
	State     State      `db:"state"` // now
	UnitsLeft int64      `db:"units_left"`
	Returned  bool       `db:"returned"` // a patient had it
	Outcome   string     `db:"outcome"`  // "", done or left_out
}

// DrugName is the drug as people say it.
func (p DisposalPack) DrugName() string { return DrugName(p.Generic, p.Spec) }

// Moved reports a pack that is no longer as it was proposed.
func (p DisposalPack) Moved() bool { return p.State != p.From || p.UnitsLeft != p.Units }

// disposalColumns reads a Disposal from disposalTables.
const disposalColumns = `x.id, x.number, x.act, x.state, x.reason, x.method, x.place, x.witness, x.packs, x.proposed_by, COALESCE(a.name, '') AS proposer,
  x.proposed_at, x.decided_by, COALESCE(b.name, '') AS decider, x.decided_at, x.remark`

const disposalTables = `disposal x LEFT JOIN staff a ON a.id = x.proposed_by LEFT JOIN staff b ON b.id = x.decided_by`

// FindDisposal reads one paper.
func FindDisposal(ctx context.Context, r db.Reader, id int64) (Disposal, error) {
	var d Disposal
	err := r.Get(ctx, &d, `SELECT `+disposalColumns+` FROM `+disposalTables+` WHERE x.id = $1::bigint`, id)
	return d, disposalNotFound(err)
}

// lockDisposal takes a paper before its packs.
func lockDisposal(ctx context.Context, tx *db.Tx, id int64) (Disposal, error) {
	var d Disposal
	err := tx.Get(ctx, &d, `SELECT `+disposalColumns+` FROM `+disposalTables+` WHERE x.id = $1::bigint FOR NO KEY UPDATE OF x`, id)
	return d, disposalNotFound(err)
}

func disposalNotFound(err error) error {
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "没有这张处置单。请从“退药与报损”重新进入。")
	}
	if err != nil {
		return fmt.Errorf("read disposal: %w", err)
	}
	return nil
}

// ListDisposals reads the papers that wait, the oldest first, or the last limit
// ones of all others, the newest first.
func ListDisposals(ctx context.Context, r db.Reader, now time.Time, waiting bool, limit int) ([]Disposal, error) {
	order := `x.id DESC`
	if waiting {
		order = `x.id`
	}
	var list []Disposal
	err := r.Select(ctx, &list, `SELECT `+disposalColumns+` FROM `+disposalTables+`
WHERE (x.state = 'proposed' AND x.proposed_at > $1::timestamptz) = $2::boolean ORDER BY `+order+` LIMIT $3::bigint`,
		now.Add(-keepProposals), waiting, limit)
	if err != nil {
		return nil, fmt.Errorf("list disposals: %w", err)
	}
	return list, nil
}

// DisposalPacks reads the packs of a paper in the order of drug, batch and code.
func DisposalPacks(ctx context.Context, r db.Reader, id int64) ([]DisposalPack, error) {
	var list []DisposalPack
	err := r.Select(ctx, &list, `SELECT l.pack_id, k.code, g.generic_name, g.spec, g.unit_name, g.pack_name, k.batch, k.expires_on, l.from_state, l.units,
  k.units_total, k.state, k.units_left, k.returned, l.outcome
FROM disposal_pack l JOIN pack k ON k.id = l.pack_id JOIN drug g ON g.id = k.drug_id
WHERE l.disposal_id = $1::bigint ORDER BY g.generic_name, g.spec, k.batch, k.code`, id)
	if err != nil {
		return nil, fmt.Errorf("read the packs of a disposal: %w", err)
	}
	return list, nil
}

// disposalPrefix begins the number of a paper of a day: XH20261123-.
func disposalPrefix(act MovementKind, now time.Time) string {
	letters := "TK"
	switch act {
	case MoveDestroy:
		letters = "XH"
	case MoveLose:
		letters = "BS"
	}
	return letters + strings.ReplaceAll(dayText(now), "-", "") + "-"
}
