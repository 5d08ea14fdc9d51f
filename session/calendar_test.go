package session_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

func TestClinicDate(t *testing.T) {
	for _, x := range []struct {
		year  int
		month time.Month
		day   int
		want  string
		moved bool
	}{
		{2027, time.March, 5, "2027-03-05", false},    // a Friday
		{2027, time.March, 6, "2027-03-08", true},     // Saturday
		{2027, time.March, 7, "2027-03-08", true},     // Sunday
		{2027, time.January, 1, "2027-01-04", true},   // 元旦, a Friday
		{2027, time.October, 1, "2027-10-04", true},   // 国庆节
		{2026, time.February, 16, "2026-02-23", true}, // 除夕, a Monday: the next one is free
		{2027, time.January, 31, "2027-01-29", true},  // the Monday after is February's
		{2027, time.February, 31, "2027-02-26", true}, // the 28th is a Sunday
		{2028, time.February, 31, "2028-02-29", false},
		{2027, time.April, 0, "0001-01-01", false},
	} {
		got, moved := session.ClinicDate(x.year, x.month, x.day)
		if got.Format(time.DateOnly) != x.want || (moved != "") != x.moved {
			t.Errorf("%d-%d day %d: %s %q, want %s", x.year, x.month, x.day, got.Format(time.DateOnly), moved, x.want)
		}
	}
	for year := 2026; year <= 2030; year++ {
		for m := time.January; m <= time.December; m++ {
			for day := 1; day <= 31; day++ {
				on, _ := session.ClinicDate(year, m, day)
				if on.Month() != m || on.Weekday() == time.Saturday || on.Weekday() == time.Sunday {
					t.Errorf("%d-%d day %d is held on %s", year, m, day, on)
				}
			}
		}
	}
}

// setDay gives the clinic's site its fixed day.
func (c *clinic) setDay(day int) {
	c.t.Helper()
	var id int64
	c.insert(&id, `UPDATE site SET clinic_day = $2 WHERE id = $1 RETURNING id`, c.site, day)
}

func (c *clinic) team() []session.Member {
	return []session.Member{{StaffID: c.chief.StaffID, Part: session.PartPharmacist}, {StaffID: c.doctors[0].StaffID, Part: session.PartDoctor}}
}

// A year is planned once however often and by how many it is asked for.
func TestPlanYear(t *testing.T) {
	c := newClinic(t, 2, 3, 0)
	c.setDay(6)
	year := time.Now().Year() + 1
	in := session.PlanMany{CommandID: uuid.New(), Year: year, Month: time.March, Team: c.team()}
	first, err := c.svc.PlanYear(c.ctx, c.chief, in)
	c.must(err)
	if first.Created != 1 || first.Existing != 0 || len(first.Sessions) != 1 {
		t.Fatalf("March: %+v", first)
	}
	x, err := session.Find(c.ctx, c.db.App, first.Sessions[0])
	c.must(err)
	if want, _ := session.ClinicDate(year, time.March, 6); !x.HeldOn.Equal(want) || x.State != session.Planned {
		t.Errorf("planned %+v", x)
	}
	team, err := session.Team(c.ctx, c.db.App, x.ID)
	c.must(err)
	if len(team) != 3 { // the team of today's session at the site, with both doctors
		t.Errorf("team %+v", team)
	}
	roster, err := session.CountRoster(c.ctx, c.db.App, x.ID)
	c.must(err)
	if roster.Expected != 3 {
		t.Errorf("roster %+v", roster)
	}
	again, err := c.svc.PlanYear(c.ctx, c.chief, in)
	c.must(err)
	if again.Created != 1 || again.Sessions[0] != x.ID {
		t.Errorf("the same command: %+v", again)
	}
	var wg sync.WaitGroup
	created := make([]int, 3)
	for i := range created {
		wg.Go(func() {
			a, err := c.svc.PlanYear(c.ctx, c.chief, session.PlanMany{CommandID: uuid.New(), Year: year, Team: c.team()})
			if err != nil || a.Created+a.Existing != 12 {
				t.Errorf("%+v, %v", a, err)
			}
			created[i] = a.Created
		})
	}
	wg.Wait()
	if created[0]+created[1]+created[2] != 11 {
		t.Errorf("created %v", created)
	}
	days, err := c.svc.Year(c.ctx, c.chief, year)
	c.must(err)
	for _, d := range days {
		if d.SessionID == 0 || d.State != session.Planned || d.HeldOn.Month() != d.Month {
			t.Errorf("%+v", d)
		}
	}
	if len(days) != 12 {
		t.Errorf("%d days", len(days))
	}
}

// A person's date goes before the proposal; a month that was called off is not
// planned again, one that was moved away is.
func TestPlanYearWithChosenDates(t *testing.T) {
	c := newClinic(t, 1, 0, 0)
	c.setDay(6)
	year := time.Now().Year() + 1
	on := time.Date(year, time.May, 20, 0, 0, 0, 0, time.UTC)
	plan := func(days ...session.ChosenDay) (session.PlannedMany, error) {
		return c.svc.PlanYear(c.ctx, c.chief, session.PlanMany{CommandID: uuid.New(), Year: year, Month: time.May, Team: c.team(), Days: days, Only: len(days) > 0})
	}
	first, err := plan(session.ChosenDay{SiteID: c.site, HeldOn: on})
	c.must(err)
	x, err := session.Find(c.ctx, c.db.App, first.Sessions[0])
	c.must(err)
	if !x.HeldOn.Equal(on) {
		t.Errorf("held on %s", x.HeldOn)
	}
	_, err = c.svc.CancelSession(c.ctx, c.chief, session.CallOff{SessionID: x.ID, CommandID: uuid.New(), Reason: "台风"})
	c.must(err)
	if a, err := plan(); err != nil || a.Created != 0 || a.Existing != 1 {
		t.Errorf("a month that was called off: %+v, %v", a, err)
	}
	day := session.ChosenDay{SiteID: c.site, HeldOn: on}
	for name, days := range map[string][]session.ChosenDay{
		"past": {{SiteID: c.site, HeldOn: time.Date(year-3, 5, 1, 0, 0, 0, 0, time.UTC)}}, "another month": {{SiteID: c.site, HeldOn: on.AddDate(0, 1, 0)}},
		"twice": {day, {SiteID: c.site, HeldOn: on.AddDate(0, 0, 1)}},
	} {
		if _, err := plan(days...); db.KindOf(err) != db.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := plan(session.ChosenDay{SiteID: c.site + 99, HeldOn: on}); db.KindOf(err) != db.Denied {
		t.Errorf("another site: %v", err)
	}
	everywhere := c.chief
	everywhere.Grants = []identity.Grant{{Role: identity.Pharmacist}}
	if _, err := c.svc.PlanYear(c.ctx, everywhere, session.PlanMany{CommandID: uuid.New(), Year: year, Team: c.team(), Days: []session.ChosenDay{{SiteID: 999999, HeldOn: on}}}); db.KindOf(err) != db.Invalid {
		t.Errorf("no such site: %v", err)
	}
	if _, err := c.svc.PlanYear(c.ctx, c.doctors[0], session.PlanMany{CommandID: uuid.New(), Year: year, Team: c.team()}); db.KindOf(err) != db.Denied {
		t.Errorf("a doctor plans: %v", err)
	}
	if _, err := c.svc.PlanYear(c.ctx, c.chief, session.PlanMany{CommandID: uuid.New(), Year: 99999, Team: c.team()}); db.KindOf(err) != db.Invalid {
		t.Errorf("no such year: %v", err)
	}
}

// A year names its home-visit rounds, at the sites that the person may see.
func TestHomeRoundsOfAYear(t *testing.T) {
	c := newClinic(t, 1, 1, 1)
	year := time.Now().Year() + 1
	var ids []int64
	for _, on := range []time.Time{time.Date(year, 5, 7, 0, 0, 0, 0, time.UTC), time.Date(year, 5, 8, 0, 0, 0, 0, time.UTC), time.Date(year+1, 1, 1, 0, 0, 0, 0, time.UTC)} {
		id, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: on, Kind: "home", Place: "行动不便", Team: c.team()})
		c.must(err)
		ids = append(ids, id)
	}
	list, err := c.svc.HomeRounds(c.ctx, c.chief, year)
	c.must(err)
	if len(list) != 2 || list[0].ID != ids[0] || list[1].ID != ids[1] || list[0].Place != "行动不便" || list[0].State != session.Planned {
		t.Errorf("rounds %+v", list)
	}
	elsewhere := c.chief
	elsewhere.Grants = []identity.Grant{{Role: identity.Pharmacist, SiteID: c.site + 1}}
	if list, err = c.svc.HomeRounds(c.ctx, elsewhere, year); err != nil || len(list) != 0 {
		t.Errorf("another site's: %+v %v", list, err)
	}
	if _, err = c.svc.HomeRounds(c.ctx, c.chief, 1200); db.KindOf(err) != db.Invalid {
		t.Errorf("an absurd year: %v", err)
	}
}
