package translog

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/sql/db"
)

// insertEntries writes a batch with one statement: one for each entry would cost
// the scans whose transfers stand in it more than the log itself.
func insertEntries(ctx context.Context, tx *db.Tx, rows []row) error {
	var c columns
	for _, r := range rows {
		c.add(r)
	}
	n, err := tx.Exec(ctx, `INSERT INTO translog_entry (writer_id, seq, exchange_id, phase, direction, system_name, service,
  result, at, duration_us, size, staff_id, key_index, canonical, prev, digest)
SELECT $1::uuid, n.seq, n.exchange_id::uuid, n.phase, n.direction, n.system_name, n.service,
  n.result, n.at::timestamptz, n.duration_us, n.size, n.staff_id, CASE WHEN octet_length(n.key_index) > 0 THEN n.key_index END,
  n.canonical, n.prev, n.digest
FROM (SELECT unnest($2::bigint[]) AS seq, unnest($3::text[]) AS exchange_id, unnest($4::text[]) AS phase, unnest($5::text[]) AS direction,
  unnest($6::text[]) AS system_name, unnest($7::text[]) AS service, unnest($8::text[]) AS result, unnest($9::text[]) AS at,
  unnest($10::bigint[]) AS duration_us, unnest($11::bigint[]) AS size, unnest($12::bigint[]) AS staff_id, unnest($13::bytea[]) AS key_index,
  unnest($14::bytea[]) AS canonical, unnest($15::bytea[]) AS prev, unnest($16::bytea[]) AS digest) n`,
		rows[0].Writer, pq.Array(c.seqs), pq.Array(c.exchanges), pq.Array(c.phases), pq.Array(c.directions), pq.Array(c.systems),
		pq.Array(c.services), pq.Array(c.results), pq.Array(c.times), pq.Array(c.micros), pq.Array(c.sizes), pq.Array(c.staff),
		c.indexes, c.canonicals, c.prevs, c.digests)
	if err == nil && n != int64(len(rows)) {
		err = fmt.Errorf("%d of %d rows", n, len(rows))
	}
	if err != nil {
		return fmt.Errorf("insert transfer log entries: %w", err)
	}
	return nil
}

// columns are the rows of a batch, column by column.
type columns struct {
	seqs, micros, sizes, staff                                       []int64
	exchanges, phases, directions, systems, services, results, times []string
	indexes, canonicals, prevs, digests                              pq.ByteaArray
}

func (c *columns) add(r row) {
	c.seqs, c.micros, c.sizes, c.staff = append(c.seqs, r.Seq), append(c.micros, r.Micros), append(c.sizes, r.Size), append(c.staff, r.StaffID)
	c.exchanges, c.phases = append(c.exchanges, r.Exchange.String()), append(c.phases, string(r.Phase))
	c.directions, c.results = append(c.directions, string(r.Direction)), append(c.results, string(r.Result))
	c.systems, c.services = append(c.systems, r.System), append(c.services, r.Service)
	c.times = append(c.times, r.At.UTC().Format(time.RFC3339Nano))
	index := r.KeyIndex
	if index == nil {
		index = []byte{} // the driver would write NULL, which unnest keeps and a CASE need not tell apart
	}
	c.indexes, c.canonicals = append(c.indexes, index), append(c.canonicals, r.canonical)
	c.prevs, c.digests = append(c.prevs, r.prev[:]), append(c.digests, r.digest[:])
}

// written tells which of the exchanges have an entry of the phase already: after
// an error nobody knows whether a batch was committed. recovered says that the
// entry was made in its place by Recover.
func (l *Log) written(ctx context.Context, drafts []draft) (there map[uuid.UUID]bool, recovered map[uuid.UUID]bool, err error) {
	ids := make([]string, len(drafts))
	for i, d := range drafts {
		ids[i] = d.exchange.String()
	}
	var found []struct {
		ID      uuid.UUID `db:"exchange_id"`
		Service string    `db:"service"`
	}
	err = l.db.Select(ctx, &found, `SELECT exchange_id, service FROM translog_entry WHERE phase = 'event' AND exchange_id = ANY($1::uuid[])`, pq.Array(ids))
	if err != nil {
		return nil, nil, fmt.Errorf("look for transfer log entries: %w", err)
	}
	there, recovered = map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, x := range found {
		there[x.ID] = true
		if strings.HasSuffix(x.Service, RecoveredSuffix) {
			recovered[x.ID] = true
		}
	}
	return there, recovered, nil
}
