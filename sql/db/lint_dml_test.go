package db

import "slices"

// merge allows one MATCHED UPDATE and one NOT MATCHED INSERT (rule 12).
func (l *linter) merge(s sqlTokens) {
	if !s.has(0, "merge into") {
		return
	}
	if i := s.find("on"); i >= 0 && !s.at(i+1).is("(") {
		l.report(12, s[i], "MERGE … ON (…): openGauss wants the parentheses")
	}
	for i, t := range s {
		switch {
		case s.has(i, "then delete"), s.has(i, "do nothing"):
			l.report(12, t, "MERGE with one UPDATE and one INSERT only")
		case s.has(i, "matched and"):
			l.report(12, t, "WHEN MATCHED THEN UPDATE … WHERE …")
		}
	}
}

// tableFunctions give rows; openGauss 5 and 6 do not let them see the other
// items of FROM.
var tableFunctions = []string{
	"unnest", "generate_series", "generate_subscripts", "regexp_split_to_table", "jsonb_array_elements",
	"jsonb_array_elements_text", "jsonb_each", "jsonb_each_text", "jsonb_object_keys", "json_array_elements", "json_each",
}

// queries looks at rules 13 and 14.
func (l *linter) queries(s sqlTokens) {
	for i, t := range s {
		args := s.args(i)
		switch {
		case t.is("unnest") && len(args) > 1:
			l.report(13, t, "SELECT unnest(a), unnest(b): one array each, in the select list")
		case t.kind == tWord && slices.Contains(tableFunctions, t.text) && args != nil && s.afterFrom(i) && seesColumns(args):
			l.report(13, t, "the function in the select list of a sub-select")
		case t.is("range") && s.at(i+1).is("between") && !s.at(i+2).any("unbounded", "current"):
			l.report(13, t, "ROWS BETWEEN, or a join on the bounds")
		case t.is("over") && s.at(i+1).is("("):
			l.window(s.cut(i+2, s.close(i+1)))
		case s.has(i, "skip locked"):
			l.queue(s, t)
		}
	}
	if s.at(0).any("update", "delete") && !l.body {
		for _, i := range s.flat() {
			if s[i].is("limit") {
				l.report(13, s[i], "WHERE id = ANY($1::bigint[]) with ids selected before")
			}
		}
	}
}

// afterFrom tells whether the call at i is a second item of FROM.
func (s sqlTokens) afterFrom(i int) bool { return s.at(i-1).any("join", ",") && s.fromItem(i) }

// fromItem tells whether a comma or JOIN before i belongs to FROM: going back
// outside brackets, FROM comes before SELECT, VALUES or an opening bracket.
func (s sqlTokens) fromItem(i int) bool {
	for j := i - 1; j >= 0; j-- {
		switch {
		case s[j].any(")", "]"):
			j = s.cut(0, j+1).open(j)
		case s[j].any("from", "join"):
			return true
		case s[j].any("select", "values", "(", "[", "where", "by", "set", "having", "returning"):
			return false
		}
	}
	return false
}

// seesColumns tells whether arguments name a column: a word that is neither a
// type behind :: nor a function.
func seesColumns(args []sqlTokens) bool {
	for _, a := range args {
		for i, t := range a {
			if t.name() && !a.at(i-1).is("::") && !a.at(i+1).is("(") && t.text != goValue && !t.any("array", "null", "true", "false") {
				return true
			}
		}
	}
	return false
}

func (l *linter) window(over sqlTokens) {
	for i := range over {
		if over.has(i, "order by") && over.at(i+2).kind == tNumber {
			l.report(13, over.at(i+2), "the expression: a window does not order by position")
		}
	}
}

// queue wants the taking of work as SELECT … ORDER BY … FOR UPDATE SKIP LOCKED
// and an UPDATE of its own (rule 14).
func (l *linter) queue(s sqlTokens, t sqlToken) {
	if l.body {
		return
	}
	if !s.at(0).is("select") {
		l.report(14, t, "SELECT id … ORDER BY … LIMIT n FOR UPDATE SKIP LOCKED, then UPDATE … WHERE id = ANY($1::bigint[])")
	} else if s.find("order by") < 0 || s.find("limit") < 0 {
		l.report(14, t, "ORDER BY … LIMIT n before FOR UPDATE SKIP LOCKED")
	}
}

// exactTypes divide alike on both servers.
var exactTypes = []string{"numeric", "decimal", "float8", "real", "float4", "double"}

// division refuses / unless a side is plainly no integer (rule 15): on
// openGauss 5/2 is 2.5.
func (l *linter) division(s sqlTokens) {
	for i, t := range s {
		if t.is("/") && !s.exactLeft(i-1) && !s.exactRight(i+1) {
			l.report(15, t, "div(a, b), a cast to numeric, or the division in Go")
		}
	}
}

func (s sqlTokens) exactLeft(i int) bool {
	if s.at(i).is(")") {
		open := s.cut(0, i+1).open(i)
		return s.cut(open, i).exact() || s.at(open-1).any(exactTypes...) || s.at(open-1).any("extract", "sum", "avg") && s.cut(open, i).exact()
	}
	return s.literalFraction(i) || s.at(i).any(exactTypes...) && s.at(i-1).is("::") || s.at(i).is("precision")
}

func (s sqlTokens) exactRight(i int) bool {
	if s.literalFraction(i) {
		return true
	}
	end := i + 1
	for s.at(end).is(".") {
		end += 2
	}
	if s.at(i).is("(") {
		end = s.close(i) + 1
	} else if s.at(end).is("(") {
		end = s.close(end) + 1
	}
	return s.at(end).is("::") && s.at(end+1).any(exactTypes...) || s.cut(i, end).exact()
}

// exact tells whether a bracket holds a cast to an exact type.
func (s sqlTokens) exact() bool {
	for i, t := range s {
		if t.any("::", "as") && s.at(i+1).any(exactTypes...) || s.literalFraction(i) {
			return true
		}
	}
	return s.find("extract") >= 0
}

func (s sqlTokens) literalFraction(i int) bool {
	return s.at(i).kind == tNumber && slices.Contains([]byte(s.at(i).text), '.')
}

// parameters wants a cast where nothing else tells a parameter's type
// (rule 15).
func (l *linter) parameters(s sqlTokens) {
	const advice = "a cast, as $1::text"
	for i, t := range s {
		if t.kind != tParam || s.at(i+1).is("::") || s.at(i+1).is("as") && s.at(i-1).is("(") && s.at(i-2).is("cast") {
			continue
		}
		before, after := s.at(i-1), s.at(i+1)
		switch {
		case after.is("is"),
			before.any("then", "else") && !after.any("+", "-", "*"),
			before.is("||"), after.is("||"),
			after.any("=", "<>", "<", ">", "<=", ">=", "+", "-", "*") && s.at(i+2).kind == tText,
			after.any("=", "<>", "<", ">", "<=", ">=", "+", "-", "*") && s.at(i+2).kind == tParam && !s.at(i+3).is("::"),
			before.any("=", "<>") && s.at(i-2).kind == tText:
			l.report(15, t, advice)
		case before.any("select", ",", "distinct") && (after.any(",", "as", "from", "") || after.is(")")) && s.inSelectList(i):
			l.report(15, t, advice)
		case before.any("(", ",") && after.any(",", ")"):
			l.argument(s, i, advice)
		}
	}
}

// inSelectList tells whether i lies directly in a select list.
func (s sqlTokens) inSelectList(i int) bool {
	for j := i - 1; j >= 0; j-- {
		switch {
		case s[j].any(")", "]"):
			j = s.cut(0, j+1).open(j)
		case s[j].is("select"):
			return true
		case s[j].any("(", "[", "from", "where", "values", "by", "set", "returning", "limit"):
			return false
		}
	}
	return false
}

// anyArgument are functions whose parameters may have any type.
var anyArgument = []string{
	"json_build_object", "json_agg", "array_agg", "concat", "concat_ws", "format", "unnest", "generate_series", "to_char",
	"date_trunc", "div", "mod", "round", "trunc", "abs", "min", "max", "sum",
}

// argument looks at a bare parameter among a function's arguments.
func (l *linter) argument(s sqlTokens, i int, advice string) {
	open := s.enclosing(i)
	name := s.at(open - 1)
	if name.kind != tWord {
		return
	}
	if slices.Contains(anyArgument, name.text) {
		l.report(15, s[i], advice)
		return
	}
	if name.any("coalesce", "nullif", "greatest", "least") && !typed(s.args(open-1)) {
		l.report(15, s[i], advice)
	}
}

// typed tells whether one of the arguments gives the others their type.
func typed(args []sqlTokens) bool {
	return slices.ContainsFunc(args, func(a sqlTokens) bool {
		return len(a) > 1 || len(a) == 1 && a[0].kind != tParam && a[0].kind != tText
	})
}

// enclosing gives the opening bracket around i, or -1.
func (s sqlTokens) enclosing(i int) int {
	for j := i - 1; j >= 0; j-- {
		switch {
		case s[j].any(")", "]"):
			j = s.cut(0, j+1).open(j)
		case s[j].any("(", "["):
			return j
		}
	}
	return -1
}
