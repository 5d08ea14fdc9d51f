package session

import (
	"context"
	"fmt"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// tableStep is what the next patient's label does to the visit that is still
// open at a table (a forgotten 诊毕).
type tableStep int

const (
	stepNothing tableStep = iota // nobody is there, or it is this very patient
	stepPutBack                  // without boxes: back to the queue
	stepAsk                      // with boxes: the doctor is asked
	stepFinish                   // the same label again in the same situation
)

// againMark names a situation at a table: the open visit, its boxes and whose
// label was scanned. It says nothing that the screen does not show.
func againMark(open Visit, next int64) string {
	return fmt.Sprintf("%s.%d.%d", open.ID, open.Lines, next)
}

// rhythm is the rule of label to label. again is what the doctor was asked with
// last; when a box or another label came between, it no longer fits and the
// doctor is asked anew.
func rhythm(open *Visit, next int64, again string) tableStep {
	switch {
	case open == nil || open.PatientID == next:
		return stepNothing
	case open.Lines == 0:
		return stepPutBack
	case again == againMark(*open, next):
		return stepFinish
	}
	return stepAsk
}

// clearTable deals with the visit that the doctor has open when the next label
// is scanned. The answer's kind is FinishFirst when nothing may happen yet;
// otherwise its sentence says what became of the visit, or nothing.
func clearTable(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, in Arrival, p patient.Patient) (ArrivalAnswer, error) {
	var none ArrivalAnswer
	if err := inTeam(ctx, tx, x.ID, by, PartDoctor); err != nil {
		return none, err
	}
	v, found, err := CurrentVisit(ctx, tx, x.ID, by.StaffID)
	if err != nil || !found {
		return none, err
	}
	switch rhythm(&v, p.ID, in.Again) {
	case stepPutBack:
		return none, putBackEmpty(ctx, tx, by, x, v)
	case stepAsk:
		return ArrivalAnswer{Kind: FinishFirst, VisitID: v.ID, Number: v.Number, Again: againMark(v, p.ID),
			Sentence: fmt.Sprintf("%d 号还没有诊毕，已扫 %s。再扫一次同一张标签，就诊毕 %d 号并开始下一位。", v.Number, v.Given(), v.Number)}, nil
	case stepFinish:
		if err := withOther(ctx, tx, x, p); err != nil {
			return none, err
		}
		a, err := finishLocked(ctx, tx, by, x, v, Ending{SessionID: x.ID, Visit: v.ID, CommandID: in.CommandID, Collector: "self"})
		return ArrivalAnswer{Sentence: fmt.Sprintf("%d 号已诊毕，共 %s。", v.Number, a.Given)}, err
	}
	return none, nil
}

// withOther refuses the label of a patient whom another doctor has, before the
// open visit is finished for it.
func withOther(ctx context.Context, tx *db.Tx, x Session, p patient.Patient) error {
	v, found, err := openVisitOf(ctx, tx, x.ID, p.ID)
	if err != nil || !found || v.State == Waiting {
		return err
	}
	return db.Refuse(db.Conflict, "%d 号正在 %s处就诊。要换医生，请先在那边退回候诊。", v.Number, doctorWord(v.Doctor))
}

// putBackEmpty sends a visit without boxes back to the queue.
func putBackEmpty(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit) error {
	if err := putBack(ctx, tx, v.ID); err != nil {
		return err
	}
	if err := withdrawRequests(ctx, tx, by, v.ID); err != nil {
		return err
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: "visit.put_back", ObjectKind: "visit", ObjectID: v.ID.String(),
		SiteID: x.SiteID, SessionID: x.ID})
}
