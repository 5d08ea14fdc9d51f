package reporting

import (
	"context"
	"testing"
	"time"

	"jingfang/inventory"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// On a made history of years, what the pages of reports ask for is run, and the
// database says which tables it has read from end to end: a plan that does so over
// one of those that grow with every clinic day is slow once there are thirty years.
func TestReportsOfYears(t *testing.T) {
	first := monthOf(time.Now().UTC()).AddDate(0, -42, 0)
	d, h := Grown(t, inventory.History{First: first, Clinics: 42 * inventory.HistoryClinics, Visits: 6_300, Packs: 16_000, Shelf: 300})
	t.Run("plans", func(t *testing.T) { plansOfReports(t, d, h) })
	t.Run("people", func(t *testing.T) { peopleOfYears(t, d, h) })
}

func plansOfReports(t *testing.T, d *dbtest.DB, h inventory.History) {
	day := Period{h.First.AddDate(2, 0, 9), h.First.AddDate(2, 0, 9)}
	month, all := MonthOf(day.From), Period{h.First, h.First.AddDate(3, 5, 29)}
	id := h.FirstSession + 24*inventory.HistoryClinics + 9
	one := []int64{id}
	use := func(by UseBy) func(context.Context, *db.Tx) error {
		return func(ctx context.Context, tx *db.Tx) error {
			u := UseStatistic{Question: Question{Period: day}, By: by}
			return u.read(ctx, tx)
		}
	}
	for what, do := range map[string]func(context.Context, *db.Tx) error{
		"visits of a day": func(ctx context.Context, tx *db.Tx) error {
			x, err := readFacts(ctx, tx, Question{Period: day}, detail{visits: true, doctors: true})
			if err != nil || len(x.visits) == 0 {
				t.Errorf("%d sums, %v", len(x.visits), err)
			}
			return x.readOwing(ctx, tx, Question{Period: day})
		},
		"consumption of a day": use(UseByBoth),
		"what is left": func(ctx context.Context, tx *db.Tx) error {
			u := UseStatistic{Lines: []UseLine{{DrugID: 3}}}
			return u.readLeft(ctx, tx, facts{}, names{})
		},
		"sessions without sums": func(ctx context.Context, tx *db.Tx) error { _, err := makeClinics(ctx, tx, family{}, one); return err },
		"a page of visits": func(ctx context.Context, tx *db.Tx) error {
			return rowsAre(t)(visitRows(ctx, tx, Question{Period: day}, "", family{}, one, 0, 200))
		},
		"first visits": func(ctx context.Context, tx *db.Tx) error {
			_, err := visitRows(ctx, tx, Question{Period: day}, OnlyFresh, family{}, one, 0, 200)
			return err
		},
		"visits without boxes": func(ctx context.Context, tx *db.Tx) error {
			_, err := visitRows(ctx, tx, Question{Period: day}, OnlyBare, family{}, one, 0, 200)
			return err
		},
		"visits that are owed": func(ctx context.Context, tx *db.Tx) error {
			_, err := visitRows(ctx, tx, Question{Period: day}, OnlyOwed, family{}, one, 0, 200)
			return err
		},
		"visits of a drug": func(ctx context.Context, tx *db.Tx) error {
			_, err := visitRows(ctx, tx, Question{Period: day, DrugID: 3}, "", family{}, one, 0, 200)
			return err
		},
		"a patient's boxes": func(ctx context.Context, tx *db.Tx) error {
			return boxesOf(ctx, tx, Question{Period: all, PatientID: 300})
		},
		"a page of boxes": func(ctx context.Context, tx *db.Tx) error {
			_, err := givenRows(ctx, tx, Question{Period: day}, "", one, 0, 200)
			return err
		},
		"patients of a day":   func(ctx context.Context, tx *db.Tx) error { return peopleOf(ctx, tx, Question{Period: day}, one) },
		"the report of a day": func(ctx context.Context, tx *db.Tx) error { r := SessionReport{}; return r.read(ctx, tx, id) },
		"books of a month": func(ctx context.Context, tx *db.Tx) error {
			_, err := readLedger(ctx, tx, LedgerQuestion{From: month.From, To: month.To})
			return err
		},
		"a day's sums made anew": func(ctx context.Context, tx *db.Tx) error {
			_, err := makeDays(ctx, tx, day.From, day.To.AddDate(0, 0, 1))
			return err
		},
		"today": func(ctx context.Context, tx *db.Tx) error { _, err := todayClinics(ctx, tx, day.From, nil); return err },
		"what is to be done": func(ctx context.Context, tx *db.Tx) error {
			o := Overview{Month: day}
			return o.readPending(ctx, tx, nil)
		},
	} {
		err := d.App.InSnapshot(db.WithOwnPlans(t.Context()), func(ctx context.Context, tx *db.Tx) error {
			before, err := wholeReads(ctx, tx)
			if err != nil {
				return err
			}
			if err := do(ctx, tx); err != nil {
				return err
			}
			after, err := wholeReads(ctx, tx)
			for table, n := range after {
				if n != before[table] {
					t.Errorf("%s reads all of %s", what, table)
				}
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	// The measure is one that can say so.
	err := d.App.InSnapshot(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		before, err := wholeReads(ctx, tx)
		if err != nil {
			return err
		}
		var n int64
		if err := tx.Get(ctx, &n, `SELECT count(*) FROM movement WHERE quantity > 1000000`); err != nil {
			return err
		}
		after, err := wholeReads(ctx, tx)
		if after["movement"] == before["movement"] {
			t.Error("the database does not say which tables it reads from end to end")
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// wholeReads counts how often the connection has read each of the big tables from
// end to end.
func wholeReads(ctx context.Context, tx *db.Tx) (map[string]int64, error) {
	var rows []struct {
		Table string `db:"relname"`
		Scans int64  `db:"seq_scan"`
	}
	err := tx.Select(ctx, &rows, `SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE schemaname = current_schema()
  AND relname IN ('visit', 'visit_line', 'pack', 'movement', 'record', 'session_roster', 'visit_sum', 'drug_sum', 'ledger_day')`)
	n := map[string]int64{}
	for _, x := range rows {
		n[x.Table] = x.Scans
	}
	return n, err
}

// rowsAre fails where there are none: a plan over nothing says nothing.
func rowsAre(t *testing.T) func([]VisitRow, error) error {
	return func(list []VisitRow, err error) error {
		if len(list) == 0 {
			t.Error("there are no rows")
		}
		return err
	}
}

func boxesOf(ctx context.Context, tx *db.Tx, q Question) error {
	w, _, err := givenWindow(ctx, tx, q, "", 0, 200)
	if err == nil {
		_, err = givenRows(ctx, tx, q, "", w.sessions, w.skip, 200)
	}
	return err
}

func peopleOf(ctx context.Context, tx *db.Tx, q Question, sessions []int64) error {
	people, err := peopleGiven(ctx, tx, q, sessions)
	if err == nil {
		_, err = personRows(ctx, tx, q, sessions, people)
	}
	return err
}

// Over years who was given something is found in another way than over months; both
// find the same.
func peopleOfYears(t *testing.T, d *dbtest.DB, h inventory.History) {
	for _, q := range []Question{{}, {DoctorID: h.StaffID}, {DrugID: 7}, {SiteID: 3, DrugID: 2}} {
		q.Period = Period{h.First, h.First.AddDate(3, 5, 29)}
		err := d.App.InSnapshot(db.WithOwnPlans(t.Context()), func(ctx context.Context, tx *db.Tx) error {
			sessions, err := sessionsOf(ctx, tx, q)
			if err != nil {
				return err
			}
			ever, err := peopleEverGiven(ctx, tx, q, sessions)
			if err != nil {
				return err
			}
			var list []int64
			for len(sessions) > 0 {
				n := min(len(sessions), manyClinics)
				part, err := peopleGiven(ctx, tx, q, sessions[:n])
				if err != nil {
					return err
				}
				list, sessions = append(list, part...), sessions[n:]
			}
			seen := map[int64]bool{}
			for _, id := range list {
				seen[id] = true
			}
			for _, id := range ever {
				if !seen[id] {
					t.Errorf("%+v: patient %d was not given anything", q, id)
				}
			}
			if len(ever) != len(seen) || len(ever) == 0 {
				t.Errorf("%+v: %d patients, and %d", q, len(ever), len(seen))
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
