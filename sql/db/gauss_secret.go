package db

import (
	"crypto/rand"
	"fmt"
	"log/slog"
)

// gaussSecret keeps a password out of logs, of %v and of a plain search through
// a memory dump: the text is stored masked by a random pad and put together
// only for the moment it is needed.
type gaussSecret struct{ pad, masked []byte }

func newGaussSecret(text string) gaussSecret {
	s := gaussSecret{pad: make([]byte, len(text)), masked: make([]byte, len(text))}
	rand.Read(s.pad) // never fails
	for i := range s.pad {
		s.masked[i] = text[i] ^ s.pad[i]
	}
	return s
}

func (s gaussSecret) open() string {
	text := make([]byte, len(s.pad))
	for i := range text {
		text[i] = s.masked[i] ^ s.pad[i]
	}
	defer clear(text)
	return string(text)
}

// Format hides the secret from every verb.
func (s gaussSecret) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[redacted]") }

// LogValue hides the secret from slog.
func (s gaussSecret) LogValue() slog.Value { return slog.StringValue("[redacted]") }
