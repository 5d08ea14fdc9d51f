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

func readSums(ctx context.Context, tx *db.Tx) (daySums, error) {
	var r reach
	if err := tx.Get(ctx, &r, `SELECT since, open_day FROM ledger_reach WHERE id = 1`); err != nil {
		return daySums{}, fmt.Errorf("read which days are summed: %w", err)
	}
	if r.Open == nil {
		return daySums{}, nil
	}
	s := daySums{since: r.Since.UTC(), open: r.Open.UTC()}
	err := tx.Select(ctx, &s.stale, `SELECT DISTINCT day FROM ledger_stale WHERE day < $1::date ORDER BY day`, dateOf(s.open))
	if err != nil {
		return daySums{}, fmt.Errorf("read which sums do not hold: %w", err)
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
// comes from the last carry-over.
func readFlows(ctx context.Context, tx *db.Tx, q LedgerQuestion, passing []string) ([]flow, error) {
	s, err := readSums(ctx, tx)
	if err != nil {
		return nil, err
	}
	r := flowReader{tx: tx, q: q, passing: passing, sums: s}
	if s.open.IsZero() {
		return r.moved(ctx, dawn(), dusk())
	}
	first, last := s.base(q.From), s.base(s.open)
	if first.Equal(last) {
		return r.since(ctx, first, dusk(), before)
	}
	list, err := r.since(ctx, first, q.To.AddDate(0, 0, 1), before)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].Apart = true
	}
	now, err := r.since(ctx, last, dusk(), after)
	for i := range now {
		now[i].Phase = after
	}
	return append(list, now...), err
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

// since reads what a month carries over, as a flow of the given phase that comes
// from nowhere, and all that moved from its beginning up to a day, which is not
// among it.
func (r flowReader) since(ctx context.Context, month, to time.Time, p phase) ([]flow, error) {
	list, err := r.carried(ctx, month, p)
	if err != nil {
		return nil, err
	}
	summed, err := r.summed(ctx, month, earlier(to, r.sums.open))
	if err != nil {
		return nil, err
	}
	list = append(list, summed...)
	for _, x := range r.sums.unsummed(month, to) {
		moved, err := r.moved(ctx, x.from, x.to)
		if err != nil {
			return nil, err
		}
		list = append(list, moved...)
	}
	return list, nil
}

// days are some days in a row; to is the first that is not among them.
type days struct{ from, to time.Time }

// unsummed lists the days between two whose movements must be read: those that are
// not summed yet and those whose sums do not hold.
func (s daySums) unsummed(from, to time.Time) []days {
	var list []days
	for _, day := range s.stale {
		next := day.AddDate(0, 0, 1)
		switch n := len(list); {
		case day.Before(from) || !day.Before(to):
		case n > 0 && list[n-1].to.Equal(day):
			list[n-1].to = next
		default:
			list = append(list, days{day, next})
		}
	}
	if s.open.Before(to) {
		list = append(list, days{s.open, to})
	}
	return list
}

// carried reads what lay where at the beginning of a month.
func (r flowReader) carried(ctx context.Context, month time.Time, p phase) ([]flow, error) {
	var list []flow
	err := r.tx.Select(ctx, &list, `SELECT x.drug_id, x.batch, x.content, '' AS kind, '' AS from_state, x.state AS to_state, x.site AS to_site,
  CAST(sum(x.whole) AS bigint) AS whole_after, CAST(sum(x.loose) AS bigint) AS loose_after
FROM (SELECT drug_id, CASE WHEN $4::boolean THEN batch ELSE '' END AS batch, content, state, CASE WHEN $5::bigint = 0 THEN 0 ELSE site_id END AS site, whole, loose
  FROM ledger_carry WHERE on_day = $1::date AND ($2::bigint = 0 OR drug_id = $2::bigint) AND ($3::text = '' OR batch = $3::text)) x
GROUP BY x.drug_id, x.batch, x.content, x.state, x.site`, dateOf(month), r.q.DrugID, r.q.Batch, r.q.batches(), r.q.siteAsked())
	if err != nil {
		return nil, fmt.Errorf("read what a month carries over: %w", err)
	}
	for i := range list {
		list[i].Phase = p
	}
	return list, nil
}

// summed adds the sums of days, but for those that do not hold.
func (r flowReader) summed(ctx context.Context, from, to time.Time) ([]flow, error) {
	q := r.q
	over := make([]string, 0, len(r.sums.stale))
	for _, day := range r.sums.stale {
		over = append(over, dateOf(day))
	}
	var list []flow
	err := r.tx.Select(ctx, &list, `SELECT x.drug_id, x.batch, x.content, x.kind, x.from_state, x.to_state, x.from_site, x.to_site, x.phase, CAST(sum(x.moves) AS bigint) AS moves,
  CAST(sum(x.whole_before) AS bigint) AS whole_before, CAST(sum(x.loose_before) AS bigint) AS loose_before,
  CAST(sum(x.whole_after) AS bigint) AS whole_after, CAST(sum(x.loose_after) AS bigint) AS loose_after
FROM (SELECT drug_id, CASE WHEN $5::boolean THEN batch ELSE '' END AS batch, content, kind, from_state, to_state,
    CASE WHEN $6::bigint = 0 THEN 0 ELSE from_site END AS from_site, CASE WHEN $6::bigint = 0 THEN 0 ELSE to_site END AS to_site,
    CASE WHEN day < $1::date THEN 0 WHEN day < $2::date THEN 1 ELSE 2 END AS phase, moves, whole_before, loose_before, whole_after, loose_after
  FROM ledger_day WHERE day >= $8::date AND day < $9::date AND NOT (to_char(day, 'YYYY-MM-DD') = ANY($10::text[]))
    AND ($3::bigint = 0 OR drug_id = $3::bigint) AND ($4::text = '' OR batch = $4::text)
    AND NOT (from_state = ANY($7::text[]) AND to_state = ANY($7::text[]) AND kind NOT IN ('dispense', 'undo', 'adjust_up', 'adjust_down'))) x
GROUP BY x.drug_id, x.batch, x.content, x.kind, x.from_state, x.to_state, x.from_site, x.to_site, x.phase`,
		dateOf(q.From), dateOf(q.To.AddDate(0, 0, 1)), q.DrugID, q.Batch, q.batches(), q.siteAsked(), pq.Array(r.passing), dateOf(from), dateOf(to), pq.Array(over))
	if err != nil {
		return nil, fmt.Errorf("add the sums of days: %w", err)
	}
	return list, nil
}

// batches tells whether batches are told apart.
func (q LedgerQuestion) batches() bool { return q.ByBatch || q.Batch != "" }

// ledgerMemory lets the database sum a great many movements without its disk.
const ledgerMemory = "96MB"

// moved sums the movements of days. What a pack held before a movement follows from
// what it holds after it and from the kind.
func (r flowReader) moved(ctx context.Context, from, to time.Time) ([]flow, error) {
	q := r.q
	var list []flow
	// Over all movements packs are best read whole; over some days' they are looked up
	// one by one, however many movements the database expects of a day.
	joins := map[bool]string{true: "on", false: "off"}[from.Equal(dawn())]
	var set string
	err := r.tx.Get(ctx, &set, `SELECT set_config('work_mem', $1::text, true) || set_config('enable_hashjoin', $2::text, true) || set_config('enable_mergejoin', $2::text, true)`, ledgerMemory, joins)
	if err != nil {
		return nil, fmt.Errorf("room to sum movements: %w", err)
	}
	err = r.tx.Select(ctx, &list, `SELECT x.drug_id, x.batch, x.content, x.kind, x.from_state, x.to_state, x.from_site, x.to_site, x.phase, count(*) AS moves,
  sum(CASE WHEN x.held_before = x.content THEN 1 ELSE 0 END) AS whole_before, sum(CASE WHEN x.held_before <> x.content THEN x.held_before ELSE 0 END) AS loose_before,
  sum(CASE WHEN x.held_after = x.content THEN 1 ELSE 0 END) AS whole_after, sum(CASE WHEN x.held_after <> x.content THEN x.held_after ELSE 0 END) AS loose_after
FROM (SELECT k.drug_id, CASE WHEN $5::boolean THEN k.batch ELSE '' END AS batch, k.units_total AS content, m.kind, m.from_state, m.to_state,
    CASE WHEN $6::bigint = 0 THEN 0 ELSE COALESCE(f.site_id, 0) END AS from_site, CASE WHEN $6::bigint = 0 THEN 0 ELSE COALESCE(t.site_id, 0) END AS to_site,
    CASE WHEN m.at < $1::timestamptz THEN 0 WHEN m.at < $2::timestamptz THEN 1 ELSE 2 END AS phase, m.units_after AS held_after,
    CASE WHEN m.kind IN ('dispense', 'adjust_down') THEN m.units_after + m.quantity
      WHEN m.kind IN ('undo', 'patient_return', 'adjust_up') THEN m.units_after - m.quantity ELSE m.units_after END AS held_before
  FROM movement m JOIN pack k ON k.id = m.pack_id
  LEFT JOIN clinic_session f ON f.id = m.from_session_id AND $6::bigint <> 0 LEFT JOIN clinic_session t ON t.id = m.to_session_id AND $6::bigint <> 0
  WHERE m.at >= $8::timestamptz AND m.at < $9::timestamptz AND ($3::bigint = 0 OR k.drug_id = $3::bigint) AND ($4::text = '' OR k.batch = $4::text)
    AND NOT (m.from_state = ANY($7::text[]) AND m.to_state = ANY($7::text[]) AND m.kind NOT IN ('dispense', 'undo', 'adjust_up', 'adjust_down'))) x
GROUP BY x.drug_id, x.batch, x.content, x.kind, x.from_state, x.to_state, x.from_site, x.to_site, x.phase`,
		q.Begin(), q.End(), q.DrugID, q.Batch, q.batches(), q.siteAsked(), pq.Array(r.passing), midnight(from), midnight(to))
	if err != nil {
		return nil, fmt.Errorf("sum movements: %w", err)
	}
	// What else is read on this snapshot is planned as always.
	if err := r.tx.Get(ctx, &set, `SELECT set_config('enable_hashjoin', 'on', true) || set_config('enable_mergejoin', 'on', true)`); err != nil {
		return nil, fmt.Errorf("end of the sum of movements: %w", err)
	}
	return list, nil
}
