package main

import (
	"context"
	"fmt"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// stockReport is the result of verifyStock.
type stockReport struct {
	packs, movements int64
	problem          string // the first thing that is wrong, "" for nothing
}

// verifyStock makes every pack anew from its movements and compares what the
// visits handed out with what the ledger says went to patients.
func verifyStock(ctx context.Context, d *db.DB) (stockReport, error) {
	check, err := inventory.VerifyStock(ctx, d, nil)
	if err != nil {
		return stockReport{}, err
	}
	r := stockReport{packs: check.Packs, movements: check.Movements}
	if x := check.First; x != nil {
		r.problem = fmt.Sprintf("追溯码 %s：%s", x.Code, x.Problem)
		if x.MovementID != 0 {
			r.problem += fmt.Sprintf("（流水 %d）", x.MovementID)
		}
		return r, nil
	}
	r.problem, err = verifyVisitLines(ctx, d)
	return r, err
}

// visitDifference is a pack of a visit whose line and movements disagree.
type visitDifference struct {
	Code   string `db:"code"`
	Visit  string `db:"visit"`
	Line   int64  `db:"line"`
	Ledger int64  `db:"ledger"`
}

// verifyVisitLines holds the two accounts of a visit, the lines of session and
// the movements of inventory, against each other. It is here because it needs
// the tables of both.
func verifyVisitLines(ctx context.Context, r db.Reader) (string, error) {
	var rows []visitDifference
	err := r.Select(ctx, &rows, `SELECT k.code, CAST(COALESCE(l.visit_id, m.visit_id) AS text) AS visit, COALESCE(l.given, 0) AS line, COALESCE(m.given, 0) AS ledger
FROM (SELECT visit_id, pack_id, sum(CASE WHEN undone_at IS NULL THEN quantity ELSE 0 END) AS given FROM visit_line GROUP BY visit_id, pack_id) l
FULL JOIN (SELECT visit_id, pack_id, sum(CASE WHEN kind = 'dispense' THEN quantity ELSE -quantity END) AS given
  FROM movement WHERE visit_id IS NOT NULL AND kind IN ('dispense', 'undo') GROUP BY visit_id, pack_id) m
  ON m.visit_id = l.visit_id AND m.pack_id = l.pack_id
JOIN pack k ON k.id = COALESCE(l.pack_id, m.pack_id)
WHERE COALESCE(l.given, 0) <> COALESCE(m.given, 0) ORDER BY k.id LIMIT 1`)
	if err != nil {
		return "", fmt.Errorf("verify the lines of visits: %w", err)
	}
	for _, x := range rows {
		return fmt.Sprintf("追溯码 %s：就诊 %s 的明细记着 %d，流水记着 %d", x.Code, x.Visit, x.Line, x.Ledger), nil
	}
	return "", nil
}

// runVerifyStock checks packs, movements and visits against each other.
func runVerifyStock(ctx context.Context, p *program, c config) error {
	return reading(ctx, p, c, func(d *db.DB) error {
		report, err := verifyStock(ctx, d)
		if err != nil {
			return err
		}
		if report.problem != "" {
			return p.found(report.problem)
		}
		p.say(p.out, "库存一致：%d 盒药，%d 条流水，没有发现差错。", report.packs, report.movements)
		return nil
	})
}

// verifyDay checks stock and records and says in one sentence that both are
// right; anything wrong is an error. The tour ends with it.
func (a *app) verifyDay(ctx context.Context) (string, error) {
	stock, err := verifyStock(ctx, a.db)
	if err != nil {
		return "", err
	}
	records, err := session.VerifyRecords(ctx, a.db, 0)
	if err != nil {
		return "", err
	}
	if wrong := stock.problem + records.Problem; wrong != "" {
		return "", db.Refuse(db.Conflict, "%s", wrong)
	}
	return fmt.Sprintf("%d 盒药与 %d 条流水一致，%d 条就诊记录的链完整。", stock.packs, stock.movements, records.Records), nil
}
