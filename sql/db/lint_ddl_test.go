package db

import "strings"

// create looks at whole statements that make something: rules 6, 8, 9, 10.
func (l *linter) create(s sqlTokens) {
	if i := s.find("concurrently"); i >= 0 && !l.alone {
		l.report(8, s[i], "CREATE INDEX without CONCURRENTLY: a migration is one transaction")
	}
	if i := s.find("if not exists"); i >= 0 && !s.at(0).is("alter") {
		kind := s.at(i - 1)
		if !kind.any("schema", "table", "index", "concurrently", "sequence") {
			l.report(8, s[i], "CREATE without IF NOT EXISTS, or CREATE OR REPLACE")
		}
	}
	switch {
	case s.has(0, "create function"), s.has(0, "create or replace function"):
		l.function(s)
	case s.has(0, "create index"), s.has(0, "create unique index"):
		i := s.find("index") + 1
		for s.at(i).any("concurrently", "if", "not", "exists") {
			i++
		}
		if s.at(i).is("on") {
			l.report(10, s[i], "CREATE INDEX name ON …")
		}
	case s.has(0, "create table"):
		l.table(s)
	}
}

func (l *linter) function(s sqlTokens) {
	if i := s.find("language"); i >= 0 && !s.at(i+1).is("plpgsql") {
		l.report(9, s.at(i+1), "LANGUAGE plpgsql")
	}
	if i := s.find("as"); i >= 0 && s.at(i+1).kind == tText {
		l.report(9, s.at(i+1), "the body between $$ and $$")
	}
}

// table looks at each column and constraint of CREATE TABLE.
func (l *linter) table(s sqlTokens) {
	start := s.find("(")
	if start < 0 || s.find("as") >= 0 && s.find("as") < start {
		return
	}
	end := s.close(start)
	if i := s.cut(end, len(s)).find("partition by"); i >= 0 {
		l.report(6, s.at(end+i), "one table with an index")
	}
	for _, part := range s.cut(start+1, end).split(",") {
		switch {
		case part.at(0).any("primary", "unique", "check", "foreign", "exclude"):
			l.report(10, part[0], "CONSTRAINT name "+strings.ToUpper(part[0].text)+" …")
		case part.at(0).any("constraint", "like"):
		case len(part) > 1:
			l.define(part)
		}
	}
}

// column looks at ALTER TABLE.
func (l *linter) column(s sqlTokens) {
	if !s.has(0, "alter table") {
		return
	}
	for _, part := range s.split(",") {
		for i, t := range part {
			next := part.at(i + 1)
			switch {
			case t.is("add") && next.any("primary", "unique", "check", "foreign"):
				l.report(10, next, "ADD CONSTRAINT name "+strings.ToUpper(next.text)+" …")
			case part.has(i, "add column if"): // reported as a phrase
			case part.has(i, "add column"):
				l.define(part.cut(i+2, len(part)))
				l.needsDefault(part.cut(i+2, len(part)))
			case part.has(i, "rename column") && part.at(i+3).is("to"):
				l.columnName(part.at(i + 4))
			case t.is("type") && i > 0 && part.at(i-1).name() && part.find("alter column") >= 0:
				l.columnType(part.cut(i+1, len(part)))
			}
		}
	}
}

// needsDefault refuses what fails as soon as the table has a row.
func (l *linter) needsDefault(def sqlTokens) {
	if i := def.find("not null"); i >= 0 && def.find("default") < 0 {
		l.report(8, def[i], "ADD COLUMN … NOT NULL DEFAULT x")
	}
}

// define looks at one column: name, type, constraints.
func (l *linter) define(def sqlTokens) {
	l.columnName(def.at(0))
	l.columnType(def.cut(1, len(def)))
	for _, i := range def.flat() {
		if def[i].any("primary", "unique", "check", "references") && !def.at(i-2).is("constraint") {
			l.report(10, def[i], "CONSTRAINT name "+strings.ToUpper(def[i].text)+" …")
		}
	}
}

// columnType allows the types of rule 7.
func (l *linter) columnType(ts sqlTokens) {
	t := ts.at(0)
	advice := map[string]string{
		"smallint": "integer", "int2": "integer", "serial": "BIGSERIAL", "smallserial": "BIGSERIAL",
		"real": "numeric(p,s)", "float": "numeric(p,s)", "float4": "numeric(p,s)", "float8": "numeric(p,s)", "double": "numeric(p,s)",
		"decimal": "numeric(p,s)", "money": "numeric(p,s)", "char": "varchar(n)", "bpchar": "varchar(n)", "json": "jsonb",
		"timestamp": "timestamptz", "time": "timestamptz, or integer minutes", "timetz": "timestamptz", "interval": "integer, in a unit that the name says",
	}
	if a, ok := advice[t.text]; ok && !ts.has(0, "timestamp with time zone") {
		l.report(7, t, a)
		return
	}
	open := ts.at(1).is("(")
	switch t.text {
	case "varchar", "numeric":
		if !open {
			l.report(7, t, "varchar(n) or text; numeric(p,s)")
		}
	case "text", "bigint", "integer", "int", "int4", "int8", "boolean", "bool", "timestamptz", "timestamp", "date", "bytea", "jsonb", "uuid", "bigserial", "character", goValue:
	default:
		l.report(7, t, "text, varchar(n), bigint, integer, numeric(p,s), boolean, timestamptz, date, bytea, jsonb, uuid, text[] or bigint[]")
	}
	if ts.at(1).is("[") && !t.any("text", "bigint", "int8", goValue) {
		l.report(7, t, "arrays of text or bigint only")
	}
}

// goValue stands in the text for what Go puts in at run time.
const goValue = "_x_"

// reservedWords may not name a column: openGauss's own, PostgreSQL's, and
// names that one of the servers gives to hidden columns.
const reservedWords = ` authid buckets compact csn deltamerge excluded groupparent hdfsdirectory less minus modify nocycle
 performance procedure recyclebin reject rownum shrink sysdate timecapsule verify maxvalue self imcstored unimcstored share_memory
 hash ctid xmin xmax cmin cmax tableoid xc_node_id
 all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate collation column
 concurrently constraint create cross current_catalog current_date current_role current_schema current_time current_timestamp
 current_user default deferrable desc distinct do else end except false fetch for foreign freeze from full grant group having
 ilike in initially inner intersect into is isnull join lateral leading left like limit localtime localtimestamp natural not
 notnull null offset on only or order outer overlaps placing primary references returning right select session_user similar
 some symmetric table tablesample then to trailing true union unique user using variadic verbose when where window with `

func (l *linter) columnName(t sqlToken) {
	if t.name() && strings.Contains(" "+strings.Join(strings.Fields(reservedWords), " ")+" ", " "+strings.ToLower(t.text)+" ") {
		l.report(11, t, "another column name: this one is reserved")
	}
}

// namesMade lists the names of constraints and indexes that src makes.
func namesMade(src string) []sqlToken {
	var list []sqlToken
	for _, s := range sqlTokens(lexSQL(src)).split(";") {
		for i := range s {
			switch {
			case s.has(i, "constraint") && s.at(i+1).name() && !s.at(i-1).any("drop", "rename", "validate"):
				list = append(list, s.at(i+1))
			case i < 3 && s.has(i, "index") && s.at(0).is("create"):
				for j := i + 1; ; j++ {
					if !s.at(j).any("concurrently", "if", "not", "exists") {
						list = append(list, s.at(j))
						break
					}
				}
			}
		}
	}
	return list
}
