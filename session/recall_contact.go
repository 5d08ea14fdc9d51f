package session

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// ContactState is how far a recall has got with one patient.
type ContactState string

// The states of a contact.
const (
	NotYet     ContactState = "not_yet"
	Unreached  ContactState = "unreached"
	ToldOfIt   ContactState = "told"
	HandedBack ContactState = "handed_back"
	RefusedIt  ContactState = "refused"
	Needless   ContactState = "needless"
)

// ContactStates lists every state in the order of the work.
func ContactStates() []ContactState {
	return []ContactState{NotYet, Unreached, ToldOfIt, HandedBack, RefusedIt, Needless}
}

// Word is the state in Chinese.
func (s ContactState) Word() string {
	switch s {
	case NotYet:
		return "未联系"
	case Unreached:
		return "打不通"
	case ToldOfIt:
		return "已通知"
	case HandedBack:
		return "已交回"
	case RefusedIt:
		return "拒绝"
	case Needless:
		return "无需"
	}
	return ""
}

// Reached reports whether the person needs no further call.
func (s ContactState) Reached() bool {
	return s == ToldOfIt || s == HandedBack || s == RefusedIt || s == Needless
}

// Contact is one entry of the history: who said what came of it, and when.
type Contact struct {
	PatientID int64        `db:"patient_id"`
	State     ContactState `db:"state"`
	Note      string       `db:"note"`
	By        string       `db:"staff_name"`
	At        time.Time    `db:"at"`
}

// lastContacts reads the last entry of each patient of a recall.
func lastContacts(ctx context.Context, r db.Reader, recallID int64) (map[int64]Contact, error) {
	var list []Contact
	err := r.Select(ctx, &list, `SELECT c.patient_id, c.state, c.note, f.name AS staff_name, c.at FROM recall_contact c JOIN staff f ON f.id = c.staff_id
WHERE c.id IN (SELECT max(id) FROM recall_contact WHERE recall_id = $1::bigint GROUP BY patient_id)`, recallID)
	if err != nil {
		return nil, fmt.Errorf("read contacts of a recall: %w", err)
	}
	last := make(map[int64]Contact, len(list))
	for _, c := range list {
		last[c.PatientID] = c
	}
	return last, nil
}

// RecallContacts reads the history of one patient of a recall, the last first.
func RecallContacts(ctx context.Context, r db.Reader, recallID, patientID int64) ([]Contact, error) {
	var list []Contact
	err := r.Select(ctx, &list, `SELECT c.patient_id, c.state, c.note, f.name AS staff_name, c.at FROM recall_contact c JOIN staff f ON f.id = c.staff_id
WHERE c.recall_id = $1::bigint AND c.patient_id = $2::bigint ORDER BY c.id DESC`, recallID, patientID)
	if err != nil {
		return nil, fmt.Errorf("read a patient's contacts: %w", err)
	}
	return list, nil
}

// Contacting is the input of NoteContact.
type Contacting struct {
	RecallID  int64
	PatientID int64
	CommandID uuid.UUID
	State     ContactState
	Note      string // at most 200 characters
}

// NoteContact adds to a recall's history what came of calling a patient. The
// entries before it stay.
func (s *Service) NoteContact(ctx context.Context, by identity.Actor, in Contacting) (Contact, error) {
	if err := identity.Allow(ctx, s.db, by, identity.CallPatients, 0); err != nil {
		return Contact{}, err
	}
	in.Note = strings.TrimSpace(in.Note)
	if in.State.Word() == "" {
		return Contact{}, db.Refuse(db.Invalid, "请选联系的结果，例如“已通知”。")
	}
	if utf8.RuneCountInString(in.Note) > 200 {
		return Contact{}, db.Refuse(db.Invalid, "备注最多 200 个字，请写短一些。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "recall_contact", Request: in}
	c, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (Contact, error) {
		return noteContact(ctx, tx, by, in)
	})
	return c, err
}

func noteContact(ctx context.Context, tx *db.Tx, by identity.Actor, in Contacting) (Contact, error) {
	a, err := inventory.FindRecall(ctx, tx, in.RecallID)
	if err != nil {
		return Contact{}, err
	}
	if _, err := ReadRecallPatient(ctx, tx, by, a, in.PatientID); err != nil {
		return Contact{}, err
	}
	err = tx.ExecOne(ctx, `INSERT INTO recall_contact (recall_id, patient_id, state, note, staff_id, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		a.ID, in.PatientID, string(in.State), in.Note, by.StaffID, tx.Now)
	if err != nil {
		return Contact{}, fmt.Errorf("insert contact: %w", err)
	}
	// The note may hold what the patient said; only the state goes to the audit.
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "recall.contact", ObjectKind: "recall", ObjectID: fmt.Sprint(a.ID),
		Detail: fmt.Sprintf("patient=%d state=%s", in.PatientID, in.State)})
	return Contact{PatientID: in.PatientID, State: in.State, Note: in.Note, By: by.Name, At: tx.Now}, err
}
