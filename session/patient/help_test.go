package patient_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// noon is the moment at which the tests' clocks stand: noon in Shanghai.
var noon = time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)

// house is a registry over a fresh schema with two sites.
type house struct {
	*patient.Registry
	t    testing.TB
	test *dbtest.DB
	d    *db.DB
	keys *seal.MemoryKeys
	// here and there are the two sites.
	here, there int64
	// helper is an assistant, doctor a doctor, manager a manager, all here.
	helper, doctor, manager identity.Actor
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, test: dbtest.With(t, dbtest.Options{Clock: func() time.Time { return noon }}), keys: seal.NewMemoryKeys()}
	h.d = h.test.App
	h.Registry = patient.New(h.d, h.keys)
	h.here, h.there = h.site("演示新华", true), h.site("演示广兴", true)
	h.helper, h.doctor, h.manager = h.person(identity.Assistant, h.here), h.person(identity.Doctor, h.here), h.person(identity.Manager, h.here)
	return h
}

func (h *house) insert(query string, args ...any) (id int64) {
	h.t.Helper()
	check(h.t, h.d.InTx(ctx(), func(ctx context.Context, tx *db.Tx) error { return tx.Get(ctx, &id, query, args...) }))
	return id
}

func (h *house) site(name string, active bool) int64 {
	h.t.Helper()
	return h.insert(`INSERT INTO site (code, name, district, active, created_at) VALUES ($1, $2, '演示区', $3, now()) RETURNING id`,
		strings.ToLower(uuid.NewString()[:13]), name, active)
}

// person makes an account with a role at the sites; none means everywhere.
func (h *house) person(role identity.Role, sites ...int64) identity.Actor {
	h.t.Helper()
	id := h.insert(`INSERT INTO staff (username, name, created_at) VALUES ($1, '演示人员', now()) RETURNING id`, uuid.NewString()[:13])
	by := identity.Actor{StaffID: id, Name: "演示人员", LoginID: uuid.New()}
	for _, s := range sites {
		by.Grants = append(by.Grants, identity.Grant{Role: role, SiteID: s})
	}
	if len(sites) == 0 {
		by.Grants = []identity.Grant{{Role: role}}
	}
	return by
}

// add registers somebody without papers.
func (h *house) add(site int64, name string) (patient.Patient, patient.Token) {
	h.t.Helper()
	p, token, err := h.Register(ctx(), identity.System("test"), patient.Entry{Name: name, HomeSiteID: site})
	check(h.t, err)
	return p, token
}

// owner runs a statement past the program.
func (h *house) owner(query string, args ...any) {
	h.t.Helper()
	check(h.t, h.test.Owner.InTx(ctx(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}))
}

func (h *house) count(query string, args ...any) int {
	h.t.Helper()
	var n int
	check(h.t, h.d.Get(ctx(), &n, query, args...))
	return n
}

// audited counts the events of a name and outcome.
func (h *house) audited(event, outcome string) int {
	h.t.Helper()
	return h.count(`SELECT count(*) FROM audit WHERE event = $1 AND outcome = $2`, event, outcome)
}

// statements counts what fn sends to the database.
func statements(fn func(ctx context.Context)) int {
	c, counter := db.WithCounter(ctx())
	fn(c)
	return int(counter.Count())
}

func ctx() context.Context { return context.Background() }

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks the kind of a refusal and that its sentence has all texts, or
// has them not where they begin with "!".
func refused(t testing.TB, err error, kind db.Kind, texts ...string) {
	t.Helper()
	if db.KindOf(err) != kind {
		t.Fatalf("got %v (kind %q), want kind %q", err, db.KindOf(err), kind)
	}
	for _, text := range texts {
		if not, found := strings.CutPrefix(text, "!"); found == strings.Contains(err.Error(), not) {
			t.Errorf("sentence %q, looking for %q", err, text)
		}
	}
}
