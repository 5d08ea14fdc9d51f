package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// VisitState is where a visit stands.
type VisitState string

// The states of a visit.
const (
	Waiting        VisitState = "waiting"
	InConsultation VisitState = "in_consultation"
	Finished       VisitState = "finished"
	Void           VisitState = "void"
)

// Visit is one patient's turn in a session.
type Visit struct {
	ID          uuid.UUID  `db:"id"`
	SessionID   int64      `db:"session_id"`
	PatientID   int64      `db:"patient_id"`
	Patient     string     `db:"patient"` // name in clear; lists mask it
	PatientNo   string     `db:"patient_no"`
	Number      int        `db:"number"`
	State       VisitState `db:"state"`
	DoctorID    *int64     `db:"doctor_id"`
	Doctor      string     `db:"doctor"`
	CameAt      time.Time  `db:"came_at"`
	CalledAt    *time.Time `db:"called_at"` // 叫号, while it waits
	StartedAt   *time.Time `db:"started_at"`
	FinishedAt  *time.Time `db:"finished_at"`
	Lines       int        `db:"lines"` // packs handed out and not undone
	Parts       int        `db:"parts"` // of those, parts of a pack
	Collector   string     `db:"collector"`
	Prescript   string     `db:"prescription_no"`
	NoDrug      string     `db:"no_drug_reason"`
	CollectedBy string     `db:"collector_name"`
	// Bags says that packed bags wait in the session; only a locked visit knows it.
	Bags bool `db:"bags"`
}

const visitColumns = `v.id, v.session_id, v.patient_id, p.name AS patient, p.number AS patient_no, v.number, v.state,
  v.doctor_id, COALESCE(f.name, '') AS doctor, v.came_at, v.called_at, v.started_at, v.finished_at,
  (SELECT count(*) FROM visit_line l WHERE l.visit_id = v.id AND l.undone_at IS NULL) AS lines,
  (SELECT count(*) FROM visit_line l JOIN pack k ON k.id = l.pack_id WHERE l.visit_id = v.id AND l.undone_at IS NULL AND l.quantity < k.units_total) AS parts,
  v.collector, v.collector_name, v.prescription_no, v.no_drug_reason`

const visitTables = `visit v JOIN patient p ON p.id = v.patient_id LEFT JOIN staff f ON f.id = v.doctor_id`

// FindVisit reads one visit of a session.
func FindVisit(ctx context.Context, r db.Reader, sessionID int64, id uuid.UUID) (Visit, error) {
	var v Visit
	err := r.Get(ctx, &v, `SELECT `+visitColumns+` FROM `+visitTables+` WHERE v.id = $1::uuid AND v.session_id = $2::bigint`, id, sessionID)
	return v, visitNotFound(err)
}

// CurrentVisit reads the visit a doctor has open in a session; false when none.
func CurrentVisit(ctx context.Context, r db.Reader, sessionID, doctorID int64) (Visit, bool, error) {
	var v Visit
	err := r.Get(ctx, &v, `SELECT `+visitColumns+` FROM `+visitTables+`
WHERE v.session_id = $1::bigint AND v.doctor_id = $2::bigint AND v.state = 'in_consultation'`, sessionID, doctorID)
	if db.IsNoRows(err) {
		return v, false, nil
	}
	return v, err == nil, visitNotFound(err)
}

// lockVisit takes a visit's row after the session's.
func lockVisit(ctx context.Context, tx *db.Tx, sessionID int64, id uuid.UUID) (Visit, error) {
	var v Visit
	err := tx.Get(ctx, &v, `SELECT `+visitColumns+`,
  EXISTS (SELECT 1 FROM bag b WHERE b.session_id = v.session_id AND b.state = 'packed') AS bags FROM `+visitTables+`
WHERE v.id = $1::uuid AND v.session_id = $2::bigint FOR NO KEY UPDATE OF v`, id, sessionID)
	return v, visitNotFound(err)
}

func visitNotFound(err error) error {
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "本场次没有这次就诊。请重新扫患者二维码。")
	}
	if err != nil {
		return fmt.Errorf("read visit: %w", err)
	}
	return nil
}

// mine refuses a visit that is not open with this doctor.
func (v Visit) mine(by identity.Actor) error {
	switch {
	case v.State == Waiting:
		return db.Refuse(db.Conflict, "%d 号还在候诊。请先扫患者二维码开始就诊。", v.Number)
	case v.State == Void:
		return db.Refuse(db.Conflict, "%d 号这次就诊已作废，请重新扫患者二维码。", v.Number)
	case v.DoctorID == nil || *v.DoctorID != by.StaffID:
		return db.Refuse(db.Conflict, "%d 号正在 %s 医生处。", v.Number, v.Doctor)
	}
	return nil
}
