package translog

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// writer is one chain in the making. Only the flusher touches it.
type writer struct {
	header header
	bytes  []byte // canonical header
	key    seal.DataKey
	head   Head
	saved  bool // its rows are committed
}

// newWriter makes a data key and wraps it for the log officer; the clear key
// lives in this process's memory only. Errors: seal.ErrNoLogOfficer.
func newWriter(keys seal.KeyProvider, host string, started, now time.Time, previous Head) (*writer, error) {
	officer, err := keys.LogWrapKey()
	if err != nil {
		return nil, fmt.Errorf("open transfer log: %w", err)
	}
	id := uuid.New()
	day := dayOf(now)
	key, err := seal.NewRandomDataKey(fmt.Sprintf("tl-%s-%x", day, id[:4]))
	if err != nil {
		return nil, fmt.Errorf("open transfer log: %w", err)
	}
	wrapped, err := officer.WrapKey(key)
	if err != nil {
		return nil, fmt.Errorf("open transfer log: %w", err)
	}
	w := &writer{key: key, header: header{ID: id, Host: host, StartedAt: started, Day: day, OpenedAt: now,
		OfficerKey: officer.ID(), DataKey: key.ID(), WrappedKey: wrapped, Previous: previous}}
	if w.bytes, err = w.header.canonical(); err != nil {
		return nil, fmt.Errorf("open transfer log: %w", err)
	}
	w.head = Head{Writer: id, Digest: seal.Link(domain(id), seal.Digest{}, w.bytes)}
	return w, nil
}

// row is an entry ready to be inserted.
type row struct {
	entry
	canonical    []byte
	prev, digest seal.Digest
}

// chain seals drafts and links them behind the head; it gives the rows and the
// head after them and leaves the writer as it is, because the transaction may
// run again.
func (w *writer) chain(drafts []draft) ([]row, Head, error) {
	head, rows := w.head, make([]row, 0, len(drafts))
	for _, d := range drafts {
		r, err := w.link(d, head)
		if err != nil {
			return nil, Head{}, err
		}
		rows = append(rows, r)
		head.Length, head.Digest = r.Seq, r.digest
	}
	return rows, head, nil
}

func (w *writer) link(d draft, head Head) (row, error) {
	seq := head.Length + 1
	plain, err := d.payload().canonical()
	if err != nil {
		return row{}, fmt.Errorf("transfer log entry: %w", err)
	}
	sealed, err := w.key.Seal(aad(w.header.ID, seq), plain)
	if err != nil {
		return row{}, fmt.Errorf("transfer log entry: %w", err)
	}
	r := row{prev: head.Digest, entry: entry{Writer: w.header.ID, Seq: seq, Exchange: d.exchange, Phase: d.phase,
		Direction: d.about.Direction, System: d.about.System, Service: d.about.Service, Result: d.outcome.Result,
		At: d.at, Micros: d.duration.Microseconds(), Size: d.bodyBytes, StaffID: d.about.StaffID,
		KeyIndex: d.keyIndex, Sealed: sealed}}
	if r.canonical, err = r.entry.canonical(); err != nil {
		return row{}, fmt.Errorf("transfer log entry: %w", err)
	}
	r.digest = seal.Link(domain(w.header.ID), r.prev, r.canonical)
	return r, nil
}

// insertWriter writes the writer's own rows.
func insertWriter(ctx context.Context, tx *db.Tx, w *writer) error {
	h := w.header
	err := tx.ExecOne(ctx, `INSERT INTO translog_writer (id, host, started_at, log_day, opened_at, officer_key, data_key,
  wrapped_key, canonical, digest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		h.ID, h.Host, h.StartedAt, h.Day, h.OpenedAt, h.OfficerKey, h.DataKey, h.WrappedKey, w.bytes, w.head.Digest[:])
	if err != nil {
		return fmt.Errorf("insert transfer log writer: %w", err)
	}
	err = tx.ExecOne(ctx, `INSERT INTO translog_head (writer_id, length, digest, changed_at) VALUES ($1, 0, $2, $3)`,
		h.ID, w.head.Digest[:], tx.Now)
	if err != nil {
		return fmt.Errorf("insert transfer log head: %w", err)
	}
	return nil
}

// moveHead demands the old length: a head that somebody else moved means that
// this chain is no longer ours to continue.
func moveHead(ctx context.Context, tx *db.Tx, from int64, to Head, rows []row) error {
	size := 0
	for _, r := range rows {
		size += len(r.canonical)
	}
	err := tx.ExecOne(ctx, `UPDATE translog_head SET length = $3, digest = $4, changed_at = $5, bytes = bytes + $6 WHERE writer_id = $1 AND length = $2`,
		to.Writer, from, to.Length, to.Digest[:], tx.Now, size)
	if err != nil {
		return fmt.Errorf("move transfer log head: %w", err)
	}
	return nil
}
