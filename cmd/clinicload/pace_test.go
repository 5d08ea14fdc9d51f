package main

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// acts plays one player whose acts take so long, and gives when each was due,
// counted from the start.
func acts(t *testing.T, p *pace, start time.Time, took time.Duration) (due []time.Duration) {
	t.Helper()
	for {
		at, ok := p.wait(t.Context())
		if !ok {
			return due
		}
		due = append(due, at.Sub(start))
		sleep(t.Context(), took)
	}
}

func TestSteadyPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// Four players, 8 acts a second together: each acts every 500 ms, the
		// third begins after 250 ms.
		start := time.Now()
		p := newPace(8, 2, 4, start, start.Add(2*time.Second))
		due := acts(t, p, start, 10*time.Millisecond)
		for i, at := range due {
			if want := 250*time.Millisecond + time.Duration(i)*500*time.Millisecond; at != want {
				t.Errorf("act %d is due at %v, want %v", i, at, want)
			}
		}
		if len(due) != 4 || p.missed(time.Now()) != 0 {
			t.Errorf("%d acts, %d missed; want 4 and none", len(due), p.missed(time.Now()))
		}
	})
}

// A server that hangs must show as waiting, not as fewer scans.
func TestSteadyPaceKeepsItsTimeTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p := newPace(10, 0, 1, start, start.Add(time.Second))
		at, _ := p.wait(t.Context())
		sleep(t.Context(), 450*time.Millisecond) // one act hangs
		for i, want := range []time.Duration{0, 100, 200, 300, 400, 500} {
			if at.Sub(start) != want*time.Millisecond {
				t.Errorf("act %d is due at %v, want %v ms", i, at.Sub(start), want)
			}
			at, _ = p.wait(t.Context())
		}
		sleep(t.Context(), time.Second)
		if n := p.missed(time.Now()); n != 3 { // 700, 800 and 900 ms
			t.Errorf("%d missed, want 3", n)
		}
	})
}

func TestClosedLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		p := newPace(0, 1, 4, start, start.Add(time.Second))
		if due := acts(t, p, start, 300*time.Millisecond); len(due) != 4 || due[3] != 900*time.Millisecond {
			t.Errorf("acts at %v", due)
		}
		if p.missed(time.Now()) != 0 {
			t.Error("nothing is missed in a closed loop")
		}
	})
}

func TestPaceEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		p := newPace(1, 0, 2, start, start.Add(time.Minute))
		p.wait(ctx)
		time.AfterFunc(time.Second, cancel)
		if at, ok := p.wait(ctx); ok || time.Since(start) != time.Second {
			t.Errorf("due %v, %v, after %v", at, ok, time.Since(start))
		}
	})
}
