package translog

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// Day is one day of the log, with where it lies.
type Day struct {
	LogDay  time.Time `db:"log_day"`
	Writers int       `db:"writers"`
	Entries int64     `db:"entries"`
	// Bytes are those of the entries when they were written, sealed.
	Bytes int64 `db:"bytes"`
	// Archive is the newest folder that the day lies in, nil for none.
	Archive *Archived `db:"-"`
}

// Closed tells whether nothing is added to the day any more.
func (d Day) Closed(now time.Time) bool { return d.Text() < LatestBefore(now) }

// Text is the day as "2026-11-23".
func (d Day) Text() string { return d.LogDay.Format(time.DateOnly) }

// TrimFrom is when its bodies may leave the database.
func (d Day) TrimFrom() time.Time { return d.LogDay.AddDate(KeepYears, 0, 0) }

// closedAfter is how long after its end a day may still get entries: a writer of
// the day before may be at its last batch.
const closedAfter = time.Hour

// Days lists the days of the log that are before one ("" for all), newest first, at
// most limit.
func Days(ctx context.Context, r db.Reader, before string, limit int) ([]Day, error) {
	var out []Day
	err := r.Select(ctx, &out, `SELECT w.log_day, count(*) AS writers, CAST(sum(h.length) AS bigint) AS entries, CAST(sum(h.bytes) AS bigint) AS bytes
FROM translog_writer w JOIN translog_head h ON h.writer_id = w.id
WHERE $1::text = '' OR w.log_day < CAST(NULLIF($1::text, '') AS date)
GROUP BY w.log_day ORDER BY w.log_day DESC LIMIT $2::bigint`, before, limit)
	if err != nil {
		return nil, fmt.Errorf("read the days of the transfer log: %w", err)
	}
	if len(out) == 0 {
		return nil, nil
	}
	list, err := archives(ctx, r, out[len(out)-1].Text(), out[0].Text())
	if err != nil {
		return nil, err
	}
	byDay := map[string]*Archived{}
	for i, a := range list { // newest first; one that was emptied from stays named
		day := a.LogDay.Format(time.DateOnly)
		if byDay[day] == nil || a.Emptied {
			byDay[day] = &list[i]
		}
	}
	for i := range out {
		out[i].Archive = byDay[out[i].Text()]
	}
	return out, nil
}

// LatestBefore is the latest day that a request to archive may name: the days before
// it are closed.
func LatestBefore(now time.Time) string { return dayOf(now.Add(-closedAfter)) }
