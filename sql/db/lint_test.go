package db

import (
	"fmt"
	"strings"
	"testing"
)

// Each rule catches the first kind of text and lets the second pass.
func TestLintSQL(t *testing.T) {
	for _, c := range []struct {
		rule          int
		catches, lets string
	}{
		{4, `LISTEN board`, `SELECT listen FROM radio`},
		{4, `NOTIFY board, 'x'`, `UPDATE letter SET notify = true WHERE id = 1`},
		{4, `SELECT pg_notify('board', $1::text)`, `SELECT version FROM session_version`},
		{4, `DISCARD ALL`, `UPDATE pack SET discard = true`},
		{4, `SET search_path = jingfang`, `SET LOCAL search_path = jingfang`},
		{4, `SELECT set_config('a.b', $1::text, false)`, `SELECT set_config('a.b', $1::text, true)`},
		{4, `SELECT current_setting('a.b', true)`, `SELECT current_setting('a.b')`},
		{4, `SELECT pg_advisory_lock(1)`, `SELECT pg_advisory_xact_lock(1)`},
		{4, `BEGIN`, `SAVEPOINT s; ROLLBACK TO SAVEPOINT s; RELEASE SAVEPOINT s`},
		{4, `ROLLBACK`, `ROLLBACK TO SAVEPOINT s`},
		{4, `CREATE TEMP TABLE stage (k text)`, `CREATE TABLE stage (k text)`},
		{4, `PREPARE q AS SELECT 1`, `SELECT prepare FROM q`},
		{5, `SET LOCAL lock_timeout = 500`, `SET LOCAL statement_timeout = 500`},
		{5, `SELECT set_config('idle_in_transaction_session_timeout', '60', true)`, `SELECT id FROM pack WHERE id = $1 FOR UPDATE NOWAIT`},
		{6, `CREATE TABLE a (id bigint GENERATED ALWAYS AS IDENTITY)`, `CREATE TABLE a (id BIGSERIAL, twice bigint GENERATED ALWAYS AS (id * 2) STORED)`},
		{6, `TRUNCATE a RESTART IDENTITY`, `TRUNCATE a`},
		{6, `INSERT INTO a (id) VALUES (gen_random_uuid())`, `INSERT INTO a (id) VALUES ($1)`},
		{6, `CREATE TYPE mood AS ENUM ('a')`, `CREATE TABLE a (mood varchar(9), CONSTRAINT mood_ck CHECK (mood IN ('a')))`},
		{6, `CREATE DOMAIN d AS text`, `CREATE VIEW d AS SELECT 1 AS one`},
		{6, `CREATE EXTENSION pg_trgm`, `CREATE SCHEMA IF NOT EXISTS jingfang`},
		{6, `CREATE TABLE a (d date) PARTITION BY RANGE (d)`, `SELECT row_number() OVER (PARTITION BY d ORDER BY id) FROM a`},
		{6, `CREATE MATERIALIZED VIEW v AS SELECT 1`, `CREATE OR REPLACE VIEW v AS SELECT 1 AS one`},
		{6, `CREATE INDEX i ON a (b) INCLUDE (c)`, `CREATE INDEX i ON a (b, c)`},
		{6, `CREATE TABLE a (b text, CONSTRAINT x EXCLUDE USING gist (b WITH =))`, `CREATE UNIQUE INDEX x ON a (b) WHERE active`},
		{6, `CREATE UNIQUE INDEX i ON a (b) NULLS NOT DISTINCT`, `CREATE UNIQUE INDEX i ON a (COALESCE(b, 0))`},
		{7, `CREATE TABLE a (n smallint)`, `CREATE TABLE a (n integer, big bigint, s text, v varchar(20), t timestamptz, on_day date)`},
		{7, `CREATE TABLE a (t timestamp)`, `CREATE TABLE a (t timestamp with time zone)`},
		{7, `CREATE TABLE a (n numeric)`, `CREATE TABLE a (n numeric(12,2), raw bytea, doc jsonb, id uuid, ok boolean)`},
		{7, `CREATE TABLE a (n integer[])`, `CREATE TABLE a (n bigint[], s text[])`},
		{7, `ALTER TABLE a ALTER COLUMN b TYPE real`, `ALTER TABLE a ALTER COLUMN b TYPE numeric(9,3)`},
		{7, `SELECT id FROM staff WHERE active = 't'`, `SELECT id FROM staff WHERE active AND doc ->> 'late' = 'true'`},
		{8, `ALTER TABLE a ADD COLUMN IF NOT EXISTS b text`, `ALTER TABLE a ADD COLUMN b text NOT NULL DEFAULT ''`},
		{8, `ALTER TABLE a ADD COLUMN b text NOT NULL`, `ALTER TABLE a ADD COLUMN b text`},
		{8, `CREATE SEQUENCE IF NOT EXISTS s`, `CREATE SEQUENCE s`},
		{8, `CREATE VIEW IF NOT EXISTS v AS SELECT 1 AS one`, `CREATE TABLE IF NOT EXISTS v (a text); DROP VIEW IF EXISTS w`},
		{8, `CREATE INDEX CONCURRENTLY i ON a (b); SELECT 1`, `CREATE INDEX CONCURRENTLY i ON a (b)`},
		{9, `CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE FUNCTION f()`, `CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW EXECUTE PROCEDURE f()`},
		{9, `CREATE OR REPLACE TRIGGER t BEFORE UPDATE ON a EXECUTE PROCEDURE f()`, `DROP TRIGGER IF EXISTS t ON a`},
		{9, `CREATE FUNCTION f() RETURNS bigint AS $$ SELECT 1 $$ LANGUAGE sql`, `CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN RETURN NEW; END $$ LANGUAGE plpgsql`},
		{9, `CREATE FUNCTION f() RETURNS trigger AS 'BEGIN RETURN NEW; END' LANGUAGE plpgsql`, `CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$`},
		{9, `CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN END $$`, `DROP FUNCTION f()`},
		{10, `CREATE TABLE a (id bigint PRIMARY KEY)`, `CREATE TABLE a (id bigint CONSTRAINT a_pk PRIMARY KEY)`},
		{10, `CREATE TABLE a (b text, UNIQUE (b))`, `CREATE TABLE a (b text, CONSTRAINT a_b_uq UNIQUE (b))`},
		{10, `CREATE TABLE a (b bigint REFERENCES c (id))`, `CREATE TABLE a (b bigint, CONSTRAINT a_b_fk FOREIGN KEY (b) REFERENCES c (id))`},
		{10, `CREATE TABLE a (b bigint CHECK (b > 0))`, `CREATE TABLE a (b bigint DEFAULT 0 CONSTRAINT a_b_ck CHECK (b > 0))`},
		{10, `ALTER TABLE a ADD UNIQUE (b)`, `ALTER TABLE a ADD CONSTRAINT a_b_uq UNIQUE (b), ADD COLUMN c text`},
		{10, `CREATE INDEX ON a (b)`, `CREATE INDEX IF NOT EXISTS a_b_ix ON a (b)`},
		{11, `CREATE TABLE a (verify text)`, `CREATE TABLE a (verified text, value text, name text, "role" text)`},
		{11, `ALTER TABLE a ADD COLUMN hash bytea`, `ALTER TABLE a ADD COLUMN digest bytea`},
		{11, `ALTER TABLE a RENAME COLUMN b TO "user"`, `ALTER TABLE a RENAME COLUMN b TO staff`},
		{12, `INSERT INTO a (b) VALUES ($1) ON CONFLICT DO NOTHING`, `INSERT INTO a (b) VALUES ($1)`},
		{12, `INSERT INTO a (b) VALUES ($1) ON DUPLICATE KEY UPDATE b = 1`, `UPDATE a SET b = $1 WHERE k = $2`},
		{12, `MERGE INTO a USING b ON a.k = b.k WHEN MATCHED THEN UPDATE SET v = b.v`, `MERGE INTO a USING b ON (a.k = b.k) WHEN MATCHED THEN UPDATE SET v = b.v WHEN NOT MATCHED THEN INSERT (k, v) VALUES (b.k, b.v)`},
		{12, `MERGE INTO a USING b ON (a.k = b.k) WHEN MATCHED THEN DELETE`, `DELETE FROM a WHERE k = $1`},
		{13, `SELECT x.v FROM a, LATERAL (SELECT v FROM b WHERE b.k = a.k) x`, `SELECT (SELECT v FROM b WHERE b.k = a.k) FROM a`},
		{13, `SELECT count(*) FILTER (WHERE ok) FROM a`, `SELECT sum(CASE WHEN ok THEN 1 ELSE 0 END) FROM a`},
		{13, `SELECT v FROM unnest($1::text[]) WITH ORDINALITY AS x (v, n)`, `SELECT v FROM unnest($1::text[]) AS x (v)`},
		{13, `SELECT v FROM unnest($1::text[], $2::text[]) AS x (v, w)`, `SELECT unnest($1::text[]) AS v, unnest($2::text[]) AS w`},
		{13, `SELECT v FROM a, unnest(a.list) AS x (v)`, `SELECT a.id FROM a JOIN unnest($1::bigint[]) AS x (id) ON x.id = a.id`},
		{13, `SELECT v FROM a JOIN jsonb_array_elements(a.doc) AS x (v) ON true`, `SELECT jsonb_array_elements(doc) FROM a`},
		{13, `DELETE FROM a WHERE old LIMIT 10`, `DELETE FROM a WHERE id IN (SELECT id FROM a WHERE old ORDER BY id LIMIT 10)`},
		{13, `SELECT sum(v) OVER (ORDER BY at RANGE BETWEEN interval '1 day' PRECEDING AND CURRENT ROW) FROM a`, `SELECT sum(v) OVER (ORDER BY at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM a`},
		{13, `SELECT rank() OVER (ORDER BY 1) FROM a`, `SELECT rank() OVER (ORDER BY n) FROM a ORDER BY 1`},
		{13, `SELECT cardinality(list) FROM a`, `SELECT array_length(list, 1) FROM a`},
		{14, `UPDATE job SET taken = true WHERE id IN (SELECT id FROM job ORDER BY id LIMIT 5 FOR UPDATE SKIP LOCKED)`, `SELECT id FROM job ORDER BY id LIMIT 5 FOR UPDATE SKIP LOCKED`},
		{14, `SELECT id FROM job FOR UPDATE SKIP LOCKED`, `SELECT id FROM job WHERE id = $1 FOR UPDATE`},
		{15, `SELECT boxes / 2 FROM a`, `SELECT div(boxes, 2) FROM a`},
		{15, `SELECT sum(a) / count(*) FROM a`, `SELECT sum(a)::numeric / count(*), 100.0 * a / b::numeric, a / (b::numeric), round(a::numeric(9,2) / 3, 1) FROM a`},
		{15, `SELECT substr(code, 0, 2) FROM a`, `SELECT substr(code, 1, 2) FROM a`},
		{15, `SELECT now() - interval '5'`, `SELECT now() - interval '5 minutes'`},
		{15, `SELECT id FROM a WHERE $1 IS NULL OR b = $1`, `SELECT id FROM a WHERE $1::text IS NULL OR b = $1`},
		{15, `SELECT $1 AS k`, `SELECT $1::text AS k, CAST($2 AS bigint), id FROM a WHERE b = $3 LIMIT $4`},
		{15, `INSERT INTO a (b, c) SELECT $1, id FROM d`, `INSERT INTO a (b, c) VALUES ($1, $2)`},
		{15, `SELECT id FROM a WHERE name LIKE $1 || '%'`, `SELECT id FROM a WHERE name LIKE $1::text || '%'`},
		{15, `SELECT COALESCE($1, '')`, `SELECT COALESCE(b, $1) FROM a WHERE id = ANY($2)`},
		{15, `SELECT json_build_object('a', $1)`, `SELECT json_build_object('a', $1::text)`},
		{15, `UPDATE a SET b = CASE WHEN c THEN $1 ELSE d END`, `UPDATE a SET b = CASE WHEN c THEN $1::text ELSE d END, e = $2`},
		{15, `SELECT id FROM a WHERE ($1 = '' OR b = $1)`, `SELECT id FROM a WHERE ($1::text = '' OR b = $1::text)`},
		{16, `SELECT to_char(price, 'FM999999.99') FROM a`, `SELECT to_char(price, 'FM9999990.00'), to_char(at, 'YYYY-MM-DD HH24:MI') FROM a`},
		{16, `SELECT price::numeric(9,2)::text FROM a`, `SELECT price::numeric(9,2), id::text FROM a`},
		{16, `SELECT round(price, 2)::text FROM a`, `SELECT round(price, 2) FROM a`},
		{16, `SELECT md5(price::text) FROM a`, `SELECT price FROM a`},
		{17, `SELECT id FROM a WHERE note IS NULL OR note = ''`, `SELECT id FROM a WHERE COALESCE(note, '') = '' OR b IS NULL OR c = 1`},
		{17, "SELECT 'a\x00b'", `SELECT '甲乙'`},
		{17, `SELECT chr(0)`, `SELECT chr(10)`},
		{18, `UPDATE a SET doc = jsonb_set(doc, '{a}', '1')`, `UPDATE a SET doc = $1`},
		{18, `SELECT doc#>>'{a,b}' FROM a`, `SELECT doc #>> '{a,b}', doc -> 'a' ->> 'b' FROM a WHERE doc @> '{}' AND doc ? 'a'`},
		{18, `SELECT to_jsonb(a) FROM a`, `SELECT json_agg(json_build_object('id', id)) FROM a`},
		{18, `SELECT doc #> '{a}' FROM a`, `SELECT jsonb_each(doc) FROM a`},
		{18, `UPDATE a SET doc = doc || '{"a":1}'::jsonb`, `UPDATE a SET label = label || 'x'`},
		{19, `SELECT to_timestamp($1::text, 'YYYY')`, `SELECT to_timestamp(1700000000)`},
		{19, `SELECT make_date(2026, 1, 1)`, `SELECT date '2026-01-01'`},
		{19, `SELECT id FROM a WHERE due < current_date + 30`, `SELECT id FROM a WHERE due < (current_date + 30)::date AND due > $1::date`},
	} {
		t.Run(fmt.Sprintf("rule %d/%s", c.rule, c.catches), func(t *testing.T) {
			if got := lintSQL(c.catches); len(got) == 0 || got[0].rule != c.rule || got[0].advice == "" {
				t.Errorf("caught: %v, want rule %d", got, c.rule)
			}
			if got := lintSQL(c.lets); len(got) != 0 {
				t.Errorf("%s\nmust pass, but: %v", c.lets, got)
			}
			if got := lintSQL("-- " + c.catches + "\n/* /* " + c.catches + " */ */ SELECT 1"); len(got) != 0 {
				t.Errorf("a comment is caught: %v", got)
			}
		})
	}
}

func TestLintSQL_places(t *testing.T) {
	src := "SELECT 1;\n-- a / b\nCREATE FUNCTION f() RETURNS trigger AS $$\nBEGIN\n  NEW.half := NEW.whole / 2;\nEND;\n$$ LANGUAGE plpgsql;\nSELECT 'a / b', \"a / b\" FROM c;\nSELECT E'it\\'s', a\n / b FROM c"
	var lines []string
	for _, f := range lintSQL(src) {
		lines = append(lines, fmt.Sprint(f.rule, ":", f.line))
	}
	if got := strings.Join(lines, " "); got != "15:5 15:10" {
		t.Errorf("found at %s, want rule 15 in lines 5 and 10", got)
	}
}

// No text makes the linter fall over or never end.
func FuzzLintSQL(f *testing.F) {
	f.Add("SELECT a / b FROM c WHERE $1 IS NULL")
	f.Add("CREATE TABLE a (b text, UNIQUE (b)) PARTITION BY")
	f.Add("$$ $a$ ' \" /* ( [ ALTER TABLE a ADD COLUMN")
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 1000 {
			t.Skip("thousands of open brackets take long; nobody writes them")
		}
		lintSQL(src)
	})
}
