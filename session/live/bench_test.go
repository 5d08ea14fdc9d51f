package live_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/r3labs/sse/v2"

	"jingfang/session/live"
)

const screens = 1000

// audience of a benchmark: connections that count the events of a name.
type onlookers struct {
	left atomic.Int64
	all  chan struct{} // the last of them has the event
}

func (o *onlookers) expect() { o.left.Store(screens) }

// join opens one connection and reads it until it ends.
func (o *onlookers) join(b *testing.B, server *httptest.Server, path string) {
	b.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path); err != nil {
		b.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		b.Fatal(answer, err)
	}
	go func() {
		lines := bufio.NewScanner(answer.Body)
		lines.Buffer(make([]byte, 8<<10), 64<<10)
		for lines.Scan() {
			if bytes.Equal(lines.Bytes(), []byte("event: board")) && o.left.Add(-1) == 0 {
				o.all <- struct{}{}
			}
		}
	}()
}

// fragment makes 4 kB in one line that differ from one n to the next.
func fragment(n int64) []byte {
	return fmt.Appendf(nil, `<tr id="r" hx-swap-oob="true"><td>%08d %s</td></tr>`, n, bytes.Repeat([]byte{'x'}, 4000))
}

// bare is r3labs/sse alone with a stream for each connection.
func bare(b *testing.B) (publish func(data []byte), o *onlookers) {
	events := sse.New()
	events.AutoReplay, events.SplitData, events.BufferSize = false, true, 16
	server := httptest.NewServer(events)
	ctx, stop := context.WithCancel(context.Background())
	server.Config.BaseContext = func(net.Listener) context.Context { return ctx }
	b.Cleanup(stop)
	o = &onlookers{all: make(chan struct{}, 1)}
	names := make([]string, screens)
	for i := range names {
		names[i] = strconv.Itoa(i)
		events.CreateStream(names[i])
		o.join(b, server, "/?stream="+names[i])
	}
	return func(data []byte) {
		for _, n := range names {
			events.Publish(n, &sse.Event{Event: []byte("board"), Data: data})
		}
	}, o
}

// hub is ours: drawn from a committed version and compared with the last board.
func hub(b *testing.B) (change func(), o *onlookers) {
	d := testDB(b)
	create(b, d, 1)
	var n atomic.Int64
	render := func(context.Context, int64, []live.Audience) (map[live.Audience][]live.Part, error) {
		row := fragment(n.Add(1))
		html := slices.Concat([]byte("<tbody>"), row, bytes.Repeat([]byte("<tr></tr>"), 400), []byte("</tbody>"))
		return map[live.Audience][]live.Part{"doctor": {{ID: "p", HTML: html, Rows: []live.Row{{ID: "r", HTML: row}}}}}, nil
	}
	s := newStage(b, d, render, live.Options{Heartbeat: time.Hour})
	s.server.Config.ConnContext = nil
	s.run()
	o = &onlookers{all: make(chan struct{}, 1)}
	o.expect()
	for range screens {
		o.join(b, s.server, fmt.Sprintf("/1/doctor/%s", uuid.New()))
	}
	<-o.all
	return func() { touch(b, d, s.hub, 1) }, o
}

// quantile gives the q-th part of the times in milliseconds.
func quantile(times []time.Duration, q float64) float64 {
	slices.Sort(times)
	return float64(times[int(q*float64(len(times)-1))].Microseconds()) / 1000
}

// BenchmarkFanOut measures how long it takes until the last of 1,000 screens has
// a change of 4 kB: from the commit for the hub, from the call for r3labs/sse
// alone, in turns.
func BenchmarkFanOut(b *testing.B) {
	change, watchers := hub(b)
	publish, others := bare(b)
	var ours, theirs []time.Duration
	n := int64(0)
	for b.Loop() {
		watchers.expect()
		start := time.Now()
		change()
		<-watchers.all
		ours = append(ours, time.Since(start))

		n++
		data := slices.Concat([]byte("<template>"), fragment(n), []byte("</template>"))
		others.expect()
		start = time.Now()
		publish(data)
		<-others.all
		theirs = append(theirs, time.Since(start))
	}
	for _, q := range []float64{0.5, 0.99} {
		name := fmt.Sprintf("p%.0f", q*100)
		b.ReportMetric(quantile(ours, q), "hub-"+name+"-ms")
		b.ReportMetric(quantile(theirs, q), "bare-"+name+"-ms")
		b.ReportMetric(quantile(ours, q)/quantile(theirs, q), "ratio-"+name)
	}
}

// BenchmarkMemory measures what 1,000 open streams hold in the server. The
// clients are bare connections of the same process.
func BenchmarkMemory(b *testing.B) {
	d := testDB(b)
	create(b, d, 1)
	for b.Loop() {
		s := newStage(b, d, versions(d), live.Options{})
		before := held()
		conns := make([]net.Conn, 0, screens)
		for range screens {
			conn, err := net.Dial("tcp", s.server.Listener.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			conns = append(conns, conn)
			if _, err := fmt.Fprintf(conn, "GET /1/doctor/%s HTTP/1.1\r\nHost: x\r\n\r\n", uuid.New()); err != nil {
				b.Fatal(err)
			}
		}
		until(b, "all have their board and beat", func() bool { return s.hub.Bytes() >= screens*uint64(len(showing("doctor", 1))+10) })
		b.ReportMetric(float64(held()-before)/screens/1024, "kB/viewer")
		s.hub.Shutdown()
		for _, c := range conns {
			c.Close()
		}
		until(b, "all are gone", func() bool { return s.hub.Viewers() == 0 })
	}
}

// held is the memory in use by the heap and the stacks.
func held() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
