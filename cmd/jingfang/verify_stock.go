package main

import (
	"context"
	"fmt"
	"strings"

	"jingfang/session"
	"jingfang/sql/db"
)

// stockCheck is one rule that ties packs, movements and visits together. Its
// query gives the first row that breaks it.
type stockCheck struct {
	what  string
	query string
}

// stockChecks: the ledger is the only source of every figure, so each pack must
// stand where its last movement left it, movements must join without a gap, and
// what visits handed out must be what the ledger says left for patients.
func stockChecks() []stockCheck {
	return []stockCheck{
		{"药盒没有任何流水", `SELECT k.code, k.state AS left_side, '' AS right_side FROM pack k
WHERE NOT EXISTS (SELECT 1 FROM movement m WHERE m.pack_id = k.id) ORDER BY k.id LIMIT 1`},
		{"药盒的状态或余量与最后一条流水不符", `SELECT k.code, k.state || ' ' || k.units_left AS left_side, m.to_state || ' ' || m.units_after AS right_side
FROM pack k JOIN movement m ON m.id = (SELECT max(x.id) FROM movement x WHERE x.pack_id = k.id)
WHERE m.to_state <> k.state OR m.units_after <> k.units_left OR COALESCE(m.to_session_id, 0) <> COALESCE(k.session_id, 0)
ORDER BY k.id LIMIT 1`},
		{"相邻两条流水接不上", `SELECT k.code, x.before_state AS left_side, x.from_state AS right_side FROM (
  SELECT pack_id, id, from_state, COALESCE(lag(to_state) OVER (PARTITION BY pack_id ORDER BY id), '') AS before_state FROM movement) x
JOIN pack k ON k.id = x.pack_id WHERE x.before_state <> x.from_state ORDER BY x.id LIMIT 1`},
		{"发药或撤销的数量与余量对不上", `SELECT k.code, x.kind || ' ' || x.quantity AS left_side, x.before_units || ' → ' || x.units_after AS right_side FROM (
  SELECT pack_id, id, kind, quantity, units_after, lag(units_after) OVER (PARTITION BY pack_id ORDER BY id) AS before_units FROM movement) x
JOIN pack k ON k.id = x.pack_id
WHERE x.before_units IS NOT NULL AND (x.kind = 'dispense' AND x.before_units - x.quantity <> x.units_after
  OR x.kind = 'undo' AND x.before_units + x.quantity <> x.units_after) ORDER BY x.id LIMIT 1`},
		{"就诊明细与流水的数量不符", `SELECT k.code, COALESCE(l.given, 0)::text AS left_side, COALESCE(m.given, 0)::text AS right_side FROM (
  SELECT visit_id, pack_id, sum(CASE WHEN undone_at IS NULL THEN quantity ELSE 0 END) AS given FROM visit_line GROUP BY visit_id, pack_id) l
FULL JOIN (SELECT visit_id, pack_id, sum(CASE WHEN kind = 'dispense' THEN quantity ELSE -quantity END) AS given
  FROM movement WHERE visit_id IS NOT NULL AND kind IN ('dispense', 'undo') GROUP BY visit_id, pack_id) m
  ON m.visit_id = l.visit_id AND m.pack_id = l.pack_id
JOIN pack k ON k.id = COALESCE(l.pack_id, m.pack_id)
WHERE COALESCE(l.given, 0) <> COALESCE(m.given, 0) ORDER BY k.id LIMIT 1`},
	}
}

// stockFinding is the first row that breaks a rule.
type stockFinding struct {
	Code  string `db:"code"`
	Left  string `db:"left_side"`
	Right string `db:"right_side"`
}

// verifyStock gives the first thing that is wrong as a sentence, "" for nothing.
func verifyStock(ctx context.Context, r db.Reader) (string, error) {
	for _, c := range stockChecks() {
		var rows []stockFinding
		if err := r.Select(ctx, &rows, c.query); err != nil {
			return "", fmt.Errorf("verify stock (%s): %w", c.what, err)
		}
		for _, x := range rows {
			return strings.TrimSpace(fmt.Sprintf("追溯码 %s：%s（%s / %s）", x.Code, c.what, x.Left, x.Right)), nil
		}
	}
	return "", nil
}

// runVerifyStock checks packs, movements and visits against each other.
func runVerifyStock(ctx context.Context, p *program, c config) error {
	return reading(ctx, p, c, func(d *db.DB) error {
		var wrong string
		var counts struct {
			Packs     int64 `db:"packs"`
			Movements int64 `db:"movements"`
		}
		err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			if wrong, err = verifyStock(ctx, tx); err != nil {
				return err
			}
			return tx.Get(ctx, &counts, `SELECT (SELECT count(*) FROM pack) AS packs, (SELECT count(*) FROM movement) AS movements`)
		})
		if err != nil {
			return err
		}
		if wrong != "" {
			return p.found(wrong)
		}
		p.say(p.out, "库存一致：%d 盒药，%d 条流水，没有发现差错。", counts.Packs, counts.Movements)
		return nil
	})
}

// verifyDay checks stock and records and says in one sentence that both are
// right; anything wrong is an error. The tour ends with it.
func (a *app) verifyDay(ctx context.Context) (string, error) {
	var wrong string
	err := a.db.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		wrong, err = verifyStock(ctx, tx)
		return err
	})
	if err != nil {
		return "", err
	}
	report, err := session.VerifyRecords(ctx, a.db, 0)
	if err != nil {
		return "", err
	}
	if wrong += report.Problem; wrong != "" {
		return "", db.Refuse(db.Conflict, "%s", wrong)
	}
	return fmt.Sprintf("库存与流水一致，%d 条就诊记录的链完整。", report.Records), nil
}
