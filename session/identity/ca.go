package identity

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

const (
	purposeTicket  seal.Purpose = "identity.ca_ticket"
	purposeToken   seal.Purpose = "identity.ca_token"
	purposeBinding seal.Purpose = "identity.ca_binding"
)

// caFresh is how long what is known of the CA's health holds.
const caFresh = 10 * time.Second

// CA says how certificates are used; the zero value is no CA.
type CA struct {
	Verifier CertVerifier
	// Trusted issued the certificates that count.
	Trusted []*seal.Certificate
	// TicketLife bounds a QR code; 0 means two minutes. The CA may give it less.
	TicketLife time.Duration
	// Roles must log in by their certificate: a password alone does not do.
	Roles []Role
	// OtpRoles may log in by password and one-time code while the CA is down.
	OtpRoles []Role
}

func (c CA) life() time.Duration {
	if c.TicketLife <= 0 {
		return 2 * time.Minute
	}
	return c.TicketLife
}

// caHealth is what the last exchange told of the CA.
type caHealth struct {
	mu sync.Mutex
	at time.Time
	up bool
}

func (h *caHealth) note(now time.Time, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at, h.up = now, !errors.Is(err, ErrCertDown) && !errors.Is(err, ErrCertUnknown)
}

func (h *caHealth) known(now time.Time) (up, fresh bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	age := now.Sub(h.at)
	return h.up, !h.at.IsZero() && age >= 0 && age < caFresh
}

// HasCA tells whether persons can log in by a QR code.
func (s *Service) HasCA() bool { return s.ca.Verifier != nil }

// CheckCA asks the CA whether it answers, for the report at the start.
func (s *Service) CheckCA(ctx context.Context) error {
	err := s.ca.Verifier.Ping(ctx, System("ca-check"))
	s.health.note(s.d.Now(), err)
	return err
}

// caUp tells whether the CA answers; it is asked when that is not known lately.
func (s *Service) caUp(ctx context.Context) bool {
	if up, fresh := s.health.known(s.d.Now()); fresh {
		return up
	}
	return s.CheckCA(ctx) == nil
}

// errWithoutCA refuses a password where the role asks for a certificate. It says
// nothing before the password was right.
func errWithoutCA() error {
	return db.Refuse(db.Denied, "您的角色须用手机扫码登录。请扫页面上的二维码。")
}

// second decides what a right password still needs: nothing, a one-time code, or a
// QR code instead.
func (s *Service) second(ctx context.Context, staffID int64) (needsCode bool, err error) {
	if !s.HasCA() || len(s.ca.Roles) == 0 {
		return false, nil
	}
	grants, err := s.grantsOf(ctx, s.d, []int64{staffID})
	if err != nil {
		return false, err
	}
	var bound []Role
	for _, g := range grants[staffID] {
		if slices.Contains(s.ca.Roles, g.Role) {
			bound = append(bound, g.Role)
		}
	}
	if len(bound) == 0 {
		return false, nil
	}
	if s.caUp(ctx) {
		return false, errWithoutCA()
	}
	for _, r := range bound {
		if !slices.Contains(s.ca.OtpRoles, r) {
			return false, db.Refuse(db.Denied, "CA 现在没有应答，%s不能只用密码登录。请稍后扫码，或联系信息科。", r.Label())
		}
	}
	return true, nil
}
