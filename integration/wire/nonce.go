package wire

import (
	"sync"
	"time"
)

// maxNonces bounds each generation of the cache; at some 100 bytes per nonce
// the whole stays under 40 MB.
const maxNonces = 200_000

// nonceCache remembers nonces for at least twice the window: a message may be
// from five minutes ahead and come again until it is five minutes old. Two
// generations make forgetting a matter of dropping a map.
type nonceCache struct {
	now func() time.Time

	mu       sync.Mutex
	limit    int
	young    map[string]struct{}
	old      map[string]struct{}
	youngest time.Time // when young was begun
}

func newNonceCache(now func() time.Time) *nonceCache {
	return &nonceCache{now: now, limit: maxNonces, young: map[string]struct{}{}, youngest: now()}
}

// add remembers a nonce. Errors: ErrReplay, ErrBusy.
func (c *nonceCache) add(nonce string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.age(c.now())
	if _, ok := c.young[nonce]; ok {
		return ErrReplay
	}
	if _, ok := c.old[nonce]; ok {
		return ErrReplay
	}
	if len(c.young) >= c.limit {
		return ErrBusy
	}
	c.young[nonce] = struct{}{}
	return nil
}

func (c *nonceCache) age(now time.Time) {
	if now.Sub(c.youngest) < 2*Window {
		return
	}
	c.old = c.young
	if now.Sub(c.youngest) >= 4*Window {
		c.old = nil
	}
	c.young, c.youngest = map[string]struct{}{}, now
}
