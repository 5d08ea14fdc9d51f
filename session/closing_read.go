package session

import (
	"context"
	"fmt"
	"slices"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// ClosingView is everything that the page of closing shows, read at one moment.
type ClosingView struct {
	Session    Session
	Lines      []ClosingLine
	Missing    []MissingPack
	Equation   Equation
	Open       []Visit // visits that are not over
	Finished   []Visit // whom a missing box may have been given to
	Requests   int     // let-in requests that nobody decided
	Team       []Member
	Targets    []RollTarget
	Confirmed  []Confirmation
	Carrier    string
	Supplement []Supplement
}

// Settled tells whether nothing but the two confirmations is wanting.
func (v ClosingView) Settled() bool {
	if len(v.Open) > 0 || v.Requests > 0 || len(v.Missing) > 0 {
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
	v.Targets, err = rollTargets(ctx, tx, v.Session)
	return err
}

func (v *ClosingView) readPeople(ctx context.Context, tx *db.Tx) (err error) {
	id := v.Session.ID
	if v.Open, err = openVisits(ctx, tx, id); err != nil {
		return err
	}
	if v.Requests, err = openRequests(ctx, tx, id); err != nil {
		return err
	}
	if v.Confirmed, err = Confirmations(ctx, tx, id); err != nil {
		return err
	}
	if v.Team, err = Team(ctx, tx, id); err != nil {
		return err
	}
	if v.Session.CarrierID != nil {
		if err := tx.Get(ctx, &v.Carrier, `SELECT name FROM staff WHERE id = $1::bigint`, *v.Session.CarrierID); err != nil {
			return fmt.Errorf("read the carrier: %w", err)
		}
	}
	if len(v.Missing) == 0 && v.Session.State != Closed {
		return nil
	}
	err = tx.Select(ctx, &v.Finished, `SELECT `+visitColumns+` FROM `+visitTables+`
WHERE v.session_id = $1::bigint AND v.state = 'finished' ORDER BY v.number DESC`, id)
	if err != nil {
		return fmt.Errorf("read finished visits: %w", err)
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
