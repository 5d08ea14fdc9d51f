package main

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestReadEvents(t *testing.T) {
	long := strings.Repeat("药", 20_000)
	for _, x := range []struct {
		name, text string
		want       []string
	}{
		{"r3labs order", "id: \ndata: one\nevent: board\nretry: 300\n\n", []string{"board=one"}},
		{"two events", "event: board\ndata: a\n\nevent: beat\ndata: 1 2\n\n", []string{"board=a", "beat=1 2"}},
		{"several lines", "data: a\ndata: \ndata: b\n\n", []string{"=a\n\nb"}},
		{"longer than the buffer", "data: " + long + "\nevent: board\n\ndata: next\n\n", []string{"board=" + long, "=next"}},
		{"a name without data is nothing", "event: board\n\n: comment\n\n", nil},
		{"a long comment is skipped", ": " + long + "\ndata: a\n\n", []string{"=a"}},
		{"cut off", "data: a\n\ndata: b\n", []string{"=a"}},
	} {
		var got []string
		err := readEvents(bufio.NewReaderSize(strings.NewReader(x.text), 64), func(e event) {
			got = append(got, string(e.name)+"="+string(e.data))
		})
		if err != io.EOF || !slices.Equal(got, x.want) {
			t.Errorf("%s: got %.60q (%v), want %.60q", x.name, got, err, x.want)
		}
	}
}

func TestParseMetrics(t *testing.T) {
	const text = "# HELP a b\n# TYPE a counter\njingfang_live_renders_total 12\nx{le=\"1\"} 3\nprocess_resident_memory_bytes 1.5e+08\n"
	m, err := parseMetrics(strings.NewReader(text))
	if err != nil || m[countRenders] != 12 || m[gaugeResident] != 1.5e8 || len(m) != 2 {
		t.Errorf("got %v, %v", m, err)
	}
	if n := m.since(readings{countRenders: 10}, countRenders); n != 2 {
		t.Errorf("grown by %v, want 2", n)
	}
	if _, err := parseMetrics(strings.NewReader("a b\n")); err == nil {
		t.Error("what is no number is taken")
	}
}
