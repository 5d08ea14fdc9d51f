package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// PlanMany is the input of PlanYear.
type PlanMany struct {
	CommandID uuid.UUID
	Year      int
	// Month restricts to one month; 0 is the whole year.
	Month time.Month
	// Days are dates that a person chose, at most one for a site and month;
	// where there is none the proposal is taken.
	Days []ChosenDay
	// Only plans nothing but Days.
	Only bool
	// Team is who goes to a site that has had no session yet, or whose last team
	// cannot go as it was; every other site gets the team it had last.
	Team        []Member
	DutyStaffID int64
}

// ChosenDay is a date for a site.
type ChosenDay struct {
	SiteID int64
	HeldOn time.Time
}

// PlannedMany is the answer of PlanYear.
type PlannedMany struct {
	Created  int     `json:"created"`
	Existing int     `json:"existing"` // months that have a session, called off ones included
	Past     int     `json:"past"`     // their day has gone
	Sessions []int64 `json:"sessions"` // ids of those created
}

// PlanYear makes all sessions that are missing in a month or a year, at the
// sites where the person may plan. Doing it again makes nothing: a month that
// has a session is left alone, and two people at once are told apart by the
// index on site and date.
func (s *Service) PlanYear(ctx context.Context, by identity.Actor, in PlanMany) (PlannedMany, error) {
	if err := identity.Allow(ctx, s.db, by, identity.PlanSession, 0); err != nil {
		return PlannedMany{}, err
	}
	for _, d := range in.Days {
		if err := identity.Allow(ctx, s.db, by, identity.PlanSession, d.SiteID); err != nil {
			return PlannedMany{}, err
		}
	}
	in, err := in.check(Today(s.db.Now()))
	if err != nil {
		return PlannedMany{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "plan_year", Request: in}
	answer, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (PlannedMany, error) {
		return planYear(ctx, tx, by, in)
	})
	return answer, err
}

func (p PlanMany) check(today time.Time) (PlanMany, error) {
	if err := checkYear(p.Year); err != nil {
		return p, err
	}
	if p.Month < 0 || p.Month > time.December {
		return p, db.Refuse(db.Invalid, "月份要在 1 到 12 之间。")
	}
	seen := map[ChosenDay]bool{}
	for _, d := range p.Days {
		key := ChosenDay{d.SiteID, time.Date(d.HeldOn.Year(), d.HeldOn.Month(), 1, 0, 0, 0, 0, time.UTC)}
		switch {
		case d.HeldOn.Before(today):
			return p, db.Refuse(db.Invalid, "%s 已过，请选择今天或以后的日期。", d.HeldOn.Format("2006年1月2日"))
		case d.HeldOn.Year() != p.Year || p.Month != 0 && d.HeldOn.Month() != p.Month:
			return p, db.Refuse(db.Invalid, "%s 不在要安排的月份里，请改日期。", d.HeldOn.Format("2006年1月2日"))
		case seen[key]:
			return p, db.Refuse(db.Invalid, "同一个精防点在同一个月选了两个日期，请去掉一个。")
		}
		seen[key] = true
	}
	team := Plan{Team: p.Team, DutyStaffID: p.DutyStaffID}
	err := team.checkTeam()
	p.DutyStaffID = team.DutyStaffID
	return p, err
}

func planYear(ctx context.Context, tx *db.Tx, by identity.Actor, in PlanMany) (PlannedMany, error) {
	sites, err := identity.SitesFor(ctx, tx, by, identity.PlanSession)
	if err != nil {
		return PlannedMany{}, err
	}
	if err := in.knowsSites(sites); err != nil {
		return PlannedMany{}, err
	}
	days, err := readYear(ctx, tx, sites, in.Year, Today(tx.Now))
	if err != nil {
		return PlannedMany{}, err
	}
	teams, err := lastTeams(ctx, tx)
	if err != nil {
		return PlannedMany{}, err
	}
	out := PlannedMany{Sessions: []int64{}}
	for _, d := range days {
		d, wanted := in.choose(d)
		switch {
		case !wanted:
		case d.SessionID != 0:
			out.Existing++
		case d.Past:
			out.Past++
		case !d.HeldOn.IsZero():
			if err := out.make(ctx, tx, by, in.planFor(d, teams)); err != nil {
				return out, err
			}
		}
	}
	return out, identity.Audit(ctx, tx, by, identity.Event{Name: "session.plan_year", ObjectKind: "year", ObjectID: fmt.Sprint(in.Year),
		Detail: fmt.Sprintf("month=%d created=%d existing=%d sessions=%v", in.Month, out.Created, out.Existing, out.Sessions)})
}

func (p PlanMany) knowsSites(sites []identity.Site) error {
	known := map[int64]bool{}
	for _, x := range sites {
		known[x.ID] = true
	}
	for _, d := range p.Days {
		if !known[d.SiteID] {
			return db.Refuse(db.Invalid, "没有这个精防点，请从列表里重新选择。")
		}
	}
	return nil
}

// choose puts the person's date in place of the proposal and tells whether the
// day is asked for at all.
func (p PlanMany) choose(d SiteDay) (SiteDay, bool) {
	if p.Month != 0 && d.Month != p.Month {
		return d, false
	}
	for _, c := range p.Days {
		if c.SiteID == d.SiteID && c.HeldOn.Month() == d.Month {
			if d.SessionID == 0 {
				d.HeldOn, d.Past = c.HeldOn, false
			}
			return d, true
		}
	}
	return d, !p.Only
}

// planFor is the plan of one day: the site's last team, when it can go as it was.
func (p PlanMany) planFor(d SiteDay, teams map[int64]Plan) Plan {
	plan := Plan{SiteID: d.SiteID, HeldOn: d.HeldOn, Kind: "site", Team: p.Team, DutyStaffID: p.DutyStaffID}
	if last, there := teams[d.SiteID]; there && last.checkTeam() == nil {
		plan.Team, plan.DutyStaffID = last.Team, last.DutyStaffID
	}
	return plan
}

// make enters one session behind a savepoint: another planner may have entered
// the same site and day since the year was read.
func (m *PlannedMany) make(ctx context.Context, tx *db.Tx, by identity.Actor, p Plan) error {
	var id int64
	err := tx.Try(ctx, func() error {
		var err error
		id, err = enter(ctx, tx, by, p)
		return err
	})
	switch {
	case db.IsUnique(err, "clinic_session_day_uq"):
		m.Existing++
		return nil
	case err != nil:
		return err
	}
	m.Created++
	m.Sessions = append(m.Sessions, id)
	return nil
}

// lastTeams reads the team of each site's last session, without people who have
// left the hospital.
func lastTeams(ctx context.Context, r db.Reader) (map[int64]Plan, error) {
	var rows []struct {
		SiteID int64  `db:"site_id"`
		Duty   *int64 `db:"duty_staff_id"`
		Member
	}
	err := r.Select(ctx, &rows, `SELECT c.site_id, c.duty_staff_id, t.staff_id, f.name, t.part FROM (
  SELECT id, site_id, duty_staff_id, row_number() OVER (PARTITION BY site_id ORDER BY held_on DESC, id DESC) AS n
  FROM clinic_session WHERE kind = 'site' AND state <> 'cancelled') c
JOIN session_team t ON t.session_id = c.id JOIN staff f ON f.id = t.staff_id
WHERE c.n = 1 AND f.disabled_at IS NULL ORDER BY c.site_id, t.staff_id`)
	if err != nil {
		return nil, fmt.Errorf("read last teams: %w", err)
	}
	teams := map[int64]Plan{}
	for _, x := range rows {
		p := teams[x.SiteID]
		p.Team = append(p.Team, x.Member)
		if x.Duty != nil && *x.Duty == x.StaffID {
			p.DutyStaffID = x.StaffID
		}
		teams[x.SiteID] = p
	}
	return teams, nil
}

// LastTeam is the team of the session planned last, for a form to begin with;
// nobody when there has been none.
func LastTeam(ctx context.Context, r db.Reader) (Plan, error) {
	var last struct {
		ID   int64  `db:"id"`
		Duty *int64 `db:"duty_staff_id"`
	}
	err := r.Get(ctx, &last, `SELECT id, duty_staff_id FROM clinic_session ORDER BY id DESC LIMIT 1`)
	if db.IsNoRows(err) {
		return Plan{}, nil
	}
	if err != nil {
		return Plan{}, fmt.Errorf("read the last session: %w", err)
	}
	var p Plan
	if last.Duty != nil {
		p.DutyStaffID = *last.Duty
	}
	p.Team, err = Team(ctx, r, last.ID)
	return p, err
}
