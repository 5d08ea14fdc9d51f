package main

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

// TestMain lets the test binary be the bare server, as the program is its own.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == bareCommand {
		if err := serveBare(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// halls makes halls of so many screens that have recorded some events.
func halls(screens ...int) []*hall {
	var list []*hall
	for i, n := range screens {
		h := &hall{room: newRoom(int64(i+1), n, new(times))}
		for range n {
			newViewer(h)
		}
		list = append(list, h)
	}
	return list
}

func record(h *hall, n int) {
	h.record()
	for i := range n {
		h.note(event{data: fmt.Appendf(nil, "%d %s", i, bytes.Repeat([]byte{'x'}, 4000)), at: h.started.Add(time.Duration(i) * time.Millisecond)})
	}
}

func TestBareReplay(t *testing.T) {
	server := httptest.NewServer(newBareServer().routes())
	list := halls(20, 3)
	b, err := newBare(t.Context(), server.URL, func() error { server.CloseClientConnections(); server.Close(); return nil }, list)
	if err != nil {
		t.Fatal(err)
	}
	for round := 1; round <= 3; round++ {
		record(list[0], 15)
		record(list[1], round)
		if err := b.replay(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	if n := b.arrived.spread().Count; n != 3*15+1+2+3 || b.lost.Load() != 0 {
		t.Errorf("%d events reached all screens, %d did not; want 51 and 0", n, b.lost.Load())
	}
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
}

func TestBareServerIsAProcess(t *testing.T) {
	url, stop, err := startBare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list := halls(2)
	b, err := newBare(t.Context(), url, stop, list)
	if err != nil {
		t.Fatal(err)
	}
	record(list[0], 2)
	if err := b.replay(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	if n := b.arrived.spread().Count; n != 2 {
		t.Errorf("%d events arrived, want 2", n)
	}
	if err := b.stop(); err != nil {
		t.Errorf("the process ended with %v", err)
	}
}
