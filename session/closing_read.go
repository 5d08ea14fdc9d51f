package session

import (
	"context"
	"fmt"
	"slices"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// ClosingView is everything that the page of closing shows, read at one moment.
type ClosingView struct {
	Session  Session
	At       time.Time // when it was read
	Lines    []ClosingLine
	Missing  []MissingPack
	Equation Equation
	Open     []Visit // visits that are not over
	Finished []Visit // whom a missing box may have been given to
	Requests int     // let-in requests that nobody decided
	// Told is what doctors say was given and is not written down; it keeps nothing
	// from closing, for some of it only a supplement can say.
	Told       []ToldGiven
	Team       []Member
	Targets    []RollTarget
	Confirmed  []Confirmation
	Carrier    string
	Supplement []Supplement
	Bags       []Bag    // that nobody handed over or opened
	Totes      int      // that left-overs lie in
	Devices    []Device // that may still hold commands
	// Signatures is how far the CA's are; closing does not wait for them.
	Signatures SignatureCounts
}

// Settled tells whether nothing but the two confirmations is wanting.
func (v ClosingView) Settled() bool {
	if len(v.Open) > 0 || v.Requests > 0 || len(v.Missing) > 0 || len(v.Bags) > 0 || len(v.Devices) > 0 {
		return false
	}
	for _, l := range v.Lines {
		if !l.State().Settled() {
			return false
		}
	}
	return true
}

// ReadClosing reads the closing of a session on one snapshot.
func ReadClosing(ctx context.Context, d *db.DB, sessionID int64) (ClosingView, error) {
	var v ClosingView
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		v = ClosingView{}
		var err error
		if v.Session, err = Find(ctx, tx, sessionID); err != nil {
			return err
		}
		if err := v.readBoxes(ctx, tx); err != nil {
			return err
		}
		return v.readPeople(ctx, tx)
	})
	return v, err
}

func (v *ClosingView) readBoxes(ctx context.Context, tx *db.Tx) (err error) {
	if v.Equation, err = ReadEquation(ctx, tx, v.Session); err != nil {
		return err
	}
	if v.Lines, err = readLines(ctx, tx, v.Session); err != nil {
		return err
	}
	if v.Session.State != Closing {
		v.Supplement, err = Supplements(ctx, tx, v.Session.ID)
		return err
	}
	if v.Missing, err = readMissing(ctx, tx, v.Session, v.Lines); err != nil {
		return err
	}
	if v.Told, err = toldGiven(ctx, tx, v.Session.ID); err != nil {
		return err
	}
	v.Targets, err = rollTargets(ctx, tx, v.Session)
	return err
}

func (v *ClosingView) readPeople(ctx context.Context, tx *db.Tx) (err error) {
	id := v.Session.ID
	var rest struct {
		Requests int    `db:"requests"`
		Carrier  string `db:"carrier"`
		Totes    int    `db:"totes"`
		Bags     int    `db:"bags"`
		Devices  int    `db:"devices"`
		SignatureCounts
	}
	err = tx.Get(ctx, &rest, `SELECT (SELECT count(*) FROM let_in_request q WHERE q.session_id = c.id AND q.decision = '') AS requests,
  (SELECT count(DISTINCT x.tote_id) FROM pack k JOIN tote_pack x ON x.pack_id = k.id AND x.as_of = k.changed_at
    WHERE k.session_id = c.id AND k.state = 'allocated') AS totes,
  (SELECT count(*) FROM bag b WHERE b.session_id = c.id AND b.state = 'packed') AS bags,
  (SELECT count(*) FROM session_device d WHERE d.session_id = c.id AND d.released_at IS NULL AND (d.unsent > 0 OR d.at_table)) AS devices,
  (SELECT count(*) FROM signature_task g WHERE g.session_id = c.id AND g.state = 'signed') AS signed,
  (SELECT count(*) FROM signature_task g JOIN signature_evidence e ON e.task_id = g.id WHERE g.session_id = c.id AND e.late) AS late,
  (SELECT count(*) FROM signature_task g WHERE g.session_id = c.id AND g.state <> 'signed') AS waiting,
  COALESCE((SELECT f.name FROM staff f WHERE f.id = c.carrier_id), '') AS carrier FROM clinic_session c WHERE c.id = $1::bigint`, id)
	if err != nil {
		return fmt.Errorf("read the carrier: %w", err)
	}
	v.Totes, v.Signatures = rest.Totes, rest.SignatureCounts
	if rest.Bags > 0 && v.Session.State == Closing {
		if v.Bags, err = waitingBags(ctx, tx, id); err != nil {
			return err
		}
	}
	if rest.Devices > 0 && v.Session.State == Closing {
		if v.Devices, err = WaitingDevices(ctx, tx, id, tx.Now); err != nil {
			return err
		}
	}
	v.Requests, v.Carrier, v.At = rest.Requests, rest.Carrier, tx.Now
	if v.Confirmed, err = Confirmations(ctx, tx, id); err != nil {
		return err
	}
	if v.Team, err = Team(ctx, tx, id); err != nil {
		return err
	}
	return v.readVisits(ctx, tx)
}

// readVisits reads the visits that are not over, and the finished ones where one
// of them may be chosen.
func (v *ClosingView) readVisits(ctx context.Context, tx *db.Tx) error {
	finished := len(v.Missing) > 0 || v.Session.State == Closed
	var list []Visit
	err := tx.Select(ctx, &list, `SELECT `+visitColumns+` FROM `+visitTables+`
WHERE v.session_id = $1::bigint AND (v.state IN ('waiting', 'in_consultation') OR (v.state = 'finished' AND $2::boolean)) ORDER BY v.number`, v.Session.ID, finished)
	if err != nil {
		return fmt.Errorf("read visits: %w", err)
	}
	for _, x := range list {
		if x.State == Finished {
			v.Finished = append(v.Finished, x)
		} else {
			v.Open = append(v.Open, x)
		}
	}
	return nil
}

// Leads tells whether a person may stop, explain and choose: the use cases ask
// again.
func (v ClosingView) Leads(by identity.Actor) bool {
	x := v.Session
	if x.DutyStaffID != nil && *x.DutyStaffID == by.StaffID {
		return true
	}
	if by.Can(identity.CloseSession, x.SiteID) != nil {
		return false
	}
	return x.CarrierID != nil || v.member(by, PartPharmacist, PartDeputy)
}

// Helps tells whether a person may count and confirm.
func (v ClosingView) Helps(by identity.Actor) bool {
	return by.Can(identity.CloseSession, v.Session.SiteID) == nil || v.member(by, PartDoctor, PartPharmacist, PartDeputy, PartAssistant)
}

func (v ClosingView) member(by identity.Actor, parts ...Part) bool {
	return slices.ContainsFunc(v.Team, func(m Member) bool { return m.StaffID == by.StaffID && slices.Contains(parts, m.Part) })
}
