package identity

import (
	"context"
	"time"
)

// CertVerifier is the port to a certificate authority (CA): logging in by a QR
// code on the phone's certificate, and signing. Adapters live in integration.
// No method may be called inside a transaction.
type CertVerifier interface {
	// CreateLogin asks for a QR code. A ticket is used once and is bound by the
	// caller to the browser that asked, so that a stolen code logs in nobody else.
	CreateLogin(ctx context.Context, purpose string) (CertTicket, error)
	// Poll tells how far the ticket is. A person is given only with
	// CertConfirmed; any other state is never a login.
	Poll(ctx context.Context, ticket string) (CertState, CertPerson, error)
	// Sign signs a digest with the person's certificate.
	Sign(ctx context.Context, personToken string, digest []byte) (CertSignature, error)
	// Verify checks a signature and the state of its certificate at its time.
	Verify(ctx context.Context, digest []byte, s CertSignature) error
	// CheckToken tells whether a person's signing token is still good.
	CheckToken(ctx context.Context, personToken string) (bool, error)
	// Certificate gives a person's current certificate.
	Certificate(ctx context.Context, userCertCode string) (CertPerson, error)
}

// CertTicket is a login that waits to be confirmed on the phone.
type CertTicket struct {
	Ticket    string
	QRPayload string // text for a QR code, or ""
	QRImage   []byte // PNG instead of a text, or nil
	ExpiresAt time.Time
}

// CertState is how far a ticket is.
type CertState string

// The states. Only CertConfirmed names a person.
const (
	CertWaiting   CertState = "waiting"
	CertScanned   CertState = "scanned"
	CertConfirmed CertState = "confirmed"
	CertRefused   CertState = "refused"
	CertExpired   CertState = "expired"
	CertError     CertState = "error"
)

// CertPerson is whom a certificate names. A user is bound to the person, not to
// one certificate: PreviousThumbprint leads from a renewed one to the old.
type CertPerson struct {
	Vendor, UserCertCode, CertNo, CertSN string
	Thumbprint, PreviousThumbprint       string // hexadecimal
	Name                                 string
	IdentityHash                         []byte // HMAC-SM3 of the ID number; the number itself is never kept
	NotBefore, NotAfter                  time.Time
	Token                                string // signs for a while without asking again; secret
}

// CertSignature is a signature with what proves it later.
type CertSignature struct {
	Algorithm string // such as SM3withSM2
	Value     []byte
	Cert      []byte // DER
	TimeToken []byte // from the time-stamp authority, or nil
	Finished  bool   // false: the vendor has not finished, and the signature counts for nothing
}
