package wire

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// fields checks one field after the other and keeps the first error.
type fields struct{ err error }

func (f *fields) fail(field, reason string) {
	if f.err == nil {
		f.err = refuse(field, reason)
	}
}

// text is a required text. Blanks around it go: HIS columns of fixed width
// arrive padded.
func (f *fields) text(field string, s *string, max int) string {
	if s == nil || strings.TrimSpace(*s) == "" {
		f.fail(field, "缺失")
		return ""
	}
	return f.optional(field, s, max)
}

func (f *fields) optional(field string, s *string, max int) string {
	if s == nil {
		return ""
	}
	v := strings.TrimSpace(*s)
	if utf8.RuneCountInString(v) > max {
		f.fail(field, "超过 "+strconv.Itoa(max)+" 个字")
		return ""
	}
	// GS1 codes hold ASCII 29 between their parts.
	if strings.ContainsFunc(v, func(r rune) bool { return unicode.IsControl(r) && r != 29 || r == utf8.RuneError }) {
		f.fail(field, "含控制字符或乱码")
		return ""
	}
	return v
}

// number is a required whole number from 1 to max.
func (f *fields) number(field string, n *int, max int) int {
	switch {
	case n == nil:
		f.fail(field, "缺失")
		return 0
	case *n < 0:
		f.fail(field, "为负数（"+strconv.Itoa(*n)+"）")
	case *n == 0 || *n > max:
		f.fail(field, "应在 1 到 "+strconv.Itoa(max)+" 之间")
	}
	return *n
}

func (f *fields) date(field string, s *string) Date {
	v := f.text(field, s, 40)
	if v == "" {
		return Date{}
	}
	d, err := ParseDate(v)
	if err != nil {
		f.fail(field, "不是 YYYY-MM-DD 形式的日期")
	}
	return d
}

// moment is a required time with a zone: without one nobody knows when it was.
func (f *fields) moment(field string, s *string) time.Time {
	v := f.text(field, s, 40)
	if v == "" {
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
		if t.Year() < 1990 || t.Year() > 2100 {
			f.fail(field, "年份不合理")
		}
		return t
	}
	for _, form := range []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if _, err := time.Parse(form, v); err == nil {
			f.fail(field, "没有时区")
			return time.Time{}
		}
	}
	f.fail(field, "不是带时区的时间（如 2026-03-01T08:30:00+08:00）")
	return time.Time{}
}

var priceForm = regexp.MustCompile(`^(0|[1-9][0-9]{0,7})(\.[0-9]{1,4})?$`)

func (f *fields) price(field string, n *json.Number) string {
	if n == nil || *n == "" {
		return ""
	}
	if !priceForm.MatchString(n.String()) {
		f.fail(field, "不是至多四位小数的金额")
		return ""
	}
	return n.String()
}

// cut shortens s to n runes.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
