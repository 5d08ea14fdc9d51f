package reporting

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// dayFlow is a flow of one day, as midnight UTC, with every batch and site by
// itself: what the daily sums keep.
type dayFlow struct {
	Day time.Time `db:"day"`
	flow
}

// carried is what lay somewhere at the beginning of a month, by the days before it.
type carried struct {
	DrugID  int64  `db:"drug_id"`
	Batch   string `db:"batch"`
	Content int64  `db:"content"`
	State   string `db:"state"`
	Site    int64  `db:"site_id"`
	Whole   int64  `db:"whole"`
	Loose   int64  `db:"loose"`
}

// dateOf writes a day as the date columns read it.
func dateOf(day time.Time) string { return day.Format(time.DateOnly) }

// monthOf is the first day of a day's month.
func monthOf(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// nextMonth is the first day of the month after a day's.
func nextMonth(day time.Time) time.Time { return monthOf(day).AddDate(0, 1, 0) }

// earlier gives the earlier of two days.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// makeDays sums the movements from the first day up to another, which is not
// among them, in the order of the key of ledger_day.
func makeDays(ctx context.Context, tx *db.Tx, from, to time.Time) ([]dayFlow, error) {
	var list []dayFlow
	err := tx.Select(ctx, &list, `SELECT x.day, x.drug_id, x.batch, x.content, x.kind, x.from_state, x.to_state, x.from_site, x.to_site, count(*) AS moves,
  sum(CASE WHEN x.held_before = x.content THEN 1 ELSE 0 END) AS whole_before, sum(CASE WHEN x.held_before <> x.content THEN x.held_before ELSE 0 END) AS loose_before,
  sum(CASE WHEN x.held_after = x.content THEN 1 ELSE 0 END) AS whole_after, sum(CASE WHEN x.held_after <> x.content THEN x.held_after ELSE 0 END) AS loose_after
FROM (SELECT CAST(m.at AT TIME ZONE 'Asia/Shanghai' AS date) AS day, k.drug_id, k.batch, k.units_total AS content, m.kind, m.from_state, m.to_state,
    COALESCE(f.site_id, 0) AS from_site, COALESCE(t.site_id, 0) AS to_site, m.units_after AS held_after,
    CASE WHEN m.kind IN ('dispense', 'adjust_down') THEN m.units_after + m.quantity
      WHEN m.kind IN ('undo', 'patient_return', 'adjust_up') THEN m.units_after - m.quantity ELSE m.units_after END AS held_before
  FROM movement m JOIN pack k ON k.id = m.pack_id
  LEFT JOIN clinic_session f ON f.id = m.from_session_id LEFT JOIN clinic_session t ON t.id = m.to_session_id
  WHERE m.at >= $1::timestamptz AND m.at < $2::timestamptz) x
GROUP BY x.day, x.drug_id, x.batch, x.content, x.kind, x.from_state, x.to_state, x.from_site, x.to_site
ORDER BY x.day, x.drug_id, x.batch, x.content, x.kind, x.from_state, x.to_state, x.from_site, x.to_site`, midnight(from), midnight(to))
	if err != nil {
		return nil, fmt.Errorf("sum the movements of days: %w", err)
	}
	return list, nil
}

// keptDays reads the sums of days in the order of [makeDays].
func keptDays(ctx context.Context, tx *db.Tx, from, to time.Time) ([]dayFlow, error) {
	var list []dayFlow
	err := tx.Select(ctx, &list, `SELECT day, drug_id, batch, content, kind, from_state, to_state, from_site, to_site, moves, whole_before, loose_before, whole_after, loose_after
FROM ledger_day WHERE day >= $1::date AND day < $2::date
ORDER BY day, drug_id, batch, content, kind, from_state, to_state, from_site, to_site`, dateOf(from), dateOf(to))
	if err != nil {
		return nil, fmt.Errorf("read the sums of days: %w", err)
	}
	return list, nil
}

// writeDays puts sums in the place of those that are kept of the days from the
// first up to another, which is not among them.
func writeDays(ctx context.Context, tx *db.Tx, from, to time.Time, list []dayFlow) error {
	if _, err := tx.Exec(ctx, `DELETE FROM ledger_day WHERE day >= $1::date AND day < $2::date`, dateOf(from), dateOf(to)); err != nil {
		return fmt.Errorf("remove the sums of days: %w", err)
	}
	var days, batches, kinds, froms, tos []string
	var drugs, contents, fromSites, toSites, moves, wholeBefore, looseBefore, wholeAfter, looseAfter []int64
	for _, x := range list {
		days, batches, kinds = append(days, dateOf(x.Day)), append(batches, x.Batch), append(kinds, string(x.Kind))
		froms, tos = append(froms, string(x.From)), append(tos, string(x.To))
		drugs, contents, moves = append(drugs, x.DrugID), append(contents, x.Content), append(moves, x.Moves)
		fromSites, toSites = append(fromSites, x.FromSite), append(toSites, x.ToSite)
		wholeBefore, looseBefore = append(wholeBefore, x.WholeBefore), append(looseBefore, x.LooseBefore)
		wholeAfter, looseAfter = append(wholeAfter, x.WholeAfter), append(looseAfter, x.LooseAfter)
	}
	_, err := tx.Exec(ctx, `INSERT INTO ledger_day (day, drug_id, batch, content, kind, from_state, to_state, from_site, to_site, moves, whole_before, loose_before, whole_after, loose_after)
SELECT CAST(n.day AS date), n.drug_id, n.batch, n.content, n.kind, n.from_state, n.to_state, n.from_site, n.to_site, n.moves, n.whole_before, n.loose_before, n.whole_after, n.loose_after
FROM (SELECT unnest($1::text[]) AS day, unnest($2::bigint[]) AS drug_id, unnest($3::text[]) AS batch, unnest($4::bigint[]) AS content, unnest($5::text[]) AS kind,
  unnest($6::text[]) AS from_state, unnest($7::text[]) AS to_state, unnest($8::bigint[]) AS from_site, unnest($9::bigint[]) AS to_site, unnest($10::bigint[]) AS moves,
  unnest($11::bigint[]) AS whole_before, unnest($12::bigint[]) AS loose_before, unnest($13::bigint[]) AS whole_after, unnest($14::bigint[]) AS loose_after) n`,
		pq.Array(days), pq.Array(drugs), pq.Array(batches), pq.Array(contents), pq.Array(kinds), pq.Array(froms), pq.Array(tos), pq.Array(fromSites),
		pq.Array(toSites), pq.Array(moves), pq.Array(wholeBefore), pq.Array(looseBefore), pq.Array(wholeAfter), pq.Array(looseAfter))
	if err != nil {
		return fmt.Errorf("keep the sums of days: %w", err)
	}
	return nil
}

// makeCarry says what lies where at the beginning of the month after the given one:
// what lay there at its beginning, and what its days brought and took.
func makeCarry(ctx context.Context, tx *db.Tx, month time.Time) ([]carried, error) {
	var list []carried
	err := tx.Select(ctx, &list, `SELECT x.drug_id, x.batch, x.content, x.state, x.site_id, CAST(sum(x.whole) AS bigint) AS whole, CAST(sum(x.loose) AS bigint) AS loose
FROM (SELECT drug_id, batch, content, state, site_id, whole, loose FROM ledger_carry WHERE on_day = $1::date
  UNION ALL SELECT drug_id, batch, content, to_state, to_site, whole_after, loose_after FROM ledger_day WHERE day >= $1::date AND day < $2::date
  UNION ALL SELECT drug_id, batch, content, from_state, from_site, -whole_before, -loose_before FROM ledger_day WHERE day >= $1::date AND day < $2::date) x
WHERE x.state = ANY($3::text[]) GROUP BY x.drug_id, x.batch, x.content, x.state, x.site_id HAVING sum(x.whole) <> 0 OR sum(x.loose) <> 0
ORDER BY x.drug_id, x.batch, x.content, x.state, x.site_id`, dateOf(month), dateOf(nextMonth(month)), pq.Array(Scope{}.states()))
	if err != nil {
		return nil, fmt.Errorf("carry a month over: %w", err)
	}
	return list, nil
}

// keptCarry reads what is kept of the beginning of a month in the order of
// [makeCarry].
func keptCarry(ctx context.Context, tx *db.Tx, month time.Time) ([]carried, error) {
	var list []carried
	err := tx.Select(ctx, &list, `SELECT drug_id, batch, content, state, site_id, whole, loose FROM ledger_carry WHERE on_day = $1::date
ORDER BY drug_id, batch, content, state, site_id`, dateOf(month))
	if err != nil {
		return nil, fmt.Errorf("read what a month carries over: %w", err)
	}
	return list, nil
}

// writeCarry puts what a month carries over in the place of what is kept.
func writeCarry(ctx context.Context, tx *db.Tx, month time.Time, list []carried) error {
	if _, err := tx.Exec(ctx, `DELETE FROM ledger_carry WHERE on_day = $1::date`, dateOf(month)); err != nil {
		return fmt.Errorf("remove what a month carries over: %w", err)
	}
	var batches, states []string
	var drugs, contents, sites, whole, loose []int64
	for _, x := range list {
		drugs, batches, contents = append(drugs, x.DrugID), append(batches, x.Batch), append(contents, x.Content)
		states, sites, whole, loose = append(states, x.State), append(sites, x.Site), append(whole, x.Whole), append(loose, x.Loose)
	}
	_, err := tx.Exec(ctx, `INSERT INTO ledger_carry (on_day, drug_id, batch, content, state, site_id, whole, loose)
SELECT $1::date, n.drug_id, n.batch, n.content, n.state, n.site_id, n.whole, n.loose
FROM (SELECT unnest($2::bigint[]) AS drug_id, unnest($3::text[]) AS batch, unnest($4::bigint[]) AS content, unnest($5::text[]) AS state,
  unnest($6::bigint[]) AS site_id, unnest($7::bigint[]) AS whole, unnest($8::bigint[]) AS loose) n`,
		dateOf(month), pq.Array(drugs), pq.Array(batches), pq.Array(contents), pq.Array(states), pq.Array(sites), pq.Array(whole), pq.Array(loose))
	if err != nil {
		return fmt.Errorf("keep what a month carries over: %w", err)
	}
	return nil
}
