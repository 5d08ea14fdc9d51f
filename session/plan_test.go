package session_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// What a form or a program may send is refused with a sentence; a constraint of
// the database would have made it a fault of ours.
func TestAWrongPlanIsRefusedWithASentence(t *testing.T) {
	c := newClinic(t, 1, 0, 0)
	by := c.chief
	by.Grants = []identity.Grant{{Role: identity.Pharmacist}}
	team := []session.Member{{StaffID: c.chief.StaffID, Part: session.PartPharmacist}, {StaffID: c.doctors[0].StaffID, Part: session.PartDoctor}}
	with := func(m session.Member) []session.Member { return append(slices.Clone(team), m) }
	on := session.Today(time.Now()).AddDate(0, 0, 1)
	for name, p := range map[string]session.Plan{
		"site":  {SiteID: 999999, HeldOn: on, Team: team},
		"place": {SiteID: c.site, HeldOn: on, Kind: "home", Place: strings.Repeat("长", 101), Team: team},
		"kind":  {SiteID: c.site, HeldOn: on, Kind: "moon", Team: team},
		"part":  {SiteID: c.site, HeldOn: on, Team: with(session.Member{StaffID: c.helper.StaffID, Part: "king"})},
		"staff": {SiteID: c.site, HeldOn: on, Team: with(session.Member{StaffID: 777777, Part: session.PartAssistant})},
		"duty":  {SiteID: c.site, HeldOn: on, Team: with(session.Member{StaffID: 777777, Part: session.PartAssistant}), DutyStaffID: 777777},
		"text":  {SiteID: c.site, HeldOn: on, Kind: "home", Place: "a\x00b", Team: team},
	} {
		if _, err := c.svc.PlanSession(c.ctx, by, p); db.KindOf(err) != db.Invalid {
			t.Errorf("%s: %s: %v", name, db.KindOf(err), err)
		}
	}
}

// A date that Go can write and the database cannot is no fault of ours.
func TestTheListOfAnImpossibleYear(t *testing.T) {
	c := newClinic(t, 1, 0, 0)
	for _, on := range []time.Time{time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)} {
		if _, err := c.svc.ListSessions(c.ctx, c.chief, on); db.KindOf(err) != db.Invalid {
			t.Errorf("%s: %v", on, err)
		}
	}
}

// A form that is sent twice plans one round, also at somebody's home, where
// several may be planned for one day.
func TestAPlanSentTwiceIsPlannedOnce(t *testing.T) {
	c := newClinic(t, 1, 0, 0)
	p := session.Plan{CommandID: uuid.New(), SiteID: c.site, HeldOn: session.Today(time.Now()), Kind: "home", Place: "演示上门",
		Team: []session.Member{{StaffID: c.chief.StaffID, Part: session.PartPharmacist}, {StaffID: c.doctors[0].StaffID, Part: session.PartDoctor}}}
	first, err := c.svc.PlanSession(c.ctx, c.chief, p)
	c.must(err)
	again, err := c.svc.PlanSession(c.ctx, c.chief, p)
	c.must(err)
	if first != again {
		t.Errorf("planned as %d and as %d", first, again)
	}
	p.Place = "另一处"
	if _, err := c.svc.PlanSession(c.ctx, c.chief, p); db.KindOf(err) != db.Conflict {
		t.Errorf("another plan under the same id: %v", err)
	}
}
