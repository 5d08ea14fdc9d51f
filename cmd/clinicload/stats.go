package main

import (
	"maps"
	"math"
	"slices"
	"sync"
	"time"
)

// times collects durations; many players add to one.
type times struct {
	mu   sync.Mutex
	list []time.Duration
}

func (t *times) add(d time.Duration) {
	t.mu.Lock()
	t.list = append(t.list, d)
	t.mu.Unlock()
}

// spread are the percentiles of durations, in milliseconds.
type spread struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

func (t *times) spread() spread {
	t.mu.Lock()
	defer t.mu.Unlock()
	slices.Sort(t.list)
	s := spread{Count: len(t.list)}
	if s.Count > 0 {
		s.P50, s.P90, s.P99 = ms(percentile(t.list, 50)), ms(percentile(t.list, 90)), ms(percentile(t.list, 99))
		s.Max = ms(t.list[s.Count-1])
	}
	return s
}

// percentile is the nearest rank: the smallest value that is not exceeded by p
// percent of all. list is sorted and not empty.
func percentile(list []time.Duration, p float64) time.Duration {
	rank := int(math.Ceil(p / 100 * float64(len(list))))
	return list[min(max(rank, 1), len(list))-1]
}

// ms is a duration in milliseconds, to the microsecond.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// ratio divides, and is 0 where there is nothing to compare with.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return math.Round(a/b*100) / 100
}

// tally counts by kind and keeps the first error of each.
type tally struct {
	mu    sync.Mutex
	m     map[string]int
	first map[string]string
}

// say keeps what an error says unless the kind has an example already.
func (t *tally) say(kind string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.first == nil {
		t.first = map[string]string{}
	}
	if t.first[kind] == "" {
		t.first[kind] = err.Error()
	}
}

// examples gives the first error of each kind.
func (t *tally) examples() map[string]string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.first)
}

func (t *tally) add(kind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.m == nil {
		t.m = map[string]int{}
	}
	t.m[kind]++
}

// copy gives the counts so far.
func (t *tally) copy() map[string]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.m)
}
