package session_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Sixteen people do everything that can be done at two sessions of one site, with
// the same packs and patients: whatever they are answered has a sentence, and
// ledger, visits and records agree afterwards.
func TestEverybodyAtOnce(t *testing.T) {
	c := newClinic(t, 6, 40, 80)
	round, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: session.Today(time.Now()), Kind: "home", Place: "演示上门",
		Team: []session.Member{{StaffID: c.chief.StaffID, Part: session.PartPharmacist}, {StaffID: c.doctors[0].StaffID, Part: session.PartDoctor},
			{StaffID: c.doctors[1].StaffID, Part: session.PartDoctor}}})
	c.must(err)
	c.must(c.svc.OpenSession(c.ctx, c.chief, round))
	pharmacy, second := inventory.New(c.db.App), c.person("药师乙", identity.Pharmacist)
	var wg sync.WaitGroup
	for n := range 16 {
		p := &passer{clinic: c, n: n, r: rand.New(rand.NewPCG(uint64(n), 7)), sessions: []int64{c.session, c.session, round}, visits: map[int64]uuid.UUID{},
			pharmacy: pharmacy, second: second}
		wg.Go(func() {
			for range 40 {
				p.act(t)
			}
		})
	}
	wg.Wait()
	check, err := inventory.VerifyStock(c.ctx, c.db.App, nil)
	if err != nil || check.First != nil {
		t.Errorf("stock: %+v, %v", check.First, err)
	}
	records, err := session.VerifyRecords(c.ctx, c.db.App, 0)
	if err != nil || records.Problem != "" {
		t.Errorf("records: %+v, %v", records, err)
	}
	var twice int
	c.must(c.db.App.Get(c.ctx, &twice, `SELECT count(*) FROM (SELECT pack_id FROM visit_line WHERE undone_at IS NULL GROUP BY pack_id HAVING count(*) > 1) x`))
	var loose int
	c.must(c.db.App.Get(c.ctx, &loose, `SELECT count(*) FROM pack k WHERE (k.state = 'dispensed') <>
  EXISTS (SELECT 1 FROM visit_line l WHERE l.pack_id = k.id AND l.visit_id = k.visit_id AND l.undone_at IS NULL)`))
	var shelf int
	c.must(c.db.App.Get(c.ctx, &shelf, `SELECT count(*) FROM pack k JOIN recall_code x ON x.code = k.code JOIN recall a ON a.id = x.recall_id
WHERE k.state = 'in_store' AND a.lifted_at IS NULL`))
	if shelf != 0 {
		t.Errorf("%d recalled packs lie on the shelf", shelf)
	}
	if twice != 0 || loose != 0 {
		t.Errorf("%d packs handed out twice, %d packs whose visit does not say so", twice, loose)
	}
}

// passer is somebody who does this and that.
type passer struct {
	*clinic
	n        int
	r        *rand.Rand
	sessions []int64
	visits   map[int64]uuid.UUID // the last one, by session
	pharmacy *inventory.Service
	second   identity.Actor // agrees to lift a recall
}

func (p *passer) act(t *testing.T) {
	id := p.sessions[p.r.IntN(len(p.sessions))]
	by, visit, command := p.doctors[p.n%len(p.doctors)], p.visits[id], uuid.New()
	some := make([]string, 1+p.r.IntN(6))
	for i := range some {
		some[i] = p.codes[p.r.IntN(len(p.codes))]
	}
	var err error
	switch p.r.IntN(11) {
	case 0, 1:
		var a session.ArrivalAnswer
		a, err = p.svc.CheckIn(p.ctx, by, session.Arrival{SessionID: id, Visit: uuid.New(), CommandID: command, Patient: p.tokens[p.r.IntN(40)], Start: p.r.IntN(3) > 0})
		if err == nil {
			p.visits[id] = a.VisitID
		}
	case 2, 3, 4:
		_, err = p.svc.Dispense(p.ctx, by, session.Scan{SessionID: id, Visit: visit, CommandID: command, Codes: join(some)})
	case 5:
		_, err = p.svc.Undo(p.ctx, by, session.Undoing{SessionID: id, Visit: visit, CommandID: command, Code: some[0]})
	case 6:
		_, err = p.svc.FinishVisit(p.ctx, by, session.Ending{SessionID: id, Visit: visit, CommandID: command, NoDrugReason: "只复诊"})
	case 7:
		_, err = p.svc.Pack(p.ctx, p.chief, session.Packing{SessionID: id, CommandID: command, Codes: join(some)})
	case 9:
		_, err = p.pharmacy.StartRecall(p.ctx, p.chief, inventory.Recalling{CommandID: command, Class: inventory.RecallThird, Codes: some[0], Reason: "演示", SourceNo: command.String()})
	case 10:
		recall := int64(p.r.IntN(20) + 1)
		if _, err = p.pharmacy.AskLift(p.ctx, p.chief, inventory.Lifting{RecallID: recall, CommandID: command, Reason: "演示"}); err == nil {
			_, err = p.pharmacy.LiftRecall(p.ctx, p.second, inventory.Lifting{RecallID: recall, CommandID: uuid.New()})
		}
	case 8:
		_, err = p.svc.Unpack(p.ctx, p.chief, session.Packing{SessionID: id, CommandID: command, Codes: join(some)})
	}
	if k := db.KindOf(err); k == db.Internal || k == db.Unavailable {
		t.Errorf("%v", err)
	}
}
