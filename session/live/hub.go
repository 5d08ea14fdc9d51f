package live

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/r3labs/sse/v2"

	"jingfang/sql/db"
)

// Options set the pace of a hub. Zero values mean the defaults.
type Options struct {
	// Poll is how often the versions of the sessions being looked at are read;
	// 150 ms by default.
	Poll time.Duration
	// Heartbeat is how often a screen hears that its board is the newest; 15 s.
	Heartbeat time.Duration
	// WriteTimeout ends a connection that takes no bytes for so long; 5 s.
	WriteTimeout time.Duration
	// MaxAge ends a connection after this time, more or less a fifth of it, so
	// that every right is looked at again and reconnects do not come all at
	// once; 30 min.
	MaxAge time.Duration
	// RenderTimeout bounds one drawing of one session; 10 s.
	RenderTimeout time.Duration
	// Gap is the shortest time between two drawings of a session; 20 ms. What
	// changes in between is drawn once.
	Gap time.Duration
	// Log receives failures and recoveries; slog.Default if nil.
	Log *slog.Logger
	// Clock tells the time that a screen is shown; the database handle's clock
	// if nil.
	Clock func() time.Time
}

// maxGap bounds how long a session's next drawing waits for its viewers to take
// the last one.
const maxGap = 100 * time.Millisecond

// maxBackOff bounds the pause between two tries while the database or the
// drawing fails.
const maxBackOff = 2 * time.Second

// endedFor is how long an ended login is remembered: a request that was let in
// just before may still be on its way to Serve.
const endedFor = time.Minute

// drawing is how many sessions are drawn at the same time.
const drawing = 4

// buffered is how many events may wait in a stream's queue, before the 64 of
// r3labs/sse's own queue of a connection.
const buffered = 16

// Hub watches the versions of the sessions that are being looked at and serves
// the event streams of their viewers. It is safe for concurrent use.
type Hub struct {
	d      *db.DB
	render Render
	opt    Options
	events *sse.Server
	// base ends with Shutdown and with it every room and stream; streams outlive
	// the calls that make them, so it cannot be an argument.
	base context.Context
	stop context.CancelFunc
	// turns are the drawings that may go on at the same time: when many sessions
	// are busy, their boards come a little later and coalesce instead of taking the
	// database's connections from the people who scan.
	turns chan struct{}

	mu      sync.Mutex // guards what follows; taken before a room's mu, never after
	rooms   map[int64]*room
	viewers map[string]*viewer // by the name of their stream
	ended   map[uuid.UUID]time.Time

	connects, renders, failures, bytes, dropped atomic.Uint64
}

// New makes a hub that draws with render. Streams can be served at once; changes
// of other servers arrive while Run runs.
func New(d *db.DB, render Render, opt Options) *Hub {
	opt.Poll = cmp.Or(opt.Poll, 150*time.Millisecond)
	opt.Heartbeat = cmp.Or(opt.Heartbeat, 15*time.Second)
	opt.WriteTimeout = cmp.Or(opt.WriteTimeout, 5*time.Second)
	opt.MaxAge = cmp.Or(opt.MaxAge, 30*time.Minute)
	opt.RenderTimeout = cmp.Or(opt.RenderTimeout, 10*time.Second)
	opt.Gap = cmp.Or(opt.Gap, 20*time.Millisecond)
	opt.Log = cmp.Or(opt.Log, slog.Default())
	if opt.Clock == nil {
		opt.Clock = d.Now
	}
	h := &Hub{
		d: d, render: render, opt: opt,
		rooms:   make(map[int64]*room),
		viewers: make(map[string]*viewer),
		ended:   make(map[uuid.UUID]time.Time),
		turns:   make(chan struct{}, drawing),
	}
	h.base, h.stop = context.WithCancel(context.Background())
	h.events = newServer(h.subscribed)
	return h
}

// newServer sets r3labs/sse up to carry bytes and nothing else: no history that
// grows and is sent to newcomers, no streams that clients make, line feeds split
// into lines of the event. Its Close is never used: it leaks a goroutine for
// each open connection.
func newServer(subscribed func(string, *sse.Subscriber)) *sse.Server {
	s := sse.NewWithCallback(subscribed, nil)
	s.AutoReplay, s.AutoStream, s.EncodeBase64 = false, false, false
	s.SplitData = true
	s.BufferSize = buffered
	return s
}

// Dirty has sessions drawn again although their versions did not change, for
// what a board shows besides committed rows. A nil hub has none.
func (h *Hub) Dirty(ids ...int64) {
	for _, r := range h.find(ids) {
		r.force()
	}
}

// nudge has sessions look at their version now instead of at the next poll.
func (h *Hub) nudge(ids []int64) {
	for _, r := range h.find(ids) {
		signal(r.wake)
	}
}

// find gives the rooms of those sessions that somebody looks at.
func (h *Hub) find(ids []int64) []*room {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []*room
	for _, id := range ids {
		if r := h.rooms[id]; r != nil {
			list = append(list, r)
		}
	}
	return list
}

// EndLogin ends the streams of a login that is over for good. Its pages get the
// event bye, so that they do not connect again.
func (h *Hub) EndLogin(loginID uuid.UUID) {
	h.mu.Lock()
	now := time.Now()
	for id, at := range h.ended {
		if now.Sub(at) > endedFor {
			delete(h.ended, id)
		}
	}
	h.ended[loginID] = now
	h.mu.Unlock()
	for _, v := range h.of(loginID) {
		v.bye()
	}
}

// Reconnect ends the streams of a login without a word: its pages connect again
// and are let in by the rights it has by then (another role: another audience;
// a locked screen: the caller answers with Bye).
func (h *Hub) Reconnect(loginID uuid.UUID) {
	for _, v := range h.of(loginID) {
		v.cancel()
	}
}

func (h *Hub) of(loginID uuid.UUID) []*viewer {
	h.mu.Lock()
	defer h.mu.Unlock()
	var list []*viewer
	for _, v := range h.viewers {
		if v.login == loginID {
			list = append(list, v)
		}
	}
	return list
}

// Logins gives the logins that hold streams here, so that a sweep can ask the
// database which of them ended on another server and call EndLogin.
func (h *Hub) Logins() []uuid.UUID {
	h.mu.Lock()
	defer h.mu.Unlock()
	seen := make(map[uuid.UUID]bool)
	var list []uuid.UUID
	for _, v := range h.viewers {
		if !seen[v.login] {
			seen[v.login] = true
			list = append(list, v.login)
		}
	}
	return list
}

// Shutdown ends every stream and refuses new ones. Call it before the HTTP
// server's own Shutdown, which waits for open requests.
func (h *Hub) Shutdown() { h.stop() }
