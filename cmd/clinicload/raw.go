package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"jingfang/sql/db"
)

// rawConns is how many connections the server opens unless it is told
// otherwise.
const rawConns = 25

// rawRun sends the statements of a scan straight to the database, with as many
// workers as there are doctors, in a schema of its own.
type rawRun struct {
	owner, app *db.DB
	workers    []*rawWorker
	scans      times
	errors     tally
	missed     int
}

// rawWorker is one doctor without a server: everything a scan's statements need.
type rawWorker struct {
	run      *rawRun
	session  int64
	staff    int64
	login    uuid.UUID // and audit chain
	visits   []uuid.UUID
	patients []int64 // of the visits
	codes    []string
	next     int // code
}

// packsPerVisit is how many boxes a visit gets before the next.
const packsPerVisit = 4

// newRaw makes the schema and its rows, enough for the time of the run. rate is
// 0 for a closed loop.
func newRaw(ctx context.Context, d databases, sessions, doctors int, rate float64, length time.Duration) (*rawRun, error) {
	if d.owner == "" {
		return nil, errors.New("-raw 要在数据库里另建一个模式，请设置 JINGFANG_OWNER_DSN")
	}
	r := &rawRun{}
	var err error
	if r.owner, err = openRaw(ctx, d.owner, 2); err != nil {
		return nil, err
	}
	if r.app, err = openRaw(ctx, d.app, rawConns); err != nil {
		return nil, errors.Join(err, r.owner.Close())
	}
	if err := r.prepare(ctx, sessions, doctors, rawPacks(sessions*doctors, rate, length)); err != nil {
		return nil, errors.Join(err, r.close(ctx))
	}
	return r, nil
}

func openRaw(ctx context.Context, dsn string, conns int) (*db.DB, error) {
	dsn, err := inSchema(dsn, rawSchema)
	if err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, db.Config{DSN: dsn, MaxOpen: conns, StatementTimeout: 5 * time.Minute})
	if err != nil {
		return nil, fmt.Errorf("-raw 连不上数据库：%w", err)
	}
	return d, nil
}

// rawPacks guesses how many packs a worker may need; a worker that runs out
// stops.
func rawPacks(workers int, rate float64, length time.Duration) int {
	const most = 2500 // scans per second that no small machine reaches
	if rate == 0 {
		rate = most
	}
	return int(rate*length.Seconds())/workers + 2*packsPerVisit
}

func (r *rawRun) prepare(ctx context.Context, sessions, doctors, packs int) error {
	if err := r.drop(ctx); err != nil {
		return err
	}
	if _, err := db.Migrate(ctx, r.owner, r.app.User()); err != nil {
		return fmt.Errorf("-raw 建不了表：%w", err)
	}
	err := r.owner.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		r.workers = nil
		return r.seed(ctx, tx, sessions, doctors, packs)
	})
	if err != nil {
		return fmt.Errorf("-raw 的数据没有准备好：%w", err)
	}
	// The server's tables have been looked at by the planner too.
	return r.owner.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, name := range []string{"pack", "visit", "clinic_session", "patient", "staff"} {
			if _, err := tx.Exec(ctx, "ANALYZE "+name); err != nil {
				return fmt.Errorf("analyze %s: %w", name, err)
			}
		}
		return nil
	})
}

// drop removes the schema of this or of a run that was killed. Nobody else uses
// its name, and inSchema has refused a server that does.
func (r *rawRun) drop(ctx context.Context) error {
	return r.owner.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DROP SCHEMA IF EXISTS `+rawSchema+` CASCADE`)
		return err
	})
}

// close drops the schema, also when the run was broken off.
func (r *rawRun) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	err := r.app.Close()
	return errors.Join(err, r.drop(ctx), r.owner.Close())
}

// play scans with all workers until the time is up.
func (r *rawRun) play(ctx context.Context, rate float64, length time.Duration) {
	start := time.Now()
	var all sync.WaitGroup
	paces := make([]*pace, len(r.workers))
	for i, w := range r.workers {
		paces[i] = newPace(rate, i, len(r.workers), start, start.Add(length))
		all.Go(func() { w.play(ctx, paces[i]) })
	}
	all.Wait()
	for _, p := range paces {
		r.missed += p.missed(time.Now())
	}
}

func (w *rawWorker) play(ctx context.Context, p *pace) {
	for w.next < len(w.codes) {
		due, ok := p.wait(ctx)
		if !ok {
			return
		}
		if err := w.scan(context.WithoutCancel(ctx)); err != nil {
			w.run.errors.add("raw: " + string(db.KindOf(err)))
			sleep(ctx, takeBreath)
			continue
		}
		w.run.scans.add(time.Since(due))
	}
}
