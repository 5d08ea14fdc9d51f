package identity

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// Client is where a request comes from.
type Client struct{ Addr, Device, RequestID string }

// Login is what a successful login gives.
type Login struct {
	Cookie Cookie
	State  State
}

// account is what a login needs of a person; the zero account is nobody.
type account struct {
	ID           int64      `db:"id"`
	Username     string     `db:"username"`
	Name         string     `db:"name"`
	PasswordHash string     `db:"password_hash"`
	DisabledAt   *time.Time `db:"disabled_at"`
}

// LogIn checks user name and password and opens a login with a fresh secret. old
// is the browser's cookie before, whose login ends. Wrong name, wrong password
// and a disabled account get the same answer (LoggedOut) at the same cost; five
// failures in a row lock the name, known or not, for 15 minutes (TooMany).
func (s *Service) LogIn(ctx context.Context, from Client, username, password string, old Cookie) (Login, error) {
	return s.LogInWith(ctx, from, Credentials{Username: username, Password: password}, old)
}

// Credentials are what a person types at the login.
type Credentials struct {
	Username, Password string
	// Code is the one-time code; it is asked for only while the CA is down.
	Code string
}

// LogInWith is LogIn with a one-time code. Whose role asks for a certificate is
// refused a password alone (Denied); while the CA is down the code is asked for
// (NeedsCode tells) where the role may do without the CA.
func (s *Service) LogInWith(ctx context.Context, from Client, c Credentials, old Cookie) (Login, error) {
	name, password := foldName(c.Username), c.Password
	a, err := s.findAccount(ctx, name)
	if err != nil {
		return Login{}, err
	}
	index, err := s.nameIndex(name)
	if err != nil {
		return Login{}, err
	}
	var v verdict
	if v.good, err = s.tryPassword(ctx, a, index, name, password); err != nil {
		return Login{}, err
	}
	if v.good {
		if v, err = s.secondFactor(ctx, from, a, c.Code); err != nil {
			return Login{}, err
		}
	}
	var refusal error
	cookie := newCookie()
	err = s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if v, err = useCode(ctx, tx, a, v); err != nil {
			return err
		}
		if refusal, err = s.decide(ctx, tx, from, a, index, v); err != nil || refusal != nil {
			return err
		}
		return s.openLogin(ctx, tx, from, a, opening{cookie: cookie, old: old, how: v.how()})
	})
	if err != nil {
		return Login{}, fmt.Errorf("log in: %w", err)
	}
	if refusal != nil {
		return Login{}, refusal
	}
	s.renewHash(ctx, a, password)
	state, err := s.Authenticate(ctx, cookie, from, false)
	return Login{Cookie: cookie, State: state}, err
}

func (s *Service) findAccount(ctx context.Context, name string) (account, error) {
	var a account
	if clip(name, 40) != name {
		return account{}, nil // no such name can exist, and the database would refuse the text
	}
	err := s.d.Get(ctx, &a, `SELECT id, username, name, password_hash, disabled_at FROM staff WHERE username = $1`, name)
	if err != nil && !db.IsNoRows(err) {
		return a, fmt.Errorf("find account: %w", err)
	}
	return a, nil
}

// tryPassword compares the password, with a dummy for a name that is not there.
// A locked name is not compared at all: nothing can be tried out while it is
// locked, and decide refuses it anyway.
func (s *Service) tryPassword(ctx context.Context, a account, index []byte, name, password string) (bool, error) {
	var locked int
	err := s.d.Get(ctx, &locked, `SELECT count(*) FROM login_guard WHERE name_index = $1 AND locked_until > $2`, index, s.d.Now())
	if err != nil {
		return false, fmt.Errorf("login guard: %w", err)
	}
	if locked > 0 {
		return false, nil
	}
	stored := a.PasswordHash
	if a.ID == 0 || stored == "" {
		stored = s.dummy
	}
	good, err := s.verify(ctx, stored, name, password)
	return good && a.ID != 0 && a.DisabledAt == nil, err
}

// decide counts the attempt under the lock of its name. The refusal is an answer
// of its own and not the transaction's error: the count and the audit row of a
// failure are committed.
func (s *Service) decide(ctx context.Context, tx *db.Tx, from Client, a account, index []byte, v verdict) (refusal, err error) {
	good := v.good
	g, err := lockGuard(ctx, tx, index)
	if err != nil {
		return nil, err
	}
	if g.locked(tx.Now) {
		return errLockedOut(), Audit(ctx, tx, from.actor(), from.failure(a, "用户名已锁定"))
	}
	if good {
		if good, err = s.unchanged(ctx, tx, a); err != nil {
			return nil, err
		}
	}
	if good {
		return nil, clearGuard(ctx, tx, index)
	}
	locked, err := countFailure(ctx, tx, index, g)
	if err != nil {
		return nil, err
	}
	refusal, why := errWrong(), "用户名或密码不正确"
	if v.wrongCode {
		refusal, why = errWrongCode(), "动态码不正确或已经用过"
	}
	if locked {
		refusal, why = errLockedOut(), "连续失败，用户名锁定"
	}
	if a.DisabledAt != nil {
		why = "账号已停用"
	}
	return refusal, Audit(ctx, tx, from.actor(), from.failure(a, why))
}

// unchanged reads the account again under a lock: it may have been closed, or
// its password changed, while the password was being compared.
func (s *Service) unchanged(ctx context.Context, tx *db.Tx, a account) (bool, error) {
	var now account
	err := tx.Get(ctx, &now, `SELECT id, username, name, password_hash, disabled_at FROM staff WHERE id = $1 FOR NO KEY UPDATE`, a.ID)
	if err != nil {
		return false, fmt.Errorf("read account again: %w", err)
	}
	return now.DisabledAt == nil && now.PasswordHash == a.PasswordHash, nil
}

// actor is who fails to log in: nobody yet, from somewhere.
func (c Client) actor() Actor {
	a := System("login")
	a.Addr, a.Device, a.RequestID = c.Addr, c.Device, c.RequestID
	return a
}

// failure is the event; it names a person only by a known account. What was
// typed for an unknown one may be a password and is not kept.
func (c Client) failure(a account, why string) Event {
	e := Event{Name: "login", Outcome: Failed, ObjectKind: "staff", Detail: why}
	if a.ID != 0 {
		e.ObjectID = fmt.Sprint(a.ID)
		e.Detail = a.Username + "：" + why
	}
	return e
}

// opening is how a login is opened.
type opening struct {
	cookie, old Cookie
	how         string // password, totp or ca
}

// opened is what the audit says of a way to log in, before the browser's name.
func (o opening) opened() string {
	switch o.how {
	case howCA:
		return "扫码登录；"
	case howTotp:
		return "CA 没有应答，密码加动态码登录；"
	}
	return ""
}

func (s *Service) openLogin(ctx context.Context, tx *db.Tx, from Client, a account, o opening) error {
	c := o.cookie
	if err := s.endRotated(ctx, tx, from, o.old); err != nil {
		return err
	}
	if err := tx.ExecOne(ctx, `UPDATE staff SET last_login_at = $2 WHERE id = $1`, a.ID, tx.Now); err != nil {
		return fmt.Errorf("last login: %w", err)
	}
	err := tx.ExecOne(ctx, `
INSERT INTO login (id, staff_id, secret_hash, how, addr, device, created_at, seen_at, expires_at)
VALUES ($1, $2, $3, $8, $4, $5, $6, $6, $7)`,
		c.id, a.ID, c.hash(), clip(from.Addr, 64), clip(from.Device, 200), tx.Now, tx.Now.Add(s.maxLife), o.how)
	if err != nil {
		return fmt.Errorf("open login: %w", err)
	}
	if err := insertChain(ctx, tx, c.id, "login"); err != nil {
		return fmt.Errorf("open audit chain: %w", err)
	}
	by := Actor{StaffID: a.ID, Username: a.Username, Name: a.Name, LoginID: c.id, Addr: from.Addr, Device: from.Device, RequestID: from.RequestID}
	if o.how == howTotp {
		s.log.Warn("somebody logged in without the certificate authority, by password and one-time code", "staff", a.ID)
		if err := Audit(ctx, tx, by, Event{Name: "login.without_ca", ObjectKind: "staff", ObjectID: fmt.Sprint(a.ID), Detail: a.Username}); err != nil {
			return err
		}
	}
	return Audit(ctx, tx, by, Event{Name: "login", ObjectKind: "staff", ObjectID: fmt.Sprint(a.ID), Detail: o.opened() + clip(from.Device, 200)})
}

// endRotated ends the login this browser had before, if its secret fits: an id
// alone must not end anybody's login.
func (s *Service) endRotated(ctx context.Context, tx *db.Tx, from Client, old Cookie) error {
	if old.id == uuid.Nil {
		return nil
	}
	var hash []byte
	err := tx.Get(ctx, &hash, `SELECT secret_hash FROM login WHERE id = $1 AND ended_at IS NULL FOR NO KEY UPDATE`, old.id)
	if db.IsNoRows(err) || err == nil && !old.fits(hash) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end login before: %w", err)
	}
	return s.endLogin(ctx, tx, old.id, "rotated")
}

// renewHash brings an old hash to today's rounds. It is no reason to refuse the
// login when it fails.
func (s *Service) renewHash(ctx context.Context, a account, password string) {
	if !seal.NeedsRehash(a.PasswordHash, s.rounds) {
		return
	}
	hash, err := s.hash(ctx, a.Username, password)
	if err == nil {
		err = s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE staff SET password_hash = $3 WHERE id = $1 AND password_hash = $2`, a.ID, a.PasswordHash, hash)
			return err
		})
	}
	if err != nil {
		s.log.Warn("a password hash could not be renewed", "staff", a.ID, "error", err)
	}
}
