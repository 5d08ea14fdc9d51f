package translog

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// outcomeTimeout bounds how long an outcome may take to be written after the
// asker has gone.
const outcomeTimeout = 10 * time.Second

// Log writes the transfer log of one process. It is safe for concurrent use.
type Log struct {
	db      *db.DB
	keys    seal.KeyProvider
	host    string
	started time.Time

	mu      sync.Mutex
	queue   []*item
	busy    bool            // a flusher runs
	settled []chan struct{} // who waits until nothing is being written

	w *writer // the flusher's own
}

// New makes the log of this process. Nothing is written before the first
// exchange; host names the machine in the writers' headers.
func New(d *db.DB, keys seal.KeyProvider, host string) *Log {
	return &Log{db: d, keys: keys, host: cut(host, 100), started: d.Now()}
}

// Pending is an exchange whose intent is committed and whose outcome is not.
type Pending struct {
	log     *Log
	id      uuid.UUID
	about   Exchange
	index   []byte
	started time.Time
}

// ID is the exchange's id in the log.
func (p *Pending) ID() uuid.UUID { return p.id }

// Begin commits the intent of an exchange; the call may be made only when it
// returns without error. When ctx ends while it waits, the intent may still be
// committed: the reader then shows 未知 for a call that was never made, which
// is the safe side. Errors: ErrInTransaction, seal.ErrNoLogOfficer, those of
// the database.
func (l *Log) Begin(ctx context.Context, x Exchange) (*Pending, error) {
	if db.InTransaction(ctx) {
		return nil, ErrInTransaction
	}
	if err := checkExchange(x); err != nil {
		return nil, err
	}
	index, err := l.index(x.Key)
	if err != nil {
		return nil, err
	}
	p := &Pending{log: l, id: x.id(), about: x, index: index, started: l.db.Now()}
	err = l.append(ctx, draft{exchange: p.id, phase: Intent, about: x, at: p.started, keyIndex: index, bodyBytes: int64(len(x.Body))})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// End commits the outcome, also when ctx has ended already: what happened is
// written down even though nobody waits for it any more.
func (p *Pending) End(ctx context.Context, o Outcome) error {
	if db.InTransaction(ctx) {
		return ErrInTransaction
	}
	if err := checkOutcome(o); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), outcomeTimeout)
	defer cancel()
	now := p.log.db.Now()
	o.Detail = valid(o.Detail)
	about := p.about
	about.Body = nil
	return p.log.append(ctx, draft{exchange: p.id, phase: OutcomePhase, about: about, outcome: o, at: now,
		duration: now.Sub(p.started), keyIndex: p.index, bodyBytes: int64(len(o.Request) + len(o.Body))})
}

// Record commits an exchange that is over already as one entry. took is how
// long it lasted, 0 where unknown.
func (l *Log) Record(ctx context.Context, x Exchange, o Outcome, took time.Duration) (uuid.UUID, error) {
	if db.InTransaction(ctx) {
		return uuid.Nil, ErrInTransaction
	}
	d, err := l.event(x, o, l.db.Now(), took)
	if err != nil {
		return uuid.Nil, err
	}
	return d.exchange, l.append(ctx, d)
}

// event is the one entry of an exchange that is over.
func (l *Log) event(x Exchange, o Outcome, at time.Time, took time.Duration) (draft, error) {
	if err := checkExchange(x); err != nil {
		return draft{}, err
	}
	if err := checkOutcome(o); err != nil {
		return draft{}, err
	}
	index, err := l.index(x.Key)
	if err != nil {
		return draft{}, err
	}
	o.Detail = valid(o.Detail)
	return draft{exchange: x.id(), phase: Event, about: x, outcome: o, at: at.Truncate(time.Microsecond), duration: took,
		keyIndex: index, bodyBytes: int64(len(x.Body) + len(o.Body))}, nil
}

// id is the exchange's id, a new one where none was given.
func (x Exchange) id() uuid.UUID {
	if x.ID == uuid.Nil {
		return uuid.New()
	}
	return x.ID
}

func (l *Log) index(key string) ([]byte, error) {
	index, err := seal.NewSealer(l.keys).Index(Purpose, key)
	if err != nil {
		return nil, fmt.Errorf("transfer log: %w", err)
	}
	return index, nil
}

func checkExchange(x Exchange) error {
	if !fits(x.System, 40) || !fits(x.Service, 60) || (x.Direction != In && x.Direction != Out) {
		return fmt.Errorf("translog: exchange with system %q, service %q, direction %q", x.System, x.Service, x.Direction)
	}
	for _, s := range []string{x.Key, x.Person, x.Target} {
		if !utf8.ValidString(s) {
			return fmt.Errorf("translog: key, person or target of %s %s is not UTF-8", x.System, x.Service)
		}
	}
	return nil
}

func checkOutcome(o Outcome) error {
	switch o.Result {
	case OK, Refused, Failed, Unknown:
		return nil
	}
	return fmt.Errorf("translog: outcome with result %q", o.Result)
}

func fits(s string, max int) bool {
	return s != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= max && !strings.ContainsFunc(s, unicode.IsControl)
}

// valid makes error text, which may quote a peer's bytes, storable.
func valid(s string) string { return cut(string([]rune(s)), 2000) }

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// zone is the zone of the log's days; it is a fixed offset, as China keeps no
// summer time, so the log needs no zone file.
func zone() *time.Location { return time.FixedZone("CST", 8*3600) }

func dayOf(t time.Time) string { return t.In(zone()).Format("2006-01-02") }
