package translog_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"jingfang/integration/translog"
	"jingfang/sql/seal"
)

// note is a transfer of a device that is over.
func note(f *fixture, i int) translog.Note {
	return translog.Note{At: f.clock.Now(), Took: 3 * time.Millisecond, Outcome: ok("answer " + fmt.Sprint(i)),
		About: translog.Exchange{System: "DEVICE", Service: "visit.scan", Direction: translog.In, Key: "visit", StaffID: 7,
			Person: "演示医生", Target: "POST /sessions/1/visits", Body: []byte(fmt.Sprintf("codes=%d", i))}}
}

func TestSpoolWritesWhatItTook(t *testing.T) {
	f := setUp(t)
	s := translog.NewSpool(f.log, 0)
	for i := range 200 {
		n := note(f, i)
		if i == 5 {
			n.Shape = func(x *translog.Exchange, o *translog.Outcome) { x.Body, o.Body = []byte("shaped"), nil }
		}
		s.Put(n)
	}
	if got := s.Stats(); got.Waiting != 200 || got.Written != 0 {
		t.Errorf("before: %+v", got)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.Stats(); got.Waiting != 0 || got.WaitingBytes != 0 || got.Written != 200 || got.Lost != 0 {
		t.Errorf("after: %+v", got)
	}
	if r := f.verify(translog.Checks{Officer: f.keys.LogOfficer()}); !r.Good() || r.Entries != 200 || r.Open != 0 {
		t.Errorf("report %+v", r)
	}
	list, err := translog.List(t.Context(), f.db.App, translog.Filter{Key: "visit", Keys: f.keys, Limit: 1000})
	if err != nil || len(list) != 200 || list[0].StaffID != 7 || list[0].DurationUS != 3000 {
		t.Fatalf("%d found, %v", len(list), err)
	}
	for i, want := range map[int]string{5: "shaped", 6: "codes=6", 199: "codes=199"} {
		o, err := translog.Show(t.Context(), f.db.App, list[199-i].Exchange, f.keys.LogOfficer())
		if err != nil || string(o.Intent.Request) != want {
			t.Errorf("note %d: %q, %v", i, o.Intent.Request, err)
		}
	}
}

func TestSpoolSaysWhatItLost(t *testing.T) {
	f := setUp(t)
	s := translog.NewSpool(f.log, 10)
	for i := range 25 {
		s.Put(note(f, i))
	}
	malformed := note(f, 99)
	malformed.About.System = ""
	s.Put(malformed)
	if got := s.Stats(); got.Waiting != 10 || got.Lost != 16 {
		t.Errorf("before: %+v", got)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Put(note(f, 26))
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := translog.List(t.Context(), f.db.App, translog.Filter{System: translog.OwnSystem})
	if err != nil || len(list) != 1 || list[0].Service != translog.GapService || list[0].Result != translog.Failed {
		t.Fatalf("the gap: %+v, %v", list, err)
	}
	o, err := translog.Show(t.Context(), f.db.App, list[0].Exchange, f.keys.LogOfficer())
	if err != nil || !strings.Contains(o.Intent.Detail, "16 次") {
		t.Errorf("the gap says %q, %v", o.Intent.Detail, err)
	}
	if got := s.Stats(); got.Written != 11 || got.Lost != 16 {
		t.Errorf("after: %+v", got)
	}
}

// Without the officer's key nothing can be sealed; what waits is written once it
// is there.
func TestSpoolWaitsForTheOfficer(t *testing.T) {
	f := setUp(t)
	keys := &lateOfficer{MemoryKeys: f.keys}
	s := translog.NewSpool(translog.New(f.db.App, keys, "test-host"), 0)
	s.Put(note(f, 1))
	if err := s.Close(t.Context()); err == nil {
		t.Fatal("written without an officer")
	}
	if got := s.Stats(); got.Waiting != 1 || got.Failing.IsZero() {
		t.Errorf("while it fails: %+v", got)
	}
	keys.there = true
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := s.Stats(); got.Waiting != 0 || got.Written != 1 || !got.Failing.IsZero() {
		t.Errorf("after: %+v", got)
	}
}

type lateOfficer struct {
	*seal.MemoryKeys
	there bool
}

func (k *lateOfficer) LogWrapKey() (*seal.PublicKey, error) {
	if !k.there {
		return nil, seal.ErrNoLogOfficer
	}
	return k.MemoryKeys.LogWrapKey()
}

// A batch whose commit nobody heard of is not written a second time.
func TestSpoolDoesNotWriteTwice(t *testing.T) {
	f := setUp(t)
	s := translog.NewSpool(f.log, 0)
	for i := range 20 {
		s.Put(note(f, i))
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Close(gone); err == nil {
		t.Fatal("nobody waited and yet it is said to be written")
	}
	if err := f.log.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := f.verify(translog.Checks{}); !r.Good() || r.Entries != 20 {
		t.Errorf("report %+v", r)
	}
}

func TestSpoolRuns(t *testing.T) {
	f := setUp(t)
	s := translog.NewSpool(f.log, 0)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { s.Run(ctx); close(ended) }()
	for i := range 100 {
		s.Put(note(f, i))
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for s.Stats().Written < 100 {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("never written")
		}
	}
	cancel()
	<-ended
}
