package wire

import "errors"

// Errors that both sides test for with errors.Is. None carries a secret.
var (
	// ErrTooLarge says that a body is larger than MaxBody.
	ErrTooLarge = errors.New("wire: body over 10 MB")
	// ErrEnvelope says that a body is not an envelope of ours.
	ErrEnvelope = errors.New("wire: malformed envelope")
	// ErrSignature says that signature headers are missing, malformed, of an
	// unknown application, or do not fit the content.
	ErrSignature = errors.New("wire: signature does not verify")
	// ErrClock says that the message is validly signed but its time lies
	// outside the window: the two machines' clocks differ, or it is old.
	ErrClock = errors.New("wire: time outside the window")
	// ErrReplay says that this nonce was seen before.
	ErrReplay = errors.New("wire: nonce seen before")
	// ErrBusy says that the nonce cache is full: nothing more is accepted until
	// older nonces expire, because forgetting one early would allow a replay.
	ErrBusy = errors.New("wire: nonce cache is full")
)

// DocumentError says which field of a document is not what was promised. The
// whole document is refused.
type DocumentError struct {
	// Field is the path of the field, such as "lines[2].packs"; "" means the
	// document as a whole.
	Field string
	// Reason is a Chinese phrase for the work list.
	Reason string
}

// Error is for logs.
func (e *DocumentError) Error() string {
	if e.Field == "" {
		return "wire: document refused: " + e.Reason
	}
	return "wire: document refused: " + e.Field + ": " + e.Reason
}

// Sentence is shown in the work list.
func (e *DocumentError) Sentence() string {
	if e.Field == "" {
		return "单据整张未收：" + e.Reason + "。"
	}
	return "单据整张未收：字段 " + e.Field + " " + e.Reason + "。"
}

func refuse(field, reason string) error { return &DocumentError{field, reason} }
