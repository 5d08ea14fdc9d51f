package translog

import (
	"cmp"
	"context"
	"time"

	"jingfang/sql/db"
)

// Bounds of one transaction of the log.
const (
	maxBatch      = 64
	maxBatchBytes = 16 << 20
	flushTimeout  = 15 * time.Second
)

// item is a draft that somebody waits for.
type item struct {
	draft draft
	done  chan error
}

// append hands a draft to the flusher and waits until it is committed. Drafts
// that arrive while a transaction commits share the next one, so the log's
// throughput does not end at one disk flush per entry.
func (l *Log) append(ctx context.Context, d draft) error {
	it := &item{draft: d, done: make(chan error, 1)}
	l.mu.Lock()
	l.queue = append(l.queue, it)
	start := !l.busy
	l.busy = true
	l.mu.Unlock()
	if start {
		// Without the asker's context: the transaction serves others too.
		go l.flush()
	}
	select {
	case err := <-it.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// appendAll hands several drafts over at once and waits until all are committed;
// its error is the first one's.
func (l *Log) appendAll(ctx context.Context, drafts []draft) error {
	items := make([]*item, len(drafts))
	for i, d := range drafts {
		items[i] = &item{draft: d, done: make(chan error, 1)}
	}
	l.mu.Lock()
	l.queue = append(l.queue, items...)
	start := !l.busy
	l.busy = true
	l.mu.Unlock()
	if start {
		go l.flush()
	}
	var failed error
	for _, it := range items {
		select {
		case err := <-it.done:
			failed = cmp.Or(failed, err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return failed
}

// flush writes batches until nobody waits any more.
func (l *Log) flush() {
	for {
		batch := l.take()
		if len(batch) == 0 {
			return
		}
		err := l.write(batch)
		for _, it := range batch {
			it.done <- err
		}
	}
}

func (l *Log) take() []*item {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, size := 0, int64(0)
	for n < len(l.queue) && n < maxBatch && (n == 0 || size < maxBatchBytes) {
		size += l.queue[n].draft.bodyBytes
		n++
	}
	batch := l.queue[:n:n]
	l.queue = l.queue[n:]
	if n == 0 {
		l.busy = false
		for _, waits := range l.settled {
			close(waits)
		}
		l.settled = nil
	}
	return batch
}

// Settle waits until everything that was handed in has been written or has
// failed. Whoever asked may be gone long before, for a cancelled request does
// not take its entry back; the last anchor of a program comes after this.
func (l *Log) Settle(ctx context.Context) error {
	l.mu.Lock()
	if !l.busy {
		l.mu.Unlock()
		return nil
	}
	done := make(chan struct{})
	l.settled = append(l.settled, done)
	l.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write commits a batch. After an error nobody knows whether the rows are
// there (the connection may have gone during COMMIT), so this chain is left
// where it is and the next batch begins a new one, whose header names the last
// place of the old one that is known.
func (l *Log) write(batch []*item) error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	drafts := make([]draft, len(batch))
	for i, it := range batch {
		drafts[i] = it.draft
	}
	w, err := l.writerFor(l.db.Now())
	if err != nil {
		return err
	}
	var head Head
	err = l.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		head, err = w.insert(ctx, tx, drafts)
		return err
	})
	if err != nil {
		l.w = &writer{head: w.known()}
		return err
	}
	w.head, w.saved = head, true
	l.w = w
	return nil
}

// writerFor gives the open writer, or a new one on the first entry, on a new
// day and after a failure.
func (l *Log) writerFor(now time.Time) (*writer, error) {
	if l.w != nil && l.w.saved && l.w.header.Day == dayOf(now) {
		return l.w, nil
	}
	var previous Head
	if l.w != nil {
		previous = l.w.known()
	}
	return newWriter(l.keys, l.host, l.started, now, previous)
}

// known is the last place that is certainly committed: the writer's head, or
// that of its predecessor as long as it was never saved itself.
func (w *writer) known() Head {
	if w.saved || w.header.ID == [16]byte{} {
		return w.head
	}
	return w.header.Previous
}

// insert writes everything of one batch and gives the head after it.
func (w *writer) insert(ctx context.Context, tx *db.Tx, drafts []draft) (Head, error) {
	rows, head, err := w.chain(drafts)
	if err != nil {
		return Head{}, err
	}
	if !w.saved {
		if err := insertWriter(ctx, tx, w); err != nil {
			return Head{}, err
		}
	}
	if err := insertEntries(ctx, tx, rows); err != nil {
		return Head{}, err
	}
	return head, moveHead(ctx, tx, w.head.Length, head, rows)
}
