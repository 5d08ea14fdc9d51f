package reporting

import (
	"time"

	"jingfang/session"
)

// count is a number of a list.
func count[N int | int64](n N) Cell { return figure(int64(n), ToNothing, "") }

// momentCell is a moment by the clinic's clock; nothing for none.
func momentCell(at *time.Time) Cell {
	if at == nil {
		return words("")
	}
	return Cell{Text: at.In(session.Zone()).Format("2006-01-02 15:04:05"), Value: *at}
}

// dayOr is a calendar day, or a word where there is none.
func dayOr(day *time.Time, none string) Cell {
	if day == nil {
		return words(none)
	}
	return dayCell(*day)
}

// yes says 是, or nothing.
func yes(is bool) Cell {
	if is {
		return words("是")
	}
	return words("")
}
