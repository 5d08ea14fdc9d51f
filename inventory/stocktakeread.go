package inventory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jingfang/sql/db"
)

// CountProgress is how far a count has come, for every counter's screen. It is
// blind: nothing in it says how much the books expect.
type CountProgress struct {
	Stocktake
	Drugs    []CountedDrug
	Counters []Counter
	Last     []CountedCode
	Extra    []CountedCode // the last of those that the books do not have here
	// Boxes is how many codes stand, Extras how many of them are extra.
	Boxes, Extras int
}

// CountedDrug is a drug of a count with what was counted of it.
type CountedDrug struct {
	DrugID      int64  `db:"id"`
	GenericName string `db:"generic_name"`
	Spec        string `db:"spec"`
	UnitName    string `db:"unit_name"`
	PackName    string `db:"pack_name"`
	Loose       bool   `db:"loose"`
	// Scanned boxes, and by whom how many.
	Scanned int
	By      []CountedBy
	// Number is nil when no number was typed.
	Number *NumberStanding
}

// DrugName is the drug as people say it.
func (d CountedDrug) DrugName() string { return DrugName(d.GenericName, d.Spec) }

// CountedBy is how many boxes of a drug one person scanned.
type CountedBy struct {
	Name  string
	Boxes int
}

// NumberStanding is the number that stands for a drug; Loose is nil when the
// opened boxes were not counted.
type NumberStanding struct {
	DrugID int64     `db:"drug_id"`
	Packs  int64     `db:"packs"`
	Loose  *int64    `db:"loose_units"`
	Name   string    `db:"name"`
	At     time.Time `db:"at"`
}

// Counter is one person at one shelf.
type Counter struct {
	Name, Shelf string
	// Boxes scanned, Drugs among them, Numbers typed; At is the last act.
	Boxes, Drugs, Numbers int
	At                    time.Time
}

// CountedCode is a code that stands.
type CountedCode struct {
	Code        string     `db:"code"`
	GenericName string     `db:"generic_name"`
	Spec        string     `db:"spec"`
	UnitName    string     `db:"unit_name"`
	Kind        AnswerKind `db:"answer_kind"`
	// Opened asks for the units that are left; Units is what was counted, nil when
	// nobody looked.
	Opened bool      `db:"opened"`
	Units  *int64    `db:"units_counted"`
	Shelf  string    `db:"shelf"`
	Name   string    `db:"name"`
	At     time.Time `db:"at"`
}

// DrugName is the drug as people say it; empty for an unknown code.
func (c CountedCode) DrugName() string { return DrugName(c.GenericName, c.Spec) }

// ReadCountProgress reads a count for the screens of its counters: the last reads
// of everybody, last of them, who counted how much of what.
func ReadCountProgress(ctx context.Context, r db.Reader, x Stocktake, last int) (CountProgress, error) {
	p := CountProgress{Stocktake: x}
	var err error
	if p.Drugs, err = x.listDrugs(ctx, r); err != nil {
		return p, err
	}
	if err := p.readCounters(ctx, r); err != nil {
		return p, err
	}
	if err := p.readNumbers(ctx, r); err != nil {
		return p, err
	}
	if p.Last, err = readCountedCodes(ctx, r, x.ID, false, last); err != nil {
		return p, err
	}
	p.Extra, err = readCountedCodes(ctx, r, x.ID, true, last)
	return p, err
}

// listDrugs lists what is to be counted: the dictionary for the whole pharmacy, so
// that the list does not tell what the shelf holds; what a session took along.
func (x Stocktake) listDrugs(ctx context.Context, r db.Reader) (list []CountedDrug, err error) {
	switch {
	case x.SessionID != nil:
		err = r.Select(ctx, &list, `SELECT d.id, d.generic_name, d.spec, d.unit_name, d.pack_name, d.loose FROM drug d
WHERE d.id IN (SELECT k.drug_id FROM pack k WHERE k.session_id = $2::bigint UNION SELECT l.drug_id FROM stocktake_line l WHERE l.stocktake_id = $1::bigint
  UNION SELECT s.drug_id FROM stocktake_seen s WHERE s.stocktake_id = $1::bigint)
ORDER BY d.generic_name, d.spec, d.id`, x.ID, *x.SessionID)
	case x.AllDrugs:
		err = r.Select(ctx, &list, `SELECT d.id, d.generic_name, d.spec, d.unit_name, d.pack_name, d.loose FROM drug d
WHERE d.active OR d.id IN (SELECT l.drug_id FROM stocktake_line l WHERE l.stocktake_id = $1::bigint)
ORDER BY d.generic_name, d.spec, d.id`, x.ID)
	default:
		err = r.Select(ctx, &list, `SELECT d.id, d.generic_name, d.spec, d.unit_name, d.pack_name, d.loose FROM drug d
JOIN stocktake_drug g ON g.drug_id = d.id AND g.stocktake_id = $1::bigint ORDER BY d.generic_name, d.spec, d.id`, x.ID)
	}
	if err != nil {
		return nil, fmt.Errorf("list the drugs of a stocktake: %w", err)
	}
	return list, nil
}

// readCounters sums what stands by person, shelf and drug.
func (p *CountProgress) readCounters(ctx context.Context, r db.Reader) error {
	var rows []struct {
		Name   string    `db:"name"`
		Shelf  string    `db:"shelf"`
		DrugID int64     `db:"drug_id"`
		Boxes  int       `db:"boxes"`
		Extras int       `db:"extras"`
		At     time.Time `db:"at"`
	}
	err := r.Select(ctx, &rows, `SELECT f.name, s.shelf, COALESCE(s.drug_id, 0) AS drug_id, count(*) AS boxes,
  sum(CASE WHEN s.answer_kind <> 'ok' THEN 1 ELSE 0 END) AS extras, max(s.at) AS at
FROM stocktake_seen s JOIN staff f ON f.id = s.staff_id WHERE s.stocktake_id = $1::bigint AND s.ended_at IS NULL
GROUP BY s.staff_id, f.name, s.shelf, s.drug_id ORDER BY f.name, s.staff_id, s.shelf, s.drug_id`, p.ID)
	if err != nil {
		return fmt.Errorf("read who counted what: %w", err)
	}
	for _, x := range rows {
		p.Boxes += x.Boxes
		p.Extras += x.Extras
		c := p.counter(x.Name, x.Shelf)
		c.Boxes += x.Boxes
		c.Drugs++
		c.At = later(c.At, x.At)
		if d := p.drug(x.DrugID); d != nil {
			d.Scanned += x.Boxes
			d.add(x.Name, x.Boxes)
		}
	}
	return nil
}

// add counts boxes to a person, who may stand at several shelves.
func (d *CountedDrug) add(name string, boxes int) {
	for i := range d.By {
		if d.By[i].Name == name {
			d.By[i].Boxes += boxes
			return
		}
	}
	d.By = append(d.By, CountedBy{name, boxes})
}

func (p *CountProgress) counter(name, shelf string) *Counter {
	for i := range p.Counters {
		if p.Counters[i].Name == name && p.Counters[i].Shelf == shelf {
			return &p.Counters[i]
		}
	}
	p.Counters = append(p.Counters, Counter{Name: name, Shelf: shelf})
	return &p.Counters[len(p.Counters)-1]
}

func (p *CountProgress) drug(id int64) *CountedDrug {
	i := slices.IndexFunc(p.Drugs, func(d CountedDrug) bool { return d.DrugID == id })
	if i < 0 {
		return nil
	}
	return &p.Drugs[i]
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (p *CountProgress) readNumbers(ctx context.Context, r db.Reader) error {
	var rows []NumberStanding
	err := r.Select(ctx, &rows, `SELECT n.drug_id, n.packs, n.loose_units, f.name, n.at FROM stocktake_number n JOIN staff f ON f.id = n.staff_id
WHERE n.stocktake_id = $1::bigint AND n.ended_at IS NULL ORDER BY n.id`, p.ID)
	if err != nil {
		return fmt.Errorf("read counted numbers: %w", err)
	}
	for i, x := range rows {
		c := p.counter(x.Name, "")
		c.Numbers++
		c.At = later(c.At, x.At)
		if d := p.drug(x.DrugID); d != nil {
			d.Number = &rows[i]
		}
	}
	return nil
}

// readCountedCodes reads the last codes that stand: all of them, or those that are
// extra.
func readCountedCodes(ctx context.Context, r db.Reader, id int64, extra bool, limit int) ([]CountedCode, error) {
	var list []CountedCode
	err := r.Select(ctx, &list, `SELECT s.code, COALESCE(d.generic_name, '') AS generic_name, COALESCE(d.spec, '') AS spec, COALESCE(d.unit_name, '') AS unit_name,
  s.answer_kind, s.pack_id IS NOT NULL AND (d.loose OR s.units_booked < k.units_total) AS opened, s.units_counted, s.shelf, f.name, s.at
FROM stocktake_seen s JOIN staff f ON f.id = s.staff_id LEFT JOIN drug d ON d.id = s.drug_id LEFT JOIN pack k ON k.id = s.pack_id
WHERE s.stocktake_id = $1::bigint AND s.ended_at IS NULL AND (NOT $2::boolean OR s.answer_kind <> 'ok') ORDER BY s.id DESC LIMIT $3::integer`, id, extra, limit)
	if err != nil {
		return nil, fmt.Errorf("read counted codes: %w", err)
	}
	return list, nil
}
