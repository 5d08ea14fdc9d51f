package live_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session/live"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// stage is a hub behind a real server, on a real database.
type stage struct {
	t      testing.TB
	d      *db.DB
	hub    *live.Hub
	server *httptest.Server
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// newStage starts a hub without its poller; tests of several servers run it.
func newStage(t testing.TB, d *db.DB, render live.Render, o live.Options) *stage {
	t.Helper()
	if o.Log == nil {
		o.Log = quiet()
	}
	s := &stage{t: t, d: d, hub: live.New(d, render, o)}
	s.server = httptest.NewUnstartedServer(s)
	s.server.Config.ConnContext = smallBuffers
	s.server.Start()
	t.Cleanup(func() {
		s.hub.Shutdown()
		s.server.Close()
	})
	return s
}

// smallBuffers keeps the system from storing megabytes for a client that does
// not read, so that its connection hangs after a few events.
func smallBuffers(ctx context.Context, c net.Conn) context.Context {
	if tcp, ok := c.(*net.TCPConn); ok {
		// Without it a test takes longer and tells the same.
		_ = tcp.SetWriteBuffer(16 << 10)
	}
	return ctx
}

// ServeHTTP serves /{session}/{audience}/{login}.
func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	id, err := strconv.ParseInt(f[0], 10, 64)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := s.hub.Serve(w, r, id, live.Audience(f[1]), uuid.MustParse(f[2])); err != nil {
		http.Error(w, db.Sentence(err), http.StatusServiceUnavailable)
	}
}

// run starts the hub's poller.
func (s *stage) run() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.hub.Run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("Run: %v", err)
		}
	})
}

// create makes sessions with versions.
func create(t testing.TB, d *db.DB, ids ...int64) {
	t.Helper()
	err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, id := range ids {
			if err := live.Create(ctx, tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// touch commits a change of sessions through a hub, which may be nil.
func touch(t testing.TB, d *db.DB, h *live.Hub, ids ...int64) {
	t.Helper()
	if err := tryTouch(t.Context(), d, h, ids...); err != nil {
		t.Fatal(err)
	}
}

func tryTouch(ctx context.Context, d *db.DB, h *live.Hub, ids ...int64) error {
	return d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return h.Touch(ctx, tx, ids...) })
}

// versions is a renderer whose board says the committed version of the session,
// read like any other row, and the audience.
func versions(d *db.DB) live.Render {
	return func(ctx context.Context, id int64, audiences []live.Audience) (map[live.Audience][]live.Part, error) {
		var v int64
		if err := d.Get(ctx, &v, `SELECT version FROM session_version WHERE session_id = $1::bigint`, id); err != nil {
			return nil, err
		}
		m := make(map[live.Audience][]live.Part)
		for _, a := range audiences {
			m[a] = []live.Part{{ID: "v", HTML: fmt.Appendf(nil, `<p id="v" hx-swap-oob="true">%s %d</p>`, a, v)}}
		}
		return m, nil
	}
}

// showing is the board event of versions.
func showing(a live.Audience, version int) string {
	return fmt.Sprintf(`<template><p id="v" hx-swap-oob="true">%s %d</p></template>`, a, version)
}

// event is one event as the client read it.
type event struct{ name, data string }

// client is one open stream. Its events wait in a channel that closes with the
// stream.
type client struct {
	t      testing.TB
	events chan event
	header http.Header
	once   bool // the server closes the connection after the stream
	close  func()
}

// transport would keep connections for further requests if the server let it.
func transport() *http.Transport { return &http.Transport{MaxIdleConns: 1} }

func (s *stage) watch(id int64, a live.Audience, login uuid.UUID) *client {
	s.t.Helper()
	return s.watchWith(&http.Client{Transport: transport()}, id, a, login)
}

func (s *stage) watchWith(hc *http.Client, id int64, a live.Audience, login uuid.UUID) *client {
	s.t.Helper()
	c, err := dial(s.t, hc, fmt.Sprintf("%s/%d/%s/%s?stream=x", s.server.URL, id, a, login))
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func dial(t testing.TB, hc *http.Client, url string) (*client, error) {
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		cancel()
		return nil, err
	}
	r.Header.Set("Last-Event-ID", "not a number")
	answer, err := hc.Do(r)
	if err != nil {
		cancel()
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		cancel()
		return nil, fmt.Errorf("status %s", answer.Status)
	}
	c := &client{t: t, events: make(chan event, 4096), header: answer.Header, once: answer.Close}
	c.close = sync.OnceFunc(cancel)
	t.Cleanup(c.close)
	go c.read(answer.Body)
	return c, nil
}

// read parses the stream as the specification of server-sent events says.
func (c *client) read(body io.ReadCloser) {
	defer close(c.events)
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 8<<20)
	var e event
	var data []string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			e.name = value
		case "data":
			data = append(data, value)
		case "":
			if data != nil {
				e.data = strings.Join(data, "\n")
				c.events <- e
			}
			e, data = event{}, nil
		}
	}
}

// next waits for the next event of a name and skips the others.
func (c *client) next(name string) event {
	c.t.Helper()
	late := time.After(patience)
	for {
		select {
		case e, ok := <-c.events:
			if !ok {
				c.t.Fatalf("the stream ended, waiting for %s", name)
			}
			if e.name == name {
				return e
			}
		case <-late:
			c.t.Fatalf("no event %s", name)
		}
	}
}

// board waits for the next board event and compares it.
func (c *client) board(want string) {
	c.t.Helper()
	if e := c.next(live.EventBoard); e.data != want {
		c.t.Fatalf("board\n%q, want\n%q", e.data, want)
	}
}

// boardAtLast reads boards until one is as wanted: those before were drawn in
// between.
func (c *client) boardAtLast(want string) {
	c.t.Helper()
	for c.next(live.EventBoard).data != want {
	}
}

// end waits for the end of the stream and gives the events of a name that came
// before it.
func (c *client) end(name string) (list []event) {
	c.t.Helper()
	late := time.After(patience)
	for {
		select {
		case e, ok := <-c.events:
			if !ok {
				return list
			}
			if e.name == name {
				list = append(list, e)
			}
		case <-late:
			c.t.Fatal("the stream did not end")
		}
	}
}

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("never: %s", what)
		}
	}
}

func testDB(t testing.TB) *db.DB { return dbtest.New(t).App }
