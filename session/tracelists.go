package session

import (
	"context"
	"fmt"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// BoxesPerPage is how many boxes a page of a reverse trace lists.
const BoxesPerPage = 200

// Box is where one pack of a reverse trace is now.
type Box struct {
	ID        int64           `db:"id" json:"-"`
	Code      string          `db:"code" json:"code"`
	Generic   string          `db:"generic_name" json:"drug"`
	Spec      string          `db:"spec" json:"spec"`
	UnitWord  string          `db:"unit_name" json:"-"`
	State     inventory.State `db:"state" json:"state"`
	Content   int64           `db:"units_total" json:"units"`
	Left      int64           `db:"units_left" json:"units_left"`
	Batch     string          `db:"batch" json:"batch"`
	ExpiresOn *time.Time      `db:"expires_on" json:"-"`
	SessionID int64           `db:"session_id" json:"session,omitempty"`
	SiteID    int64           `db:"site_id" json:"-"`
	Site      string          `db:"site" json:"site,omitempty"`
	HeldOn    *time.Time      `db:"held_on" json:"-"`
	Number    int             `db:"number" json:"number,omitempty"` // in the queue
	PatientID int64           `db:"patient_id" json:"patient_id,omitempty"`
	Patient   string          `db:"patient" json:"patient,omitempty"` // masked, or ""
	// Unfit is why a box in a container may not be handed out; "" elsewhere.
	Unfit string `db:"-" json:"unfit,omitempty"`
}

// boxColumns reads a Box from boxTables.
const boxColumns = `k.id, k.code, d.generic_name, d.spec, d.unit_name, k.state, k.units_total, k.units_left, k.batch, k.expires_on,
  COALESCE(c.id, 0) AS session_id, COALESCE(c.site_id, 0) AS site_id, COALESCE(s.name, '') AS site, c.held_on,
  COALESCE(v.number, 0) AS number, COALESCE(p.id, 0) AS patient_id, COALESCE(p.name, '') AS patient`

const boxTables = `pack k JOIN drug d ON d.id = k.drug_id LEFT JOIN clinic_session c ON c.id = k.session_id LEFT JOIN site s ON s.id = c.site_id
LEFT JOIN visit v ON v.id = k.visit_id LEFT JOIN patient p ON p.id = v.patient_id`

// hideBoxes leaves of the patients what the viewer may read in a list: a masked
// name and a way to the person, or neither.
func hideBoxes(by identity.Actor, list []Box) {
	for i := range list {
		b := &list[i]
		if b.PatientID == 0 || by.Can(identity.ViewPatient, b.SiteID) != nil {
			b.PatientID, b.Patient = 0, ""
			continue
		}
		b.Patient = patient.MaskName(b.Patient)
	}
}

// BoxCount is how many boxes are in one place.
type BoxCount struct {
	State  inventory.State `db:"state" json:"state"`
	SiteID int64           `db:"site_id" json:"-"`
	Site   string          `db:"site" json:"site,omitempty"`
	Packs  int64           `db:"packs" json:"packs"`
}

// BatchPatient is somebody who has boxes of a batch.
type BatchPatient struct {
	PatientID int64     `db:"patient_id" json:"patient_id"`
	Patient   string    `db:"patient" json:"patient"` // masked
	SiteID    int64     `db:"site_id" json:"-"`
	Site      string    `db:"site" json:"site"`
	Packs     int64     `db:"packs" json:"packs"`
	LastOn    time.Time `db:"last_on" json:"-"`
}

// BatchTrace is where the boxes of a batch are, and who has some.
type BatchTrace struct {
	Drug  string `json:"drug"`
	Batch string `json:"batch"`
	// Counts are all boxes by place; Packs is their sum.
	Counts []BoxCount `json:"counts"`
	Packs  int64      `json:"packs"`
	// People is how many patients have boxes of it; Patients lists those whom the
	// viewer may see, at most 500, the last first.
	People   int64          `json:"people"`
	Patients []BatchPatient `json:"patients"`
	Boxes    []Box          `json:"boxes"`
	More     bool           `json:"more"`
	// Recalls are those in force that mean the batch.
	Recalls []BatchRecall `json:"recalls,omitempty"`
}

// BatchRecall is a recall that means a batch.
type BatchRecall struct {
	ID    int64      `db:"id" json:"id"`
	Class string     `db:"class" json:"class"`
	At    time.Time  `db:"started_at" json:"started_at"`
	Gone  *time.Time `db:"lifted_at" json:"lifted_at,omitempty"`
}

// maxBatchPatients bounds the patients of a batch that are listed.
const maxBatchPatients = 500

// TraceBatch answers for all boxes of a batch: where they are and who has some.
// It takes what [Service.Trace] takes; names are masked, and only for who sees
// patients at that site. after is the number of the last box of the page before.
// The look is audited.
func (s *Service) TraceBatch(ctx context.Context, by identity.Actor, drugID int64, batch string, after int64) (BatchTrace, error) {
	if err := s.mayTrace(ctx, by); err != nil {
		return BatchTrace{}, err
	}
	t := BatchTrace{Batch: batch}
	err := s.db.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error { return t.read(ctx, tx, drugID, after) })
	if err != nil {
		return BatchTrace{}, err
	}
	hideBoxes(by, t.Boxes)
	seen := t.Patients[:0]
	for _, p := range t.Patients {
		if by.Can(identity.ViewPatient, p.SiteID) == nil {
			p.Patient = patient.MaskName(p.Patient)
			seen = append(seen, p)
		}
	}
	t.Patients = seen
	return t, identity.AuditAlone(ctx, s.db, by, identity.Event{Name: "trace.batch", ObjectKind: "batch", ObjectID: fmt.Sprintf("%d/%s", drugID, batch),
		Detail: fmt.Sprintf("packs=%d people=%d", t.Packs, t.People)})
}

func (t *BatchTrace) read(ctx context.Context, tx *db.Tx, drugID int64, after int64) error {
	var drug struct {
		Generic string `db:"generic_name"`
		Spec    string `db:"spec"`
	}
	err := tx.Get(ctx, &drug, `SELECT generic_name, spec FROM drug WHERE id = $1::bigint`, drugID)
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "没有这种药品。请从查码页重新查批号。")
	}
	if err != nil {
		return fmt.Errorf("read drug: %w", err)
	}
	t.Drug = inventory.DrugName(drug.Generic, drug.Spec)
	err = tx.Select(ctx, &t.Counts, `SELECT k.state, COALESCE(c.site_id, 0) AS site_id, COALESCE(s.name, '') AS site, count(*) AS packs
FROM pack k LEFT JOIN clinic_session c ON c.id = k.session_id AND k.state = 'allocated' LEFT JOIN site s ON s.id = c.site_id
WHERE k.drug_id = $1::bigint AND k.batch = $2::text GROUP BY k.state, c.site_id, s.name ORDER BY k.state, s.name`, drugID, t.Batch)
	if err != nil {
		return fmt.Errorf("count the boxes of a batch: %w", err)
	}
	for _, c := range t.Counts {
		t.Packs += c.Packs
	}
	if t.Packs == 0 {
		return db.Refuse(db.NotFound, "没有批号 %s 的药盒。请核对批号后再查。", t.Batch)
	}
	if err := t.readPatients(ctx, tx, drugID); err != nil {
		return err
	}
	err = tx.Select(ctx, &t.Boxes, `SELECT `+boxColumns+` FROM `+boxTables+`
WHERE k.drug_id = $1::bigint AND k.batch = $2::text AND k.id > $3::bigint ORDER BY k.id LIMIT $4`, drugID, t.Batch, after, BoxesPerPage+1)
	if err != nil {
		return fmt.Errorf("read the boxes of a batch: %w", err)
	}
	t.Boxes, t.More = cutBoxes(t.Boxes)
	err = tx.Select(ctx, &t.Recalls, `SELECT id, class, started_at, lifted_at FROM recall
WHERE drug_id = $1::bigint AND (scope = 'drug' OR scope = 'batch' AND batch = $2::text) ORDER BY id DESC LIMIT 5`, drugID, t.Batch)
	if err != nil {
		return fmt.Errorf("read the recalls of a batch: %w", err)
	}
	return nil
}

func (t *BatchTrace) readPatients(ctx context.Context, tx *db.Tx, drugID int64) error {
	err := tx.Select(ctx, &t.Patients, `SELECT g.patient_id, p.name AS patient, g.site_id, s.name AS site, g.packs, g.last_on
FROM (SELECT v.patient_id, max(c.site_id) AS site_id, count(*) AS packs, max(c.held_on) AS last_on FROM pack k JOIN visit_line l ON l.pack_id = k.id AND l.undone_at IS NULL
  JOIN visit v ON v.id = l.visit_id JOIN clinic_session c ON c.id = v.session_id WHERE k.drug_id = $1::bigint AND k.batch = $2::text GROUP BY v.patient_id) g
JOIN patient p ON p.id = g.patient_id JOIN site s ON s.id = g.site_id ORDER BY g.last_on DESC, g.patient_id`, drugID, t.Batch)
	if err != nil {
		return fmt.Errorf("read the patients of a batch: %w", err)
	}
	t.People = int64(len(t.Patients))
	t.Patients = t.Patients[:min(len(t.Patients), maxBatchPatients)]
	return nil
}

// cutBoxes tells whether there is a further page.
func cutBoxes(list []Box) ([]Box, bool) {
	if len(list) > BoxesPerPage {
		return list[:BoxesPerPage], true
	}
	return list, false
}

// ReceiptTrace is every box of a document and where it is now.
type ReceiptTrace struct {
	ID       int64      `json:"id"`
	Number   string     `json:"number"`
	Revision int        `json:"revision"`
	Store    string     `json:"from_store"`
	At       time.Time  `json:"issued_at"`
	Wanted   int64      `json:"wanted"` // boxes on the document
	Counts   []BoxCount `json:"counts"`
	Packs    int64      `json:"packs"`
	Boxes    []Box      `json:"boxes"`
	More     bool       `json:"more"`
}

// TraceReceipt answers for all boxes of a document. It takes what [Service.Trace]
// takes and is audited like it.
func (s *Service) TraceReceipt(ctx context.Context, by identity.Actor, id, after int64) (ReceiptTrace, error) {
	if err := s.mayTrace(ctx, by); err != nil {
		return ReceiptTrace{}, err
	}
	var t ReceiptTrace
	err := s.db.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error { return t.read(ctx, tx, id, after) })
	if err != nil {
		return ReceiptTrace{}, err
	}
	hideBoxes(by, t.Boxes)
	return t, identity.AuditAlone(ctx, s.db, by, identity.Event{Name: "trace.receipt", ObjectKind: "receipt", ObjectID: fmt.Sprint(id), Detail: fmt.Sprintf("packs=%d", t.Packs)})
}

func (t *ReceiptTrace) read(ctx context.Context, tx *db.Tx, id, after int64) error {
	var head struct {
		ReceiptHit
		IssuedAt time.Time `db:"issued_at"`
		Wanted   int64     `db:"wanted"`
	}
	err := tx.Get(ctx, &head, `SELECT r.id, r.number, r.revision, r.from_store, r.issued_at,
  (SELECT COALESCE(sum(l.packs), 0) FROM receipt_line l WHERE l.receipt_id = r.id) AS wanted FROM receipt r WHERE r.id = $1::bigint`, id)
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "没有这张入库单。请从查码页重新查单号。")
	}
	if err != nil {
		return fmt.Errorf("read a receipt: %w", err)
	}
	t.ID, t.Number, t.Revision, t.Store, t.At, t.Wanted = head.ID, head.Number, head.Revision, head.Store, head.IssuedAt, head.Wanted
	err = tx.Select(ctx, &t.Counts, `SELECT k.state, COALESCE(c.site_id, 0) AS site_id, COALESCE(s.name, '') AS site, count(*) AS packs
FROM receipt_line l JOIN pack k ON k.receipt_line_id = l.id LEFT JOIN clinic_session c ON c.id = k.session_id AND k.state = 'allocated' LEFT JOIN site s ON s.id = c.site_id
WHERE l.receipt_id = $1::bigint GROUP BY k.state, c.site_id, s.name ORDER BY k.state, s.name`, id)
	if err != nil {
		return fmt.Errorf("count the boxes of a receipt: %w", err)
	}
	for _, c := range t.Counts {
		t.Packs += c.Packs
	}
	err = tx.Select(ctx, &t.Boxes, `SELECT `+boxColumns+` FROM `+boxTables+`
WHERE k.receipt_line_id IN (SELECT l.id FROM receipt_line l WHERE l.receipt_id = $1::bigint) AND k.id > $2::bigint ORDER BY k.id LIMIT $3`, id, after, BoxesPerPage+1)
	if err != nil {
		return fmt.Errorf("read the boxes of a receipt: %w", err)
	}
	t.Boxes, t.More = cutBoxes(t.Boxes)
	return nil
}
