package db

import (
	"context"
	"errors"
	"fmt"
)

// Kind says what a person can do about an error. The kinds are few on purpose:
// one table turns them into HTTP answers.
type Kind string

// The kinds. Anything that is not an *Error is Internal.
const (
	Invalid     Kind = "invalid"     // the input is wrong; the sentence says how to mend it
	Denied      Kind = "denied"      // this person may not do this here
	LoggedOut   Kind = "logged_out"  // nobody is logged in, or the login ended
	Locked      Kind = "locked"      // the screen is locked; unlock and go on
	NotFound    Kind = "not_found"   // there is no such thing
	Conflict    Kind = "conflict"    // somebody or something else was first
	TooMany     Kind = "too_many"    // slow down
	Unavailable Kind = "unavailable" // the database or another system does not answer; try again
	Internal    Kind = "internal"    // our fault; never shown in detail
)

// Error is an error with a Chinese sentence for the person who caused it.
type Error struct {
	Kind Kind
	// Message is shown: one clear Chinese sentence that says what to do.
	Message string
	// Cause is for the log and for errors.Is; it is never shown.
	Cause error
}

// Error gives the kind and the cause, for logs.
func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Kind, e.Message, e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Kind, e.Message)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Refuse makes an error of a kind with a Chinese sentence (format as in fmt).
func Refuse(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// RefuseBecause is Refuse with a cause for the log.
func RefuseBecause(cause error, kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...), Cause: cause}
}

// KindOf tells the kind of an error: that of the outermost *Error in its
// chain, Unavailable for a lost database or an expired context, Internal for
// all others, and "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	if IsUnavailable(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Unavailable
	}
	return Internal
}

// Sentence is the Chinese sentence to show for an error. Causes and internal
// errors are not in it.
func Sentence(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Message
	}
	if KindOf(err) == Unavailable {
		return "系统暂时连不上数据库，刚才的操作没有得到确认。请稍候再试；重复提交不会重复记录。"
	}
	return "系统出错了，操作没有完成。请再试一次；仍不行请把编号告诉管理员。"
}
