package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// bareRun plays the events of the screens once more through a bare r3labs/sse
// server: the same bytes at the same times to as many screens.
type bareRun struct {
	target  *target
	halls   []*bareHall
	stop    func() error
	epoch   time.Time
	arrived times        // from publishing to the last screen
	lost    atomic.Int64 // events that did not reach all screens
}

// bareHall stands for a hall of the real server.
type bareHall struct {
	run     *bareRun
	name    string
	viewers int
	wave    atomic.Pointer[wave]
}

// wave is one slice's events on their way.
type wave struct {
	base    int            // events of a screen before it
	count   int            // events that were published
	sent    []atomic.Int64 // nanoseconds since the run's epoch
	seen    []atomic.Int32
	reached atomic.Int64 // events that all screens have
}

// arriving bounds the wait for the last screens.
const arriving = 10 * time.Second

// startBare runs this program once more as the bare server.
func startBare(ctx context.Context) (url string, stop func() error, err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, fmt.Errorf("-bare: %w", err)
	}
	// It ends with its standard input, not with ctx: Ctrl+C lets a slice end.
	c := exec.CommandContext(context.WithoutCancel(ctx), self, bareCommand)
	c.Stderr = os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := c.StdinPipe()
	if err != nil {
		return "", nil, fmt.Errorf("-bare: %w", err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return "", nil, fmt.Errorf("-bare: %w", err)
	}
	if err := c.Start(); err != nil {
		return "", nil, fmt.Errorf("-bare: %w", err)
	}
	stop = func() error { return errors.Join(in.Close(), c.Wait()) }
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("-bare 的服务器没有启动：%w", err), stop())
	}
	return strings.TrimSpace(line), stop, nil
}

// newBare connects as many screens as the halls have.
func newBare(ctx context.Context, url string, stop func() error, halls []*hall) (*bareRun, error) {
	b := &bareRun{stop: stop, epoch: time.Now()}
	var err error
	if b.target, err = newTarget(url, ""); err != nil {
		return nil, errors.Join(err, stop())
	}
	var opened sync.WaitGroup
	errs := make(chan error, 1)
	gate := make(chan struct{}, connecting)
	for i, h := range halls {
		x := &bareHall{run: b, name: strconv.Itoa(i), viewers: len(h.viewers)}
		b.halls = append(b.halls, x)
		for range h.viewers {
			opened.Add(1)
			go x.watch(ctx, gate, &opened, errs)
		}
	}
	opened.Wait()
	select {
	case err := <-errs:
		return nil, errors.Join(fmt.Errorf("-bare 的屏幕没有接通：%w", err), stop())
	default:
		return b, nil
	}
}

// watch is one screen: it counts the events, which are never lost.
func (h *bareHall) watch(ctx context.Context, gate chan struct{}, opened *sync.WaitGroup, errs chan<- error) {
	gate <- struct{}{}
	release := sync.OnceFunc(func() { <-gate; opened.Done() })
	n := 0
	err := h.run.target.listen(context.WithoutCancel(ctx), "/events/"+h.name, nil, release, func(e event) {
		h.wave.Load().arrive(h, n, e.at)
		n++
	})
	select {
	case errs <- err: // of a screen that never opened; later nobody looks
	default:
	}
	release()
}

func (w *wave) arrive(h *bareHall, n int, at time.Time) {
	i := n - w.base
	if int(w.seen[i].Add(1)) == h.viewers {
		h.run.arrived.add(at.Sub(h.run.epoch) - time.Duration(w.sent[i].Load()))
		w.reached.Add(1)
	}
}

// replay sends what the halls have recorded and waits until all screens have
// it.
func (b *bareRun) replay(ctx context.Context, halls []*hall) error {
	start := time.Now()
	errs := make([]error, len(halls))
	var all sync.WaitGroup
	for i, h := range halls {
		events := h.recorded()
		all.Go(func() { errs[i] = b.halls[i].replay(ctx, start, events) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (h *bareHall) replay(ctx context.Context, start time.Time, events []recorded) error {
	w := &wave{sent: make([]atomic.Int64, len(events)), seen: make([]atomic.Int32, len(events))}
	if before := h.wave.Load(); before != nil {
		w.base = before.base + before.count
	}
	h.wave.Store(w)
	for i, e := range events {
		if !sleep(ctx, time.Until(start.Add(e.after))) {
			break
		}
		w.count++
		w.sent[i].Store(int64(time.Since(h.run.epoch)))
		if err := h.publish(ctx, e.data); err != nil {
			return err
		}
	}
	settled := until(ctx, arriving, func() bool { return w.reached.Load() == int64(w.count) })
	if !settled {
		h.run.lost.Add(int64(w.count) - w.reached.Load())
	}
	return nil
}

func (h *bareHall) publish(ctx context.Context, data []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.run.target.base.JoinPath("publish", h.name).String(), bytes.NewReader(data))
	if err != nil {
		return err
	}
	answer, err := h.run.target.http.RoundTrip(r)
	if err != nil {
		return fmt.Errorf("-bare: %w", err)
	}
	if answer.StatusCode != http.StatusNoContent {
		err = fmt.Errorf("-bare: %s", answer.Status)
	}
	return errors.Join(err, answer.Body.Close())
}
