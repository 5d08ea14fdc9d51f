package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// Adherence is what the empty boxes say of the last supply.
type Adherence struct {
	// GivenOn is the clinic date of the last supply; zero when there was none.
	GivenOn time.Time
	Site    string
	// Days is for how long it was meant, 0 when nobody said; Passed is the days
	// since.
	Days, Passed int
	Boxes        []SupplyBox
	// Unread is how many empty boxes were seen in this visit whose code cannot be
	// read.
	Unread int
}

// SupplyBox is a box of the last supply.
type SupplyBox struct {
	Code    string `db:"code"`
	Generic string `db:"generic_name"`
	Spec    string `db:"spec"`
	// Back is the form in which it came back, or "".
	Back ReturnForm `db:"back"`
}

// DrugName is the drug as people say it.
func (b SupplyBox) DrugName() string { return inventory.DrugName(b.Generic, b.Spec) }

// Missing is how many boxes of the last supply nobody has seen again.
func (a Adherence) Missing() int {
	n := len(a.Boxes) - a.Unread
	for _, b := range a.Boxes {
		if b.Back != "" {
			n--
		}
	}
	return max(0, n)
}

// Sentence is read at a glance: 给 28 天，已 30 天，还差 1 个空盒. Empty without a
// supply.
func (a Adherence) Sentence() string {
	if len(a.Boxes) == 0 {
		return ""
	}
	text := fmt.Sprintf("已 %d 天", a.Passed)
	if a.Days > 0 {
		text = fmt.Sprintf("给 %d 天，%s", a.Days, text)
	}
	if n := a.Missing(); n > 0 {
		return fmt.Sprintf("%s，还差 %d 个空盒", text, n)
	}
	return text + "，空盒齐了"
}

// ReadAdherence reads the last finished visit of a patient that was given
// something, other than the one at hand, and which of its boxes came back.
func ReadAdherence(ctx context.Context, r db.Reader, patientID int64, visit uuid.UUID, now time.Time) (Adherence, error) {
	var last struct {
		Visit  uuid.UUID `db:"id"`
		HeldOn time.Time `db:"held_on"`
		Site   string    `db:"site"`
		Days   int       `db:"days"`
		Unread int       `db:"unread"`
	}
	err := r.Get(ctx, &last, `SELECT v.id, c.held_on, s.name AS site,
  COALESCE((SELECT max(l.days) FROM visit_line l WHERE l.visit_id = v.id AND l.undone_at IS NULL), 0) AS days,
  (SELECT count(*) FROM patient_return b WHERE b.visit_id = $2::uuid AND b.form = 'empty' AND b.code = '' AND b.void_at IS NULL) AS unread
FROM visit v JOIN clinic_session c ON c.id = v.session_id JOIN site s ON s.id = c.site_id
WHERE v.patient_id = $1::bigint AND v.state = 'finished' AND v.id <> $2::uuid
  AND EXISTS (SELECT 1 FROM visit_line l WHERE l.visit_id = v.id AND l.undone_at IS NULL)
ORDER BY v.came_at DESC, v.id LIMIT 1`, patientID, visit)
	if db.IsNoRows(err) {
		return Adherence{}, nil
	}
	if err != nil {
		return Adherence{}, fmt.Errorf("read the last supply: %w", err)
	}
	a := Adherence{GivenOn: last.HeldOn, Site: last.Site, Days: last.Days, Unread: last.Unread, Passed: daysBetween(last.HeldOn, Today(now))}
	err = r.Select(ctx, &a.Boxes, `SELECT k.code, g.generic_name, g.spec,
  COALESCE((SELECT max(b.form) FROM patient_return b WHERE b.pack_id = k.id AND b.void_at IS NULL), '') AS back
FROM visit_line l JOIN pack k ON k.id = l.pack_id JOIN drug g ON g.id = k.drug_id
WHERE l.visit_id = $1::uuid AND l.undone_at IS NULL ORDER BY g.generic_name, g.spec, l.id`, last.Visit)
	if err != nil {
		return Adherence{}, fmt.Errorf("read the boxes of the last supply: %w", err)
	}
	return a, nil
}

// daysBetween counts calendar days between two clinic dates.
func daysBetween(from, to time.Time) int { return int(to.Sub(from).Hours() / 24) }
