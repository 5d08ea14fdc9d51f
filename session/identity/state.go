package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// State is a login as a request finds it.
type State struct {
	Actor Actor
	// Locked means that the screen is locked: the person is known, but nothing is
	// shown or done until the password is given again.
	Locked bool
	// MustChange means that the password must be changed before anything else:
	// at the first login, after a reset, after 90 days.
	MustChange bool
	// ByCA means that the person came by a certificate and not by the password.
	ByCA      bool
	ExpiresAt time.Time
}

// stateRow is one row of the query of Authenticate: the login and one grant.
type stateRow struct {
	SecretHash        []byte     `db:"secret_hash"`
	How               string     `db:"how"`
	SeenAt            time.Time  `db:"seen_at"`
	ExpiresAt         time.Time  `db:"expires_at"`
	LockedAt          *time.Time `db:"locked_at"`
	EndedAt           *time.Time `db:"ended_at"`
	StaffID           int64      `db:"staff_id"`
	Username          string     `db:"username"`
	Name              string     `db:"name"`
	MustChange        bool       `db:"must_change"`
	PasswordChangedAt *time.Time `db:"password_changed_at"`
	DisabledAt        *time.Time `db:"disabled_at"`
	GrantID           *int64     `db:"grant_id"`
	RoleName          *string    `db:"role_name"`
	SiteID            *int64     `db:"site_id"`
	GrantedBy         *int64     `db:"granted_by"`
	GrantedAt         *time.Time `db:"granted_at"`
	MAC               []byte     `db:"mac"`
}

// Authenticate finds the person behind a cookie with one statement. active says
// that the request is a person's own doing; it is written down at most once a
// minute. Errors: LoggedOut.
func (s *Service) Authenticate(ctx context.Context, c Cookie, from Client, active bool) (State, error) {
	var rows []stateRow
	err := s.d.Select(ctx, &rows, `
SELECT l.secret_hash, l.how, l.seen_at, l.expires_at, l.locked_at, l.ended_at,
  s.id AS staff_id, s.username, s.name, s.must_change, s.password_changed_at, s.disabled_at,
  g.id AS grant_id, g.role_name, g.site_id, g.granted_by, g.granted_at, g.mac
FROM login l
JOIN staff s ON s.id = l.staff_id
LEFT JOIN staff_role g ON g.staff_id = s.id AND g.revoked_at IS NULL
WHERE l.id = $1`, c.id)
	if err != nil {
		return State{}, fmt.Errorf("authenticate: %w", err)
	}
	now := s.d.Now()
	if len(rows) == 0 || !c.fits(rows[0].SecretHash) || rows[0].over(now) {
		return State{}, db.Refuse(db.LoggedOut, "登录已结束，请重新登录。")
	}
	l := rows[0]
	st := State{
		Actor: Actor{StaffID: l.StaffID, Username: l.Username, Name: l.Name, LoginID: c.id,
			Addr: clip(from.Addr, 64), Device: clip(from.Device, 200), RequestID: from.RequestID},
		Locked:     l.LockedAt != nil || now.Sub(l.SeenAt) >= s.idleLock,
		ByCA:       l.How == howCA,
		MustChange: l.MustChange || l.PasswordChangedAt == nil || now.Sub(*l.PasswordChangedAt) >= PasswordLife,
		ExpiresAt:  l.ExpiresAt,
	}
	// Who came by a certificate has not used the password.
	st.MustChange = st.MustChange && !st.ByCA
	if st.Actor.Grants, err = s.believed(ctx, rows); err != nil {
		return State{}, err
	}
	return st, s.note(ctx, st, l, active, now)
}

// over tells whether the login has ended or may not go on.
func (r stateRow) over(now time.Time) bool {
	return r.EndedAt != nil || r.DisabledAt != nil || !now.Before(r.ExpiresAt)
}

// believed collects the grants whose code fits.
func (s *Service) believed(ctx context.Context, rows []stateRow) ([]Grant, error) {
	var list []Grant
	for _, r := range rows {
		if r.GrantID == nil {
			continue
		}
		row := grantRow{ID: *r.GrantID, StaffID: r.StaffID, RoleName: *r.RoleName, SiteID: r.SiteID,
			GrantedBy: r.GrantedBy, GrantedAt: *r.GrantedAt, MAC: r.MAC}
		err := s.believe(row)
		if errors.Is(err, seal.ErrSignature) {
			err = s.reportForged(ctx, row)
		} else if err == nil {
			list = append(list, row.grant())
		}
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// note writes what a request changes about its login: the idle lock, when it is
// first met, and activity, at most once a minute.
func (s *Service) note(ctx context.Context, st State, l stateRow, active bool, now time.Time) error {
	switch {
	case st.Locked && l.LockedAt == nil:
		return s.lock(ctx, st.Actor, "长时间没有操作")
	case active && !st.Locked && now.Sub(l.SeenAt) >= seenEvery:
		return s.seen(ctx, st.Actor.LoginID)
	}
	return nil
}

// seen writes activity down. Two requests at once write it twice, which does no
// harm.
func (s *Service) seen(ctx context.Context, login uuid.UUID) error {
	err := s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE login SET seen_at = $2 WHERE id = $1 AND ended_at IS NULL AND locked_at IS NULL AND seen_at < $2`, login, tx.Now)
		return err
	})
	if err != nil {
		return fmt.Errorf("note activity: %w", err)
	}
	return nil
}
