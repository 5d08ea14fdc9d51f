package db

import (
	"context"
	"sync"
	"time"

	"github.com/lib/pq"
)

// gaussGuard keeps a pool from locking its own account. Proofs are sent one at
// a time, and after a refusal no further login is tried for a growing time:
// the same refusal is answered here.
type gaussGuard struct {
	gate        chan struct{} // holds one token while a proof is under way
	first, most time.Duration
	now         func() time.Time

	mu    sync.Mutex
	holds map[string]gaussHold // by address, or anywhere
}

type gaussHold struct {
	until   time.Time
	wait    time.Duration
	refusal *pq.Error
}

// anywhere stands for all hosts: a password refused by one must not be tried
// at the next, they share the account. A refusal before any proof (no line in
// pg_hba.conf) concerns one host only.
const anywhere = ""

func newGaussGuard(first, most time.Duration, now func() time.Time) *gaussGuard {
	return &gaussGuard{gate: make(chan struct{}, 1), first: first, most: most, now: now, holds: map[string]gaussHold{}}
}

// blocked gives the refusal that still holds for an address, or nil.
func (g *gaussGuard) blocked(address string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range []string{anywhere, address} {
		if h, ok := g.holds[a]; ok && g.now().Before(h.until) {
			return RefuseBecause(h.refusal, Unavailable,
				"openGauss 刚拒绝过本程序的登录（%s），为免账号被锁，%s 之前不再尝试。%s改好后可重启本程序立即再试。",
				h.refusal.Code, h.until.Format("15:04:05"), loginAdvice(string(h.refusal.Code)))
		}
	}
	return nil
}

// enter waits for the turn to send a proof. While waiting, another connection
// may have been refused: then this one must not try.
func (g *gaussGuard) enter(ctx context.Context, address string) (leave func(), err error) {
	select {
	case g.gate <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	leave = sync.OnceFunc(func() { <-g.gate })
	if err := g.blocked(address); err != nil {
		leave()
		return nil, err
	}
	return leave, nil
}

// refused notes a refusal: first one minute, then twice as long each time.
func (g *gaussGuard) refused(address string, refusal *pq.Error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	wait := g.first
	if h, ok := g.holds[address]; ok {
		wait = min(2*h.wait, g.most)
	}
	g.holds[address] = gaussHold{until: g.now().Add(wait), wait: wait, refusal: refusal}
}

// succeeded forgets what was held against the address.
func (g *gaussGuard) succeeded(address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.holds, anywhere)
	delete(g.holds, address)
}
