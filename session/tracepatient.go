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

// GivenBox is a box that a patient was given, or some of it.
type GivenBox struct {
	LineID     int64           `db:"line_id"`
	VisitID    uuid.UUID       `db:"visit_id"`
	SessionID  int64           `db:"session_id"`
	SiteID     int64           `db:"site_id"`
	Site       string          `db:"site"`
	HeldOn     time.Time       `db:"held_on"`
	Number     int             `db:"number"`
	Doctor     string          `db:"doctor"`
	Code       string          `db:"code"`
	Generic    string          `db:"generic_name"`
	Spec       string          `db:"spec"`
	UnitWord   string          `db:"unit_name"`
	Content    int64           `db:"units_total"`
	Quantity   int64           `db:"quantity"`
	Batch      string          `db:"batch"`
	Days       int             `db:"days"`
	OverReason string          `db:"over_reason"`
	State      inventory.State `db:"state"` // of the pack now
	Undone     bool            `db:"undone"`
	Seq        int64           `db:"seq"` // of the record in its session's chain, 0 for none yet
}

// PatientTrace is what a patient was given, code by code.
type PatientTrace struct {
	Patient patient.Patient
	// Name is the name as the viewer may read it.
	Name  string
	Boxes []GivenBox // the last first
	More  bool
}

// TracePatient answers for a patient: every code that was handed out, with the
// visit and its record. It takes the right to see patients at the patient's site
// and is audited. before is the line's number of the last box of the page before,
// 0 for the first page.
func (s *Service) TracePatient(ctx context.Context, by identity.Actor, id, before int64) (PatientTrace, error) {
	p, err := patient.ByID(ctx, s.db, id)
	if err != nil {
		return PatientTrace{}, err
	}
	if err := identity.Allow(ctx, s.db, by, identity.ViewPatient, p.HomeSiteID); err != nil {
		return PatientTrace{}, err
	}
	t := PatientTrace{Patient: p, Name: p.Masked()}
	if by.Can(identity.Dispense, p.HomeSiteID) == nil || by.Can(identity.CheckIn, p.HomeSiteID) == nil {
		t.Name = p.Name
	}
	family, err := patient.Family(ctx, s.db, id)
	if err != nil {
		return PatientTrace{}, err
	}
	if t.Boxes, err = readGivenBoxes(ctx, s.db, family, before); err != nil {
		return PatientTrace{}, err
	}
	if len(t.Boxes) > BoxesPerPage {
		t.Boxes, t.More = t.Boxes[:BoxesPerPage], true
	}
	return t, identity.AuditAlone(ctx, s.db, by, identity.Event{Name: "trace.patient", ObjectKind: "patient", ObjectID: fmt.Sprint(id), SiteID: p.HomeSiteID})
}

func readGivenBoxes(ctx context.Context, r db.Reader, family []int64, before int64) ([]GivenBox, error) {
	var list []GivenBox
	err := r.Select(ctx, &list, `SELECT l.id AS line_id, v.id AS visit_id, c.id AS session_id, c.site_id, s.name AS site, c.held_on, v.number, COALESCE(f.name, '') AS doctor,
  k.code, d.generic_name, d.spec, d.unit_name, k.units_total, l.quantity, k.batch, COALESCE(l.days, 0) AS days, l.over_reason, k.state, (l.undone_at IS NOT NULL) AS undone,
  COALESCE((SELECT max(e.seq) FROM record e WHERE e.visit_id = v.id AND e.chain = 'main'), 0) AS seq
FROM visit v JOIN visit_line l ON l.visit_id = v.id JOIN pack k ON k.id = l.pack_id JOIN drug d ON d.id = k.drug_id
JOIN clinic_session c ON c.id = v.session_id JOIN site s ON s.id = c.site_id LEFT JOIN staff f ON f.id = v.doctor_id
WHERE v.patient_id = ANY($1::bigint[]) AND ($2::bigint = 0 OR l.id < $2::bigint) ORDER BY l.id DESC LIMIT $3`, pq.Array(family), before, BoxesPerPage+1)
	if err != nil {
		return nil, fmt.Errorf("read what a patient was given: %w", err)
	}
	return list, nil
}
