package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Trace is the life of one pack, as far as the person who asks may see it.
type Trace struct {
	Pack inventory.Pack
	// Steps are all movements, the first of them first.
	Steps []TraceStep
	// Notes are the carton it came in, the tote or bag it lies in, a count that has
	// it open, the recalls that mean it, what patients brought back of it and the
	// papers it stands on.
	Notes []TraceNote
	// Chains is the result of verifying, now, the record chains of the sessions
	// that handed the pack out; no chains when no record names it.
	Chains ChainReport
}

// TraceStep is one movement of a pack.
type TraceStep struct {
	Kind     inventory.MovementKind `db:"kind"`
	From     inventory.State        `db:"from_state"`
	To       inventory.State        `db:"to_state"`
	Quantity int64                  `db:"quantity"` // smallest units
	At       time.Time              `db:"at"`
	DeviceAt *time.Time             `db:"device_at"` // when the device saw it, if it was late
	Who      string                 `db:"who"`       // "" for the program itself
	How      inventory.How          `db:"how"`
	Reason   string                 `db:"reason"`
	Alarm    string                 `db:"alarm"` // an inventory.AnswerKind or ""
	Fact     bool                   `db:"fact"`  // written down after it happened

	SessionID *int64     `db:"session_id"`
	SiteID    *int64     `db:"site_id"`
	Site      string     `db:"site"`
	HeldOn    *time.Time `db:"held_on"`

	VisitID *uuid.UUID `db:"visit_id"`
	Number  int        `db:"number"` // in the queue, 0 without a visit
	Doctor  string     `db:"doctor"`
	// Patient is the name as the viewer may read it: whole, masked, or "".
	Patient string `db:"patient"`
	// PatientNo is empty where the name is not whole.
	PatientNo string `db:"patient_no"`
	// PatientID is 0 for who may not open the patient.
	PatientID int64 `db:"patient_id"`
	// Days is the supply in days that the visit's line says, 0 for nothing; with
	// the reason where one was stated for a long one.
	Days       int    `db:"days"`
	OverReason string `db:"over_reason"`

	ReceiptID int64  `db:"receipt_id"`
	LineNo    int    `db:"line_no"` // of the document, 0 without one
	Receipt   string `db:"receipt"` // number of HIS's document
	FromStore string `db:"from_store"`

	VisitState VisitState `db:"visit_state"`
	// Undone says that the pack was taken back in the same visit.
	Undone bool

	// Record is the frozen record that names the pack, on the step that gave it.
	Record *TraceRecord
	// Given is the step that gave what a patient brought back here, as far as the
	// viewer may see it; nil on other steps.
	Given *TraceStep

	// Paper, Proposer and Decider are the paper over a loss, a destruction or a
	// sending back, and the two who signed it.
	Paper    string `db:"paper"`
	PaperID  int64  `db:"paper_id"`
	Proposer string `db:"proposer"`
	Decider  string `db:"decider"`
}

// TraceRecord is the place of a visit record in its session's chain.
type TraceRecord struct {
	SessionID int64     `db:"session_id"`
	Chain     string    `db:"chain"` // main or supplement
	Seq       int64     `db:"seq"`
	VisitID   uuid.UUID `db:"visit_id"`
	Canonical []byte    `db:"canonical"`
	// Signing is waiting, asked or signed where the record is signed through a CA, else
	// ""; Late says that it was signed after an outage.
	Signing string `db:"signing"`
	Late    bool   `db:"late"`
}

// Trace answers what became of a code: from HIS's document to the patient. The
// text is what a scanner gave. It takes the right to see stock or sessions at
// any site; a patient's name is whole only for who hands out or checks in at
// that site, masked for who does so elsewhere, and missing for all others. The
// look is audited. The chains of the sessions whose records name the code are
// verified at once: four statements for each such session, as a rule one.
func (s *Service) Trace(ctx context.Context, by identity.Actor, text string) (Trace, error) {
	if err := s.mayTrace(ctx, by); err != nil {
		return Trace{}, err
	}
	code, err := inventory.ParseTraceCode(text)
	if err != nil {
		return Trace{}, Unreadable(err)
	}
	var t Trace
	err = s.db.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err = readTrace(ctx, tx, by, code.Code())
		return err
	})
	if err != nil {
		return Trace{}, err
	}
	return t, identity.AuditAlone(ctx, s.db, by, identity.Event{Name: "trace.view", ObjectKind: "pack", ObjectID: t.Pack.Code})
}

// Unreadable turns a text that is no trace code into the sentence that a scan
// of it is answered with.
func Unreadable(err error) error {
	var wrong *inventory.CodeError
	if errors.As(err, &wrong) {
		return db.RefuseBecause(err, db.Invalid, "%s", wrong.Sentence())
	}
	return fmt.Errorf("parse trace code: %w", err)
}

func readTrace(ctx context.Context, tx *db.Tx, by identity.Actor, code string) (Trace, error) {
	var t Trace
	var err error
	if t.Pack, err = inventory.FindPackRow(ctx, tx, code); err != nil {
		return t, err
	}
	if t.Steps, err = readSteps(ctx, tx, t.Pack.ID); err != nil {
		return t, err
	}
	if t.Notes, err = readNotes(ctx, tx, t.Pack); err != nil {
		return t, err
	}
	t.markRecalled()
	t.hideBags(by)
	for i := range t.Steps {
		t.Steps[i].hide(by)
	}
	if err := t.addRecords(ctx, tx); err != nil {
		return t, err
	}
	t.markReturns()
	t.Chains, err = t.verify(ctx, tx)
	return t, err
}

// readSteps reads the movements of a pack. The session of a step is the one it
// came to or, when it came to none, the one it left.
func readSteps(ctx context.Context, r db.Reader, packID int64) ([]TraceStep, error) {
	var list []TraceStep
	err := r.Select(ctx, &list, `SELECT m.kind, m.from_state, m.to_state, m.quantity, m.at, m.device_at, COALESCE(f.name, '') AS who,
  m.how, m.reason, m.alarm, m.fact, c.id AS session_id, c.site_id, COALESCE(s.name, '') AS site, c.held_on,
  m.visit_id, COALESCE(v.state, '') AS visit_state, COALESCE(v.number, 0) AS number, COALESCE(d.name, '') AS doctor, COALESCE(p.name, '') AS patient,
  COALESCE(p.number, '') AS patient_no, COALESCE(r.number, '') AS receipt, COALESCE(r.from_store, '') AS from_store,
  COALESCE(x.number, '') AS paper, COALESCE(x.id, 0) AS paper_id, COALESCE(xa.name, '') AS proposer, COALESCE(xb.name, '') AS decider,
  COALESCE(r.id, 0) AS receipt_id, COALESCE(l.line_no, 0) AS line_no, COALESCE(v.patient_id, 0) AS patient_id, COALESCE(w.days, 0) AS days, COALESCE(w.over_reason, '') AS over_reason
FROM movement m LEFT JOIN staff f ON f.id = m.staff_id
LEFT JOIN clinic_session c ON c.id = COALESCE(m.to_session_id, m.from_session_id) LEFT JOIN site s ON s.id = c.site_id
LEFT JOIN visit v ON v.id = m.visit_id LEFT JOIN staff d ON d.id = v.doctor_id LEFT JOIN patient p ON p.id = v.patient_id
LEFT JOIN receipt_line l ON l.id = m.receipt_line_id LEFT JOIN receipt r ON r.id = l.receipt_id
LEFT JOIN visit_line w ON w.visit_id = m.visit_id AND w.pack_id = m.pack_id AND w.undone_at IS NULL AND m.kind = 'dispense'
LEFT JOIN (SELECT n.pack_id, y.id, y.number, y.act, y.decided_at, y.proposed_by, y.decided_by FROM disposal_pack n JOIN disposal y ON y.id = n.disposal_id
  WHERE n.pack_id = $1::bigint AND n.outcome = 'done') x ON x.pack_id = m.pack_id AND x.act = m.kind AND x.decided_at = m.at
LEFT JOIN staff xa ON xa.id = x.proposed_by LEFT JOIN staff xb ON xb.id = x.decided_by
WHERE m.pack_id = $1::bigint ORDER BY m.id`, packID)
	if err != nil {
		return nil, fmt.Errorf("read movements: %w", err)
	}
	return list, nil
}

// hide takes from a step what the viewer may not read of the patient.
func (x *TraceStep) hide(by identity.Actor) {
	if x.SiteID == nil || by.Can(identity.ViewPatient, *x.SiteID) != nil {
		x.PatientID = 0
	}
	if x.VisitID == nil || x.SiteID == nil {
		x.Patient, x.PatientNo = "", ""
		return
	}
	at := func(siteID int64) bool {
		return by.Can(identity.Dispense, siteID) == nil || by.Can(identity.CheckIn, siteID) == nil
	}
	switch {
	case at(*x.SiteID):
	case at(0):
		x.Patient, x.PatientNo = patient.MaskName(x.Patient), ""
	default:
		x.Patient, x.PatientNo = "", ""
	}
}

// addRecords puts each record beside the last step of its visit that gave the
// pack. A record counts only when its frozen bytes name the code: a pack that
// was taken back before 诊毕 is in none.
func (t *Trace) addRecords(ctx context.Context, r db.Reader) error {
	t.markUndone()
	gave := map[uuid.UUID]int{}
	var visits []string
	for i, x := range t.Steps {
		if x.Kind == inventory.MoveDispense && x.VisitID != nil {
			if _, seen := gave[*x.VisitID]; !seen {
				visits = append(visits, x.VisitID.String())
			}
			gave[*x.VisitID] = i
		}
	}
	if len(visits) == 0 {
		return nil
	}
	var list []TraceRecord
	err := r.Select(ctx, &list, `SELECT r.session_id, r.chain, r.seq, r.visit_id, r.canonical, COALESCE(t.state, '') AS signing, COALESCE(e.late, false) AS late FROM record r
LEFT JOIN signature_task t ON t.kind = 'record' AND t.session_id = r.session_id AND t.chain = r.chain AND t.seq = r.seq
LEFT JOIN signature_evidence e ON e.task_id = t.id
WHERE r.visit_id = ANY($1::uuid[]) ORDER BY r.id`, pq.Array(visits))
	if err != nil {
		return fmt.Errorf("read records of a pack: %w", err)
	}
	for _, x := range list {
		if names(x.Canonical, t.Pack.Code) {
			t.Steps[gave[x.VisitID]].Record = &x
		}
	}
	return nil
}

// markUndone finds the steps that a later one of the same visit took back.
func (t *Trace) markUndone() {
	back := map[uuid.UUID]bool{}
	for i := len(t.Steps) - 1; i >= 0; i-- {
		x := &t.Steps[i]
		switch {
		case x.VisitID == nil:
		case x.Kind == inventory.MoveUndo:
			back[*x.VisitID] = true
		case x.Kind == inventory.MoveDispense:
			x.Undone, back[*x.VisitID] = back[*x.VisitID], false
		}
	}
}

// markReturns names on each return of a patient the hand-over that it undoes: the
// last one before it that stands.
func (t *Trace) markReturns() {
	var gave *TraceStep
	for i := range t.Steps {
		x := &t.Steps[i]
		switch {
		case x.Kind == inventory.MoveDispense && !x.Undone:
			gave = x
		case x.Kind == inventory.MoveReturn:
			x.Given = gave
		}
	}
}

// Unrecorded tells of a hand-over that stands though its visit was finished
// without a record that names the pack: something was taken away.
func (x TraceStep) Unrecorded() bool {
	return x.Kind == inventory.MoveDispense && !x.Undone && x.VisitState == Finished && x.Record == nil
}

// names tells whether a record's frozen lines hold a code. Bytes that cannot be
// read hold none; verifying the chain says so.
func names(canonical []byte, code string) bool {
	said, err := seal.DecodeRecord(canonical)
	if err != nil {
		return false
	}
	lines, err := seal.Get[[]seal.Record](said, "lines")
	if err != nil {
		return false
	}
	for _, l := range lines {
		if c, err := seal.Get[string](l, "code"); err == nil && c == code {
			return true
		}
	}
	return false
}

// verify checks the chains of the sessions whose visits had the pack: also
// where the record no longer names it, for then the bytes may have been changed.
func (t *Trace) verify(ctx context.Context, r db.Reader) (ChainReport, error) {
	var ids []int64
	for _, x := range t.Steps {
		if x.VisitID != nil && x.SessionID != nil {
			ids = append(ids, *x.SessionID)
		}
	}
	if len(ids) == 0 {
		return ChainReport{}, nil
	}
	var heads []chainRow
	err := r.Select(ctx, &heads, `SELECT session_id, chain, length, digest FROM record_chain
WHERE session_id = ANY($1::bigint[]) ORDER BY session_id, chain`, idArray(ids))
	if err != nil {
		return ChainReport{}, fmt.Errorf("read chain heads: %w", err)
	}
	return verifyChains(ctx, r, heads)
}
