// Package job runs long work behind a page: it has a progress to look at, can be
// cancelled, and leaves a result to fetch. It keeps what it knows in the memory
// of one server and forgets it after a while; whoever needs the result for longer
// writes it into the database from within the work.
package job

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Keep is how long a finished job can still be looked at.
const Keep = time.Hour

// ErrBusy says that work of the same kind is under way; Start then gives its job.
var ErrBusy = errors.New("job: work of this kind is under way")

// State is where a job stands.
type State string

// The states of a job.
const (
	Running   State = "running"
	Done      State = "done"
	Cancelled State = "cancelled"
	Failed    State = "failed"
)

// Status is a job as it stands at a moment.
type Status struct {
	ID    uuid.UUID
	Kind  string
	State State
	// By is the person who asked for it.
	By int64
	// Done of Total steps; Total is 0 while it is not known.
	Done, Total int64
	StartedAt   time.Time
	EndedAt     time.Time // zero while it runs
	// Result is what the work gave, nil until it is done. One that is an io.Closer is
	// closed when the job is forgotten.
	Result any
	// Err is what went wrong; nil unless it failed.
	Err error
}

// Percent is the progress from 0 to 100; without a known total it is 0 until the end.
func (s Status) Percent() int {
	switch {
	case s.State == Done:
		return 100
	case s.Total <= 0:
		return 0
	}
	return int(min(s.Done*100/s.Total, 99))
}

// Progress is what the work tells of itself. It is safe for concurrent use.
type Progress struct {
	mu          sync.Mutex
	done, total int64
}

// Report says that so many of so many steps are done; total 0 leaves the total as
// it is.
func (p *Progress) Report(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = done
	if total > 0 {
		p.total = total
	}
}

func (p *Progress) read() (done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done, p.total
}

// Work is what a job does. It ends when ctx is cancelled, with ctx's error.
type Work func(ctx context.Context, p *Progress) (any, error)

// Jobs runs the jobs of one server. It is safe for concurrent use.
type Jobs struct {
	now  func() time.Time
	mu   sync.Mutex
	jobs map[uuid.UUID]*entry
	wait sync.WaitGroup
	// base ends every job when the program ends.
	base context.Context
	stop context.CancelFunc
}

// entry is a job with what ends it. All but progress is guarded by Jobs.mu.
type entry struct {
	status    Status
	progress  *Progress
	cancel    context.CancelFunc
	cancelled bool
}

// New makes the jobs of a server; now is its clock.
func New(now func() time.Time) *Jobs {
	j := &Jobs{now: now, jobs: map[uuid.UUID]*entry{}}
	j.base, j.stop = context.WithCancel(context.Background())
	return j
}

// Start begins work of a kind for a person and gives its job at once. There is
// one job of a kind at a time: while it runs, the answer is that job and ErrBusy.
// The work outlives the request that asked for it.
func (j *Jobs) Start(kind string, by int64, do Work) (uuid.UUID, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sweep()
	for id, e := range j.jobs {
		if e.status.Kind == kind && e.status.State == Running {
			return id, ErrBusy
		}
	}
	if err := j.base.Err(); err != nil {
		return uuid.Nil, fmt.Errorf("start a job: %w", err)
	}
	ctx, cancel := context.WithCancel(j.base)
	e := &entry{progress: &Progress{}, cancel: cancel,
		status: Status{ID: uuid.New(), Kind: kind, State: Running, By: by, StartedAt: j.now()}}
	j.jobs[e.status.ID] = e
	j.wait.Add(1)
	go j.run(ctx, e, do)
	return e.status.ID, nil
}

func (j *Jobs) run(ctx context.Context, e *entry, do Work) {
	defer j.wait.Done()
	defer e.cancel()
	result, err := guarded(ctx, e.progress, do)
	j.mu.Lock()
	defer j.mu.Unlock()
	s := &e.status
	s.EndedAt = j.now()
	s.Done, s.Total = e.progress.read()
	switch {
	case err == nil:
		s.State, s.Result = Done, result
	case e.cancelled || j.base.Err() != nil:
		s.State = Cancelled
	default:
		s.State, s.Err = Failed, err
	}
}

// guarded makes an error of a panic: one broken report must not end the program.
func guarded(ctx context.Context, p *Progress, do Work) (result any, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("panic: %v\n%s", broken, debug.Stack())
		}
	}()
	return do(ctx, p)
}

// Find gives a job as it stands; false when there is none of this id, or not any
// more.
func (j *Jobs) Find(id uuid.UUID) (Status, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.sweep()
	e := j.jobs[id]
	if e == nil {
		return Status{}, false
	}
	return e.now(), true
}

// Latest gives the job of a kind that was started last; false when there is none.
func (j *Jobs) Latest(kind string) (Status, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var last *entry
	for _, e := range j.jobs {
		if e.status.Kind == kind && (last == nil || e.status.StartedAt.After(last.status.StartedAt)) {
			last = e
		}
	}
	if last == nil {
		return Status{}, false
	}
	return last.now(), true
}

// now is the status with the progress of this moment.
func (e *entry) now() Status {
	s := e.status
	if s.State == Running {
		s.Done, s.Total = e.progress.read()
	}
	return s
}

// Cancel asks a job to end; it says whether there was one that ran.
func (j *Jobs) Cancel(id uuid.UUID) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	e := j.jobs[id]
	if e == nil || e.status.State != Running {
		return false
	}
	e.cancelled = true
	e.cancel()
	return true
}

// Close ends every job and waits for them, no longer than ctx.
func (j *Jobs) Close(ctx context.Context) error {
	j.stop()
	ended := make(chan struct{})
	go func() { j.wait.Wait(); close(ended) }()
	select {
	case <-ended:
		j.forget()
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for jobs to end: %w", ctx.Err())
	}
}

// forget drops every result at the end of the program.
func (j *Jobs) forget() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range j.jobs {
		e.drop()
	}
}

// sweep forgets what ended long ago.
func (j *Jobs) sweep() {
	for id, e := range j.jobs {
		if e.status.State != Running && j.now().Sub(e.status.EndedAt) > Keep {
			delete(j.jobs, id)
			e.drop()
		}
	}
}

// drop closes a result that has something to close. What cannot be closed any more
// has no one left to tell.
func (e *entry) drop() {
	if c, ok := e.status.Result.(io.Closer); ok {
		_ = c.Close()
	}
}
