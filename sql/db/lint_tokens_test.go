package db

import "strings"

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
