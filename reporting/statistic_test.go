package reporting_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jingfang/reporting"
	"jingfang/sql/db"
)

// Random sessions at the ends of days, months and years: before anything is summed,
// with sums, after changes to days long past and after them being summed again, a
// statistic is what the visits were.
func TestStatisticsAreTheVisits(t *testing.T) {
	c := newClinics(t, 1)
	c.play(45)
	c.compareAll()
	done := c.sum()
	if done.Summed < 30 || done.Mended != 0 {
		t.Fatalf("%+v", done)
	}
	if again := c.sum(); again != (reporting.ClinicSums{}) {
		t.Errorf("a second run does something: %+v", again)
	}
	if problem := c.check(); problem != "" {
		t.Fatal(problem)
	}
	c.compareAll()
	c.changeOldDays()
	c.compareAll()
	if problem := c.check(); problem != "" {
		t.Fatalf("sums that wait are checked: %s", problem)
	}
	if done := c.sum(); done.Mended == 0 {
		t.Error("nothing was summed again")
	}
	if problem := c.check(); problem != "" {
		t.Fatal(problem)
	}
	c.compareAll()
}

// changeOldDays adds a visit to an old day, voids another, and merges patients.
func (c *clinics) changeOldDays() {
	c.t.Helper()
	var touched []int64
	for _, m := range c.held {
		if m.state == "closed" && len(touched) < 2 {
			v := c.visit(m, 100, c.patients[len(c.patients)-1-len(touched)])
			touched = append(touched, v.clinic.id)
		}
	}
	i := slices.IndexFunc(c.visits, func(v *modelVisit) bool {
		return v.state == "finished" && v.clinic.state == "closed" && len(v.lines) == 0
	})
	c.visits[i].state = "void"
	c.exec(`UPDATE visit SET state = 'void' WHERE id = $1`, c.visits[i].id)
	touched = append(touched, c.visits[i].clinic.id)
	for _, id := range touched {
		c.exec(`UPDATE session_version SET version = version + 1 WHERE session_id = $1`, id)
	}
	for i := range 3 {
		from, into := c.patients[i+5], c.patients[i]
		if i == 2 {
			from, into = c.patients[5], 0 // parted again
			delete(c.root, from)
			c.exec(`UPDATE patient SET state = 'active', merged_into_id = NULL WHERE id = $1`, from)
			c.exec(`UPDATE patient_merge SET undone_at = $2 WHERE from_id = $1`, from, c.now)
			continue
		}
		c.root[from] = into
		c.exec(`UPDATE patient SET state = 'merged', merged_into_id = $2 WHERE id = $1`, from, into)
		c.exec(`INSERT INTO patient_merge (from_id, into_id, reason, was_state, at, merged_by) VALUES ($1, $2, '演示', 'active', $3, $4)`, from, into, c.now, c.doctors[0])
	}
}

// A pack that is given another drug after its day was summed counts under the new
// one at once, while the day is marked and after it was summed again.
func TestRenamedPacksCountUnderTheirNewDrug(t *testing.T) {
	c := newClinics(t, 5)
	c.play(30)
	c.sum()
	i := slices.IndexFunc(c.visits, func(v *modelVisit) bool {
		return v.clinic.state == "closed" && len(v.lines) > 0 && !v.lines[0].undone && v.clinic.day.Before(date(2026, 11, 1))
	})
	v := c.visits[i]
	l := &v.lines[0]
	l.drug = c.drugs[(slices.Index(c.drugs, l.drug)+1)%len(c.drugs)]
	c.exec(`INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, from_session_id, to_session_id, visit_id, at, how) VALUES ('dispense', $1, $2, 'allocated', 'dispensed', 0, $3, $3, $4, $5, 'scanned')`,
		l.pack, l.quantity, v.clinic.id, v.id, v.came)
	if _, err := reporting.SumLedger(t.Context(), c.db.App); err != nil {
		t.Fatal(err)
	}
	c.exec(`UPDATE pack SET drug_id = $2 WHERE id = $1`, l.pack, l.drug)
	if problem := c.check(); !strings.Contains(problem, "发药合计") {
		t.Errorf("a wrong sum is not named: %q", problem)
	}
	c.exec(`INSERT INTO ledger_stale (day) VALUES ($1::date)`, v.came.In(time.FixedZone("", 8*3600)).Format(time.DateOnly))
	c.compareAll()
	if _, err := reporting.SumLedger(t.Context(), c.db.App); err != nil {
		t.Fatal(err)
	}
	c.compareAll()
	if done := c.sum(); done.Summed != 1 {
		t.Errorf("%+v", done)
	}
	c.compareAll()
	if problem := c.check(); problem != "" {
		t.Error(problem)
	}
}

// Whoever changes sums past the program is named with day and site.
func TestCheckNamesTheSessionThatIsWrong(t *testing.T) {
	for change, want := range map[string]string{
		`UPDATE clinic_sum SET came = came + 1 WHERE session_id = (SELECT min(session_id) FROM clinic_sum)`:                                   "到诊合计",
		`UPDATE visit_sum SET fresh = fresh + 1 WHERE session_id = (SELECT min(session_id) FROM visit_sum)`:                                   "就诊合计",
		`UPDATE drug_sum SET lines = lines + 1 WHERE session_id = (SELECT min(session_id) FROM drug_sum)`:                                     "发药合计",
		`DELETE FROM drug_sum WHERE session_id = (SELECT max(session_id) FROM drug_sum)`:                                                      "发药合计",
		`INSERT INTO drug_sum SELECT session_id, 0, 1, 1, 1, 0, 20 FROM clinic_sum ORDER BY session_id LIMIT 1`:                               "发药合计",
		`UPDATE visit_sum SET seconds = seconds + 1 WHERE timed > 0 AND session_id = (SELECT max(session_id) FROM visit_sum WHERE timed > 0)`: "就诊合计",
	} {
		c := newClinics(t, 9)
		c.play(20)
		c.sum()
		c.exec(change)
		if got := c.check(); !strings.Contains(got, want) || !strings.Contains(got, "演示社区") {
			t.Errorf("%s: %q", change, got)
		}
	}
}

func TestPeriods(t *testing.T) {
	p := func(from, to string) reporting.Period {
		a, err := time.Parse(time.DateOnly, from)
		if err != nil {
			t.Fatal(err)
		}
		b, err := time.Parse(time.DateOnly, to)
		if err != nil {
			t.Fatal(err)
		}
		return reporting.Period{From: a, To: b}
	}
	for _, x := range []struct {
		is, before, year reporting.Period
		words            string
	}{
		{p("2026-11-01", "2026-11-30"), p("2026-10-01", "2026-10-31"), p("2025-11-01", "2025-11-30"), "2026年11月"},
		{p("2026-03-01", "2026-03-31"), p("2026-02-01", "2026-02-28"), p("2025-03-01", "2025-03-31"), "2026年3月"},
		{p("2024-02-01", "2024-02-29"), p("2024-01-01", "2024-01-31"), p("2023-02-01", "2023-02-28"), "2024年2月"},
		{p("2026-01-01", "2026-12-31"), p("2025-01-01", "2025-12-31"), p("2025-01-01", "2025-12-31"), "2026年"},
		{p("2026-01-01", "2026-03-31"), p("2025-10-01", "2025-12-31"), p("2025-01-01", "2025-03-31"), "2026年1月1日 至 2026年3月31日"},
		{p("2026-11-01", "2026-11-23"), p("2026-10-01", "2026-10-23"), p("2025-11-01", "2025-11-23"), "2026年11月1日 至 2026年11月23日"},
		{p("2026-03-01", "2026-03-30"), p("2026-02-01", "2026-02-28"), p("2025-03-01", "2025-03-30"), "2026年3月1日 至 2026年3月30日"},
		{p("2024-02-29", "2024-02-29"), p("2024-02-28", "2024-02-28"), p("2023-02-28", "2023-02-28"), "2024年2月29日"},
		{p("2026-11-10", "2026-11-16"), p("2026-11-03", "2026-11-09"), p("2025-11-10", "2025-11-16"), "2026年11月10日 至 2026年11月16日"},
	} {
		if got := x.is.Before(); got != x.before {
			t.Errorf("before %s: %s", x.is.Words(), got.Words())
		}
		if got := x.is.YearBefore(); got != x.year {
			t.Errorf("a year before %s: %s", x.is.Words(), got.Words())
		}
		if got := x.is.Words(); got != x.words {
			t.Errorf("%q, want %q", got, x.words)
		}
	}
	for _, bad := range []reporting.Period{p("2026-11-02", "2026-11-01"), p("0001-01-01", "2026-11-01"), p("2027-01-01", "2027-01-31"), p("2026-11-01", "9999-12-31")} {
		if err := bad.Check(date(2026, 11, 23)); db.KindOf(err) != db.Invalid || db.Sentence(err) == "" {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
