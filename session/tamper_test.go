package session_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/sql/db"
)

// tamper changes rows as nobody should be able to: as the owner, with the
// triggers off.
func (c *clinic) tamper(query string) {
	c.t.Helper()
	c.must(c.db.Owner.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []string{`ALTER TABLE record DISABLE TRIGGER USER`, query, `ALTER TABLE record ENABLE TRIGGER USER`} {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		return nil
	}))
}

func TestVerifyNamesWhatWasAltered(t *testing.T) {
	for _, tc := range []struct{ name, query, want string }{
		{"content", `UPDATE record SET canonical = canonical || '\x00'::bytea WHERE seq = 2`, "第 2 条不对：内容与摘要不符"},
		{"column", `UPDATE record SET doctor_id = doctor_id + 1 WHERE seq = 3`, "第 3 条不对：表中的列"},
		{"time", `UPDATE record SET at = at - interval '1 day' WHERE seq = 3`, "第 3 条不对：表中的列"},
		{"dropped", `DELETE FROM record WHERE seq = 2`, "第 2 条不对：序号不连续"},
		{"swapped", `UPDATE record SET seq = CASE seq WHEN 1 THEN 102 WHEN 2 THEN 101 END WHERE seq IN (1, 2);
UPDATE record SET seq = seq - 100 WHERE seq > 100`, "第 1 条不对：与前一条接不上"},
		{"tail cut", `DELETE FROM record WHERE seq = 3`, "末尾对不上：链头记着 3 条，实有 2 条"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := newClinic(t, 1, 3, 3)
			for i := range 3 {
				visit := c.start(c.doctors[0], i)
				c.scan(c.doctors[0], visit, c.codes[i])
				_, err := c.svc.FinishVisit(c.ctx, c.doctors[0], session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New()})
				c.must(err)
			}
			c.tamper(tc.query)
			report, err := session.VerifyRecords(c.ctx, c.db.App, 0)
			c.must(err)
			if !strings.Contains(report.Problem, tc.want) {
				t.Errorf("verify said %q, want %q", report.Problem, tc.want)
			}
		})
	}
}

// Verifying on a working day finds nothing wrong where nothing is: heads and
// records are read at one moment.
func TestVerifyWhileDoctorsWork(t *testing.T) {
	const doctors, each = 4, 15
	c := newClinic(t, doctors, doctors*each, 0)
	working, done := context.WithCancel(c.ctx)
	var wg sync.WaitGroup
	for d := range doctors {
		wg.Go(func() {
			for i := d * each; i < (d+1)*each; i++ {
				visit := c.start(c.doctors[d], i)
				_, err := c.svc.FinishVisit(c.ctx, c.doctors[d], session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New(), NoDrugReason: "只复诊"})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { wg.Wait(); done() }()
	for working.Err() == nil {
		report, err := session.VerifyRecords(c.ctx, c.db.App, 0)
		c.must(err)
		if report.Problem != "" {
			t.Error(report.Problem)
			break
		}
	}
	wg.Wait()
	report, err := session.VerifyRecords(c.ctx, c.db.App, 0)
	c.must(err)
	if report.Records != doctors*each || report.Problem != "" {
		t.Errorf("%+v", report)
	}
}

func TestRecordsAreNeverChanged(t *testing.T) {
	c := newClinic(t, 1, 1, 1)
	visit := c.start(c.doctors[0], 0)
	c.scan(c.doctors[0], visit, c.codes[0])
	_, err := c.svc.FinishVisit(c.ctx, c.doctors[0], session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New()})
	c.must(err)
	for _, query := range []string{`UPDATE record SET seq = 9`, `DELETE FROM record`, `TRUNCATE record CASCADE`, `UPDATE movement SET quantity = 0`,
		`DELETE FROM movement`, `UPDATE audit SET outcome = 'ok'`} {
		for _, d := range []*db.DB{c.db.App, c.db.Owner} {
			err := d.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.Exec(ctx, query)
				return err
			})
			if s := db.State(err); s != "42501" && s != "JF001" {
				t.Errorf("%s as %s: %v", query, d.User(), err)
			}
		}
	}
}
