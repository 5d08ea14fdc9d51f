package live

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// room is one session that somebody looks at. Its goroutine is the only one that
// draws; it ends when the last viewer leaves.
type room struct {
	hub     *Hub
	id      int64
	cancel  context.CancelFunc
	members int // viewers that joined and have not left; guarded by hub.mu

	wake   chan struct{} // something may have changed
	caught chan struct{} // half of the viewers have taken the last event

	busy  atomic.Int64 // viewers with events on the way
	crowd atomic.Int64 // viewers

	mu        sync.Mutex // guards what follows, and the order of events of each viewer
	halls     map[Audience]*hall
	version   int64     // of the boards in the halls; -1 before the first
	forced    bool      // draw although the version is the same
	stale     bool      // the last try to draw or to read the version failed
	confirmed time.Time // when the boards were last known to be the newest
}

// hall is one audience of a room: its viewers and what is on their screens.
type hall struct {
	viewers map[*viewer]struct{}
	drawn   bool
	parts   []Part
	board   []byte // parts in one piece, made when the first viewer needs it
}

func newRoom(h *Hub, id int64) *room {
	r := &room{
		hub: h, id: id, version: -1,
		wake:   make(chan struct{}, 1),
		caught: make(chan struct{}, 1),
		halls:  make(map[Audience]*hall),
	}
	ctx, cancel := context.WithCancel(h.base)
	r.cancel = cancel
	go r.run(ctx)
	return r
}

// signal leaves a note in a channel of one place; a note that lies there already
// says the same.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (r *room) force() {
	r.mu.Lock()
	r.forced = true
	r.mu.Unlock()
	signal(r.wake)
}

func (r *room) run(ctx context.Context) {
	beat := time.NewTicker(r.hub.opt.Heartbeat)
	defer beat.Stop()
	retry := time.NewTimer(time.Hour)
	defer retry.Stop()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			r.heartbeat()
			continue
		case <-r.wake:
			if failures > 0 {
				continue // the retry comes anyhow, at its own pace
			}
		case <-retry.C:
		}
		err := r.round(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			failures++
			r.fail(err)
			retry.Reset(backOff(r.hub.opt.Poll, failures))
			continue
		}
		failures = 0
		retry.Stop()
		r.pace(ctx)
	}
}

// round looks at the version and, if it is new, draws and sends. The version is
// read first: when somebody commits in between, the boards are newer than their
// version says, and the next look draws once too often instead of once too few.
func (r *room) round(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.hub.opt.RenderTimeout)
	defer cancel()
	select {
	case r.hub.turns <- struct{}{}:
		defer func() { <-r.hub.turns }()
	case <-ctx.Done():
		return fmt.Errorf("wait to draw session %d: %w", r.id, ctx.Err())
	}
	audiences, forced := r.begin()
	versions, err := readVersions(ctx, r.hub.d, []int64{r.id})
	if err != nil {
		r.putBack(forced)
		return err
	}
	version := versions[r.id]
	if !forced && r.confirm(version) {
		return nil
	}
	boards, err := r.draw(ctx, audiences)
	if err != nil {
		r.putBack(forced)
		return err
	}
	r.publish(version, audiences, boards)
	return nil
}

func (r *room) begin() (audiences []Audience, forced bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for a := range r.halls {
		audiences = append(audiences, a)
	}
	forced, r.forced = r.forced, false
	return audiences, forced
}

// putBack keeps the wish for a drawing that failed.
func (r *room) putBack(forced bool) {
	r.mu.Lock()
	r.forced = r.forced || forced
	r.mu.Unlock()
}

// draw calls the renderer. A panic in it must not end the server: it becomes an
// error like any other.
func (r *room) draw(ctx context.Context, audiences []Audience) (boards map[Audience][]Part, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("render session %d: panic: %v\n%s", r.id, p, debug.Stack())
		}
	}()
	r.hub.renders.Add(1)
	boards, err = r.hub.render(ctx, r.id, audiences)
	if err != nil {
		return nil, fmt.Errorf("render session %d: %w", r.id, err)
	}
	return boards, nil
}

// pace keeps a distance to the next drawing: at least Gap, so that a burst is
// drawn a few times, and then until half of the screens have what was sent, so
// that a busy server sends fewer boards instead of queueing them. One sleeping
// phone holds nobody up, and a room full of them not longer than maxGap.
func (r *room) pace(ctx context.Context) {
	least, most := time.NewTimer(r.hub.opt.Gap), time.NewTimer(maxGap)
	defer least.Stop()
	defer most.Stop()
	select {
	case <-least.C:
	case <-ctx.Done():
		return
	}
	for r.busy.Load()*2 > r.crowd.Load() {
		select {
		case <-r.caught:
		case <-most.C:
			return
		case <-ctx.Done():
			return
		}
	}
}
