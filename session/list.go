package session

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Listed is a session as the day's list shows it.
type Listed struct {
	Session
	Doctors  string `db:"doctors"`
	Visits   int    `db:"visits"`
	Finished int    `db:"finished"`
	Unsigned int    `db:"unsigned"` // what waits for a signature of the CA
}

// ListSessions lists the sessions of a date at the sites the person may see.
func (s *Service) ListSessions(ctx context.Context, by identity.Actor, on time.Time) ([]Listed, error) {
	if err := by.Can(identity.ViewSession, 0); err != nil {
		return nil, err
	}
	if on.Year() < 1990 || on.Year() > 2200 {
		return nil, db.Refuse(db.Invalid, "日期 %s 不合理，多半是输错了年份。请核对后再查。", on.Format(time.DateOnly))
	}
	sites, all := by.Sites(identity.ViewSession)
	var list []Listed
	err := s.db.Select(ctx, &list, `SELECT `+sessionColumns+`,
  COALESCE((SELECT string_agg(f.name, '、' ORDER BY f.name) FROM session_team t JOIN staff f ON f.id = t.staff_id
    WHERE t.session_id = c.id AND t.part = 'doctor'), '') AS doctors,
  (SELECT count(*) FROM visit v WHERE v.session_id = c.id AND v.state <> 'void') AS visits,
  (SELECT count(*) FROM visit v WHERE v.session_id = c.id AND v.state = 'finished') AS finished,
  (SELECT count(*) FROM signature_task g WHERE g.session_id = c.id AND g.state <> 'signed') AS unsigned
FROM clinic_session c JOIN site s ON s.id = c.site_id
WHERE c.held_on = $1::date AND ($2::boolean OR c.site_id = ANY($3::bigint[]))
ORDER BY s.district, s.name, c.id`, on.Format(time.DateOnly), all, pq.Array(sites))
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return list, nil
}
