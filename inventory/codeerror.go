package inventory

import (
	"strconv"
	"strings"
	"unicode"
)

// CodeError refuses a text that is not a trace code. Its kind is one of the
// closed list of answers, so a page answers it like any other scan.
type CodeError struct {
	// Kind says what the text is instead, or what is wrong with it.
	Kind AnswerKind
	// Raw is the text exactly as it arrived: it may hold control characters or
	// broken UTF-8. Show it through [CodeError.Shown] only.
	Raw string
	// Text is Raw after folding (half width, trimmed, labels in upper case). It
	// is empty when the text could not be read at all. A patient label is
	// looked up by it.
	Text string
}

// Error is the Chinese sentence; it never contains the text that was read.
func (e *CodeError) Error() string { return e.Sentence() }

// Sentence says in one Chinese sentence what was read and what to do.
func (e *CodeError) Sentence() string {
	n := ""
	if e.Text != "" {
		n = strconv.Itoa(len([]rune(e.Text)))
	}
	return e.Kind.Sentence(Details{Count: n})
}

// Shown is the raw text made safe to print and to store: at most 200
// characters, what cannot be seen replaced by �.
func (e *CodeError) Shown() string { return printable(e.Raw) }

// printable cuts and cleans text from a scanner for a page or a text column.
func printable(raw string) string {
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(raw, "\uFFFD") {
		if n == maxCodeLength {
			b.WriteRune('…')
			break
		}
		if r != ' ' && !unicode.IsGraphic(r) {
			r = '\uFFFD'
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}
