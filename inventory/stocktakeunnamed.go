package inventory

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// Unnamed tells of a difference of which nobody knows the boxes: a drug of the
// pharmacy was counted by number, and the number is not that of the books. It
// cannot become movements, for a movement names its box. So the drug is scanned box
// by box; a count that is approved without that says why, and the difference stays
// in sight until a later count has settled it. The trays of a session are settled by
// its closing, which wants every code.
func (d CountDifference) Unnamed() bool { return unnamed(d.Kind, d.Code) }

func unnamed(kind CountDifferenceKind, code string) bool {
	return code == "" && (kind == DifferNumber || kind == DifferLoose)
}

// unnamedBefore reads what unnamed differences an earlier handing-in of this count
// had for each drug: the last number against the books of that moment.
func (x Stocktake) unnamedBefore(ctx context.Context, r db.Reader) (map[int64][]countDifference, error) {
	if x.SessionID != nil || x.Submission == 0 {
		return nil, nil
	}
	var rows []struct {
		DrugID  int64               `db:"drug_id"`
		Kind    CountDifferenceKind `db:"kind"`
		Booked  int64               `db:"booked"`
		Counted int64               `db:"counted"`
	}
	err := r.Select(ctx, &rows, `SELECT DISTINCT ON (drug_id, kind) drug_id, kind, booked, counted FROM stocktake_difference
WHERE stocktake_id = $1::bigint AND code = '' AND kind IN ('number', 'loose') ORDER BY drug_id, kind, id DESC`, x.ID)
	if err != nil {
		return nil, fmt.Errorf("read numbers that differed before: %w", err)
	}
	before := map[int64][]countDifference{}
	for _, d := range rows {
		before[d.DrugID] = append(before[d.DrugID], countDifference{kind: d.Kind, drugID: d.DrugID, booked: d.Booked, counted: d.Counted})
	}
	return before, nil
}

// keepUnnamed writes a number that differed before down again where the drug has
// not been counted since: leaving a drug out does not make a difference go away.
func (j *judgement) keepUnnamed(drugs []*judgedDrug, before map[int64][]countDifference) {
	for _, d := range drugs {
		if d.Way != WayUncounted {
			continue
		}
		for _, was := range before[d.DrugID] {
			more := was.counted - was.booked
			was.booked = d.BookedPacks
			if was.kind == DifferLoose {
				was.booked = d.BookedLoose
			}
			was.counted = max(was.booked+more, 0)
			j.differ(was)
		}
	}
}

// unnamed counts the drugs of the pharmacy with an unnamed difference.
func (j *judgement) unnamed() int {
	drugs := map[int64]bool{}
	for _, d := range j.found {
		if j.x.SessionID == nil && unnamed(d.kind, d.code()) {
			drugs[d.drugID] = true
		}
	}
	return len(drugs)
}

// code is the box that differs; "" where it is a drug's number.
func (d countDifference) code() string {
	if d.row == nil {
		return ""
	}
	return d.row.Code
}

// mayBeNumber refuses a second number for a drug whose first one differed, but for
// one that only confirms the boxes that were scanned: none at all is such a number.
func (x Stocktake) mayBeNumber(ctx context.Context, r db.Reader, d Drug, packs int64) error {
	before, err := x.unnamedBefore(ctx, r)
	if err != nil || len(before[d.ID]) == 0 {
		return err
	}
	var scanned int64
	err = r.Get(ctx, &scanned, `SELECT count(*) FROM stocktake_seen WHERE stocktake_id = $1::bigint AND drug_id = $2::bigint AND in_scope AND ended_at IS NULL`, x.ID, d.ID)
	if err != nil {
		return fmt.Errorf("count scanned boxes of a drug: %w", err)
	}
	if packs > scanned {
		return db.Refuse(db.Conflict, "%s 按数和账不符，再按数也查不出是哪几盒。请把它逐盒扫一遍；拆开的盒扫码后填剩余数量。", d.Name())
	}
	return nil
}

// wantsWords refuses to explain unnamed differences by a ready-made reason alone.
func (x Stocktake) wantsWords(ctx context.Context, r db.Reader) error {
	if x.SessionID != nil {
		return nil
	}
	var left int
	err := r.Get(ctx, &left, `SELECT count(*) FROM stocktake_difference
WHERE stocktake_id = $1::bigint AND submission = $2::integer AND code = '' AND kind IN ('number', 'loose') AND reason_kind <> '' AND reason = ''`, x.ID, x.Submission)
	if err != nil {
		return fmt.Errorf("look for numbers without words: %w", err)
	}
	if left > 0 {
		return db.Refuse(db.Invalid, "按数的差异查不出是哪几盒，不能调账。请点“重盘”，把这种药逐盒扫一遍；今天盘不了，请在说明里写一句为什么。")
	}
	return nil
}

// unnamedNow counts the drugs of a handing-in with an unnamed difference.
func (x Stocktake) unnamedNow(ctx context.Context, r db.Reader) (n int, err error) {
	if x.SessionID != nil {
		return 0, nil
	}
	err = r.Get(ctx, &n, `SELECT count(DISTINCT drug_id) FROM stocktake_difference
WHERE stocktake_id = $1::bigint AND submission = $2::integer AND code = '' AND kind IN ('number', 'loose')`, x.ID, x.Submission)
	if err != nil {
		return 0, fmt.Errorf("count numbers that differ: %w", err)
	}
	return n, nil
}

// OpenDifference is a number by which the shelf of the pharmacy differed from the
// books in the last count of a drug, and which no later count has settled: until
// then the books say something else than the boxes.
type OpenDifference struct {
	StocktakeID int64               `db:"id"`
	StartedAt   time.Time           `db:"started_at"`
	DecidedAt   time.Time           `db:"decided_at"`
	DrugID      int64               `db:"drug_id"`
	GenericName string              `db:"generic_name"`
	Spec        string              `db:"spec"`
	UnitName    string              `db:"unit_name"`
	PackName    string              `db:"pack_name"`
	Kind        CountDifferenceKind `db:"kind"` // number, in full packs; loose, in smallest units
	Booked      int64               `db:"booked"`
	Counted     int64               `db:"counted"`
	Why         string              `db:"reason"`
}

// Sentence names the difference and what to do about it.
func (d OpenDifference) Sentence() string {
	word := d.PackName
	if d.Kind == DifferLoose {
		word = d.UnitName
	}
	more, n := "多", d.Counted-d.Booked
	if n < 0 {
		more, n = "少", -n
	}
	x := Stocktake{ID: d.StocktakeID, StartedAt: d.StartedAt}
	return fmt.Sprintf("%s：%s 盘点 %s 按数%s %d %s，还没有逐盒查清（%s）。请再盘一次，把这种药逐盒扫一遍。", DrugName(d.GenericName, d.Spec),
		d.DecidedAt.In(shanghai()).Format("2006-01-02"), x.Number(), more, n, word, d.Why)
}

// OpenDifferences lists what approved counts of the pharmacy left unsettled, by
// drug; zero is all drugs. A later approved count settles a drug by counting it,
// box by box or by a number that is right.
func OpenDifferences(ctx context.Context, r db.Reader, drugID int64) ([]OpenDifference, error) {
	var list []OpenDifference
	err := r.Select(ctx, &list, `SELECT t.id, t.started_at, t.decided_at, d.drug_id, g.generic_name, g.spec, g.unit_name, g.pack_name, d.kind, d.booked, d.counted, d.reason
FROM stocktake_difference d JOIN stocktake t ON t.id = d.stocktake_id AND t.submission = d.submission JOIN drug g ON g.id = d.drug_id
WHERE d.code = '' AND d.kind IN ('number', 'loose') AND t.state = 'approved' AND t.session_id IS NULL AND ($1::bigint = 0 OR d.drug_id = $1::bigint)
  AND NOT EXISTS (SELECT 1 FROM stocktake n JOIN stocktake_result c ON c.stocktake_id = n.id AND c.submission = n.submission
    WHERE n.id > t.id AND n.state = 'approved' AND n.session_id IS NULL AND c.drug_id = d.drug_id
      AND (c.counted_how <> 'uncounted' OR EXISTS (SELECT 1 FROM stocktake_difference e WHERE e.stocktake_id = n.id AND e.submission = n.submission AND e.drug_id = d.drug_id AND e.code = '')))
ORDER BY g.generic_name, g.spec, d.drug_id, d.kind DESC`, drugID)
	if err != nil {
		return nil, fmt.Errorf("read unsettled differences: %w", err)
	}
	return list, nil
}
