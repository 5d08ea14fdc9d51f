package main

import (
	"context"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	integrationweb "jingfang/integration/web"
)

// The measurement of what the transfer log costs a scan: so many rounds with and
// without it in turn, each of so many doctors who scan and take back.
const (
	costRounds  = 60
	costDoctors = 4
	costScans   = 12
)

// TestTransferLogCost measures scans over HTTP with and without their entries in
// the transfer log, on two servers over one database. JINGFANG_MEASURE=1 runs it;
// it asserts nothing about time.
func TestTransferLogCost(t *testing.T) {
	if os.Getenv("JINGFANG_MEASURE") == "" {
		t.Skip("JINGFANG_MEASURE=1 measures the transfer log")
	}
	w := newWorld(t)
	plan := w.plan.Sessions[0]
	tables := make([]table, costDoctors)
	for i := range tables {
		d := person(t, w.URL, plan.Doctors[i])
		tables[i] = table{doctor: d, session: clinic{t: t, id: plan.ID}, codes: plan.Codes[i*costScans : (i+1)*costScans]}
		tables[i].visit = tables[i].session.start(d, plan.Patients[i])
	}
	with, without := w.costServer(t, true), w.costServer(t, false)
	var times [2][]time.Duration
	for round := range 2 * costRounds {
		base, which := with, 0
		if round%2 == 1 {
			base, which = without, 1
		}
		times[which] = append(times[which], scanRound(tables, base)...)
	}
	for i, name := range []string{"with the log", "without"} {
		slices.Sort(times[i])
		var sum time.Duration
		for _, d := range times[i] {
			sum += d
		}
		n := len(times[i])
		t.Logf("%-12s n %d  mean %s  p50 %s  p90 %s  p99 %s", name, n, (sum / time.Duration(n)).Round(time.Microsecond),
			times[i][n/2].Round(time.Microsecond), times[i][n*9/10].Round(time.Microsecond), times[i][n*99/100].Round(time.Microsecond))
	}
}

// table is a doctor with a visit and boxes.
type table struct {
	doctor  *caller
	session clinic
	visit   string
	codes   []string
}

// costServer is a further server over the house's database, with or without the
// notes of its transfers.
func (w *world) costServer(t *testing.T, noted bool) string {
	a := w.second(t)
	if noted {
		ctx, cancel := context.WithCancel(context.Background())
		var ended sync.WaitGroup
		ended.Go(func() { a.spool.Run(ctx) })
		t.Cleanup(func() { cancel(); ended.Wait() })
	} else {
		a.recorder = integrationweb.NewRecorder(nil, time.Now)
	}
	server := httptest.NewServer(a.router())
	t.Cleanup(server.Close)
	return server.URL
}

// scanRound has every table scan its boxes and put them back, all at once.
func scanRound(tables []table, base string) []time.Duration {
	var all []time.Duration
	var mu sync.Mutex
	var wait sync.WaitGroup
	for _, x := range tables {
		wait.Go(func() {
			d := x.doctor.at(base)
			var own []time.Duration
			for _, code := range x.codes {
				began := time.Now()
				if kinds := x.session.scan(d, x.visit, code).kinds(); len(kinds) == 1 && kinds[0] == "ok" {
					own = append(own, time.Since(began))
				}
				form := commandForm()
				form.Set("code", code)
				d.post(x.session.visitPath(x.visit, "/undo"), form)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, own...)
		})
	}
	wait.Wait()
	return all
}
