package session_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// batch puts packs of the clinic's drug into the store.
func (c *clinic) batch(name string, expires time.Time, packs int) []string {
	c.t.Helper()
	var codes []string
	c.must(c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		for i := range packs {
			code := fmt.Sprintf("8000001%03d%010d", int(name[len(name)-1]), i+1)
			codes = append(codes, code)
			err := tx.ExecOne(ctx, `INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, expires_on, created_at, changed_at)
VALUES ($1, $2, 'expected', 20, 20, $3, $4::date, $5, $5)`, code, c.drug, name, expires.Format(time.DateOnly), tx.Now)
			if err != nil {
				return err
			}
		}
		locked, err := inventory.LockPacks(ctx, tx, codes)
		if err != nil {
			return err
		}
		var list []*inventory.Pack
		for _, p := range locked {
			list = append(list, p)
		}
		_, err = inventory.WriteAll(ctx, tx, c.chief, list, inventory.Entry{Move: inventory.Move{Kind: inventory.MoveReceive}, How: inventory.HowScanned})
		return err
	}))
	return codes
}

// Next month is packed after the last one: what each patient on the roster got,
// newcomers as the average, the earliest expiry first, less what is packed.
func TestTheProposal(t *testing.T) {
	c := newClinic(t, 1, 4, 9)
	doctor := c.doctors[0]
	give := func(i int, codes ...string) {
		visit := c.start(doctor, i)
		c.scan(doctor, visit, codes...)
		c.finish(doctor, visit, "")
	}
	give(0, c.codes[0]) // replaced by the later visit
	give(0, c.codes[1:4]...)
	give(1, c.codes[4], c.codes[5])
	visit := c.start(doctor, 2) // without medicine: nothing is known
	c.finish(doctor, visit, "只复诊")
	on := session.Today(time.Now()).AddDate(0, 1, 0)
	id, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: on, Team: c.team()})
	c.must(err)
	late, soon := c.batch("L2", on.AddDate(1, 0, 0), 8), c.batch("S1", on.AddDate(0, 0, 10), 4)
	c.batch("X0", on.AddDate(0, 0, -1), 5) // expired by then
	read := func() session.ProposalLine {
		t.Helper()
		ctx, count := db.WithCounter(c.ctx)
		p, err := session.ReadPacking(ctx, c.db.App, id)
		c.must(err)
		if len(p.Lines) != 1 || p.Expected != 4 || p.Known != 2 || count.Count() > 8 {
			t.Fatalf("plan %+v with %d statements", p, count.Count())
		}
		return p.Lines[0]
	}
	// 5 packs for two patients, and for the two others the average.
	l := read()
	if l.Proposed != 10 || l.Patients != 2 || l.Packed != 0 || l.Short() != 10 || l.Lacking() != 0 {
		t.Errorf("line %+v", l)
	}
	if len(l.Shelf) != 2 || l.Shelf[0].Batch != "S1" || l.Shelf[0].Take != 4 || !l.Shelf[0].Soon || l.Shelf[1].Take != 6 || l.Shelf[1].Soon {
		t.Errorf("shelf %+v", l.Shelf)
	}
	pack := func(codes ...string) session.PackingAnswer {
		t.Helper()
		a, err := c.svc.Pack(c.ctx, c.chief, session.Packing{SessionID: id, CommandID: uuid.New(), Codes: join(codes)})
		c.must(err)
		return a
	}
	// Another expiry is taken, with a note; the last of the early ones without.
	if a := pack(late[0]); a.Moved != 1 || a.Worst().Kind != inventory.KindOK || !strings.Contains(a.Worst().Sentence, on.AddDate(0, 0, -1).Format(time.DateOnly)) {
		t.Errorf("the later expiry: %+v", a)
	}
	if l = read(); l.Packed != 1 || l.Short() != 9 || l.Shelf[1].Take != 5 {
		t.Errorf("after one: %+v", l)
	}
	pack(append(late[1:], soon...)...)
	if l = read(); l.Packed != 12 || l.Over() != 2 || l.Short() != 0 || l.Lacking() != 0 {
		t.Errorf("after all: %+v", l)
	}
	list, err := session.PackingList(c.ctx, c.db.App, id)
	c.must(err)
	if len(list) != 2 || list[0].Batch != "S1" || list[0].Packs != 4 || list[1].Packs != 8 || list[0].LooseUnits != 0 {
		t.Errorf("packing list %+v", list)
	}
}

// Whose medicine lasts until the clinic day after the one that is packed for is left
// out and shown apart; a week less is enough, a day less than that is not, and of whom
// nobody knows is not left out.
func TestTheProposalLeavesOutWhoHasMedicine(t *testing.T) {
	c := newClinic(t, 1, 6, 10)
	doctor := c.doctors[0]
	on := session.Today(time.Now()).AddDate(0, 0, 28)
	for i, days := range []int{28, 60, 49, 48, 0} { // 0: nobody said
		visit := c.start(doctor, i)
		c.scan(doctor, visit, c.codes[2*i], c.codes[2*i+1])
		if days > 0 {
			c.dose(visit, c.packNo(c.codes[2*i]), days, "")
		}
		c.finish(doctor, visit, "")
	}
	id, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: on, Team: c.team()})
	c.must(err)
	_, err = c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: on.AddDate(0, 0, 28), Team: c.team()})
	c.must(err)
	p, err := session.ReadPacking(c.ctx, c.db.App, id)
	c.must(err)
	list, err := session.ReadAbsentees(c.ctx, c.db.App, p.Session, time.Now())
	c.must(err)
	if n, err := session.StillSupplied(c.ctx, c.db.App, list, p.Session); err != nil || n != 2 {
		t.Errorf("%d have enough, %v", n, err)
	}
	if p.Expected != 6 || p.Known != 5 || p.Supplied != 2 || len(p.Lines) != 1 {
		t.Fatalf("plan %+v", p)
	}
	// Three need 6, the newcomer what the average patient has.
	if l := p.Lines[0]; l.Proposed != 8 || l.Patients != 5 || l.Spared != 2 || l.SparedPacks != 4 {
		t.Errorf("line %+v", l)
	}
}

// A first session proposes nothing, and says so by knowing nobody.
func TestTheProposalOfAFirstSession(t *testing.T) {
	c := newClinic(t, 1, 2, 0)
	p, err := session.ReadPacking(c.ctx, c.db.App, c.session)
	c.must(err)
	if len(p.Lines) != 0 || p.Known != 0 || p.Expected != 2 {
		t.Errorf("plan %+v", p)
	}
	if _, err := session.ReadPacking(c.ctx, c.db.App, 999999); db.KindOf(err) != db.NotFound {
		t.Errorf("no session: %v", err)
	}
}
