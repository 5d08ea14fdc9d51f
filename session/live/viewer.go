package live

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/r3labs/sse/v2"

	"jingfang/sql/db"
)

// viewer is one open event stream.
type viewer struct {
	hub      *Hub
	room     *room
	audience Audience
	login    uuid.UUID
	stream   string // its own in r3labs/sse, with a random name
	cancel   context.CancelFunc
	dropping sync.Once

	pending atomic.Int64 // events queued and not yet flushed
	sealed  atomic.Bool  // nothing follows: end when pending is 0

	// Guarded by room.mu.
	ready   bool // registered: what is published reaches it
	shown   bool // has the whole board, so that changes suffice
	closed  bool // gets nothing more
	leaving bool // its login ended before it was ready
	greeted bool // knows how long to wait before it connects again
}

// Serve answers a request with the event stream of a session's board, as the
// audience sees it, and returns when the stream has ended. Who may look is
// decided before; the stream ends with the request's context, so a caller can
// bound it further. An error means that nothing was answered yet.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, sessionID int64, a Audience, loginID uuid.UUID) error {
	ctx, cancel := context.WithTimeout(r.Context(), h.age())
	defer cancel()
	v := &viewer{hub: h, audience: a, login: loginID, stream: uuid.NewString(), cancel: cancel}
	ended, err := h.join(v, sessionID)
	if err != nil {
		return err
	}
	if ended {
		Bye(w, r)
		return nil
	}
	defer h.leave(v)
	out := &writer{ResponseWriter: w, control: http.NewResponseController(w), viewer: v, ctx: ctx, timeout: h.opt.WriteTimeout, proto: r.ProtoMajor}
	if err := out.prepare(); err != nil {
		return err
	}
	defer out.finish()
	defer context.AfterFunc(h.base, cancel)()
	defer context.AfterFunc(ctx, out.hurry)()
	h.events.CreateStream(v.stream)
	h.events.ServeHTTP(out, v.request(ctx, r))
	return nil
}

// request is r with the stream that we chose. What the client says about streams
// and about events it has seen does not count.
func (v *viewer) request(ctx context.Context, r *http.Request) *http.Request {
	c := r.Clone(ctx)
	c.URL.RawQuery = "stream=" + v.stream
	c.Header.Del("Last-Event-ID")
	return c
}

// join brings a viewer into the room of its session, which begins with the first
// one. ended tells that its login is over.
func (h *Hub) join(v *viewer, sessionID int64) (ended bool, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.base.Err() != nil {
		return false, db.Refuse(db.Unavailable, "服务器正在停止或重新启动，页面稍后会自己重新连接。")
	}
	if at, ok := h.ended[v.login]; ok && time.Since(at) < endedFor {
		return true, nil
	}
	if h.rooms[sessionID] == nil {
		h.rooms[sessionID] = newRoom(h, sessionID)
	}
	v.room = h.rooms[sessionID]
	v.room.members++
	v.room.add(v)
	h.viewers[v.stream] = v
	h.connects.Add(1)
	return false, nil
}

func (r *room) add(v *viewer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.halls[v.audience] == nil {
		r.halls[v.audience] = &hall{viewers: make(map[*viewer]struct{})}
	}
	r.halls[v.audience].viewers[v] = struct{}{}
	r.crowd.Add(1)
}

// subscribed is called by r3labs/sse once a connection is registered. Events of
// before are lost, so this is where the first board is sent: from what the other
// screens of the audience show, without a query, or as soon as it is drawn.
func (h *Hub) subscribed(stream string, _ *sse.Subscriber) {
	h.mu.Lock()
	v := h.viewers[stream]
	h.mu.Unlock()
	if v != nil && v.room.welcome(v) {
		v.bye()
	}
}

// welcome tells whether the viewer has to be sent away again.
func (r *room) welcome(v *viewer) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	v.ready = true
	if v.leaving {
		return true
	}
	if hall := r.halls[v.audience]; hall != nil && hall.drawn {
		v.show(hall)
		return false
	}
	if r.stale {
		v.send(r.state())
	}
	signal(r.wake)
	return false
}

// leave takes a viewer out; with the last one of an audience its board goes, and
// with the last one of all the room. Only here, after its connection has ended,
// may a stream be removed: elsewhere that leaks a goroutine of r3labs/sse.
func (h *Hub) leave(v *viewer) {
	defer h.events.RemoveStream(v.stream)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.viewers, v.stream)
	v.room.remove(v)
	v.room.members--
	if v.room.members == 0 {
		v.room.cancel()
		delete(h.rooms, v.room.id)
	}
}

func (r *room) remove(v *viewer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v.closed = true
	hall := r.halls[v.audience]
	delete(hall.viewers, v)
	if len(hall.viewers) == 0 {
		delete(r.halls, v.audience)
	}
	r.crowd.Add(-1)
	if v.pending.Load() > 0 {
		r.busy.Add(-1)
	}
	signal(r.caught)
}

// retry tells a client once how long to wait before it connects again: a random
// time, so that a restarted server is not met by all screens at once.
func (v *viewer) retry() []byte {
	if v.greeted {
		return nil
	}
	v.greeted = true
	return fmt.Append(nil, (300*time.Millisecond + jitter(1200*time.Millisecond)).Milliseconds())
}

// jitter gives a random time below limit.
func jitter(limit time.Duration) time.Duration {
	return time.Duration(rand.Int64N(int64(limit) + 1))
}

// Bye answers a request for an event stream whose login is not valid: an
// accepted stream that carries only the event bye. A refusal would make the
// page try again for ever.
func Bye(w http.ResponseWriter, r *http.Request) {
	setHeader(w.Header(), r.ProtoMajor)
	w.Header().Set("Content-Type", "text/event-stream")
	// A page that does not know the event asks again at most once a minute. A
	// client that is gone needs no answer, so an error of the write is dropped.
	_, _ = fmt.Fprintf(w, "retry: 60000\nevent: %s\ndata: 1\n\n", EventBye)
}
