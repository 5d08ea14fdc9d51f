package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
)

// mostNextDue is how many days ahead the next pick-up may lie.
const mostNextDue = 366

// NextDue is the proposal for the next pick-up day and where it comes from.
type NextDue struct {
	On time.Time // zero for none
	// Clinic says that it is the site's next clinic date, not the end of the days
	// supplied; Short is on which date the medicine ends before it, zero when it
	// lasts.
	Clinic bool
	Short  time.Time
}

// nextDue proposes the site's next clinic date: the next session that is planned,
// else that of its fixed day in the month after. A site without one, and a home
// visit, takes the end of the fewest days supplied.
func nextDue(from time.Time, planned *time.Time, clinicDay, fewest int) NextDue {
	var n NextDue
	switch {
	case planned != nil:
		n.On, n.Clinic = *planned, true
	case clinicDay > 0:
		next := time.Date(from.Year(), from.Month()+1, 1, 0, 0, 0, 0, time.UTC)
		n.On, _ = ClinicDate(next.Year(), next.Month(), clinicDay)
		n.Clinic = true
	case fewest > 0:
		n.On = from.AddDate(0, 0, fewest)
	}
	if end := from.AddDate(0, 0, fewest); n.Clinic && fewest > 0 && end.Before(n.On) {
		n.Short = end
	}
	return n
}

// ReadNextDue proposes a visit's next pick-up day.
func ReadNextDue(ctx context.Context, r db.Reader, x Session, visit uuid.UUID) (NextDue, error) {
	var row struct {
		Planned *time.Time `db:"planned"`
		Day     int        `db:"clinic_day"`
		Fewest  int        `db:"fewest"`
	}
	err := r.Get(ctx, &row, `SELECT s.clinic_day, (SELECT min(c.held_on) FROM clinic_session c
  WHERE c.site_id = s.id AND c.kind = 'site' AND c.held_on > $2::date AND c.state IN ('planned', 'open')) AS planned,
  COALESCE((SELECT min(l.days) FROM visit_line l WHERE l.visit_id = $3::uuid AND l.undone_at IS NULL AND l.days > 0), 0) AS fewest
FROM site s WHERE s.id = $1`, x.SiteID, x.HeldOn.Format(time.DateOnly), visit)
	if err != nil {
		return NextDue{}, fmt.Errorf("read the site's next clinic: %w", err)
	}
	if x.Kind != "site" {
		row.Planned, row.Day = nil, 0
	}
	return nextDue(x.HeldOn, row.Planned, row.Day, row.Fewest), nil
}

// checkNextDue refuses a next pick-up day that cannot be meant.
func checkNextDue(x Session, on time.Time) error {
	if !on.IsZero() && (!on.After(x.HeldOn) || daysBetween(x.HeldOn, on) > mostNextDue) {
		return db.Refuse(db.Invalid, "下次取药的日期要在今天以后、一年以内。")
	}
	return nil
}
