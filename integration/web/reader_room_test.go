package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/integration/web"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
	"jingfang/static"
)

const phrase = "Demo-passphrase-1"

// readingRoom is the reader's pages over a real log, with one login after another.
type readingRoom struct {
	*dbtest.DB
	t    *testing.T
	url  string
	log  *translog.Log
	keys *officerKeys
	desk *translog.Desk
	jobs *job.Jobs
	file string // the officer's key file

	archive string // folder

	mu    sync.Mutex
	now   time.Time
	role  identity.Role
	staff int64
	login uuid.UUID
}

// officerKeys are the server's keys with the officer's public half.
type officerKeys struct {
	*seal.MemoryKeys
	officer *seal.PublicKey
}

// LogWrapKey is the officer's.
func (k *officerKeys) LogWrapKey() (*seal.PublicKey, error) { return k.officer, nil }

func (r *readingRoom) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(time.Millisecond)
	return r.now
}

func (r *readingRoom) forward(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// newReadingRoom has a log with the officer's key; the server finds the key file
// by itself when it lies there.
func newReadingRoom(t *testing.T, lies bool) *readingRoom {
	t.Helper()
	r := &readingRoom{t: t, now: time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC), role: identity.Auditor, staff: 1, login: uuid.New(), file: filepath.Join(t.TempDir(), "officer.key")}
	r.DB = dbtest.With(t, dbtest.Options{Clock: r.clock})
	pub, err := seal.CreateOfficerKey(r.file, phrase, seal.TestRounds)
	if err != nil {
		t.Fatal(err)
	}
	r.keys = &officerKeys{seal.NewMemoryKeys(), pub}
	r.log = translog.New(r.App, r.keys, "test")
	r.jobs = job.New(r.clock)
	t.Cleanup(func() { _ = r.jobs.Close(context.Background()) })
	known := ""
	if lies {
		known = r.file
	}
	r.archive = t.TempDir()
	r.desk = translog.NewDesk(r.App, r.keys, known).WithArchive(r.archive, r.log)
	r.serve()
	return r
}

func (r *readingRoom) serve() {
	r.t.Helper()
	site, err := page.New(page.Config{Dev: true, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}, web.Templates())
	if err != nil {
		r.t.Fatal(err)
	}
	h := web.NewReader(site, r.App, r.desk, r.jobs, translog.NewSpool(r.log, 0))
	m := chi.NewRouter()
	m.Use(site.Middleware()...)
	m.Use(as(func() identity.Actor {
		r.mu.Lock()
		defer r.mu.Unlock()
		return identity.Actor{StaffID: r.staff, Username: "demo", Name: "演示审计员", LoginID: r.login, Grants: []identity.Grant{{Role: r.role}}}
	}))
	m.Handle(static.Prefix+"*", static.Handler())
	m.Get("/transferlog", site.Handle(h.Log))
	m.Post("/transferlog/key", site.Handle(h.OpenKey))
	m.Post("/transferlog/key/close", site.Handle(h.ShutKey))
	m.Post("/transferlog/check", site.Handle(h.StartCheck))
	m.Get("/transferlog/check/{job}", site.Handle(h.CheckProgress))
	m.Post("/transferlog/check/{job}/cancel", site.Handle(h.CancelCheck))
	m.Get("/transferlog/archive", site.Handle(h.Archive))
	m.Post("/transferlog/archive", site.Handle(h.AskArchive))
	m.Post("/transferlog/archive/run", site.Handle(h.StartArchive))
	m.Get("/transferlog/archive/run/{job}", site.Handle(h.ArchiveProgress))
	m.Post("/transferlog/archive/run/{job}/cancel", site.Handle(h.CancelArchive))
	m.Post("/transferlog/archive/{request}", site.Handle(h.DecideArchive))
	m.Get("/transferlog/{exchange}", site.Handle(h.Entry))
	m.Post("/transferlog/{exchange}/open", site.Handle(h.Read))
	server := httptest.NewServer(m)
	r.t.Cleanup(server.Close)
	r.url = server.URL
}

// become lets the next requests come from another person.
func (r *readingRoom) become(staff int64, role identity.Role) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.staff, r.role, r.login = staff, role, uuid.New()
}

// people makes persons 1 to 3, who ask and confirm.
func (r *readingRoom) people() {
	r.t.Helper()
	err := r.Owner.InTx(r.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for id, name := range []string{"", "演示审计员", "演示系统管理员", "演示药师"} {
			if id == 0 {
				continue
			}
			if err := tx.ExecOne(ctx, `INSERT INTO staff (id, username, name, created_at) VALUES ($1, $2, $3, $4)`, id, fmt.Sprint("p", id), name, tx.Now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// pull leaves an exchange of two entries in the log.
func (r *readingRoom) pull(key, answer string) uuid.UUID {
	r.t.Helper()
	p, err := r.log.Begin(r.t.Context(), translog.Exchange{System: "HIS", Service: "HIS.RECEIPT.PULL", Direction: translog.Out, Key: key,
		Person: "系统", Target: "POST http://his.example/receipts", Body: []byte(`{"since":"` + key + `"}`)})
	if err == nil {
		err = p.End(r.t.Context(), translog.Outcome{Result: translog.OK, Status: 200, Body: []byte(answer)})
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return p.ID()
}

// scan leaves an event of a device.
func (r *readingRoom) scan(visit string) uuid.UUID {
	r.t.Helper()
	id, err := r.log.Record(r.t.Context(), translog.Exchange{System: web.DeviceSystem, Service: "visit.scan", Direction: translog.In, Key: visit,
		Person: "演示医生", Body: []byte("codes=80000010000000000001&command_id=1")}, translog.Outcome{Result: translog.Refused, Status: 409}, time.Millisecond)
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

func (r *readingRoom) anchor() {
	r.t.Helper()
	heads, err := translog.Heads(r.t.Context(), r.App)
	if err != nil {
		r.t.Fatal(err)
	}
	var others []identity.Head
	for _, h := range heads {
		others = append(others, identity.Head{Name: h.Name(), Length: h.Length, Digest: h.Digest})
	}
	signer, err := r.keys.Signer()
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := identity.Anchor(r.t.Context(), r.App, signer, others); err != nil {
		r.t.Fatal(err)
	}
}

func (r *readingRoom) send(method, path, accept, kind string, body io.Reader) (int, string) {
	r.t.Helper()
	return ask(r.t, method, r.url+path, accept, kind, body)
}

func (r *readingRoom) get(path string) (int, string) {
	return r.send("GET", path, "text/html", "", nil)
}

func (r *readingRoom) post(path string, form url.Values) (int, string) {
	return r.send("POST", path, "text/html", formKind, strings.NewReader(form.Encode()))
}

// events counts what the audit has of an event and outcome.
func (r *readingRoom) events(name, outcome string) int {
	r.t.Helper()
	var n int
	if err := r.App.Get(r.t.Context(), &n, `SELECT count(*) FROM audit WHERE event = $1 AND outcome = $2`, name, outcome); err != nil {
		r.t.Fatal(err)
	}
	return n
}
