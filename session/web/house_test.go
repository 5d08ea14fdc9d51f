package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/live"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/session/web"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
	"jingfang/static"
)

// house is a running server over a fresh schema with one site, two doctors, a
// pharmacist, one drug and packs of it in the store.
type house struct {
	*dbtest.DB
	t        testing.TB
	sessions *session.Service
	patients *patient.Registry
	url      string
	site     int64
	drug     int64
	chief    identity.Actor
	doctors  []identity.Actor
	actor    atomic.Pointer[identity.Actor] // who asks
	link     atomic.Int32                   // how the link is: whole, cut or deaf
	cutOff   func()                         // closes the connections that are open
	// statements is how many the last request needed.
	statements atomic.Int64
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{DB: dbtest.New(t), t: t}
	h.patients = patient.New(h.App, seal.NewMemoryKeys())
	site, err := page.New(page.Config{Dev: true, Log: slog.New(slog.DiscardHandler)}, web.Templates())
	h.must(err)
	var handlers *web.Handlers
	hub := live.New(h.App, func(ctx context.Context, id int64, to []live.Audience) (map[live.Audience][]live.Part, error) {
		return handlers.Render(ctx, id, to)
	}, live.Options{Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(hub.Shutdown)
	h.sessions = session.New(h.App, hub, h.patients).WithKeys(seal.NewMemoryKeys())
	handlers = web.New(site, h.App, h.sessions, h.patients, hub)
	r := chi.NewRouter()
	r.Use(site.Middleware()...)
	r.Use(h.as)
	r.Handle("/static/*", static.Handler())
	r.Get("/sw.js", static.Worker())
	for _, x := range append(offlineRoutes(handlers), append(closingRoutes(handlers), append(deskRoutes(handlers), returnRoutes(handlers)...)...)...) {
		r.Method(x.method, x.pattern, site.Handle(x.do))
	}
	server := httptest.NewServer(h.linked(r))
	h.cutOff = server.CloseClientConnections
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	h.url = server.URL
	h.get(&h.site, `INSERT INTO site (code, name, district, clinic_day, created_at) VALUES ('999900001', '演示新华', '金平', 5, now()) RETURNING id`)
	h.chief = h.person("药师甲", identity.Pharmacist)
	h.doctors = []identity.Actor{h.person("医生甲", identity.Doctor), h.person("医生乙", identity.Doctor)}
	h.get(&h.drug, `INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) VALUES ('DEMO1', '演示利培酮片', '1mg×20片', 20, now()) RETURNING id`)
	h.lookAs(h.chief)
	return h
}

type testRoute struct {
	method, pattern string
	do              page.Func
}

// planningRoutes are the addresses that the tests of this package ask.
func planningRoutes(s *web.Handlers) []testRoute {
	return []testRoute{
		{"GET", "/sessions/{id}", s.Room}, {"GET", "/sessions/{id}/events", s.Events},
		{"GET", "/sessions/plan", s.Year}, {"POST", "/sessions/plan", s.PlanYear}, {"GET", "/sessions/{id}/wall", s.Wall}, {"GET", "/sessions/{id}/place", s.Place},
		{"GET", "/sessions/{id}/packing", s.Packing}, {"POST", "/sessions/{id}/packing", s.Pack}, {"GET", "/sessions/{id}/packing/list", s.PackingList},
		{"GET", "/sessions/{id}/bags", s.Bags}, {"POST", "/sessions/{id}/bags", s.FillBag}, {"POST", "/sessions/{id}/bags/open", s.OpenBags}, {"POST", "/sessions/{id}/bags/{bag}/label", s.BagLabel},
		{"GET", "/sessions/{id}/roster", s.Roster}, {"POST", "/sessions/{id}/roster", s.ChangeRoster}, {"GET", "/sessions/{id}/change", s.Change},
		{"POST", "/sessions/{id}/team", s.ChangeTeam}, {"POST", "/sessions/{id}/cancel", s.Cancel}, {"POST", "/sessions/{id}/reschedule", s.Reschedule},
		{"GET", "/trace", s.TraceSearch}, {"GET", "/trace/look", s.Look}, {"GET", "/trace/batch", s.TraceBatch},
		{"GET", "/trace/receipt/{id}", s.TraceReceipt}, {"GET", "/trace/patient/{id}", s.TracePatient}, {"GET", "/trace/{code}", s.Trace},
	}
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) get(id *int64, query string, args ...any) {
	h.t.Helper()
	h.must(h.App.InTx(h.t.Context(), func(ctx context.Context, tx *db.Tx) error { return tx.Get(ctx, id, query, args...) }))
}

// person makes somebody with a role at the house's site; a manager everywhere.
func (h *house) person(name string, role identity.Role) identity.Actor {
	h.t.Helper()
	var id, grant int64
	h.get(&id, `INSERT INTO staff (username, name, created_at) VALUES ($1, $2, now()) RETURNING id`, uuid.NewString()[:13], name)
	h.get(&grant, `INSERT INTO staff_role (staff_id, role_name, site_id, granted_at, mac) VALUES ($1, $2, $3, now(), '\x00') RETURNING id`, id, string(role), h.site)
	return identity.Actor{StaffID: id, Name: name, LoginID: uuid.New(), Grants: []identity.Grant{{Role: role, SiteID: h.site}}}
}

// lookAs says as whom the next requests are made.
func (h *house) lookAs(by identity.Actor) { h.actor.Store(&by) }

// as is what the login does in the program: it puts person and viewer into the
// request.
func (h *house) as(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		by := *h.actor.Load()
		ctx, counter := db.WithCounter(identity.WithActor(r.Context(), by))
		ctx = page.WithViewer(ctx, page.Viewer{StaffID: by.StaffID, Name: by.Name, RoleNames: []string{"药师"}, CSRF: "tok", LockAfter: time.Hour,
			Menu: []page.MenuItem{{Title: "今日", URL: "/", Icon: "home"}, {Title: "查码", URL: "/trace", Icon: "trace"}}})
		next.ServeHTTP(w, r.WithContext(ctx))
		h.statements.Store(counter.Count())
	})
}

// stock puts packs of the drug into the store; each batch ends a month later.
func (h *house) stock(batch string, expires time.Time, packs int) []string {
	h.t.Helper()
	var codes []string
	h.must(h.App.InTx(h.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for i := range packs {
			code := fmt.Sprintf("8000001%05d%08d", len(batch)*1000+int(batch[len(batch)-1]), i+1)
			codes = append(codes, code)
			var id int64
			if err := tx.Get(ctx, &id, `INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, expires_on, created_at, changed_at)
VALUES ($1, $2, 'expected', 20, 20, $3, $4::date, $5, $5) RETURNING id`, code, h.drug, batch, expires.Format(time.DateOnly), tx.Now); err != nil {
				return err
			}
		}
		locked, err := inventory.LockPacks(ctx, tx, codes)
		if err != nil {
			return err
		}
		list := make([]*inventory.Pack, 0, len(locked))
		for _, p := range locked {
			list = append(list, p)
		}
		_, err = inventory.WriteAll(ctx, tx, h.chief, list, inventory.Entry{Move: inventory.Move{Kind: inventory.MoveReceive}, How: inventory.HowScanned})
		return err
	}))
	return codes
}

// plan plans today's session with the pharmacist and the first doctor.
func (h *house) plan() int64 {
	h.t.Helper()
	id, err := h.sessions.PlanSession(h.t.Context(), h.chief, session.Plan{SiteID: h.site, HeldOn: session.Today(time.Now()), Team: []session.Member{
		{StaffID: h.chief.StaffID, Part: session.PartPharmacist}, {StaffID: h.doctors[0].StaffID, Part: session.PartDoctor}}})
	h.must(err)
	return id
}

// reply is an answer without following redirects.
type reply struct {
	status   int
	body, to string
}

func (h *house) ask(method, path string, form url.Values, headers ...string) reply {
	h.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, body)
	h.must(err)
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	h.must(err)
	defer func() { h.must(res.Body.Close()) }()
	text, err := io.ReadAll(res.Body)
	h.must(err)
	return reply{res.StatusCode, string(text), res.Header.Get("Location")}
}

func (h *house) page(path string) reply {
	h.t.Helper()
	return h.ask("GET", path, nil, "Accept", "text/html")
}

func (h *house) json(path string) reply {
	h.t.Helper()
	return h.ask("GET", path, nil, "Accept", "application/json")
}
