package reporting

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// Visit is one patient's turn. A finished one says what its frozen record says,
// whatever has been renamed since; the others are read as they stand.
type Visit struct {
	ID            uuid.UUID          `db:"id"`
	Number        int                `db:"number"`
	State         session.VisitState `db:"state"`
	Patient       string             `db:"patient"` // in full: this is the hospital's own record
	PatientNo     string             `db:"patient_no"`
	DoctorID      int64              `db:"doctor_id"` // 0 for none yet
	Doctor        string             `db:"doctor"`
	FinishedBy    string             `db:"finished_by"`
	CameAt        time.Time          `db:"came_at"`
	StartedAt     *time.Time         `db:"started_at"`
	FinishedAt    *time.Time         `db:"finished_at"`
	Collector     string             `db:"collector"` // as session.Collectors lists
	CollectorName string             `db:"collector_name"`
	Prescription  string             `db:"prescription_no"`
	NoDrug        string             `db:"no_drug_reason"`
	VoidReason    string             `db:"void_reason"`
	// EndedFor is why somebody else pressed 诊毕 for the doctor, who says yes to
	// it at SignedAt.
	EndedFor    string     `db:"ended_for"`
	SignedAt    *time.Time `db:"countersigned_at"`
	NextDue     *time.Time `db:"next_due_on"` // the next pick-up day
	Owed        []Owed
	Lines       []VisitLine
	NotRecorded []NotRecorded
	Record      int64 // place in the main chain; 0 for none
	Late        []LateRecord
}

// VisitLine is one pack, or a part of one, that a patient was given.
type VisitLine struct {
	VisitID   uuid.UUID     `db:"visit_id"`
	Code      string        `db:"code"`
	Generic   string        `db:"generic_name"`
	Spec      string        `db:"spec"`
	PackWord  string        `db:"pack_name"`
	UnitWord  string        `db:"unit_name"`
	Packs     int64         `db:"packs"` // 1 for a whole pack, 0 for a part
	Units     int64         `db:"units"`
	Dose      string        `db:"dose"`
	Days      *int64        `db:"days"`
	Batch     string        `db:"batch"`
	ExpiresOn *time.Time    `db:"expires_on"`
	How       inventory.How `db:"how"`
}

// Drug is the drug as people say it.
func (l VisitLine) Drug() string { return inventory.DrugName(l.Generic, l.Spec) }

// Amount is how much was given.
func (l VisitLine) Amount() Amount {
	if l.Packs > 0 {
		return Amount{Packs: l.Packs, Units: l.Units}
	}
	return Amount{Loose: l.Units, Units: l.Units}
}

// Owed is medicine that was not there (欠药).
type Owed struct {
	VisitID   uuid.UUID  `db:"visit_id"`
	Generic   string     `db:"generic_name"`
	Spec      string     `db:"spec"`
	PackWord  string     `db:"pack_name"`
	UnitWord  string     `db:"unit_name"`
	Packs     int64      `db:"packs"`
	Units     int64      `db:"units"` // loose ones, beside the packs
	Note      string     `db:"note"`
	SettledAt *time.Time `db:"settled_at"`
}

// Drug is the drug as people say it.
func (o Owed) Drug() string { return inventory.DrugName(o.Generic, o.Spec) }

// NotRecorded is a code that was scanned at the visit and not recorded (未记录).
type NotRecorded struct {
	VisitID    uuid.UUID            `db:"visit_id"`
	Raw        string               `db:"raw"`
	Kind       inventory.AnswerKind `db:"answer_kind"`
	Resolution string               `db:"resolution"`
}

// DoctorTotal is what one doctor did.
type DoctorTotal struct {
	Name     string
	Visits   int // finished, and the one that is open
	Empty    int // of those, finished without medicine
	Amount   Amount
	Quantity string // for people, such as 12盒5片
}

// readVisits reads the visits and puts the frozen records over the rows.
func (r *SessionReport) readVisits(ctx context.Context, tx *db.Tx) error {
	id := r.Heading.ID
	err := tx.Select(ctx, &r.Visits, `SELECT v.id, v.number, v.state, p.name AS patient, p.number AS patient_no,
  COALESCE(v.doctor_id, 0) AS doctor_id, COALESCE(f.name, '') AS doctor, COALESCE(b.name, '') AS finished_by, v.came_at, v.started_at, v.finished_at, v.collector, v.collector_name, v.prescription_no,
  v.no_drug_reason, v.void_reason, v.ended_for, v.countersigned_at, v.next_due_on
FROM visit v JOIN patient p ON p.id = v.patient_id LEFT JOIN staff f ON f.id = v.doctor_id LEFT JOIN staff b ON b.id = v.finished_by
WHERE v.session_id = $1::bigint ORDER BY v.number`, id)
	if err != nil {
		return fmt.Errorf("read visits: %w", err)
	}
	of := make(map[uuid.UUID]*Visit, len(r.Visits))
	for i := range r.Visits {
		of[r.Visits[i].ID] = &r.Visits[i]
	}
	if err := readUnfrozen(ctx, tx, id, of); err != nil {
		return err
	}
	if err := readOwed(ctx, tx, id, of); err != nil {
		return err
	}
	return r.readRecords(ctx, tx, of)
}

// readUnfrozen reads lines and codes of the visits that have no record yet.
func readUnfrozen(ctx context.Context, tx *db.Tx, id int64, of map[uuid.UUID]*Visit) error {
	var lines []VisitLine
	err := tx.Select(ctx, &lines, `SELECT l.visit_id, k.code, d.generic_name, d.spec, d.pack_name, d.unit_name,
  CASE WHEN l.quantity = k.units_total THEN 1 ELSE 0 END AS packs, l.quantity AS units, l.dose, l.days, k.batch, k.expires_on, l.how
FROM visit v JOIN visit_line l ON l.visit_id = v.id JOIN pack k ON k.id = l.pack_id JOIN drug d ON d.id = k.drug_id
WHERE v.session_id = $1::bigint AND l.undone_at IS NULL
  AND NOT EXISTS (SELECT 1 FROM record r WHERE r.visit_id = v.id AND r.chain = 'main') ORDER BY l.id`, id)
	if err != nil {
		return fmt.Errorf("read visit lines: %w", err)
	}
	for _, l := range lines {
		if v := of[l.VisitID]; v != nil {
			v.Lines = append(v.Lines, l)
		}
	}
	var codes []NotRecorded
	err = tx.Select(ctx, &codes, `SELECT f.visit_id, f.raw, f.answer_kind, f.resolution FROM visit v JOIN visit_refusal f ON f.visit_id = v.id
WHERE v.session_id = $1::bigint AND NOT EXISTS (SELECT 1 FROM record r WHERE r.visit_id = v.id AND r.chain = 'main') ORDER BY f.id`, id)
	if err != nil {
		return fmt.Errorf("read codes that were not recorded: %w", err)
	}
	for _, c := range codes {
		if v := of[c.VisitID]; v != nil {
			v.NotRecorded = append(v.NotRecorded, c)
		}
	}
	return nil
}

func readOwed(ctx context.Context, tx *db.Tx, id int64, of map[uuid.UUID]*Visit) error {
	var owed []Owed
	err := tx.Select(ctx, &owed, `SELECT o.visit_id, d.generic_name, d.spec, d.pack_name, d.unit_name, o.packs, o.units, o.note, o.settled_at
FROM visit v JOIN owed_medicine o ON o.visit_id = v.id JOIN drug d ON d.id = o.drug_id WHERE v.session_id = $1::bigint ORDER BY o.id`, id)
	if err != nil {
		return fmt.Errorf("read owed medicine: %w", err)
	}
	for _, o := range owed {
		if v := of[o.VisitID]; v != nil {
			v.Owed = append(v.Owed, o)
		}
	}
	return nil
}

// totalDoctors adds up the visits by doctor, in the order of their first visit.
func totalDoctors(visits []Visit) []DoctorTotal {
	var list []DoctorTotal
	var words []sums
	at := map[int64]int{}
	for _, v := range visits {
		if v.DoctorID == 0 || v.State == session.Void || v.State == session.Waiting {
			continue
		}
		i, known := at[v.DoctorID]
		if !known {
			i = len(list)
			at[v.DoctorID] = i
			list, words = append(list, DoctorTotal{Name: v.Doctor}), append(words, sums{})
		}
		list[i].add(v, &words[i])
	}
	for i := range list {
		list[i].Quantity = words[i].String()
	}
	return list
}

func (t *DoctorTotal) add(v Visit, words *sums) {
	t.Visits++
	if len(v.Lines) == 0 && v.State == session.Finished {
		t.Empty++
	}
	for _, l := range v.Lines {
		a := l.Amount()
		t.Amount = t.Amount.plus(a)
		words.add(a.Packs, l.PackWord)
		words.add(a.Loose, l.UnitWord)
	}
}
