package identity

import (
	"context"
	"fmt"

	"jingfang/sql/db"
)

// DisableStaff closes an account and ends its logins. by needs ManageStaff and
// cannot be the person; the last account of an administrator's role stays.
func (s *Service) DisableStaff(ctx context.Context, by Actor, staffID int64) error {
	if err := s.mayManage(ctx, by, staffID); err != nil {
		return err
	}
	return s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockAdministrators(ctx, tx); err != nil {
			return err
		}
		st, err := lockStaff(ctx, tx, staffID)
		if err != nil || st.DisabledAt != nil {
			return err
		}
		if err := s.keepAdministrator(ctx, tx, st); err != nil {
			return err
		}
		if err := tx.ExecOne(ctx, `UPDATE staff SET disabled_at = $2 WHERE id = $1`, staffID, tx.Now); err != nil {
			return fmt.Errorf("disable staff: %w", err)
		}
		if err := s.endLogins(ctx, tx, staffID, "disabled", nil); err != nil {
			return err
		}
		return Audit(ctx, tx, by, staffEvent("staff.disable", st))
	})
}

// EnableStaff opens a closed account again; the person must change the password.
func (s *Service) EnableStaff(ctx context.Context, by Actor, staffID int64) error {
	if err := s.mayManage(ctx, by, staffID); err != nil {
		return err
	}
	return s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		st, err := lockStaff(ctx, tx, staffID)
		if err != nil || st.DisabledAt == nil {
			return err
		}
		if err := tx.ExecOne(ctx, `UPDATE staff SET disabled_at = NULL, must_change = true WHERE id = $1`, staffID); err != nil {
			return fmt.Errorf("enable staff: %w", err)
		}
		return Audit(ctx, tx, by, staffEvent("staff.enable", st))
	})
}

// ResetPassword gives a person a one-time password, to be shown once, and ends
// the person's logins. by needs ManageStaff and cannot be the person.
func (s *Service) ResetPassword(ctx context.Context, by Actor, staffID int64) (string, error) {
	if err := s.mayManage(ctx, by, staffID); err != nil {
		return "", err
	}
	st, err := FindStaffByID(ctx, s.d, staffID)
	if err != nil {
		return "", err
	}
	password := oneTimePassword()
	hash, err := s.hash(ctx, st.Username, password)
	if err != nil {
		return "", err
	}
	err = s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		// The guard comes before the person, as at a login.
		if err := s.openGuard(ctx, tx, st.Username); err != nil {
			return err
		}
		if st, err = lockStaff(ctx, tx, staffID); err != nil {
			return err
		}
		if err := setPassword(ctx, tx, staffID, hash, true); err != nil {
			return err
		}
		if err := s.endLogins(ctx, tx, staffID, "password_reset", nil); err != nil {
			return err
		}
		return Audit(ctx, tx, by, staffEvent("staff.reset_password", st))
	})
	if err != nil {
		return "", err
	}
	return password, nil
}

// mayManage checks what every change of another's account needs.
func (s *Service) mayManage(ctx context.Context, by Actor, staffID int64) error {
	if err := Allow(ctx, s.d, by, ManageStaff, 0); err != nil {
		return err
	}
	if by.StaffID == staffID {
		return db.Refuse(db.Denied, "不能这样更改自己的账号，请由另一位系统管理员操作。")
	}
	return nil
}

// keepAdministrator refuses to close the last open account of an
// administrator's role: nobody could give that role again.
func (s *Service) keepAdministrator(ctx context.Context, tx *db.Tx, st Staff) error {
	all, err := s.FindStaff(ctx, tx, StaffFilter{ActiveOnly: true})
	if err != nil {
		return err
	}
	holders := map[Role]int{}
	var own []Role
	for _, x := range all {
		for _, g := range x.Grants {
			if !g.Role.Administrator() {
				continue
			}
			holders[g.Role]++
			if x.ID == st.ID {
				own = append(own, g.Role)
			}
		}
	}
	for _, r := range own {
		if holders[r] < 2 {
			return db.Refuse(db.Conflict, "%s是最后一位%s，不能停用或撤销。请先由另一位人员担任。", st.Name, r.Label())
		}
	}
	return nil
}

// lockAdministrators lets one change at a time count the administrators: two
// closing each other's account at once would both still see two.
func lockAdministrators(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1::bigint)`, int64(0x6a66_6964_0001))
	if err != nil {
		return fmt.Errorf("lock administrators: %w", err)
	}
	return nil
}

func setPassword(ctx context.Context, tx *db.Tx, staffID int64, hash string, mustChange bool) error {
	err := tx.ExecOne(ctx, `UPDATE staff SET password_hash = $2, password_changed_at = $3, must_change = $4 WHERE id = $1`,
		staffID, hash, tx.Now, mustChange)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return insertHistory(ctx, tx, staffID, hash)
}
