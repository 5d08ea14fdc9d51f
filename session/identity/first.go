package identity

import (
	"context"
	"fmt"

	"jingfang/sql/db"
)

// Administrators are the three persons with whom the program begins. Each gets a
// one-time password.
type Administrators struct {
	System, Security, Audit NewStaff
}

// Newcomer is a person with the one-time password to hand over.
type Newcomer struct {
	Staff   Staff
	OneTime string
}

// NeedsFirstRun tells whether nobody has an account yet.
func (s *Service) NeedsFirstRun(ctx context.Context) (bool, error) {
	var n int
	if err := s.d.Get(ctx, &n, `SELECT count(*) FROM (SELECT 1 FROM staff LIMIT 1) AS t`); err != nil {
		return false, fmt.Errorf("count staff: %w", err)
	}
	return n == 0, nil
}

// FirstRun creates the three administrators of an empty program, in the order
// system, security, audit. The three are different persons and each must change
// the password at the first login. Once anybody has an account it is a Conflict.
// Who may call it is proved outside: the server prints a token on its console.
func (s *Service) FirstRun(ctx context.Context, from Client, a Administrators) ([]Newcomer, error) {
	people := []newcomer{}
	for _, x := range []struct {
		who  NewStaff
		role Role
	}{{a.System, SysAdmin}, {a.Security, SecAdmin}, {a.Audit, Auditor}} {
		x.who.Password, x.who.Final, x.who.Grants = "", false, []Grant{{Role: x.role}}
		m, err := s.prepare(ctx, x.who)
		if err != nil {
			return nil, db.RefuseBecause(err, db.KindOf(err), "%s：%s", x.role.Label(), db.Sentence(err))
		}
		people = append(people, m)
	}
	by := System("first-run")
	by.Addr, by.Device, by.RequestID = from.Addr, from.Device, from.RequestID
	var made []Newcomer
	err := s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		made = made[:0]
		if err := lockAdministrators(ctx, tx); err != nil {
			return err
		}
		var n int
		if err := tx.Get(ctx, &n, `SELECT count(*) FROM staff`); err != nil {
			return fmt.Errorf("count staff: %w", err)
		}
		if n > 0 {
			return db.Refuse(db.Conflict, "系统已经有账号了。请用已有账号登录。")
		}
		for _, m := range people {
			staff, err := s.insertStaff(ctx, tx, by, m)
			if err != nil {
				return err
			}
			made = append(made, Newcomer{staff, m.oneTime})
		}
		return nil
	})
	return made, err
}
