package db

import (
	"context"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/lib/pq"
)

// Counter counts the statements run under a context, for tests that hold pages
// to a number of statements and for the access log.
type Counter struct{ n atomic.Int64 }

// Count is the number of statements so far.
func (c *Counter) Count() int64 { return c.n.Load() }

type counterKey struct{}

// WithCounter gives a context under which statements are counted.
func WithCounter(ctx context.Context) (context.Context, *Counter) {
	c := new(Counter)
	return context.WithValue(ctx, counterKey{}, c), c
}

// begin is passed by every statement: it counts, and it refuses text that the
// database must not see.
func begin(ctx context.Context, args []any) error {
	if c, ok := ctx.Value(counterKey{}).(*Counter); ok {
		c.n.Add(1)
	}
	for _, a := range args {
		if err := checkText(a); err != nil {
			return err
		}
	}
	return nil
}

// checkText refuses invalid UTF-8 and NUL bytes. PostgreSQL would answer with
// an error (22021), openGauss silently stores "?" and a space instead.
func checkText(a any) error {
	switch v := a.(type) {
	case string:
		return checkString(v)
	case *string:
		if v != nil {
			return checkString(*v)
		}
	case pq.StringArray:
		return checkStrings(v)
	case *pq.StringArray:
		return checkStrings(*v)
	}
	return nil
}

func checkStrings(list []string) error {
	for _, s := range list {
		if err := checkString(s); err != nil {
			return err
		}
	}
	return nil
}

func checkString(s string) error {
	if !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
		return Refuse(Invalid, "输入里有无法识别的字符，请重新输入或重新扫描。")
	}
	return nil
}
