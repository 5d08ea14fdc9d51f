package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/integration"
	"jingfang/integration/translog"
	"jingfang/integration/wire"
	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// clinic is a session with a doctor and packs in its trays, in the house's database.
type clinic struct {
	*house
	svc           *session.Service
	people        *patient.Registry
	site, session int64
	chief, doctor identity.Actor
	root          identity.Actor
	codes         []string
	persons       int
	hisNumber     string // of the next patient
}

func (h *house) openClinic(packs int) *clinic {
	h.t.Helper()
	c := &clinic{house: h, people: patient.New(h.db.App, seal.NewMemoryKeys())}
	c.svc = session.New(h.db.App, nil, c.people).WithKeys(seal.NewMemoryKeys())
	c.site = c.insert(`INSERT INTO site (code, name, district, created_at) VALUES ('999900001', '演示新华', '金平', now()) RETURNING id`)
	c.chief, c.doctor = c.staff("药师甲", identity.Pharmacist), c.staff("医生甲", identity.Doctor)
	c.root = c.staff("系统管理员甲", identity.SysAdmin)
	c.root.Grants[0].SiteID = 0
	c.shelve(packs)
	team := []session.Member{{StaffID: c.chief.StaffID, Part: session.PartPharmacist}, {StaffID: c.doctor.StaffID, Part: session.PartDoctor}}
	var err error
	c.session, err = c.svc.PlanSession(c.ctx(), c.chief, session.Plan{SiteID: c.site, HeldOn: session.Today(time.Now()), Team: team})
	c.must(err)
	a, err := c.svc.Pack(c.ctx(), c.chief, session.Packing{SessionID: c.session, CommandID: uuid.New(), Codes: strings.Join(c.codes, "\n")})
	c.must(err)
	if a.Moved != packs {
		h.t.Fatalf("packed %d: %+v", a.Moved, a.Worst())
	}
	c.must(c.svc.OpenSession(c.ctx(), c.chief, c.session))
	return c
}

func (c *clinic) ctx() context.Context { return context.Background() }

func (c *clinic) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *clinic) insert(query string, args ...any) (id int64) {
	c.t.Helper()
	c.must(c.db.App.InTx(c.ctx(), func(ctx context.Context, tx *db.Tx) error { return tx.Get(ctx, &id, query, args...) }))
	return id
}

func (c *clinic) staff(name string, role identity.Role) identity.Actor {
	c.t.Helper()
	id := c.insert(`INSERT INTO staff (username, name, created_at) VALUES ($1, $2, now()) RETURNING id`, uuid.NewString()[:13], name)
	return identity.Actor{StaffID: id, Name: name, LoginID: uuid.New(), Grants: []identity.Grant{{Role: role, SiteID: c.site}}}
}

// shelve puts packs of one drug into the store through the ledger.
func (c *clinic) shelve(packs int) {
	c.t.Helper()
	drug := c.insert(`INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) VALUES ('DEMO001', '演示利培酮片', '1mg×20片', 20, now()) RETURNING id`)
	c.insert(`INSERT INTO drug_prefix (prefix, drug_id, units, taught_at) VALUES ('8000001', $1, 20, now()) RETURNING id`, drug)
	c.must(c.db.App.InTx(c.ctx(), func(ctx context.Context, tx *db.Tx) error {
		for i := range packs {
			code := fmt.Sprintf("8000001%013d", i+1)
			c.codes = append(c.codes, code)
			var id int64
			err := tx.Get(ctx, &id, `INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, expires_on, created_at, changed_at)
VALUES ($1, $2, 'expected', 20, 20, 'B1', $3::date, $4, $4) RETURNING id`, code, drug, tx.Now.AddDate(1, 0, 0), tx.Now)
			if err != nil {
				return err
			}
		}
		locked, err := inventory.LockPacks(ctx, tx, c.codes)
		if err != nil {
			return err
		}
		list := make([]*inventory.Pack, len(c.codes))
		for i, code := range c.codes {
			list[i] = locked[code]
		}
		_, err = inventory.WriteAll(ctx, tx, c.chief, list, inventory.Entry{Move: inventory.Move{Kind: inventory.MoveReceive}, How: inventory.HowScanned})
		return err
	}))
}

// give hands boxes to a new patient and ends the visit.
func (c *clinic) give(codes ...string) uuid.UUID {
	c.t.Helper()
	c.persons++
	p, _, err := c.people.Register(c.ctx(), c.chief, patient.Entry{Name: fmt.Sprintf("演示%d", c.persons), HomeSiteID: c.site, HISNumber: c.hisNumber})
	c.must(err)
	a, err := c.svc.CheckIn(c.ctx(), c.doctor, session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: p.Number, Start: true})
	c.must(err)
	s, err := c.svc.Dispense(c.ctx(), c.doctor, session.Scan{SessionID: c.session, Visit: a.VisitID, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")})
	c.must(err)
	if s.Packs != len(codes) {
		c.t.Fatalf("given %+v", s)
	}
	_, err = c.svc.FinishVisit(c.ctx(), c.doctor, session.Ending{SessionID: c.session, Visit: a.VisitID, CommandID: uuid.New()})
	c.must(err)
	return a.VisitID
}

func (c *clinic) switchOn() {
	c.t.Helper()
	c.must(c.svc.SwitchOutbox(c.ctx(), c.root, uuid.New(), session.HISChannel, true))
}

func (c *clinic) correct(visit uuid.UUID, code string) {
	c.t.Helper()
	_, err := c.svc.CorrectLine(c.ctx(), c.doctor, session.Correcting{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: code, Reason: "拿错了一盒"})
	c.must(err)
}

// facts counts the facts by state.
func (c *clinic) facts() map[session.FactState]int {
	c.t.Helper()
	var rows []struct {
		State session.FactState `db:"state"`
		N     int               `db:"n"`
	}
	c.must(c.db.App.Select(c.ctx(), &rows, `SELECT state, count(*) AS n FROM outbox_fact GROUP BY state`))
	out := map[session.FactState]int{}
	for _, x := range rows {
		out[x.State] = x.N
	}
	return out
}

// sender asks for what is unknown at once and sends again at once.
func (c *clinic) sender() *integration.Sender {
	return integration.NewSender(integration.SenderConfig{DB: c.db.App, Client: c.client, Doubt: time.Nanosecond, Later: time.Nanosecond, Stale: time.Nanosecond})
}

// deliver makes rounds until nothing is open; it gives up after many.
func (c *clinic) deliver(s *integration.Sender) {
	c.t.Helper()
	for range 20 {
		if _, err := s.Round(c.ctx()); err != nil {
			continue
		}
		counts, err := session.CountFacts(c.ctx(), c.db.App, "", time.Time{})
		c.must(err)
		if counts.Open() == 0 {
			return
		}
	}
	c.t.Fatalf("still open: %v", c.facts())
}

// What was handed out is told once, a correction is reversed, and HIS' own count of
// our store follows.
func TestOutbox(t *testing.T) {
	h := build(t)
	c := h.openClinic(4)
	c.switchOn()
	visit := c.give(c.codes[0], c.codes[1])
	c.give(c.codes[2])
	c.deliver(c.sender())
	if got := h.his.Facts(); got.Sales != 3 || got.Repeats != 0 {
		t.Errorf("HIS heard %+v", got)
	}
	c.correct(visit, c.codes[1])
	c.deliver(c.sender())
	if got := h.his.Facts(); got.Sales != 2 || got.Reversed != 1 || got.Repeats != 0 {
		t.Errorf("after a correction HIS heard %+v", got)
	}
	h.good()
}

// HIS hears of a person by its own number, where that is known, and by ours.
func TestFactsCarryHISNumber(t *testing.T) {
	h := build(t)
	c := h.openClinic(2)
	c.switchOn()
	c.hisNumber = "YS000001"
	c.give(c.codes[0])
	c.hisNumber = ""
	c.give(c.codes[1])
	s := integration.NewSender(integration.SenderConfig{DB: c.db.App, Client: c.client, Patients: c.people})
	if n, err := s.Round(c.ctx()); err != nil || n.Sent != 2 {
		t.Fatalf("%+v %v", n, err)
	}
	told := map[string]string{}
	for _, x := range h.exchanges() {
		o, err := translog.Show(c.ctx(), h.db.App, x.Exchange, h.keys.LogOfficer())
		c.must(err)
		var m struct {
			Body wire.Fact `json:"body"`
		}
		c.must(json.Unmarshal(o.Intent.Request, &m))
		told[m.Body.PatientNumber] = m.Body.HISNumber
	}
	if len(told) != 2 || told["000001"] != "YS000001" || told["000002"] != "" {
		t.Errorf("told %v", told)
	}
	h.good()
}

// A fact that the other side refuses stays with its words and goes again when asked
// to; only who manages the system may ask.
func TestOutboxRefused(t *testing.T) {
	h := build(t)
	c := h.openClinic(1)
	c.switchOn()
	c.give(c.codes[0])
	s := c.sender()
	h.his.SetFaults(faults().ErrorIn200)
	if n, err := s.Round(c.ctx()); err != nil || n.Failed != 1 {
		t.Fatalf("%+v %v", n, err)
	}
	list, err := session.OpenFacts(c.ctx(), h.db.App)
	if err != nil || len(list) != 1 || !strings.Contains(list[0].LastError, "9999") {
		t.Fatalf("%+v %v", list, err)
	}
	h.his.SetFaults(faults().None)
	if n, err := s.Round(c.ctx()); err != nil || n.Sent != 0 {
		t.Errorf("a refused fact went again by itself: %+v %v", n, err)
	}
	if err := s.Retry(c.ctx(), c.doctor, list[0].ID); db.KindOf(err) != db.Denied {
		t.Errorf("a doctor retries: %v", err)
	}
	c.must(s.Retry(c.ctx(), c.root, list[0].ID))
	c.deliver(s)
	if err := s.Retry(c.ctx(), c.root, list[0].ID); db.KindOf(err) != db.Conflict {
		t.Errorf("a sent fact retried: %v", err)
	}
	if got := h.his.Facts(); got.Sales != 1 {
		t.Errorf("HIS heard %+v", got)
	}
}

// After a wrong key was put right everything that failed goes again at once.
func TestRetryAll(t *testing.T) {
	h := build(t)
	c := h.openClinic(3)
	c.switchOn()
	c.give(c.codes...)
	s := c.sender()
	h.his.SetFaults(faults().ErrorIn200)
	if n, err := s.Round(c.ctx()); err != nil || n.Failed != 3 {
		t.Fatalf("%+v %v", n, err)
	}
	h.his.SetFaults(faults().None)
	if _, err := s.RetryAll(c.ctx(), c.doctor); db.KindOf(err) != db.Denied {
		t.Errorf("a doctor retries: %v", err)
	}
	if n, err := s.RetryAll(c.ctx(), c.root); err != nil || n != 3 {
		t.Errorf("%d facts, %v", n, err)
	}
	c.deliver(s)
	if _, err := s.RetryAll(c.ctx(), c.root); db.KindOf(err) != db.Conflict {
		t.Errorf("nothing to retry: %v", err)
	}
	if got := h.his.Facts(); got.Sales != 3 || got.Repeats != 0 {
		t.Errorf("HIS heard %+v", got)
	}
}

// Two servers send at the same time: nothing is told twice.
func TestTwoSenders(t *testing.T) {
	h := build(t)
	c := h.openClinic(12)
	c.switchOn()
	for _, code := range c.codes {
		c.give(code)
	}
	done := make(chan error, 2)
	for range 2 {
		// Stale must be long here: a call of the other server is on its way, not lost.
		s := integration.NewSender(integration.SenderConfig{DB: h.db.App, Client: h.client})
		go func() {
			_, err := s.Round(context.Background())
			done <- err
		}()
	}
	for range 2 {
		c.must(<-done)
	}
	if got := h.his.Facts(); got.Sales != 12 || got.Repeats != 0 {
		t.Errorf("HIS heard %+v", got)
	}
	if got := c.facts(); got[session.FactSent] != 12 {
		t.Errorf("facts %v", got)
	}
}
