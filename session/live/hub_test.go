package live_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/live"
	"jingfang/sql/db"
)

func TestConnectGetsTheWholeBoard(t *testing.T) {
	d := testDB(t)
	create(t, d, 7)
	s := newStage(t, d, versions(d), live.Options{})
	login := uuid.New()
	first := s.watch(7, "doctor", login)
	first.board(showing("doctor", 1))
	if e := first.next(live.EventBeat); !strings.HasSuffix(e.data, " 1") {
		t.Errorf("beat %q, want time and version 1", e.data)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no",
	} {
		if got := first.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if !first.once {
		t.Error("the connection is kept: the deadline of the last event would hit its next request")
	}
	t.Run("the second of an audience without a query", func(t *testing.T) {
		before := s.hub.Renders()
		s.watch(7, "doctor", login).board(showing("doctor", 1))
		if n := s.hub.Renders() - before; n != 0 {
			t.Errorf("%d drawings for a board that is there", n)
		}
	})
	t.Run("reconnect", func(t *testing.T) {
		first.close()
		touch(t, d, s.hub, 7)
		s.watch(7, "doctor", login).boardAtLast(showing("doctor", 2))
	})
	t.Run("after the last viewer left", func(t *testing.T) {
		s.hub.Reconnect(login)
		until(t, "the room is closed", func() bool { return s.hub.Sessions() == 0 })
		touch(t, d, s.hub, 7)
		s.watch(7, "doctor", login).board(showing("doctor", 3))
	})
}

func TestChangeReachesEveryAudienceOnlyItsOwn(t *testing.T) {
	d := testDB(t)
	create(t, d, 1, 2)
	render := func(ctx context.Context, id int64, audiences []live.Audience) (map[live.Audience][]live.Part, error) {
		m, err := versions(d)(ctx, id, audiences)
		delete(m, "visitor") // sees nothing
		return m, err
	}
	var asked atomic.Int64 // audiences of the last drawing
	counting := func(ctx context.Context, id int64, audiences []live.Audience) (map[live.Audience][]live.Part, error) {
		asked.Store(int64(len(audiences)))
		return render(ctx, id, audiences)
	}
	s := newStage(t, d, counting, live.Options{})
	clients := map[live.Audience]*client{"doctor": nil, "pharmacist": nil, "visitor": nil}
	for a := range clients {
		clients[a] = s.watch(1, a, uuid.New())
		clients[a].next(live.EventBeat)
	}
	other := s.watch(2, "doctor", uuid.New())
	other.board(showing("doctor", 1))
	before := s.hub.Renders()
	touch(t, d, s.hub, 1)
	clients["doctor"].boardAtLast(showing("doctor", 2))
	clients["pharmacist"].boardAtLast(showing("pharmacist", 2))
	if n := s.hub.Renders() - before; n != 1 {
		t.Errorf("%d drawings for one change, want 1 for all audiences", n)
	}
	clients["pharmacist"].close()
	until(t, "the pharmacist left", func() bool { return s.hub.Viewers() == 3 })
	touch(t, d, s.hub, 1)
	clients["doctor"].board(showing("doctor", 3))
	if n := asked.Load(); n != 2 {
		t.Errorf("drawn for %d audiences, want the 2 that are there", n)
	}
	s.hub.Shutdown()
	for a, c := range clients {
		for _, e := range c.end(live.EventBoard) {
			t.Errorf("%s got another board: %s", a, e.data)
		}
	}
	for _, e := range other.end(live.EventBoard) {
		t.Errorf("the other session got a board: %s", e.data)
	}
}

func TestOnlyChangedPiecesTravel(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	long := strings.Repeat("药", 100)
	var names atomic.Value
	names.Store([]string{"one", "two"})
	render := func(context.Context, int64, []live.Audience) (map[live.Audience][]live.Part, error) {
		stock := live.Part{ID: "stock", HTML: []byte("<tbody id=stock>")}
		for i, n := range names.Load().([]string) {
			row := fmt.Appendf(nil, "<tr id=r%d>%s %s</tr>", i, n, long)
			stock.Rows = append(stock.Rows, live.Row{ID: fmt.Sprintf("r%d", i), HTML: row})
			stock.HTML = append(stock.HTML, row...)
		}
		stock.HTML = append(stock.HTML, "</tbody>"...)
		queue := live.Part{ID: "queue", HTML: []byte("<p id=queue>first line\r\nevent: bye\rdata: x</p>")}
		return map[live.Audience][]live.Part{"doctor": {stock, queue}}, nil
	}
	s := newStage(t, d, render, live.Options{})
	c := s.watch(1, "doctor", uuid.New())
	queue := "<template><p id=queue>first line\nevent: bye\ndata: x</p></template>"
	c.board("<template><tbody id=stock><tr id=r0>one " + long + "</tr><tr id=r1>two " + long + "</tr></tbody></template>" + queue)
	names.Store([]string{"one", "zwei"})
	s.hub.Dirty(1)
	c.board("<template><tr id=r1>zwei " + long + "</tr></template>")
	names.Store([]string{"eins"})
	s.hub.Dirty(1)
	c.board("<template><tbody id=stock><tr id=r0>eins " + long + "</tr></tbody></template>")
}

func TestBurstIsDrawnOnce(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	entered, gate := make(chan struct{}, 100), make(chan struct{})
	var gated atomic.Bool
	render := func(ctx context.Context, id int64, a []live.Audience) (map[live.Audience][]live.Part, error) {
		if gated.Load() {
			entered <- struct{}{}
			<-gate
		}
		return versions(d)(ctx, id, a)
	}
	s := newStage(t, d, render, live.Options{})
	s.run()
	c := s.watch(1, "doctor", uuid.New())
	c.board(showing("doctor", 1))
	before := s.hub.Renders()
	gated.Store(true)
	touch(t, d, s.hub, 1)
	<-entered // a drawing is under way
	for range 50 {
		touch(t, d, s.hub, 1)
	}
	gated.Store(false)
	close(gate)
	c.boardAtLast(showing("doctor", 52))
	if n := s.hub.Renders() - before; n > 2 {
		t.Errorf("%d drawings for 51 changes, want the one under way and one more", n)
	}
}

func TestSameVersionIsNotDrawnAgain(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	var looks atomic.Int64 // the hub asks for the time when it knows a board to be the newest
	clock := func() time.Time { looks.Add(1); return time.Now() }
	s := newStage(t, d, versions(d), live.Options{Clock: clock})
	c := s.watch(1, "doctor", uuid.New())
	c.next(live.EventBeat)
	renders := s.hub.Renders()
	for range 3 {
		before := looks.Load()
		s.hub.Nudge(1)
		until(t, "looked", func() bool { return looks.Load() > before })
	}
	if n := s.hub.Renders() - renders; n != 0 {
		t.Errorf("%d drawings of a version that is on the screens", n)
	}
}

func TestNothingBeforeCommit(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	s := newStage(t, d, versions(d), live.Options{})
	c := s.watch(1, "doctor", uuid.New())
	c.board(showing("doctor", 1))
	draw := func() {
		before := s.hub.Renders()
		s.hub.Dirty(1)
		until(t, "drawn", func() bool { return s.hub.Renders() > before })
	}
	t.Run("open transaction", func(t *testing.T) {
		err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			err := s.hub.Touch(ctx, tx, 1)
			draw()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		c.board(showing("doctor", 2))
	})
	t.Run("rollback", func(t *testing.T) {
		before, broken := s.hub.Renders(), errors.New("broken")
		err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return errors.Join(s.hub.Touch(ctx, tx, 1), broken)
		})
		if !errors.Is(err, broken) {
			t.Fatal(err)
		}
		touch(t, d, s.hub, 1)
		c.board(showing("doctor", 3))
		if n := s.hub.Renders() - before; n != 1 {
			t.Errorf("%d drawings, want 1 for the commit and none for the rollback", n)
		}
	})
	t.Run("retry", func(t *testing.T) {
		tries := 0
		err := d.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			tries++
			if err := s.hub.Touch(ctx, tx, 1); err != nil || tries == 3 {
				return err
			}
			return &pq.Error{Code: "40001"}
		})
		if err != nil || tries != 3 {
			t.Fatalf("%d tries, %v", tries, err)
		}
		c.board(showing("doctor", 4))
	})
}

func TestNothingIsMissedWhileConnecting(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	s := newStage(t, d, versions(d), live.Options{})
	const changes = 60
	var wg sync.WaitGroup
	wg.Go(func() {
		for range changes {
			if err := tryTouch(t.Context(), d, s.hub, 1); err != nil {
				t.Error(err)
			}
		}
	})
	var clients []*client
	for range 60 {
		clients = append(clients, s.watch(1, "doctor", uuid.New()))
	}
	wg.Wait()
	for _, c := range clients {
		c.boardAtLast(showing("doctor", changes+1))
	}
}

func TestTwoServers(t *testing.T) {
	d := testDB(t)
	create(t, d, 1, 2)
	near, far := newStage(t, d, versions(d), live.Options{}), newStage(t, d, versions(d), live.Options{})
	near.run()
	far.run()
	a, b := near.watch(1, "doctor", uuid.New()), far.watch(1, "doctor", uuid.New())
	a.board(showing("doctor", 1))
	b.board(showing("doctor", 1))
	var worst time.Duration
	for i := range 10 {
		touch(t, d, near.hub, 1, 2)
		at := time.Now()
		a.board(showing("doctor", i+2))
		b.board(showing("doctor", i+2))
		worst = max(worst, time.Since(at))
	}
	t.Logf("slowest of 10 changes reached the other server's screen after %v", worst)
	t.Run("a program without a hub", func(t *testing.T) {
		touch(t, d, nil, 1)
		a.board(showing("doctor", 12))
		b.board(showing("doctor", 12))
	})
}

func TestFailingRender(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	var mode atomic.Value
	mode.Store("error")
	render := func(ctx context.Context, id int64, a []live.Audience) (map[live.Audience][]live.Part, error) {
		switch mode.Load() {
		case "error":
			return nil, errors.New("broken template")
		case "panic":
			panic("broken template")
		}
		return versions(d)(ctx, id, a)
	}
	s := newStage(t, d, render, live.Options{Poll: 20 * time.Millisecond})
	s.run()
	c := s.watch(1, "doctor", uuid.New())
	if e := c.next(live.EventStale); e.data != "0" {
		t.Errorf("stale %q for a board that never was, want 0", e.data)
	}
	mode.Store("good")
	c.board(showing("doctor", 1))
	c.next(live.EventBeat)
	mode.Store("panic")
	touch(t, d, s.hub, 1)
	if e := c.next(live.EventStale); e.data == "0" {
		t.Error("stale without the time of the board")
	}
	late := s.watch(1, "doctor", uuid.New())
	late.board(showing("doctor", 1)) // the last good one
	late.next(live.EventStale)
	mode.Store("good")
	c.board(showing("doctor", 2))
	c.next(live.EventBeat)
	late.board(showing("doctor", 2))
}

func TestHeartbeat(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	s := newStage(t, d, versions(d), live.Options{Heartbeat: 10 * time.Millisecond})
	c := s.watch(1, "doctor", uuid.New())
	for range 5 {
		c.next(live.EventBeat)
	}
}

func TestMaxAge(t *testing.T) {
	d := testDB(t)
	create(t, d, 1)
	s := newStage(t, d, versions(d), live.Options{MaxAge: 50 * time.Millisecond})
	if list := s.watch(1, "doctor", uuid.New()).end(live.EventBye); len(list) != 0 {
		t.Error("bye to a viewer that may come back")
	}
	until(t, "the room is closed", func() bool { return s.hub.Sessions() == 0 })
	if s.hub.Dropped() != 0 {
		t.Error("an old connection counts as dropped")
	}
}

func TestEndLogin(t *testing.T) {
	d := testDB(t)
	create(t, d, 1, 2)
	s := newStage(t, d, versions(d), live.Options{MaxAge: time.Hour, WriteTimeout: time.Hour})
	gone, stays := uuid.New(), uuid.New()
	a, b, c := s.watch(1, "doctor", gone), s.watch(2, "doctor", gone), s.watch(1, "doctor", stays)
	for _, x := range []*client{a, b, c} {
		x.board(showing("doctor", 1))
	}
	if n := len(s.hub.Logins()); n != 2 {
		t.Errorf("%d logins, want 2", n)
	}
	s.hub.EndLogin(gone)
	touch(t, d, s.hub, 1)
	for _, x := range []*client{a, b} {
		if list := x.end(live.EventBye); len(list) != 1 {
			t.Errorf("%d times bye, want 1", len(list))
		}
	}
	c.board(showing("doctor", 2))
	t.Run("a request that was on its way", func(t *testing.T) {
		late := s.watch(1, "doctor", gone)
		if list := late.end(live.EventBye); len(list) != 1 {
			t.Errorf("%d times bye, want 1", len(list))
		}
	})
	until(t, "only the other login is left", func() bool { return s.hub.Viewers() == 1 })
}

func TestBye(t *testing.T) {
	w := httptest.NewRecorder()
	live.Bye(w, httptest.NewRequest(http.MethodGet, "/", nil))
	body, err := io.ReadAll(w.Result().Body)
	if err != nil || w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/event-stream" {
		t.Errorf("%d %v %v", w.Code, w.Header(), err)
	}
	if want := "event: bye\ndata: 1\n\n"; !strings.HasSuffix(string(body), want) {
		t.Errorf("got %q, want %q at the end", body, want)
	}
}

func TestConnectionWithoutDeadlinesIsRefused(t *testing.T) {
	d := testDB(t)
	s := newStage(t, d, versions(d), live.Options{})
	err := s.hub.Serve(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), 1, "doctor", uuid.New())
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
	if s.hub.Viewers() != 0 || s.hub.Sessions() != 0 {
		t.Error("the viewer is still there")
	}
}
