package session

import (
	"unicode/utf8"

	"github.com/lib/pq"
)

func idArray(ids []int64) pq.Int64Array { return pq.Int64Array(ids) }

// cut shortens a text to at most n characters, for a column of that width.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
