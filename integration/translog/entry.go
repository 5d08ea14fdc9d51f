package translog

import (
	"errors"
	"time"

	"github.com/google/uuid"
)

// ErrInTransaction refuses work under a running transaction: the intent must be
// committed before the call, whatever becomes of the business.
var ErrInTransaction = errors.New("translog: the transfer log does not run inside a transaction")

// Phase says which half of an exchange an entry is.
type Phase string

// The phases. An event is an exchange that was over when we heard of it (a
// file, a device's own queue) and needs one entry only.
const (
	Intent       Phase = "intent"
	OutcomePhase Phase = "outcome"
	Event        Phase = "event"
)

// Direction says who began.
type Direction string

// The directions.
const (
	Out Direction = "out" // we asked the other system
	In  Direction = "in"  // it asked us, or handed us a file
)

// Result says how an exchange ended.
type Result string

// The results. Unknown is also what the reader shows for an intent without an
// outcome: the program may have ended between the two, so nobody knows whether
// the other side did what was asked.
const (
	OK      Result = "ok"
	Refused Result = "refused" // the other side answered that it would not
	Failed  Result = "failed"  // no usable answer, and nothing can have been done
	Unknown Result = "unknown" // no usable answer, and something may have been done
)

// Exchange is what is known before a call.
type Exchange struct {
	// ID is the exchange's id where the caller has one already; it is made
	// otherwise.
	ID uuid.UUID
	// System and Service are searched by: 1 to 40 and 1 to 60 characters.
	System, Service string
	Direction       Direction
	// Key is the business key (a document's number, a ticket, a position). It
	// is sealed and can be found by its HMAC only.
	Key string
	// StaffID and Person are who caused it; 0 and a Chinese phrase for the
	// system's own work.
	StaffID int64
	Person  string
	// Target is the address asked, without secrets.
	Target string
	// Body is what was sent, as it was sent.
	Body []byte
}

// Outcome is what is known after a call.
type Outcome struct {
	Result Result
	// Status is the HTTP status, 0 where there was none.
	Status int
	// Detail says in words what went wrong.
	Detail string
	// Request is what was sent, where it was not known before the call: a file that
	// is still being read when the intent is written.
	Request []byte
	// Body is what came back, as far as it came.
	Body []byte
}

// draft is an entry without its place in the chain.
type draft struct {
	exchange  uuid.UUID
	phase     Phase
	about     Exchange
	outcome   Outcome
	at        time.Time
	duration  time.Duration
	keyIndex  []byte
	bodyBytes int64
}
