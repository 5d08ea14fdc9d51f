package identity_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// clock is a clock that stands until it is moved.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)} }

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

// house is a service over a fresh schema.
type house struct {
	*identity.Service
	t       testing.TB
	test    *dbtest.DB
	d       *db.DB
	keys    *seal.MemoryKeys
	clock   *clock
	mu      sync.Mutex
	ended   []uuid.UUID
	changed []uuid.UUID
}

const goodPassword = "Demo-12345"

var from = identity.Client{Addr: "10.0.0.9", Device: "test", RequestID: "REF"}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, keys: seal.NewMemoryKeys(), clock: newClock()}
	h.test = dbtest.With(t, dbtest.Options{Clock: h.clock.now})
	h.d = h.test.App
	svc, err := identity.New(identity.Config{DB: h.d, Keys: h.keys, Rounds: seal.TestRounds, Log: slog.New(slog.DiscardHandler),
		OnLoginEnd: func(id uuid.UUID) { h.note(&h.ended, id) }, OnLoginChange: func(id uuid.UUID) { h.note(&h.changed, id) }})
	check(t, err)
	h.Service = svc
	return h
}

func (h *house) note(list *[]uuid.UUID, id uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	*list = append(*list, id)
}

// person makes an account with a final password.
func (h *house) person(username string, grants ...identity.Grant) identity.Staff {
	h.t.Helper()
	st, _, err := h.CreateStaff(ctx(), identity.System("test"), identity.NewStaff{Username: username, Name: "演示" + username, Password: goodPassword, Final: true, Grants: grants})
	check(h.t, err)
	return st
}

// admin makes an account and gives its actor after a login.
func (h *house) admin(username string, role identity.Role) identity.Actor {
	h.t.Helper()
	h.person(username, identity.Grant{Role: role})
	return h.login(username).State.Actor
}

func (h *house) login(username string) identity.Login {
	h.t.Helper()
	l, err := h.LogIn(ctx(), from, username, goodPassword, identity.Cookie{})
	check(h.t, err)
	return l
}

func (h *house) site(code string) identity.Site {
	h.t.Helper()
	s, err := h.CreateSite(ctx(), identity.System("test"), identity.Site{Code: code, Name: "演示点" + code, District: "演示区"})
	check(h.t, err)
	return s
}

// owner runs statements as the owner of the tables, past the program.
func (h *house) owner(statements ...string) {
	h.t.Helper()
	check(h.t, h.test.Owner.InTx(ctx(), func(ctx context.Context, tx *db.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	}))
}

func (h *house) count(query string, args ...any) int {
	h.t.Helper()
	var n int
	check(h.t, h.d.Get(ctx(), &n, query, args...))
	return n
}

func (h *house) audited(event, outcome string) int {
	h.t.Helper()
	return h.count(`SELECT count(*) FROM audit WHERE event = $1 AND outcome = $2`, event, outcome)
}

func ctx() context.Context { return context.Background() }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t testing.TB, err error, kind db.Kind) {
	t.Helper()
	if db.KindOf(err) != kind {
		t.Fatalf("got %v (kind %q), want kind %q", err, db.KindOf(err), kind)
	}
}
