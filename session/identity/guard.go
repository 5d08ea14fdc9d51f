package identity

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// guardRow counts the failures of a name, known or not.
type guardRow struct {
	Failures    int        `db:"failures"`
	LockedUntil *time.Time `db:"locked_until"`
}

func (g guardRow) locked(now time.Time) bool {
	return g.LockedUntil != nil && g.LockedUntil.After(now)
}

// nameIndex is what login_guard keeps of a name: people type passwords into the
// wrong field.
func (s *Service) nameIndex(name string) ([]byte, error) {
	return s.seal.Index(purposeName, "n:"+clip(name, 200))
}

// lockGuard locks the row of a name, making it when it is missing, so that
// attempts on one name are decided one after the other.
func lockGuard(ctx context.Context, tx *db.Tx, index []byte) (guardRow, error) {
	for range 3 {
		var g guardRow
		err := tx.Get(ctx, &g, `SELECT failures, locked_until FROM login_guard WHERE name_index = $1 FOR UPDATE`, index)
		if err == nil {
			return g, nil
		}
		if !db.IsNoRows(err) {
			return g, fmt.Errorf("login guard: %w", err)
		}
		err = tx.Try(ctx, func() error {
			return tx.ExecOne(ctx, `INSERT INTO login_guard (name_index, failures, last_at) VALUES ($1, 0, $2)`, index, tx.Now)
		})
		if err == nil {
			return g, nil
		}
		if !db.IsUnique(err, "login_guard_pk") {
			return g, fmt.Errorf("login guard: %w", err)
		}
	}
	return guardRow{}, db.Refuse(db.Conflict, "同一时间登录的人太多，请再试一次。")
}

// countFailure counts one more; the fifth locks the name. A lock that has ended
// starts the count anew.
func countFailure(ctx context.Context, tx *db.Tx, index []byte, g guardRow) (locked bool, err error) {
	if g.LockedUntil != nil {
		g = guardRow{}
	}
	g.Failures++
	if g.Failures >= MaxFailures {
		until := tx.Now.Add(LockOut)
		g.LockedUntil = &until
	}
	err = tx.ExecOne(ctx, `UPDATE login_guard SET failures = $2, locked_until = $3, last_at = $4 WHERE name_index = $1`,
		index, g.Failures, g.LockedUntil, tx.Now)
	if err != nil {
		return false, fmt.Errorf("login guard: %w", err)
	}
	return g.LockedUntil != nil, nil
}

func clearGuard(ctx context.Context, tx *db.Tx, index []byte) error {
	if _, err := tx.Exec(ctx, `DELETE FROM login_guard WHERE name_index = $1`, index); err != nil {
		return fmt.Errorf("login guard: %w", err)
	}
	return nil
}

// openGuard unlocks a name whose password an administrator has reset.
func (s *Service) openGuard(ctx context.Context, tx *db.Tx, username string) error {
	index, err := s.nameIndex(username)
	if err != nil {
		return err
	}
	return clearGuard(ctx, tx, index)
}

// SweepGuards removes the counts of names that nobody has tried for a day; most
// of them were never names.
func (s *Service) SweepGuards(ctx context.Context) (int64, error) {
	var n int64
	err := s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, `DELETE FROM login_guard WHERE last_at < $1`, tx.Now.Add(-24*time.Hour))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sweep login guards: %w", err)
	}
	return n, nil
}

// errLockedOut and errWrong are the same for every name, known or not.
func errLockedOut() error {
	return db.Refuse(db.TooMany, "密码连续 %d 次不正确，这个用户名已锁定。请 %d 分钟后再试，或请系统管理员重置密码。", MaxFailures, int(LockOut.Minutes()))
}

func errWrong() error {
	return db.Refuse(db.LoggedOut, "用户名或密码不正确，请重新输入。连续 %d 次不正确会锁定 %d 分钟。", MaxFailures, int(LockOut.Minutes()))
}
