package session_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

func TestDueRule(t *testing.T) {
	today := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	at := func(days int) *time.Time { on := today.AddDate(0, 0, days); return &on }
	for _, x := range []struct {
		name string
		due  session.Due
		late int
		word string
	}{
		{"never came", session.Due{}, 0, "还没有取过药"},
		{"nothing said", session.Due{LastOn: at(-90)}, 0, "余药天数未知"},
		{"in time", session.Due{LastOn: at(-20), Days: 28}, 0, "还剩 8 天"},
		{"to the day", session.Due{LastOn: at(-28), Days: 28}, 0, "今天用完"},
		{"run out", session.Due{LastOn: at(-30), Days: 28}, 2, "已断药 2 天"},
		{"run out and not due yet", session.Due{LastOn: at(-30), Days: 28, NextDue: at(3)}, 0, "已断药 2 天"},
		{"medicine left and overdue", session.Due{LastOn: at(-30), Days: 60, NextDue: at(-2)}, 2, "还剩 30 天"},
		{"due today", session.Due{LastOn: at(-30), NextDue: at(0)}, 0, "余药天数未知"},
	} {
		if late, word := x.due.Late(today), x.due.LeftWord(today); late != x.late || word != x.word {
			t.Errorf("%s: %d, %q", x.name, late, word)
		}
	}
}

func TestAbsentees(t *testing.T) {
	c := newClinic(t, 1, 4, 4)
	doctor, today := c.doctors[0], session.Today(time.Now())
	// Three came two months ago for 28 days: the day is moved back, the fourth never
	// came.
	for i := range 3 {
		visit := c.again(i, c.codes[i])
		lines, err := session.VisitLines(c.ctx, c.db.App, visit)
		c.must(err)
		c.dose(visit, lines[0].PackID, 28, "")
		c.end(doctor, visit)
	}
	long := time.Now().AddDate(0, 0, -60)
	c.exec(`UPDATE visit SET came_at = $1, next_due_on = $2::date`, long, today.AddDate(0, 0, -30))
	c.exec(`UPDATE clinic_session SET held_on = $1::date, state = 'closed'`, session.Today(long))
	c.exec(`UPDATE visit SET next_due_on = $1::date WHERE patient_id = $2`, today.AddDate(0, 0, 5), c.patients[2].ID)
	asked := func(by identity.Actor, q session.OverdueQuestion) []session.Due {
		t.Helper()
		list, err := c.svc.Overdue(c.ctx, by, q)
		c.must(err)
		return list
	}
	if list := asked(doctor, session.OverdueQuestion{Days: 1}); len(list) != 2 || list[0].Late(today) != 30 {
		t.Errorf("%+v", list)
	}
	if list := asked(doctor, session.OverdueQuestion{Days: 31}); len(list) != 0 {
		t.Errorf("for 31 days: %+v", list)
	}
	for name, q := range map[string]session.OverdueQuestion{"days": {Days: 0}, "many": {Days: 367}, "kind": {Days: 1, Kind: "x"}} {
		if _, err := c.svc.Overdue(c.ctx, doctor, q); db.KindOf(err) != db.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.svc.Overdue(c.ctx, doctor, session.OverdueQuestion{Days: 1, SiteID: c.site + 1}); db.KindOf(err) != db.Denied {
		t.Errorf("another site: %v", err)
	}
	c.care(28, "血常规", 28)
	if list := asked(doctor, session.OverdueQuestion{Days: 1, Kind: "check"}); len(list) != 3 || list[0].Check == "" {
		t.Errorf("checks: %+v", list)
	}
	if list := asked(doctor, session.OverdueQuestion{Days: 1, Kind: "shot"}); len(list) != 0 {
		t.Errorf("injections: %+v", list)
	}
	c.comesBack(today)
}

// comesBack opens a session today, at which the first patient is injected.
func (c *clinic) comesBack(today time.Time) {
	c.t.Helper()
	c.codes = c.codes[3:]
	c.exec(`UPDATE pack SET state = 'in_store', session_id = NULL WHERE state = 'allocated'`)
	c.open()
	visit := c.again(0, c.codes[0])
	_, err := c.svc.NoteInjection(c.ctx, c.doctors[0], session.Injecting{SessionID: c.session, Visit: visit, CommandID: uuid.New(), DrugID: c.drug, Place: session.InjectedHere})
	c.must(err)
	x, err := session.Find(c.ctx, c.db.App, c.session)
	c.must(err)
	list, err := session.ReadAbsentees(c.ctx, c.db.App, x, time.Now())
	if err != nil || len(list) != 4 || !list[3].Came() || list[0].Came() || list[3].PatientID != c.patients[0].ID {
		c.t.Fatalf("%+v, %v", list, err)
	}
	if left, known := list[0].Left(today); !known || left != -32 {
		c.t.Errorf("first of the absent: %+v", list[0])
	}
	c.end(c.doctors[0], visit)
	c.exec(`UPDATE injection SET next_on = $1::date`, today.AddDate(0, 0, -3))
	for days, want := range map[int]int{3: 1, 4: 0} {
		if list, err := c.svc.Overdue(c.ctx, c.doctors[0], session.OverdueQuestion{Days: days, Kind: "shot"}); err != nil || len(list) != want {
			c.t.Errorf("injections for %d days: %+v, %v", days, list, err)
		}
	}
}
