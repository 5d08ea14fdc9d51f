package web_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/session/patient/web"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
	"jingfang/static"
)

const (
	card    = "999900197001010015"
	phone   = "000-0000-0001"
	address = "演示路 1 号"
)

// journal is a log that several goroutines write to.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends to the journal.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(p)
}

func (j *journal) text() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// house is a running server over a fresh schema with two sites.
type house struct {
	t           testing.TB
	test        *dbtest.DB
	patients    *patient.Registry
	jobs        *job.Jobs
	url         string
	here, there int64
	log         journal
	actor       atomic.Pointer[identity.Actor] // who asks; nil is nobody
	// statements is how many the last request needed.
	statements atomic.Int64
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t}
	h.test = dbtest.With(t, dbtest.Options{Clock: func() time.Time { return time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC) }})
	h.patients = patient.New(h.test.App, seal.NewMemoryKeys())
	h.jobs = job.New(h.test.App.Now)
	t.Cleanup(func() { check(t, h.jobs.Close(context.Background())) })
	site, err := page.New(page.Config{Log: slog.New(slog.NewTextHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))}, web.Templates())
	check(t, err)
	w := web.New(site, h.test.App, h.patients, h.jobs)
	r := chi.NewRouter()
	r.Use(site.Middleware()...)
	r.Use(h.as)
	r.Handle("/static/*", static.Handler())
	r.Get("/patients", site.Handle(w.Search))
	r.Get("/patients/new", site.Handle(w.NewPatient))
	r.Post("/patients", site.Handle(w.Create))
	r.Get("/patients/import", site.Handle(w.NewImport))
	r.Post("/patients/import", site.Handle(w.Upload))
	r.Get("/patients/import/template.xlsx", site.Handle(w.ImportTemplate))
	r.Get("/patients/import/{import}", site.Handle(w.DryRun))
	r.Post("/patients/import/{import}", site.Handle(w.Choose))
	r.Get("/patients/import/{import}/errors.xlsx", site.Handle(w.ImportErrors))
	r.Post("/patients/import/{import}/run", site.Handle(w.Import))
	r.Get("/patients/import/{import}/progress", site.Handle(w.ImportProgress))
	r.Post("/patients/import/{import}/cancel", site.Handle(w.CancelImport))
	r.Get("/patients/export", site.Handle(w.NewExport))
	r.Post("/patients/export", site.Handle(w.Export))
	r.Get("/patients/labels", site.Handle(w.Labels))
	r.Post("/patients/labels", site.Handle(w.PrintLabels))
	r.Get("/patients/labels.css", site.Handle(w.LabelStyle))
	r.Get("/patients/{id}", site.Handle(w.Person))
	r.Get("/patients/{id}/edit", site.Handle(w.Edit))
	r.Post("/patients/{id}/edit", site.Handle(w.SaveEdit))
	r.Post("/patients/{id}/state", site.Handle(w.ChangeState))
	r.Post("/patients/{id}/collectors", site.Handle(w.AddCollector))
	r.Post("/patients/{id}/collectors/{collector}/remove", site.Handle(w.RemoveCollector))
	r.Get("/patients/{id}/changes", site.Handle(w.Changes))
	r.Post("/patients/{id}/changes", site.Handle(w.OpenChanges))
	r.Post("/patients/{id}/risk", site.Handle(w.Risk))
	r.Post("/patients/{id}/risk/set", site.Handle(w.SetRisk))
	r.Post("/patients/{id}/unmask", site.Handle(w.Unmask))
	r.Post("/patients/{id}/label", site.Handle(w.PrintLabel))
	r.Post("/patients/{id}/label/lost", site.Handle(w.LoseLabel))
	r.MethodNotAllowed(site.MethodNotAllowed())
	server := httptest.NewServer(r)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	h.url = server.URL
	h.here, h.there = h.site("新华社区"), h.site("广兴社区")
	h.role(identity.Doctor, h.here)
	return h
}

func (h *house) insert(query string, args ...any) (id int64) {
	h.t.Helper()
	check(h.t, h.test.App.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error { return tx.Get(ctx, &id, query, args...) }))
	return id
}

func (h *house) count(query string, args ...any) int {
	h.t.Helper()
	var n int
	check(h.t, h.test.App.Get(context.Background(), &n, query, args...))
	return n
}

func (h *house) site(name string) int64 {
	h.t.Helper()
	return h.insert(`INSERT INTO site (code, name, district, created_at) VALUES ($1, $2, '演示区', now()) RETURNING id`, uuid.NewString()[:13], name)
}

// role says as whom the next requests are made; no site means everywhere.
func (h *house) role(role identity.Role, sites ...int64) {
	h.t.Helper()
	id := h.insert(`INSERT INTO staff (username, name, created_at) VALUES ($1, '演示人员', now()) RETURNING id`, uuid.NewString()[:13])
	by := identity.Actor{StaffID: id, Name: "演示人员", LoginID: uuid.New()}
	for _, s := range sites {
		by.Grants = append(by.Grants, identity.Grant{Role: role, SiteID: s})
	}
	if len(sites) == 0 {
		by.Grants = []identity.Grant{{Role: role}}
	}
	h.actor.Store(&by)
}

// add registers somebody with an ID card, phone, address and allergies.
func (h *house) add(site int64, name string) (patient.Patient, patient.Token) {
	h.t.Helper()
	p, token, err := h.patients.Register(context.Background(), identity.System("test"), patient.Entry{Name: name, HomeSiteID: site,
		Paper: patient.PaperIDCard, PaperNo: card, Phone: phone, Address: address, Allergies: "青霉素"})
	check(h.t, err)
	return p, token
}

// as is what the login does in the program: it puts person and viewer into the
// request.
func (h *house) as(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, counter := db.WithCounter(r.Context())
		if by := h.actor.Load(); by != nil {
			ctx = page.WithViewer(identity.WithActor(ctx, *by), page.Viewer{Name: by.Name, RoleNames: []string{"医生"}, CSRF: "tok", LockAfter: time.Hour,
				Menu: []page.MenuItem{{Title: "今日", URL: "/", Icon: "home"}, {Title: "患者", URL: "/patients", Icon: "people"}}})
		}
		next.ServeHTTP(w, r.WithContext(ctx))
		h.statements.Store(counter.Count())
	})
}

// answer is what came back.
type answer struct {
	t        testing.TB
	status   int
	body     string
	location string
	header   http.Header
}

// ask sends a request; pairs are fields, headers begin with ":".
func (h *house) ask(method, path string, pairs ...string) answer {
	h.t.Helper()
	form, header := url.Values{}, map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		if name, ok := strings.CutPrefix(pairs[i], ":"); ok {
			header[name] = pairs[i+1]
		} else {
			form.Add(pairs[i], pairs[i+1])
		}
	}
	r, err := http.NewRequestWithContext(context.Background(), method, h.url+path, strings.NewReader(form.Encode()))
	check(h.t, err)
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	check(h.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	check(h.t, err)
	return answer{h.t, resp.StatusCode, string(body), resp.Header.Get("Location"), resp.Header}
}

// get and post are a browser's, program a program's.
func (h *house) get(path string) answer {
	h.t.Helper()
	return h.ask(http.MethodGet, path)
}

func (h *house) post(path string, pairs ...string) answer {
	h.t.Helper()
	return h.ask(http.MethodPost, path, pairs...)
}

func (h *house) program(method, path string, pairs ...string) answer {
	h.t.Helper()
	return h.ask(method, path, append(pairs, ":Accept", "application/json")...)
}

// want checks the status, that nothing may be stored, and that the body has (or,
// with "!", has not) texts.
func (a answer) want(status int, texts ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	if a.header.Get("Cache-Control") != "no-store" {
		a.t.Errorf("Cache-Control is %q", a.header.Get("Cache-Control"))
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

func (a answer) doc() *goquery.Document {
	a.t.Helper()
	d, err := goquery.NewDocumentFromReader(strings.NewReader(a.body))
	check(a.t, err)
	return d
}

// attr is an attribute of the only element that a selector finds.
func (a answer) attr(selector, name string) string {
	a.t.Helper()
	found := a.doc().Find(selector)
	value, ok := found.Attr(name)
	if found.Length() != 1 || !ok {
		a.t.Fatalf("%d elements %s with %s: %s", found.Length(), selector, name, a.body)
	}
	return value
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
