package session

import (
	"context"
	"fmt"
	"time"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// ClosingLine is one drug of a session while its left-overs are counted.
type ClosingLine struct {
	DrugID   int64  `db:"drug_id"`
	Generic  string `db:"generic_name"`
	Spec     string `db:"spec"`
	PackWord string `db:"pack_name"`
	UnitWord string `db:"unit_name"`
	// Loosely says that the drug is given by quantity.
	Loosely bool `db:"loosely"`
	// Taken is all packs that the session has or gave out, Capacity the units they
	// hold when full: nobody can count more than that.
	Taken    int   `db:"taken"`
	Capacity int64 `db:"capacity"`
	// Packs is the full packs that must be there, Opened the opened ones and
	// Loose the units in them.
	Packs  int   `db:"packs"`
	Opened int   `db:"opened"`
	Loose  int64 `db:"loose"`
	// Seen, SeenOpened and SeenLoose are those of them that were scanned; SeenRoom
	// is the units that the scanned opened packs could hold beyond their own.
	Seen       int   `db:"seen"`
	SeenOpened int   `db:"seen_opened"`
	SeenLoose  int64 `db:"seen_loose"`
	SeenRoom   int64 `db:"seen_room"`
	// Counted is what a person typed, when Counted is set.
	CountedAt    *time.Time `db:"counted_at"`
	CountedPacks int        `db:"counted_packs"`
	CountedLoose int64      `db:"counted_loose"`
	CountedBy    string     `db:"counted_by"`
	// RollTo is the session that takes the left-overs, nil for the pharmacy.
	RollTo *int64 `db:"roll_to"`
}

// DrugName is the drug as people say it.
func (l ClosingLine) DrugName() string { return inventory.DrugName(l.Generic, l.Spec) }

// LineState is where the counting of a drug stands.
type LineState string

// The states of a line; only LineEqual and LineScanned let a session close.
const (
	LineUncounted LineState = "uncounted"
	LineEqual     LineState = "equal"   // the number is right: nothing is scanned
	LineScanned   LineState = "scanned" // it differed, and every box is accounted for
	LineScan      LineState = "scan"    // it differs: the boxes that are there are to be scanned
	LineMissing   LineState = "missing" // all that are there were scanned, the others are named
	LineSurplus   LineState = "surplus" // more boxes than there can be
	LineLoose     LineState = "loose"   // the loose units cannot be what was typed
)

// Settled tells whether the line lets the session close.
func (s LineState) Settled() bool { return s == LineEqual || s == LineScanned }

// State compares what was counted with what must be there. Scanning is asked for
// only where they differ, and it counts more than the number.
func (l ClosingLine) State() LineState {
	packs, loose := l.CountedPacks != l.Packs, l.CountedLoose != l.Loose
	switch {
	case l.CountedAt == nil && l.Packs+l.Opened == 0:
		return LineEqual
	case l.CountedAt == nil:
		return LineUncounted
	case !packs && !loose:
		return LineEqual
	case l.CountedPacks > l.Packs:
		return LineSurplus
	case packs && l.Seen < l.CountedPacks, loose && l.CountedLoose > 0 && l.Opened > 0 && l.SeenOpened == 0:
		return LineScan
	case packs && l.Seen < l.Packs, loose && l.SeenOpened < l.Opened:
		return LineMissing
	case loose && !l.adjustable():
		return LineLoose
	}
	return LineScanned
}

// adjustable tells whether the opened packs that were scanned can hold what was
// counted: every one keeps at least a unit, for an empty box is no box.
func (l ClosingLine) adjustable() bool {
	return l.SeenOpened > 0 && l.CountedLoose >= int64(l.SeenOpened) && l.CountedLoose <= l.SeenLoose+l.SeenRoom
}

// wants tells which packs of the line are missing when they were not scanned.
func (l ClosingLine) wants(full bool) bool {
	if full {
		return l.CountedPacks != l.Packs
	}
	return l.CountedLoose != l.Loose
}

// readLines reads one line for each drug of a session. What was counted before
// the left-overs left with a carrier no longer holds.
func readLines(ctx context.Context, r db.Reader, x Session) ([]ClosingLine, error) {
	since := x.opened()
	if x.CarrierAt != nil {
		since = *x.CarrierAt
	}
	var list []ClosingLine
	err := r.Select(ctx, &list, `SELECT s.drug_id, d.generic_name, d.spec, d.pack_name, d.unit_name, d.loose AS loosely, s.taken, s.capacity, s.packs, s.opened, s.loose,
  s.seen, s.seen_opened, s.seen_loose, s.seen_room, n.counted_at, COALESCE(n.packs, 0) AS counted_packs,
  COALESCE(n.loose_units, 0) AS counted_loose, COALESCE(f.name, '') AS counted_by, t.to_id AS roll_to
FROM (SELECT p.drug_id, count(*) AS taken, sum(p.units_total) AS capacity,
    sum(CASE WHEN p.here AND p.whole THEN 1 ELSE 0 END) AS packs,
    sum(CASE WHEN p.here AND NOT p.whole THEN 1 ELSE 0 END) AS opened,
    sum(CASE WHEN p.here AND NOT p.whole THEN p.units_left ELSE 0 END) AS loose,
    sum(CASE WHEN p.here AND p.whole AND p.seen THEN 1 ELSE 0 END) AS seen,
    sum(CASE WHEN p.here AND NOT p.whole AND p.seen THEN 1 ELSE 0 END) AS seen_opened,
    sum(CASE WHEN p.here AND NOT p.whole AND p.seen THEN p.units_left ELSE 0 END) AS seen_loose,
    sum(CASE WHEN p.here AND NOT p.whole AND p.seen THEN p.units_total - p.units_left - p.units_given ELSE 0 END) AS seen_room
  FROM (SELECT k.drug_id, k.units_total, k.units_left, k.units_given, k.state = 'allocated' AS here, k.units_left = k.units_total AS whole,
      z.pack_id IS NOT NULL AS seen
    FROM pack k LEFT JOIN closing_seen z ON z.session_id = k.session_id AND z.pack_id = k.id
    WHERE k.session_id = $1::bigint AND k.state IN ('allocated', 'dispensed')) p
  GROUP BY p.drug_id) s
JOIN drug d ON d.id = s.drug_id
LEFT JOIN closing_count n ON n.session_id = $1::bigint AND n.drug_id = s.drug_id AND n.counted_at > $2::timestamptz
LEFT JOIN staff f ON f.id = n.counted_by
LEFT JOIN closing_target t ON t.session_id = $1::bigint AND t.drug_id = s.drug_id
ORDER BY d.generic_name, d.spec, s.drug_id`, x.ID, since)
	if err != nil {
		return nil, fmt.Errorf("read the lines of closing: %w", err)
	}
	return list, nil
}

// findLine is the line of a drug.
func findLine(lines []ClosingLine, drugID int64) (ClosingLine, bool) {
	for _, l := range lines {
		if l.DrugID == drugID {
			return l, true
		}
	}
	return ClosingLine{}, false
}
