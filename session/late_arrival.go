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

// WithOther is the answer to a label that was scanned without a link when another
// doctor has the patient by now: the boxes go to that visit.
const WithOther ArrivalKind = "with_other"

// replayed says that the patient has been at the table already.
func (in Arrival) replayed() bool { return !in.DoneAt.IsZero() }

// asked is the request as its command is known by: the same command may have
// arrived before the link broke, without the time.
func (in Arrival) asked() Arrival { in.DoneAt = time.Time{}; return in }
func (in Scan) asked() Scan       { in.DoneAt = time.Time{}; return in }
func (in Undoing) asked() Undoing { in.DoneAt = time.Time{}; return in }
func (e Ending) asked() Ending    { e.DoneAt = time.Time{}; return e }

// pastMoment is when something was done by a device's clock, but never after now
// nor before start: a device's clock may be wrong, and nothing ends before it began.
func pastMoment(done, start, now time.Time) time.Time {
	if done.IsZero() || done.After(now) {
		return now
	}
	if done.Before(start) {
		return start
	}
	return done
}

// arriveLate is the label of a patient who has been at the table while the link was
// down. Nothing is asked any more: what the doctor had open is finished or goes
// back to the queue, and a patient whom somebody else has now, or had today, is a
// fact that the duty holder is told.
func (s *Service) arriveLate(ctx context.Context, tx *db.Tx, by identity.Actor, in Arrival, p patient.Patient) (ArrivalAnswer, error) {
	x, err := lock(ctx, tx, in.SessionID, Open, Closing)
	if err != nil {
		return ArrivalAnswer{}, lateFact(err, true)
	}
	if err := stillActive(ctx, tx, p); err != nil {
		return ArrivalAnswer{}, err
	}
	if err := clearLate(ctx, tx, by, x, in, p); err != nil {
		return ArrivalAnswer{}, err
	}
	v, found, err := openVisitOf(ctx, tx, x.ID, p.ID)
	if err != nil {
		return ArrivalAnswer{}, err
	}
	if found && v.State == InConsultation && (v.DoctorID == nil || *v.DoctorID != by.StaffID) {
		return s.lateWithOther(ctx, tx, by, x, v)
	}
	if !found {
		if err := tellSeenTwice(ctx, tx, by, x, p.ID); err != nil {
			return ArrivalAnswer{}, err
		}
		if v, err = insertVisit(ctx, tx, by, x, in, p); err != nil {
			return ArrivalAnswer{}, err
		}
	}
	a, err := settleArrival(ctx, tx, by, x, in, v, found)
	if err != nil {
		return a, err
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "visit." + string(a.Kind), ObjectKind: "visit",
		ObjectID: v.ID.String(), SiteID: x.SiteID, SessionID: x.ID, Detail: "late patient=" + p.Number})
	if err != nil {
		return a, err
	}
	return a, s.hub.Touch(ctx, tx, x.ID)
}

// clearLate makes room at the doctor's table: without a link the next patient came
// when the one before had gone.
func clearLate(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, in Arrival, p patient.Patient) error {
	if err := inTeam(ctx, tx, x.ID, by, PartDoctor); err != nil {
		return err
	}
	v, found, err := CurrentVisit(ctx, tx, x.ID, by.StaffID)
	if err != nil || !found || v.PatientID == p.ID {
		return err
	}
	if v.Lines == 0 {
		return putBackEmpty(ctx, tx, by, x, v)
	}
	_, err = finishLocked(ctx, tx, by, x, v, Ending{SessionID: x.ID, Visit: v.ID, CommandID: in.CommandID, Collector: "self", DoneAt: in.DoneAt})
	return err
}

// lateWithOther leaves a visit with the doctor who has it.
func (s *Service) lateWithOther(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit) (ArrivalAnswer, error) {
	text := fmt.Sprintf("%s断网时也看了 %d 号，而 %d 号正在%s处就诊。断网时发的药记在这次就诊里，请与两位医生核对。", doctorWord(by.Name), v.Number, v.Number, doctorWord(v.Doctor))
	err := RaiseAlarm(ctx, tx, by, NewAlarm{SessionID: x.ID, Visit: v.ID, Kind: inventory.KindWrongState, Sentence: text})
	if err != nil {
		return ArrivalAnswer{}, err
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "visit.with_other", ObjectKind: "visit", ObjectID: v.ID.String(),
		SiteID: x.SiteID, SessionID: x.ID})
	if err != nil {
		return ArrivalAnswer{}, err
	}
	return ArrivalAnswer{Kind: WithOther, VisitID: v.ID, Number: v.Number, Sentence: text}, s.hub.Touch(ctx, tx, x.ID)
}

// tellSeenTwice tells the duty holder of a patient who was seen in this session
// before: two doctors may have given the month's medicine.
func tellSeenTwice(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, patientID int64) error {
	var before Visit
	err := tx.Get(ctx, &before, `SELECT `+visitColumns+` FROM `+visitTables+`
WHERE v.session_id = $1::bigint AND v.patient_id = $2::bigint AND v.state = 'finished' ORDER BY v.finished_at DESC LIMIT 1`, x.ID, patientID)
	if db.IsNoRows(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for an earlier visit: %w", err)
	}
	return RaiseAlarm(ctx, tx, by, NewAlarm{SessionID: x.ID, Visit: before.ID, Kind: inventory.KindWrongState,
		Sentence: fmt.Sprintf("%s断网时又看了 %d 号的患者，而 %d 号已由%s诊毕。请核对是否重复取药。", doctorWord(by.Name), before.Number, before.Number, doctorWord(before.Doctor))})
}

// late is the Ending of a visit that was over before the link came back: nothing
// is asked, and a visit whose boxes somebody else is on record for still ends.
func (e Ending) late(v Visit) Ending {
	if e.DoneAt.IsZero() {
		return e
	}
	e.AskLeft, e.OverAsked = false, true
	if v.Lines == 0 && e.NoDrugReason == "" {
		e.NoDrugReason = "断网时发的药没有记成，见提醒"
	}
	return e
}

// lateEnd says where a 诊毕 goes that no longer fits into its session.
func lateEnd(err error, in Ending) error {
	if in.DoneAt.IsZero() {
		return err
	}
	return lateFact(err, true)
}
