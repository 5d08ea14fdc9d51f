package live

import (
	"testing"
	"time"
)

func TestNewServerKeepsNothing(t *testing.T) {
	s := newServer(nil)
	if s.AutoReplay || s.AutoStream || s.EncodeBase64 || !s.SplitData {
		t.Errorf("r3labs/sse is set up as %+v", s)
	}
}

func TestByeIsTheLastEvent(t *testing.T) {
	h := &Hub{events: newServer(nil), opt: Options{Clock: time.Now}}
	r := &room{hub: h}
	ended := 0
	v := &viewer{hub: h, room: r, stream: "s", cancel: func() { ended++ }, ready: true}
	h.events.CreateStream("s")
	defer h.events.RemoveStream("s")
	v.bye()
	if v.send(EventBoard, []byte("x")); v.pending.Load() != 1 {
		t.Error("an event was queued after bye")
	}
	if ended != 0 {
		t.Error("the stream ended before bye was out")
	}
	if v.flushed(); ended != 1 {
		t.Error("the stream did not end when bye was out")
	}
}

func TestBackOff(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		0: 100 * time.Millisecond, 1: 200 * time.Millisecond, 3: 800 * time.Millisecond, 9: maxBackOff, 1000: maxBackOff,
	} {
		if got := backOff(100*time.Millisecond, failures); got != want {
			t.Errorf("after %d failures %v, want %v", failures, got, want)
		}
	}
	if got := backOff(time.Minute, 3); got != time.Minute {
		t.Errorf("a slow poll became %v", got)
	}
}
