package translog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Bounds of a spool: what waits beyond them is not kept, but counted.
const (
	spoolNotes = 8192
	spoolBytes = 64 << 20
	// linger lets a burst of scans share one transaction.
	spoolLinger  = 200 * time.Millisecond
	spoolPause   = time.Second
	spoolPauses  = 30 * time.Second
	spoolTimeout = 20 * time.Second
)

// Note is a transfer that is over, to be written down by somebody else: the
// person at the device does not wait for the log.
type Note struct {
	About   Exchange
	Outcome Outcome
	// At is when it began, Took how long it lasted.
	At   time.Time
	Took time.Duration
	// Shape, if set, makes the bodies ready to be kept when the note is written.
	Shape func(x *Exchange, o *Outcome)
}

func (n Note) size() int64 { return int64(len(n.About.Body) + len(n.Outcome.Body)) }

// Spool takes notes from requests and writes them into the log in batches, in
// the order they came. It never makes a request wait. What does not fit is
// counted, and the log gets an entry of service GapService that says how many
// transfers it lacks and from when to when. It is safe for concurrent use.
type Spool struct {
	log  *Log
	wake chan struct{}

	now *batch // being written; of the one goroutine that writes

	mu    sync.Mutex
	notes []Note
	size  int64
	gap   gap
	stats SpoolStats
	limit int // of notes
}

// SpoolStats are the figures of a spool since the program began.
type SpoolStats struct {
	Waiting, WaitingBytes int64
	Written, Lost         int64
	// Failing is since when nothing could be written; zero while all goes well.
	Failing time.Time
}

// NewSpool makes a spool of the log that holds at most so many notes (0: 8,192)
// and 64 MB. Nothing is written before Run or Close.
func NewSpool(l *Log, notes int) *Spool {
	return &Spool{log: l, wake: make(chan struct{}, 1), limit: cmp.Or(notes, spoolNotes)}
}

// Begin commits the intent of a transfer that must not be lost with the program,
// such as a file that leaves the house: Log.Begin for who has only the spool.
func (s *Spool) Begin(ctx context.Context, x Exchange) (*Pending, error) {
	x.Key, x.Person, x.Target = valid(x.Key), valid(x.Person), valid(x.Target)
	return s.log.Begin(ctx, x)
}

// Put takes a note over. It keeps the bodies; the caller does not change them any
// more.
func (s *Spool) Put(n Note) {
	n.About.Key, n.About.Person, n.About.Target = valid(n.About.Key), valid(n.About.Person), valid(n.About.Target)
	s.mu.Lock()
	defer s.mu.Unlock()
	malformed := cmp.Or(checkExchange(n.About), checkOutcome(n.Outcome))
	if malformed != nil || len(s.notes) >= s.limit || s.size+n.size() > spoolBytes {
		s.lose(n)
		return
	}
	s.notes = append(s.notes, n)
	s.size += n.size()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Stats gives the figures of this moment.
func (s *Spool) Stats() SpoolStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.stats
	out.Waiting, out.WaitingBytes = int64(len(s.notes)), s.size
	return out
}

// Run writes what comes until ctx ends; Close writes the rest.
func (s *Spool) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wake:
		}
		pause := spoolLinger
		for more := true; more && sleep(ctx, pause); {
			var err error
			more, err = s.writeSome(ctx)
			pause = s.nextPause(pause, err)
		}
	}
}

// nextPause lets a burst gather, and waits longer after each failure in a row.
func (s *Spool) nextPause(last time.Duration, err error) time.Duration {
	switch {
	case err != nil:
		return min(max(2*last, spoolPause), spoolPauses)
	case s.Stats().Waiting >= maxBatch:
		return 0
	}
	return spoolLinger
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// Close writes what waits; call it after Run has ended. What cannot be written is
// lost, and the error says how much.
func (s *Spool) Close(ctx context.Context) error {
	for {
		more, err := s.writeSome(ctx)
		if err != nil {
			return fmt.Errorf("translog: %d transfers were not written down: %w", s.Stats().Waiting, err)
		}
		if !more {
			return nil
		}
	}
}

// batch is what one transaction writes; it stays as it is until it is committed,
// so that trying again cannot write an entry twice.
type batch struct {
	drafts []draft
	notes  int
	gap    gap
	tried  bool
}

// writeSome writes the oldest notes and says whether there are more. Notes count
// as waiting until their entries are committed.
func (s *Spool) writeSome(ctx context.Context) (more bool, err error) {
	if s.now == nil {
		if s.now, err = s.next(); s.now == nil || err != nil {
			return err != nil, err
		}
	}
	err = s.write(ctx, s.now)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		if s.stats.Failing.IsZero() {
			s.stats.Failing = s.log.db.Now()
		}
		return true, err
	}
	s.drop(s.now)
	s.now = nil
	return len(s.notes) > 0 || s.gap.lost > 0, nil
}

// next makes the batch of the oldest notes, nil when nothing waits. What was lost
// before them is told first.
func (s *Spool) next() (*batch, error) {
	s.mu.Lock()
	notes, lost := s.first(), s.gap
	s.mu.Unlock()
	if len(notes) == 0 && lost.lost == 0 {
		return nil, nil
	}
	b := &batch{notes: len(notes), gap: lost}
	if lost.lost > 0 {
		notes = append([]Note{s.log.gapNote(lost)}, notes...)
	}
	for _, n := range notes {
		if n.Shape != nil {
			n.Shape(&n.About, &n.Outcome)
		}
		d, err := s.log.event(n.About, n.Outcome, n.At, n.Took)
		if err != nil {
			return nil, err
		}
		b.drafts = append(b.drafts, d)
	}
	return b, nil
}

// first are the notes of the next transaction.
func (s *Spool) first() []Note {
	n, size := 0, int64(0)
	for n < len(s.notes) && n < maxBatch-1 && (n == 0 || size < maxBatchBytes) {
		size += s.notes[n].size()
		n++
	}
	return s.notes[:n:n]
}

// drop forgets what is written.
func (s *Spool) drop(b *batch) {
	for _, x := range s.notes[:b.notes] {
		s.size -= x.size()
	}
	clear(s.notes[:b.notes])
	if s.notes = s.notes[b.notes:]; len(s.notes) == 0 {
		s.notes = nil
	}
	s.gap.lost -= b.gap.lost
	if b.gap.lost > 0 {
		s.gap.from = b.gap.to
	}
	s.stats.Written += int64(b.notes)
	s.stats.Failing = time.Time{}
}

// write commits a batch. A failure before may have come after the commit: what is
// there already is left out.
func (s *Spool) write(ctx context.Context, b *batch) error {
	ctx, cancel := context.WithTimeout(ctx, spoolTimeout)
	defer cancel()
	if b.tried {
		if err := s.leaveOut(ctx, b); err != nil {
			return err
		}
	}
	b.tried = true
	if len(b.drafts) == 0 {
		return nil
	}
	return s.log.appendAll(ctx, b.drafts)
}

// leaveOut takes out of a batch what was committed before. A note that another
// server has taken for lost meanwhile is written all the same, as an exchange of
// its own: it has the bodies.
func (s *Spool) leaveOut(ctx context.Context, b *batch) error {
	there, recovered, err := s.log.written(ctx, b.drafts)
	if err != nil {
		return err
	}
	for i, d := range b.drafts {
		if recovered[d.exchange] {
			b.drafts[i].exchange = uuid.New()
		}
	}
	b.drafts = slices.DeleteFunc(b.drafts, func(d draft) bool { return there[d.exchange] })
	return nil
}
