package db

import (
	"cmp"
	"slices"
	"strings"
)

// finding is one place where SQL leaves the dialect that PostgreSQL 15 and
// openGauss 5 to 7 share.
type finding struct {
	rule   int    // 4 to 19: the dialect rule broken
	line   int    // from 1, within the source
	found  string // what stands there
	advice string // what to write instead
}

// linter goes over one source of one or more statements.
type linter struct {
	findings []finding
	body     bool // inside a function body
	alone    bool // the source is one statement
}

// lintSQL checks statements against the dialect rules. It reads sqlTokens, not
// grammar: it errs on the side of silence where types decide.
func lintSQL(src string) []finding {
	l := &linter{}
	l.source(lexSQL(src))
	slices.SortStableFunc(l.findings, func(a, b finding) int { return cmp.Compare(a.line, b.line) })
	return slices.Compact(l.findings)
}

func (l *linter) source(ts sqlTokens) {
	list := slices.DeleteFunc(ts.split(";"), func(s sqlTokens) bool { return len(s) == 0 })
	l.alone = len(list) == 1
	for _, s := range list {
		l.statement(s)
	}
}

func (l *linter) statement(s sqlTokens) {
	l.phrases(s)
	l.functions(s)
	l.session(s)
	l.create(s)
	l.column(s)
	l.merge(s)
	l.queries(s)
	l.division(s)
	l.parameters(s)
	l.values(s)
	l.json(s)
	l.times(s)
	for _, t := range s {
		if t.kind == tDollar {
			l.functionBody(t)
		}
	}
}

// functionBody checks what stands between $$ and $$.
func (l *linter) functionBody(t sqlToken) {
	inner := &linter{body: true}
	inner.source(lexSQL(t.text))
	for _, f := range inner.findings {
		f.line += t.line - 1
		l.findings = append(l.findings, f)
	}
}

func (l *linter) report(rule int, t sqlToken, advice string) {
	found := t.text
	if t.kind == tText {
		found = "'" + found + "'"
	}
	l.findings = append(l.findings, finding{rule, t.line, found, advice})
}

// phrases are sequences of words that are wrong wherever they stand.
func (l *linter) phrases(s sqlTokens) {
	for _, p := range []struct {
		rule           int
		phrase, advice string
	}{
		{4, "discard all", "nothing: pooled connections carry no session state"},
		{4, "create temp", "an ordinary table, or arrays as parameters: temporary tables belong to a session"},
		{4, "create temporary", "an ordinary table, or arrays as parameters: temporary tables belong to a session"},
		{4, "on commit drop", "an ordinary table: openGauss has no ON COMMIT DROP"},
		{6, "as identity", "BIGSERIAL"},
		{6, "restart identity", "TRUNCATE and setval"},
		{6, "create domain", "a CHECK constraint"},
		{6, "as enum", "varchar(n) with a CHECK constraint"},
		{6, "create extension", "do it in Go: openGauss lacks the extensions"},
		{6, "create rule", "a trigger"},
		{6, "create or replace rule", "a trigger"},
		{6, "materialized view", "a table that the program fills"},
		{6, "partition of", "one table with an index"},
		{6, "exclude using", "a unique index, or a lock and a check in the transaction"},
		{6, "include (", "the columns in the index itself"},
		{6, "using brin", "a plain index"},
		{6, "nulls not distinct", "a unique index on COALESCE(column, …)"},
		{8, "create sequence if not exists", "CREATE SEQUENCE, once, in a numbered migration"},
		{8, "add column if not exists", "ADD COLUMN in a numbered migration: it runs once"},
		{9, "execute function", "EXECUTE PROCEDURE"},
		{9, "create or replace trigger", "DROP TRIGGER IF EXISTS and CREATE TRIGGER"},
		{9, "referencing old table", "a row trigger"},
		{9, "referencing new table", "a row trigger"},
		{9, "create procedure", "a function, or Go"},
		{9, "create or replace procedure", "a function, or Go"},
		{9, "begin atomic", "LANGUAGE plpgsql with $$"},
		{12, "on conflict", "UPDATE, then INSERT under a savepoint and once more on 23505"},
		{12, "on duplicate key", "UPDATE, then INSERT under a savepoint and once more on 23505"},
		{13, "lateral", "a set-returning function in the select list, a window or a sub-select"},
		{13, "filter ( where", "sum(CASE WHEN … THEN … END)"},
		{13, "with ordinality", "SELECT unnest(a), generate_subscripts(a, 1)"},
		{13, "tablesample", "ORDER BY and LIMIT"},
		{13, "exclude current", "a window without EXCLUDE"},
		{13, "exclude group", "a window without EXCLUDE"},
		{13, "exclude ties", "a window without EXCLUDE"},
		{13, "groups between", "ROWS BETWEEN"},
		{18, "jsonb_path_ops", "an index on the expression that is asked for"},
	} {
		for i := range s {
			if s.has(i, p.phrase) {
				l.report(p.rule, sqlToken{text: strings.ToUpper(p.phrase), line: s[i].line}, p.advice)
			}
		}
	}
}

// functions that one of the two servers lacks, by name.
func (l *linter) functions(s sqlTokens) {
	for _, f := range []struct {
		rule          int
		names, advice string
	}{
		{4, "pg_notify", "a version row that is polled: nobody can LISTEN on openGauss"},
		{4, "pg_advisory_lock pg_advisory_lock_shared pg_try_advisory_lock pg_advisory_unlock pg_advisory_unlock_all", "pg_advisory_xact_lock"},
		{6, "gen_random_uuid uuid_generate_v4", "a uuid made in Go"},
		{13, "sha256 sha512 digest hashtextextended", "seal's digests in Go"},
		{13, "array_position cardinality num_nulls num_nonnulls to_regclass string_to_table", "array_length, CASE or Go: openGauss lacks it"},
		{13, "pg_current_xact_id", "txid_current"},
		{19, "make_date make_time make_timestamp make_timestamptz make_interval date_bin", "the time computed in Go, as a timestamptz or date parameter"},
		{19, "last_day add_months", "the date computed in Go: only openGauss has it"},
	} {
		for i, t := range s {
			if t.kind == tWord && s.at(i+1).is("(") && slices.Contains(strings.Fields(f.names), t.text) {
				l.report(f.rule, t, f.advice)
			}
		}
	}
}

// session looks for state that a pooled connection would carry on (rule 4) and
// for timeouts that the servers read differently (rule 5).
func (l *linter) session(s sqlTokens) {
	first := s.at(0)
	switch {
	case l.body: // BEGIN, SET and the like mean something else there
	case first.any("listen", "notify", "unlisten"):
		l.report(4, first, "a version row that is polled: openGauss has no LISTEN/NOTIFY")
	case first.any("prepare", "deallocate", "discard"):
		l.report(4, first, "the driver's own prepared statements")
	case first.is("set") && len(s) > 2 && !s.at(1).any("local", "constraints", "transaction"):
		l.report(4, first, "SET LOCAL, or set_config(k, v, true)")
	case len(s) <= 3 && (first.any("begin", "commit", "end") || s.has(0, "start transaction") || first.is("rollback") && !s.at(1).is("to")):
		l.report(4, first, "InTx: transactions only through the driver")
	}
	for i, t := range s {
		args := s.args(i)
		switch {
		case t.is("set_config") && len(args) == 3 && !args[2].at(0).is("true"):
			l.report(4, t, "set_config(k, v, true)")
		case t.is("current_setting") && len(args) > 1:
			l.report(4, t, "current_setting with one argument, after set_config(k, v, true)")
		case (t.kind == tWord || t.kind == tText) && (t.text == "lock_timeout" || t.text == "idle_in_transaction_session_timeout"):
			l.report(5, t, "statement_timeout (ms), a context deadline or NOWAIT")
		}
	}
}
