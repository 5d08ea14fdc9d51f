package session

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// RecallPatient is somebody who was given a box that a recall means.
type RecallPatient struct {
	ID       int64
	Number   string
	Name     string // whole; a list shows it masked
	HomeSite string
	Boxes    []RecallBox
	// Contact is the last word on reaching the person; its state is NotYet
	// before anybody tried, and HandedBack once every box has come back.
	Contact Contact
}

// RecallBox is one hand-over of a recalled box that still stands.
type RecallBox struct {
	PatientID int64     `db:"patient_id"`
	Number    string    `db:"patient_number"`
	Name      string    `db:"patient_name"`
	HomeSite  string    `db:"home_site"`
	Code      string    `db:"code"`
	Generic   string    `db:"generic_name"`
	Spec      string    `db:"spec"`
	Batch     string    `db:"batch"`
	Quantity  int64     `db:"quantity"`
	Content   int64     `db:"units_total"`
	PackWord  string    `db:"pack_name"`
	UnitWord  string    `db:"unit_name"`
	At        time.Time `db:"at"`
	Site      string    `db:"site"`
	Doctor    string    `db:"doctor"`
	Returned  bool      `db:"returned"` // the patient has brought it back, the empty box too
}

// DrugName is the drug as people say it.
func (b RecallBox) DrugName() string { return inventory.DrugName(b.Generic, b.Spec) }

// Amount is how much of the box the patient got: 1盒, or 12片.
func (b RecallBox) Amount() string {
	if b.Quantity == b.Content {
		return "1" + b.PackWord
	}
	return fmt.Sprintf("%d%s", b.Quantity, b.UnitWord)
}

// RecallList is the people of a recall with how far the telephoning has come.
type RecallList struct {
	Recall   inventory.Recall
	Patients []RecallPatient
	// Reached is how many need no further call: told, handed back, refused or
	// needless.
	Reached int
	At      time.Time
}

// RecallPatients reads everybody who was given a box that a recall means, at the
// sites where the actor may call patients. Reading it is an act: purpose, "view"
// or the kind of a file, stands in the audit.
func (s *Service) RecallPatients(ctx context.Context, by identity.Actor, recallID int64, purpose string) (RecallList, error) {
	if err := identity.Allow(ctx, s.db, by, identity.CallPatients, 0); err != nil {
		return RecallList{}, err
	}
	list := RecallList{At: s.db.Now()}
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		list.Patients, list.Reached = nil, 0
		var err error
		if list.Recall, err = inventory.FindRecall(ctx, tx, recallID); err != nil {
			return err
		}
		sites, all := by.Sites(identity.CallPatients)
		boxes, err := recallBoxes(ctx, tx, list.Recall, sites, all, 0)
		if err != nil {
			return err
		}
		contacts, err := lastContacts(ctx, tx, recallID)
		if err != nil {
			return err
		}
		list.add(boxes, contacts)
		return identity.Audit(ctx, tx, by, identity.Event{Name: "recall.patients", ObjectKind: "recall", ObjectID: fmt.Sprint(recallID),
			Detail: fmt.Sprintf("purpose=%s patients=%d", purpose, len(list.Patients))})
	})
	return list, err
}

// recallBoxes reads the hand-overs of a recall that still stand, patient by
// patient, at some sites or all, of one patient or, by zero, of everybody.
func recallBoxes(ctx context.Context, r db.Reader, a inventory.Recall, sites []int64, all bool, patientID int64) ([]RecallBox, error) {
	scope, err := a.Scope(ctx, r)
	if err != nil {
		return nil, err
	}
	var list []RecallBox
	err = r.Select(ctx, &list, `SELECT v.patient_id, p.number AS patient_number, p.name AS patient_name, COALESCE(h.name, '') AS home_site,
  k.code, d.generic_name, d.spec, k.batch, l.quantity, k.units_total, d.pack_name, d.unit_name, l.at, s.name AS site, COALESCE(f.name, '') AS doctor,
  (k.returned OR EXISTS (SELECT 1 FROM patient_return t WHERE t.pack_id = k.id AND t.patient_id = v.patient_id AND t.void_at IS NULL)) AS returned
FROM pack k JOIN visit_line l ON l.pack_id = k.id AND l.undone_at IS NULL JOIN visit v ON v.id = l.visit_id
JOIN patient p ON p.id = v.patient_id JOIN drug d ON d.id = k.drug_id JOIN clinic_session c ON c.id = v.session_id JOIN site s ON s.id = c.site_id
LEFT JOIN site h ON h.id = p.home_site_id LEFT JOIN staff f ON f.id = v.doctor_id
WHERE `+inventory.RecallMatch+` AND ($4::boolean OR c.site_id = ANY($5::bigint[])) AND ($6::bigint = 0 OR v.patient_id = $6::bigint)
ORDER BY p.number, l.at, l.id`, scope.Args(all, pq.Array(sites), patientID)...)
	if err != nil {
		return nil, fmt.Errorf("read patients of a recall: %w", err)
	}
	return list, nil
}

// add puts the boxes together by patient and judges who has been reached.
func (x *RecallList) add(boxes []RecallBox, contacts map[int64]Contact) {
	for _, b := range boxes {
		n := len(x.Patients)
		if n == 0 || x.Patients[n-1].ID != b.PatientID {
			x.Patients = append(x.Patients, RecallPatient{ID: b.PatientID, Number: b.Number, Name: b.Name, HomeSite: b.HomeSite, Contact: contacts[b.PatientID]})
			n++
		}
		x.Patients[n-1].Boxes = append(x.Patients[n-1].Boxes, b)
	}
	for i := range x.Patients {
		p := &x.Patients[i]
		p.Contact = standing(p.Contact, p.Boxes)
		if p.Contact.State.Reached() {
			x.Reached++
		}
	}
}

// standing is the contact with what the boxes say: who has brought all of them
// back has handed back, whatever the last call came to.
func standing(c Contact, boxes []RecallBox) Contact {
	if c.State == "" {
		c.State = NotYet
	}
	for _, b := range boxes {
		if !b.Returned {
			return c
		}
	}
	if c.State != HandedBack {
		c = Contact{State: HandedBack, Note: "药盒已登记退回"}
	}
	return c
}

// RecallProgress is how far the calling of a recall's patients has come.
type RecallProgress struct{ Patients, Reached int }

// ReadRecallProgress counts the people whom the actor may call, without showing
// who they are.
func ReadRecallProgress(ctx context.Context, r db.Reader, by identity.Actor, a inventory.Recall) (RecallProgress, error) {
	sites, all := by.Sites(identity.CallPatients)
	boxes, err := recallBoxes(ctx, r, a, sites, all, 0)
	if err != nil {
		return RecallProgress{}, err
	}
	contacts, err := lastContacts(ctx, r, a.ID)
	if err != nil {
		return RecallProgress{}, err
	}
	var list RecallList
	list.add(boxes, contacts)
	return RecallProgress{Patients: len(list.Patients), Reached: list.Reached}, nil
}

// ReadRecallPatient reads one of a recall's people, whom the actor may call.
func ReadRecallPatient(ctx context.Context, r db.Reader, by identity.Actor, a inventory.Recall, patientID int64) (RecallPatient, error) {
	if err := by.Can(identity.CallPatients, 0); err != nil {
		return RecallPatient{}, err
	}
	sites, all := by.Sites(identity.CallPatients)
	boxes, err := recallBoxes(ctx, r, a, sites, all, patientID)
	if err != nil {
		return RecallPatient{}, err
	}
	if len(boxes) == 0 {
		return RecallPatient{}, db.Refuse(db.NotFound, "这位患者没有领过召回 %s 的药。请看最新的名单。", a.Number())
	}
	contacts, err := lastContacts(ctx, r, a.ID)
	if err != nil {
		return RecallPatient{}, err
	}
	var list RecallList
	list.add(boxes, contacts)
	return list.Patients[0], nil
}
