package translog_test

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"jingfang/integration/translog"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// A large log: JINGFANG_LOG_ENTRIES=1000000 go test ./integration/translog -run xxx
// -bench Large -benchtime 1x. Each reports entries a second and how much the heap
// grew at most meanwhile.

func BenchmarkLargeVerify(b *testing.B) {
	f := fill(b)
	measured(b, func() error {
		r, err := translog.Verify(context.Background(), f.db.App, translog.Checks{})
		return good(b, r, err)
	})
}

func BenchmarkLargeVerifyOpening(b *testing.B) {
	f := fill(b)
	measured(b, func() error {
		r, err := translog.Verify(context.Background(), f.db.App, translog.Checks{Officer: f.keys.LogOfficer()})
		return good(b, r, err)
	})
}

func BenchmarkLargeExport(b *testing.B) {
	f := fill(b)
	measured(b, func() error { f.export(b); return nil })
}

func BenchmarkLargeVerifyFolder(b *testing.B) {
	folder := fill(b).export(b)
	measured(b, func() error {
		r, _, err := translog.VerifyFolder(context.Background(), folder, nil)
		return good(b, r, err)
	})
}

func BenchmarkLargeListFolder(b *testing.B) {
	folder := fill(b).export(b)
	measured(b, func() error {
		list, err := translog.ListFolder(context.Background(), folder, translog.Filter{}, nil)
		if err == nil && len(list) != 100 {
			b.Errorf("%d exchanges", len(list))
		}
		return err
	})
}

// entries is how many the large log has.
func entries(b *testing.B) int {
	if text := os.Getenv("JINGFANG_LOG_ENTRIES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 200 {
			b.Fatalf("JINGFANG_LOG_ENTRIES=%s", text)
		}
		return n
	}
	return 2000
}

func fill(b *testing.B) *fixture {
	b.Helper()
	f := &fixture{t: b, keys: seal.NewMemoryKeys(), db: dbtest.New(b)}
	f.log = translog.New(f.db.App, f.keys, "large")
	if err := f.log.Fill(entries(b)/2, make([]byte, 200), make([]byte, 600)); err != nil {
		b.Fatal(err)
	}
	return f
}

func (f *fixture) export(b *testing.B) *translog.Folder {
	b.Helper()
	folder, err := translog.WriteFolder(context.Background(), f.db.App, translog.Export{Day: translog.Today(time.Now()), Dir: b.TempDir(), By: "测量", Keys: f.keys})
	if err != nil {
		b.Fatal(err)
	}
	return folder
}

func good(b *testing.B, r translog.Report, err error) error {
	if err == nil && (!r.Good() || r.Entries != entries(b)/2*2 || r.Open != 0) {
		b.Errorf("%+v", r)
	}
	return err
}

// measured runs do and reports its speed and how much the heap grew at most.
func measured(b *testing.B, do func() error) {
	b.Helper()
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most.Store(max(most.Load(), now.HeapAlloc))
			select {
			case <-stop:
				return
			case <-tick.C:
			}
		}
	}()
	for b.Loop() {
		if err := do(); err != nil {
			b.Fatal(err)
		}
	}
	close(stop)
	<-ended
	b.ReportMetric(float64(entries(b))*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(float64(max(most.Load(), before.HeapAlloc)-before.HeapAlloc)/(1<<20), "MB-heap")
}
