package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

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
	steps, err := s.historySteps(ctx, h, sites, doctors, years)
	if err != nil {
		return err
	}
	for i, step := range steps {
		if err := s.atLength(ctx, step); err != nil {
			return err
		}
		s.program.say(s.program.out, "历史数据 %d / %d，已用 %s", i+1, len(steps), time.Since(began).Round(time.Second))
	}
	return s.analyse(ctx)
}

// hasHistory looks for the first visit and, among the last things made, for lines of
// the last clinics. A history that was broken off cannot be gone on with.
func (s *seeder) hasHistory(ctx context.Context, years int64) (bool, error) {
	var has struct {
		First bool `db:"has_first"`
		Last  bool `db:"has_last"`
	}
	err := s.app.db.Get(ctx, &has, `SELECT EXISTS (SELECT 1 FROM visit WHERE id = '00000000-0000-4000-8000-000000000001') AS has_first,
  EXISTS (SELECT 1 FROM visit_line l WHERE l.visit_id IN (CAST('00000000-0000-4000-8000-' || lpad(CAST($1::bigint - 1 AS text), 12, '0') AS uuid), CAST('00000000-0000-4000-8000-' || lpad(CAST($1::bigint - 2 AS text), 12, '0') AS uuid))) AS has_last`, years*historyVisits)
	if err != nil {
		return false, fmt.Errorf("look for a history: %w", err)
	}
	if has.First && !has.Last {
		return false, db.Refuse(db.Conflict, "这个数据文件夹里有一份没有生成完、或年数不同的历史数据。请换一个新的文件夹（-data），或用原来的年数启动。")
	}
	return has.First, nil
}

// historySteps are the transactions that make the history, each a part of it. The
// visits come before the boxes, which are given in them.
func (s *seeder) historySteps(ctx context.Context, h inventory.History, sites, doctors []int64, years int64) (list []func(context.Context, *db.Tx) error, err error) {
	err = s.atLength(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err = session.GrowClinics(ctx, tx, h, sites)
		return err
	})
	part := func(total, i int64) (from, to int64) { return total / years * i, total / years * (i + 1) }
	for i := range years {
		list = append(list, func(ctx context.Context, tx *db.Tx) error {
			from, to := part(h.Visits, i)
			return session.GrowVisits(ctx, tx, h, doctors, from, to)
		})
	}
	for i := range years {
		list = append(list, func(ctx context.Context, tx *db.Tx) error {
			from, to := part(h.Packs, i)
			return inventory.GrowPacks(ctx, tx, h, from, to)
		})
	}
	for i := range years {
		list = append(list, func(ctx context.Context, tx *db.Tx) error {
			from, to := part(h.Clinics, i)
			if err := session.GrowRosters(ctx, tx, h, from, to); err != nil {
				return err
			}
			return session.GrowLines(ctx, tx, h, from, to)
		})
	}
	return list, err
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
