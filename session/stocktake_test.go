package session_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// A session's trays are counted while a doctor hands out; the count names what is
// missing and moves nothing.
func TestStocktakeOfTrays(t *testing.T) {
	c := newClinic(t, 1, 1, 5)
	in := session.TrayCount{SessionID: c.session, CommandID: uuid.New()}
	a, err := c.svc.StartStocktake(c.ctx, c.helper, in)
	c.must(err)
	if again, err := c.svc.StartStocktake(c.ctx, c.helper, in); err != nil || again != a {
		t.Errorf("the same command: %+v %v", again, err)
	}
	_, err = c.svc.StartStocktake(c.ctx, c.chief, session.TrayCount{SessionID: c.session, CommandID: uuid.New()})
	var running *inventory.CountRunning
	if !errors.As(err, &running) || running.ID != a.ID || db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "演示新华") {
		t.Errorf("a second count: %v", err)
	}
	stock := inventory.New(c.db.App)
	scan := func(codes ...string) {
		t.Helper()
		_, err := stock.CountCodes(c.ctx, c.helper, inventory.CountScan{StocktakeID: a.ID, CommandID: uuid.New(), Codes: join(codes)})
		c.must(err)
	}
	visit := c.start(c.doctors[0], 0)
	give := func(code string) {
		t.Helper()
		_, err := c.svc.Dispense(c.ctx, c.doctors[0], session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: code})
		c.must(err)
	}
	give(c.codes[0])
	scan(c.codes[1], c.codes[2])
	give(c.codes[1])
	give(c.codes[3])
	_, err = stock.SubmitStocktake(c.ctx, c.helper, inventory.CountStep{StocktakeID: a.ID, CommandID: uuid.New()})
	c.must(err)
	x, err := inventory.FindStocktake(c.ctx, c.db.App, a.ID)
	c.must(err)
	r, err := inventory.ReadCountResult(c.ctx, c.db.App, x, 0)
	c.must(err)
	if len(r.Differences) != 1 || r.Differences[0].Code != c.codes[4] || r.Differences[0].Proposal != "" {
		t.Errorf("differences %+v", r.Differences)
	}
}

// A box of a session that lies on the pharmacy's shelf comes home when the count
// is approved, and the session's screens hear of it.
func TestStocktakeBringsABoxHome(t *testing.T) {
	c := newClinic(t, 1, 0, 3)
	c.chief.Grants, c.helper.Grants = []identity.Grant{{Role: identity.Pharmacist}}, []identity.Grant{{Role: identity.Assistant}}
	stock := inventory.New(c.db.App)
	a, err := stock.StartStocktake(c.ctx, c.helper, inventory.StartingCount{CommandID: uuid.New()})
	c.must(err)
	_, err = stock.CountCodes(c.ctx, c.helper, inventory.CountScan{StocktakeID: a.ID, CommandID: uuid.New(), Codes: c.codes[0]})
	c.must(err)
	step := func() inventory.CountStep {
		return inventory.CountStep{StocktakeID: a.ID, CommandID: uuid.New(), Submission: 1}
	}
	_, err = stock.SubmitStocktake(c.ctx, c.helper, step())
	c.must(err)
	_, err = stock.ExplainDifferences(c.ctx, c.helper, inventory.Explaining{StocktakeID: a.ID, CommandID: uuid.New(), Kind: inventory.DifferExtra, Reason: inventory.ReasonMissedHome, Adjust: true})
	c.must(err)
	var before, after int64
	c.must(c.db.App.Get(c.ctx, &before, `SELECT version FROM session_version WHERE session_id = $1::bigint`, c.session))
	done, err := stock.ApproveStocktake(c.ctx, c.chief, step())
	c.must(err)
	c.must(c.db.App.Get(c.ctx, &after, `SELECT version FROM session_version WHERE session_id = $1::bigint`, c.session))
	p, err := inventory.FindPack(c.ctx, c.db.App, c.codes[0])
	c.must(err)
	if done.Adjusted != 1 || p.State != inventory.StateInStore || after != before+1 {
		t.Errorf("adjusted %d, the box is %s, version %d after %d", done.Adjusted, p.State, after, before)
	}
}

func TestStocktakeOfTraysIsRefused(t *testing.T) {
	c := newClinic(t, 1, 0, 1)
	_, err := c.svc.StartStocktake(c.ctx, c.doctors[0], session.TrayCount{SessionID: c.session, CommandID: uuid.New()})
	if db.KindOf(err) != db.Denied {
		t.Errorf("a doctor counts: %v", err)
	}
	elsewhere := c.helper
	elsewhere.Grants = []identity.Grant{{Role: identity.Assistant, SiteID: c.site + 1}}
	if _, err := c.svc.StartStocktake(c.ctx, elsewhere, session.TrayCount{SessionID: c.session, CommandID: uuid.New()}); db.KindOf(err) != db.Denied {
		t.Errorf("somebody of another site: %v", err)
	}
	_, err = c.svc.StopDispensing(c.ctx, c.chief, session.Stopping{SessionID: c.session, CommandID: uuid.New()})
	c.must(err)
	_, err = c.svc.StartStocktake(c.ctx, c.helper, session.TrayCount{SessionID: c.session, CommandID: uuid.New()})
	if db.KindOf(err) != db.Conflict {
		t.Errorf("a session that is being closed: %v", err)
	}
	if _, err := c.svc.StartStocktake(c.ctx, c.helper, session.TrayCount{SessionID: 999, CommandID: uuid.New()}); db.KindOf(err) != db.NotFound {
		t.Errorf("no such session: %v", err)
	}
}
