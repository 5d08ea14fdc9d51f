package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// CountResult is what a handed-in count came to.
type CountResult struct {
	Stocktake
	// Counters are the names of all who scanned or typed, CounterIDs their ids.
	Counters   []string
	CounterIDs []int64
	Lines      []CountLine
	// Differences are at most as many as were asked for; Totals counts all.
	Differences []CountDifference
	Totals      []CountTotal
	// Unexplained is how many have no reason yet.
	Unexplained int
}

// CountLine is one drug of a result, in full packs and loose units. Booked is what
// the books say after everything that moved while it was counted.
type CountLine struct {
	DrugID      int64    `db:"drug_id"`
	GenericName string   `db:"generic_name"`
	Spec        string   `db:"spec"`
	UnitName    string   `db:"unit_name"`
	PackName    string   `db:"pack_name"`
	Way         CountWay `db:"counted_how"`
	BookedPacks int64    `db:"booked_packs"`
	BookedLoose int64    `db:"booked_loose"`
	FoundPacks  int64    `db:"found_packs"`
	FoundLoose  int64    `db:"found_loose"`
	// Moved is the boxes that moved while it was counted.
	Moved int64 `db:"moved_packs"`
}

// DrugName is the drug as people say it.
func (l CountLine) DrugName() string { return DrugName(l.GenericName, l.Spec) }

// Equal tells whether the count and the books agree; an uncounted drug says
// nothing.
func (l CountLine) Equal() bool {
	return l.Way == WayUncounted || l.BookedPacks == l.FoundPacks && l.BookedLoose == l.FoundLoose
}

// CountDifference is one difference by name, with who had the pack last.
type CountDifference struct {
	ID          int64               `db:"id"`
	Kind        CountDifferenceKind `db:"kind"`
	Code        string              `db:"code"`
	DrugID      *int64              `db:"drug_id"`
	GenericName string              `db:"generic_name"`
	Spec        string              `db:"spec"`
	UnitName    string              `db:"unit_name"`
	PackName    string              `db:"pack_name"`
	Batch       string              `db:"batch"`
	State       State               `db:"state"` // of the pack when the count was handed in
	Booked      int64               `db:"booked"`
	Counted     int64               `db:"counted"`
	Proposal    MovementKind        `db:"proposal"`
	Action      MovementKind        `db:"action"`
	Reason      CountReason         `db:"reason_kind"`
	Text        string              `db:"reason"`
	Explainer   string              `db:"explainer"`
	Outcome     string              `db:"outcome"` // "", adjusted, recorded, dropped
	// LastAt, LastKind and LastBy are the pack's last movement before the
	// handing-in; empty where no pack is known.
	LastAt   *time.Time   `db:"last_at"`
	LastKind MovementKind `db:"last_kind"`
	LastBy   string       `db:"last_by"`
	// SeenBy scanned it in this count; empty when nobody did.
	SeenBy string     `db:"seen_by"`
	SeenAt *time.Time `db:"seen_at"`
}

// DrugName is the drug as people say it; empty where none is known.
func (d CountDifference) DrugName() string { return DrugName(d.GenericName, d.Spec) }

// CountTotal is how many differences of a kind there are.
type CountTotal struct {
	Kind        CountDifferenceKind `db:"kind"`
	All         int                 `db:"all_rows"`
	Unexplained int                 `db:"unexplained"`
}

// ReadCountResult reads the last handing-in of a count with at most limit of its
// differences; zero means all. A count that was never handed in is a Conflict:
// until then nobody sees what is expected. So is one that is being counted again.
func ReadCountResult(ctx context.Context, r db.Reader, x Stocktake, limit int) (CountResult, error) {
	if x.State == CountOpen || x.Submission == 0 {
		return CountResult{}, db.Refuse(db.Conflict, "盘点 %s 没有提交的结果。提交以后才看得到差异。", x.Number())
	}
	res := CountResult{Stocktake: x}
	err := r.Select(ctx, &res.Lines, `SELECT s.drug_id, d.generic_name, d.spec, d.unit_name, d.pack_name, s.counted_how, s.booked_packs, s.booked_loose, s.found_packs,
  s.found_loose, s.moved_packs
FROM stocktake_result s JOIN drug d ON d.id = s.drug_id WHERE s.stocktake_id = $1::bigint AND s.submission = $2::integer
ORDER BY d.generic_name, d.spec, d.id`, x.ID, x.Submission)
	if err != nil {
		return res, fmt.Errorf("read stocktake results: %w", err)
	}
	if res.Differences, err = readCountDifferences(ctx, r, x, limit); err != nil {
		return res, err
	}
	err = r.Select(ctx, &res.Totals, `SELECT kind, count(*) AS all_rows, sum(CASE WHEN reason_kind = '' THEN 1 ELSE 0 END) AS unexplained
FROM stocktake_difference WHERE stocktake_id = $1::bigint AND submission = $2::integer GROUP BY kind ORDER BY kind`, x.ID, x.Submission)
	if err != nil {
		return res, fmt.Errorf("count stocktake differences: %w", err)
	}
	for _, n := range res.Totals {
		res.Unexplained += n.Unexplained
	}
	var people []struct {
		ID   int64  `db:"id"`
		Name string `db:"name"`
	}
	err = r.Select(ctx, &people, `SELECT f.id, f.name FROM staff f WHERE f.id IN (SELECT staff_id FROM stocktake_seen WHERE stocktake_id = $1::bigint
  UNION SELECT staff_id FROM stocktake_number WHERE stocktake_id = $1::bigint) ORDER BY f.name, f.id`, x.ID)
	if err != nil {
		return res, fmt.Errorf("read counters: %w", err)
	}
	for _, p := range people {
		res.Counters, res.CounterIDs = append(res.Counters, p.Name), append(res.CounterIDs, p.ID)
	}
	return res, nil
}

// readCountDifferences reads differences by name: those without a reason first,
// then by kind and drug.
func readCountDifferences(ctx context.Context, r db.Reader, x Stocktake, limit int) ([]CountDifference, error) {
	if limit <= 0 {
		limit = 1_000_000
	}
	var list []CountDifference
	err := r.Select(ctx, &list, `SELECT d.id, d.kind, d.code, d.drug_id, COALESCE(g.generic_name, '') AS generic_name, COALESCE(g.spec, '') AS spec,
  COALESCE(g.unit_name, '') AS unit_name, COALESCE(g.pack_name, '') AS pack_name, COALESCE(k.batch, '') AS batch, d.state, d.booked, d.counted, d.proposal, d.action,
  d.reason_kind, d.reason, COALESCE(e.name, '') AS explainer, d.outcome, m.at AS last_at, COALESCE(m.kind, '') AS last_kind, COALESCE(b.name, '') AS last_by
FROM stocktake_difference d LEFT JOIN drug g ON g.id = d.drug_id LEFT JOIN pack k ON k.id = d.pack_id
LEFT JOIN movement m ON m.id = d.movement_id LEFT JOIN staff b ON b.id = m.staff_id LEFT JOIN staff e ON e.id = d.explained_by
WHERE d.stocktake_id = $1::bigint AND d.submission = $2::integer
ORDER BY CASE WHEN d.reason_kind = '' THEN 0 ELSE 1 END, d.kind DESC, g.generic_name, g.spec, d.code, d.id LIMIT $3::integer`, x.ID, x.Submission, limit)
	if err != nil {
		return nil, fmt.Errorf("read stocktake differences: %w", err)
	}
	return list, nameSeen(ctx, r, x.ID, list)
}

// nameSeen fills in who scanned a code in this count.
func nameSeen(ctx context.Context, r db.Reader, id int64, list []CountDifference) error {
	var codes []string
	for _, d := range list {
		if d.Kind == DifferExtra || d.Kind == DifferUnits {
			codes = append(codes, d.Code)
		}
	}
	if len(codes) == 0 {
		return nil
	}
	var rows []standing
	err := r.Select(ctx, &rows, `SELECT s.id, s.code, s.staff_id, f.name, s.at FROM stocktake_seen s JOIN staff f ON f.id = s.staff_id
WHERE s.stocktake_id = $1::bigint AND s.code = ANY($2::text[]) AND s.ended_at IS NULL`, id, pq.Array(codes))
	if err != nil {
		return fmt.Errorf("read who scanned differences: %w", err)
	}
	by := make(map[string]*standing, len(rows))
	for i := range rows {
		by[rows[i].Code] = &rows[i]
	}
	for i := range list {
		if s := by[list[i].Code]; s != nil {
			list[i].SeenBy, list[i].SeenAt = s.Name, &s.At
		}
	}
	return nil
}
