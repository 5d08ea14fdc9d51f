package reporting

import (
	"context"
	"fmt"
	"time"

	"jingfang/session"
	"jingfang/sql/db"
)

// SessionReport is the day's report (日报) of one clinic session: everything it
// says was read at one moment, so that its parts agree with each other.
type SessionReport struct {
	Heading Heading
	At      time.Time // the moment it was read
	Team    []Member
	// Stock is the medicine by drug and batch, computed from movements and held
	// against packs and visits; Differences names the packs that do not agree
	// and is empty on a good day.
	Stock       []StockLine
	Differences []Difference
	// Notes names the packs that somebody will ask about: let in at the table,
	// damaged, lost, quarantined, counted away.
	Notes   []PackNote
	Visits  []Visit // by number; void ones too
	Doctors []DoctorTotal
	// Main is the chain of the day's records, Late that of the supplements.
	Main, Late  Chain
	Supplements []Supplement // 补充 1, 2, …
	// Signatures are the electronic confirmations of the closing, in order; empty
	// until it is signed. The paper has boxes for signing by hand besides.
	Signatures []Signature
}

// Heading is what a report is about.
type Heading struct {
	ID        int64         `db:"id"`
	SiteID    int64         `db:"site_id"`
	SiteCode  string        `db:"site_code"`
	Site      string        `db:"site"`
	District  string        `db:"district"`
	HeldOn    time.Time     `db:"held_on"` // midnight UTC of the clinic date
	Kind      string        `db:"kind"`    // "site" or "home"
	Place     string        `db:"place"`   // of a home-visit round, with its reason
	State     session.State `db:"state"`
	DutyID    *int64        `db:"duty_staff_id"`
	OpenedAt  *time.Time    `db:"opened_at"`
	OpenedBy  string        `db:"opened_by"`
	StoppedAt *time.Time    `db:"stopped_at"`
	StoppedBy string        `db:"stopped_by"`
	ClosedAt  *time.Time    `db:"closed_at"`
	// Carrier has the left-overs while they are on the way home; "" for nobody.
	Carrier   string     `db:"carrier"`
	CarrierAt *time.Time `db:"carrier_at"`
	// Expected is how many patients the roster names, Came how many of them have
	// a visit.
	Expected int    `db:"expected"`
	Came     int    `db:"came"`
	Reason   string `db:"reason"` // of a cancelled or rescheduled session
}

// Member is a person of the team; Duty marks who answered requests and closed.
type Member struct {
	session.Member
	Duty bool
}

// Signature is one person's electronic confirmation of the closing; Lead marks
// the one of the two who answers for the session's medicine.
type Signature struct {
	Name string       `db:"name"`
	Part session.Part `db:"part"` // in the team; "" for somebody of the pharmacy
	Lead bool         `db:"is_lead"`
	At   time.Time    `db:"at"`
}

// ReadSessionReport reads the report of a session on one snapshot. Error:
// NotFound for a session that does not exist. Who may read it is for the caller.
func ReadSessionReport(ctx context.Context, d *db.DB, sessionID int64) (SessionReport, error) {
	var r SessionReport
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		r = SessionReport{At: tx.Now}
		return r.read(ctx, tx, sessionID)
	})
	if err != nil {
		return SessionReport{}, fmt.Errorf("session report: %w", err)
	}
	return r, nil
}

func (r *SessionReport) read(ctx context.Context, tx *db.Tx, id int64) error {
	var err error
	if r.Heading, err = readHeading(ctx, tx, id); err != nil {
		return err
	}
	if r.Team, err = readTeam(ctx, tx, r.Heading); err != nil {
		return err
	}
	if err := r.readStock(ctx, tx); err != nil {
		return err
	}
	if err := r.readVisits(ctx, tx); err != nil {
		return err
	}
	r.Doctors = totalDoctors(r.Visits)
	r.Signatures, err = readSignatures(ctx, tx, id)
	return err
}

func readSignatures(ctx context.Context, tx *db.Tx, id int64) ([]Signature, error) {
	var list []Signature
	err := tx.Select(ctx, &list, `SELECT f.name, COALESCE(t.part, '') AS part, c.part = 'lead' AS is_lead, c.at
FROM closing_confirm c JOIN staff f ON f.id = c.staff_id LEFT JOIN session_team t ON t.session_id = c.session_id AND t.staff_id = c.staff_id
WHERE c.session_id = $1::bigint ORDER BY c.at, c.staff_id`, id)
	if err != nil {
		return nil, fmt.Errorf("read signatures: %w", err)
	}
	return list, nil
}

func readHeading(ctx context.Context, tx *db.Tx, id int64) (Heading, error) {
	var h Heading
	err := tx.Get(ctx, &h, `SELECT c.id, c.site_id, s.code AS site_code, s.name AS site, s.district, c.held_on, c.kind, c.place, c.state,
  c.duty_staff_id, c.opened_at, COALESCE(o.name, '') AS opened_by, c.stopped_at, COALESCE(p.name, '') AS stopped_by, c.closed_at, c.reason,
  COALESCE(h.name, '') AS carrier, c.carrier_at, (SELECT count(*) FROM session_roster x WHERE x.session_id = c.id) AS expected,
  (SELECT count(*) FROM session_roster x WHERE x.session_id = c.id AND EXISTS (SELECT 1 FROM visit v
    WHERE v.session_id = c.id AND v.patient_id = x.patient_id AND v.state <> 'void')) AS came
FROM clinic_session c JOIN site s ON s.id = c.site_id LEFT JOIN staff o ON o.id = c.opened_by LEFT JOIN staff p ON p.id = c.stopped_by
LEFT JOIN staff h ON h.id = c.carrier_id WHERE c.id = $1::bigint`, id)
	if db.IsNoRows(err) {
		return h, db.Refuse(db.NotFound, "没有这个义诊场次。请从首页重新进入。")
	}
	if err != nil {
		return h, fmt.Errorf("read the session: %w", err)
	}
	return h, nil
}

func readTeam(ctx context.Context, tx *db.Tx, h Heading) ([]Member, error) {
	team, err := session.Team(ctx, tx, h.ID)
	if err != nil {
		return nil, err
	}
	list := make([]Member, len(team))
	for i, m := range team {
		list[i] = Member{Member: m, Duty: h.DutyID != nil && *h.DutyID == m.StaffID}
	}
	return list, nil
}
