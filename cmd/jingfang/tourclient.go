package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// player is one person of the tour: a program that logs in and sends what the
// pages would send.
type player struct {
	name string
	base string
	http *http.Client
}

// answerError is an answer that is not 2xx: the sentence a person would read.
type answerError struct {
	Status   int
	Kind     string
	Sentence string
	Body     []byte
}

// Error is the sentence.
func (e *answerError) Error() string { return fmt.Sprintf("%d %s: %s", e.Status, e.Kind, e.Sentence) }

// newPlayer logs somebody in.
func newPlayer(ctx context.Context, base, username, password string, transport http.RoundTripper) (*player, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p := &player{name: username, base: base, http: &http.Client{Jar: jar, Transport: transport}}
	var who struct {
		Name string `json:"name"`
	}
	if err := p.post(ctx, "/login", url.Values{"username": {username}, "password": {password}}, &who); err != nil {
		return nil, fmt.Errorf("%s 登录: %w", username, err)
	}
	if who.Name != "" {
		p.name = who.Name
	}
	return p, nil
}

// command is a form with a fresh command id.
func commandForm(pairs ...string) url.Values {
	form := url.Values{"command_id": {uuid.NewString()}}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

// post sends a form and reads a JSON answer into out, unless it is nil.
func (p *player) post(ctx context.Context, path string, form url.Values, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return p.do(r, out)
}

// get reads a JSON answer.
func (p *player) get(ctx context.Context, path string, out any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+path, nil)
	if err != nil {
		return err
	}
	return p.do(r, out)
}

func (p *player) do(r *http.Request, out any) error {
	r.Header.Set("Accept", "application/json")
	resp, err := p.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return readAnswerError(resp.StatusCode, body)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err)
	}
	return nil
}

func readAnswerError(status int, body []byte) error {
	var e struct {
		Error struct{ Kind, Message string } `json:"error"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return &answerError{Status: status, Sentence: http.StatusText(status), Body: body}
	}
	return &answerError{status, e.Error.Kind, e.Error.Message, body}
}

// screen is an event stream being watched: it keeps the numbers of the foot
// 带出 = 发出 + 余 as the board last said them.
type screen struct {
	mu     sync.Mutex
	foot   [3]string
	boards int
	err    error
	news   chan struct{}
}

var (
	footPart   = regexp.MustCompile(`id="foot".*?</div>`)
	footNumber = regexp.MustCompile(`<b class="num">(\d+)</b>`)
)

// watch opens the stream of a session and follows it until ctx ends.
func (p *player) watch(ctx context.Context, session int64) (*screen, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/sessions/%d/events", p.base, session), nil)
	if err != nil {
		return nil, err
	}
	resp, err := p.http.Do(r)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, &answerError{Status: resp.StatusCode, Sentence: "事件流没有打开"}
	}
	s := &screen{news: make(chan struct{}, 1)}
	go s.follow(resp.Body)
	return s, nil
}

func (s *screen) follow(body io.ReadCloser) {
	defer body.Close()
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 64<<10), 4<<20)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data:"); ok {
			s.read(data)
		}
	}
	s.mu.Lock()
	s.err = errors.Join(lines.Err(), io.EOF)
	s.mu.Unlock()
	s.tell()
}

func (s *screen) read(data string) {
	part := footPart.FindString(data)
	numbers := footNumber.FindAllStringSubmatch(part, -1)
	if len(numbers) != 3 {
		return
	}
	s.mu.Lock()
	s.boards++
	for i, n := range numbers {
		s.foot[i] = n[1]
	}
	s.mu.Unlock()
	s.tell()
}

func (s *screen) tell() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// changes is how often the foot came anew after the first board.
func (s *screen) changes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.boards - 1
}

// until waits until the foot shows these numbers; it gives how many changes
// the screen has seen.
func (s *screen) until(ctx context.Context, taken, given, left int) (int, error) {
	want := [3]string{fmt.Sprint(taken), fmt.Sprint(given), fmt.Sprint(left)}
	for {
		s.mu.Lock()
		foot, boards, err := s.foot, s.boards, s.err
		s.mu.Unlock()
		if foot == want {
			return boards, nil
		}
		if err != nil {
			return boards, fmt.Errorf("事件流断开，最后显示 %v: %w", foot, err)
		}
		select {
		case <-s.news:
		case <-ctx.Done():
			return boards, fmt.Errorf("屏幕停在 %v，应为 %v: %w", foot, want, ctx.Err())
		}
	}
}
