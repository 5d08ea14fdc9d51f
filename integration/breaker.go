package integration

import (
	"sync"
	"time"
)

// breaker keeps callers from waiting again and again for a system that does not
// answer: after some failures in a row calls fail at once, until one of them may
// look whether it is back.
type breaker struct {
	limit int           // failures in a row that open it
	pause time.Duration // how long it stays open before one call may look
	now   func() time.Time

	mu       sync.Mutex
	failures int
	openTill time.Time
	looking  bool
}

// allow says whether a call may be made now. One that may must be followed by
// note or by leave.
func (b *breaker) allow() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failures < b.limit {
		return true
	}
	if b.looking || b.now().Before(b.openTill) {
		return false
	}
	b.looking = true
	return true
}

// note takes the outcome of a call: alive is any answer of the system itself, also
// one that refuses.
func (b *breaker) note(alive bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.looking = false
	if alive {
		b.failures = 0
		return
	}
	if b.failures++; b.failures >= b.limit {
		b.openTill = b.now().Add(b.pause)
	}
}

// leave ends a call that says nothing of the system, such as a cancelled one.
func (b *breaker) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.looking = false
}
