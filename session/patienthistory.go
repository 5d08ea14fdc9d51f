package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// HistoryVisits is how many visits a page of the history shows.
const HistoryVisits = 20

// PastVisit is a visit as the history shows it.
type PastVisit struct {
	ID            uuid.UUID  `db:"id"`
	SessionID     int64      `db:"session_id"`
	SiteID        int64      `db:"site_id"`
	Site          string     `db:"site"`
	HeldOn        time.Time  `db:"held_on"`
	CameAt        time.Time  `db:"came_at"`
	Number        int        `db:"number"`
	PatientNo     string     `db:"patient_no"` // of the entry it was written under
	State         VisitState `db:"state"`
	Doctor        string     `db:"doctor"`
	Collector     string     `db:"collector"`
	CollectorName string     `db:"collector_name"`
	NoDrug        string     `db:"no_drug_reason"`
	NextDue       *time.Time `db:"next_due_on"`
	Seq           int64      `db:"seq"` // of the last record in its session's chain, 0 for none yet
	Boxes         []PastBox  `db:"-"`
}

// Amount is what was given, in words.
func (v PastVisit) Amount() string {
	var b boxesFirst
	for _, x := range v.Boxes {
		b.add(x.Quantity, x.Content, x.PackWord, x.UnitWord)
	}
	return b.words()
}

// PastBox is a box that was given in a visit, or some of it.
type PastBox struct {
	Visit    uuid.UUID `db:"visit_id"`
	Code     string    `db:"code"`
	Generic  string    `db:"generic_name"`
	Spec     string    `db:"spec"`
	PackWord string    `db:"pack_name"`
	UnitWord string    `db:"unit_name"`
	Content  int64     `db:"units_total"`
	Quantity int64     `db:"quantity"`
	Dose     string    `db:"dose"`
	Days     int       `db:"days"`
	How      string    `db:"how"`
}

// DrugName is the drug as people say it.
func (b PastBox) DrugName() string { return inventory.DrugName(b.Generic, b.Spec) }

// PatientHistory is a patient's way through the clinic days.
type PatientHistory struct {
	Patient patient.Patient
	// Name is the name as the viewer may read it.
	Name       string
	Collectors []patient.Collector
	Last       LastSupply
	Owed       []Owed // not given yet
	Today      time.Time
	Merges     []patient.Merge
	Visits     []PastVisit // the last first
	More       bool
}

// History reads a patient's visits with their codes, those of merged entries among
// them. It takes the right to see patients at the home site and is audited. before is
// the arrival of the last visit of the page before, zero for the first page.
func (s *Service) History(ctx context.Context, by identity.Actor, id int64, before time.Time) (PatientHistory, error) {
	p, err := patient.ByID(ctx, s.db, id)
	if err != nil {
		return PatientHistory{}, err
	}
	if err := identity.Allow(ctx, s.db, by, identity.ViewPatient, p.HomeSiteID); err != nil {
		return PatientHistory{}, err
	}
	h := PatientHistory{Patient: p, Name: p.Masked(), Today: Today(s.db.Now())}
	if by.Can(identity.Dispense, p.HomeSiteID) == nil || by.Can(identity.CheckIn, p.HomeSiteID) == nil {
		h.Name = p.Name
		if h.Collectors, err = patient.Collectors(ctx, s.db, id); err != nil {
			return h, err
		}
	}
	family, err := patient.Family(ctx, s.db, id)
	if err != nil {
		return h, err
	}
	if h.Last, err = LastSupplyOf(ctx, s.db, family, uuid.Nil); err != nil {
		return h, err
	}
	if h.Owed, err = OwedTo(ctx, s.db, family...); err != nil {
		return h, err
	}
	if h.Merges, err = patient.Merges(ctx, s.db, id); err != nil {
		return h, err
	}
	if err := h.readVisits(ctx, s.db, family, before); err != nil {
		return h, err
	}
	return h, identity.AuditAlone(ctx, s.db, by, identity.Event{Name: "patient.history", ObjectKind: "patient", ObjectID: p.Number, SiteID: p.HomeSiteID})
}

func (h *PatientHistory) readVisits(ctx context.Context, r db.Reader, family []int64, before time.Time) error {
	var mark any
	if !before.IsZero() {
		mark = before
	}
	err := r.Select(ctx, &h.Visits, `SELECT v.id, v.session_id, c.site_id, s.name AS site, c.held_on, v.came_at, v.number, p.number AS patient_no, v.state, COALESCE(f.name, '') AS doctor,
  v.collector, v.collector_name, v.no_drug_reason, v.next_due_on, COALESCE((SELECT max(e.seq) FROM record e WHERE e.visit_id = v.id AND e.chain = 'main'), 0) AS seq
FROM visit v JOIN patient p ON p.id = v.patient_id JOIN clinic_session c ON c.id = v.session_id JOIN site s ON s.id = c.site_id LEFT JOIN staff f ON f.id = v.doctor_id
WHERE v.patient_id = ANY($1::bigint[]) AND v.state <> 'void' AND ($2::timestamptz IS NULL OR v.came_at < $2::timestamptz)
ORDER BY v.came_at DESC, v.id LIMIT $3`, pq.Array(family), mark, HistoryVisits+1)
	if err != nil {
		return fmt.Errorf("read a patient's visits: %w", err)
	}
	if len(h.Visits) > HistoryVisits {
		h.Visits, h.More = h.Visits[:HistoryVisits], true
	}
	ids, place := make([]string, len(h.Visits)), map[uuid.UUID]int{}
	for i, v := range h.Visits {
		ids[i], place[v.ID] = v.ID.String(), i
	}
	var boxes []PastBox
	err = r.Select(ctx, &boxes, `SELECT l.visit_id, k.code, d.generic_name, d.spec, d.pack_name, d.unit_name, k.units_total, l.quantity, l.dose, COALESCE(l.days, 0) AS days, l.how
FROM visit_line l JOIN pack k ON k.id = l.pack_id JOIN drug d ON d.id = k.drug_id
WHERE l.visit_id = ANY($1::uuid[]) AND l.undone_at IS NULL ORDER BY d.generic_name, d.spec, l.id`, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("read what a patient was given: %w", err)
	}
	for _, b := range boxes {
		i := place[b.Visit]
		h.Visits[i].Boxes = append(h.Visits[i].Boxes, b)
	}
	return nil
}
