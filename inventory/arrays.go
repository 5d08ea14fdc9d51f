package inventory

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// The columns of bulk statements travel as arrays without NULL: zero and the
// empty text stand for it and become NULL in the statement.

// textOf is the uuid as text, empty for nil.
func textOf(u *uuid.UUID) string {
	if u == nil {
		return ""
	}
	return u.String()
}

// valueOf is the number, zero for nil.
func valueOf(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// dayOf is the calendar day as text, empty for nil.
func dayOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return dateText(*t)
}

// dayPointer is nil for the zero time.
func dayPointer(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// distinct sorts texts and leaves each once.
func distinct(texts []string) []string {
	slices.Sort(texts)
	return slices.Compact(texts)
}
