package integration

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Ingest takes one receipt in, in a transaction of its own; changed is false
// when it was there already. An error of kind Invalid, NotFound, Conflict or
// Denied says that this document cannot be taken in as it is: nothing of it
// was, and its sentence goes into the work list. Any other error says that
// nothing can be taken in now.
type Ingest func(ctx context.Context, doc wire.Receipt) (changed bool, err error)

// PollerConfig says what to pull and where to put it.
type PollerConfig struct {
	DB *db.DB
	// Client is nil where no other system is configured: files can be taken in then.
	Client *Client
	Ingest Ingest
	// Source is what documents must say they come from; "" means "HIS".
	Source string
	// Stream names the position; "" means "receipts".
	Stream string
	// Interval is the time between rounds; 0 means 30 s. After failures it is
	// doubled up to MaxInterval (0 means 10 min) and spread by chance.
	Interval, MaxInterval time.Duration
	// Page is how many documents are asked for at once; 0 means 50.
	Page int
	// Transfers is the sealed log of documents that were not taken in; nil means that of
	// the client, where there is one.
	Transfers *translog.Log
	// Log gets what went wrong; nil means slog.Default().
	Log *slog.Logger
}

// Poller pulls documents. Several servers may each run one for the same stream.
type Poller struct {
	c    PollerConfig
	by   identity.Actor
	wake chan struct{}

	mu    sync.Mutex // one round at a time
	stuck stuck
}

// stuck remembers a document that stops the stream by an inner fault.
type stuck struct {
	digest [32]byte
	times  int
}

// maxStuck is after how many rounds such a document is put aside.
const maxStuck = 3

// NewPoller makes a poller that does nothing before Run or Round.
func NewPoller(c PollerConfig) *Poller {
	if c.Source == "" {
		c.Source = "HIS"
	}
	if c.Stream == "" {
		c.Stream = "receipts"
	}
	if c.Interval <= 0 {
		c.Interval = 30 * time.Second
	}
	if c.MaxInterval <= 0 {
		c.MaxInterval = 10 * time.Minute
	}
	if c.Page <= 0 {
		c.Page = 50
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Transfers == nil && c.Client != nil {
		c.Transfers = c.Client.c.Log
	}
	return &Poller{c: c, by: identity.System("his-poller"), wake: make(chan struct{}, 1)}
}

// Wake makes Run begin a round at once ("立即拉取").
func (p *Poller) Wake() {
	select {
	case p.wake <- struct{}{}:
	default: // one is asked for already
	}
}

// Run makes rounds until ctx ends.
func (p *Poller) Run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		_, err := p.Round(ctx)
		switch {
		case err == nil:
			failures = 0
		case ctx.Err() == nil:
			failures++
			p.c.Log.WarnContext(ctx, "pull failed", "stream", p.c.Source+"/"+p.c.Stream, "failures", failures, "error", err)
		}
		p.rest(ctx, failures)
	}
}

func (p *Poller) rest(ctx context.Context, failures int) {
	t := time.NewTimer(p.interval(failures))
	defer t.Stop()
	select {
	case <-t.C:
	case <-p.wake:
	case <-ctx.Done():
	}
}

func (p *Poller) interval(failures int) time.Duration {
	if failures == 0 {
		return p.c.Interval
	}
	d := p.c.Interval
	for range min(failures, 20) {
		d = min(2*d, p.c.MaxInterval)
	}
	return spread(d)
}

// Pulled counts what a round brought.
type Pulled struct {
	Documents int // seen
	Taken     int // changed something
	Refused   int // put into the work list
}

// Round pulls everything behind the stored position, page by page. Nothing
// happens while the stream is switched off. Its error is also kept in the
// stream's state.
func (p *Poller) Round(ctx context.Context) (Pulled, error) {
	var n Pulled
	if p.c.Client == nil {
		return n, db.Refuse(db.Unavailable, "还没有配置 HIS 接口，不能取单。")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s, err := p.position(ctx)
	if err != nil || !s.Active {
		return n, err
	}
	err = p.pull(ctx, s.Mark, &n)
	if err == nil {
		return n, p.noteSuccess(ctx)
	}
	if ctx.Err() != nil {
		return n, err // the program ends; that is no failure of the other side
	}
	return n, errors.Join(err, p.noteFailure(ctx, err))
}

// pull stores the position after each page, when all its documents are either
// taken in or in the work list. After a crash in between the page comes again,
// and the same document twice changes nothing.
func (p *Poller) pull(ctx context.Context, mark string, n *Pulled) error {
	for {
		page, err := p.c.Client.Receipts(ctx, p.by, mark, p.c.Page)
		if err != nil {
			return err
		}
		for _, raw := range page.Documents {
			if err := p.take(ctx, p.c.Stream, raw, n); err != nil {
				return err
			}
		}
		if page.Next != mark && page.Next != "" {
			if err := p.advance(ctx, mark, page.Next, page.Waiting); err != nil {
				return err
			}
		}
		if !page.More {
			return nil
		}
		mark = page.Next
	}
}
