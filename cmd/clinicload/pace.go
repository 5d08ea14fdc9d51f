package main

import (
	"context"
	"time"
)

// pace says when a player's next act is due. In a closed loop that is always
// now. At a steady rate it is a time table: an act that comes late because the
// one before took long is measured from when it was due.
type pace struct {
	every time.Duration // 0: closed loop
	next  time.Time
	end   time.Time
}

// newPace makes the pace of player i of n for a rate of all together: their
// first acts are spread evenly.
func newPace(rate float64, i, n int, start, end time.Time) *pace {
	p := &pace{next: start, end: end}
	if rate > 0 {
		p.every = time.Duration(float64(n) / rate * float64(time.Second))
		p.next = start.Add(p.every * time.Duration(i) / time.Duration(n))
	}
	return p
}

// wait returns when the next act is due, or false when the time is up.
func (p *pace) wait(ctx context.Context) (due time.Time, ok bool) {
	now := time.Now()
	if ctx.Err() != nil || !now.Before(p.end) {
		return now, false
	}
	if p.every == 0 {
		return now, true
	}
	due = p.next
	if !due.Before(p.end) {
		return due, false
	}
	p.next = p.next.Add(p.every)
	if !sleep(ctx, due.Sub(now)) {
		p.next = due
		return due, false
	}
	return due, true
}

// missed counts the acts that were due and did not happen any more.
func (p *pace) missed(now time.Time) int {
	if p.every == 0 {
		return 0
	}
	if now.After(p.end) {
		now = p.end
	}
	n := 0
	for at := p.next; at.Before(now); at = at.Add(p.every) {
		n++
	}
	return n
}

// sleep waits, or tells that ctx has ended before.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// until waits for something that happens soon, at most limit, and tells whether
// it did. The end of ctx does not cut it short: what is under way is measured.
func until(ctx context.Context, limit time.Duration, happened func() bool) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	for !happened() {
		if !sleep(ctx, 5*time.Millisecond) {
			return happened()
		}
	}
	return true
}
