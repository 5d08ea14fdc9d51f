package inventory

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// StocktakeScope is what a count is about: the shelf of the pharmacy, or the
// trays of a clinic session, and there all drugs or some.
type StocktakeScope struct {
	// Drugs is empty for all.
	Drugs []int64
	// SessionID and SiteID are zero for the pharmacy; Place names the session.
	SessionID, SiteID int64
	Place             string
}

// key is the scope as the index knows it that allows one open count for each.
func (c StocktakeScope) key() string {
	if c.SessionID != 0 {
		return fmt.Sprintf("session:%d", c.SessionID)
	}
	return "store"
}

// StartingCount begins a count of the pharmacy.
type StartingCount struct {
	CommandID uuid.UUID
	// Drugs is empty for all drugs.
	Drugs []int64
}

// StartedCount is a count that has begun. It says nothing of what is expected.
type StartedCount struct {
	ID       int64  `json:"id"`
	Number   string `json:"number"`
	Sentence string `json:"sentence"`
}

// CountRunning is the cause of the Conflict when the scope is being counted
// already: pages lead to that count.
type CountRunning struct{ ID int64 }

// Error names the count, for the log.
func (e *CountRunning) Error() string { return fmt.Sprintf("stocktake %d is open", e.ID) }

// StartStocktake begins a count of the pharmacy, of all drugs or some. A count
// that is open already is a Conflict with a [CountRunning].
func (s *Service) StartStocktake(ctx context.Context, by identity.Actor, in StartingCount) (StartedCount, error) {
	if err := identity.Allow(ctx, s.db, by, identity.CountStock, 0); err != nil {
		return StartedCount{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "start_stocktake", Request: in}
	var started StartedCount
	err := rerun(func() (err error) {
		started, _, err = identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (StartedCount, error) {
			return BeginStocktake(ctx, tx, by, StocktakeScope{Drugs: in.Drugs})
		})
		return err
	})
	return started, err
}

// BeginStocktake opens a count and takes down what should be there, in this
// transaction. Whoever calls it for a session holds that session's row. When the
// scope got another open count meanwhile it fails as unique(stocktake_open_uq).
func BeginStocktake(ctx context.Context, tx *db.Tx, by identity.Actor, c StocktakeScope) (StartedCount, error) {
	if err := refuseRunning(ctx, tx, c); err != nil {
		return StartedCount{}, err
	}
	if err := checkDrugs(ctx, tx, c.Drugs); err != nil {
		return StartedCount{}, err
	}
	x := Stocktake{StartedAt: tx.Now, SessionID: pointerTo(c.SessionID), SiteID: pointerTo(c.SiteID), Place: clip(c.Place, 100), AllDrugs: len(c.Drugs) == 0}
	err := tx.Get(ctx, &x.ID, `INSERT INTO stocktake (scope_key, session_id, site_id, place, all_drugs, started_by, started_at)
VALUES ($1, $2::bigint, $3::bigint, $4, $5, $6, $7) RETURNING id`, c.key(), x.SessionID, x.SiteID, x.Place, x.AllDrugs, by.StaffID, tx.Now)
	if err != nil {
		return StartedCount{}, fmt.Errorf("insert stocktake: %w", err)
	}
	if err := x.takeDown(ctx, tx, c.Drugs); err != nil {
		return StartedCount{}, err
	}
	started := StartedCount{ID: x.ID, Number: x.Number(), Sentence: fmt.Sprintf("盘点 %s 已开始：%s。扫药盒，或按数填。", x.Number(), x.Scope())}
	return started, x.audit(ctx, tx, by, "stocktake.start", fmt.Sprintf("scope=%s drugs=%d", c.key(), len(c.Drugs)))
}

func pointerTo(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

// refuseRunning names the count that is open for the scope.
func refuseRunning(ctx context.Context, tx *db.Tx, c StocktakeScope) error {
	var open Stocktake
	err := tx.Get(ctx, &open, `SELECT `+stocktakeColumns+` FROM `+stocktakeTables+`
WHERE t.scope_key = $1::text AND t.state IN ('counting', 'submitted')`, c.key())
	if db.IsNoRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for an open stocktake: %w", err)
	}
	return db.RefuseBecause(&CountRunning{open.ID}, db.Conflict, "%s已经在盘点：%s 由%s于 %s 开始，%s。请进入那一次，不用另起。",
		open.Scope(), open.Number(), open.Starter, open.StartedAt.In(shanghai()).Format("1月2日 15:04"), open.State.Chinese())
}

// checkDrugs refuses a drug that the dictionary does not know.
func checkDrugs(ctx context.Context, tx *db.Tx, drugs []int64) error {
	if len(drugs) == 0 {
		return nil
	}
	var ids []int64
	if err := tx.Select(ctx, &ids, `SELECT id FROM drug WHERE id = ANY($1::bigint[])`, pq.Array(drugs)); err != nil {
		return fmt.Errorf("read drugs: %w", err)
	}
	known := map[int64]bool{}
	for _, id := range ids {
		known[id] = true
	}
	for _, id := range drugs {
		if !known[id] {
			return db.Refuse(db.Invalid, "要盘的药品里有目录没有的一种。请刷新页面后重新选择。")
		}
	}
	return nil
}

// takeDown writes what lies in the scope now, one statement for all packs: state,
// remainder and last movement of each are of one moment.
func (x Stocktake) takeDown(ctx context.Context, tx *db.Tx, drugs []int64) error {
	if len(drugs) > 0 {
		_, err := tx.Exec(ctx, `INSERT INTO stocktake_drug (stocktake_id, drug_id) SELECT DISTINCT $1::bigint, n.id FROM (SELECT unnest($2::bigint[]) AS id) n`,
			x.ID, pq.Array(drugs))
		if err != nil {
			return fmt.Errorf("insert the drugs of a stocktake: %w", err)
		}
	}
	var err error
	if x.SessionID == nil {
		_, err = tx.Exec(ctx, `INSERT INTO stocktake_line (stocktake_id, pack_id, drug_id, units_left, movement_id)
SELECT $1::bigint, k.id, k.drug_id, k.units_left, COALESCE((SELECT max(m.id) FROM movement m WHERE m.pack_id = k.id), 0)
FROM pack k WHERE k.state = 'in_store' AND ($2::boolean OR k.drug_id = ANY($3::bigint[]))`, x.ID, x.AllDrugs, pq.Array(drugs))
	} else {
		_, err = tx.Exec(ctx, `INSERT INTO stocktake_line (stocktake_id, pack_id, drug_id, units_left, movement_id)
SELECT $1::bigint, k.id, k.drug_id, k.units_left, COALESCE((SELECT max(m.id) FROM movement m WHERE m.pack_id = k.id), 0)
FROM pack k WHERE k.state = 'allocated' AND k.session_id = $2::bigint`, x.ID, *x.SessionID)
	}
	if err != nil {
		return fmt.Errorf("take down what should be there: %w", err)
	}
	return nil
}
