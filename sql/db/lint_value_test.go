package db

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

var (
	bareNumber = regexp.MustCompile(`^\s*-?[0-9.]+\s*$`)
	// zeroForm is a format that prints the zero before the point.
	zeroForm = regexp.MustCompile(`0[.Dd]|^[^.Dd]*$`)
)

// values looks at substr and intervals (15), numbers as text (16), booleans
// (7) and text (17).
func (l *linter) values(s sqlTokens) {
	for i, t := range s {
		args := s.args(i)
		switch {
		case t.any("substr", "substring") && len(args) > 1 && startsBelowOne(args[1]):
			l.report(15, t, "a start of at least 1")
		case t.is("interval") && s.at(i+1).kind == tText && bareNumber.MatchString(s.at(i+1).text),
			t.kind == tText && bareNumber.MatchString(t.text) && s.has(i+1, ":: interval"):
			l.report(15, t, "an interval with its unit: interval '5 minutes'")
		case t.is("to_char") && len(args) == 2 && args[1].at(0).kind == tText && strings.Contains(args[1][0].text, "9") && !zeroForm.MatchString(args[1][0].text):
			l.report(16, args[1][0], "to_char(x, 'FM9999990.00')")
		case t.any("numeric", "float8", "decimal", "real") && s.at(i-1).is("::") && castToText(s, i):
			l.report(16, t, "to_char(x, 'FM9999990.00') for show, numbers for everything else")
		case t.any("round", "trunc", "sum", "avg", "div") && args != nil && isText(s, s.close(i+1)+1):
			l.report(16, t, "to_char(x, 'FM9999990.00') for show, numbers for everything else")
		case t.any("md5", "hashtext") && args != nil:
			l.report(16, t, "seal's digests in Go, over Go's own text of a number")
		case t.is("chr") && len(args) == 1 && args[0].at(0).text == "0", t.kind == tText && (strings.ContainsRune(t.text, 0) || !utf8.ValidString(t.text)):
			l.report(17, t, "valid UTF-8 without NUL")
		case s.has(i, "is null or") && s.emptyText(i):
			l.report(17, t, "COALESCE(x, '') = '' or NULLIF(x, ''): say which of both is meant")
		case t.any("=", "<>", "!=") && s.at(i+1).kind == tText && slices.Contains([]string{"t", "f", "true", "false"}, s.at(i+1).text) && !s.jsonText(i):
			l.report(7, s.at(i+1), "the boolean itself: WHERE active, WHERE NOT active")
		}
	}
}

func startsBelowOne(arg sqlTokens) bool {
	return arg.at(0).is("-") || len(arg) == 1 && arg[0].text == "0"
}

func isText(s sqlTokens, i int) bool { return s.at(i).is("::") && s.at(i+1).any("text", "varchar") }

// castToText tells whether the type at i is cast on to text.
func castToText(s sqlTokens, i int) bool {
	if s.at(i + 1).is("(") {
		i = s.close(i + 1)
	}
	return isText(s, i+1)
}

// emptyText tells whether "x IS NULL OR" goes on with a comparison with the empty text.
func (s sqlTokens) emptyText(i int) bool {
	j := i + 3
	for j < len(s) && !s[j].any("=", ")", "and", "or") {
		j++
	}
	return s.at(j).is("=") && s.at(j+1).kind == tText && s.at(j+1).text == ""
}

// jsonText tells whether the left side of the comparison is JSON's text.
func (s sqlTokens) jsonText(i int) bool {
	return s.at(i-2).any("->>", "#>>") || s.at(i-1).is(")") && s.cut(s.cut(0, i).open(i-1), i).find("->>") >= 0
}

// json allows the operators and functions of rule 18.
func (l *linter) json(s sqlTokens) {
	allowed := []string{"jsonb_array_elements", "jsonb_each", "jsonb_typeof", "json_agg", "json_build_object"}
	for i, t := range s {
		next := s.at(i + 1)
		switch {
		case t.kind == tWord && next.is("(") && jsonFunction(t.text) && !slices.Contains(allowed, t.text):
			l.report(18, t, "the document edited or built in Go; in SQL only "+strings.Join(allowed, ", "))
		case t.is("#>>") && (!t.gap || !next.gap):
			l.report(18, t, "spaces around #>>: to openGauss # is a letter of the name before it")
		case t.any("#>", "#-", "?|", "?&", "@?"), t.is("<@") && s.at(i+3).is("jsonb"):
			l.report(18, t, "-> ->> #>> @> or ?")
		case t.is("jsonb") && s.at(i-1).is("::") && next.any("||", "-"), t.is("||") && s.at(i+2).is("::") && s.at(i+3).is("jsonb"):
			l.report(18, t, "the document edited in Go")
		}
	}
}

func jsonFunction(name string) bool {
	return strings.HasPrefix(name, "json_") || strings.HasPrefix(name, "jsonb_") ||
		slices.Contains([]string{"to_json", "to_jsonb", "row_to_json", "array_to_json"}, name)
}

// times looks at rule 19.
func (l *linter) times(s sqlTokens) {
	for i, t := range s {
		switch {
		case t.is("to_timestamp") && len(s.args(i)) == 2:
			l.report(19, t, "the time parsed in Go")
		case dateEnds(s, i) && s.at(i+1).any("+", "-") && !s.castOutside(i):
			l.report(19, t, "the date computed in Go, or (current_date + 1)::date")
		}
	}
}

// dateEnds tells whether a date expression ends at i.
func dateEnds(s sqlTokens, i int) bool {
	return s.at(i).is("current_date") || s.at(i).is("date") && s.at(i-1).is("::")
}

// castOutside tells whether the brackets around i are cast as a whole.
func (s sqlTokens) castOutside(i int) bool {
	open := s.enclosing(i)
	return open >= 0 && s.at(s.close(open)+1).is("::")
}
