package main

import (
	"testing"
	"time"
)

func TestPercentile(t *testing.T) {
	up := func(n int) (list []time.Duration) {
		for i := range n {
			list = append(list, time.Duration(i+1)*time.Millisecond)
		}
		return list
	}
	for _, x := range []struct {
		n    int
		p    float64
		want int
	}{
		{1, 50, 1}, {1, 99, 1}, {2, 50, 1}, {2, 51, 2}, {10, 50, 5}, {10, 90, 9}, {10, 99, 10},
		{100, 50, 50}, {100, 99, 99}, {101, 99, 100}, {1000, 99, 990}, {1000, 100, 1000}, {5, 0, 1},
	} {
		if got := percentile(up(x.n), x.p); got != time.Duration(x.want)*time.Millisecond {
			t.Errorf("p%g of 1..%d ms is %v, want %d ms", x.p, x.n, got, x.want)
		}
	}
}

func TestSpread(t *testing.T) {
	var all times
	if s := all.spread(); s != (spread{}) {
		t.Errorf("nothing measured gives %+v", s)
	}
	for _, d := range []int{5, 1, 4, 2, 3} { // in no order
		all.add(time.Duration(d)*time.Millisecond + 1500*time.Nanosecond)
	}
	if s, want := all.spread(), (spread{Count: 5, P50: 3.001, P90: 5.001, P99: 5.001, Max: 5.001}); s != want {
		t.Errorf("got %+v, want %+v", s, want)
	}
}

func TestRatio(t *testing.T) {
	for _, x := range [][3]float64{{3, 2, 1.5}, {1, 3, 0.33}, {1, 0, 0}, {0, 5, 0}} {
		if got := ratio(x[0], x[1]); got != x[2] {
			t.Errorf("%g : %g is %g, want %g", x[0], x[1], got, x[2])
		}
	}
}
