package main

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// hall is the screens of one room that one account opened: all get the same
// bytes. What the first of them gets is written down for -bare.
type hall struct {
	room    *room
	who     *person
	viewers []*viewer

	mu        sync.Mutex
	recording bool
	started   time.Time
	events    []recorded
}

// recorded is an event as it came, counted from the start of the recording.
type recorded struct {
	after time.Duration
	data  []byte
}

// maxRecorded bounds what is written down, in bytes of a hall.
const maxRecorded = 256 << 20

// record begins a recording.
func (h *hall) record() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.recording, h.started, h.events = true, time.Now(), nil
}

// recorded ends the recording and gives it.
func (h *hall) recorded() []recorded {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.recording = false
	return h.events
}

func (h *hall) note(e event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.recording && len(h.events)*len(e.data) < maxRecorded {
		h.events = append(h.events, recorded{e.at.Sub(h.started), append([]byte(nil), e.data...)})
	}
}

// viewer is one screen.
type viewer struct {
	hall   *hall
	first  bool           // writes down what it gets
	shown  []atomic.Int64 // by doctor: the number on the screen, -1 before the first board
	ready  chan struct{}  // closed by the first board
	isDone bool

	connects, boards, stale atomic.Int64
	last                    error // why the last stream ended; read when run has returned
}

func newViewer(h *hall) *viewer {
	v := &viewer{hall: h, first: len(h.viewers) == 0, shown: make([]atomic.Int64, len(h.room.tracks)), ready: make(chan struct{})}
	for i := range v.shown {
		v.shown[i].Store(-1)
	}
	h.viewers = append(h.viewers, v)
	return v
}

// Screens come back after a random time, as pages do.
const (
	comeBackMin    = 200 * time.Millisecond
	comeBackSpread = 600 * time.Millisecond
)

// run watches until ctx ends or the server says that the login is over.
func (v *viewer) run(ctx context.Context) {
	t, cookies := v.hall.who.target, v.hall.who.cookies()
	for ctx.Err() == nil && !v.isDone {
		v.connects.Add(1)
		v.last = t.listen(ctx, streamPath(v.hall.room.id), cookies, nil, v.take)
		sleep(ctx, comeBackMin+rand.N(comeBackSpread))
	}
}

func (v *viewer) take(e event) {
	switch string(e.name) {
	case "board":
		v.board(e)
	case "stale":
		v.stale.Add(1)
	case "bye":
		v.isDone = true
	}
}

func (v *viewer) board(e event) {
	for _, s := range v.hall.room.read(e.data) {
		shown := &v.shown[s.track.index]
		before := int(shown.Load())
		if s.packs <= before {
			continue
		}
		shown.Store(int64(s.packs))
		if before >= 0 {
			s.track.show(before, s.packs, e.at)
		}
	}
	if v.first {
		v.hall.note(e)
	}
	if v.boards.Add(1) == 1 {
		close(v.ready)
	}
}

// reconnects is how often the stream was opened again.
func (v *viewer) reconnects() int { return int(max(v.connects.Load()-1, 0)) }

// lacks counts the doctors whose number on this screen is lower than it should
// be.
func (v *viewer) lacks(want []int) int {
	n := 0
	for i := range v.shown {
		if int(v.shown[i].Load()) < want[i] {
			n++
		}
	}
	return n
}
