package live

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// lastWrite is how long a write that hangs may go on after its stream has ended.
const lastWrite = 250 * time.Millisecond

// writer stands between r3labs/sse and the connection: it puts a deadline on
// every write, which the library does not do and without which a sleeping phone
// keeps its connection for ever, and it counts the events that are out.
type writer struct {
	http.ResponseWriter
	control *http.ResponseController
	viewer  *viewer
	ctx     context.Context // the stream's, which ends before the request's
	timeout time.Duration
	proto   int // major version of HTTP

	armed    bool      // the deadline is set for the event being written
	deadline time.Time // the one set last
	opened   bool      // the header is out
	err      error     // of the first write that failed

	mu   sync.Mutex // guards done
	done bool       // the handler has returned: the connection is not ours
}

// prepare makes the connection fit for a stream: a deadline for writes instead
// of one for the whole answer, none for reads. A connection that knows no
// deadlines is refused.
func (w *writer) prepare() error {
	if err := w.arm(); err != nil {
		return fmt.Errorf("live: prepare a stream: %w", err)
	}
	w.armed = false
	if err := w.control.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("live: prepare a stream: %w", err)
	}
	return nil
}

// arm sets the deadline once for each event.
func (w *writer) arm() error {
	if w.armed {
		return nil
	}
	w.armed, w.deadline = true, time.Now().Add(w.timeout)
	return w.control.SetWriteDeadline(w.deadline)
}

// setHeader sets what an answer with events needs: kept by nobody, and passed on
// at once by a front server. The connection is closed after an HTTP/1 stream
// because the deadline of its last write would hit the next request on it; on
// HTTP/2 the header would end the connection of all the page's requests.
func setHeader(h http.Header, proto int) {
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	h.Del("Connection")
	if proto == 1 {
		h.Set("Connection", "close")
	}
}

// WriteHeader overrides what r3labs/sse has set.
func (w *writer) WriteHeader(status int) {
	setHeader(w.Header(), w.proto)
	w.ResponseWriter.WriteHeader(status)
}

// Write writes a piece of an event before the deadline. After the end it writes
// nothing, so that what is still queued does not hold the handler up.
func (w *writer) Write(p []byte) (int, error) {
	if err := w.usable(); err != nil {
		return 0, err
	}
	n, err := w.ResponseWriter.Write(p)
	w.note(err)
	return n, err
}

// Flush ends an event. r3labs/sse calls it once after the header and once after
// every event.
func (w *writer) Flush() {
	if w.usable() == nil {
		w.note(w.control.Flush())
		w.rest()
	}
	w.armed = false
	if !w.opened {
		w.opened = true
		return
	}
	w.viewer.flushed()
}

// rest takes the deadline away between two events. HTTP/2 resets a stream whose
// deadline passes even while nothing is being written; HTTP/1 looks at it only
// when something is. The lock keeps it from undoing hurry.
func (w *writer) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.proto < 2 || w.err != nil || w.ctx.Err() != nil {
		return
	}
	w.note(w.control.SetWriteDeadline(time.Time{}))
}

func (w *writer) usable() error {
	if w.err != nil {
		return w.err
	}
	if err := w.ctx.Err(); err != nil {
		return err
	}
	err := w.arm()
	w.note(err)
	return err
}

// note ends the stream at the first write that failed. HTTP/2 reports a deadline
// as a closed stream, so the clock tells which one it was.
func (w *writer) note(err error) {
	if err == nil || w.err != nil {
		return
	}
	w.err = err
	if !time.Now().Before(w.deadline) {
		w.viewer.drop("write deadline")
	}
	w.viewer.cancel()
}

// hurry shortens the deadline when the stream has to end: a write that hangs
// gives up soon, one that does not has time to finish the answer.
func (w *writer) hurry() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	// A connection that refuses is broken, and its write has ended already.
	_ = w.control.SetWriteDeadline(time.Now().Add(lastWrite))
}

// finish gives the connection back before the handler returns.
func (w *writer) finish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = true
}
