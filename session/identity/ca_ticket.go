package identity

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
)

// What a QR code is for.
const (
	// ScanLogin opens a login for whoever confirms.
	ScanLogin = "login"
	// ScanUnlock opens a locked screen again, for the person behind it only.
	ScanUnlock = "unlock"
)

// Scan is a QR code as its browser sees it.
type Scan struct {
	State CertState
	// Why says in a sentence what happened and what to do; "" while all is well.
	Why string
	// Payload is the QR code's text, or "" where Image (PNG) is the code.
	Payload   string
	Image     []byte
	ExpiresAt time.Time
}

// ticketRow is a row of ca_ticket.
type ticketRow struct {
	ID         uuid.UUID  `db:"id"`
	SecretHash []byte     `db:"secret_hash"`
	Purpose    string     `db:"purpose"`
	LoginID    *uuid.UUID `db:"login_id"`
	Sealed     []byte     `db:"sealed"`
	State      CertState  `db:"state"`
	Why        string     `db:"why"`
	StaffID    *int64     `db:"staff_id"`
	ExpiresAt  time.Time  `db:"expires_at"`
	AskedAt    time.Time  `db:"asked_at"`
	EndedAt    *time.Time `db:"ended_at"`
}

// ticketSecret is what is sealed of a ticket.
type ticketSecret struct {
	Ticket    string `json:"ticket"`
	Challenge []byte `json:"challenge"`
	Payload   string `json:"payload,omitempty"`
	Image     []byte `json:"image,omitempty"`
}

func ticketAAD(id uuid.UUID) string { return "ca_ticket.sealed/" + id.String() }

func (s *Service) openTicket(t ticketRow) (ticketSecret, error) {
	var x ticketSecret
	plain, err := s.seal.Open(purposeTicket, ticketAAD(t.ID), t.Sealed)
	if err != nil {
		return x, fmt.Errorf("open a ticket: %w", err)
	}
	if err := json.Unmarshal(plain, &x); err != nil {
		return x, fmt.Errorf("read a ticket: %w", err)
	}
	return x, nil
}

func (t ticketRow) scan(x ticketSecret) Scan {
	return Scan{State: t.State, Why: t.Why, Payload: x.Payload, Image: x.Image, ExpiresAt: t.ExpiresAt}
}

// errNoTicket answers a browser that asks after a code which is not its own.
func errNoTicket() error {
	return db.Refuse(db.NotFound, "这台设备上没有等待中的二维码。请换一个二维码。")
}

// findTicket reads the ticket of a browser. An id without its secret is nobody's: a
// code that was photographed or whose ticket was stolen logs in no other browser.
func (s *Service) findTicket(ctx context.Context, c Cookie) (ticketRow, error) {
	var t ticketRow
	err := s.d.Get(ctx, &t, `SELECT id, secret_hash, purpose, login_id, sealed, state, why, staff_id, expires_at, asked_at, ended_at FROM ca_ticket WHERE id = $1`, c.id)
	if db.IsNoRows(err) || err == nil && !c.fits(t.SecretHash) {
		return ticketRow{}, errNoTicket()
	}
	if err != nil {
		return t, fmt.Errorf("read a ticket: %w", err)
	}
	return t, nil
}

// BeginScan asks the certificate authority for a QR code and binds it to the browser
// that gets the cookie. For an unlock, by is the person behind the locked screen.
func (s *Service) BeginScan(ctx context.Context, from Client, purpose string, by Actor) (Cookie, Scan, error) {
	if !s.HasCA() {
		return Cookie{}, Scan{}, db.Refuse(db.NotFound, "没有配置扫码登录。请用密码登录。")
	}
	challenge := newCookie().secret
	ticket, err := s.ca.Verifier.CreateLogin(ctx, from.actor(), challenge[:])
	s.health.note(s.d.Now(), err)
	if err != nil {
		return Cookie{}, Scan{}, err
	}
	c := newCookie()
	x := ticketSecret{Ticket: ticket.Ticket, Challenge: challenge[:], Payload: ticket.QRPayload, Image: ticket.QRImage}
	t := ticketRow{ID: c.id, State: CertWaiting, ExpiresAt: s.d.Now().Add(s.ca.life())}
	if !ticket.ExpiresAt.IsZero() && ticket.ExpiresAt.Before(t.ExpiresAt) {
		t.ExpiresAt = ticket.ExpiresAt
	}
	plain, err := json.Marshal(x)
	if err != nil {
		return Cookie{}, Scan{}, fmt.Errorf("keep a ticket: %w", err)
	}
	if t.Sealed, err = s.seal.Seal(purposeTicket, ticketAAD(c.id), plain); err != nil {
		return Cookie{}, Scan{}, fmt.Errorf("keep a ticket: %w", err)
	}
	if purpose == ScanUnlock {
		t.LoginID, t.StaffID = &by.LoginID, &by.StaffID
	}
	err = s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `INSERT INTO ca_ticket (id, secret_hash, purpose, vendor, login_id, staff_id, sealed, state, addr, created_at, expires_at, asked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'waiting', $8, $9, $10, $9)`,
			c.id, c.hash(), purpose, s.ca.Verifier.Vendor(), t.LoginID, t.StaffID, t.Sealed, clip(from.Addr, 64), tx.Now, t.ExpiresAt)
	})
	if err != nil {
		return Cookie{}, Scan{}, fmt.Errorf("keep a ticket: %w", err)
	}
	return c, t.scan(x), nil
}

// LookScan shows a browser its code as it is known here, without asking the CA.
func (s *Service) LookScan(ctx context.Context, c Cookie) (Scan, error) {
	if !s.HasCA() {
		return Scan{}, errNoTicket()
	}
	t, err := s.findTicket(ctx, c)
	if err != nil {
		return Scan{}, err
	}
	x, err := s.openTicket(t)
	if err != nil {
		return Scan{}, err
	}
	if t.EndedAt == nil && !s.d.Now().Before(t.ExpiresAt) {
		t.State = CertExpired
	}
	return t.scan(x), nil
}

// endTicket ends a ticket once; false means that another request was first.
func endTicket(ctx context.Context, tx *db.Tx, id uuid.UUID, state CertState, why string, staffID *int64) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE ca_ticket SET state = $2, why = $3, staff_id = COALESCE($4::bigint, staff_id), ended_at = $5 WHERE id = $1 AND ended_at IS NULL`,
		id, string(state), clip(why, 400), staffID, tx.Now)
	if err != nil {
		return false, fmt.Errorf("end a ticket: %w", err)
	}
	return n == 1, nil
}

// keepTickets is how long tickets are kept after they were made: long enough for a
// page that was left open to learn what became of its code.
const keepTickets = 24 * time.Hour

// SweepTickets removes old QR codes.
func (s *Service) SweepTickets(ctx context.Context) (int64, error) {
	var n int64
	err := s.d.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = tx.Exec(ctx, `DELETE FROM ca_ticket WHERE created_at < $1`, tx.Now.Add(-keepTickets))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("sweep tickets: %w", err)
	}
	return n, nil
}
