package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// Arrival is the input of CheckIn: a label, number or id of a patient.
type Arrival struct {
	SessionID int64
	// Visit is the id the device made for a new visit.
	Visit     uuid.UUID
	CommandID uuid.UUID
	// Patient is what was scanned or typed.
	Patient string
	// Start begins the visit at once with the doctor who acts.
	Start bool
	// Again is what FinishFirst asked with, sent back with the same label.
	Again string
	// DoneAt is when the label was scanned while the link was down, by the device's
	// clock; zero for somebody who comes now.
	DoneAt time.Time `json:",omitzero"`
}

// ArrivalKind says what a check-in did.
type ArrivalKind string

// The closed list of what a scanned label can lead to.
const (
	Queued         ArrivalKind = "queued"          // joined the queue
	Started        ArrivalKind = "started"         // the doctor has the patient now
	AlreadyWaiting ArrivalKind = "already_waiting" // was in the queue before
	AlreadyYours   ArrivalKind = "already_yours"   // is this doctor's open visit
	FinishFirst    ArrivalKind = "finish_first"    // nothing yet: another visit with boxes is open
)

// ArrivalAnswer is the answer to a check-in.
type ArrivalAnswer struct {
	Kind    ArrivalKind `json:"kind"`
	VisitID uuid.UUID   `json:"visit"`
	Number  int         `json:"number"`
	// Sentence is shown.
	Sentence string `json:"sentence"`
	// Again goes with the next scan after FinishFirst: the same label then
	// finishes the visit that is open.
	Again string `json:"again,omitempty"`
}

// CheckIn brings a patient into the queue or, with Start, straight to the
// doctor. A patient is there once while open; a second label scan finds the
// visit that is there.
func (s *Service) CheckIn(ctx context.Context, by identity.Actor, in Arrival) (ArrivalAnswer, error) {
	need := identity.CheckIn
	if in.Start {
		need = identity.Dispense
	}
	if _, err := s.may(ctx, by, need, in.SessionID); err != nil {
		return ArrivalAnswer{}, err
	}
	if in.Visit == uuid.Nil || in.CommandID == uuid.Nil {
		return ArrivalAnswer{}, db.Refuse(db.Invalid, "页面缺少操作编号，请刷新页面后重试。")
	}
	if err := notMedicine(in.Patient); err != nil {
		return ArrivalAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "check_in", Request: in.asked()}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (ArrivalAnswer, error) {
		// Looked up behind the command: a repeat gets its answer although the
		// label has been revoked meanwhile. No lock is held yet.
		p, err := findActive(ctx, tx, in.Patient)
		if err != nil {
			return ArrivalAnswer{}, err
		}
		if in.replayed() && in.Start {
			return s.arriveLate(ctx, tx, by, in, p)
		}
		return s.arrive(ctx, tx, by, in, p)
	})
	return answer, s.denied(ctx, by, in.SessionID, err)
}

func findActive(ctx context.Context, r db.Reader, text string) (patient.Patient, error) {
	p, err := patient.Find(ctx, r, text)
	if err == nil && p.State != patient.Active {
		err = db.Refuse(db.Conflict, "这位患者的档案已停用，请值班药师核对后再登记。")
	}
	return p, err
}

// stillActive holds a patient's entry until the visit is there: one that is merged or
// ended meanwhile gets none.
func stillActive(ctx context.Context, tx *db.Tx, p patient.Patient) error {
	var state patient.State
	if err := tx.Get(ctx, &state, `SELECT state FROM patient WHERE id = $1::bigint FOR SHARE`, p.ID); err != nil {
		return fmt.Errorf("hold a patient's entry: %w", err)
	}
	if state != patient.Active {
		return db.Refuse(db.Conflict, "这位患者的档案刚才有变动。请再扫一次患者二维码。")
	}
	return nil
}

// notMedicine tells a box scanned in place of a patient's label.
func notMedicine(text string) error {
	_, err := inventory.ParseTraceCode(text)
	var wrong *inventory.CodeError
	switch {
	case err == nil:
		return db.Refuse(db.Invalid, "这是药盒上的追溯码，不是患者标签。请先扫患者二维码，再扫药。")
	case errors.As(err, &wrong) && wrong.Kind == inventory.KindCommodityCode:
		return db.Refuse(db.Invalid, "这是商品码，不是患者标签。请扫病历本上的患者二维码。")
	case errors.As(err, &wrong) && wrong.Kind == inventory.KindBagLabel:
		return db.Refuse(db.Invalid, "这是药袋的标签。请先扫患者的标签，再扫药袋。")
	case errors.As(err, &wrong) && wrong.Kind == inventory.KindToteLabel:
		return db.Refuse(db.Invalid, "这是周转箱的标签，不是患者标签。请扫病历本上的患者二维码。")
	case errors.As(err, &wrong) && wrong.Kind == inventory.KindVeterinaryCode:
		return db.Refuse(db.Invalid, "这是 24 位的兽药码，不是患者标签。请扫病历本上的患者二维码。")
	}
	return nil
}

func (s *Service) arrive(ctx context.Context, tx *db.Tx, by identity.Actor, in Arrival, p patient.Patient) (ArrivalAnswer, error) {
	x, err := lock(ctx, tx, in.SessionID, Open)
	if err != nil {
		return ArrivalAnswer{}, err
	}
	if err := stillActive(ctx, tx, p); err != nil {
		return ArrivalAnswer{}, err
	}
	var ended string
	if in.Start {
		answer, err := clearTable(ctx, tx, by, x, in, p)
		if err != nil || answer.Kind == FinishFirst {
			return answer, err
		}
		ended = answer.Sentence
	}
	v, found, err := openVisitOf(ctx, tx, x.ID, p.ID)
	if err != nil {
		return ArrivalAnswer{}, err
	}
	if !found {
		if v, err = insertVisit(ctx, tx, by, x, in, p); err != nil {
			return ArrivalAnswer{}, err
		}
	}
	answer, err := settleArrival(ctx, tx, by, x, in, v, found)
	if err != nil {
		return ArrivalAnswer{}, err
	}
	answer.Sentence = ended + answer.Sentence
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "visit." + string(answer.Kind), ObjectKind: "visit",
		ObjectID: v.ID.String(), SiteID: x.SiteID, SessionID: x.ID, Detail: "patient=" + p.Number})
	if err != nil {
		return ArrivalAnswer{}, err
	}
	return answer, s.hub.Touch(ctx, tx, x.ID)
}

// settleArrival decides between the queue and the doctor's table.
func settleArrival(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, in Arrival, v Visit, found bool) (ArrivalAnswer, error) {
	a := ArrivalAnswer{VisitID: v.ID, Number: v.Number}
	switch {
	case v.State == InConsultation && v.DoctorID != nil && *v.DoctorID == by.StaffID:
		a.Kind, a.Sentence = AlreadyYours, fmt.Sprintf("%d 号就诊中，可以扫药。", v.Number)
		return a, nil
	case v.State == InConsultation:
		return a, db.Refuse(db.Conflict, "%d 号正在 %s 医生处就诊。要换医生，请先在那边退回候诊。", v.Number, v.Doctor)
	case !in.Start && found:
		a.Kind, a.Sentence = AlreadyWaiting, fmt.Sprintf("已签到，%d 号，请候诊。", v.Number)
		return a, nil
	case !in.Start:
		a.Kind, a.Sentence = Queued, fmt.Sprintf("签到成功，%d 号。", v.Number)
		return a, nil
	}
	err := tx.ExecOne(ctx, `UPDATE visit SET state = 'in_consultation', doctor_id = $2, started_at = $3 WHERE id = $1 AND state = 'waiting'`,
		v.ID, by.StaffID, pastMoment(in.DoneAt, v.CameAt, tx.Now))
	if err != nil {
		return a, fmt.Errorf("start visit: %w", err)
	}
	a.Kind, a.Sentence = Started, fmt.Sprintf("%d 号开始就诊，请扫药。", v.Number)
	return a, nil
}

func openVisitOf(ctx context.Context, tx *db.Tx, sessionID, patientID int64) (Visit, bool, error) {
	var v Visit
	err := tx.Get(ctx, &v, `SELECT `+visitColumns+` FROM `+visitTables+`
WHERE v.session_id = $1::bigint AND v.patient_id = $2::bigint AND v.state IN ('waiting', 'in_consultation') FOR NO KEY UPDATE OF v`, sessionID, patientID)
	if db.IsNoRows(err) {
		return v, false, nil
	}
	return v, err == nil, visitNotFound(err)
}

// insertVisit gives the next number. The session's row is locked, so numbers
// have no gaps and no doubles.
func insertVisit(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, in Arrival, p patient.Patient) (Visit, error) {
	var number int
	err := tx.Get(ctx, &number, `UPDATE clinic_session SET last_number = last_number + 1 WHERE id = $1 RETURNING last_number`, x.ID)
	if err != nil {
		return Visit{}, fmt.Errorf("next number: %w", err)
	}
	came := pastMoment(in.DoneAt, time.Time{}, tx.Now)
	err = tx.ExecOne(ctx, `INSERT INTO visit (id, session_id, patient_id, number, state, came_at, came_by)
VALUES ($1, $2, $3, $4, 'waiting', $5, $6)`, in.Visit, x.ID, p.ID, number, came, by.StaffID)
	if db.IsUnique(err, "visit_pk") {
		return Visit{}, db.RefuseBecause(err, db.Conflict, "这次就诊的编号已被使用，请刷新页面后重新扫患者二维码。")
	}
	if err != nil {
		return Visit{}, fmt.Errorf("insert visit: %w", err)
	}
	return Visit{ID: in.Visit, SessionID: x.ID, PatientID: p.ID, Patient: p.Name, PatientNo: p.Number,
		Number: number, State: Waiting, CameAt: came}, nil
}
