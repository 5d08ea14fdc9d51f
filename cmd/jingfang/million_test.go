package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/sql/db"
)

// Size of the great stock: thirty years of a pharmacy.
const (
	millionPacks    = 1_000_000
	millionLeft     = 30_000 // of them still on the shelf, the others were given out
	millionVisits   = 310_000
	millionSessions = 9_000 // 25 sites, a day a month
	millionRuns     = 20
)

// TestMillion measures what people wait for over a million packs and three million
// movements. It takes minutes: JINGFANG_MILLION=1 runs it, and a name in
// JINGFANG_PLANS is the file for the plans of the database.
func TestMillion(t *testing.T) {
	if os.Getenv("JINGFANG_MILLION") == "" {
		t.Skip("JINGFANG_MILLION=1 measures over a million packs")
	}
	w := newWorld(t)
	m := million{world: w, t: t}
	m.grow()
	m.measure()
	m.explain()
}

type million struct {
	*world
	t *testing.T
}

func (m *million) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// grow writes the stock past the program, in statements of the database's own:
// through the use cases it would take a day.
func (m *million) grow() {
	m.t.Helper()
	began := time.Now()
	for _, q := range growth() {
		m.must(m.base.Owner.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			// Minutes, where a statement of the program's has seconds.
			if _, err := tx.Exec(ctx, `SET LOCAL statement_timeout = 0`); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, q)
			return err
		}))
	}
	var packs, moves int64
	m.must(m.base.App.Get(m.t.Context(), &packs, `SELECT count(*) FROM pack`))
	m.must(m.base.App.Get(m.t.Context(), &moves, `SELECT count(*) FROM movement`))
	m.t.Logf("%d packs and %d movements in %s", packs, moves, time.Since(began).Round(time.Second))
}

// growth is the statements that make the stock. Packs have codes of drug 1 to 25
// with serials above anything the demo uses, batches by drug and quarter.
func growth() []string {
	given := millionPacks - millionLeft
	return []string{
		// A box moves on the day of its visit's clinic: one site, all drugs.
		`CREATE TABLE grown AS SELECT x.n, (SELECT min(id) FROM drug) + div(x.n, ` + fmt.Sprint(millionSessions) + `) % 20 AS drug_id, DATE '1996-01-01' + CAST(div(x.clinic, 25) * 30 + x.clinic % 25 AS integer) AS day
FROM (SELECT g AS n, (g % ` + fmt.Sprint(millionVisits) + `) % ` + fmt.Sprint(millionSessions) + ` AS clinic FROM generate_series(1, ` + fmt.Sprint(millionPacks) + `) g) x`,
		`INSERT INTO clinic_session (site_id, held_on, kind, place, state, planned_by, planned_at)
SELECT (SELECT min(id) FROM site) + g % 25, DATE '1996-01-01' + CAST(div(g, 25) * 30 + g % 25 AS integer), 'home', '演示历史', 'closed', (SELECT min(id) FROM staff), now()
FROM generate_series(0, ` + fmt.Sprint(millionSessions-1) + `) g`,
		`INSERT INTO visit (id, session_id, patient_id, number, state, doctor_id, came_at, came_by, started_at, finished_at, finished_by)
SELECT CAST('00000000-0000-4000-8000-' || lpad(CAST(g AS text), 12, '0') AS uuid), c.id, (SELECT min(id) FROM patient) + g % 100, div(g, ` + fmt.Sprint(millionSessions) + `) + 1, 'finished', (SELECT min(id) FROM staff), c.held_on, (SELECT min(id) FROM staff), c.held_on, c.held_on, (SELECT min(id) FROM staff)
FROM generate_series(0, ` + fmt.Sprint(millionVisits-1) + `) g JOIN clinic_session c ON c.place = '演示历史' AND c.id = (SELECT min(id) FROM clinic_session WHERE place = '演示历史') + g % ` + fmt.Sprint(millionSessions),
		`INSERT INTO pack (code, drug_id, state, units_total, units_left, units_given, batch, expires_on, session_id, visit_id, created_at, changed_at)
SELECT '89' || lpad(CAST(g.n % 20 AS text), 5, '0') || lpad(CAST(g.n AS text), 13, '0'), g.drug_id, CASE WHEN g.n <= ` + fmt.Sprint(given) + ` THEN 'dispensed' ELSE 'in_store' END, d.units_per_pack,
  CASE WHEN g.n <= ` + fmt.Sprint(given) + ` THEN 0 ELSE d.units_per_pack END, CASE WHEN g.n <= ` + fmt.Sprint(given) + ` THEN d.units_per_pack ELSE 0 END,
  'H' || to_char(g.day, 'YYMM'), g.day + 900, CASE WHEN g.n <= ` + fmt.Sprint(given) + ` THEN v.session_id END, CASE WHEN g.n <= ` + fmt.Sprint(given) + ` THEN v.id END, g.day, g.day
FROM grown g JOIN drug d ON d.id = g.drug_id JOIN visit v ON v.id = CAST('00000000-0000-4000-8000-' || lpad(CAST(g.n % ` + fmt.Sprint(millionVisits) + ` AS text), 12, '0') AS uuid)`,
		movementOf("receive", "", "in_store", "k.units_total", "NULL, NULL, NULL", "true"),
		movementOf("allocate", "in_store", "allocated", "k.units_total", "NULL, k.session_id, NULL", "k.state = 'dispensed'"),
		movementOf("dispense", "allocated", "dispensed", "0", "k.session_id, k.session_id, k.visit_id", "k.state = 'dispensed'"),
		`INSERT INTO visit_line (visit_id, pack_id, quantity, how, staff_id, at) SELECT k.visit_id, k.id, k.units_total, 'scanned', (SELECT min(id) FROM staff), k.changed_at
FROM pack k WHERE k.code LIKE '89000%' AND k.state = 'dispensed'`,
		`DROP TABLE grown`,
		`ANALYZE`,
	}
}

func movementOf(kind, from, to, after, sessions, which string) string {
	return `INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, from_session_id, to_session_id, visit_id, staff_id, at, how)
SELECT '` + kind + `', k.id, k.units_total, '` + from + `', '` + to + `', ` + after + `, ` + sessions + `, (SELECT min(id) FROM staff), k.changed_at, 'scanned'
FROM pack k WHERE k.code LIKE '89000%' AND ` + which + ` ORDER BY k.id`
}

// figure is how long something took, over some runs.
type figure struct {
	what, target  string
	median, worst time.Duration
}

// timed runs something many times; the first run warms up and does not count.
func (m *million) timed(what, target string, runs int, do func()) figure {
	m.t.Helper()
	do()
	var all []time.Duration
	for range runs {
		began := time.Now()
		do()
		all = append(all, time.Since(began))
	}
	slices.SortFunc(all, cmp.Compare[time.Duration])
	f := figure{what, target, all[len(all)/2], all[len(all)-1]}
	m.t.Logf("%-34s median %9s  worst %9s  target %s", f.what, f.median.Round(10*time.Microsecond), f.worst.Round(10*time.Microsecond), f.target)
	return f
}

// open asks for a page, or as a program, and must get it.
func (m *million) open(c *caller, path string) func() {
	return func() {
		if r := c.get(path); r.status != http.StatusOK {
			m.t.Fatalf("GET %s: %d %s", path, r.status, r.body)
		}
	}
}

func (m *million) measure() {
	old := fmt.Sprintf("89%05d%013d", 123456%20, 123456)
	board := clinic{t: m.t, id: m.plan.Sessions[0].ID}
	now := session.Today(time.Now())
	m.timed("ask a code", "10ms", millionRuns, m.open(m.pharm, "/trace/"+old))
	m.timed("ask a code of today's clinic", "10ms", millionRuns, m.open(m.pharm, "/trace/"+m.givenCode(m.t)))
	m.timed("ask a batch", "50ms", millionRuns, m.open(m.pharm, "/trace/batch?drug="+m.drugOf(old)+"&batch="+m.batchOf(old)))
	m.timed("ask by the last six characters", "50ms", millionRuns, m.open(m.pharm, "/trace?q=123456"))
	m.timed("the room, 1,500 packs", "50ms", millionRuns, m.open(m.pharm, board.path("")))
	m.timed("the stock of the pharmacy", "50ms", millionRuns, m.open(m.pharm, "/stock"))
	// As before anything is summed: the program has summed what little it began with.
	m.must(m.base.Owner.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `UPDATE ledger_reach SET since = NULL, open_day = NULL`)
	}))
	m.ledgers("movements only", 1, old)
	began := time.Now()
	sums, err := reporting.SumLedger(context.Background(), m.base.App)
	m.must(err)
	m.t.Logf("%d days summed in %s, %s rows of days, %s of carry-overs", sums.Days, time.Since(began).Round(time.Second),
		m.text(`SELECT CAST(count(*) AS text) FROM ledger_day`), m.text(`SELECT CAST(count(*) AS text) FROM ledger_carry`))
	m.ledgers("daily sums", millionRuns, old)
	m.timed("a run of the sums with nothing to do", "—", 5, func() {
		done, err := reporting.SumLedger(context.Background(), m.base.App)
		m.must(err)
		if done.Days+len(done.Mended) > 0 {
			m.t.Errorf("a second run: %+v", done)
		}
	})
	m.timed("every sum made anew", "—", 1, func() {
		check, err := reporting.CheckLedger(context.Background(), m.base.App)
		m.must(err)
		if check.Problem != "" {
			m.t.Error(check.Problem)
		}
	})
	m.timed("receive 2,000 codes", "300ms", 3, m.receive())
	m.timed("check the whole stock", "—", 1, func() {
		report, err := reporting.CheckStock(context.Background(), m.base.App, nil)
		m.must(err)
		if report.Problem != "" || now.IsZero() {
			m.t.Errorf("the stock: %s", report.Problem)
		}
	})
}

// ledgers asks for periods of all lengths, and for what is behind a figure.
func (m *million) ledgers(how string, runs int, old string) {
	month, drug := "from=2010-05-01&to=2010-05-31", "&drug="+m.drugOf(old)
	today := session.Today(time.Now()).Format(time.DateOnly)
	for _, x := range []struct{ what, target, path string }{
		{"ledger of a month, all drugs", "1s", "/ledger?" + month},
		{"ledger of a month, by batch", "1s", "/ledger?by=batch&" + month},
		{"ledger of a month, by place", "1s", "/ledger?by=place&" + month},
		{"ledger of a month, one drug", "1s", "/ledger?" + month + drug},
		{"ledger of a year, all drugs", "1s", "/ledger?from=2010-01-01&to=2010-12-31"},
		{"ledger of today", "1s", "/ledger?from=" + today + "&to=" + today},
		{"ledger of thirty years", "1s", "/ledger?from=2000-01-01&to=" + today},
		{"movements behind a month's figure", "50ms", "/ledger/moves?way=out&" + month},
		{"movements behind a year's figure", "1s", "/ledger/moves?way=out&from=2010-01-01&to=2010-12-31" + drug},
		{"movements behind all years' figure", "1s", "/ledger/moves?way=out&from=2000-01-01&to=" + today + drug},
	} {
		m.timed(how+": "+x.what, x.target, runs, m.open(m.pharm, x.path))
	}
}

func (m *million) drugOf(code string) string {
	return m.text(`SELECT CAST(drug_id AS text) FROM pack WHERE code = $1`, code)
}

func (m *million) batchOf(code string) string {
	return m.text(`SELECT batch FROM pack WHERE code = $1`, code)
}

func (m *million) text(query string, args ...any) (text string) {
	m.t.Helper()
	m.must(m.base.App.Get(m.t.Context(), &text, query, args...))
	return text
}

// receive gives a paste of 2,000 codes into a receipt of its own; each run has
// another one.
func (m *million) receive() func() {
	n := 0
	return func() {
		n++
		var line int64
		m.must(m.base.Owner.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			return tx.Get(ctx, &line, `WITH r AS (INSERT INTO receipt (source, number, state, issued_at, arrived_at, digest) VALUES ('HIS', $1, 'waiting', now(), now(), '\x00'::bytea) RETURNING id)
INSERT INTO receipt_line (receipt_id, line_no, drug_id, batch, expires_on, packs) SELECT r.id, 1, (SELECT drug_id FROM drug_prefix WHERE active AND pack_level = 1 ORDER BY id LIMIT 1), 'BIG', '2030-01-01', 2000 FROM r RETURNING receipt_id`,
				fmt.Sprintf("BIG-%d", n))
		}))
		prefix := m.text(`SELECT prefix FROM drug_prefix WHERE active AND pack_level = 1 ORDER BY id LIMIT 1`)
		var codes strings.Builder
		for i := range 2000 {
			fmt.Fprintf(&codes, "%s%013d\n", prefix, 7_000_000_000+n*10_000+i)
		}
		began := time.Now()
		r := m.pharm.post(fmt.Sprintf("/receipts/%d/scans", line), url.Values{"codes": {codes.String()}, "command_id": {uuid.NewString()}})
		if r.status != 200 {
			m.t.Fatalf("receive: %d %.300s", r.status, r.body)
		}
		m.t.Logf("  one paste of 2,000: %s", time.Since(began).Round(time.Millisecond))
	}
}

// explain writes the plans of the statements that matter most.
func (m *million) explain() {
	path := os.Getenv("JINGFANG_PLANS")
	if path == "" {
		return
	}
	var out strings.Builder
	for _, q := range []string{
		`SELECT k.id FROM pack k JOIN drug d ON d.id = k.drug_id WHERE k.code = '89000160000000123456'`,
		`SELECT m.id FROM movement m LEFT JOIN visit v ON v.id = m.visit_id WHERE m.pack_id = (SELECT id FROM pack WHERE code = '89000160000000123456') ORDER BY m.id`,
		`SELECT k.code FROM pack k WHERE right(k.code, 4) = '3456' AND k.code LIKE '%123456' ORDER BY k.id DESC LIMIT 21`,
		`SELECT DISTINCT drug_id FROM pack WHERE batch = 'H1005'`,
		`SELECT k.id FROM pack k WHERE k.drug_id = 3 AND k.batch = 'H1005'`,
		`SELECT k.drug_id, k.units_total, m.kind, m.from_state, m.to_state, count(*), sum(m.units_after) FROM movement m JOIN pack k ON k.id = m.pack_id GROUP BY k.drug_id, k.units_total, m.kind, m.from_state, m.to_state`,
		`SELECT k.drug_id, k.state, count(*) FROM pack k WHERE k.state IN ('in_store', 'allocated', 'quarantined', 'damaged') GROUP BY k.drug_id, k.state`,
		`SELECT drug_id, kind, sum(moves) FROM ledger_day WHERE day >= '2010-05-01' AND day < '2010-06-01' GROUP BY drug_id, kind`,
		`SELECT drug_id, state, sum(whole) FROM ledger_carry WHERE on_day = '2010-05-01' GROUP BY drug_id, state`,
		`SELECT m.kind, count(*) FROM movement m JOIN pack k ON k.id = m.pack_id WHERE m.at >= '2026-01-01' AND m.at < '3000-01-01' GROUP BY m.kind`,
	} {
		var lines []string
		m.must(m.base.App.Select(m.t.Context(), &lines, `EXPLAIN (ANALYZE, BUFFERS) `+q))
		out.WriteString(q + "\n" + strings.Join(lines, "\n") + "\n\n")
	}
	m.must(os.WriteFile(path, []byte(out.String()), 0o600))
}
