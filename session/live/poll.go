package live

import (
	"context"
	"time"
)

// pollTimeout ends a read of versions that hangs: a screen is told soon that its
// board may be old.
const pollTimeout = 3 * time.Second

// Run reads the versions of the sessions that are being looked at, one statement
// for all of them, until ctx ends; then it shuts the hub down and gives nil. The
// database is polled because openGauss has no NOTIFY; without viewers nothing is
// read.
func (h *Hub) Run(ctx context.Context) error {
	timer := time.NewTimer(h.opt.Poll)
	defer timer.Stop()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			h.Shutdown()
			return nil
		case <-h.base.Done():
			return nil
		case <-timer.C:
		}
		failures++
		if err := h.poll(ctx); err == nil {
			failures = 0
		}
		timer.Reset(backOff(h.opt.Poll, failures))
	}
}

// backOff gives the pause before the next try after a number of failures in a
// row.
func backOff(first time.Duration, failures int) time.Duration {
	return max(first, min(first<<min(failures, 8), maxBackOff))
}

// poll wakes the rooms whose version is another one than they have drawn.
func (h *Hub) poll(ctx context.Context) error {
	rooms := h.all()
	if len(rooms) == 0 {
		return nil
	}
	ids := make([]int64, len(rooms))
	for i, r := range rooms {
		ids[i] = r.id
	}
	ctx, cancel := context.WithTimeout(ctx, pollTimeout)
	defer cancel()
	versions, err := readVersions(ctx, h.d, ids)
	for _, r := range rooms {
		switch {
		case err != nil:
			r.fail(err)
		case !r.confirm(versions[r.id]):
			signal(r.wake)
		}
	}
	return err
}

func (h *Hub) all() []*room {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*room, 0, len(h.rooms))
	for _, r := range h.rooms {
		list = append(list, r)
	}
	return list
}
