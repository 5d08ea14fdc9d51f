package session

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// SiteDay is the clinic of one site in one month, planned or not yet.
type SiteDay struct {
	SiteID   int64
	Site     string
	District string
	Fixed    int // the site's usual day of the month, 0 for none
	Month    time.Month
	// HeldOn is the session's date, or the date proposed; zero for neither.
	HeldOn time.Time
	// Moved says why the proposal is not the fixed day, or "".
	Moved string
	// SessionID is 0 while nothing is planned.
	SessionID int64
	State     State
	// Visits counts those that came.
	Visits int
	// Past is a proposal whose day has gone: it is not planned any more.
	Past bool
}

// Missing tells whether a session can still be made of the proposal.
func (d SiteDay) Missing() bool { return d.SessionID == 0 && !d.HeldOn.IsZero() && !d.Past }

// planned is a session as the calendar reads it.
type planned struct {
	ID     int64     `db:"id"`
	SiteID int64     `db:"site_id"`
	HeldOn time.Time `db:"held_on"`
	State  State     `db:"state"`
	Visits int       `db:"visits"`
}

// Year reads the clinic days of a year at the sites where the person may plan or
// look: every site × twelve months, site by site.
func (s *Service) Year(ctx context.Context, by identity.Actor, year int) ([]SiteDay, error) {
	if err := by.Can(identity.ViewSession, 0); err != nil {
		return nil, err
	}
	if err := checkYear(year); err != nil {
		return nil, err
	}
	sites, err := identity.SitesFor(ctx, s.db, by, identity.ViewSession)
	if err != nil {
		return nil, err
	}
	return readYear(ctx, s.db, sites, year, Today(s.db.Now()))
}

func checkYear(year int) error {
	if year < 2000 || year > 2100 {
		return db.Refuse(db.Invalid, "年份要在 2000 到 2100 之间。")
	}
	return nil
}

// readYear reads all sessions of the year in one statement. A session that was
// moved here from another month is that month's and does not fill this one.
func readYear(ctx context.Context, r db.Reader, sites []identity.Site, year int, today time.Time) ([]SiteDay, error) {
	var ids []int64
	for _, x := range sites {
		ids = append(ids, x.ID)
	}
	var rows []planned
	first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	err := r.Select(ctx, &rows, `SELECT c.id, c.site_id, c.held_on, c.state,
  (SELECT count(*) FROM visit v WHERE v.session_id = c.id AND v.state <> 'void') AS visits
FROM clinic_session c WHERE c.kind = 'site' AND c.site_id = ANY($1::bigint[]) AND c.held_on >= $2::date AND c.held_on < $3::date
  AND NOT EXISTS (SELECT 1 FROM clinic_session o WHERE o.moved_to_id = c.id
    AND date_trunc('month', o.held_on) <> date_trunc('month', c.held_on))
ORDER BY CASE WHEN c.state IN ('cancelled', 'rescheduled') THEN 0 ELSE 1 END, c.held_on, c.id`,
		pq.Array(ids), first.Format(time.DateOnly), first.AddDate(1, 0, 0).Format(time.DateOnly))
	if err != nil {
		return nil, fmt.Errorf("read the year's sessions: %w", err)
	}
	return fillYear(sites, rows, year, today), nil
}

// fillYear lays the sessions over the proposals. Of several sessions in a month
// the last one read stands: one that is held before one that was called off.
func fillYear(sites []identity.Site, rows []planned, year int, today time.Time) []SiteDay {
	type key struct {
		site  int64
		month time.Month
	}
	have := map[key]planned{}
	for _, x := range rows {
		have[key{x.SiteID, x.HeldOn.Month()}] = x
	}
	var list []SiteDay
	for _, x := range sites {
		for m := time.January; m <= time.December; m++ {
			d := SiteDay{SiteID: x.ID, Site: x.Name, District: x.District, Fixed: x.ClinicDay, Month: m}
			d.HeldOn, d.Moved = ClinicDate(year, m, x.ClinicDay)
			if p, there := have[key{x.ID, m}]; there {
				d.HeldOn, d.Moved, d.SessionID, d.State, d.Visits = p.HeldOn, "", p.ID, p.State, p.Visits
			}
			d.Past = d.HeldOn.Before(today)
			list = append(list, d)
		}
	}
	return list
}
