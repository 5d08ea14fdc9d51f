package main

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"
)

// Intervals of background work.
const (
	closedEvery = 10 * time.Second
	sweepEvery  = time.Hour
	nightEvery  = 10 * time.Minute
	renewEvery  = 12 * time.Hour
	sumEvery    = 10 * time.Minute
	// recoverEvery is how often commands are compared with the transfer log.
	recoverEvery = time.Minute
	// lastAnchor bounds the anchor at the end of the program.
	lastAnchor = 20 * time.Second
)

// work runs the background work until ctx ends. A failure of one round is
// logged and tried again; nothing here ends the program.
func (a *app) work(ctx context.Context, sec security) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.hub.Run(ctx) })
	if _, err := a.keys.LogWrapKey(); err != nil {
		a.log.Warn("transfers of devices and files are not written down before the log officer's public key is installed: jingfang officer use", "error", err)
	}
	g.Go(func() error { a.spool.Run(ctx); return nil })
	g.Go(func() error {
		// At once as well: a program that was killed before left something behind.
		a.round(ctx, "entries that were lost with a program", a.recoverEntries)
		return a.every(ctx, "entries that were lost with a program", recoverEvery, a.recoverEntries)
	})
	g.Go(func() error { return a.every(ctx, "anchor", a.config.AnchorEvery, a.anchor) })
	g.Go(func() error { return a.every(ctx, "closed logins", closedEvery, a.dropClosed) })
	g.Go(func() error { return a.every(ctx, "sweep", sweepEvery, a.sweep) })
	g.Go(func() error { return a.every(ctx, "nightly check of the stock", nightEvery, a.checkTonight) })
	g.Go(func() error {
		// At once as well: after an update there may be years to sum.
		a.round(ctx, "sums of the ledger", a.sumLedger)
		return a.every(ctx, "sums of the ledger", sumEvery, a.sumLedger)
	})
	g.Go(func() error { return a.every(ctx, "reports", sumEvery, a.makeReports) })
	if a.persons.HasCA() {
		g.Go(func() error { return a.every(ctx, "signatures of the CA", a.config.CAEvery, a.signRecords) })
	}
	if a.his != nil {
		g.Go(func() error { a.poller.Run(ctx); return nil })
		g.Go(func() error { a.sender.Run(ctx); return nil })
		g.Go(func() error { return a.askHIS(ctx) })
	}
	for _, d := range a.others {
		g.Go(func() error { d.Sender.Run(ctx); return nil })
	}
	if sec.renew != nil {
		g.Go(func() error {
			return a.every(ctx, "certificate", renewEvery, func(context.Context) error { return sec.renew(time.Now()) })
		})
	}
	err := g.Wait()
	// What was written since the last anchor is anchored before the program ends.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastAnchor)
	defer cancel()
	if failed := errors.Join(a.jobs.Close(last), a.spool.Close(last), a.exchange.Settle(last), a.anchor(last)); failed != nil {
		a.log.Warn("no anchor at the end", "error", failed)
	}
	return err
}

// every runs one kind of work again and again until ctx ends.
func (a *app) every(ctx context.Context, what string, pause time.Duration, do func(context.Context) error) error {
	if pause <= 0 {
		return nil
	}
	t := time.NewTicker(pause)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		a.round(ctx, what, do)
	}
}

// round does one kind of work once, and logs that it failed.
func (a *app) round(ctx context.Context, what string, do func(context.Context) error) {
	if err := do(ctx); err != nil && ctx.Err() == nil {
		a.log.Warn("background work failed", "what", what, "error", err)
	}
}

// recoverEntries writes entries of the transfer log for commands whose own were lost
// with a program that was killed. Without the log officer's key nothing can be sealed.
func (a *app) recoverEntries(ctx context.Context) error {
	if _, err := a.keys.LogWrapKey(); err != nil {
		return nil
	}
	n, err := a.exchange.Recover(ctx)
	if n > 0 {
		a.log.Warn("entries of the transfer log made again out of commands: a program ended without writing them", "entries", n)
	}
	return err
}

// dropClosed ends the streams whose logins ended on another server, or by time.
func (a *app) dropClosed(ctx context.Context) error {
	ended, locked, err := a.persons.FindClosed(ctx, append(a.hub.Logins(), a.desk.Logins()...))
	if err != nil {
		return err
	}
	for _, id := range ended {
		a.endLogin(id)
	}
	for _, id := range locked {
		a.changeLogin(id)
	}
	return nil
}

// sweep removes what nobody asks for any more.
func (a *app) sweep(ctx context.Context) error {
	guards, err := a.persons.SweepGuards(ctx)
	if err != nil {
		return err
	}
	commands, err := a.persons.SweepCommands(ctx)
	if err != nil {
		return err
	}
	tickets, err := a.persons.SweepTickets(ctx)
	if err != nil {
		return err
	}
	if guards+commands+tickets > 0 {
		a.log.Info("swept", "login guards", guards, "commands", commands, "tickets", tickets)
	}
	return nil
}

// anchor signs where every chain stands, so that a cut tail shows.
func (a *app) anchor(ctx context.Context) error {
	n, err := anchorNow(ctx, a.db, a.keys)
	if err != nil {
		a.metrics.anchors.WithLabelValues("failed").Inc()
		return err
	}
	a.metrics.anchors.WithLabelValues("ok").Inc()
	a.log.Info("chains anchored", "heads", n)
	return nil
}
