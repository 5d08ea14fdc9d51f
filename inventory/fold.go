package inventory

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxCodeLength is the longest text, in characters, that is looked at as one
// code. The longest genuine form, a link, stays far below.
const maxCodeLength = 200

// groupSeparator is FNC1 as scanners send it: it ends a GS1 field of variable
// length.
const groupSeparator = '\x1d'

// visibleSeparators are the ways in which scanners that cannot send ASCII 29
// through a keyboard spell it out.
var visibleSeparators = strings.NewReplacer("␝", "\x1d", "<GS>", "\x1d", "{GS}", "\x1d", "<FNC1>", "\x1d")

// clean folds a scanned or typed text and refuses what cannot be a code at
// all. The empty kind means that the text may be looked at.
func clean(raw string) (string, AnswerKind) {
	if !utf8.ValidString(raw) {
		return "", KindBadEncoding
	}
	text := strings.TrimFunc(visibleSeparators.Replace(strings.Map(foldRune, raw)), isDebris)
	switch {
	case text == "":
		return "", KindEmpty
	case utf8.RuneCountInString(text) > maxCodeLength:
		return text, KindTooLong
	case strings.ContainsFunc(text, isForbidden):
		return text, KindBadCharacters
	}
	return text, ""
}

// foldRune turns what a Chinese input method or a clipboard makes of a code
// back into it: full-width forms become half-width, every blank becomes a
// space, invisible characters vanish.
func foldRune(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '\v' || r == '\f':
		return r // a control character that only happens to be a blank
	case unicode.IsSpace(r):
		return ' '
	case isInvisible(r):
		return -1
	}
	return r
}

// isInvisible reports marks that carry no text: byte order marks, zero-width
// and direction marks, soft hyphens.
func isInvisible(r rune) bool {
	return r == '\uFEFF' || r == '\u00AD' || (r >= '\u200B' && r <= '\u200F') ||
		(r >= '\u202A' && r <= '\u202E') || (r >= '\u2060' && r <= '\u2064') ||
		(r >= '\uFE00' && r <= '\uFE0F')
}

// isDebris reports what an input method leaves before and after a code. None
// of it is a GS1 character, so a serial number loses nothing.
func isDebris(r rune) bool {
	return r == ' ' || strings.ContainsRune("。、“”‘’《》【】「」", r)
}

// isForbidden reports control characters other than the group separator.
func isForbidden(r rune) bool {
	return r != groupSeparator && (unicode.IsControl(r) || r == utf8.RuneError)
}

// isDigits reports whether s consists of ASCII digits only; false when empty.
func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// isAlphanumeric reports whether s consists of ASCII letters and digits only;
// false when empty.
func isAlphanumeric(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s != ""
}
