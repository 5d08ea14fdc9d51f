package reporting_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// stand is where a pack of the books was left by a movement, and where it came from.
type stand struct {
	at                time.Time
	from, to          inventory.State
	fromSite, toSite  int64
	unitsWas, unitsIs int64
}

// wanderer is a pack of the books with everything that ever happened to it.
type wanderer struct {
	id, drug int64
	batch    string
	facts    inventory.PackFacts
	trail    []stand
}

// books is a pharmacy with packs that wander at times of the test's choosing.
type books struct {
	t     *testing.T
	db    *dbtest.DB
	now   time.Time
	r     *rand.Rand
	sites map[int64]int64 // by session
	packs []*wanderer
}

func newBooks(t *testing.T, packs int) *books {
	b := &books{t: t, now: time.Now().Truncate(time.Microsecond), r: rand.New(rand.NewPCG(7, 8)), sites: map[int64]int64{}}
	b.db = dbtest.With(t, dbtest.Options{Clock: func() time.Time { return b.now }})
	staff := b.id(`INSERT INTO staff (username, name, created_at) VALUES ('demo', '演示', now()) RETURNING id`)
	for _, code := range []string{"999900001", "999900002"} {
		site := b.id(`INSERT INTO site (code, name, district, created_at) VALUES ($1, '演示社区', '演示', now()) RETURNING id`, code)
		session := b.id(`INSERT INTO clinic_session (site_id, held_on, kind, place, state, planned_by, planned_at) VALUES ($1, '2026-01-01', 'home', '演示', 'closed', $2, now()) RETURNING id`, site, staff)
		b.sites[session] = site
	}
	var drugs []int64
	for _, name := range []string{"甲", "乙"} {
		drugs = append(drugs, b.id(`INSERT INTO drug (his_code, generic_name, units_per_pack, created_at) VALUES ($1, $2, 20, now()) RETURNING id`, name, "演示药"+name))
	}
	for n := range packs {
		w := &wanderer{drug: drugs[n%2], batch: []string{"", "B1", "B2"}[n%3]}
		w.id = b.id(`INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, created_at, changed_at) VALUES ($1, $2, 'expected', 20, 20, $3, now(), now()) RETURNING id`, fmt.Sprintf("8%019d", n), w.drug, w.batch)
		b.packs = append(b.packs, w)
	}
	return b
}

func (b *books) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *books) id(query string, args ...any) (id int64) {
	b.t.Helper()
	b.must(b.db.App.InTx(b.t.Context(), func(ctx context.Context, tx *db.Tx) error { return tx.Get(ctx, &id, query, args...) }))
	return id
}

func (b *books) exec(query string, args ...any) {
	b.t.Helper()
	b.must(b.db.Owner.InTx(b.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}))
}

// wander moves packs by the rules at the given moments, which are in order, and
// leaves the packs' rows as they are then.
func (b *books) wander(moments []time.Time) {
	b.t.Helper()
	kinds := inventory.MovementKinds()
	sessions := slices.Sorted(func(yield func(int64) bool) {
		for s := range b.sites {
			if !yield(s) {
				return
			}
		}
	})
	b.must(b.db.App.InTx(b.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, at := range moments {
			w := b.packs[b.r.IntN(len(b.packs))]
			for tries := 0; tries < 200; tries++ {
				m := inventory.Move{Kind: kinds[b.r.IntN(len(kinds))], Quantity: []int64{0, 0, 5, 20}[b.r.IntN(4)], Content: 20, Session: sessions[b.r.IntN(2)], At: at, Fact: true}
				m.Empty = m.Kind == inventory.MoveReturn && m.Quantity == 0
				if ok, err := b.move(ctx, tx, w, m); ok || err != nil {
					if err != nil {
						return err
					}
					break
				}
			}
		}
		return nil
	}))
}

func (b *books) move(ctx context.Context, tx *db.Tx, w *wanderer, m inventory.Move) (bool, error) {
	now, s, err := inventory.Apply(w.facts, m)
	var refused *inventory.MoveError
	if errors.As(err, &refused) {
		return false, nil
	}
	was := now.Remainder
	switch m.Kind {
	case inventory.MoveDispense, inventory.MoveShortage:
		was += s.Quantity
	case inventory.MoveUndo, inventory.MoveReturn, inventory.MoveSurplus:
		was -= s.Quantity
	}
	w.trail = append(w.trail, stand{m.At, s.From, s.To, b.sites[s.FromSession], b.sites[s.ToSession], was, now.Remainder})
	w.facts = now
	err = tx.ExecOne(ctx, `INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, from_session_id, to_session_id, at, how)
VALUES ($1, $2, $3, $4, $5, $6, NULLIF($7::bigint, 0), NULLIF($8::bigint, 0), $9, 'scanned')`, string(s.Kind), w.id, s.Quantity, string(s.From), string(s.To), now.Remainder, s.FromSession, s.ToSession, m.At)
	if err != nil {
		return false, err
	}
	return true, tx.ExecOne(ctx, `UPDATE pack SET state = $2, units_left = $3, units_given = $4, session_id = NULLIF($5::bigint, 0) WHERE id = $1`,
		w.id, string(now.State), now.Remainder, now.Given, now.Session)
}

// holds is what a ledger over a scope counts, said once more.
func holds(s reporting.Scope, state inventory.State, site int64) bool {
	p := state.Place()
	return p.OnBooks() && (s.Place == "" || s.Place == p && (p != inventory.PlaceSession || s.SiteID == 0 || s.SiteID == site))
}

// expected is a line worked out pack by pack: what each was at the beginning and
// at the end, and what its movements brought and took.
type expected struct {
	opening, closing reporting.Amount
	in, out          int64 // units
}

func add(a *reporting.Amount, units int64) {
	a.Units += units
	if units == 20 {
		a.Packs++
	} else {
		a.Loose += units
	}
}

func (b *books) expect(q reporting.LedgerQuestion, w *wanderer, e *expected) {
	var begin, end stand
	for _, x := range w.trail {
		if x.at.Before(q.Begin()) {
			begin = x
		}
		if !x.at.Before(q.End()) {
			continue
		}
		end = x
		if x.at.Before(q.Begin()) {
			continue
		}
		switch from, to := holds(q.Scope, x.from, x.fromSite), holds(q.Scope, x.to, x.toSite); {
		case from && to:
			e.in, e.out = e.in+max(x.unitsIs-x.unitsWas, 0), e.out+max(x.unitsWas-x.unitsIs, 0)
		case from:
			e.out += x.unitsWas
		case to:
			e.in += x.unitsIs
		}
	}
	if holds(q.Scope, begin.to, begin.toSite) {
		add(&e.opening, begin.unitsIs)
	}
	if holds(q.Scope, end.to, end.toSite) {
		add(&e.closing, end.unitsIs)
	}
}

type lineName struct {
	drug  int64
	batch string
}

// compare holds one ledger against the trails of the packs.
func (b *books) compare(q reporting.LedgerQuestion) {
	b.t.Helper()
	want := map[lineName]*expected{}
	for _, w := range b.packs {
		k := lineName{drug: w.drug}
		if q.ByBatch {
			k.batch = w.batch
		}
		if want[k] == nil {
			want[k] = &expected{}
		}
		b.expect(q, w, want[k])
	}
	l, err := reporting.ReadLedger(b.t.Context(), b.db.App, q)
	b.must(err)
	for _, x := range l.Lines {
		k := lineName{x.DrugID, x.Batch}
		got := expected{x.Opening, x.Closing, x.In.Units, x.Out.Units}
		if want[k] == nil || got != *want[k] || !x.Right() {
			b.t.Fatalf("%s to %s %+v %v: %+v, want %+v; now %+v, found %+v", q.From.Format(time.DateOnly), q.To.Format(time.DateOnly), q.Scope, k, got, want[k], x.Now, x.Found)
		}
		delete(want, k)
	}
	for k, e := range want {
		if *e != (expected{}) {
			b.t.Fatalf("%+v lacks %v: %+v", q, k, e)
		}
	}
}

// compareAll asks for every period between boundaries, over every scope.
func (b *books) compareAll() {
	b.t.Helper()
	scopes := []reporting.Scope{{}}
	for _, site := range b.sites {
		scopes = append(scopes, reporting.Scope{Place: inventory.PlaceSession, SiteID: site})
	}
	for _, p := range reporting.LedgerPlaces() {
		scopes = append(scopes, reporting.Scope{Place: p})
	}
	days := []time.Time{date(2025, 12, 1), date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 15), date(2026, 2, 28), date(2026, 3, 1), session.Today(b.now)}
	for i, from := range days {
		for _, to := range days[i:] {
			for n, s := range scopes {
				b.compare(reporting.LedgerQuestion{Scope: s, From: from, To: to, ByBatch: (i+n)%2 == 0})
			}
		}
	}
}

func date(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC) }

// moments are many in the winter of 2026, a good part of them within a microsecond
// of midnight.
func (b *books) moments(n int) []time.Time {
	var list []time.Time
	for range n {
		midnight := time.Date(2025, 12, 20+b.r.IntN(75), 0, 0, 0, 0, session.Zone())
		near := []time.Duration{0, -time.Microsecond, time.Microsecond, time.Duration(b.r.Int64N(86400)) * time.Second}
		list = append(list, midnight.Add(near[b.r.IntN(4)]))
	}
	slices.SortFunc(list, time.Time.Compare)
	return list
}

func (b *books) sum() reporting.DaySums {
	b.t.Helper()
	done, err := reporting.SumLedger(b.t.Context(), b.db.App)
	b.must(err)
	return done
}

// right wants sums that are what the movements make; wrong wants the sentence.
func (b *books) check(want ...string) {
	b.t.Helper()
	c, err := reporting.CheckLedger(b.t.Context(), b.db.App)
	b.must(err)
	if len(want) == 0 && c.Problem != "" {
		b.t.Fatal(c.Problem)
	}
	for _, x := range want {
		if !strings.Contains(c.Problem, x) {
			b.t.Errorf("%q lacks %q", c.Problem, x)
		}
	}
}

func (b *books) text(query string) (text string) {
	b.t.Helper()
	b.must(b.db.App.Get(b.t.Context(), &text, query))
	return text
}
