package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

const purposeTotp seal.Purpose = "identity.totp"

// The ways a login is opened, as they stand in its row.
const (
	howPassword = "password"
	howTotp     = "totp"
	howCA       = "ca"
)

const (
	// codeStep is how long a one-time code is shown, codeDrift how many steps a
	// phone's clock may be off, either way (RFC 6238).
	codeStep  = 30 * time.Second
	codeDrift = 1
)

// errNeedsCode marks the refusal that asks for a one-time code.
var errNeedsCode = errors.New("identity: a one-time code is needed")

// NeedsCode tells whether a refusal of LogInWith asks for a one-time code; the
// password was right then.
func NeedsCode(err error) bool { return errors.Is(err, errNeedsCode) }

func errWrongCode() error {
	return db.RefuseBecause(errNeedsCode, db.LoggedOut, "动态码不正确或已经用过，请等下一个码再输入。连续 %d 次不正确会锁定 %d 分钟。", MaxFailures, int(LockOut.Minutes()))
}

// verdict is what is known of an attempt before its transaction.
type verdict struct {
	good      bool
	step      int64 // of a right one-time code; 0: none was needed
	wrongCode bool
}

func (v verdict) how() string {
	if v.step > 0 {
		return howTotp
	}
	return howPassword
}

// secondFactor is asked after a right password: what the role needs besides it. A
// refusal is written to the audit, for the password was right.
func (s *Service) secondFactor(ctx context.Context, from Client, a account, code string) (verdict, error) {
	needs, err := s.second(ctx, a.ID)
	if db.KindOf(err) == db.Denied {
		return verdict{}, s.refusedLogin(ctx, from, a, err)
	}
	if err != nil || !needs {
		return verdict{good: true}, err
	}
	t, err := s.findTotp(ctx, a.ID)
	if err != nil {
		return verdict{}, err
	}
	if t.ConfirmedAt == nil {
		return verdict{}, s.refusedLogin(ctx, from, a, db.Refuse(db.Denied, "CA 现在没有应答，您还没有启用动态码，不能登录。请稍后扫码，或联系信息科。"))
	}
	if code == "" {
		return verdict{}, db.RefuseBecause(errNeedsCode, db.LoggedOut, "CA 现在没有应答。请再输入手机上的六位动态码。")
	}
	step, err := s.matchCode(a.ID, t, code)
	return verdict{good: err == nil && step > 0, step: step, wrongCode: step == 0}, err
}

func (s *Service) refusedLogin(ctx context.Context, from Client, a account, refusal error) error {
	e := from.failure(a, db.Sentence(refusal))
	e.Outcome = Refused
	return errors.Join(AuditRefusal(ctx, s.d, from.actor(), e), refusal)
}

// totpRow is a person's second factor; the zero row is none.
type totpRow struct {
	Sealed      []byte     `db:"sealed"`
	LastStep    int64      `db:"last_step"`
	ConfirmedAt *time.Time `db:"confirmed_at"`
}

func (s *Service) findTotp(ctx context.Context, staffID int64) (totpRow, error) {
	var t totpRow
	err := s.d.Get(ctx, &t, `SELECT sealed, last_step, confirmed_at FROM totp WHERE staff_id = $1`, staffID)
	if db.IsNoRows(err) {
		return totpRow{}, nil // the scan has touched the fields
	}
	if err != nil {
		return t, fmt.Errorf("read second factor: %w", err)
	}
	return t, nil
}

func totpAAD(staffID int64) string { return fmt.Sprintf("totp.sealed/%d", staffID) }

// matchCode gives the step that a code belongs to, 0 for none. All steps that may
// fit are computed, so that the time tells nothing.
func (s *Service) matchCode(staffID int64, t totpRow, code string) (int64, error) {
	secret, err := s.seal.Open(purposeTotp, totpAAD(staffID), t.Sealed)
	if err != nil {
		return 0, fmt.Errorf("open second factor: %w", err)
	}
	code = strings.Map(func(r rune) rune {
		if r == ' ' {
			return -1
		}
		return r
	}, code)
	now := s.d.Now().Unix() / int64(codeStep.Seconds())
	var found int64
	for step := now - codeDrift; step <= now+codeDrift; step++ {
		want, err := codeAt(secret, step)
		if err != nil {
			return 0, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > t.LastStep {
			found = step
		}
	}
	return found, nil
}

func codeAt(secret []byte, step int64) (string, error) {
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	code, err := totp.GenerateCodeCustom(text, time.Unix(step*int64(codeStep.Seconds()), 0),
		totp.ValidateOpts{Period: uint(codeStep.Seconds()), Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
	if err != nil {
		return "", fmt.Errorf("compute a one-time code: %w", err)
	}
	return code, nil
}

// useCode marks a code as used, inside the transaction of what it is used for. A
// code that another request has used meanwhile is a wrong one.
func useCode(ctx context.Context, tx *db.Tx, a account, v verdict) (verdict, error) {
	if v.step == 0 || !v.good {
		return v, nil
	}
	n, err := tx.Exec(ctx, `UPDATE totp SET last_step = $2 WHERE staff_id = $1 AND last_step < $2`, a.ID, v.step)
	if err != nil {
		return v, fmt.Errorf("use a one-time code: %w", err)
	}
	if n == 0 {
		v.good, v.wrongCode = false, true
	}
	return v, nil
}

// Enrolment is what a person types or scans into an app for one-time codes.
type Enrolment struct {
	Secret string // base32, in groups of four
	URI    string // otpauth://…, for a QR code; secret
}

// TotpState tells whether the actor has a second factor: none, begun or active.
func (s *Service) TotpState(ctx context.Context, by Actor) (string, error) {
	t, err := s.findTotp(ctx, by.StaffID)
	switch {
	case err != nil:
		return "", err
	case t.Sealed == nil:
		return "none", nil
	case t.ConfirmedAt == nil:
		return "begun", nil
	}
	return "active", nil
}

// BeginTotp makes a fresh secret after the actor has given the password; it counts
// only after one code of it was confirmed. An active one must be reset first by an
// administrator: who finds an open screen and a password must not replace it.
func (s *Service) BeginTotp(ctx context.Context, by Actor, password string) (Enrolment, error) {
	secret := make([]byte, 20)
	rand.Read(secret)
	sealed, err := s.seal.Seal(purposeTotp, totpAAD(by.StaffID), secret)
	if err != nil {
		return Enrolment{}, fmt.Errorf("seal second factor: %w", err)
	}
	err = s.withPassword(ctx, by, password, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM totp WHERE staff_id = $1 AND confirmed_at IS NULL`, by.StaffID)
		if err != nil {
			return fmt.Errorf("forget a second factor that was not confirmed (%d): %w", n, err)
		}
		err = tx.Try(ctx, func() error {
			return tx.ExecOne(ctx, `INSERT INTO totp (staff_id, sealed, created_at) VALUES ($1, $2, $3)`, by.StaffID, sealed, tx.Now)
		})
		if db.IsUnique(err, "totp_pk") {
			return db.RefuseBecause(err, db.Conflict, "您已经启用动态码。换手机时请系统管理员先清除，再重新启用。")
		}
		return err
	})
	if err != nil {
		return Enrolment{}, err
	}
	return enrolment(by, secret), nil
}

// Enrolling gives a secret that was begun once more, for a page that is drawn again.
func (s *Service) Enrolling(ctx context.Context, by Actor) (Enrolment, error) {
	t, err := s.findTotp(ctx, by.StaffID)
	if err != nil {
		return Enrolment{}, err
	}
	if t.Sealed == nil || t.ConfirmedAt != nil {
		return Enrolment{}, db.Refuse(db.Conflict, "没有正在启用的动态码。请重新开始。")
	}
	secret, err := s.seal.Open(purposeTotp, totpAAD(by.StaffID), t.Sealed)
	if err != nil {
		return Enrolment{}, fmt.Errorf("open second factor: %w", err)
	}
	return enrolment(by, secret), nil
}

func enrolment(by Actor, secret []byte) Enrolment {
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	q := url.Values{"secret": {text}, "issuer": {"精防"}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	u := url.URL{Scheme: "otpauth", Host: "totp", Path: "/精防:" + by.Username, RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	var groups []string
	for len(text) > 4 {
		groups, text = append(groups, text[:4]), text[4:]
	}
	return Enrolment{Secret: strings.Join(append(groups, text), " "), URI: u.String()}
}

// ConfirmTotp makes a secret count by one code of it. A wrong code counts as a wrong
// password does.
func (s *Service) ConfirmTotp(ctx context.Context, by Actor, code string) error {
	t, err := s.findTotp(ctx, by.StaffID)
	if err != nil {
		return err
	}
	if t.Sealed == nil || t.ConfirmedAt != nil {
		return db.Refuse(db.Conflict, "没有正在启用的动态码。请重新开始。")
	}
	step, err := s.matchCode(by.StaffID, t, code)
	if err != nil {
		return err
	}
	index, err := s.nameIndex(by.Username)
	if err != nil {
		return err
	}
	a, err := s.findAccount(ctx, by.Username)
	if err != nil {
		return err
	}
	var refusal error
	err = s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		v := verdict{good: step > 0, wrongCode: step == 0}
		if refusal, err = s.decide(ctx, tx, Client{by.Addr, by.Device, by.RequestID}, a, index, v); err != nil || refusal != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE totp SET confirmed_at = $2, last_step = $3 WHERE staff_id = $1 AND confirmed_at IS NULL`, by.StaffID, tx.Now, step)
		if err != nil || n == 0 {
			return err
		}
		return Audit(ctx, tx, by, Event{Name: "totp.enrol", ObjectKind: "staff", ObjectID: fmt.Sprint(by.StaffID)})
	})
	if err != nil {
		return err
	}
	if NeedsCode(refusal) {
		return db.Refuse(db.Invalid, "动态码不正确。请核对手机的时间，等下一个码再输入。")
	}
	return refusal
}

// ResetTotp removes a person's second factor, for a lost telephone. by needs
// ManageStaff and cannot be the person.
func (s *Service) ResetTotp(ctx context.Context, by Actor, staffID int64) error {
	if err := s.mayManage(ctx, by, staffID); err != nil {
		return err
	}
	return s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		st, err := lockStaff(ctx, tx, staffID)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `DELETE FROM totp WHERE staff_id = $1`, staffID)
		if err != nil {
			return fmt.Errorf("reset second factor: %w", err)
		}
		if n == 0 {
			return db.Refuse(db.Conflict, "%s没有启用动态码，不用清除。", st.Name)
		}
		return Audit(ctx, tx, by, staffEvent("totp.reset", st))
	})
}
