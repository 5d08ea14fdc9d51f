package reporting

import (
	"strings"
	"unicode"
)

// spaces vanish at a break; notFirst are the signs that may not begin a line, notLast those that may not
// end one.
const (
	spaces   = " \u3000"
	notFirst = "，。、；：！？）》】〕”’,.;:!?)]}%"
	notLast  = "（《【〔“‘([{"
)

// wrap breaks text into lines no wider than width: between Chinese characters,
// at spaces, and inside a word only where it is wider than a whole line. width
// of a character comes from measure. It loses no character but the spaces at a
// break. There is always one line.
func wrap(text string, width float64, measure func(rune) float64) []string {
	var lines []string
	rest := []rune(text)
	for {
		n := fit(rest, width, measure)
		if n == len(rest) {
			return append(lines, string(rest))
		}
		n = breakAt(rest, n)
		lines = append(lines, strings.TrimRight(string(rest[:n]), spaces))
		rest = rest[n:]
		for len(rest) > 0 && strings.ContainsRune(spaces, rest[0]) {
			rest = rest[1:]
		}
	}
}

// fit counts the characters that fit, at least one.
func fit(text []rune, width float64, measure func(rune) float64) int {
	sum := 0.0
	for i, r := range text {
		if sum += measure(r); sum > width && i > 0 {
			return i
		}
	}
	return len(text)
}

// breakAt moves a break that must come at n or before to a good place.
func breakAt(text []rune, n int) int {
	for i := n; i > 0; i-- {
		if mayBreak(text[i-1], text[i]) {
			return i
		}
	}
	return n
}

// mayBreak reports whether a line may end between two characters.
func mayBreak(before, after rune) bool {
	switch {
	case strings.ContainsRune(spaces, after), strings.ContainsRune(spaces, before):
		return true
	case strings.ContainsRune(notFirst, after), strings.ContainsRune(notLast, before):
		return false
	}
	// 14片 stays together.
	return wide(before) || wide(after) && !unicode.IsDigit(before)
}

func wide(r rune) bool {
	return unicode.Is(unicode.Han, r) || r >= 0x3000 && r <= 0x30ff || r >= 0xff00
}
