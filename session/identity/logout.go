package identity

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/sql/db"
)

// LogOut ends the actor's own login on the server; the cookie opens nothing any
// more.
func (s *Service) LogOut(ctx context.Context, by Actor) error {
	return s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.endLogin(ctx, tx, by.LoginID, "logout"); err != nil {
			return err
		}
		return Audit(ctx, tx, by, Event{Name: "logout"})
	})
}

// LockScreen locks the actor's login until its password is given again. Nothing
// is wiped and nothing ends but the live streams.
func (s *Service) LockScreen(ctx context.Context, by Actor) error {
	return s.lock(ctx, by, "本人锁屏")
}

func (s *Service) lock(ctx context.Context, by Actor, why string) error {
	return s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE login SET locked_at = $2 WHERE id = $1 AND locked_at IS NULL AND ended_at IS NULL`, by.LoginID, tx.Now)
		if err != nil {
			return fmt.Errorf("lock screen: %w", err)
		}
		if n == 0 {
			return nil // another request of the same screen was first
		}
		tx.AfterCommit(func() { s.onChange(by.LoginID) })
		return Audit(ctx, tx, by, Event{Name: "lock", Detail: why})
	})
}

// Unlock opens a locked screen with the person's password. Failures count as at
// the login; the fifth locks the name and ends this login.
func (s *Service) Unlock(ctx context.Context, by Actor, password string) error {
	return s.withPassword(ctx, by, password, func(ctx context.Context, tx *db.Tx) error {
		err := tx.ExecOne(ctx, `UPDATE login SET locked_at = NULL, seen_at = $2 WHERE id = $1 AND ended_at IS NULL`, by.LoginID, tx.Now)
		if err != nil {
			return fmt.Errorf("unlock screen: %w", err)
		}
		return Audit(ctx, tx, by, Event{Name: "unlock"})
	})
}

// withPassword runs fn in a transaction after the person behind by has given the
// right password.
func (s *Service) withPassword(ctx context.Context, by Actor, password string, fn func(ctx context.Context, tx *db.Tx) error) error {
	a, err := s.findAccount(ctx, by.Username)
	if err != nil {
		return err
	}
	index, err := s.nameIndex(by.Username)
	if err != nil {
		return err
	}
	good, err := s.tryPassword(ctx, a, index, by.Username, password)
	if err != nil {
		return err
	}
	var refusal error
	err = s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		from := Client{by.Addr, by.Device, by.RequestID}
		if refusal, err = s.decide(ctx, tx, from, a, index, verdict{good: good}); err != nil {
			return err
		}
		if db.KindOf(refusal) == db.TooMany {
			return s.endLogin(ctx, tx, by.LoginID, "locked_out")
		}
		if refusal != nil {
			return nil
		}
		return fn(ctx, tx)
	})
	if err != nil {
		return err
	}
	if db.KindOf(refusal) == db.LoggedOut {
		return db.Refuse(db.Invalid, "密码不正确，请重新输入。连续 %d 次不正确会锁定 %d 分钟。", MaxFailures, int(LockOut.Minutes()))
	}
	return refusal
}

// endLogin ends one login; a login that has ended stays as it is.
func (s *Service) endLogin(ctx context.Context, tx *db.Tx, login uuid.UUID, why string) error {
	_, err := tx.Exec(ctx, `UPDATE login SET ended_at = $2, ended_why = $3 WHERE id = $1 AND ended_at IS NULL`, login, tx.Now, why)
	if err != nil {
		return fmt.Errorf("end login: %w", err)
	}
	tx.AfterCommit(func() { s.onEnd(login) })
	return nil
}

// endLogins ends all logins of a person but one (nil: all).
func (s *Service) endLogins(ctx context.Context, tx *db.Tx, staffID int64, why string, but *uuid.UUID) error {
	return s.eachLogin(ctx, tx, staffID, func(login uuid.UUID) error {
		if but != nil && login == *but {
			return nil
		}
		return s.endLogin(ctx, tx, login, why)
	})
}

// refreshLogins makes the streams of a person come back with today's roles; the
// logins themselves read their roles at every request.
func (s *Service) refreshLogins(ctx context.Context, tx *db.Tx, staffID int64) error {
	return s.eachLogin(ctx, tx, staffID, func(login uuid.UUID) error {
		tx.AfterCommit(func() { s.onChange(login) })
		return nil
	})
}

func (s *Service) eachLogin(ctx context.Context, tx *db.Tx, staffID int64, fn func(login uuid.UUID) error) error {
	var list []uuid.UUID
	err := tx.Select(ctx, &list, `SELECT id FROM login WHERE staff_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY id FOR NO KEY UPDATE`, staffID, tx.Now)
	if err != nil {
		return fmt.Errorf("logins of staff %d: %w", staffID, err)
	}
	for _, login := range list {
		if err := fn(login); err != nil {
			return err
		}
	}
	return nil
}

// FindClosed says which of the logins may not watch any longer: ended for good
// (logged out, expired, disabled), or only locked or idle. A server asks it for
// the streams it holds, because a login may have ended on another server.
func (s *Service) FindClosed(ctx context.Context, logins []uuid.UUID) (ended, locked []uuid.UUID, err error) {
	if len(logins) == 0 {
		return nil, nil, nil
	}
	texts := make([]string, len(logins))
	for i, id := range logins {
		texts[i] = id.String()
	}
	var rows []struct {
		ID   uuid.UUID `db:"id"`
		Over bool      `db:"gone"`
	}
	now := s.d.Now()
	err = s.d.Select(ctx, &rows, `
SELECT l.id, (l.ended_at IS NOT NULL OR l.expires_at <= $2 OR s.disabled_at IS NOT NULL) AS gone
FROM login l JOIN staff s ON s.id = l.staff_id
WHERE l.id = ANY($1::uuid[])
  AND (l.ended_at IS NOT NULL OR l.locked_at IS NOT NULL OR l.expires_at <= $2 OR l.seen_at <= $3 OR s.disabled_at IS NOT NULL)`,
		pq.Array(texts), now, now.Add(-s.idleLock))
	if err != nil {
		return nil, nil, fmt.Errorf("find closed logins: %w", err)
	}
	for _, row := range rows {
		if row.Over {
			ended = append(ended, row.ID)
		} else {
			locked = append(locked, row.ID)
		}
	}
	return ended, locked, nil
}
