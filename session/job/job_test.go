package job_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session/job"
)

// clock is a clock that tests move.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return time.Unix(0, c.at.Load()) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

// close ends the jobs and so waits for them.
func end(t *testing.T, j *job.Jobs) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := j.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

// ended waits until a job has ended.
func ended(t *testing.T, j *job.Jobs, s job.Status) job.Status {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 120_000 {
		got, ok := j.Find(s.ID)
		if !ok {
			t.Fatal("the job is gone")
		}
		if got.State != job.Running {
			return got
		}
		<-tick.C
	}
	t.Fatal("the job does not end")
	return s
}

func start(t *testing.T, j *job.Jobs, kind string, do job.Work) job.Status {
	t.Helper()
	id, err := j.Start(kind, 7, do)
	if err != nil {
		t.Fatal(err)
	}
	s, ok := j.Find(id)
	if !ok || s.By != 7 || s.Kind != kind {
		t.Fatalf("just started: %+v", s)
	}
	return s
}

func TestJobShowsProgressAndGivesItsResult(t *testing.T) {
	var c clock
	j := job.New(c.now)
	half, go1 := make(chan struct{}), make(chan struct{})
	s := start(t, j, "check", func(_ context.Context, p *job.Progress) (any, error) {
		p.Report(5, 10)
		close(half)
		<-go1
		return "whole", nil
	})
	<-half
	if got, _ := j.Find(s.ID); got.State != job.Running || got.Percent() != 50 {
		t.Errorf("half way: %+v", got)
	}
	id, err := j.Start("check", 8, nil)
	if !errors.Is(err, job.ErrBusy) || id != s.ID {
		t.Errorf("a second one: %v %v", id, err)
	}
	c.advance(time.Second)
	close(go1)
	if got := ended(t, j, s); got.State != job.Done || got.Result != "whole" || got.Percent() != 100 || got.EndedAt.Sub(got.StartedAt) != time.Second {
		t.Errorf("at the end: %+v", got)
	}
	if got, ok := j.Latest("check"); !ok || got.ID != s.ID {
		t.Errorf("the latest: %+v", got)
	}
	c.advance(job.Keep + time.Second)
	next := start(t, j, "check", func(context.Context, *job.Progress) (any, error) { return nil, nil })
	if _, ok := j.Find(s.ID); ok {
		t.Error("a job of long ago is still there")
	}
	ended(t, j, next)
}

func TestJobIsCancelledAndFails(t *testing.T) {
	var c clock
	j := job.New(c.now)
	until := func(ctx context.Context, _ *job.Progress) (any, error) { <-ctx.Done(); return nil, ctx.Err() }
	s := start(t, j, "a", until)
	if !j.Cancel(s.ID) {
		t.Fatal("nothing was cancelled")
	}
	if got := ended(t, j, s); got.State != job.Cancelled || got.Err != nil {
		t.Errorf("cancelled: %+v", got)
	}
	if j.Cancel(s.ID) {
		t.Error("a job was cancelled twice")
	}
	broken := start(t, j, "b", func(context.Context, *job.Progress) (any, error) { panic("broken") })
	if got := ended(t, j, broken); got.State != job.Failed || got.Err == nil {
		t.Errorf("broken: %+v", got)
	}
	last := start(t, j, "c", until)
	end(t, j)
	if got, _ := j.Find(last.ID); got.State != job.Cancelled {
		t.Errorf("at the end of the program: %+v", got)
	}
	if _, err := j.Start("d", 1, until); err == nil {
		t.Error("a job began after the end")
	}
}

// Many ask for the same work at once: one of them gets it.
func TestOneJobOfAKind(t *testing.T) {
	var c clock
	j := job.New(c.now)
	hold, runs := make(chan struct{}), atomic.Int64{}
	var wg sync.WaitGroup
	for range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, _ = j.Start("check", 1, func(context.Context, *job.Progress) (any, error) { runs.Add(1); <-hold; return nil, nil })
		}()
	}
	wg.Wait()
	close(hold)
	end(t, j)
	if runs.Load() != 1 {
		t.Errorf("%d of them ran", runs.Load())
	}
}

// closer is a result that must be closed.
type closer struct{ closed *atomic.Int64 }

func (c closer) Close() error { c.closed.Add(1); return nil }

// A result that can be closed is closed when its job is forgotten, and at the end
// of the program.
func TestResultsAreClosed(t *testing.T) {
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	var clock atomic.Pointer[time.Time]
	clock.Store(&now)
	jobs := job.New(func() time.Time { return *clock.Load() })
	var closed atomic.Int64
	start := func(kind string) uuid.UUID {
		id, err := jobs.Start(kind, 1, func(context.Context, *job.Progress) (any, error) { return closer{&closed}, nil })
		if err != nil {
			t.Fatal(err)
		}
		for {
			if s, ok := jobs.Find(id); ok && s.State == job.Done {
				return id
			}
		}
	}
	id := start("a")
	later := now.Add(job.Keep + time.Second)
	clock.Store(&later)
	if _, there := jobs.Find(id); there || closed.Load() != 1 {
		t.Errorf("forgotten: there %v, closed %d", there, closed.Load())
	}
	start("b")
	if err := jobs.Close(t.Context()); err != nil || closed.Load() != 2 {
		t.Errorf("closed %d, %v", closed.Load(), err)
	}
}
