package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// caller is somebody's client: a program that sends JSON, or, with asBrowser,
// what a browser sends.
type caller struct {
	t    testing.TB
	name string
	base string
	jar  http.CookieJar
	csrf string
	http *http.Client
}

// reply is an answer.
type reply struct {
	status int
	header http.Header
	body   string
}

// newCaller is nobody yet.
func newCaller(t testing.TB, base string) *caller {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	// Connections of its own: one that a test cuts is nobody else's.
	own := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(own.CloseIdleConnections)
	return &caller{t: t, base: base, jar: jar, http: &http.Client{Jar: jar, Transport: own,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// person logs somebody in.
func person(t testing.TB, base, username string) *caller {
	t.Helper()
	c := newCaller(t, base)
	var who struct{ Name, CSRF string }
	c.post("/login", url.Values{"username": {username}, "password": {demoPassword}}).json(t, &who)
	c.name, c.csrf = who.Name, who.CSRF
	return c
}

// at is the same person at another server: one load balancer stands before both.
func (c *caller) at(base string) *caller {
	other := *c
	other.base = base
	return &other
}

// call sends a request and reads the whole answer. An answer that never came has
// status 0.
func (c *caller) call(method, path string, form url.Values, header ...string) reply {
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, c.base+path, body)
	if err != nil {
		c.t.Error(err)
		return reply{}
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return c.send(r)
}

func (c *caller) send(r *http.Request) reply {
	resp, err := c.http.Do(r)
	if err != nil {
		return reply{body: err.Error()}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{body: err.Error()}
	}
	return reply{resp.StatusCode, resp.Header, string(text)}
}

// get and post are a program's.
func (c *caller) get(path string) reply {
	return c.call("GET", path, nil, "Accept", "application/json")
}
func (c *caller) post(path string, form url.Values) reply {
	return c.call("POST", path, form, "Accept", "application/json")
}

// page is what a browser gets when the address is opened.
func (c *caller) page(path string) reply {
	return c.call("GET", path, nil, "Accept", "text/html", "Sec-Fetch-Site", "none")
}

// htmx is what a browser's script sends.
func (c *caller) htmx(method, path string, form url.Values) reply {
	return c.call(method, path, form, "Accept", "text/html", "Origin", c.base, "Sec-Fetch-Site", "same-origin",
		"HX-Request", "true", "HX-Current-URL", c.base+"/", "X-CSRF-Token", c.csrf)
}

// json reads a good answer.
func (r reply) json(t testing.TB, out any) {
	t.Helper()
	if r.status/100 != 2 {
		t.Fatalf("status %d: %s", r.status, r.body)
	}
	if err := json.Unmarshal([]byte(r.body), out); err != nil {
		t.Fatalf("%v in %s", err, r.body)
	}
}

// refusal reads the sentence and the kind of a refusal.
func (r reply) refusal() (kind, sentence string) {
	var e struct {
		Error struct{ Kind, Message string } `json:"error"`
	}
	if err := json.Unmarshal([]byte(r.body), &e); err != nil {
		return "", r.body
	}
	return e.Error.Kind, e.Error.Message
}

// scanReply is the JSON answer to a scan at the table, in packing and receiving.
type scanReply struct {
	Answers []struct {
		Raw, Code, Kind, Tone, Word, Drug, Sentence string
	} `json:"answers"`
	Packs int `json:"packs"`
}

// kinds are the kinds of the answers in order.
func (a scanReply) kinds() []string {
	var list []string
	for _, x := range a.Answers {
		list = append(list, x.Kind)
	}
	return list
}

// clinic is a session with what a test needs to act in it.
type clinic struct {
	t  testing.TB
	id int64
	// lends tells that tests take packs home from it while it is open.
	lends bool
}

func (c clinic) path(rest string) string { return fmt.Sprintf("/sessions/%d%s", c.id, rest) }

func (c clinic) visitPath(visit, rest string) string { return c.path("/visits/" + visit + rest) }

// start brings a patient to a doctor and gives the visit.
func (c clinic) start(d *caller, token string) string {
	c.t.Helper()
	var a struct{ Visit string }
	d.post(c.path("/visits"), commandForm("visit", uuid.NewString(), "patient", token, "start", "true")).json(c.t, &a)
	return a.Visit
}

// queue checks a patient in.
func (c clinic) queue(by *caller, token string) {
	c.t.Helper()
	by.post(c.path("/visits"), commandForm("visit", uuid.NewString(), "patient", token, "start", "false")).json(c.t, new(any))
}

func (c clinic) scan(d *caller, visit string, codes ...string) scanReply {
	c.t.Helper()
	var a scanReply
	d.post(c.visitPath(visit, "/scans"), commandForm("codes", strings.Join(codes, "\n"))).json(c.t, &a)
	return a
}

func (c clinic) finish(d *caller, visit string) {
	c.t.Helper()
	d.post(c.visitPath(visit, "/finish"), commandForm("collector", "self")).json(c.t, new(any))
}

// totals are the numbers of the equation and of the queue.
type totals struct{ Taken, Given, Left, Waiting, Finished int }

func (c clinic) totals(by *caller) totals {
	c.t.Helper()
	var x totals
	by.get(c.path("")).json(c.t, &x)
	if away := x.Taken - x.Given - x.Left; away < 0 || away > 0 && !c.lends {
		c.t.Errorf("session %d: %d taken is not %d given and %d left", c.id, x.Taken, x.Given, x.Left)
	}
	return x
}

// stream is an event stream being read. It keeps everything.
type stream struct {
	mu     sync.Mutex
	events []streamEvent
	ended  error
	news   chan struct{}
	cancel context.CancelFunc
}

type streamEvent struct{ name, data string }

// watch opens a session's stream; it ends with the test.
func (c *caller) watch(session int64) *stream {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	c.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/sessions/%d/events", c.base, session), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	resp, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	s := &stream{news: make(chan struct{}, 1), cancel: cancel}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		c.t.Fatalf("%s: the stream of session %d has status %d", c.name, session, resp.StatusCode)
	}
	go s.follow(resp.Body)
	return s
}

func (s *stream) follow(body io.ReadCloser) {
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 64<<10), 8<<20)
	var e streamEvent
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "event:"):
			e.name = strings.TrimSpace(line[6:])
		case strings.HasPrefix(line, "data:"):
			e.data += strings.TrimPrefix(line[5:], " ")
		case line == "" && e.name != "":
			s.add(e, nil)
			e = streamEvent{}
		}
	}
	s.add(streamEvent{}, io.EOF)
}

func (s *stream) add(e streamEvent, ended error) {
	s.mu.Lock()
	if ended == nil {
		s.events = append(s.events, e)
	}
	s.ended = ended
	s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// seen is how many events have come.
func (s *stream) seen() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.events)
}

// text is everything that the stream has said.
func (s *stream) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b bytes.Buffer
	for _, e := range s.events {
		b.WriteString(e.data)
	}
	return b.String()
}

// until waits for an event, among those from the number from on.
func (s *stream) until(t testing.TB, from int, what string, match func(streamEvent) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testPatience)
	defer cancel()
	for {
		s.mu.Lock()
		events, ended := s.events, s.ended
		s.mu.Unlock()
		for ; from < len(events); from++ {
			if match(events[from]) {
				return
			}
		}
		if ended != nil {
			t.Fatalf("the stream ended before: %s", what)
		}
		select {
		case <-s.news:
		case <-ctx.Done():
			t.Fatalf("the stream did not bring: %s; it has %d events", what, len(events))
		}
	}
}

func footOf(taken, given, left int) [3]string {
	return [3]string{fmt.Sprint(taken), fmt.Sprint(given), fmt.Sprint(left)}
}

// newID is an id as a device makes it.
func newID() string { return uuid.NewString() }
