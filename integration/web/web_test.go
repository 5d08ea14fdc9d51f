package web_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/translog"
	"jingfang/integration/web"
	"jingfang/integration/wire"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
	"jingfang/static"
)

// house is the page over a real poller and a stand-in HIS.
type house struct {
	*dbtest.DB
	t      *testing.T
	url    string
	his    *simulator.HIS
	client *integration.Client
	poller *integration.Poller
	people *patient.Registry
	role   identity.Role
	// good lets documents in; until then all are refused.
	good bool
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{DB: dbtest.New(t), t: t, role: identity.Pharmacist}
	key, err := wire.NewKey("jingfang", []byte("demo-secret-of-the-tests"))
	if err != nil {
		t.Fatal(err)
	}
	if h.his, err = simulator.NewHIS(key, nil); err != nil {
		t.Fatal(err)
	}
	far := httptest.NewServer(h.his)
	t.Cleanup(far.Close)
	client, err := integration.NewClient(integration.Config{System: "HIS", BaseURL: far.URL, Key: key, Pause: time.Millisecond,
		Log: translog.New(h.App, seal.NewMemoryKeys(), "test")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	h.client, h.people = client, patient.New(h.App, seal.NewMemoryKeys())
	h.poller = integration.NewPoller(integration.PollerConfig{DB: h.App, Client: client, Log: log, Ingest: h.take})
	h.serve(log, h.client)
	return h
}

// take refuses everything until the house is good.
func (h *house) take(context.Context, wire.Receipt) (bool, error) {
	if !h.good {
		return false, db.Refuse(db.Invalid, "药品目录没有的编码：DEMO099。请先同步药品目录。")
	}
	return true, nil
}

func (h *house) serve(log *slog.Logger, client *integration.Client) {
	h.t.Helper()
	site, err := page.New(page.Config{Dev: true, Log: log}, web.Templates())
	if err != nil {
		h.t.Fatal(err)
	}
	c := web.Config{Site: site, DB: h.App, Poller: h.poller, HIS: client, Patients: h.people, Sessions: session.New(h.App, nil, h.people),
		FetchDrugs: func(context.Context) error { return nil }}
	if client != nil {
		c.Sender = integration.NewSender(integration.SenderConfig{DB: h.App, Client: client, Log: log})
	} else {
		c.Poller = integration.NewPoller(integration.PollerConfig{DB: h.App, Ingest: h.take, Log: log})
	}
	w := web.New(c)
	r := chi.NewRouter()
	r.Use(site.Middleware()...)
	r.Use(as(func() identity.Actor {
		return identity.Actor{StaffID: 1, Username: "demo", Name: "演示人员", Grants: []identity.Grant{{Role: h.role}}}
	}))
	r.Handle(static.Prefix+"*", static.Handler())
	r.Get("/receipts/problems", site.Handle(w.Problems))
	r.Get("/receipts/problems/template.csv", site.Handle(w.Template))
	r.Post("/receipts/problems/file", site.Handle(w.TakeFile))
	r.Post("/receipts/problems/pull", site.Handle(w.Pull))
	r.Get("/stock/his", site.Handle(w.StockPage))
	r.Post("/stock/his", site.Handle(w.CompareStock))
	r.Get("/patients/his", site.Handle(w.PatientPage))
	r.Post("/patients/his", site.Handle(w.FindPatient))
	r.Post("/patients/his/register", site.Handle(w.RegisterPatient))
	r.Get("/trace/his", site.Handle(w.CodePage))
	r.Post("/trace/his", site.Handle(w.FindCode))
	r.Get("/interfaces", site.Handle(w.Interfaces))
	r.Post("/interfaces/pull", site.Handle(w.SwitchPull))
	r.Post("/interfaces/drugs", site.Handle(w.FetchDrugs))
	r.Post("/interfaces/outbox", site.Handle(w.SwitchOutbox))
	r.Post("/interfaces/outbox/retry", site.Handle(w.RetryFacts))
	r.Post("/interfaces/outbox/{id}/retry", site.Handle(w.RetryFact))
	r.Post("/interfaces/programmes", site.Handle(w.SetProgramme))
	r.Post("/receipts/problems/{id}/retry", site.Handle(w.Retry))
	r.Post("/receipts/problems/{id}/dismiss", site.Handle(w.Dismiss))
	server := httptest.NewServer(r)
	h.t.Cleanup(server.Close)
	h.url = server.URL
}

func (h *house) call(method, path, accept string, form url.Values) (int, string) {
	h.t.Helper()
	if form != nil {
		form.Set("csrf", "tok")
		form.Set("command_id", uuid.NewString())
	}
	return ask(h.t, method, h.url+path, accept, formKind, strings.NewReader(form.Encode()))
}

// as lets every request come from whoever is named at that moment.
func as(who func() identity.Actor) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			by := who()
			ctx := page.WithViewer(identity.WithActor(r.Context(), by), page.Viewer{Name: by.Name, CSRF: "tok", LockAfter: time.Hour})
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

const formKind = "application/x-www-form-urlencoded"

// ask sends a body of a kind and gives the status and the answer.
func ask(t *testing.T, method, url, accept, kind string, body io.Reader) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	r.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// A refused document stands with its reason, is refused once more, then taken;
// another is not wanted. Nobody else may see or do it.
func TestProblems(t *testing.T) {
	h := newHouse(t)
	for range 2 {
		if _, err := h.his.MakeReceipt(simulator.Order{Lines: 1, Packs: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.poller.Round(t.Context()); err != nil {
		t.Fatal(err)
	}
	status, body := h.call("GET", "/receipts/problems", "text/html", nil)
	if status != 200 || !strings.Contains(body, "DEMO099") || !strings.Contains(body, "试过 1 次") || strings.Count(body, "重试") < 2 {
		t.Fatalf("%d %s", status, body)
	}
	var list []struct {
		ID     int64
		Number string
		Tried  int
	}
	_, body = h.call("GET", "/receipts/problems", "application/json", nil)
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 2 || list[0].Tried != 1 {
		t.Fatalf("%v %s", err, body)
	}
	if status, body := h.call("POST", "/receipts/problems/1/retry", "text/html", url.Values{}); status != 200 || !strings.Contains(body, "notice-caution") || !strings.Contains(body, "试过 2 次") {
		t.Errorf("refused again: %d %s", status, body)
	}
	h.good = true
	if status, body := h.call("POST", "/receipts/problems/1/retry", "text/html", url.Values{}); status != 200 || !strings.Contains(body, "已经收下") {
		t.Errorf("taken: %d %s", status, body)
	}
	for _, c := range []struct {
		name, path, reason string
		want               int
	}{
		{"done already", "1/retry", "", http.StatusNotFound}, {"no number", "x/retry", "", http.StatusNotFound}, {"no reason", "2/dismiss", "", http.StatusBadRequest},
		{"long reason", "2/dismiss", strings.Repeat("长", 41), http.StatusBadRequest}, {"good reason", "2/dismiss", "重复的单", http.StatusOK},
		{"dismissed one", "2/dismiss", "重复的单", http.StatusNotFound},
	} {
		if status, body := h.call("POST", "/receipts/problems/"+c.path, "application/json", url.Values{"reason": {c.reason}}); status != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, status, body, c.want)
		}
	}
	if _, body := h.call("GET", "/receipts/problems", "text/html", nil); !strings.Contains(body, "没有取单问题") {
		t.Errorf("an empty list: %s", body)
	}
	h.role = identity.Doctor
	if status, _ := h.call("GET", "/receipts/problems", "text/html", nil); status != http.StatusForbidden {
		t.Errorf("a doctor: %d", status)
	}
	if status, _ := h.call("POST", "/receipts/problems/1/retry", "application/json", url.Values{}); status != http.StatusForbidden {
		t.Errorf("a doctor tries: %d", status)
	}
}

// Where no other system is configured the list is shown, and trying says why not.
func TestProblemsWithoutAHIS(t *testing.T) {
	h := newHouse(t)
	h.serve(slog.New(slog.NewTextHandler(io.Discard, nil)), nil)
	if status, _ := h.call("GET", "/receipts/problems", "text/html", nil); status != 200 {
		t.Errorf("the list: %d", status)
	}
	for path, form := range map[string]url.Values{"/receipts/problems/pull": {}, "/stock/his": {}, "/patients/his": {"query": {"YS000001"}}, "/trace/his": {"code": {"80000010000000000001"}}} {
		if status, body := h.call("POST", path, "application/json", form); status != http.StatusServiceUnavailable || !strings.Contains(body, "没有配置") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	h.role = identity.SysAdmin
	for _, path := range []string{"/interfaces/drugs", "/interfaces/outbox/1/retry"} {
		if status, body := h.call("POST", path, "application/json", url.Values{}); status != http.StatusServiceUnavailable || !strings.Contains(body, "没有配置") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
}
