package translog

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
)

// source is where a log lies: the tables of a database, or a folder that was
// exported from them. Verifying and showing are the same for both.
type source interface {
	// writers gives the headers, oldest first; heads the last place of each chain.
	writers(ctx context.Context) ([]writerRow, error)
	heads(ctx context.Context) ([]Head, error)
	// each calls do for the entries of a writer as they stand, until it wants no
	// more. Its error is a *Problem where the place itself cannot be read.
	each(ctx context.Context, writer uuid.UUID, do func(entryRow) (more bool, err error)) error
	// holders names the writers that have entries of an exchange.
	holders(ctx context.Context, exchange uuid.UUID) ([]uuid.UUID, error)
	find(ctx context.Context, f Filter) ([]Summary, error)
	// open counts the intents without an outcome.
	open(ctx context.Context) (int, error)
	// emptied names the days whose bodies lie in an archive only.
	emptied(ctx context.Context) (map[string]bool, error)
}

// tables is the log in a database.
type tables struct{ r db.Reader }

// pageSize bounds how many entries are in memory at once: bodies may be large.
const pageSize = 50

func (t tables) writers(ctx context.Context) ([]writerRow, error) {
	var rows []writerRow
	err := t.r.Select(ctx, &rows, `SELECT id, host, started_at, log_day, opened_at, officer_key, data_key, wrapped_key, canonical, digest
FROM translog_writer ORDER BY opened_at, id`)
	if err != nil {
		return nil, fmt.Errorf("read transfer log writers: %w", err)
	}
	return rows, nil
}

func (t tables) heads(ctx context.Context) ([]Head, error) { return Heads(ctx, t.r) }

func (t tables) each(ctx context.Context, writer uuid.UUID, do func(entryRow) (bool, error)) error {
	after := int64(0)
	for {
		var rows []entryRow
		err := t.r.Select(ctx, &rows, `SELECT writer_id, seq, exchange_id, phase, direction, system_name, service, result, at, duration_us,
  size, staff_id, key_index, canonical, prev, digest
FROM translog_entry WHERE writer_id = $1 AND seq > $2::bigint ORDER BY seq LIMIT $3::bigint`, writer, after, pageSize)
		if err != nil {
			return fmt.Errorf("read transfer log entries: %w", err)
		}
		for _, row := range rows {
			after = row.Seq
			if more, err := do(row); err != nil || !more {
				return err
			}
		}
		if len(rows) < pageSize {
			return nil
		}
	}
}

func (t tables) holders(ctx context.Context, exchange uuid.UUID) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	if err := t.r.Select(ctx, &ids, `SELECT writer_id FROM translog_entry WHERE exchange_id = $1`, exchange); err != nil {
		return nil, fmt.Errorf("find transfer log writers: %w", err)
	}
	return ids, nil
}

func (t tables) open(ctx context.Context) (int, error) {
	var n int
	err := t.r.Get(ctx, &n, `SELECT count(*) FROM translog_entry i WHERE i.phase = 'intent'
  AND NOT EXISTS (SELECT 1 FROM translog_entry o WHERE o.exchange_id = i.exchange_id AND o.phase = 'outcome')`)
	if err != nil {
		return 0, fmt.Errorf("count open exchanges: %w", err)
	}
	return n, nil
}

func (t tables) emptied(ctx context.Context) (map[string]bool, error) {
	var days []time.Time
	if err := t.r.Select(ctx, &days, `SELECT log_day FROM translog_trim`); err != nil {
		return nil, fmt.Errorf("read emptied days: %w", err)
	}
	out := map[string]bool{}
	for _, d := range days {
		out[d.Format(time.DateOnly)] = true
	}
	return out, nil
}
