package wire

import (
	"encoding/json"
	"fmt"
	"time"
)

// Date is a calendar day without a time, as batch and expiry have it. The zero
// Date is no day.
type Date struct{ t time.Time }

const dateForm = "2006-01-02"

// ParseDate reads YYYY-MM-DD; the day must exist and lie between 1990 and 2100.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(dateForm, s)
	if err != nil || t.Year() < 1990 || t.Year() > 2100 {
		return Date{}, fmt.Errorf("wire: %q is not a day", s)
	}
	return Date{t}, nil
}

// DateOf is the day of t in t's own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

// IsZero says whether there is no day.
func (d Date) IsZero() bool { return d.t.IsZero() }

// Before compares days.
func (d Date) Before(o Date) bool { return d.t.Before(o.t) }

// String is YYYY-MM-DD, or "" for no day; it fits a bound date parameter.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.t.Format(dateForm)
}

// Time is midnight UTC of the day, to hand to a date column.
func (d Date) Time() time.Time { return d.t }

// MarshalJSON writes "YYYY-MM-DD", or null for no day.
func (d Date) MarshalJSON() ([]byte, error) {
	if d.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(d.String())
}

// UnmarshalJSON reads what MarshalJSON writes.
func (d *Date) UnmarshalJSON(data []byte) error {
	var s *string
	if err := json.Unmarshal(data, &s); err != nil || s == nil {
		*d = Date{}
		return err
	}
	v, err := ParseDate(*s)
	*d = v
	return err
}
