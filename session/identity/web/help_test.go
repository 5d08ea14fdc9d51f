package web_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-chi/chi/v5"

	"jingfang/session/identity"
	"jingfang/session/identity/web"
	"jingfang/session/page"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
	"jingfang/static"
)

const (
	goodPassword = "Demo-12345"
	token        = "AAAA-BBBB-CCCC-DDDD"
)

// clock is a clock that stands until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// house is a running server over a fresh schema.
type house struct {
	t     *testing.T
	svc   *identity.Service
	test  *dbtest.DB
	clock *clock
	keys  *seal.MemoryKeys
	url   string
	// statements is how many the last request needed.
	statements atomic.Int64
}

// counted notes the statements of a request.
func (h *house) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ctx, counter := db.WithCounter(r.Context())
		next.ServeHTTP(rw, r.WithContext(ctx))
		h.statements.Store(counter.Count())
	})
}

type option func(*web.Config)

func newHouse(t *testing.T, options ...option) *house {
	t.Helper()
	return build(t, func(*house) identity.CA { return identity.CA{} }, options...)
}

// build makes a server over a fresh schema, with the CA that ca gives.
func build(t *testing.T, ca func(h *house) identity.CA, options ...option) *house {
	t.Helper()
	h := &house{t: t, clock: &clock{t: time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)}, keys: seal.NewMemoryKeys()}
	h.test = dbtest.With(t, dbtest.Options{Clock: h.clock.now})
	quiet := slog.New(slog.DiscardHandler)
	var err error
	h.svc, err = identity.New(identity.Config{DB: h.test.App, Keys: h.keys, Rounds: seal.TestRounds, Log: quiet, CA: ca(h)})
	check(t, err)
	site, err := page.New(page.Config{Log: quiet}, web.Templates())
	check(t, err)
	c := web.Config{Service: h.svc, Site: site, FirstRunToken: token,
		Menu: []web.Entry{{MenuItem: page.MenuItem{Title: "患者", URL: "/patients", Icon: "people"}, Needs: identity.ViewPatient}}}
	for _, o := range options {
		o(&c)
	}
	w := web.New(c)
	r := chi.NewRouter()
	r.Use(site.Middleware()...)
	r.Use(h.counted)
	r.Use(w.Middleware)
	w.Routes(r)
	r.Handle("/static/*", static.Handler())
	r.Get("/", w.LoggedIn(func(rw http.ResponseWriter, r *http.Request) error {
		by, _ := identity.ActorOf(r.Context())
		return site.JSON(rw, r, http.StatusOK, by.Username)
	}))
	r.Get("/patients", w.Require(identity.ViewPatient, func(rw http.ResponseWriter, r *http.Request) error {
		return site.JSON(rw, r, http.StatusOK, "patients")
	}))
	r.Get("/forgotten", func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "secret") })
	r.Get("/healthz", func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, "ok") })
	r.NotFound(site.NotFound())
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	h.url = server.URL
	return h
}

func (h *house) person(username string, grants ...identity.Grant) identity.Staff {
	h.t.Helper()
	st, _, err := h.svc.CreateStaff(context.Background(), identity.System("test"), identity.NewStaff{Username: username, Name: "演示" + username, Password: goodPassword, Final: true, Grants: grants})
	check(h.t, err)
	return st
}

// client is a browser that does not follow redirects.
type client struct {
	h    *house
	http *http.Client
	csrf string
	json bool // asks for JSON, like a program
}

func (h *house) client() *client {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	check(h.t, err)
	return &client{h: h, http: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// program logs in as a program does and gives its client.
func (h *house) program(username string) *client {
	h.t.Helper()
	c := h.client()
	c.json = true
	a := c.post("/login", "username", username, "password", goodPassword)
	if a.status != http.StatusOK {
		h.t.Fatalf("login of %s: %d %s", username, a.status, a.body)
	}
	var body struct{ CSRF string }
	check(h.t, json.Unmarshal([]byte(a.body), &body))
	c.csrf = body.CSRF
	return c
}

// browser logs in with the page's form and reads the token from the page.
func (h *house) browser(username string) *client {
	h.t.Helper()
	c := h.client()
	a := c.browserPost("/login", "username", username, "password", goodPassword)
	if a.status != http.StatusSeeOther {
		h.t.Fatalf("login of %s: %d %s", username, a.status, a.body)
	}
	c.csrf, _ = c.get("/password").doc().Find(`meta[name="csrf"]`).Attr("content")
	if len(c.csrf) != 64 {
		h.t.Fatalf("token %q", c.csrf)
	}
	return c
}

type answer struct {
	t        *testing.T
	status   int
	body     string
	location string
	header   http.Header
}

func (c *client) do(method, path string, form url.Values, header map[string]string) answer {
	c.h.t.Helper()
	r, err := http.NewRequest(method, c.h.url+path, strings.NewReader(form.Encode()))
	check(c.h.t, err)
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.json {
		r.Header.Set("Accept", "application/json")
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	resp, err := c.http.Do(r)
	check(c.h.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(c.h.t, err)
	return answer{c.h.t, resp.StatusCode, string(body), resp.Header.Get("Location"), resp.Header}
}

func (c *client) get(path string) answer {
	c.h.t.Helper()
	return c.do(http.MethodGet, path, nil, nil)
}

func fields(pairs []string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

// post is a program's: no Origin, no token.
func (c *client) post(path string, pairs ...string) answer {
	c.h.t.Helper()
	return c.do(http.MethodPost, path, fields(pairs), nil)
}

// browserPost is what a browser sends for a form of our page.
func (c *client) browserPost(path string, pairs ...string) answer {
	c.h.t.Helper()
	form := fields(pairs)
	if c.csrf != "" && !form.Has("csrf") {
		form.Set("csrf", c.csrf)
	}
	return c.do(http.MethodPost, path, form, map[string]string{"Origin": c.h.url, "Sec-Fetch-Site": "same-origin"})
}

func (a answer) doc() *goquery.Document {
	a.t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	check(a.t, err)
	return d
}

// want checks status and that the body has (or, with "!", has not) texts.
func (a answer) want(status int, texts ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	for _, text := range texts {
		if not, found := strings.CutPrefix(text, "!"); found && strings.Contains(a.body, not) {
			a.t.Errorf("the answer has %q: %s", not, a.body)
		} else if !found && !strings.Contains(a.body, text) {
			a.t.Errorf("the answer lacks %q: %s", text, a.body)
		}
	}
	return a
}

func (a answer) to(location string) {
	a.t.Helper()
	if a.status != http.StatusSeeOther || a.location != location {
		a.t.Fatalf("%d to %q, want 303 to %q: %s", a.status, a.location, location, a.body)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
