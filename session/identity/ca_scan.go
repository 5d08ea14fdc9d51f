package identity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

const (
	// askEvery is the least time between two questions to the CA about one ticket;
	// a browser may ask us as often as it likes.
	askEvery = time.Second
	// followTime bounds one step of following; it goes on when the browser leaves,
	// because an authority may tell who confirmed only once.
	followTime = 20 * time.Second
)

// FollowScan asks how far a browser's QR code is. When the phone has confirmed it and
// everything about the certificate is right, the login is opened (or the screen
// unlocked) in the same step; Login is the zero value otherwise. old is the login
// that the browser had before, which ends.
func (s *Service) FollowScan(ctx context.Context, from Client, c, old Cookie) (Scan, Login, error) {
	if !s.HasCA() {
		return Scan{}, Login{}, errNoTicket()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), followTime)
	defer cancel()
	t, err := s.findTicket(ctx, c)
	if err != nil {
		return Scan{}, Login{}, err
	}
	x, err := s.openTicket(t)
	if err != nil || t.EndedAt != nil {
		return t.used(x), Login{}, err
	}
	if !s.d.Now().Before(t.ExpiresAt) {
		t, err = s.end(ctx, t, CertExpired, "二维码已过期。请换一个再扫。")
		return t.scan(x), Login{}, err
	}
	mine, err := s.mayAsk(ctx, t)
	if err != nil || !mine {
		return t.scan(x), Login{}, err
	}
	return s.follow(ctx, from, t, x, old)
}

// used is what a browser sees of a ticket that has ended: one that was confirmed
// logs in once.
func (t ticketRow) used(x ticketSecret) Scan {
	sc := t.scan(x)
	if t.State == CertConfirmed {
		sc.State, sc.Why = CertExpired, "这个二维码已经用过，只能用一次。请换一个再扫。"
	}
	return sc
}

// mayAsk takes the turn to ask the CA; false means that somebody just did.
func (s *Service) mayAsk(ctx context.Context, t ticketRow) (bool, error) {
	if s.d.Now().Sub(t.AskedAt) < askEvery {
		return false, nil
	}
	var n int64
	err := s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, `UPDATE ca_ticket SET asked_at = $3 WHERE id = $1 AND asked_at = $2 AND ended_at IS NULL`, t.ID, t.AskedAt, tx.Now)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("take the turn to ask the CA: %w", err)
	}
	return n == 1, nil
}

func (s *Service) follow(ctx context.Context, from Client, t ticketRow, x ticketSecret, old Cookie) (Scan, Login, error) {
	p, err := s.ca.Verifier.Poll(ctx, from.actor(), x.Ticket, x.Challenge)
	s.health.note(s.d.Now(), err)
	if errors.Is(err, ErrCertDown) || errors.Is(err, ErrCertUnknown) {
		// The ticket lives on: the next question may be answered.
		sc := t.scan(x)
		sc.Why = "暂时连不上 CA，正在重试。" + db.Sentence(err)
		return sc, Login{}, nil
	}
	if err != nil {
		t, err = s.end(ctx, t, CertError, db.Sentence(err))
		return t.scan(x), Login{}, err
	}
	switch {
	case p.State.Open():
		t, err = s.move(ctx, t, p.State)
	case p.State != CertConfirmed:
		t, err = s.end(ctx, t, p.State, endSentence(p))
	default:
		return s.confirmed(ctx, from, t, x, p, old)
	}
	return t.scan(x), Login{}, err
}

// endSentence says what a person reads of a ticket that ended without a login.
func endSentence(p CertPoll) string {
	switch p.State {
	case CertRefused:
		return "手机上选择了拒绝，没有登录。要登录请换一个二维码再扫。"
	case CertExpired:
		return "二维码已过期。请换一个再扫。"
	case CertWrong:
		return "扫码的不是本人的证书，没有登录。请本人用自己的手机扫。"
	}
	return "CA 处理出错（" + clip(p.Why, 100) + "），没有登录。请换一个二维码再扫；仍不行请联系信息科。"
}

// move notes that a ticket was scanned.
func (s *Service) move(ctx context.Context, t ticketRow, to CertState) (ticketRow, error) {
	if t.State == to || t.State == CertScanned {
		return t, nil
	}
	t.State = to
	err := s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE ca_ticket SET state = $2 WHERE id = $1 AND ended_at IS NULL`, t.ID, string(to))
		return err
	})
	if err != nil {
		return t, fmt.Errorf("note that a code was scanned: %w", err)
	}
	return t, nil
}

// end ends a ticket without a login.
func (s *Service) end(ctx context.Context, t ticketRow, state CertState, why string) (ticketRow, error) {
	t.State, t.Why = state, why
	err := s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := endTicket(ctx, tx, t.ID, state, why, nil)
		return err
	})
	return t, err
}

// confirmed opens the login that a phone has confirmed, after all checks.
func (s *Service) confirmed(ctx context.Context, from Client, t ticketRow, x ticketSecret, p CertPoll, old Cookie) (Scan, Login, error) {
	owner, err := s.owner(ctx, from, x, p)
	if err == nil && t.Purpose == ScanUnlock && owner.binding.StaffID != *t.StaffID {
		err = refuseCert(CertWrong, "这是%s的证书，锁屏的不是这个人。请本人扫码，或退出后换人登录。", owner.account.Name)
	}
	var refusal certRefusal
	if errors.As(err, &refusal) {
		t.State, t.Why = refusal.state, refusal.cause.Message
		return t.scan(x), Login{}, s.refuseScan(ctx, from, t, owner)
	}
	if errors.Is(err, ErrCertDown) || errors.Is(err, ErrCertUnknown) {
		// The status could not be asked: the phone's yes stands, and is looked at again.
		sc := t.scan(x)
		sc.Why = "暂时连不上 CA，正在重试。" + db.Sentence(err)
		return sc, Login{}, nil
	}
	if errors.Is(err, ErrCertRefused) {
		t.State, t.Why = CertError, db.Sentence(err)+"没有登录。请换一个二维码再扫；仍不行请联系信息科。"
		return t.scan(x), Login{}, s.refuseScan(ctx, from, t, owner)
	}
	if err != nil {
		return Scan{}, Login{}, err
	}
	if t.Purpose == ScanUnlock {
		return s.unlockByScan(ctx, from, t, x, owner)
	}
	return s.loginByScan(ctx, from, t, x, owner, old)
}

func (s *Service) refuseScan(ctx context.Context, from Client, t ticketRow, o certOwner) error {
	return s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := endTicket(ctx, tx, t.ID, t.State, t.Why, nil); err != nil {
			return err
		}
		e := Event{Name: "ca.refused", Outcome: Failed, ObjectKind: "certificate", ObjectID: o.code, Detail: t.Why}
		if o.account.ID != 0 {
			e.ObjectKind, e.ObjectID, e.Detail = "staff", fmt.Sprint(o.account.ID), o.code+"："+t.Why
		}
		return Audit(ctx, tx, from.actor(), e)
	})
}

func (s *Service) loginByScan(ctx context.Context, from Client, t ticketRow, x ticketSecret, o certOwner, old Cookie) (Scan, Login, error) {
	cookie, first := newCookie(), false
	err := s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if first, err = endTicket(ctx, tx, t.ID, CertConfirmed, "", &o.account.ID); err != nil || !first {
			return err
		}
		if err := s.openLogin(ctx, tx, from, o.account, opening{cookie: cookie, old: old, how: howCA}); err != nil {
			return err
		}
		return s.admit(ctx, tx, Actor{StaffID: o.account.ID, Username: o.account.Username, Name: o.account.Name, LoginID: cookie.id,
			Addr: from.Addr, Device: from.Device, RequestID: from.RequestID}, o)
	})
	if err != nil {
		return Scan{}, Login{}, fmt.Errorf("log in by a certificate: %w", err)
	}
	t.State = CertConfirmed
	if !first {
		return t.used(x), Login{}, nil
	}
	state, err := s.Authenticate(ctx, cookie, from, false)
	return t.scan(x), Login{Cookie: cookie, State: state}, err
}

func (s *Service) unlockByScan(ctx context.Context, from Client, t ticketRow, x ticketSecret, o certOwner) (Scan, Login, error) {
	first := false
	err := s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		if first, err = endTicket(ctx, tx, t.ID, CertConfirmed, "", &o.account.ID); err != nil || !first {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE login SET locked_at = NULL, seen_at = $2 WHERE id = $1 AND ended_at IS NULL`, *t.LoginID, tx.Now)
		if err != nil {
			return fmt.Errorf("unlock screen: %w", err)
		}
		if n == 0 {
			return db.Refuse(db.LoggedOut, "登录已结束，请重新登录。")
		}
		by := Actor{StaffID: o.account.ID, Username: o.account.Username, Name: o.account.Name, LoginID: *t.LoginID,
			Addr: from.Addr, Device: from.Device, RequestID: from.RequestID}
		if err := Audit(ctx, tx, by, Event{Name: "unlock", Detail: "扫码"}); err != nil {
			return err
		}
		return s.admit(ctx, tx, by, o)
	})
	if err != nil {
		return Scan{}, Login{}, err
	}
	t.State = CertConfirmed
	if !first {
		return t.used(x), Login{}, nil
	}
	return t.scan(x), Login{}, nil
}

// admit keeps what a confirmed certificate brought: its renewal and the leave to sign.
func (s *Service) admit(ctx context.Context, tx *db.Tx, by Actor, o certOwner) error {
	if err := s.renew(ctx, tx, by, o.binding, o.certificate); err != nil {
		return err
	}
	return s.keepToken(ctx, tx, o)
}

// certOwner is the person behind a certificate that was confirmed.
type certOwner struct {
	code, token string
	certificate *seal.Certificate
	binding     Binding
	account     account
}

// certRefusal is a certificate that does not log in, with the state it leads to.
type certRefusal struct {
	state CertState
	cause *db.Error
}

func (r certRefusal) Error() string { return r.cause.Error() }

func (r certRefusal) Unwrap() error { return r.cause }

func refuseCert(state CertState, format string, args ...any) certRefusal {
	return certRefusal{state, db.RefuseBecause(ErrCertRefused, db.Denied, format, args...)}
}

// owner checks everything about a confirmed ticket, from what costs nothing to what
// must be asked: the certificate's issuer and time, the signature over our challenge,
// that the authority's word and the certificate name one person, its state today, and
// who is bound to the person.
func (s *Service) owner(ctx context.Context, from Client, x ticketSecret, p CertPoll) (certOwner, error) {
	o := certOwner{code: clip(p.Person.Code, 80), token: p.Token}
	c, err := s.checkCertificate(p.Proof.Certificate, s.d.Now())
	if err != nil {
		return o, err
	}
	o.certificate = c
	public, err := c.PublicKey()
	if err != nil || public.Verify(x.Challenge, p.Proof.Value) != nil {
		return o, refuseCert(CertError, "手机的签名验证不通过，没有登录。请换一个二维码再扫；仍不行请联系信息科。")
	}
	if p.Person.Code == "" || c.CommonName() != p.Person.Name || c.PersonCode() != p.Person.Subject {
		return o, refuseCert(CertWrong, "CA 说的人和证书上的人不是同一位，没有登录。请本人用自己的证书扫。")
	}
	status, err := s.ca.Verifier.Status(ctx, from.actor(), c.DER())
	s.health.note(s.d.Now(), err)
	if err != nil {
		return o, err
	}
	if status != CertGood {
		return o, refuseCert(CertError, "%s", status.Sentence())
	}
	if o.binding, err = s.bindingOf(ctx, p.Person.Code); err != nil {
		return o, err
	}
	if o.binding.ID == 0 {
		return o, refuseCert(CertWrong, "%s的证书没有绑定本系统的人员。请系统管理员在“人员”里绑定后再扫。", clip(p.Person.Name, 20))
	}
	o.account, err = s.accountOf(ctx, o.binding.StaffID)
	if err == nil && o.account.DisabledAt != nil {
		err = refuseCert(CertError, "%s的账号已停用，不能登录。请联系系统管理员。", o.account.Name)
	}
	return o, err
}

// checkCertificate reads a certificate and checks its issuer and time.
func (s *Service) checkCertificate(der []byte, at time.Time) (*seal.Certificate, error) {
	c, err := seal.ParseCertificate(der)
	if err != nil {
		return nil, refuseCert(CertError, "CA 给的证书读不出，没有采信。请联系信息科。")
	}
	switch err := c.VerifyIssued(s.ca.Trusted, at); {
	case errors.Is(err, seal.ErrIssuer):
		return nil, refuseCert(CertError, "%s", CertForeign.Sentence())
	case err != nil:
		return nil, refuseCert(CertError, "%s", CertOld.Sentence())
	}
	return c, nil
}

func (s *Service) accountOf(ctx context.Context, staffID int64) (account, error) {
	var a account
	err := s.d.Get(ctx, &a, `SELECT id, username, name, password_hash, disabled_at FROM staff WHERE id = $1`, staffID)
	if err != nil {
		return a, fmt.Errorf("read account %d: %w", staffID, err)
	}
	return a, nil
}
