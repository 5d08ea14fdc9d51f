package db

import (
	"slices"
	"strings"
)

// sqlToken is one word, literal or operator of SQL. Comments are no tokens.
type sqlToken struct {
	kind sqlTokenKind
	text string // words in lower case, strings without quotes, else as written
	line int    // from 1
	gap  bool   // white space or a comment stands before it
}

type sqlTokenKind byte

const (
	tWord   sqlTokenKind = iota // keyword or plain name
	tQuoted                     // "name"
	tText                       // 'text'
	tDollar                     // $$ body $$
	tNumber                     // 12, 0.5
	tParam                      // $1
	tSign                       // operator or punctuation
)

// is tells whether the token is this keyword, name or sign.
func (t sqlToken) is(s string) bool { return (t.kind == tWord || t.kind == tSign) && t.text == s }

func (t sqlToken) any(list ...string) bool {
	return (t.kind == tWord || t.kind == tSign) && slices.Contains(list, t.text)
}

// name tells whether the token can name a column or table.
func (t sqlToken) name() bool { return t.kind == tWord || t.kind == tQuoted }

// sqlLexer cuts SQL into tokens; what it cannot read it takes as single signs.
type sqlLexer struct {
	src  string
	pos  int
	line int
	out  []sqlToken
}

func lexSQL(src string) []sqlToken {
	l := &sqlLexer{src: src, line: 1}
	for {
		gap := l.skip()
		if l.pos >= len(l.src) {
			return l.out
		}
		line, start := l.line, l.pos
		kind, s := l.next()
		l.line += strings.Count(l.src[start:l.pos], "\n")
		l.out = append(l.out, sqlToken{kind, s, line, gap})
	}
}

// skip passes white space and comments; block comments nest.
func (l *sqlLexer) skip() bool {
	start := l.pos
	for l.pos < len(l.src) {
		rest := l.src[l.pos:]
		n := 0
		switch {
		case strings.ContainsRune(" \t\r\n\f", rune(rest[0])):
			n = 1
		case strings.HasPrefix(rest, "--"):
			n = until(rest, "\n")
		case strings.HasPrefix(rest, "/*"):
			n = blockComment(rest)
		default:
			return l.pos > start
		}
		l.line += strings.Count(rest[:n], "\n")
		l.pos += n
	}
	return l.pos > start
}

func until(s, end string) int {
	if i := strings.Index(s, end); i >= 0 {
		return i + len(end)
	}
	return len(s)
}

func blockComment(s string) int {
	depth := 0
	for i := 0; i+1 < len(s); i++ {
		switch s[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return i + 1
			}
		}
	}
	return len(s)
}

func (l *sqlLexer) next() (sqlTokenKind, string) {
	rest := l.src[l.pos:]
	switch c := rest[0]; {
	case c == '\'':
		return tText, l.take(quotedLength(rest, '\''), 1)
	case (c == 'E' || c == 'e') && strings.HasPrefix(rest[1:], "'"):
		return tText, l.take(escapeLength(rest), 2)
	case c == '"':
		return tQuoted, l.take(quotedLength(rest, '"'), 1)
	case c == '$':
		return l.dollar(rest)
	case c >= '0' && c <= '9':
		return tNumber, l.take(length(rest, "0123456789.eE_"), 0)
	case nameByte(c):
		n := 1
		for n < len(rest) && (nameByte(rest[n]) || rest[n] >= '0' && rest[n] <= '9' || rest[n] == '$') {
			n++
		}
		return tWord, strings.ToLower(l.take(n, 0))
	}
	for _, op := range []string{"->>", "#>>", "!~*", "->", "#>", "#-", "@>", "<@", "?|", "?&", "@?", "@@", "||", "<=", ">=", "<>", "!=", "!~", "~*", "::", ":=", ".."} {
		if strings.HasPrefix(rest, op) {
			return tSign, l.take(len(op), 0)
		}
	}
	return tSign, l.take(1, 0)
}

// dollar reads $1, or the body between $tag$ and $tag$.
func (l *sqlLexer) dollar(rest string) (sqlTokenKind, string) {
	n := 1
	for n < len(rest) && (nameByte(rest[n]) || rest[n] >= '0' && rest[n] <= '9') {
		n++
	}
	if n < len(rest) && rest[n] == '$' && (n == 1 || nameByte(rest[1])) {
		tag := rest[:n+1]
		size := until(rest[len(tag):], tag)
		body := strings.TrimSuffix(rest[len(tag):len(tag)+size], tag)
		l.pos += len(tag) + size
		return tDollar, body
	}
	return tParam, l.take(n, 0)
}

// take passes n bytes and gives them without cut bytes at both ends (E' has
// two in front, one behind).
func (l *sqlLexer) take(n, cut int) string {
	s := l.src[l.pos : l.pos+n]
	l.pos += n
	if cut > 0 {
		s = s[cut:]
		s = s[:max(0, len(s)-1)]
	}
	return s
}

func quotedLength(s string, q byte) int {
	for i := 1; i < len(s); i++ {
		if s[i] != q {
			continue
		}
		if i+1 < len(s) && s[i+1] == q {
			i++
			continue
		}
		return i + 1
	}
	return len(s)
}

func escapeLength(s string) int {
	for i := 2; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\'':
			return i + 1
		}
	}
	return len(s)
}

func length(s, set string) int {
	for i := range len(s) {
		if strings.IndexByte(set, s[i]) < 0 {
			return i
		}
	}
	return len(s)
}

func nameByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}
