package session_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

func (c *clinic) callOff(on time.Time, reason string) session.CallOff {
	return session.CallOff{SessionID: c.session, CommandID: uuid.New(), HeldOn: on, Reason: reason}
}

// A typhoon: the day moves, and what is packed moves with it.
func TestRescheduleTakesThePacksAlong(t *testing.T) {
	c := newClinic(t, 2, 2, 3)
	on := session.Today(time.Now()).AddDate(0, 0, 3)
	in := c.callOff(on, "台风")
	a, err := c.svc.Reschedule(c.ctx, c.chief, in)
	c.must(err)
	again, err := c.svc.Reschedule(c.ctx, c.chief, in)
	if err != nil || again != a {
		t.Errorf("a repeat: %+v, %v", again, err)
	}
	old, err := session.Find(c.ctx, c.db.App, c.session)
	c.must(err)
	x, err := session.Find(c.ctx, c.db.App, a.SessionID)
	c.must(err)
	if old.State != session.Rescheduled || x.State != session.Planned || !x.HeldOn.Equal(on) || a.Packs != 3 {
		t.Errorf("old %+v, new %+v, %d packs", old, x, a.Packs)
	}
	var moved int64
	var packs, rolled int
	c.must(c.db.App.Get(c.ctx, &moved, `SELECT moved_to_id FROM clinic_session WHERE id = $1`, c.session))
	c.must(c.db.App.Get(c.ctx, &packs, `SELECT count(*) FROM pack WHERE session_id = $1 AND state = 'allocated'`, a.SessionID))
	c.must(c.db.App.Get(c.ctx, &rolled, `SELECT count(*) FROM movement WHERE kind = 'roll_over' AND from_session_id = $1 AND to_session_id = $2 AND reason = '台风'`, c.session, a.SessionID))
	team, err := session.Team(c.ctx, c.db.App, a.SessionID)
	c.must(err)
	roster, err := session.CountRoster(c.ctx, c.db.App, a.SessionID)
	c.must(err)
	if moved != a.SessionID || packs != 3 || rolled != 3 || len(team) != 3 || roster.Expected != 2 {
		t.Errorf("linked to %d, %d packs, %d movements, team of %d, roster %+v", moved, packs, rolled, len(team), roster)
	}
	if err := c.svc.OpenSession(c.ctx, c.chief, c.session); db.KindOf(err) != db.Conflict {
		t.Errorf("the old one opens: %v", err)
	}
}

func TestCallOffIsRefused(t *testing.T) {
	c := newClinic(t, 1, 1, 1)
	later := session.Today(time.Now()).AddDate(0, 0, 3)
	for name, in := range map[string]session.CallOff{"no reason": c.callOff(later, " "), "past": c.callOff(later.AddDate(0, 0, -9), "台风"),
		"same day": c.callOff(session.Today(time.Now()), "台风"), "year 9999": c.callOff(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "台风")} {
		if _, err := c.svc.Reschedule(c.ctx, c.chief, in); db.KindOf(err) != db.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.svc.CancelSession(c.ctx, c.chief, c.callOff(later, "台风")); db.KindOf(err) != db.Conflict {
		t.Errorf("cancelled with packs in the tray: %v", err)
	}
	if _, err := c.svc.Reschedule(c.ctx, c.doctors[0], c.callOff(later, "台风")); db.KindOf(err) != db.Denied {
		t.Errorf("a doctor: %v", err)
	}
	_, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: later, Team: c.team()})
	c.must(err)
	if _, err := c.svc.Reschedule(c.ctx, c.chief, c.callOff(later, "台风")); db.KindOf(err) != db.Conflict {
		t.Errorf("onto a day that has a session: %v", err)
	}
	c.must(c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `UPDATE pack SET expires_on = '2020-01-01' WHERE code = $1`, c.codes[0])
	}))
	if _, err := c.svc.Reschedule(c.ctx, c.chief, c.callOff(later.AddDate(0, 0, 1), "台风")); db.KindOf(err) != db.Conflict {
		t.Errorf("with an expired pack: %v", err)
	}
	c.start(c.doctors[0], 0)
	for _, do := range []func(context.Context, identity.Actor, session.CallOff) (session.CallOffAnswer, error){c.svc.CancelSession, c.svc.Reschedule} {
		if _, err := do(c.ctx, c.chief, c.callOff(later.AddDate(0, 0, 1), "台风")); db.KindOf(err) != db.Conflict {
			t.Errorf("with a patient there: %v", err)
		}
	}
	x, err := session.Find(c.ctx, c.db.App, c.session)
	c.must(err)
	if x.State != session.Open {
		t.Errorf("a refused change left %s", x.State)
	}
}

// A doctor who is added works at once; one who has seen patients stays.
func TestChangeTeam(t *testing.T) {
	c := newClinic(t, 1, 2, 1)
	late := c.person("医生晚", identity.Doctor)
	c.start(c.doctors[0], 0)
	change := func(team ...session.Member) error {
		return c.svc.ChangeTeam(c.ctx, c.chief, session.TeamChange{SessionID: c.session, CommandID: uuid.New(), Team: team})
	}
	chief := session.Member{StaffID: c.chief.StaffID, Part: session.PartPharmacist}
	first, second := session.Member{StaffID: c.doctors[0].StaffID, Part: session.PartDoctor}, session.Member{StaffID: late.StaffID, Part: session.PartDoctor}
	arrive := func() error {
		_, err := c.svc.CheckIn(c.ctx, late, session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[1], Start: true})
		return err
	}
	if err := arrive(); db.KindOf(err) != db.Denied {
		t.Errorf("not in the team: %v", err)
	}
	c.must(change(chief, first, second))
	c.must(arrive())
	if err := change(chief, second); db.KindOf(err) != db.Conflict {
		t.Errorf("a doctor with a patient is left out: %v", err)
	}
	if err := change(chief); db.KindOf(err) != db.Invalid {
		t.Errorf("no doctor: %v", err)
	}
	if err := change(first, second); db.KindOf(err) != db.Invalid {
		t.Errorf("no duty holder: %v", err)
	}
	if err := change(chief, first, second, session.Member{StaffID: 777777, Part: session.PartAssistant}); db.KindOf(err) != db.Invalid {
		t.Errorf("nobody: %v", err)
	}
	deputy := session.Member{StaffID: c.helper.StaffID, Part: session.PartDeputy}
	c.must(change(first, second, deputy))
	x, err := session.Find(c.ctx, c.db.App, c.session)
	c.must(err)
	if x.DutyStaffID == nil || *x.DutyStaffID != c.helper.StaffID {
		t.Errorf("duty holder %v", x.DutyStaffID)
	}
}

func TestRoster(t *testing.T) {
	c := newClinic(t, 1, 3, 0)
	change := func(in session.RosterChange) (session.RosterAnswer, error) {
		in.SessionID, in.CommandID = c.session, uuid.New()
		return c.svc.ChangeRoster(c.ctx, c.helper, in)
	}
	_, err := change(session.RosterChange{Remove: c.patients[1].ID})
	c.must(err)
	c.start(c.doctors[0], 0)
	c.start(c.doctors[0], 1) // not expected any more
	count, err := session.CountRoster(c.ctx, c.db.App, c.session)
	c.must(err)
	if count != (session.RosterCount{Expected: 2, Came: 1, Extra: 1}) || count.Absent() != 1 {
		t.Errorf("count %+v", count)
	}
	list, err := session.Roster(c.ctx, c.db.App, c.session)
	c.must(err)
	if len(list) != 2 || list[0].PatientID != c.patients[2].ID || list[0].Visit != 0 || list[1].Visit != 1 {
		t.Errorf("list %+v", list)
	}
	if _, err := change(session.RosterChange{Remove: c.patients[0].ID}); db.KindOf(err) != db.Conflict {
		t.Errorf("who has come: %v", err)
	}
	if _, err := change(session.RosterChange{Remove: 999999}); db.KindOf(err) != db.Conflict {
		t.Errorf("nobody: %v", err)
	}
	if _, err := change(session.RosterChange{}); db.KindOf(err) != db.Invalid {
		t.Errorf("nothing: %v", err)
	}
	if _, err := change(session.RosterChange{Add: "80000010000000000001"}); db.KindOf(err) != db.Invalid {
		t.Errorf("a box: %v", err)
	}
	if a, err := change(session.RosterChange{Add: c.patients[1].Number}); err != nil || a.Added != 1 {
		t.Errorf("added: %+v, %v", a, err)
	}
	if a, err := change(session.RosterChange{Add: c.patients[1].Number}); err != nil || a.Added != 0 {
		t.Errorf("added twice: %+v, %v", a, err)
	}
	if a, err := change(session.RosterChange{Refill: true}); err != nil || a.Added != 0 {
		t.Errorf("refill: %+v, %v", a, err)
	}
}

// Opening brings in who was registered since, not who was taken off. A round at
// homes expects nobody until somebody is added.
func TestOpeningBringsNewPatients(t *testing.T) {
	c := newClinic(t, 1, 2, 0)
	today := session.Today(time.Now())
	home, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: today, Kind: "home", Place: "演示", Team: c.team()})
	c.must(err)
	count, err := session.CountRoster(c.ctx, c.db.App, home)
	c.must(err)
	if count.Expected != 0 {
		t.Errorf("a round at homes expects %d", count.Expected)
	}
	_, err = c.svc.CancelSession(c.ctx, c.chief, c.callOff(today, "演示"))
	c.must(err)
	id, err := c.svc.PlanSession(c.ctx, c.chief, session.Plan{SiteID: c.site, HeldOn: today, Team: c.team()})
	c.must(err)
	_, err = c.svc.ChangeRoster(c.ctx, c.chief, session.RosterChange{SessionID: id, CommandID: uuid.New(), Remove: c.patients[0].ID})
	c.must(err)
	_, _, err = c.registry.Register(c.ctx, c.helper, patient.Entry{Name: "演示新来", HomeSiteID: c.site})
	c.must(err)
	c.must(c.svc.OpenSession(c.ctx, c.chief, id))
	if count, err = session.CountRoster(c.ctx, c.db.App, id); err != nil || count.Expected != 2 {
		t.Errorf("expected %+v, %v", count, err)
	}
	if err := c.svc.OpenSession(c.ctx, c.chief, id); db.KindOf(err) != db.Conflict {
		t.Errorf("opened twice: %v", err)
	}
}
