package db

import (
	"time"

	"github.com/google/uuid"
)

// NullInt is a number for a column where nothing stands for 0: a reference to a
// row, or nil for none.
func NullInt(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// NullUUID is an id for a column, nil for uuid.Nil.
func NullUUID(u uuid.UUID) any {
	if u == uuid.Nil {
		return nil
	}
	return u
}

// NullTime is a moment for a column, nil for the zero time.
func NullTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
