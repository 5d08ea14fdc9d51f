package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// BagTrace is a patient's bag, what lies or lay in it and its life.
type BagTrace struct {
	ID        int64                    `db:"id" json:"id"`
	Label     string                   `db:"code" json:"label"`
	State     inventory.ContainerState `db:"state" json:"state"`
	SessionID int64                    `db:"session_id" json:"session"`
	SiteID    int64                    `db:"site_id" json:"-"`
	Site      string                   `db:"site" json:"site"`
	HeldOn    time.Time                `db:"held_on" json:"-"`
	// Number and Name are the patient's as the viewer may read them: both empty for
	// who may not see patients at the site. PatientID is 0 then.
	PatientID int64      `db:"patient_id" json:"patient_id,omitempty"`
	Number    string     `db:"number" json:"patient_no,omitempty"`
	Name      string     `db:"name" json:"patient,omitempty"`
	VisitID   *uuid.UUID `db:"visit_id" json:"visit,omitempty"` // it was handed over in
	Queue     int        `db:"queue" json:"number,omitempty"`   // of that visit
	MadeAt    time.Time  `db:"made_at" json:"made_at"`
	MadeBy    string     `db:"made_by" json:"made_by,omitempty"`
	EndedAt   *time.Time `db:"ended_at" json:"ended_at,omitempty"`
	EndedBy   string     `db:"ended_by" json:"ended_by,omitempty"`
	Prints    int        `db:"prints" json:"prints"`
	// Boxes is what lies in it, or what was handed over with it; nothing of one
	// that was opened: those boxes went back to the trays.
	Boxes []Box    `db:"-" json:"boxes"`
	Unfit BoxUnfit `db:"-" json:"unfit"`
	Acts  []BoxAct `db:"-" json:"acts"`
}

// TraceBag answers for the label of a bag: what lies in it or was handed over with
// it, where, and who packed and opened it. It takes what [Service.Trace] takes and
// is audited like it; whose bag it is reads only who sees patients at that site.
func (s *Service) TraceBag(ctx context.Context, by identity.Actor, label string) (BagTrace, error) {
	if err := s.mayTrace(ctx, by); err != nil {
		return BagTrace{}, err
	}
	var t BagTrace
	err := s.db.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		t = BagTrace{}
		return t.read(ctx, tx, label, s.db.Now())
	})
	if err != nil {
		return BagTrace{}, err
	}
	t.hide(by)
	hideBoxes(by, t.Boxes)
	return t, identity.AuditAlone(ctx, s.db, by, identity.Event{Name: "trace.bag", ObjectKind: "bag", ObjectID: t.Label, SiteID: t.SiteID,
		SessionID: t.SessionID, Detail: fmt.Sprintf("packs=%d", len(t.Boxes))})
}

// hide takes from a bag what the viewer may not read of the patient.
func (t *BagTrace) hide(by identity.Actor) {
	switch {
	case by.Can(identity.ViewPatient, t.SiteID) != nil:
		t.PatientID, t.Number, t.Name = 0, "", ""
	case by.Can(identity.Dispense, t.SiteID) == nil || by.Can(identity.CheckIn, t.SiteID) == nil:
	default:
		t.Name = patient.MaskName(t.Name)
	}
}

func (t *BagTrace) read(ctx context.Context, tx *db.Tx, label string, now time.Time) error {
	err := tx.Get(ctx, t, `SELECT b.id, b.code, b.state, b.session_id, c.site_id, s.name AS site, c.held_on, b.patient_id, p.number, p.name, b.visit_id,
  COALESCE(v.number, 0) AS queue, b.made_at, COALESCE(m.name, '') AS made_by, b.ended_at, COALESCE(e.name, '') AS ended_by, b.prints
FROM bag b JOIN clinic_session c ON c.id = b.session_id JOIN site s ON s.id = c.site_id JOIN patient p ON p.id = b.patient_id
LEFT JOIN visit v ON v.id = b.visit_id LEFT JOIN staff m ON m.id = b.made_by LEFT JOIN staff e ON e.id = b.ended_by WHERE b.code = $1::text`, label)
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "没有这个药袋。请核对标签上的 14 位字符，再扫一次。")
	}
	if err != nil {
		return fmt.Errorf("read bag: %w", err)
	}
	// What has moved since it was put in is not in it, but for what was handed over
	// with it.
	err = tx.Select(ctx, &t.Boxes, `SELECT `+boxColumns+` FROM `+boxTables+` JOIN bag_pack x ON x.pack_id = k.id
WHERE x.bag_id = $1::bigint AND ($2::text = 'packed' AND k.changed_at = x.as_of
  OR $2::text = 'given' AND EXISTS (SELECT 1 FROM visit_line l JOIN bag g ON g.id = x.bag_id AND g.visit_id = l.visit_id WHERE l.pack_id = k.id AND l.undone_at IS NULL))
ORDER BY k.id LIMIT $3`, t.ID, string(t.State), BoxesPerPage)
	if err != nil {
		return fmt.Errorf("read the packs of a bag: %w", err)
	}
	if t.State == inventory.ContainerPacked {
		if t.Unfit, err = markUnfit(ctx, tx, t.Boxes, now); err != nil {
			return err
		}
	}
	until := now
	if t.EndedAt != nil {
		until = *t.EndedAt
	}
	t.Acts, err = readActs(ctx, tx, "bag", []string{t.Label, t.Number}, t.MadeAt, until, t.SessionID)
	return err
}
