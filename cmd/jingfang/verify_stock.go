package main

import (
	"context"
	"fmt"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/sql/db"
)

// runVerifyStock checks packs, movements and visits against each other.
func runVerifyStock(ctx context.Context, p *program, c config) error {
	return reading(ctx, p, c, func(d *db.DB) error {
		report, err := reporting.CheckStock(ctx, d, nil)
		if err != nil {
			return err
		}
		if report.Problem != "" {
			return p.found(report.Problem)
		}
		p.say(p.out, "库存一致：%d 盒药，%d 条流水，没有发现差错。", report.Packs, report.Movements)
		return nil
	})
}

// runVerifyLedger makes the daily sums of the ledger anew from the movements.
func runVerifyLedger(ctx context.Context, p *program, c config) error {
	return reading(ctx, p, c, func(d *db.DB) error {
		report, err := reporting.CheckLedger(ctx, d)
		if err != nil {
			return err
		}
		if report.Problem != "" {
			return p.found(report.Problem)
		}
		p.say(p.out, "收发日合计正确：%d 天，%d 行，与流水逐日重算的一致。", report.Days, report.Rows)
		return nil
	})
}

// verifyDay checks stock and records and says in one sentence that both are
// right; anything wrong is an error. The tour ends with it.
func (a *app) verifyDay(ctx context.Context) (string, error) {
	stock, err := reporting.CheckStock(ctx, a.db, nil)
	if err != nil {
		return "", err
	}
	records, err := session.VerifyRecords(ctx, a.db, 0)
	if err != nil {
		return "", err
	}
	if wrong := stock.Problem + records.Problem; wrong != "" {
		return "", db.Refuse(db.Conflict, "%s", wrong)
	}
	return fmt.Sprintf("%d 盒药与 %d 条流水一致，%d 条就诊记录的链完整。", stock.Packs, stock.Movements, records.Records), nil
}
