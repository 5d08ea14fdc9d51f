package session_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

func TestOverTheLimit(t *testing.T) {
	days := func(n int) *int { return &n }
	for _, x := range []struct {
		line       session.Line
		over, asks bool
	}{
		{session.Line{}, false, false},
		{session.Line{Days: days(7), MaxDays: days(7)}, false, false},
		{session.Line{Days: days(8), MaxDays: days(7)}, true, true},
		{session.Line{Days: days(8), MaxDays: days(7), OverReason: "慢性病长期用药"}, true, false},
		{session.Line{Days: days(366)}, false, false},
		{session.Line{MaxDays: days(7)}, false, false},
	} {
		if x.line.Over() != x.over || x.line.Asks() != x.asks {
			t.Errorf("%+v: over %v, asks %v", x.line, x.line.Over(), x.line.Asks())
		}
	}
}

// class writes a drug's class.
func (c *clinic) class(class inventory.Class) {
	c.t.Helper()
	c.exec(`INSERT INTO drug_class (drug_id, class, since_on, at) VALUES ($1, $2, '2020-01-01', now())`, c.drug, string(class))
}

func (c *clinic) dose(visit uuid.UUID, pack int64, days int, reason string) session.DoseAnswer {
	c.t.Helper()
	a, err := c.svc.SetDose(c.ctx, c.doctors[0], session.Dosing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Pack: pack, Dose: "每晚1片", Days: days, OverReason: reason})
	c.must(err)
	return a
}

// A supply of more days than the class allows is written down, says that it wants
// a reason, and takes one; 诊毕 asks once and never refuses.
func TestLongSuppliesWantAReason(t *testing.T) {
	for _, tc := range []struct {
		class inventory.Class
		want  bool
	}{{inventory.ClassPsychotropic2, true}, {inventory.ClassUnknown, true}, {inventory.ClassOrdinary, false}} {
		t.Run(tc.class.Chinese(), func(t *testing.T) {
			c := newClinic(t, 1, 3, 3)
			if tc.class != inventory.ClassUnknown {
				c.class(tc.class)
			}
			doctor := c.doctors[0]
			visit := c.start(doctor, 0)
			c.scan(doctor, visit, c.codes[0])
			lines, err := session.VisitLines(c.ctx, c.db.App, visit)
			c.must(err)
			pack := lines[0].PackID
			if a := c.dose(visit, pack, 7, ""); a.Over {
				t.Errorf("7 days: %+v", a)
			}
			if a := c.dose(visit, pack, 30, ""); a.Over != tc.want || tc.want && !strings.Contains(a.Sentence, "超过") {
				t.Errorf("30 days: %+v", a)
			}
			if a := c.dose(visit, pack, 30, "慢性病长期用药"); a.Over {
				t.Errorf("with a reason: %+v", a)
			}
			c.dose(visit, pack, 30, "")
			end := session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New(), AskLeft: true}
			a, err := c.svc.FinishVisit(c.ctx, doctor, end)
			if err != nil || (a.OverLimit == 1) != tc.want || (a.Seq == 0) != tc.want {
				t.Fatalf("诊毕 asks: %+v, %v", a, err)
			}
			if !tc.want {
				return
			}
			end.CommandID, end.OverAsked, end.OverReason = uuid.New(), true, "行动不便"
			if a, err = c.svc.FinishVisit(c.ctx, doctor, end); err != nil || a.Seq != 1 {
				t.Fatalf("诊毕 with a reason: %+v, %v", a, err)
			}
			if lines, err = session.VisitLines(c.ctx, c.db.App, visit); err != nil || lines[0].OverReason != "行动不便" {
				t.Errorf("kept: %+v, %v", lines, err)
			}
		})
	}
}

// Who was asked and gives no reason has finished all the same, and so has a program
// that is never asked.
func TestNoReasonIsNoObstacle(t *testing.T) {
	c := newClinic(t, 1, 3, 3)
	c.class(inventory.ClassPsychotropic2)
	doctor := c.doctors[0]
	for i, end := range []session.Ending{{AskLeft: true, OverAsked: true}, {}} {
		visit := c.start(doctor, i)
		c.scan(doctor, visit, c.codes[i])
		lines, err := session.VisitLines(c.ctx, c.db.App, visit)
		c.must(err)
		c.dose(visit, lines[0].PackID, 30, "")
		end.SessionID, end.Visit, end.CommandID = c.session, visit, uuid.New()
		if a, err := c.svc.FinishVisit(c.ctx, doctor, end); err != nil || a.Seq == 0 {
			t.Errorf("%d: %+v, %v", i, a, err)
		}
	}
	visit := c.start(doctor, 2)
	_, err := c.svc.SetDose(c.ctx, doctor, session.Dosing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), OverReason: strings.Repeat("长", 101)})
	if db.KindOf(err) != db.Invalid {
		t.Errorf("a long reason: %v", err)
	}
}
