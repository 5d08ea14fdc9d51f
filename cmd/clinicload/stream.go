package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// event is one event of a stream. Its data is valid until the next one is read.
type event struct {
	name []byte
	data []byte
	at   time.Time // when its last byte was read
}

// connectTime bounds the opening of a stream.
const connectTime = 30 * time.Second

// listen opens an event stream and gives its events to take until the stream or
// ctx ends. It reads from the connection itself: net/http would keep two
// goroutines for each of a thousand screens on the processors that the server
// needs.
func (t *target) listen(ctx context.Context, path string, cookies []*http.Cookie, opened func(), take func(event)) error {
	conn, err := t.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	r := &http.Request{Method: http.MethodGet, URL: t.base.JoinPath(), Host: t.base.Host, Header: http.Header{"Accept": {"text/event-stream"}}}
	if r.URL, err = t.base.Parse(path); err != nil {
		return err
	}
	for _, c := range cookies {
		r.AddCookie(c)
	}
	if err := conn.SetDeadline(time.Now().Add(connectTime)); err != nil {
		return err
	}
	if err := r.Write(conn); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 4<<10), r)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return &refusal{answer.StatusCode, fmt.Sprintf("http_%d", answer.StatusCode), "事件流没有打开"}
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	if opened != nil {
		opened()
	}
	return readEvents(bufio.NewReaderSize(answer.Body, 8<<10), take)
}

func (t *target) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	port := t.base.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[t.base.Scheme]
	}
	address := net.JoinHostPort(t.base.Hostname(), port)
	if t.base.Scheme == "https" {
		return (&tls.Dialer{Config: t.tls}).DialContext(ctx, "tcp", address)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", address)
}

// readEvents splits a stream into events. A field "retry" is kept out: screens
// come back at a pace of their own.
func readEvents(r *bufio.Reader, take func(event)) error {
	var e event
	for {
		field, err := readLine(r, &e)
		if err != nil {
			return err
		}
		if field != endOfEvent {
			continue
		}
		if len(e.data) > 0 {
			e.at = time.Now()
			take(e)
		}
		e.name, e.data = e.name[:0], e.data[:0]
	}
}

// What a line of a stream is.
const (
	otherField = iota
	dataField
	endOfEvent
)

// readLine reads one line into the event. A line longer than the buffer comes in
// pieces.
func readLine(r *bufio.Reader, e *event) (field int, err error) {
	piece, err := r.ReadSlice('\n')
	switch {
	case len(piece) == 1 && piece[0] == '\n':
		return endOfEvent, nil
	case bytes.HasPrefix(piece, []byte("event: ")):
		e.name = append(e.name[:0], bytes.TrimRight(piece[len("event: "):], "\n")...)
	case bytes.HasPrefix(piece, []byte("data: ")):
		field = dataField
		if len(e.data) > 0 {
			e.data = append(e.data, '\n')
		}
		e.data = append(e.data, piece[len("data: "):]...)
	}
	for err == bufio.ErrBufferFull {
		if piece, err = r.ReadSlice('\n'); field == dataField {
			e.data = append(e.data, piece...)
		}
	}
	if field == dataField && err == nil {
		e.data = e.data[:len(e.data)-1]
	}
	return field, err
}

// streamPath is where a session's events are.
func streamPath(session int64) string {
	return "/sessions/" + strconv.FormatInt(session, 10) + "/events"
}

// cookies are what the person's browser would send.
func (p *person) cookies() []*http.Cookie {
	return p.client.Jar.Cookies(&url.URL{Scheme: p.target.base.Scheme, Host: p.target.base.Host, Path: "/"})
}
