package reporting_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// The model of the statistics: clinics as a test remembers them, from which every
// figure is worked out a second time, visit by visit.
type modelClinic struct {
	id, site    int64
	day         time.Time
	kind, state string
	roster      []int64
}

type modelLine struct {
	pack                    int64
	drug, content, quantity int64
	undone                  bool
}

type modelVisit struct {
	id              uuid.UUID
	clinic          *modelClinic
	patient, doctor int64
	state           string
	came            time.Time
	seconds         int64 // -1 for no length
	owed            bool
	lines           []modelLine
}

// clinics is a house of statistics with random days in it.
type clinics struct {
	t        *testing.T
	db       *dbtest.DB
	now      time.Time
	r        *rand.Rand
	sites    []int64
	doctors  []int64
	drugs    []int64
	content  map[int64]int64
	patients []int64
	root     map[int64]int64 // of merged patients
	held     []*modelClinic
	visits   []*modelVisit
	packs    int
}

func newClinics(t *testing.T, seed uint64) *clinics {
	c := &clinics{t: t, r: rand.New(rand.NewPCG(seed, 3)), content: map[int64]int64{}, root: map[int64]int64{}}
	c.now = time.Now().Truncate(time.Microsecond)
	c.db = dbtest.With(t, dbtest.Options{Clock: func() time.Time { return c.now }})
	for i := range 3 {
		c.sites = append(c.sites, c.id(`INSERT INTO site (code, name, district, created_at) VALUES ($1, $2, '演示', now()) RETURNING id`, fmt.Sprintf("99990000%d", i+1), "演示社区"+string([]rune("甲乙丙")[i])))
	}
	for i := range 4 {
		c.doctors = append(c.doctors, c.id(`INSERT INTO staff (username, name, created_at) VALUES ($1, $2, now()) RETURNING id`, fmt.Sprintf("demo%d", i), "演示医生"+string([]rune("甲乙丙丁")[i])))
	}
	for i := range 5 {
		units := []int64{20, 14, 30, 100, 7}[i]
		drug := c.id(`INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) VALUES ($1, $2, '1mg', $3, now()) RETURNING id`, fmt.Sprintf("D%d", i), "演示药"+string([]rune("甲乙丙丁戊")[i]), units)
		c.drugs, c.content[drug] = append(c.drugs, drug), units
	}
	for i := range 25 {
		c.patients = append(c.patients, c.id(`INSERT INTO patient (number, name, home_site_id, state, created_at, changed_at) VALUES ($1, $2, $3, 'active', now(), now()) RETURNING id`,
			fmt.Sprintf("9999%08d", i), fmt.Sprintf("演示患者%d", i), c.sites[i%3]))
	}
	return c
}

func (c *clinics) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *clinics) id(query string, args ...any) (id int64) {
	c.t.Helper()
	c.must(c.db.App.InTx(c.t.Context(), func(ctx context.Context, tx *db.Tx) error { return tx.Get(ctx, &id, query, args...) }))
	return id
}

func (c *clinics) exec(query string, args ...any) {
	c.t.Helper()
	c.must(c.db.Owner.InTx(c.t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, query, args...)
		return err
	}))
}

// days are those a session of the model is held on: many at the ends of months and
// years, the last of them today.
func (c *clinics) days() []time.Time {
	return []time.Time{date(2024, 2, 29), date(2024, 12, 31), date(2025, 1, 1), date(2025, 10, 31), date(2025, 11, 1), date(2025, 11, 30), date(2025, 12, 1), date(2025, 12, 31),
		date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 1), date(2026, 10, 31), date(2026, 11, 1), session.Today(c.now)}
}

// play holds n sessions with their visits, at random.
func (c *clinics) play(n int) {
	c.t.Helper()
	days := c.days()
	for range n {
		m := &modelClinic{site: c.sites[c.r.IntN(3)], day: days[c.r.IntN(len(days))], kind: "home", state: []string{"closed", "closed", "closed", "open", "closing", "planned", "cancelled"}[c.r.IntN(7)]}
		if c.r.IntN(3) > 0 && !slices.ContainsFunc(c.held, func(o *modelClinic) bool { return o.kind == "site" && o.site == m.site && o.day.Equal(m.day) }) {
			m.kind = "site"
		}
		m.id = c.id(`INSERT INTO clinic_session (site_id, held_on, kind, place, state, planned_by, planned_at) VALUES ($1, $2::date, $3, '演示', $4, $5, now()) RETURNING id`, m.site, m.day.Format(time.DateOnly), m.kind, m.state, c.doctors[0])
		c.exec(`INSERT INTO session_version (session_id, version, changed_at) VALUES ($1, 1, now())`, m.id)
		for _, p := range c.patients {
			if c.r.IntN(4) == 0 {
				m.roster = append(m.roster, p)
				c.exec(`INSERT INTO session_roster (session_id, patient_id, source, added_at) VALUES ($1, $2, 'site', now())`, m.id, p)
			}
		}
		c.held = append(c.held, m)
		if m.state != "planned" && m.state != "cancelled" {
			for i, p := range c.r.Perm(len(c.patients))[:c.r.IntN(9)] {
				c.visit(m, i+1, c.patients[p])
			}
		}
	}
}

// visit adds a visit; one in four begins before midnight and ends after it.
func (c *clinics) visit(m *modelClinic, number int, patient int64) *modelVisit {
	c.t.Helper()
	v := &modelVisit{id: uuid.New(), clinic: m, patient: patient, doctor: c.doctors[c.r.IntN(4)], state: []string{"finished", "finished", "finished", "finished", "in_consultation", "void"}[c.r.IntN(6)], seconds: -1}
	if v.state == "in_consultation" && slices.ContainsFunc(c.visits, func(o *modelVisit) bool { return o.clinic == m && o.doctor == v.doctor && o.state == v.state }) {
		v.state = "finished"
	}
	begin := midnightOf(m.day).Add(time.Duration(c.r.IntN(24*60)) * time.Minute)
	if c.r.IntN(4) == 0 {
		begin = midnightOf(m.day).AddDate(0, 0, 1).Add(-time.Microsecond)
	}
	v.came = begin.Add(-time.Minute)
	var finished *time.Time
	endedFor := ""
	if v.state == "finished" {
		length := time.Duration(c.r.IntN(1800))*time.Second + 700*time.Millisecond
		at := begin.Add(length)
		finished, v.seconds = &at, int64(length/time.Second)
		if c.r.IntN(5) == 0 {
			endedFor, v.seconds = "医生离场", -1
		}
	}
	c.exec(`INSERT INTO visit (id, session_id, patient_id, number, state, doctor_id, came_at, came_by, started_at, finished_at, ended_for) VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $8, $9, $10)`,
		v.id, m.id, patient, number, v.state, v.doctor, v.came, begin, finished, endedFor)
	if v.state != "void" {
		for range c.r.IntN(4) {
			c.give(v)
		}
		if c.r.IntN(4) == 0 {
			v.owed = true
			for range 2 {
				c.exec(`INSERT INTO owed_medicine (session_id, visit_id, patient_id, drug_id, packs, note, noted_by, noted_at) VALUES ($1, $2, $3, $4, 1, '', $5, now())`, m.id, v.id, patient, c.drugs[0], v.doctor)
			}
		}
	}
	c.visits = append(c.visits, v)
	return v
}

// give adds a line: a whole box, a part of one, or one that was taken back.
func (c *clinics) give(v *modelVisit) {
	c.t.Helper()
	drug := c.drugs[c.r.IntN(len(c.drugs))]
	l := modelLine{drug: drug, content: c.content[drug], undone: c.r.IntN(5) == 0}
	if l.quantity = l.content; c.r.IntN(3) == 0 {
		l.quantity = 1 + c.r.Int64N(l.content)
	}
	c.packs++
	l.pack = c.id(`INSERT INTO pack (code, drug_id, state, units_total, units_left, units_given, created_at, changed_at) VALUES ($1, $2, 'dispensed', $3, $5, $4, now(), now()) RETURNING id`, fmt.Sprintf("8%019d", c.packs), drug, l.content, l.quantity, l.content-l.quantity)
	undone := "NULL"
	if l.undone {
		undone = "now()"
	}
	c.exec(`INSERT INTO visit_line (visit_id, pack_id, quantity, how, staff_id, at, undone_at) VALUES ($1, $2, $3, 'scanned', $4, now(), `+undone+`)`, v.id, l.pack, l.quantity, v.doctor)
	v.lines = append(v.lines, l)
}

func midnightOf(day time.Time) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, session.Zone())
}

func (c *clinics) person(p int64) int64 {
	for c.root[p] != 0 {
		p = c.root[p]
	}
	return p
}

// fresh says whether no finished visit of the same person came before.
func (c *clinics) fresh(v *modelVisit) bool {
	return !slices.ContainsFunc(c.visits, func(e *modelVisit) bool {
		return e.state == "finished" && c.person(e.patient) == c.person(v.patient) && cmp.Or(e.came.Compare(v.came), cmp.Compare(e.id.String(), v.id.String())) < 0
	})
}

// within says whether a session took place and belongs to the question.
func within(m *modelClinic, q reporting.Question) bool {
	return slices.Contains([]string{"open", "closing", "closed"}, m.state) && !m.day.Before(q.From) && !m.day.After(q.To) && (q.SiteID == 0 || m.site == q.SiteID) &&
		(q.Allowed == nil || slices.Contains(q.Allowed, m.site)) && (q.Kind == "" || q.Kind == m.kind)
}

// figureOf names the line of a figure: what divides it, and nothing else.
type figureOf struct {
	site, doctor, drug, clinic, patient int64
	kind                                string
	day                                 time.Time
}

// compareAll asks for many periods, filters and divisions.
func (c *clinics) compareAll() {
	c.t.Helper()
	days, n := c.days(), 0
	for i, from := range days {
		for _, to := range days[i:] {
			if n++; n%3 != 0 && !from.Equal(to) {
				continue
			}
			q := reporting.Question{Period: reporting.Period{From: from, To: to}}
			switch n % 7 {
			case 1:
				q.SiteID = c.sites[n%3]
			case 2:
				q.Allowed = c.sites[:2]
			case 3:
				q.DoctorID = c.doctors[n%4]
			case 4:
				q.Kind = []string{"site", "home"}[n/7%2]
			case 5:
				q.DrugID = c.drugs[n%5]
			case 6:
				q.Allowed = []int64{}
			}

			c.compareVisits(q, []reporting.VisitBy{reporting.VisitsBySite, reporting.VisitsByDoctor, reporting.VisitsByMonth, reporting.VisitsByDay, reporting.VisitsByDrug}[n%5])
			c.compareUse(q, []reporting.UseBy{reporting.UseByDrug, reporting.UseBySite, reporting.UseByDoctor, reporting.UseByMonth, reporting.UseByBoth}[n%5])
			if n%11 == 0 {
				q.PatientID = c.patients[n%25]
			}
			if n%3 == 0 || q.PatientID != 0 {
				c.compareRows(q, []reporting.Only{"", reporting.OnlyFresh, reporting.OnlyAgain, reporting.OnlyBare, reporting.OnlyOwed}[n/3%5])
			}
		}
	}
}

func (c *clinics) sum() reporting.ClinicSums {
	c.t.Helper()
	done, err := reporting.SumClinics(c.t.Context(), c.db.App)
	c.must(err)
	return done
}

func (c *clinics) check() string {
	c.t.Helper()
	problem, err := reporting.CheckClinics(c.t.Context(), c.db.App)
	c.must(err)
	return problem
}
