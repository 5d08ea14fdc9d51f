package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"jingfang/sql/db"
)

// clockLimit is how far this machine's clock may be from the database's. Records,
// the audit and the idle lock take the time of the server that acts; with several
// servers, times that differ by more would put one person's acts out of order.
const clockLimit = 30 * time.Second

// clockOff is how far this machine's clock is ahead of the database's.
func clockOff(ctx context.Context, d *db.DB) (time.Duration, error) {
	var there time.Time
	before := d.Now()
	if err := d.Get(ctx, &there, `SELECT clock_timestamp()`); err != nil {
		return 0, fmt.Errorf("ask the database for the time: %w", err)
	}
	middle := before.Add(d.Now().Sub(before) / 2)
	return middle.Sub(there), nil
}

// warnClock says so at the start; a wrong clock is no reason to leave a clinic
// without its program.
func warnClock(ctx context.Context, log *slog.Logger, d *db.DB) error {
	off, err := clockOff(ctx, d)
	if err != nil {
		return err
	}
	if off.Abs() > clockLimit {
		log.Warn("本机时钟与数据库服务器相差过大，请用 NTP 校时", "off", off.Round(time.Second).String())
	}
	return nil
}
