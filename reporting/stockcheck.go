package reporting

import (
	"context"
	"fmt"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// StockReport is what a check of the whole stock found.
type StockReport struct {
	Packs, Movements int64  // looked at, up to the first thing that is wrong
	Code             string // of the pack that is wrong, "" when none is
	Problem          string // one Chinese sentence, "" when nothing is wrong
}

// CheckStock makes every pack anew from its movements, and compares what the
// visits handed out with what the ledger says went to patients; then it sums every
// finished day and every session of one anew. It names the first thing that is
// wrong. progress, which may be nil, hears how many of how many packs are done.
func CheckStock(ctx context.Context, d *db.DB, progress func(done, total int64)) (StockReport, error) {
	var total int64
	if err := d.Get(ctx, &total, `SELECT count(*) FROM pack`); err != nil {
		return StockReport{}, fmt.Errorf("count the packs to check: %w", err)
	}
	tell := func(done int64) {
		if progress != nil {
			progress(done, total)
		}
	}
	tell(0)
	check, err := inventory.VerifyStock(ctx, d, tell)
	if err != nil {
		return StockReport{}, err
	}
	r := StockReport{Packs: check.Packs, Movements: check.Movements}
	if x := check.First; x != nil {
		r.Code, r.Problem = x.Code, fmt.Sprintf("追溯码 %s：%s", x.Code, x.Problem)
		if x.MovementID != 0 {
			r.Problem += fmt.Sprintf("（流水 %d）", x.MovementID)
		}
		return r, nil
	}
	if r.Code, r.Problem, err = checkVisitLines(ctx, d); err != nil || r.Problem != "" {
		return r, err
	}
	sums, err := CheckLedger(ctx, d)
	if r.Problem = sums.Problem; err != nil || r.Problem != "" {
		return r, err
	}
	r.Problem, err = CheckClinics(ctx, d)
	return r, err
}

// visitDifference is a pack of a visit whose line and movements disagree.
type visitDifference struct {
	Code   string `db:"code"`
	Visit  string `db:"visit"`
	Line   int64  `db:"line"`
	Ledger int64  `db:"ledger"`
}

// checkVisitLines holds the two accounts of a visit, the lines of session and the
// movements of inventory, against each other.
func checkVisitLines(ctx context.Context, r db.Reader) (code, problem string, err error) {
	var rows []visitDifference
	err = r.Select(ctx, &rows, `SELECT k.code, CAST(COALESCE(l.visit_id, m.visit_id) AS text) AS visit, COALESCE(l.given, 0) AS line, COALESCE(m.given, 0) AS ledger
FROM (SELECT visit_id, pack_id, sum(CASE WHEN undone_at IS NULL THEN quantity ELSE 0 END) AS given FROM visit_line GROUP BY visit_id, pack_id) l
FULL JOIN (SELECT visit_id, pack_id, sum(CASE WHEN kind = 'dispense' THEN quantity ELSE -quantity END) AS given
  FROM movement WHERE visit_id IS NOT NULL AND kind IN ('dispense', 'undo') GROUP BY visit_id, pack_id) m
  ON m.visit_id = l.visit_id AND m.pack_id = l.pack_id
JOIN pack k ON k.id = COALESCE(l.pack_id, m.pack_id)
WHERE COALESCE(l.given, 0) <> COALESCE(m.given, 0) ORDER BY k.id LIMIT 1`)
	if err != nil {
		return "", "", fmt.Errorf("verify the lines of visits: %w", err)
	}
	for _, x := range rows {
		return x.Code, fmt.Sprintf("追溯码 %s：就诊 %s 的明细记着 %d，流水记着 %d", x.Code, x.Visit, x.Line, x.Ledger), nil
	}
	return "", "", nil
}
