package session_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// care sets what the clinic's drug reminds of.
func (c *clinic) care(depot int, check string, days int) {
	c.t.Helper()
	_, err := inventory.New(c.db.App).SetCare(c.ctx, c.chief, inventory.Caring{CommandID: uuid.New(),
		Care: inventory.Care{DrugID: c.drug, DepotDays: depot, Check: check, CheckDays: days}})
	c.must(err)
}

func (c *clinic) careAt(visit uuid.UUID) session.TableCare {
	c.t.Helper()
	v, err := session.FindVisit(c.ctx, c.db.App, c.session, visit)
	c.must(err)
	list, err := session.ReadTableCare(c.ctx, c.db.App, v, []int64{c.drug})
	c.must(err)
	if len(list) != 1 {
		c.t.Fatalf("%+v", list)
	}
	return list[0]
}

func TestCheckDueRule(t *testing.T) {
	today := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		name      string
		ago, days int // ago < 0: never
		want      bool
	}{
		{"nothing to check", -1, 0, false}, {"never", -1, 28, true}, {"today", 0, 28, false},
		{"on the last day", 28, 28, false}, {"a day late", 29, 28, true},
	} {
		c := session.TableCare{Care: inventory.Care{CheckDays: x.days, Check: "血常规"}, Generic: "氯氮平"}
		if x.ago >= 0 {
			on := today.AddDate(0, 0, -x.ago)
			c.CheckedOn = &on
		}
		if got := c.CheckDue(today); got != x.want {
			t.Errorf("%s: %v", x.name, got)
		}
	}
	on := today.AddDate(0, 0, -35)
	c := session.TableCare{Care: inventory.Care{Check: "血常规", CheckDays: 28}, Generic: "氯氮平", CheckedOn: &on}
	if got := c.CheckSentence(today); got != "氯氮平：血常规已 35 天未记录" {
		t.Error(got)
	}
}

func TestInjectionAndCheckAtTheTable(t *testing.T) {
	c := newClinic(t, 2, 1, 2)
	doctor, today := c.doctors[0], session.Today(time.Now())
	visit := c.start(doctor, 0)
	in := session.Injecting{SessionID: c.session, Visit: visit, CommandID: uuid.New(), DrugID: c.drug, Place: session.InjectedHere}
	if _, err := c.svc.NoteInjection(c.ctx, doctor, in); db.KindOf(err) != db.Conflict {
		t.Errorf("a drug without a setting: %v", err)
	}
	c.care(28, "血常规", 14)
	if _, err := c.svc.NoteInjection(c.ctx, doctor, in); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "先扫针剂") {
		t.Errorf("before the box: %v", err)
	}
	c.scan(doctor, visit, c.codes[0])
	for name, bad := range map[string]session.Injecting{"place": {Place: "home"}, "long": {Place: session.InjectedHere, By: strings.Repeat("长", 61)}} {
		bad.SessionID, bad.Visit, bad.CommandID, bad.DrugID = c.session, visit, uuid.New(), c.drug
		if _, err := c.svc.NoteInjection(c.ctx, doctor, bad); db.KindOf(err) != db.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.svc.NoteInjection(c.ctx, c.doctors[1], in); db.KindOf(err) != db.Conflict {
		t.Errorf("another doctor: %v", err)
	}
	if _, err := c.svc.NoteInjection(c.ctx, c.helper, in); db.KindOf(err) != db.Denied {
		t.Errorf("an assistant: %v", err)
	}
	a, err := c.svc.NoteInjection(c.ctx, doctor, in)
	if next := today.AddDate(0, 0, 28); err != nil || !strings.Contains(a.Sentence, next.Format("1月2日")) {
		t.Errorf("%q, %v", a.Sentence, err)
	}
	if x := c.careAt(visit); x.Place != session.InjectedHere || x.GivenBy != doctor.Name || x.NextOn == nil {
		t.Errorf("%+v", x)
	}
	in.CommandID, in.Place, in.By = uuid.New(), session.InjectionAway, "演示村医"
	_, err = c.svc.NoteInjection(c.ctx, doctor, in)
	c.must(err)
	if x := c.careAt(visit); x.Place != session.InjectionAway || x.GivenBy != "演示村医" || !x.CheckDue(today) {
		t.Errorf("%+v", x)
	}
	c.checks(visit, today)
}

// checks enters the days of a check; what is entered last counts.
func (c *clinic) checks(visit uuid.UUID, today time.Time) {
	c.t.Helper()
	in := session.Checking{SessionID: c.session, Visit: visit, DrugID: c.drug}
	for name, on := range map[string]time.Time{"tomorrow": today.AddDate(0, 0, 1), "long ago": today.AddDate(-3, 0, 0)} {
		bad := in
		bad.CommandID, bad.DoneOn = uuid.New(), on
		if _, err := c.svc.NoteCheck(c.ctx, c.doctors[0], bad); db.KindOf(err) != db.Invalid {
			c.t.Errorf("%s: %v", name, err)
		}
	}
	for _, x := range []struct {
		on  time.Time
		due bool
	}{{time.Time{}, false}, {today.AddDate(0, 0, -20), true}} {
		in.CommandID, in.DoneOn = uuid.New(), x.on
		_, err := c.svc.NoteCheck(c.ctx, c.doctors[0], in)
		c.must(err)
		if got := c.careAt(visit); got.CheckDue(today) != x.due {
			c.t.Errorf("checked %s: %+v", x.on, got)
		}
	}
}

func TestNextDueIsKept(t *testing.T) {
	c := newClinic(t, 1, 2, 2)
	doctor, today := c.doctors[0], session.Today(time.Now())
	visit := c.start(doctor, 0)
	c.scan(doctor, visit, c.codes[0])
	end := session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Collector: "family", CollectorName: "演示家属", Relation: "子女"}
	for _, on := range []time.Time{today, today.AddDate(-1, 0, 0), today.AddDate(2, 0, 0)} {
		bad := end
		bad.CommandID, bad.NextDue = uuid.New(), on
		if _, err := c.svc.FinishVisit(c.ctx, doctor, bad); db.KindOf(err) != db.Invalid {
			t.Errorf("next on %s: %v", on, err)
		}
	}
	end.NextDue = today.AddDate(0, 0, 28)
	a, err := c.svc.FinishVisit(c.ctx, doctor, end)
	if err != nil || a.NextDue != end.NextDue.Format(time.DateOnly) {
		t.Fatalf("%+v, %v", a, err)
	}
	v, err := session.FindVisit(c.ctx, c.db.App, c.session, visit)
	if err != nil || v.CollectedBy != "演示家属（子女）" || v.Collector != "family" {
		t.Errorf("%+v, %v", v, err)
	}
	report, err := session.VerifyRecords(c.ctx, c.db.App, c.session)
	if err != nil || report.Problem != "" {
		t.Errorf("%+v, %v", report, err)
	}
	// Nothing said and nothing planned: the days supplied.
	visit = c.start(doctor, 1)
	c.scan(doctor, visit, c.codes[1])
	lines, err := session.VisitLines(c.ctx, c.db.App, visit)
	c.must(err)
	c.dose(visit, lines[0].PackID, 10, "")
	a, err = c.svc.FinishVisit(c.ctx, doctor, session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New()})
	if err != nil || a.NextDue != today.AddDate(0, 0, 10).Format(time.DateOnly) {
		t.Errorf("%+v, %v", a, err)
	}
}
