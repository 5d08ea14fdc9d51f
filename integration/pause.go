package integration

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"
	"unicode"
)

// spread puts a wait between half and all of d, so that many clients do not
// come back at the same moment.
func spread(d time.Duration) time.Duration {
	if d <= 1 {
		return d
	}
	return d/2 + rand.N(d/2)
}

// wait pauses or ends with the context.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// short makes a peer's text showable and storable: n runes at most, no control
// characters, valid UTF-8.
func short(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
