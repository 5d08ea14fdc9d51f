package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"jingfang/integration"
	"jingfang/integration/simulator"
	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// house is a server's half (client, poller, log) against a stand-in HIS over
// real HTTP.
type house struct {
	t      testing.TB
	db     *dbtest.DB
	keys   *seal.MemoryKeys
	log    *translog.Log
	key    wire.Key
	his    *simulator.HIS
	server *httptest.Server
	client *integration.Client
	store  *store
	poller *integration.Poller
}

func build(t testing.TB) *house {
	t.Helper()
	key, err := wire.NewKey("jingfang", []byte("demo-secret-of-the-tests"))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, db: dbtest.New(t), keys: seal.NewMemoryKeys(), key: key}
	h.log = translog.New(h.db.App, h.keys, "test")
	if h.his, err = simulator.NewHIS(key, nil); err != nil {
		t.Fatal(err)
	}
	h.server = httptest.NewServer(h.his)
	t.Cleanup(h.server.Close)
	h.client = h.newClient(integration.Config{})
	h.store = &store{taken: map[string]int{}, drugs: map[string]bool{}}
	for _, d := range simulator.DemoDrugs() {
		h.store.drugs[d.HISCode] = true
	}
	h.poller = h.newPoller(integration.PollerConfig{})
	return h
}

// newClient fills what a test does not care about.
func (h *house) newClient(c integration.Config) *integration.Client {
	h.t.Helper()
	c.System, c.Key, c.Pause = "HIS", h.key, time.Millisecond
	if c.BaseURL == "" {
		c.BaseURL = h.server.URL
	}
	if c.Log == nil {
		c.Log = h.log
	}
	client, err := integration.NewClient(c)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(client.Close)
	return client
}

func (h *house) newPoller(c integration.PollerConfig) *integration.Poller {
	c.DB, c.Log = h.db.App, slog.New(slog.NewTextHandler(io.Discard, nil))
	if c.Client == nil {
		c.Client = h.client
	}
	if c.Ingest == nil {
		c.Ingest = h.store.take
	}
	return integration.NewPoller(c)
}

func (h *house) receipts(n int) {
	h.t.Helper()
	for range n {
		if _, err := h.his.MakeReceipt(simulator.Order{Lines: 2, Packs: 3, Codes: true}); err != nil {
			h.t.Fatal(err)
		}
	}
}

func (h *house) round() (integration.Pulled, error) { return h.poller.Round(context.Background()) }

func (h *house) stream() integration.Stream {
	h.t.Helper()
	list, err := integration.Streams(context.Background(), h.db.App)
	if err != nil || len(list) != 1 {
		h.t.Fatalf("streams %+v, %v", list, err)
	}
	return list[0]
}

func (h *house) problems() []integration.Problem {
	h.t.Helper()
	list, err := integration.Problems(context.Background(), h.db.App)
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func (h *house) exchanges() []translog.Summary {
	h.t.Helper()
	list, err := translog.List(context.Background(), h.db.App, translog.Filter{})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

// good says that the whole log verifies and opens, and every exchange has an
// outcome.
func (h *house) good() {
	h.t.Helper()
	r, err := translog.Verify(context.Background(), h.db.App, translog.Checks{Officer: h.keys.LogOfficer()})
	if err != nil || !r.Good() || r.Open != 0 {
		h.t.Errorf("log %+v, %v", r, err)
	}
}

// store plays the package that takes receipts in.
type store struct {
	mu    sync.Mutex
	taken map[string]int // by document, how often it changed something
	calls int
	drugs map[string]bool
	fail  func(doc wire.Receipt) error
}

func (s *store) take(ctx context.Context, doc wire.Receipt) (bool, error) {
	if db.InTransaction(ctx) {
		return false, fmt.Errorf("ingest under a transaction")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if s.fail != nil {
		if err := s.fail(doc); err != nil {
			return false, err
		}
	}
	for _, l := range doc.Lines {
		if !s.drugs[l.HISCode] {
			return false, db.Refuse(db.Invalid, "单据整张未收：药品编码 %s 不在药品目录里，请先维护目录。", l.HISCode)
		}
	}
	id := fmt.Sprint(doc.Source, "/", doc.Number, "/", doc.Revision)
	if s.taken[id] > 0 {
		return false, nil
	}
	s.taken[id]++
	return true, nil
}

func (s *store) count() (documents, calls int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.taken {
		documents += n
	}
	return documents, s.calls
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func pharmacist() identity.Actor {
	return identity.Actor{StaffID: 7, Username: "pharmacist", Name: "药师演示", Grants: []identity.Grant{{Role: identity.Pharmacist}}}
}

func admin() identity.Actor {
	return identity.Actor{StaffID: 8, Username: "sysadmin", Name: "系统管理员演示", Grants: []identity.Grant{{Role: identity.SysAdmin}}}
}
