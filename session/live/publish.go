package live

import (
	"fmt"
	"time"

	"github.com/r3labs/sse/v2"
)

// publish puts new boards in place and sends each viewer what its screen lacks:
// the whole board if it has none, else the changed pieces.
func (r *room) publish(version int64, audiences []Audience, boards map[Audience][]Part) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.version = version
	back := r.newest()
	for _, a := range audiences {
		if hall := r.halls[a]; hall != nil {
			hall.replace(boards[a])
		}
	}
	if back {
		r.tell()
	}
}

// replace sets the board of one audience; the room's mu is held.
func (l *hall) replace(parts []Part) {
	var changed []byte
	if l.drawn {
		changed = changes(l.parts, parts)
	}
	if !l.drawn || len(changed) > 0 {
		l.board = nil
	}
	l.drawn, l.parts = true, parts
	for v := range l.viewers {
		switch {
		case v.shown:
			v.send(EventBoard, changed)
		case v.ready:
			v.show(l)
		}
	}
}

// confirm takes note of a committed version. It tells whether that is what all
// screens show; if not, the room has to be drawn.
func (r *room) confirm(version int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if version != r.version || r.forced {
		return false
	}
	for _, hall := range r.halls {
		if !hall.drawn {
			return false
		}
	}
	if r.newest() {
		r.tell()
	}
	return true
}

// newest notes that the boards are the newest now. It tells whether viewers have
// been warned and wait to hear so; mu is held.
func (r *room) newest() bool {
	r.confirmed = r.hub.opt.Clock()
	if !r.stale {
		return false
	}
	r.stale = false
	r.hub.opt.Log.Info("board is drawn again", "session", r.id)
	return true
}

// fail keeps the last boards and warns their viewers, once.
func (r *room) fail(err error) {
	r.hub.failures.Add(1)
	if r.hub.base.Err() != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stale {
		return
	}
	r.stale = true
	r.hub.opt.Log.Warn("board cannot be drawn; screens are marked as old", "session", r.id, "error", err)
	r.tell()
}

func (r *room) heartbeat() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell()
}

// tell sends every viewer the state of the board; mu is held.
func (r *room) tell() {
	for _, hall := range r.halls {
		for v := range hall.viewers {
			if v.shown || v.ready && r.stale {
				v.send(r.state())
			}
		}
	}
}

// state is a beat, or the warning in its place; mu is held.
func (r *room) state() (event string, data []byte) {
	if r.stale {
		if r.confirmed.IsZero() {
			return EventStale, []byte("0")
		}
		return EventStale, fmt.Append(nil, r.confirmed.UnixMilli())
	}
	return EventBeat, fmt.Appendf(nil, "%d %d", r.hub.opt.Clock().UnixMilli(), r.version)
}

// show sends a viewer its first board and the state of it; the room's mu is
// held. An audience that may not see anything has an empty board, which is not
// sent: an event without data ends a stream of r3labs/sse.
func (v *viewer) show(l *hall) {
	if l.board == nil {
		l.board = whole(l.parts)
	}
	v.shown = true
	v.send(EventBoard, l.board)
	v.send(v.room.state())
}

// send queues an event; the room's mu is held, which keeps the order. A viewer
// whose queue is full loses its connection and gets the whole board when it
// comes back: waiting for it would hold up all the others.
func (v *viewer) send(event string, data []byte) {
	if v.closed || len(data) == 0 {
		return
	}
	if v.pending.Add(1) == 1 {
		v.room.busy.Add(1)
	}
	// Every stream gets an event of its own: r3labs/sse keeps the pointer.
	if v.hub.events.TryPublish(v.stream, &sse.Event{Event: []byte(event), Data: data, Retry: v.retry()}) {
		v.hub.bytes.Add(uint64(len(data)))
		return
	}
	v.closed = true
	v.drop("queue full")
}

// flushed is called when an event has left for the client.
func (v *viewer) flushed() {
	if v.pending.Add(-1) > 0 {
		return
	}
	r := v.room
	if r.busy.Add(-1)*2 <= r.crowd.Load() {
		signal(r.caught)
	}
	if v.sealed.Load() {
		v.cancel()
	}
}

// bye sends the last event of a stream and has it end as soon as that is out.
func (v *viewer) bye() {
	v.room.mu.Lock()
	defer v.room.mu.Unlock()
	if !v.ready {
		v.leaving = true // said when the stream can carry it
		return
	}
	v.send(EventBye, []byte("1"))
	v.closed = true
	v.sealed.Store(true)
	if v.pending.Load() == 0 {
		v.cancel()
	}
}

// drop ends the connection of a viewer that does not keep up.
func (v *viewer) drop(why string) {
	v.dropping.Do(func() {
		v.hub.dropped.Add(1)
		v.hub.opt.Log.Info("viewer dropped", "session", v.room.id, "why", why)
		v.cancel()
	})
}

// age is the time a connection may last.
func (h *Hub) age() time.Duration {
	return h.opt.MaxAge*4/5 + jitter(h.opt.MaxAge*2/5)
}
