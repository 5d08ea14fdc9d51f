package reporting

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// LedgerQuestion says which ledger is asked for.
type LedgerQuestion struct {
	Scope
	// From and To are the first and the last day, as midnight UTC; the period runs
	// from midnight to midnight in Asia/Shanghai.
	From, To time.Time
	// DrugID narrows it to one drug, Batch to one batch; 0 and "" are all.
	DrugID int64
	Batch  string
	// ByBatch makes a line of each batch.
	ByBatch bool
}

// Begin is the first moment of the period.
func (q LedgerQuestion) Begin() time.Time { return midnight(q.From) }

// End is the first moment after the period.
func (q LedgerQuestion) End() time.Time { return midnight(q.To).AddDate(0, 0, 1) }

// midnight is the beginning of a clinic day, which is given as midnight UTC.
func midnight(day time.Time) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, session.Zone())
}

// Check refuses what no ledger can answer, with a sentence that says what to do.
// today is the clinic date, as midnight UTC.
func (q LedgerQuestion) Check(today time.Time) error {
	switch {
	case q.From.Year() < 2000 || q.To.Year() < 2000:
		return db.Refuse(db.Invalid, "日期太早，那时还没有账。请填 2000 年以后的日期。")
	case q.From.After(today):
		return db.Refuse(db.Invalid, "这段日期还没有到，没有流水可查。请选今天或更早的日期。")
	case q.To.Before(q.From):
		return db.Refuse(db.Invalid, "结束日期早于开始日期。请对调后再查。")
	case q.To.After(today.AddDate(1, 0, 0)):
		return db.Refuse(db.Invalid, "结束日期太远。请选今天或更早的日期。")
	}
	return nil
}

// Ledger is the in and out of a period, read at one moment.
type Ledger struct {
	Question LedgerQuestion
	At       time.Time
	Lines    []LedgerLine
	// Open is what counts of the pharmacy found by number and nobody has settled:
	// movements and packs agree, the shelf does not.
	Open []inventory.OpenDifference
}

// Wrong lists the lines that do not balance.
func (l Ledger) Wrong() []LedgerLine {
	var list []LedgerLine
	for _, x := range l.Lines {
		if !x.Right() {
			list = append(list, x)
		}
	}
	return list
}

// ReadLedger makes the ledger of a period on one snapshot. Who may read it is for
// the caller. Error: Invalid for a period that cannot be.
func ReadLedger(ctx context.Context, d *db.DB, q LedgerQuestion) (Ledger, error) {
	if err := q.Check(session.Today(d.Now())); err != nil {
		return Ledger{}, err
	}
	var l Ledger
	err := d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) (err error) {
		l, err = readLedger(ctx, tx, q)
		return err
	})
	if err != nil {
		return Ledger{}, fmt.Errorf("ledger: %w", err)
	}
	return l, nil
}

func readLedger(ctx context.Context, tx *db.Tx, q LedgerQuestion) (Ledger, error) {
	l := Ledger{Question: q, At: tx.Now}
	b, err := readBooks(ctx, tx, q, q.passing())
	l.Lines, l.Open = b.lines(q.Scope), b.openIn(q.Scope)
	return l, err
}

// ByPlace makes a ledger of each place on the books, in one reading of the
// movements, with all drugs of a place in it.
func ByPlace(ctx context.Context, d *db.DB, q LedgerQuestion) ([]Ledger, error) {
	if err := q.Check(session.Today(d.Now())); err != nil {
		return nil, err
	}
	var list []Ledger
	err := d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		b, err := readBooks(ctx, tx, q, []string{})
		for _, p := range LedgerPlaces() {
			one := Ledger{Question: q, At: tx.Now}
			one.Question.Scope = Scope{Place: p}
			one.Lines, one.Open = b.lines(one.Question.Scope), b.openIn(one.Question.Scope)
			list = append(list, one)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ledger by place: %w", err)
	}
	return list, nil
}

// books is what lines are made of, read at one moment.
type books struct {
	words map[int64]drugWords
	found []held
	open  []inventory.OpenDifference
	flows []flow
}

// readBooks reads everything of a question but the flows within passing states.
func readBooks(ctx context.Context, tx *db.Tx, q LedgerQuestion, passing []string) (b books, err error) {
	if b.words, err = readWords(ctx, tx); err != nil {
		return books{}, err
	}
	if b.found, err = readHeld(ctx, tx, q); err != nil {
		return books{}, err
	}
	if b.open, err = inventory.OpenDifferences(ctx, tx, q.DrugID); err != nil {
		return books{}, err
	}
	b.flows, err = readFlows(ctx, tx, q, passing)
	return b, err
}

// openIn is what counts of the pharmacy left unsettled, where the scope has it.
func (b books) openIn(s Scope) []inventory.OpenDifference {
	if s.Place != "" && s.Place != inventory.PlaceStore {
		return nil
	}
	return b.open
}

// lines makes the lines of a scope.
func (b books) lines(s Scope) []LedgerLine { return nameLines(b.words, makeLines(s, b.flows, b.found)) }

// passing are the states between which a pack may move without anything coming or
// going: a third of all movements takes medicine from the shelf to a session.
func (q LedgerQuestion) passing() []string {
	if q.siteAsked() != 0 {
		return []string{} // an empty list, not none: NULL would compare as unknown
	}
	return q.states()
}

// siteAsked is the site whose sessions must be told from others; 0 for none.
func (q LedgerQuestion) siteAsked() int64 {
	if q.Place != inventory.PlaceSession {
		return 0
	}
	return q.SiteID
}

// readHeld sums what the packs' own rows say.
func readHeld(ctx context.Context, tx *db.Tx, q LedgerQuestion) ([]held, error) {
	var list []held
	err := tx.Select(ctx, &list, `SELECT k.drug_id, CASE WHEN $3::boolean THEN k.batch ELSE '' END AS batch, k.units_total AS content, k.state,
  CASE WHEN $4::bigint = 0 THEN 0 ELSE COALESCE(c.site_id, 0) END AS site,
  sum(CASE WHEN k.units_left = k.units_total THEN 1 ELSE 0 END) AS whole, sum(CASE WHEN k.units_left <> k.units_total THEN k.units_left ELSE 0 END) AS loose
FROM pack k LEFT JOIN clinic_session c ON c.id = k.session_id AND $4::bigint <> 0
WHERE k.state IN ('in_store', 'allocated', 'quarantined', 'damaged') AND ($1::bigint = 0 OR k.drug_id = $1::bigint) AND ($2::text = '' OR k.batch = $2::text)
GROUP BY k.drug_id, 2, k.units_total, k.state, 5`, q.DrugID, q.Batch, q.batches(), q.siteAsked())
	if err != nil {
		return nil, fmt.Errorf("sum packs: %w", err)
	}
	return list, nil
}

// drugWords is what a line says of its drug.
type drugWords struct {
	ID       int64  `db:"id"`
	Generic  string `db:"generic_name"`
	Spec     string `db:"spec"`
	PackWord string `db:"pack_name"`
	UnitWord string `db:"unit_name"`
}

func readWords(ctx context.Context, tx *db.Tx) (map[int64]drugWords, error) {
	var words []drugWords
	if err := tx.Select(ctx, &words, `SELECT id, generic_name, spec, pack_name, unit_name FROM drug`); err != nil {
		return nil, fmt.Errorf("read drugs: %w", err)
	}
	byID := make(map[int64]drugWords, len(words))
	for _, w := range words {
		byID[w.ID] = w
	}
	return byID, nil
}

// nameLines gives the lines their words and puts them in order; a line with
// nothing to say is left out.
func nameLines(words map[int64]drugWords, lines map[lineKey]*LedgerLine) []LedgerLine {
	var list []LedgerLine
	for _, l := range lines {
		if l.Silent() {
			continue
		}
		w := words[l.DrugID]
		l.Drug, l.PackWord, l.UnitWord = inventory.DrugName(w.Generic, w.Spec), w.PackWord, w.UnitWord
		list = append(list, *l)
	}
	slices.SortFunc(list, func(a, b LedgerLine) int {
		return cmp.Or(cmp.Compare(a.Drug, b.Drug), cmp.Compare(a.DrugID, b.DrugID), cmp.Compare(a.Batch, b.Batch))
	})
	return list
}
