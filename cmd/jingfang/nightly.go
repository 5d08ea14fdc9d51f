package main

import (
	"context"
	"errors"
	"time"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
)

// The hours of the clinic's clock in which nobody works: the check of the stock
// begins in them, so that it does not take the database from anybody.
const (
	nightFrom = 2
	nightTo   = 5
)

// quiet tells the night from the day.
func quiet(now time.Time) bool {
	hour := now.In(session.Zone()).Hour()
	return hour >= nightFrom && hour < nightTo
}

// checkTonight checks the stock once a night; of several servers one does it.
func (a *app) checkTonight(ctx context.Context) error {
	if !quiet(a.db.Now()) {
		return nil
	}
	report, err := reporting.RunStockCheck(ctx, a.db, identity.System("stock-check"), reporting.CheckNightly, nil)
	switch {
	case errors.Is(err, reporting.ErrCheckedTonight):
		return nil
	case err != nil:
		return err
	case report.Problem != "":
		// The code is on the page; the log names no box.
		a.log.Error("the stock does not agree with its movements; see the page of the stock", "packs", report.Packs)
	default:
		a.log.Info("stock checked", "packs", report.Packs, "movements", report.Movements)
	}
	return nil
}

// sumLedger sums the days of the ledger that have ended, and their clinic sessions.
func (a *app) sumLedger(ctx context.Context) error {
	done, err := reporting.SumLedger(ctx, a.db)
	if err != nil {
		return err
	}
	if len(done.Mended) > 0 {
		a.log.Info("days of the ledger summed anew", "days", len(done.Mended), "first", done.Mended[0].Format(time.DateOnly))
	}
	if done.Days > 0 {
		a.log.Info("days of the ledger summed", "days", done.Days)
	}
	clinics, err := reporting.SumClinics(ctx, a.db)
	if clinics.Summed+clinics.Mended > 0 {
		a.log.Info("clinic sessions summed", "sessions", clinics.Summed, "again", clinics.Mended)
	}
	return err
}

// makeReports makes the reports of the month and of the year that have ended.
func (a *app) makeReports(ctx context.Context) error {
	made, err := reporting.MakeDueReports(ctx, a.db, identity.System("reports"))
	if made > 0 {
		a.log.Info("reports made", "reports", made)
	}
	return err
}
