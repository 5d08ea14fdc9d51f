package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// A year of the made history: thirty of them are 310,000 visits and a million
// boxes.
const (
	historyVisits   = 10_334
	historyPacks    = 33_334
	historyShelf    = 1_000
	historyPatients = 40 // of each site
	mostHistory     = 50
)

// parseHistory reads how many years are asked for, such as 30y.
func parseHistory(text string) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSuffix(text, "y"), 10, 64)
	if err != nil || !strings.HasSuffix(text, "y") || n < 1 || n > mostHistory {
		return 0, usage("-history 请写成 1y 到 %dy，例如 -history 30y。", mostHistory)
	}
	return n, nil
}

// history makes years of visits and boxes, unless they are there from a start
// before, up to the end of the last month.
func (s *seeder) history(ctx context.Context, years int64) error {
	if there, err := s.hasHistory(ctx, years); err != nil || there {
		return err
	}
	began := time.Now()
	sites, doctors, err := s.historyPeople(ctx)
	if err != nil {
		return err
	}
	month := reporting.MonthOf(session.Today(s.app.db.Now())).From
	h := inventory.History{First: month.AddDate(-int(years), 0, 0), Clinics: years * 12 * inventory.HistoryClinics, Visits: years * historyVisits, Packs: years * historyPacks, Shelf: years * historyShelf, StaffID: doctors[0]}
	parts, err := s.historySteps(ctx, h, sites, doctors, years)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	made, total := 0, 0
	for _, lanes := range parts {
		for _, lane := range lanes {
			total += len(lane)
		}
	}
	for _, lanes := range parts {
		err := s.runLanes(ctx, lanes, func() {
			mu.Lock()
			defer mu.Unlock()
			made++
			s.program.say(s.program.out, "历史数据 %d / %d，已用 %s", made, total, time.Since(began).Round(time.Second))
		})
		if err != nil {
			return err
		}
		if err := s.analyse(ctx); err != nil {
			return err
		}
	}
	return nil
}

// hasHistory looks for the first visit and for the records of all sessions, which are
// made last. A history that was broken off cannot be gone on with.
func (s *seeder) hasHistory(ctx context.Context, years int64) (bool, error) {
	var has struct {
		First bool  `db:"has_first"`
		Whole int64 `db:"whole"`
	}
	clinics := years * 12 * inventory.HistoryClinics
	err := s.app.db.Get(ctx, &has, `SELECT EXISTS (SELECT 1 FROM visit WHERE id = '00000000-0000-4000-8000-000000000001') AS has_first,
  (SELECT count(*) FROM visit v JOIN record_chain r ON r.session_id >= v.session_id AND r.session_id < v.session_id + $1::bigint
   WHERE v.id = '00000000-0000-4000-8000-000000000001' AND r.chain = 'main') AS whole`, clinics)
	if err != nil {
		return false, fmt.Errorf("look for a history: %w", err)
	}
	if has.First && has.Whole != clinics {
		return false, db.Refuse(db.Conflict, "这个数据文件夹里有一份没有生成完、或年数不同的历史数据。请换一个新的文件夹（-data），或用原来的年数启动。")
	}
	return has.First, nil
}

// step is a transaction that makes a part of a history.
type step func(context.Context, *db.Tx) error

// historySteps are the transactions that make the history, in lanes that run at the
// same time; what the second lanes make stands on what the first have made.
func (s *seeder) historySteps(ctx context.Context, h inventory.History, sites, doctors []int64, years int64) (lanes [][][]step, err error) {
	err = s.atLength(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err = session.GrowClinics(ctx, tx, h, sites)
		return err
	})
	each := func(total int64, do func(ctx context.Context, tx *db.Tx, from, to int64) error) (list []step) {
		for i := range years {
			list = append(list, func(ctx context.Context, tx *db.Tx) error {
				return do(ctx, tx, total/years*i, total/years*(i+1))
			})
		}
		return list
	}
	people := each(h.Visits, func(ctx context.Context, tx *db.Tx, from, to int64) error {
		return session.GrowVisits(ctx, tx, h, doctors, from, to)
	})
	people = append(people, each(h.Clinics, func(ctx context.Context, tx *db.Tx, from, to int64) error {
		return session.GrowRosters(ctx, tx, h, from, to)
	})...)
	boxes := each(h.Packs, func(ctx context.Context, tx *db.Tx, from, to int64) error {
		return inventory.GrowPacks(ctx, tx, h, from, to)
	})
	lines := each(h.Clinics, func(ctx context.Context, tx *db.Tx, from, to int64) error {
		if err := session.GrowLines(ctx, tx, h, from, to); err != nil {
			return err
		}
		return s.growRecords(ctx, tx, h, from, to)
	})
	half := len(lines) / 2
	return [][][]step{{people, boxes}, {lines[:half], lines[half:]}}, err
}

// clinicsAtOnce is how many clinics' records are held in memory.
const clinicsAtOnce = 50

func (s *seeder) growRecords(ctx context.Context, tx *db.Tx, h inventory.History, from, to int64) error {
	for ; from < to; from += clinicsAtOnce {
		if err := session.GrowRecords(ctx, tx, h, from, min(from+clinicsAtOnce, to)); err != nil {
			return err
		}
	}
	return nil
}

// runLanes runs the steps of some lanes, each in order and all lanes at the same
// time, and tells done of every step.
func (s *seeder) runLanes(ctx context.Context, lanes [][]step, done func()) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, lane := range lanes {
		g.Go(func() error {
			for _, do := range lane {
				if err := s.atLength(ctx, do); err != nil {
					return err
				}
				done()
			}
			return nil
		})
	}
	return g.Wait()
}

// atLength runs a transaction that may take minutes, and is lost with the machine:
// it is made again then.
func (s *seeder) atLength(ctx context.Context, do func(context.Context, *db.Tx) error) error {
	return s.app.db.InTx(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		var set string
		if err := tx.Get(ctx, &set, `SELECT set_config('statement_timeout', '0', true) || set_config('synchronous_commit', 'off', true) || set_config('work_mem', '64MB', true)`); err != nil {
			return fmt.Errorf("time for the history: %w", err)
		}
		return do(ctx, tx)
	})
}

// sumsEvery is how often a long summing says how far it is.
const sumsEvery = 10 * time.Second

// sum makes the daily sums and those of the sessions, and says how far it is where
// that takes long.
func (s *seeder) sum(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- s.app.sumLedger(ctx) }()
	tick := time.NewTicker(sumsEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			s.tellSums(ctx)
		}
	}
}

// tellSums says how far the sums are; what it cannot read it does not say, and the
// sums go on.
func (s *seeder) tellSums(ctx context.Context) {
	var at struct {
		Day  *time.Time `db:"open_day"`
		Sums int64      `db:"sums"`
		All  int64      `db:"clinics"`
	}
	err := s.app.db.Get(ctx, &at, `SELECT (SELECT open_day FROM ledger_reach WHERE id = 1) AS open_day, (SELECT count(*) FROM clinic_sum) AS sums,
  (SELECT count(*) FROM clinic_session WHERE state = 'closed') AS clinics`)
	if err == nil && at.Day != nil {
		s.program.say(s.program.out, "收发日合计已到 %s，场次合计 %d / %d", at.Day.Format(time.DateOnly), at.Sums, at.All)
	}
}

// historyPeople gives the sites in order and the doctors, after every site has
// patients enough.
func (s *seeder) historyPeople(ctx context.Context) (sites, doctors []int64, err error) {
	ids, err := s.siteIDs(ctx)
	if err != nil {
		return nil, nil, err
	}
	counts, err := s.patientCounts(ctx)
	if err != nil {
		return nil, nil, err
	}
	for i := range demoSites() {
		site := ids[demoSiteCode(i)]
		sites = append(sites, site)
		if err := s.historyPatients(ctx, site, counts[site], 20_000+i*historyPatients); err != nil {
			return nil, nil, err
		}
	}
	err = s.app.db.Select(ctx, &doctors, `SELECT id FROM staff WHERE username IN ('doctor1', 'doctor2', 'doctor3', 'doctor4') ORDER BY username`)
	if err == nil && len(doctors) == 0 {
		err = db.Refuse(db.NotFound, "演示医生账号不见了，不能生成历史数据。请换一个新的数据文件夹。")
	}
	return sites, doctors, err
}

func (s *seeder) historyPatients(ctx context.Context, site int64, have, first int) error {
	if have >= historyPatients {
		return nil
	}
	return s.app.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for n := have; n < historyPatients; n++ {
			if _, err := s.insertPatient(ctx, tx, site, first+n, tx.Now); err != nil {
				return err
			}
		}
		return identity.Audit(ctx, tx, identity.System("demo"), identity.Event{Name: "patient.register", ObjectKind: "site",
			ObjectID: fmt.Sprint(site), SiteID: site, Detail: fmt.Sprintf("历史数据患者 %d 名", historyPatients-have)})
	})
}

// analyse lets the database look at what it has got; only the owner of the tables
// may, whom the demo of a server of one's own does not have.
func (s *seeder) analyse(ctx context.Context) error {
	if s.base.cluster == nil {
		return nil
	}
	owner, err := db.Open(ctx, db.Config{DSN: s.base.cluster.OwnerDSN(db.DefaultSchema), MaxOpen: 1, StatementTimeout: time.Hour})
	if err != nil {
		return openFailed(err)
	}
	defer owner.Close() // nothing is open in it any more
	err = owner.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `ANALYZE`)
		return err
	})
	if err != nil {
		return fmt.Errorf("let the database look at its tables: %w", err)
	}
	return nil
}
