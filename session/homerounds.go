package session

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// HomeRound is a home-visit round (上门) as the calendar names it.
type HomeRound struct {
	ID     int64     `db:"id"`
	Site   string    `db:"site"`
	Place  string    `db:"place"` // where and why
	HeldOn time.Time `db:"held_on"`
	State  State     `db:"state"`
	Visits int       `db:"visits"`
}

// HomeRounds reads the home-visit rounds of a year at the sites where the person
// may look, by date.
func (s *Service) HomeRounds(ctx context.Context, by identity.Actor, year int) ([]HomeRound, error) {
	if err := by.Can(identity.ViewSession, 0); err != nil {
		return nil, err
	}
	if err := checkYear(year); err != nil {
		return nil, err
	}
	sites, all := by.Sites(identity.ViewSession)
	return readHomeRounds(ctx, s.db, sites, all, year)
}

func readHomeRounds(ctx context.Context, r db.Reader, sites []int64, all bool, year int) ([]HomeRound, error) {
	var list []HomeRound
	first := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
	err := r.Select(ctx, &list, `SELECT c.id, s.name AS site, c.place, c.held_on, c.state,
  (SELECT count(*) FROM visit v WHERE v.session_id = c.id AND v.state <> 'void') AS visits
FROM clinic_session c JOIN site s ON s.id = c.site_id
WHERE c.kind = 'home' AND c.held_on >= $1::date AND c.held_on < $2::date AND ($3::boolean OR c.site_id = ANY($4::bigint[]))
ORDER BY c.held_on, c.id`, first.Format(time.DateOnly), first.AddDate(1, 0, 0).Format(time.DateOnly), all, pq.Array(sites))
	if err != nil {
		return nil, fmt.Errorf("read the year's home rounds: %w", err)
	}
	return list, nil
}
