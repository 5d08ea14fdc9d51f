package reporting

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// daySums says which days a ledger may take from the daily sums.
type daySums struct {
	since, open time.Time   // the first day that is summed, the first that is not; zero for none
	stale       []time.Time // among them, in order: days whose sums do not hold
}

// ledgerMemory lets the database sum a great many rows without its disk.
const ledgerMemory = "96MB"

// readSums also tells the database, for the rest of the transaction, how to sum:
// over all movements packs are best read whole; where days are summed only some days'
// are left, and theirs are looked up one by one, however many movements the database
// expects of a day.
func readSums(ctx context.Context, tx *db.Tx) (daySums, error) {
	var rows []struct {
		reach
		Stale *time.Time `db:"stale"`
		Set   string     `db:"how"`
	}
	err := tx.Select(ctx, &rows, `SELECT r.since, r.open_day, n.day AS stale, set_config('work_mem', $1::text, true)
  || set_config('enable_hashjoin', CASE WHEN r.open_day IS NULL THEN 'on' ELSE 'off' END, true)
  || set_config('enable_mergejoin', CASE WHEN r.open_day IS NULL THEN 'on' ELSE 'off' END, true) AS how
FROM ledger_reach r LEFT JOIN (SELECT DISTINCT day FROM ledger_stale) n ON n.day < r.open_day WHERE r.id = 1 ORDER BY n.day`, ledgerMemory)
	if err != nil {
		return daySums{}, fmt.Errorf("read which days are summed: %w", err)
	}
	var s daySums
	for _, x := range rows {
		if x.Open == nil {
			return daySums{}, nil
		}
		s.since, s.open = x.Since.UTC(), x.Open.UTC()
		if x.Stale != nil {
			s.stale = append(s.stale, x.Stale.UTC())
		}
	}
	return s, nil
}

// base is the beginning of the last month, not after a day, whose carry-over holds.
func (s daySums) base(day time.Time) time.Time {
	day = earlier(day, s.open)
	if len(s.stale) > 0 {
		day = earlier(day, s.stale[0])
	}
	return monthOf(day)
}

// readFlows gives flows that make opening, in, out, closing and what there is now,
// but for those that only pass from one of the given states to another. Finished
// days come from their sums, the rest from the movements; what was there before
// comes from the last carry-over. It is the last to be read on a snapshot: see
// [readSums].
func readFlows(ctx context.Context, tx *db.Tx, q LedgerQuestion, passing []string) ([]flow, error) {
	s, err := readSums(ctx, tx)
	if err != nil {
		return nil, err
	}
	r := flowReader{tx: tx, q: q, passing: passing, sums: s}
	if s.open.IsZero() {
		return r.moved(ctx)
	}
	list, err := r.summed(ctx)
	if err != nil {
		return nil, err
	}
	moved, err := r.moved(ctx)
	return append(list, moved...), err
}

// dawn and dusk lie before and after all movements.
func dawn() time.Time { return time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC) }
func dusk() time.Time { return time.Date(3000, 1, 1, 0, 0, 0, 0, time.UTC) }

// flowReader reads the flows of one question on one snapshot.
type flowReader struct {
	tx      *db.Tx
	q       LedgerQuestion
	passing []string
	sums    daySums
}

// bases are the months with whose carry-over the reading begins: for the period,
// and for what there is now. Of a period that reaches into the last month, or into
// days that must be read from their movements, both are one, and now is dusk.
func (r flowReader) bases() (period, now time.Time) {
	now = r.sums.base(r.sums.open)
	if r.q.To.Before(now) {
		return r.sums.base(r.q.From), now
	}
	return r.sums.base(r.q.From), dusk()
}

// staleDays are the days whose sums do not hold, as text: never none, for NULL
// would compare as unknown.
func (r flowReader) staleDays() []string {
	list := make([]string, 0, len(r.sums.stale))
	for _, day := range r.sums.stale {
		list = append(list, dateOf(day))
	}
	return list
}

// sumFlow is a flow of finished days; Now belongs to what there is now alone.
type sumFlow struct {
	flow
	Now bool `db:"now"`
}

// summed reads what the months carry over, as flows that come from nowhere, and
// adds the sums of the days since, but for those that do not hold.
func (r flowReader) summed(ctx context.Context) ([]flow, error) {
	q := r.q
	period, now := r.bases()
	to := r.sums.open
	if now.Before(dusk()) {
		to = q.To.AddDate(0, 0, 1)
	}
	var rows []sumFlow
	err := r.tx.Select(ctx, &rows, `SELECT x.now, x.drug_id, x.batch, x.content, x.kind, x.from_state, x.to_state, x.from_site, x.to_site, x.phase, CAST(sum(x.moves) AS bigint) AS moves,
  CAST(sum(x.whole_before) AS bigint) AS whole_before, CAST(sum(x.loose_before) AS bigint) AS loose_before,
  CAST(sum(x.whole_after) AS bigint) AS whole_after, CAST(sum(x.loose_after) AS bigint) AS loose_after
FROM (SELECT on_day = $10::date AS now, drug_id, CASE WHEN $5::boolean THEN batch ELSE '' END AS batch, content, '' AS kind, '' AS from_state, state AS to_state,
    0 AS from_site, CASE WHEN $6::bigint = 0 THEN 0 ELSE site_id END AS to_site, CASE WHEN on_day = $10::date THEN 2 ELSE 0 END AS phase, 0 AS moves,
    0 AS whole_before, 0 AS loose_before, whole AS whole_after, loose AS loose_after
  FROM ledger_carry WHERE on_day IN ($8::date, $10::date) AND ($3::bigint = 0 OR drug_id = $3::bigint) AND ($4::text = '' OR batch = $4::text)
    AND ($6::bigint = 0 OR site_id = $6::bigint)
  UNION ALL SELECT day >= $10::date AS now, drug_id, CASE WHEN $5::boolean THEN batch ELSE '' END AS batch, content, kind, from_state, to_state,
    CASE WHEN $6::bigint = 0 THEN 0 ELSE from_site END AS from_site, CASE WHEN $6::bigint = 0 THEN 0 ELSE to_site END AS to_site,
    CASE WHEN day < $1::date THEN 0 WHEN day < $2::date THEN 1 ELSE 2 END AS phase, moves, whole_before, loose_before, whole_after, loose_after
  FROM ledger_day WHERE (day >= $8::date AND day < $9::date OR day >= $10::date AND day < $11::date) AND NOT (day = ANY($12::date[]))
    AND ($3::bigint = 0 OR drug_id = $3::bigint) AND ($4::text = '' OR batch = $4::text) AND ($6::bigint = 0 OR from_site = $6::bigint OR to_site = $6::bigint)
    AND NOT (from_state = ANY($7::text[]) AND to_state = ANY($7::text[]) AND kind NOT IN ('dispense', 'undo', 'adjust_up', 'adjust_down'))) x
GROUP BY x.now, x.drug_id, x.batch, x.content, x.kind, x.from_state, x.to_state, x.from_site, x.to_site, x.phase`,
		dateOf(q.From), dateOf(q.To.AddDate(0, 0, 1)), q.DrugID, q.Batch, q.batches(), q.siteAsked(), pq.Array(r.passing), dateOf(period), dateOf(to),
		dateOf(now), dateOf(r.sums.open), pq.Array(r.staleDays()))
	if err != nil {
		return nil, fmt.Errorf("add the sums of days: %w", err)
	}
	list := make([]flow, 0, len(rows))
	for _, x := range rows {
		x.Apart = now.Before(dusk()) && !x.Now
		list = append(list, x.flow)
	}
	return list, nil
}

// batches tells whether batches are told apart.
func (q LedgerQuestion) batches() bool { return q.ByBatch || q.Batch != "" }

// moved sums the movements of the days that are not summed, and of those whose sums
// do not hold: whatever a ledger asks, these come after the months it begins with.
// What a pack held before a movement follows from what it holds after it and from
// the kind.
func (r flowReader) moved(ctx context.Context) ([]flow, error) {
	q, from, stale := r.q, dawn(), []time.Time{dusk(), dusk()}
	if !r.sums.open.IsZero() {
		from = r.sums.open
	}
	if n := len(r.sums.stale); n > 0 {
		stale = []time.Time{r.sums.stale[0], r.sums.stale[n-1].AddDate(0, 0, 1)}
	}
	var list []flow
	err := r.tx.Select(ctx, &list, `SELECT x.drug_id, x.batch, x.content, x.kind, x.from_state, x.to_state, x.from_site, x.to_site, x.phase, count(*) AS moves,
  sum(CASE WHEN x.held_before = x.content THEN 1 ELSE 0 END) AS whole_before, sum(CASE WHEN x.held_before <> x.content THEN x.held_before ELSE 0 END) AS loose_before,
  sum(CASE WHEN x.held_after = x.content THEN 1 ELSE 0 END) AS whole_after, sum(CASE WHEN x.held_after <> x.content THEN x.held_after ELSE 0 END) AS loose_after
FROM (SELECT k.drug_id, CASE WHEN $5::boolean THEN k.batch ELSE '' END AS batch, k.units_total AS content, m.kind, m.from_state, m.to_state,
    CASE WHEN $6::bigint = 0 THEN 0 ELSE COALESCE(f.site_id, 0) END AS from_site, CASE WHEN $6::bigint = 0 THEN 0 ELSE COALESCE(t.site_id, 0) END AS to_site,
    CASE WHEN m.at < $1::timestamptz THEN 0 WHEN m.at < $2::timestamptz THEN 1 ELSE 2 END AS phase, m.units_after AS held_after,
    CASE WHEN m.kind IN ('dispense', 'adjust_down') THEN m.units_after + m.quantity
      WHEN m.kind IN ('undo', 'patient_return', 'adjust_up') THEN m.units_after - m.quantity ELSE m.units_after END AS held_before
  FROM movement m JOIN pack k ON k.id = m.pack_id
  LEFT JOIN clinic_session f ON f.id = m.from_session_id AND $6::bigint <> 0 LEFT JOIN clinic_session t ON t.id = m.to_session_id AND $6::bigint <> 0
  WHERE (m.at >= $8::timestamptz OR m.at >= $9::timestamptz AND m.at < $10::timestamptz AND CAST(m.at AT TIME ZONE 'Asia/Shanghai' AS date) = ANY($11::date[]))
    AND ($3::bigint = 0 OR k.drug_id = $3::bigint) AND ($4::text = '' OR k.batch = $4::text)
    AND NOT (m.from_state = ANY($7::text[]) AND m.to_state = ANY($7::text[]) AND m.kind NOT IN ('dispense', 'undo', 'adjust_up', 'adjust_down'))) x
GROUP BY x.drug_id, x.batch, x.content, x.kind, x.from_state, x.to_state, x.from_site, x.to_site, x.phase`,
		q.Begin(), q.End(), q.DrugID, q.Batch, q.batches(), q.siteAsked(), pq.Array(r.passing), midnight(from), midnight(stale[0]), midnight(stale[1]), pq.Array(r.staleDays()))
	if err != nil {
		return nil, fmt.Errorf("sum movements: %w", err)
	}
	return list, nil
}
