package reporting_test

import (
	"cmp"
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

// Random movements, many of them at midnight, of the month and of the year as well:
// before anything is summed, with sums, and with movements of today beside them, a
// ledger is what the packs were.
func TestSumsAreTheMovements(t *testing.T) {
	b := newBooks(t, 30)
	b.wander(b.moments(700))
	b.compareAll()
	if done := b.sum(); done.Days < 300 || len(done.Mended) != 0 {
		t.Fatalf("%+v", done)
	}
	if b.text(`SELECT CAST(count(*) AS text) FROM ledger_carry WHERE on_day = '2026-03-01'`) == "0" {
		t.Fatal("March begins with nothing")
	}
	b.check()
	b.compareAll()
	b.wander([]time.Time{b.now, b.now, b.now, b.now, b.now, b.now, b.now, b.now})
	b.compareAll()
	const all = `SELECT (SELECT string_agg(CAST(d AS text), ';' ORDER BY CAST(d AS text)) FROM ledger_day d) || (SELECT string_agg(CAST(c AS text), ';' ORDER BY CAST(c AS text)) FROM ledger_carry c)`
	was := b.text(all)
	if done := b.sum(); done.Days != 0 || len(done.Mended) != 0 || b.text(all) != was {
		t.Errorf("a second run does something: %+v", done)
	}
	b.now = b.now.AddDate(0, 0, 40)
	if done := b.sum(); done.Days != 40 {
		t.Errorf("40 days later: %+v", done)
	}
	b.check()
	b.compareAll()
}

// A movement that is committed after its day was summed is in the sums with the
// next run; until then the page says that something is not right.
func TestLateCommitIsMended(t *testing.T) {
	b := newBooks(t, 6)
	b.wander(b.moments(80))
	b.sum()
	yesterday := b.now.AddDate(0, 0, -1)
	b.wander([]time.Time{yesterday, yesterday, yesterday})
	b.check(yesterday.In(session.Zone()).Format(time.DateOnly))
	if done := b.sum(); len(done.Mended) != 1 || !done.Mended[0].Equal(session.Today(yesterday)) {
		t.Errorf("%+v", done)
	}
	b.check()
	b.compareAll()
}

// Movements from before everything that is summed, brought in past the program, make
// the sums begin anew.
func TestOlderMovementsBeginAnew(t *testing.T) {
	b := newBooks(t, 6)
	b.wander(b.moments(80))
	b.sum()
	old := b.packs[0]
	was := old.trail
	old.trail, old.facts = nil, inventory.PackFacts{}
	b.exec(`ALTER TABLE movement DISABLE TRIGGER USER`)
	b.exec(`DELETE FROM movement WHERE pack_id = $1`, old.id)
	if len(was) == 0 {
		t.Fatal("the pack never moved")
	}
	b.must(b.db.App.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := b.move(ctx, tx, old, inventory.Move{Kind: inventory.MoveOpening, Content: 20, At: time.Date(2024, 2, 29, 12, 0, 0, 0, session.Zone()), Fact: true})
		return err
	}))
	b.check("2025-12", "这之外还有 1 行")
	b.sum()
	b.check()
	b.compareAll()
	b.compare(reporting.LedgerQuestion{From: date(2024, 2, 29), To: date(2024, 2, 29)})
}

// A day is not summed while a transaction runs that began on it, nor in the first
// hour after it.
func TestDayRestsBeforeItIsSummed(t *testing.T) {
	b := newBooks(t, 3)
	b.wander(b.moments(20))
	real, today := b.now, session.Today(b.now)
	b.now = real.AddDate(0, 0, 2)
	b.must(b.db.App.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		var one int64
		if err := tx.Get(ctx, &one, `SELECT 1`); err != nil {
			return err
		}
		b.sum()
		return nil
	}))
	// The server's own clock is the real one: its day is not over for it.
	const reached = `SELECT CAST(open_day AS text) FROM ledger_reach`
	if got := b.text(reached); got > today.Format(time.DateOnly) {
		t.Errorf("summed up to %s while a transaction of %s runs", got, today.Format(time.DateOnly))
	}
	y, m, d := real.In(session.Zone()).Date()
	b.now = time.Date(y, m, d+5, 0, 59, 59, 0, session.Zone())
	b.sum()
	if got, want := b.text(reached), today.AddDate(0, 0, 4).Format(time.DateOnly); got != want {
		t.Errorf("at 0:59 up to %s, want %s", got, want)
	}
	b.now = b.now.Add(time.Second)
	b.sum()
	if got, want := b.text(reached), today.AddDate(0, 0, 5).Format(time.DateOnly); got != want {
		t.Errorf("at 1:00 up to %s, want %s", got, want)
	}
}

// A pack that gets another batch long after it moved is under the new one at once,
// and the sums follow.
func TestRenamedPacksAreReadAnew(t *testing.T) {
	b := newBooks(t, 12)
	b.wander(b.moments(300))
	b.sum()
	w := slices.MaxFunc(b.packs, func(x, y *wanderer) int { return cmp.Compare(len(x.trail), len(y.trail)) })
	w.batch = "B9"
	b.exec(`UPDATE pack SET batch = 'B9' WHERE id = $1`, w.id)
	b.check("批号", "演示药")
	for _, x := range w.trail {
		b.exec(`INSERT INTO ledger_stale (day) VALUES ($1::date)`, session.Today(x.at).Format(time.DateOnly))
	}
	b.compareAll()
	b.check()
	if done := b.sum(); len(done.Mended) == 0 {
		t.Error("nothing mended")
	}
	if n := b.text(`SELECT CAST(count(*) AS text) FROM ledger_stale`); n != "0" {
		t.Errorf("%s marks are left", n)
	}
	b.check()
	b.compareAll()
}

// Whoever changes sums past the program is named with day, drug and figures.
func TestCheckNamesTheRowThatIsWrong(t *testing.T) {
	for name, x := range map[string]struct {
		change string
		want   []string
	}{
		"a figure":           {`UPDATE ledger_day SET moves = moves + 1, whole_after = whole_after + 1 WHERE day = (SELECT min(day) FROM ledger_day WHERE day >= '2026-01-05')`, []string{"2026-01-", "演示药", "按流水是"}},
		"a row gone":         {`DELETE FROM ledger_day WHERE day = (SELECT min(day) FROM ledger_day WHERE day >= '2026-02-01')`, []string{"2026-02-", "合计记着 0 条"}},
		"a row too many":     {`INSERT INTO ledger_day SELECT DATE '2026-05-05', drug_id, batch, content, kind, from_state, to_state, 0, 0, 7, 7, 0, 7, 0 FROM ledger_day ORDER BY day LIMIT 1`, []string{"2026-05-05", "合计记着 7 条", "按流水是 0 条"}},
		"a carry-over":       {`UPDATE ledger_carry SET loose = loose + 1 WHERE on_day = '2026-03-01'`, []string{"2026-03-01 的月初结转"}},
		"outside of all":     {`INSERT INTO ledger_carry VALUES ('2001-01-01', 1, '', 20, 'in_store', 0, 1, 0)`, []string{"这之外还有 1 行"}},
		"a movement too few": {`DELETE FROM movement WHERE at = (SELECT min(at) FROM movement WHERE at >= '2026-01-10 00:00:00+08')`, []string{"2026-01-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t, 10)
			b.wander(b.moments(250))
			b.sum()
			b.check()
			b.exec(`ALTER TABLE movement DISABLE TRIGGER USER`)
			b.exec(x.change)
			b.check(x.want...)
		})
	}
}
