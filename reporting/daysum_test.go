package reporting_test

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/sql/db"
)

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
	past := b.now.AddDate(0, 0, -2) // yesterday is not summed in the first hour of a day
	b.wander([]time.Time{past, past, past})
	b.check(past.In(session.Zone()).Format(time.DateOnly))
	if done := b.sum(); len(done.Mended) != 1 || !done.Mended[0].Equal(session.Today(past)) {
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

// Several servers at once sum every day once, also while packs move, and a box that
// was changed past the program still shows on the page.
func TestServersSumTogether(t *testing.T) {
	b := newBooks(t, 8)
	b.wander(b.moments(100))
	var g errgroup.Group
	var days atomic.Int64
	for range 4 {
		g.Go(func() error {
			done, err := reporting.SumLedger(t.Context(), b.db.App)
			days.Add(int64(done.Days))
			return err
		})
	}
	b.wander([]time.Time{b.now, b.now, b.now})
	b.must(g.Wait())
	// A server that summed while the last was at it may have had to stop before a day
	// on which that one's transaction began: today, which is not summed anyway.
	if want := int64(session.Today(b.now).Sub(date(2025, 12, 1)) / (24 * time.Hour)); days.Load() != want && b.now.In(session.Zone()).Hour() > 0 {
		t.Errorf("%d days summed, want %d", days.Load(), want)
	}
	b.check()
	b.compareAll()
	b.exec(`UPDATE pack SET state = 'in_store', units_left = 7, units_given = 0 WHERE id = $1`, b.packs[3].id)
	l, err := reporting.ReadLedger(t.Context(), b.db.App, reporting.LedgerQuestion{From: date(2026, 1, 1), To: date(2026, 1, 31), ByBatch: true})
	b.must(err)
	if wrong := l.Wrong(); len(wrong) != 1 || wrong[0].DrugID != b.packs[3].drug {
		t.Errorf("%+v", wrong)
	}
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
