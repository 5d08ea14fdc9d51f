package reporting_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// drugLine is one drug of a test day with the packs of one or two batches.
type drugLine struct {
	name, spec, prefix string
	content            int64
	packs              int
}

// day is a clinic day on a database of its own, played with the use cases.
type day struct {
	t        testing.TB
	ctx      context.Context
	db       *dbtest.DB
	svc      *session.Service
	registry *patient.Registry
	site     int64
	session  int64
	chief    identity.Actor
	doctors  []identity.Actor
	codes    map[string][]string // by drug's prefix
}

// newDay plans and packs a day; it does not open it.
func newDay(t testing.TB, doctors int, drugs ...drugLine) *day {
	t.Helper()
	d := &day{t: t, ctx: context.Background(), db: dbtest.New(t), codes: map[string][]string{}}
	d.registry = patient.New(d.db.App, seal.NewMemoryKeys())
	d.svc = session.New(d.db.App, nil, d.registry)
	d.site = d.insert(`INSERT INTO site (code, name, district, created_at) VALUES ('999900001', '演示新华社区', '金平区', now()) RETURNING id`)
	d.chief = d.person("演示药师甲", identity.Pharmacist)
	for i := range doctors {
		d.doctors = append(d.doctors, d.person("演示医生"+string([]rune("甲乙丙丁戊")[i]), identity.Doctor))
	}
	for i, x := range drugs {
		d.stock(i, x)
	}
	d.plan()
	return d
}

func (d *day) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *day) insert(query string, args ...any) (id int64) {
	d.t.Helper()
	d.must(d.db.App.InTx(d.ctx, func(ctx context.Context, tx *db.Tx) error { return tx.Get(ctx, &id, query, args...) }))
	return id
}

func (d *day) exec(query string, args ...any) {
	d.t.Helper()
	d.must(d.db.Owner.InTx(d.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}))
}

func (d *day) person(name string, role identity.Role) identity.Actor {
	d.t.Helper()
	id := d.insert(`INSERT INTO staff (username, name, created_at) VALUES ($1, $2, now()) RETURNING id`, uuid.NewString()[:13], name)
	return identity.Actor{StaffID: id, Name: name, LoginID: uuid.New(), Grants: []identity.Grant{{Role: role, SiteID: d.site}}}
}

// stock receives the packs of a drug through the ledger, in two batches when
// there are more than three.
func (d *day) stock(i int, x drugLine) {
	d.t.Helper()
	drug := d.insert(`INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) VALUES ($1, $2, $3, $4, now()) RETURNING id`,
		fmt.Sprintf("DEMO%d", i), x.name, x.spec, x.content)
	d.insert(`INSERT INTO drug_prefix (prefix, drug_id, units, taught_at) VALUES ($1, $2, $3, now()) RETURNING id`, x.prefix, drug, x.content)
	d.must(d.db.App.InTx(d.ctx, func(ctx context.Context, tx *db.Tx) error {
		for n := range x.packs {
			code, batch, expires := fmt.Sprintf("%s%013d", x.prefix, n+1), "B2601", tx.Now.AddDate(1, 0, 0)
			if x.packs > 3 && n >= x.packs/2 {
				batch, expires = "B2607", tx.Now.AddDate(1, 6, 0)
			}
			d.codes[x.prefix] = append(d.codes[x.prefix], code)
			var id int64
			err := tx.Get(ctx, &id, `INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, expires_on, created_at, changed_at)
VALUES ($1, $2, 'expected', $3, $3, $4, $5::date, $6, $6) RETURNING id`, code, drug, x.content, batch, expires, tx.Now)
			if err != nil {
				return err
			}
		}
		_, err := d.write(ctx, tx, inventory.Move{Kind: inventory.MoveReceive}, d.codes[x.prefix]...)
		return err
	}))
}

func (d *day) write(ctx context.Context, tx *db.Tx, m inventory.Move, codes ...string) ([]*inventory.Pack, error) {
	locked, err := inventory.LockPacks(ctx, tx, codes)
	if err != nil {
		return nil, err
	}
	list := make([]*inventory.Pack, 0, len(codes))
	for _, c := range codes {
		list = append(list, locked[c])
	}
	_, err = inventory.WriteAll(ctx, tx, d.chief, list, inventory.Entry{Move: m, How: inventory.HowScanned, Reason: "演示原因"})
	return list, err
}

// move makes a move that no use case of the table makes.
func (d *day) move(m inventory.Move, codes ...string) {
	d.t.Helper()
	d.must(d.db.App.InTx(d.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := d.write(ctx, tx, m, codes...)
		return err
	}))
}

func (d *day) plan() {
	d.t.Helper()
	team := []session.Member{{StaffID: d.chief.StaffID, Part: session.PartPharmacist}}
	for _, x := range d.doctors {
		team = append(team, session.Member{StaffID: x.StaffID, Part: session.PartDoctor})
	}
	var err error
	d.session, err = d.svc.PlanSession(d.ctx, d.chief, session.Plan{SiteID: d.site, HeldOn: session.Today(time.Now()), Team: team})
	d.must(err)
	for _, codes := range d.codes {
		d.pack(codes...)
	}
}

func (d *day) pack(codes ...string) {
	d.t.Helper()
	a, err := d.svc.Pack(d.ctx, d.chief, session.Packing{SessionID: d.session, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")})
	d.must(err)
	if a.Moved != len(codes) {
		d.t.Fatalf("packed %d of %d: %+v", a.Moved, len(codes), a.Worst())
	}
}

func (d *day) unpack(codes ...string) {
	d.t.Helper()
	a, err := d.svc.Unpack(d.ctx, d.chief, session.Packing{SessionID: d.session, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")})
	d.must(err)
	if a.Moved != len(codes) {
		d.t.Fatalf("unpacked %d of %d: %+v", a.Moved, len(codes), a.Worst())
	}
}

func (d *day) open() {
	d.t.Helper()
	d.must(d.svc.OpenSession(d.ctx, d.chief, d.session))
}

func (d *day) patient(name string) patient.Patient {
	d.t.Helper()
	p, _, err := d.registry.Register(d.ctx, d.chief, patient.Entry{Name: name, HomeSiteID: d.site})
	d.must(err)
	return p
}

func (d *day) start(doctor identity.Actor, p patient.Patient) uuid.UUID {
	d.t.Helper()
	a, err := d.svc.CheckIn(d.ctx, doctor, session.Arrival{SessionID: d.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: p.Number, Start: true})
	d.must(err)
	return a.VisitID
}

func (d *day) scan(doctor identity.Actor, visit uuid.UUID, codes ...string) session.ScanAnswer {
	d.t.Helper()
	a, err := d.svc.Dispense(d.ctx, doctor, session.Scan{SessionID: d.session, Visit: visit, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")})
	d.must(err)
	return a
}

func (d *day) undo(doctor identity.Actor, visit uuid.UUID, code string) {
	d.t.Helper()
	_, err := d.svc.Undo(d.ctx, doctor, session.Undoing{SessionID: d.session, Visit: visit, CommandID: uuid.New(), Code: code})
	d.must(err)
}

func (d *day) finish(doctor identity.Actor, e session.Ending) {
	d.t.Helper()
	e.SessionID, e.CommandID = d.session, uuid.New()
	_, err := d.svc.FinishVisit(d.ctx, doctor, e)
	d.must(err)
}

// loose hands out a part of a pack, as the table does for drugs given loose.
func (d *day) loose(doctor identity.Actor, visit uuid.UUID, code string, units int64) {
	d.t.Helper()
	d.must(d.db.App.InTx(d.ctx, func(ctx context.Context, tx *db.Tx) error {
		packs, err := inventory.LockPacks(ctx, tx, []string{code})
		if err != nil {
			return err
		}
		_, err = inventory.Write(ctx, tx, doctor, packs[code], inventory.Entry{Visit: visit, How: inventory.HowTyped,
			Move: inventory.Move{Kind: inventory.MoveDispense, Quantity: units, Session: d.session}})
		if err != nil {
			return err
		}
		return tx.ExecOne(ctx, `INSERT INTO visit_line (visit_id, pack_id, quantity, how, staff_id, at, dose, days) VALUES ($1, $2, $3, 'typed', $4, $5, '每晚1片', 28)`,
			visit, packs[code].ID, units, doctor.StaffID, tx.Now)
	}))
}

func (d *day) read() reporting.SessionReport {
	d.t.Helper()
	r, err := reporting.ReadSessionReport(d.ctx, d.db.App, d.session)
	d.must(err)
	return r
}

// needFonts skips on a laptop without the front-end packages and fails in CI.
func needFonts(t testing.TB) {
	t.Helper()
	if err := reporting.HasFonts(); err != nil {
		lacking(t, "static/vendor holds no fonts: run sh deploy/demo.sh once")
	}
}

// lacking skips, or fails where CI is set.
func lacking(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// made is a fixed moment for papers.
func made() reporting.Made {
	return reporting.Made{By: "演示药师甲", At: time.Date(2026, 11, 23, 9, 45, 7, 0, time.UTC)}
}

// Drugs of the usual test day.
const (
	risperidone = "8000001"
	aripiprazol = "8000002"
	longName    = "8000003"
)

// usualDrugs are three drugs, one with a long name.
func usualDrugs() []drugLine {
	return []drugLine{
		{"演示利培酮片", "1mg×20片", risperidone, 20, 12},
		{"演示阿立哌唑口崩片", "10mg×14片", aripiprazol, 14, 6},
		{"演示富马酸喹硫平缓释片（薄膜衣，避光密封保存，二十五度以下）", "200mg×30片/瓶，铝塑包装", longName, 30, 3},
	}
}

// playUsual plays a day with everything in it that happens.
func playUsual(d *day) (visits []uuid.UUID) {
	d.t.Helper()
	r, a, q := d.codes[risperidone], d.codes[aripiprazol], d.codes[longName]
	d.unpack(r[11]) // put back before the doors open
	d.open()
	d.pack(r[11]) // and taken after all, later
	one, two := d.doctors[0], d.doctors[1]

	v1 := d.start(one, d.patient("演示王小明"))
	d.scan(one, v1, r[0], r[1], "80000019999999999999", "6901234567892")
	d.scan(one, v1, "6901234567892")
	d.undo(one, v1, r[1])
	d.finish(one, session.Ending{Visit: v1, Collector: "family", CollectorName: "演示王大明", Prescription: "CF-20261123-0001"})

	v2 := d.start(two, d.patient("演示𠮷\u9fb4〔石〕"))
	d.scan(two, v2, r[1], a[0], q[0])
	d.loose(two, v2, a[1], 5)
	d.finish(two, session.Ending{Visit: v2})

	v3 := d.start(one, d.patient("演示古丽巴哈尔·阿布都热合曼·买买提江·吐尔逊古丽·阿不力克木"))
	d.finish(one, session.Ending{Visit: v3, NoDrugReason: "病情稳定，家中尚有余药"})

	v4 := d.start(two, d.patient("演示李四"))
	d.scan(two, v4, r[2])
	return []uuid.UUID{v1, v2, v3, v4}
}

// drawn is the error of drawing a paper.
func drawn(_ reporting.Printed, err error) error { return err }
