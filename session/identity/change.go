package identity

import (
	"context"
	"fmt"

	"jingfang/sql/db"
)

// ChangePassword replaces the actor's own password, ends the person's other
// logins and keeps this one. The old password is asked for first and its
// failures count, so that nobody tries out passwords at an open screen; none of
// the last five may come back.
func (s *Service) ChangePassword(ctx context.Context, by Actor, old, password string) error {
	if err := CheckPassword(by.Username, password); err != nil {
		return err
	}
	if err := s.withPassword(ctx, by, old, func(context.Context, *db.Tx) error { return nil }); err != nil {
		return err
	}
	if err := s.notUsedBefore(ctx, by, password); err != nil {
		return err
	}
	hash, err := s.hash(ctx, by.Username, password)
	if err != nil {
		return err
	}
	return s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := setPassword(ctx, tx, by.StaffID, hash, false); err != nil {
			return err
		}
		if err := stillOpen(ctx, tx, by); err != nil {
			return err
		}
		if err := s.endLogins(ctx, tx, by.StaffID, "password_changed", &by.LoginID); err != nil {
			return err
		}
		return Audit(ctx, tx, by, Event{Name: "password.change", ObjectKind: "staff", ObjectID: fmt.Sprint(by.StaffID)})
	})
}

// stillOpen refuses when the login was ended while the passwords were being
// compared, as by an administrator's reset, which must not be overwritten.
func stillOpen(ctx context.Context, tx *db.Tx, by Actor) error {
	var open bool
	if err := tx.Get(ctx, &open, `SELECT ended_at IS NULL FROM login WHERE id = $1 FOR NO KEY UPDATE`, by.LoginID); err != nil {
		return fmt.Errorf("read login again: %w", err)
	}
	if !open {
		return db.Refuse(db.LoggedOut, "登录已结束，请重新登录。")
	}
	return nil
}

// notUsedBefore compares with the last passwords, the present one among them.
func (s *Service) notUsedBefore(ctx context.Context, by Actor, password string) error {
	var hashes []string
	err := s.d.Select(ctx, &hashes, `SELECT password_hash FROM password_history WHERE staff_id = $1 ORDER BY id DESC LIMIT $2`, by.StaffID, keepPasswords)
	if err != nil {
		return fmt.Errorf("password history: %w", err)
	}
	for _, h := range hashes {
		used, err := s.verify(ctx, h, by.Username, password)
		if err != nil {
			return err
		}
		if used {
			return db.Refuse(db.Invalid, "这是最近 %d 次用过的密码之一，请换一个新的密码。", keepPasswords)
		}
	}
	return nil
}
