package db

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"

	"github.com/lib/pq"
)

// IsNoRows tells whether Get found nothing.
func IsNoRows(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// State gives the SQLSTATE of an error, or "".
func State(err error) string {
	var e *pq.Error
	if errors.As(err, &e) {
		return string(e.Code)
	}
	return ""
}

// IsUnique tells whether err is a unique violation (23505) of the named
// constraint or index; "" means any.
func IsUnique(err error, name string) bool {
	return State(err) == "23505" && (name == "" || Constraint(err) == name)
}

// IsForeignKey tells whether err is a foreign key violation (23503) of the
// named constraint; "" means any.
func IsForeignKey(err error, name string) bool {
	return State(err) == "23503" && (name == "" || Constraint(err) == name)
}

// constraintName finds the quoted name in the server's message. openGauss never
// fills the constraint field, so the message is the only source on it; the
// words around the name are translated on some servers, the quotes are not.
var constraintName = regexp.MustCompile(`(?:constraint|index|约束|索引) ?["“]([^"”]+)["”]`)

// Constraint gives the name of the violated constraint, or "".
func Constraint(err error) string {
	var e *pq.Error
	if !errors.As(err, &e) {
		return ""
	}
	if e.Constraint != "" {
		return e.Constraint
	}
	if m := constraintName.FindStringSubmatch(e.Message); m != nil {
		return m[1]
	}
	return ""
}

// retryable are the states after which the same transaction may be run again:
// serialization failure, deadlock, lock not available, openGauss's lock wait
// timeout and its changed cached plan.
func retryable(err error) bool {
	switch State(err) {
	case "40001", "40P01", "55P03", "YY003", "29P06":
		return true
	}
	return false
}

// IsUnavailable tells whether the database was not there or went away: the
// connection broke, the server is starting or stopping, has no room (memory,
// disk, connections), or has become a standby that only reads.
func IsUnavailable(err error) bool {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	var ne net.Error
	if errors.As(err, &ne) {
		return true
	}
	s := State(err)
	return strings.HasPrefix(s, "08") || strings.HasPrefix(s, "57P") || strings.HasPrefix(s, "53") || s == "57014" || s == "25006"
}
