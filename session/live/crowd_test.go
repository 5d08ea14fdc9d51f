package live_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session/live"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// bulky is versions with boards of n bytes, which fill the buffers of a
// connection that nobody reads.
func bulky(d *db.DB, n int) live.Render {
	return func(ctx context.Context, id int64, audiences []live.Audience) (map[live.Audience][]live.Part, error) {
		m, err := versions(d)(ctx, id, audiences)
		for a := range m {
			m[a] = append(m[a], live.Part{ID: "bulk", HTML: append(bytes.Repeat([]byte{'x'}, n), m[a][0].HTML...)})
		}
		return m, err
	}
}

// sleeper opens a stream over a connection that takes next to nothing and is
// never read, like a phone that fell asleep.
func sleeper(s *stage, id int64) {
	s.t.Helper()
	before := s.hub.Viewers()
	conn, err := net.Dial("tcp", s.server.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	if err := conn.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		s.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET /%d/doctor/%s HTTP/1.1\r\nHost: x\r\n\r\n", id, uuid.New()); err != nil {
		s.t.Fatal(err)
	}
	until(s.t, "the sleeper is connected", func() bool { return s.hub.Viewers() == before+1 })
}

// crowd opens n streams and waits for their first board.
func crowd(s *stage, n int) []*client {
	s.t.Helper()
	list := make([]*client, n)
	for i := range list {
		list[i] = s.watch(1, "doctor", uuid.New())
	}
	for _, c := range list {
		c.next(live.EventBoard)
	}
	return list
}

// see reads boards until the one of a version and gives the last.
func (c *client) see(version int) {
	c.t.Helper()
	for !strings.Contains(c.next(live.EventBoard).data, fmt.Sprintf("doctor %d<", version)) {
	}
}

func TestOneSleepingPhoneAmong200(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	// No write deadline: the phone's connection goes when its queue is full.
	s := newStage(t, d, bulky(d, 20_000), live.Options{WriteTimeout: time.Hour, Gap: time.Millisecond})
	healthy := crowd(s, 199)
	sleeper(s, 1)
	version := 1
	step := func() {
		version++
		touch(t, d, s.hub, 1)
		for _, c := range healthy {
			c.see(version)
		}
	}
	for range 50 { // 1 MB: far beyond what the buffers take
		step()
	}
	if n := s.hub.Dropped(); n != 0 {
		t.Fatalf("%d dropped before the others had event %d", n, version)
	}
	for s.hub.Dropped() == 0 {
		if step(); version > 300 {
			t.Fatal("the sleeper is never dropped")
		}
	}
	t.Logf("the sleeper was dropped at event %d", version)
	step()
	until(t, "only the sleeper is gone", func() bool { return s.hub.Viewers() == len(healthy) })
	if n := s.hub.Dropped(); n != 1 {
		t.Errorf("%d dropped, want 1", n)
	}
}

func TestWriteDeadline(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	s := newStage(t, d, bulky(d, 8<<20), live.Options{WriteTimeout: 50 * time.Millisecond})
	sleeper(s, 1)
	until(t, "the sleeper is dropped", func() bool { return s.hub.Dropped() == 1 })
	until(t, "the sleeper is gone", func() bool { return s.hub.Viewers() == 0 })
}

// ours gives the stacks of goroutines of this package or of r3labs/sse.
func ours() (list []string) {
	buf := make([]byte, 64<<20)
	for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "r3labs/sse") || strings.Contains(g, "session/live.(*") {
			list = append(list, g)
		}
	}
	return list
}

func TestThousandViewersLeaveNothing(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	s := newStage(t, d, versions(d), live.Options{})
	hc := &http.Client{Transport: transport()}
	idle := runtime.NumGoroutine()
	leave := []func(*client, uuid.UUID){
		func(c *client, _ uuid.UUID) { c.close() },
		func(_ *client, login uuid.UUID) { s.hub.EndLogin(login) },
		func(_ *client, login uuid.UUID) { s.hub.Reconnect(login) },
		func(_ *client, login uuid.UUID) { s.hub.EndLogin(login); s.hub.Reconnect(login) },
	}
	var wg sync.WaitGroup
	for worker := range 20 {
		wg.Go(func() {
			for i := range 50 {
				login := uuid.New()
				c, err := dial(t, hc, fmt.Sprintf("%s/1/doctor/%s", s.server.URL, login))
				if err != nil {
					t.Error(err)
					return
				}
				if i%2 == 0 { // the others leave before they have the board
					c.next(live.EventBoard)
				}
				if err := tryTouch(t.Context(), d, s.hub, 1); err != nil {
					t.Error(err)
				}
				leave[(worker+i)%len(leave)](c, login)
				c.end(live.EventBoard)
			}
		})
	}
	wg.Wait()
	until(t, "no viewer is left", func() bool { return s.hub.Viewers() == 0 && s.hub.Sessions() == 0 })
	until(t, "no goroutine of a stream is left", func() bool { return len(ours()) == 0 })
	until(t, "no more goroutines than before", func() bool { return runtime.NumGoroutine() <= idle+5 })
	if n := s.hub.Connects(); n != 1000 {
		t.Errorf("%d connects, want 1000", n)
	}
}

func TestShutdownWithStreamsOpen(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	// A write deadline would end the sleeper some time; it must not be needed.
	s := newStage(t, d, bulky(d, 1<<20), live.Options{WriteTimeout: time.Hour})
	clients := crowd(s, 200)
	sleeper(s, 1)
	for range 10 {
		touch(t, d, s.hub, 1)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	start := time.Now()
	s.hub.Shutdown()
	if err := s.server.Config.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("201 streams, one of them hung, were shut down in %v", time.Since(start))
	for _, c := range clients {
		c.end(live.EventBye)
	}
	until(t, "no goroutine of a stream is left", func() bool { return len(ours()) == 0 })
	t.Run("a late request is refused", func(t *testing.T) {
		w := httptest.NewRecorder()
		err := s.hub.Serve(w, httptest.NewRequest(http.MethodGet, "/", nil), 1, "doctor", uuid.New())
		if db.KindOf(err) != db.Unavailable {
			t.Errorf("got %v", err)
		}
	})
}

func TestDatabaseStopsAndStarts(t *testing.T) {
	own := dbtest.With(t, dbtest.Options{OwnCluster: true})
	d := own.App
	create(t, d, 1)
	s := newStage(t, d, versions(d), live.Options{Heartbeat: 50 * time.Millisecond})
	s.run()
	c := s.watch(1, "doctor", uuid.New())
	c.board(showing("doctor", 1))
	for range 2 {
		if err := own.Cluster.Halt(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.next(live.EventStale)
		c.next(live.EventStale) // instead of the beat
		late := s.watch(1, "doctor", uuid.New())
		late.board(showing("doctor", 1))
		late.next(live.EventStale)
		first := s.watch(1, "pharmacist", uuid.New())
		first.next(live.EventStale)
		if err := own.Cluster.Resume(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.next(live.EventBeat)
		late.next(live.EventBeat)
		first.board(showing("pharmacist", 1))
		late.close()
		first.close()
	}
	touch(t, d, s.hub, 1)
	c.board(showing("doctor", 2))
	if s.hub.Failures() == 0 {
		t.Error("no failure was counted")
	}
}

func TestHTTP2(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	s := newStage(t, d, bulky(d, 256<<10), live.Options{WriteTimeout: 3 * time.Second})
	s.server.Close()
	s.server = httptest.NewUnstartedServer(s)
	s.server.EnableHTTP2 = true
	s.server.StartTLS()
	hc := s.server.Client()
	login := uuid.New()
	a, b := s.watchWith(hc, 1, "doctor", login), s.watchWith(hc, 1, "doctor", uuid.New())
	a.see(1)
	b.see(1)
	touch(t, d, s.hub, 1)
	a.see(2)
	b.see(2)
	s.hub.EndLogin(login)
	if list := a.end(live.EventBye); len(list) != 1 {
		t.Errorf("%d times bye, want 1", len(list))
	}
	t.Run("one stream that is not read delays no other on the same connection", func(t *testing.T) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, fmt.Sprintf("%s/1/doctor/%s", s.server.URL, uuid.New()), nil)
		if err != nil {
			t.Fatal(err)
		}
		hung, err := hc.Do(r)
		if err != nil || hung.ProtoMajor != 2 {
			t.Fatal(hung, err)
		}
		defer hung.Body.Close()
		for v := 3; s.hub.Viewers() > 1; v++ {
			touch(t, d, s.hub, 1)
			b.see(v)
		}
		if n := s.hub.Dropped(); n != 1 {
			t.Errorf("%d dropped, want 1", n)
		}
	})
}

// TestHTTP2Rests: a stream on which nothing is written for longer than a write
// may take goes on.
func TestHTTP2Rests(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	s := newStage(t, d, versions(d), live.Options{WriteTimeout: time.Second, Heartbeat: 1500 * time.Millisecond})
	s.server.Close()
	s.server = httptest.NewUnstartedServer(s)
	s.server.EnableHTTP2 = true
	s.server.StartTLS()
	c := s.watchWith(s.server.Client(), 1, "doctor", uuid.New())
	c.board(showing("doctor", 1))
	for range 3 {
		c.next(live.EventBeat)
	}
	touch(t, d, s.hub, 1)
	c.board(showing("doctor", 2))
	if n := s.hub.Connects(); n != 1 {
		t.Errorf("%d connects, want 1", n)
	}
}
