package identity

import (
	"context"
	"errors"
	"time"
)

// CertVerifier is the port to a certificate authority (CA): logging in by a QR
// code that the phone of a certificate's owner confirms, and signing. Adapters live
// in integration. by is who causes an exchange, for the transfer log. No method may
// be called inside a transaction. Errors of all methods are *db.Error with a
// sentence and fit one of the Err values below.
type CertVerifier interface {
	// Vendor names the authority in stored rows: 1 to 20 characters, never renamed.
	Vendor() string
	// Ping asks whether the authority answers at all.
	Ping(ctx context.Context, by Actor) error
	// CreateLogin asks for a QR code. The phone that confirms it signs the challenge.
	CreateLogin(ctx context.Context, by Actor, challenge []byte) (CertTicket, error)
	// Poll tells how far a ticket is. Only [CertConfirmed] names a person.
	Poll(ctx context.Context, by Actor, ticket string, challenge []byte) (CertPoll, error)
	// Status asks what has become of a certificate (DER) since it was issued.
	Status(ctx context.Context, by Actor, certificate []byte) (CertStatus, error)
	// Person gives who has a code, for the administrator who binds it.
	Person(ctx context.Context, by Actor, code string) (CertPerson, error)
	// Sign signs a digest for a person. The number names the request for ever: the
	// same number is never signed twice.
	Sign(ctx context.Context, by Actor, s CertSigning) (CertSignature, error)
	// FindSignature asks what became of a request. ErrCertNone: it never came there.
	FindSignature(ctx context.Context, by Actor, s CertSigning) (CertSignature, error)
}

// What an exchange with the CA may end in, for errors.Is.
var (
	// ErrCertDown says that the CA could not be asked; nothing was done there.
	ErrCertDown = errors.New("identity: the certificate authority does not answer")
	// ErrCertUnknown says that no usable answer came; something may have been done.
	ErrCertUnknown = errors.New("identity: nobody knows whether the certificate authority did it")
	// ErrCertRefused says that the CA, or a check of ours, refused for good.
	ErrCertRefused = errors.New("identity: refused")
	// ErrCertToken says that the person has to scan again before anything is signed.
	ErrCertToken = errors.New("identity: the leave to sign has run out")
	// ErrCertUnfinished says that the CA has taken the request and not signed yet.
	ErrCertUnfinished = errors.New("identity: not signed yet")
	// ErrCertNone says that the CA does not know the request.
	ErrCertNone = errors.New("identity: the certificate authority has no such request")
	// ErrCertWrong says that somebody else's certificate answered.
	ErrCertWrong = errors.New("identity: the certificate is another person's")
)

// CertTicket is a login that waits to be confirmed on the phone.
type CertTicket struct {
	Ticket    string // the authority's own; secret
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
	CertWrong     CertState = "wrong" // somebody else's certificate
)

// Open tells whether the ticket may still be confirmed.
func (s CertState) Open() bool { return s == CertWaiting || s == CertScanned }

// CertPoll is the answer to Poll.
type CertPoll struct {
	State CertState
	// Why is the authority's own word on a state that ends the ticket.
	Why string
	// Person, Proof and Token come with CertConfirmed. Proof is the signature over
	// the challenge; Token lets Sign sign for a while without asking again; secret.
	Person CertPerson
	Proof  CertSignature
	Token  string
}

// CertPerson is whom a certificate names. A user is bound to the person, not to one
// certificate: Code stays through renewals.
type CertPerson struct {
	Code, Name string
	// Subject is the person's number in the subject of a certificate; it is Code
	// where the authority knows a person by that number alone.
	Subject string
}

// CertStatus is what the authority says of a certificate today.
type CertStatus string

// The states of a certificate.
const (
	CertGood         CertStatus = "good"
	CertRevoked      CertStatus = "revoked"
	CertFrozen       CertStatus = "frozen"
	CertOld          CertStatus = "old" // its time is over
	CertForeign      CertStatus = "foreign"
	CertUnregistered CertStatus = "unregistered"
)

// Sentence says what a person should do about a certificate; "" for a good one.
func (s CertStatus) Sentence() string {
	switch s {
	case CertGood:
		return ""
	case CertRevoked:
		return "这张证书已被注销，不能使用。请到医院证书管理处换发后再扫码。"
	case CertFrozen:
		return "这张证书已被冻结，不能使用。请到医院证书管理处解冻后再扫码。"
	case CertOld:
		return "这张证书不在有效期内，不能使用。请先在手机上更新证书，再扫码。"
	case CertForeign:
		return "这张证书不是本院认可的机构签发的，不能使用。请换用本院的证书扫码。"
	}
	return "CA 没有登记这张证书，不能使用。请联系医院证书管理处。"
}

// CertSigning is a digest that a person is to sign.
type CertSigning struct {
	// Number is the request's number, made by us, at most 40 characters.
	Number            string
	PersonCode, Token string
	Digest            []byte
}

// CertSignature is a signature with what proves it later.
type CertSignature struct {
	Algorithm   string // such as SM3withSM2
	Value       []byte // ASN.1
	Certificate []byte // DER
	TimeToken   []byte // from the time-stamp authority, as it came, or nil
	Answer      []byte // SM3 of the CA's whole answer
}
