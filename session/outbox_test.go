package session_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// told lists the facts as "sale 80…01 20 free waiting", in their order.
func (c *clinic) told() (list []string) {
	c.t.Helper()
	var rows []struct {
		Kind     string `db:"kind"`
		Code     string `db:"code"`
		Quantity int64  `db:"quantity"`
		Payer    string `db:"payer"`
		State    string `db:"state"`
	}
	c.must(c.db.App.Select(c.ctx, &rows, `SELECT f.kind, k.code, f.quantity, f.payer, f.state FROM outbox_fact f JOIN pack k ON k.id = f.pack_id ORDER BY f.id`))
	for _, x := range rows {
		list = append(list, fmt.Sprintf("%s …%s %d %s %s", x.Kind, x.Code[len(x.Code)-2:], x.Quantity, x.Payer, x.State))
	}
	return list
}

func (c *clinic) wantTold(when string, want ...string) {
	c.t.Helper()
	if got := c.told(); strings.Join(got, "|") != strings.Join(want, "|") {
		c.t.Errorf("%s:\n got %q\nwant %q", when, got, want)
	}
}

// send claims what waits and settles it in a state.
func (c *clinic) send(state session.FactState) int {
	c.t.Helper()
	n := 0
	c.must(c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err := session.ClaimFacts(ctx, tx, session.HISChannel, 50)
		if err != nil {
			return err
		}
		n = len(list)
		for _, f := range list {
			if _, err := session.SettleFact(ctx, tx, f.ID, session.FactOutcome{State: state}); err != nil {
				return err
			}
		}
		return nil
	}))
	return n
}

func tail2(code string) string { return code[len(code)-2:] }

// Off, nothing is written. On, 诊毕 writes what was handed out; what was taken back
// before it was never told; a correction after it reverses what was sent, and
// withdraws what was not.
func TestFactsFollowTheRecord(t *testing.T) {
	e := &evening{clinic: newClinic(t, 1, 3, 6)}
	e.svc = e.svc.WithKeys(newKeys(e))
	d := e.doctors[0]
	visit := e.start(d, 0)
	e.scan(d, visit, e.codes[0])
	e.finish(d, visit, "")
	e.wantTold("off")

	root := e.person("系统管理员", identity.SysAdmin)
	e.refused(e.svc.SwitchOutbox(e.ctx, d, uuid.New(), session.HISChannel, true), db.Denied)
	e.must(e.svc.SwitchOutbox(e.ctx, root, uuid.New(), session.HISChannel, true))
	visit = e.start(d, 1)
	e.scan(d, visit, e.codes[1], e.codes[2], e.codes[3])
	_, err := e.svc.Undo(e.ctx, d, session.Undoing{SessionID: e.session, Visit: visit, CommandID: uuid.New(), Code: e.codes[3]})
	e.must(err)
	e.wantTold("before 诊毕")
	e.finish(d, visit, "")
	a, b := tail2(e.codes[1]), tail2(e.codes[2])
	e.wantTold("诊毕", "sale …"+a+" 20 free waiting", "sale …"+b+" 20 free waiting")

	_, err = e.correct(d, visit, e.codes[1], 0)
	e.must(err)
	e.wantTold("corrected before it was sent", "sale …"+a+" 20 free withdrawn", "sale …"+b+" 20 free waiting")
	if n := e.send(session.FactSent); n != 1 {
		t.Errorf("%d facts were due, want 1", n)
	}
	_, err = e.correct(d, visit, e.codes[2], 0)
	e.must(err)
	e.wantTold("corrected after it was sent", "sale …"+a+" 20 free withdrawn", "sale …"+b+" 20 free sent", "reversal …"+b+" 20 free waiting")
	if n := e.send(session.FactSent); n != 1 {
		t.Errorf("%d facts were due, want the reversal", n)
	}
	if n := e.send(session.FactSent); n != 0 {
		t.Errorf("%d facts were due again", n)
	}
}

// A reversal waits for its sale: while nobody knows whether that arrived, it is not
// sent. An unknown fact is asked for and never claimed for sending.
func TestAReversalWaitsForItsSale(t *testing.T) {
	e := &evening{clinic: newClinic(t, 1, 1, 2)}
	e.svc = e.svc.WithKeys(newKeys(e))
	d, root := e.doctors[0], e.person("系统管理员", identity.SysAdmin)
	e.must(e.svc.SwitchOutbox(e.ctx, root, uuid.New(), session.HISChannel, true))
	visit := e.start(d, 0)
	e.scan(d, visit, e.codes[0], e.codes[1])
	e.finish(d, visit, "")
	if n := e.send(session.FactUnknown); n != 2 {
		t.Fatalf("%d sent", n)
	}
	_, err := e.correct(d, visit, e.codes[0], 0)
	e.must(err)
	if n := e.send(session.FactSent); n != 0 {
		t.Errorf("%d facts went out before their sale was known to have arrived", n)
	}
	asked := func() (list []session.Fact) {
		e.must(e.db.App.InTx(e.ctx, func(ctx context.Context, tx *db.Tx) (err error) {
			list, err = session.ClaimDoubts(ctx, tx, session.HISChannel, 10, tx.Now.Add(-time.Hour), tx.Now.Add(time.Hour))
			return err
		}))
		return list
	}
	doubts := asked()
	if len(doubts) != 2 || len(asked()) != 0 {
		t.Fatalf("doubts %+v", doubts)
	}
	e.must(e.db.App.InTx(e.ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, f := range doubts {
			if changed, err := session.SettleFact(ctx, tx, f.ID, session.FactOutcome{State: session.FactSent, Remote: "R1"}); err != nil || !changed {
				return fmt.Errorf("settle: %t %w", changed, err)
			}
		}
		return nil
	}))
	if n := e.send(session.FactSent); n != 1 {
		t.Errorf("%d facts, want the reversal", n)
	}
	counts, err := session.CountFacts(e.ctx, e.db.App, "", time.Time{})
	e.must(err)
	if counts.Open() != 0 || counts.Sent != 3 {
		t.Errorf("%+v", counts)
	}
}

// The line's own payer counts before that of the site's programme, and that before
// the one of all sites.
func TestWhoPays(t *testing.T) {
	e := &evening{clinic: newClinic(t, 1, 3, 6)}
	e.svc = e.svc.WithKeys(newKeys(e))
	d, root := e.doctors[0], e.person("系统管理员", identity.SysAdmin)
	e.must(e.svc.SwitchOutbox(e.ctx, root, uuid.New(), session.HISChannel, true))
	set := func(site int64, p session.Payer) {
		e.must(e.svc.SetProgramme(e.ctx, root, session.SettingProgramme{CommandID: uuid.New(), Name: "演示项目", SiteID: site, Payer: p}))
	}
	e.refused(e.svc.SetProgramme(e.ctx, d, session.SettingProgramme{CommandID: uuid.New(), Name: "演示项目", Payer: session.PayerSelf}), db.Denied)
	e.refused(e.svc.SetProgramme(e.ctx, root, session.SettingProgramme{CommandID: uuid.New(), Name: "演示项目", Payer: "nobody"}), db.Invalid)
	e.refused(e.svc.SetProgramme(e.ctx, root, session.SettingProgramme{CommandID: uuid.New(), Name: "演示项目", SiteID: 999, Payer: session.PayerSelf}), db.Invalid)
	var site int64
	e.must(e.db.App.Get(e.ctx, &site, `SELECT site_id FROM clinic_session WHERE id = $1`, e.session))
	set(0, session.PayerSelf)
	give := func(i int, code string, own session.Payer) {
		visit := e.start(d, i)
		e.scan(d, visit, code)
		if own != "" {
			in := session.Dosing{SessionID: e.session, Visit: visit, CommandID: uuid.New(), Pack: e.packNo(code), Days: 28, Payer: &own}
			e.must(second(e.svc.SetDose(e.ctx, d, in)))
			// A dose that says nothing of it leaves the payer alone.
			in.CommandID, in.Payer = uuid.New(), nil
			e.must(second(e.svc.SetDose(e.ctx, d, in)))
			wrong := session.Payer("nobody")
			in.CommandID, in.Payer = uuid.New(), &wrong
			e.refused(second(e.svc.SetDose(e.ctx, d, in)), db.Invalid, "由谁付费")
		}
		e.finish(d, visit, "")
	}
	give(0, e.codes[0], "")
	set(site, session.PayerInsured)
	give(1, e.codes[1], "")
	give(2, e.codes[2], session.PayerFree)
	e.wantTold("three payers", "sale …"+tail2(e.codes[0])+" 20 self waiting", "sale …"+tail2(e.codes[1])+" 20 insured waiting", "sale …"+tail2(e.codes[2])+" 20 free waiting")
	list, err := session.Programmes(e.ctx, e.db.App)
	e.must(err)
	if len(list) != 2 || list[0].SiteID != 0 || list[1].Payer != session.PayerInsured {
		t.Errorf("%+v", list)
	}
}

// What a patient brings back whole is reversed (3506), at a later visit, in the pharmacy
// and by whomever it is brought; of an opened or empty box the sale holds. Before it was
// sent it is withdrawn. A later record of the visit does not tell it again.
func TestAReturnReversesTheSale(t *testing.T) {
	e := &evening{clinic: newClinic(t, 1, 4, 8)}
	e.svc = e.svc.WithKeys(newKeys(e))
	d, root, x := e.doctors[0], e.person("系统管理员", identity.SysAdmin), e.codes
	before := e.supplied(3, x[7]) // before anybody wanted to hear
	e.must(e.svc.SwitchOutbox(e.ctx, root, uuid.New(), session.HISChannel, true))
	e.supplied(0, x[0], x[1], x[2])
	given := e.supplied(1, x[3])
	e.send(session.FactSent)
	e.supplied(2, x[4])
	visit := e.start(d, 0)
	sale := func(code, state string) string { return "sale …" + tail2(code) + " 20 free " + state }
	want := []string{sale(x[0], "sent"), sale(x[1], "sent"), sale(x[2], "sent"), sale(x[3], "sent"), sale(x[4], "waiting")}
	e.brings(visit, session.ReturnOpened, 7, x[1:2])
	e.brings(visit, session.ReturnEmpty, 0, x[2:3])
	e.wantTold("opened and empty", want...)
	e.brings(visit, session.ReturnFull, 0, x[:1])
	want = append(want, "reversal …"+tail2(x[0])+" 20 free waiting")
	e.wantTold("whole, at the table", want...)
	e.brings(visit, session.ReturnFull, 0, []string{x[0], x[3]}) // one twice, one of another patient
	want = append(want, "reversal …"+tail2(x[3])+" 20 free waiting")
	e.wantTold("another patient's", want...)
	e.must(second(e.back(e.chief, uuid.Nil, session.ReturnFull, 0, x[4])))
	want[4] = sale(x[4], "withdrawn")
	e.wantTold("in the pharmacy, before it was sent", want...)
	e.must(second(e.back(e.chief, uuid.Nil, session.ReturnFull, 0, x[7])))
	e.wantTold("of a visit that nobody heard of", want...)
	var astray int
	e.must(e.db.App.Get(e.ctx, &astray, `SELECT count(*) FROM outbox_fact f JOIN outbox_fact r ON r.reverses = f.id WHERE f.visit_id <> r.visit_id OR f.visit_id = $1`, before))
	if astray != 0 {
		t.Error("a reversal names another visit, or one that nobody heard of")
	}
	_, err := e.correct(d, given, x[3], 0)
	if err == nil {
		t.Error("a box that came back was corrected")
	}
	e.scan(d, visit, x[5])
	e.finish(d, visit, "")
	want = append(want, sale(x[5], "waiting"))
	e.wantTold("after the later visit", want...)
	if n := e.send(session.FactSent); n != 3 {
		t.Errorf("%d facts were due, want two reversals and a sale", n)
	}
}

// Two people take back a box each of one visit at the same time: both are taken off what
// was told, and none is told again.
func TestTwoReturnsOfAVisitAtOnce(t *testing.T) {
	e := &evening{clinic: newClinic(t, 1, 1, 3)}
	root, x := e.person("系统管理员", identity.SysAdmin), e.codes
	e.must(e.svc.SwitchOutbox(e.ctx, root, uuid.New(), session.HISChannel, true))
	e.supplied(0, x...)
	done := make(chan error, 2)
	e.must(e.db.App.InTx(e.ctx, func(ctx context.Context, tx *db.Tx) error {
		// Whoever holds the facts lets both come as far as they can.
		var held []int64
		if err := tx.Select(ctx, &held, `SELECT id FROM outbox_fact ORDER BY id FOR NO KEY UPDATE`); err != nil {
			return err
		}
		for _, code := range x[:2] {
			go func() { done <- second(e.back(e.chief, uuid.Nil, session.ReturnFull, 0, code)) }()
		}
		return e.untilWaiting(2)
	}))
	e.must(<-done)
	e.must(<-done)
	sale := func(code, state string) string { return "sale …" + tail2(code) + " 20 free " + state }
	e.wantTold("two at once", sale(x[0], "withdrawn"), sale(x[1], "withdrawn"), sale(x[2], "waiting"))
}

// untilWaiting returns once some transactions wait for locks.
func (c *clinic) untilWaiting(n int) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for {
		var waiting int
		if err := c.db.Owner.Get(context.Background(), &waiting, `SELECT count(*) FROM pg_locks WHERE NOT granted`); err != nil {
			return err
		}
		if waiting >= n {
			return nil
		}
		select {
		case <-tick.C:
		case <-limit:
			return errors.New("nobody waited")
		}
	}
}

// A second box of the same drug is paid for as the first at this visit; the next visit
// and another patient begin anew. A box that is found out later, too.
func TestASecondBoxInheritsThePayer(t *testing.T) {
	e := &evening{clinic: newClinic(t, 1, 2, 6)}
	e.svc = e.svc.WithKeys(newKeys(e))
	d, root, x := e.doctors[0], e.person("系统管理员", identity.SysAdmin), e.codes
	e.must(e.svc.SwitchOutbox(e.ctx, root, uuid.New(), session.HISChannel, true))
	visit := e.start(d, 0)
	e.scan(d, visit, x[0])
	self := session.PayerSelf
	e.must(second(e.svc.SetDose(e.ctx, d, session.Dosing{SessionID: e.session, Visit: visit, CommandID: uuid.New(), Pack: e.packNo(x[0]), Days: 28, Payer: &self})))
	e.scan(d, visit, x[1], x[2])
	e.finish(d, visit, "")
	first := visit
	want := []string{"sale …" + tail2(x[0]) + " 20 self waiting", "sale …" + tail2(x[1]) + " 20 self waiting", "sale …" + tail2(x[2]) + " 20 self waiting"}
	e.wantTold("the same visit", want...)
	e.send(session.FactSent)
	visit = e.start(d, 1)
	e.scan(d, visit, x[3])
	e.finish(d, visit, "")
	for i := range want {
		want[i] = strings.Replace(want[i], "waiting", "sent", 1)
	}
	want = append(want, "sale …"+tail2(x[3])+" 20 free waiting")
	e.wantTold("another patient", want...)
	e.must(e.stop(e.chief))
	e.must(e.count(1, 0))
	e.see(x[5])
	e.must(e.explain(e.chief, session.Explaining{Code: x[4], Exit: session.ExitGiven, Visit: first, Reason: "家属来电"}))
	e.wantTold("found out in the evening", append(want, "sale …"+tail2(x[4])+" 20 self waiting")...)
}
