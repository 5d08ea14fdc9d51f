package session_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// clinic is an open session with doctors, patients and packs, on a database of
// its own.
type clinic struct {
	t        testing.TB
	ctx      context.Context
	db       *dbtest.DB
	svc      *session.Service
	registry *patient.Registry
	session  int64
	site     int64
	doctors  []identity.Actor
	chief    identity.Actor // the pharmacist on duty
	helper   identity.Actor
	patients []patient.Patient
	tokens   []string
	codes    []string
	drug     int64
}

// newClinic makes a clinic of the given size; its packs are in the store unless
// allocated says that the session has them.
func newClinic(t testing.TB, doctors, patients, packs int) *clinic {
	t.Helper()
	d := dbtest.New(t)
	c := &clinic{t: t, ctx: context.Background(), db: d}
	c.registry = patient.New(d.App, seal.NewMemoryKeys())
	c.svc = session.New(d.App, nil, c.registry)
	c.insert(&c.site, `INSERT INTO site (code, name, district, created_at) VALUES ('999900001', '演示新华', '金平', now()) RETURNING id`)
	c.chief = c.person("药师甲", identity.Pharmacist)
	c.helper = c.person("工作人员甲", identity.Assistant)
	for i := range doctors {
		c.doctors = append(c.doctors, c.person(fmt.Sprintf("医生%d", i+1), identity.Doctor))
	}
	for i := range patients {
		p, token, err := c.registry.Register(c.ctx, c.helper, patient.Entry{Name: fmt.Sprintf("演示%d", i+1), HomeSiteID: c.site})
		c.must(err)
		c.patients, c.tokens = append(c.patients, p), append(c.tokens, token.String())
	}
	c.stock(packs)
	c.open()
	return c
}

func (c *clinic) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *clinic) insert(id *int64, query string, args ...any) {
	c.t.Helper()
	c.must(c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error { return tx.Get(ctx, id, query, args...) }))
}

func (c *clinic) person(name string, role identity.Role) identity.Actor {
	c.t.Helper()
	var id int64
	c.insert(&id, `INSERT INTO staff (username, name, created_at) VALUES ($1, $2, now()) RETURNING id`, uuid.NewString()[:13], name)
	return identity.Actor{StaffID: id, Name: name, LoginID: uuid.New(), Grants: []identity.Grant{{Role: role, SiteID: c.site}}}
}

// stock puts packs of one drug into the store through the ledger.
func (c *clinic) stock(packs int) {
	c.t.Helper()
	c.insert(&c.drug, `INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) VALUES ('DEMO1', '演示利培酮片', '1mg×20片', 20, now()) RETURNING id`)
	var prefix int64
	c.insert(&prefix, `INSERT INTO drug_prefix (prefix, drug_id, units, taught_at) VALUES ('8000001', $1, 20, now()) RETURNING id`, c.drug)
	c.must(c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		for i := range packs {
			code := fmt.Sprintf("8000001%013d", i+1)
			c.codes = append(c.codes, code)
			var id int64
			err := tx.Get(ctx, &id, `INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, expires_on, created_at, changed_at)
VALUES ($1, $2, 'expected', 20, 20, 'B1', $3::date, $4, $4) RETURNING id`, code, c.drug, tx.Now.AddDate(1, 0, 0), tx.Now)
			if err != nil {
				return err
			}
			err = tx.ExecOne(ctx, `INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, at, how)
VALUES ('announce', $1, 20, '', 'expected', 20, $2, 'system')`, id, tx.Now)
			if err != nil {
				return err
			}
		}
		locked, err := inventory.LockPacks(ctx, tx, c.codes)
		if err != nil {
			return err
		}
		list := make([]*inventory.Pack, 0, len(locked))
		for _, p := range locked {
			list = append(list, p)
		}
		_, err = inventory.WriteAll(ctx, tx, c.chief, list, inventory.Entry{Move: inventory.Move{Kind: inventory.MoveReceive}, How: inventory.HowScanned})
		return err
	}))
}

func (c *clinic) open() {
	c.t.Helper()
	team := []session.Member{{StaffID: c.chief.StaffID, Part: session.PartPharmacist}}
	for _, d := range c.doctors {
		team = append(team, session.Member{StaffID: d.StaffID, Part: session.PartDoctor})
	}
	var err error
	c.session, err = c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: session.Today(time.Now()), Team: team})
	c.must(err)
	if len(c.codes) > 0 {
		a, err := c.svc.Pack(c.ctx, c.chief, session.Packing{SessionID: c.session, CommandID: uuid.New(), Codes: join(c.codes)})
		c.must(err)
		if a.Moved != len(c.codes) {
			c.t.Fatalf("packed %d of %d: %+v", a.Moved, len(c.codes), a.Worst())
		}
	}
	c.must(c.svc.OpenSession(c.ctx, c.chief, c.session))
}

// start begins a visit of patient i with a doctor and gives its id.
func (c *clinic) start(by identity.Actor, i int) uuid.UUID {
	c.t.Helper()
	a, err := c.svc.CheckIn(c.ctx, by, session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[i], Start: true})
	c.must(err)
	return a.VisitID
}

// scan scans codes at a visit.
func (c *clinic) scan(by identity.Actor, visit uuid.UUID, codes ...string) session.ScanAnswer {
	c.t.Helper()
	a, err := c.svc.Dispense(c.ctx, by, session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: join(codes)})
	c.must(err)
	return a
}

func join(codes []string) string {
	out := ""
	for _, x := range codes {
		out += x + "\n"
	}
	return out
}
