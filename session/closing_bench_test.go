package session_test

import (
	"testing"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// The page of closing stays within its number of statements however much is on
// it.
func TestStatementsOfClosing(t *testing.T) {
	e := newEvening(t, 3, 6)
	e.must(e.count(2, 0))
	e.see(e.codes[3:5]...)
	ctx, counter := db.WithCounter(e.ctx)
	v, err := session.ReadClosing(ctx, e.db.App, e.session)
	e.must(err)
	if n := counter.Count(); n > 11 || len(v.Missing) != 1 || len(v.Finished) != 3 {
		t.Errorf("%d statements, at most 11 are allowed; missing %d, finished %d", n, len(v.Missing), len(v.Finished))
	}
	e.must(e.explain(e.chief, session.Explaining{Code: e.codes[5], Exit: session.ExitDamaged, Reason: "打湿"}))
	_, err = e.confirm(e.chief)
	e.must(err)
	ctx, counter = db.WithCounter(e.ctx)
	_, err = e.svc.ConfirmClosing(ctx, e.doctors[0], session.Confirming{SessionID: e.session, CommandID: uuid.New()})
	e.must(err)
	if n := counter.Count(); n > 36 {
		t.Errorf("closing takes %d statements, at most 36 are allowed", n)
	}
}

// Reading the closing of a session ten times real size: 350 visits, 1,500 packs.
func BenchmarkReadClosing(b *testing.B) {
	c := newClinic(b, 5, 100, 1500)
	c.svc = c.svc.WithKeys(seal.NewMemoryKeys())
	for i := range 100 {
		by := c.doctors[i%5]
		visit := c.start(by, i)
		c.scan(by, visit, c.codes[i*9:i*9+9]...)
		_, err := c.svc.FinishVisit(c.ctx, by, session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New()})
		c.must(err)
	}
	_, err := c.svc.StopDispensing(c.ctx, c.chief, session.Stopping{SessionID: c.session, CommandID: uuid.New()})
	c.must(err)
	for b.Loop() {
		if _, err := session.ReadClosing(c.ctx, c.db.App, c.session); err != nil {
			b.Fatal(err)
		}
	}
}
