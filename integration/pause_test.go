package integration

import (
	"testing"
	"time"
)

func TestIntervalGrowsAndIsBounded(t *testing.T) {
	p := NewPoller(PollerConfig{Interval: 30 * time.Second, MaxInterval: 10 * time.Minute})
	if got := p.interval(0); got != 30*time.Second {
		t.Errorf("after success %s", got)
	}
	for _, failures := range []int{1, 2, 5, 50, 1 << 30} {
		want := min(30*time.Second<<min(failures, 10), 10*time.Minute)
		if got := p.interval(failures); got < want/2 || got > want {
			t.Errorf("after %d failures %s, want %s to %s", failures, got, want/2, want)
		}
	}
}

func TestShort(t *testing.T) {
	for in, want := range map[string]string{"中文字符": "中文", "a\nb": "a ", "\xff\xfe": "?", "": ""} {
		if got := short(in, 2); got != want {
			t.Errorf("short(%q) = %q, want %q", in, got, want)
		}
	}
}
