package inventory

import (
	"context"
	"fmt"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// StocktakeState is how far a count (盘点) has come.
type StocktakeState string

// The states of a count. An abandoned one changes nothing and enters no total.
const (
	CountOpen      StocktakeState = "counting"
	CountSubmitted StocktakeState = "submitted" // differences are named, approval is waited for
	CountApproved  StocktakeState = "approved"
	CountAbandoned StocktakeState = "abandoned"
)

// Chinese is the state's name for people.
func (s StocktakeState) Chinese() string {
	switch s {
	case CountOpen:
		return "盘点中"
	case CountSubmitted:
		return "待审核"
	case CountApproved:
		return "已审核"
	case CountAbandoned:
		return "已作废"
	}
	return string(s)
}

// Stocktake is one count of the pharmacy or of the trays of a clinic session.
type Stocktake struct {
	ID int64 `db:"id"`
	// SessionID is nil for the pharmacy; Place is the session's site and day.
	SessionID *int64 `db:"session_id"`
	SiteID    *int64 `db:"site_id"`
	Place     string `db:"place"`
	// AllDrugs is false for a count of some drugs.
	AllDrugs bool           `db:"all_drugs"`
	State    StocktakeState `db:"state"`
	// Submission counts how often it was handed in.
	Submission int `db:"submission"`
	// Version is raised by everything that counters see.
	Version     int64      `db:"version"`
	StartedBy   int64      `db:"started_by"`
	Starter     string     `db:"starter"`
	StartedAt   time.Time  `db:"started_at"`
	SubmittedBy *int64     `db:"submitted_by"`
	Submitter   string     `db:"submitter"`
	SubmittedAt *time.Time `db:"submitted_at"`
	DecidedBy   *int64     `db:"decided_by"`
	Decider     string     `db:"decider"`
	DecidedAt   *time.Time `db:"decided_at"`
	Remark      string     `db:"remark"`
}

// Number is the count's number on paper: the day it began and its row.
func (x Stocktake) Number() string {
	return fmt.Sprintf("PD%s-%d", x.StartedAt.In(shanghai()).Format("20060102"), x.ID)
}

// Scope names what is counted.
func (x Stocktake) Scope() string {
	switch {
	case x.SessionID != nil:
		return x.Place + " 药箱"
	case x.AllDrugs:
		return "药房全部药品"
	}
	return "药房部分药品"
}

// site is the site for permissions; zero for the pharmacy, which is one for all.
func (x Stocktake) site() int64 { return valueOf(x.SiteID) }

// session is the clinic session whose trays are counted, or zero.
func (x Stocktake) session() int64 { return valueOf(x.SessionID) }

// here tells whether a pack in this state and session lies in the scope.
func (x Stocktake) here(state State, session int64) bool {
	if x.SessionID == nil {
		return state == StateInStore
	}
	return state == StateAllocated && session == *x.SessionID
}

// stocktakeColumns reads a Stocktake from stocktakeTables.
const stocktakeColumns = `t.id, t.session_id, t.site_id, t.place, t.all_drugs, t.state, t.submission, t.version, t.started_by, a.name AS starter,
  t.started_at, t.submitted_by, COALESCE(b.name, '') AS submitter, t.submitted_at, t.decided_by, COALESCE(c.name, '') AS decider, t.decided_at, t.remark`

const stocktakeTables = `stocktake t JOIN staff a ON a.id = t.started_by LEFT JOIN staff b ON b.id = t.submitted_by LEFT JOIN staff c ON c.id = t.decided_by`

// FindStocktake reads one count.
func FindStocktake(ctx context.Context, r db.Reader, id int64) (Stocktake, error) {
	var x Stocktake
	err := r.Get(ctx, &x, `SELECT `+stocktakeColumns+` FROM `+stocktakeTables+` WHERE t.id = $1::bigint`, id)
	if db.IsNoRows(err) {
		return x, noStocktake()
	}
	if err != nil {
		return x, fmt.Errorf("read stocktake: %w", err)
	}
	return x, nil
}

func noStocktake() error {
	return db.Refuse(db.NotFound, "没有这次盘点。请从盘点列表重新进入。")
}

// ListStocktakes reads the open counts, then the last others, newest first.
func ListStocktakes(ctx context.Context, r db.Reader, limit int) (open, done []Stocktake, err error) {
	err = r.Select(ctx, &open, `SELECT `+stocktakeColumns+` FROM `+stocktakeTables+` WHERE t.state IN ('counting', 'submitted') ORDER BY t.id DESC`)
	if err != nil {
		return nil, nil, fmt.Errorf("list open stocktakes: %w", err)
	}
	err = r.Select(ctx, &done, `SELECT `+stocktakeColumns+` FROM `+stocktakeTables+`
WHERE t.state IN ('approved', 'abandoned') ORDER BY t.id DESC LIMIT $1::integer`, limit)
	if err != nil {
		return nil, nil, fmt.Errorf("list stocktakes: %w", err)
	}
	return open, done, nil
}

// mayCount finds the count and asks for a permission at its site.
func (s *Service) mayCount(ctx context.Context, by identity.Actor, p identity.Permission, id int64) error {
	x, err := FindStocktake(ctx, s.db, id)
	if err != nil {
		return err
	}
	return identity.Allow(ctx, s.db, by, p, x.site())
}

// lockStocktake takes the count's row, before any pack, in one of the states. All
// that is written to a count is written under it: a scan and the handing-in, or
// two approvals, come one after the other.
func lockStocktake(ctx context.Context, tx *db.Tx, id int64, allowed ...StocktakeState) (Stocktake, error) {
	var x Stocktake
	err := tx.Get(ctx, &x, `SELECT `+stocktakeColumns+` FROM `+stocktakeTables+` WHERE t.id = $1::bigint FOR NO KEY UPDATE OF t`, id)
	if db.IsNoRows(err) {
		return x, noStocktake()
	}
	if err != nil {
		return x, fmt.Errorf("lock stocktake: %w", err)
	}
	for _, s := range allowed {
		if x.State == s {
			return x, nil
		}
	}
	return x, x.wrongState()
}

// wrongState says why a step cannot be done now, and where to go.
func (x Stocktake) wrongState() error {
	switch x.State {
	case CountOpen:
		return db.Refuse(db.Conflict, "盘点 %s 还在清点，没有提交。请先提交。", x.Number())
	case CountSubmitted:
		return db.Refuse(db.Conflict, "盘点 %s 已由%s提交，不能再扫。要继续清点，请在结果页退回或重盘。", x.Number(), x.Submitter)
	case CountApproved:
		return db.Refuse(db.Conflict, "盘点 %s 已由%s审核，不再改动。请看结果，或另起一次盘点。", x.Number(), x.Decider)
	}
	return db.Refuse(db.Conflict, "盘点 %s 已作废，没有改动任何库存。请另起一次盘点。", x.Number())
}

// raise tells every counter's screen that there is something new.
func (x Stocktake) raise(ctx context.Context, tx *db.Tx) error {
	if err := tx.ExecOne(ctx, `UPDATE stocktake SET version = version + 1 WHERE id = $1`, x.ID); err != nil {
		return fmt.Errorf("raise stocktake: %w", err)
	}
	return nil
}

// audit writes an act upon the count.
func (x Stocktake) audit(ctx context.Context, tx *db.Tx, by identity.Actor, name, detail string) error {
	return identity.Audit(ctx, tx, by, identity.Event{Name: name, ObjectKind: "stocktake", ObjectID: fmt.Sprint(x.ID),
		SiteID: x.site(), SessionID: x.session(), Detail: detail})
}
