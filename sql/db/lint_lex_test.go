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

// sqlTokens is a run of sqlTokens, usually one statement.
type sqlTokens []sqlToken

// at gives token i, or an empty sign beyond the ends.
func (ts sqlTokens) at(i int) sqlToken {
	if i < 0 || i >= len(ts) {
		return sqlToken{kind: tSign}
	}
	return ts[i]
}

// has tells whether the words of phrase stand at i.
func (ts sqlTokens) has(i int, phrase string) bool {
	for w := range strings.FieldsSeq(phrase) {
		if !ts.at(i).is(w) {
			return false
		}
		i++
	}
	return true
}

// cut gives the tokens from i up to j, as far as there are any.
func (ts sqlTokens) cut(i, j int) sqlTokens {
	j = min(max(j, 0), len(ts))
	return ts[min(max(i, 0), j):j]
}

// find gives the first place of the phrase, or -1.
func (ts sqlTokens) find(phrase string) int {
	for i := range ts {
		if ts.has(i, phrase) {
			return i
		}
	}
	return -1
}

// close gives the place of the bracket that closes the one at i.
func (ts sqlTokens) close(i int) int {
	depth := 0
	for j := i; j < len(ts); j++ {
		switch {
		case ts[j].any("(", "["):
			depth++
		case ts[j].any(")", "]"):
			if depth--; depth == 0 {
				return j
			}
		}
	}
	return len(ts)
}

// open gives the place of the bracket that the one at i closes.
func (ts sqlTokens) open(i int) int {
	depth := 0
	for j := i; j >= 0; j-- {
		switch {
		case ts[j].any(")", "]"):
			depth++
		case ts[j].any("(", "["):
			if depth--; depth == 0 {
				return j
			}
		}
	}
	return 0
}

// split cuts at a sign outside brackets.
func (ts sqlTokens) split(at string) []sqlTokens {
	var parts []sqlTokens
	start, depth := 0, 0
	for i, t := range ts {
		switch {
		case t.any("(", "["):
			depth++
		case t.any(")", "]"):
			depth--
		case depth == 0 && t.is(at):
			parts = append(parts, ts[start:i])
			start = i + 1
		}
	}
	return append(parts, ts[start:])
}

// args gives the arguments of the call whose name stands at i, or nil.
func (ts sqlTokens) args(i int) []sqlTokens {
	if !ts.at(i + 1).is("(") {
		return nil
	}
	end := ts.close(i + 1)
	return ts.cut(i+2, end).split(",")
}

// flat gives the places of the tokens outside brackets.
func (ts sqlTokens) flat() []int {
	var list []int
	depth := 0
	for i, t := range ts {
		if t.any(")", "]") {
			depth--
		}
		if depth == 0 {
			list = append(list, i)
		}
		if t.any("(", "[") {
			depth++
		}
	}
	return list
}
