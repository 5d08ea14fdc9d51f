package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/r3labs/sse/v2"
)

// bareCommand is the argument that turns this program into the bare server: a
// process of its own, so that it has to share the processors like a real one.
const bareCommand = "bare-server"

// bareQueue is the queue of a stream, as in session/live.
const bareQueue = 16

// bareServer is r3labs/sse and nothing else: a stream for each connection, no
// database, no deadlines. What is published to a hall goes to all its streams.
type bareServer struct {
	events *sse.Server
	next   atomic.Int64

	mu    sync.Mutex
	halls map[string]map[string]struct{} // streams by hall
}

// serveBare prints its address and serves until in ends, that is until the
// program that started it has ended, in whatever way.
func serveBare(in io.Reader, out io.Writer) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	server := &http.Server{Handler: newBareServer().routes(), ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx }}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	if _, err := fmt.Fprintf(out, "http://%s\n", l.Addr()); err != nil {
		return errors.Join(err, server.Close())
	}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, in)
		ended <- err
	}()
	select {
	case err := <-failed:
		return err
	case err := <-ended:
		return errors.Join(err, server.Close())
	}
}

func newBareServer() *bareServer {
	b := &bareServer{events: sse.New(), halls: map[string]map[string]struct{}{}}
	b.events.AutoReplay, b.events.AutoStream, b.events.EncodeBase64 = false, false, false
	b.events.SplitData = true
	b.events.BufferSize = bareQueue
	return b
}

func (b *bareServer) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /events/{hall}", b.listen)
	m.HandleFunc("POST /publish/{hall}", b.publish)
	return m
}

func (b *bareServer) listen(w http.ResponseWriter, r *http.Request) {
	stream, hall := strconv.FormatInt(b.next.Add(1), 10), r.PathValue("hall")
	b.mu.Lock()
	if b.halls[hall] == nil {
		b.halls[hall] = map[string]struct{}{}
	}
	b.halls[hall][stream] = struct{}{}
	b.mu.Unlock()
	b.events.CreateStream(stream)
	defer b.events.RemoveStream(stream)
	defer func() {
		b.mu.Lock()
		delete(b.halls[hall], stream)
		b.mu.Unlock()
	}()
	c := r.Clone(r.Context())
	c.URL.RawQuery = "stream=" + stream
	b.events.ServeHTTP(w, c)
}

func (b *bareServer) publish(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(r.Body)
	if err != nil || len(data) == 0 {
		http.Error(w, "no data", http.StatusBadRequest)
		return
	}
	for _, stream := range b.streams(r.PathValue("hall")) {
		b.events.Publish(stream, &sse.Event{Event: []byte("board"), Data: data})
	}
	w.WriteHeader(http.StatusNoContent)
}

func (b *bareServer) streams(hall string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]string, 0, len(b.halls[hall]))
	for s := range b.halls[hall] {
		list = append(list, s)
	}
	return list
}
