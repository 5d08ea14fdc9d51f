package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// readings are figures of the server's /metrics, by name; labelled ones are left
// out.
type readings map[string]float64

// The figures that are printed.
const (
	gaugeResident = "process_resident_memory_bytes"
	gaugeHeap     = "go_memstats_heap_inuse_bytes"
	gaugeRoutines = "go_goroutines"
	countCPU      = "process_cpu_seconds_total"
	countRenders  = "jingfang_live_renders_total"
	countBytes    = "jingfang_live_bytes_total"
	countDropped  = "jingfang_live_dropped_total"
	countWaits    = "jingfang_db_waits_total"
)

func (t *target) readMetrics(ctx context.Context) (readings, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), requestTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.base.JoinPath("metrics").String(), nil)
	if err != nil {
		return nil, err
	}
	answer, err := t.http.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("/metrics: %s", answer.Status)
	}
	return parseMetrics(io.LimitReader(answer.Body, maxAnswer))
}

func parseMetrics(r io.Reader) (readings, error) {
	m := readings{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, text, found := strings.Cut(lines.Text(), " ")
		if !found || name == "#" || strings.Contains(name, "{") {
			continue
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("/metrics: %s: %w", name, err)
		}
		m[name] = v
	}
	return m, lines.Err()
}

// since is what a counter has grown by.
func (m readings) since(before readings, name string) float64 { return m[name] - before[name] }

// observer watches the server's memory while a run goes on.
type observer struct {
	target *target
	most   readings // the highest of each gauge
	done   chan struct{}
	cancel context.CancelFunc
}

// observeEvery is short against a garbage collection's cycle under load and long
// against the cost of an answer.
const observeEvery = 2 * time.Second

func (t *target) observe(ctx context.Context) *observer {
	ctx, cancel := context.WithCancel(ctx)
	o := &observer{target: t, most: readings{}, done: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(o.done)
		for sleep(ctx, observeEvery) {
			// A server that does not answer now is asked again.
			m, err := t.readMetrics(ctx)
			if err != nil {
				continue
			}
			o.note(m)
		}
	}()
	return o
}

func (o *observer) note(m readings) {
	for _, name := range []string{gaugeResident, gaugeHeap, gaugeRoutines} {
		o.most[name] = max(o.most[name], m[name])
	}
}

// stop ends the watching and gives the highest readings, m included.
func (o *observer) stop(m readings) readings {
	o.cancel()
	<-o.done
	o.note(m)
	return o.most
}
