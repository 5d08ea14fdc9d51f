package session_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

func TestWhatIsLeftAtTheEnd(t *testing.T) {
	c := newClinic(t, 1, 2, 2)
	doctor := c.doctors[0]
	visit := c.start(doctor, 0)
	c.scan(doctor, visit, c.codes[0], "6901234567892", "80000019999999999999")
	end := session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New(), AskLeft: true, Prescription: "R-7"}
	asked, err := c.svc.FinishVisit(c.ctx, doctor, end)
	c.must(err)
	if asked.NotRecorded != 2 || asked.Seq != 0 || c.visit(visit).State != session.InConsultation {
		t.Fatalf("%+v", asked)
	}
	if again, err := c.svc.FinishVisit(c.ctx, doctor, end); err != nil || again != asked {
		t.Errorf("replay: %+v, %v", again, err)
	}
	end.CommandID, end.Left = uuid.New(), "perhaps"
	if _, err := c.svc.FinishVisit(c.ctx, doctor, end); db.KindOf(err) != db.Invalid {
		t.Errorf("no such answer: %v", err)
	}
	end.Left = session.LeftGiven
	done, err := c.svc.FinishVisit(c.ctx, doctor, end)
	if err != nil || done.Seq != 1 || done.NotRecorded != 0 {
		t.Errorf("%+v, %v", done, err)
	}
	if n := strings.Count(c.record(1), "诊毕时说明已给出，待补记"); n != 2 {
		t.Errorf("%d codes are answered for in the record", n)
	}
	// Programs that do not ask finish as before.
	next := c.start(doctor, 1)
	c.scan(doctor, next, c.codes[1], "6901234567892")
	done, err = c.svc.FinishVisit(c.ctx, doctor, session.Ending{SessionID: c.session, Visit: next, CommandID: uuid.New()})
	if err != nil || done.Seq != 2 {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestFinishForAnAbsentDoctor(t *testing.T) {
	c := newClinic(t, 2, 3, 1)
	doctor := c.doctors[0]
	visit, waiting := c.start(doctor, 0), c.join(1)
	c.scan(doctor, visit, c.codes[0])
	finish := func(by identity.Actor, id uuid.UUID, why string) (session.FinishAnswer, error) {
		return c.svc.FinishForAbsent(c.ctx, by, session.AbsentEnding{Why: why, Ending: session.Ending{SessionID: c.session, Visit: id, CommandID: uuid.New()}})
	}
	for _, x := range []struct {
		name string
		by   identity.Actor
		id   uuid.UUID
		why  string
		want db.Kind
	}{
		{"another doctor", c.doctors[1], visit, "走了", db.Denied},
		{"an assistant", c.helper, visit, "走了", db.Denied},
		{"a pharmacist of no team", c.person("药师外", identity.Pharmacist), visit, "走了", db.Denied},
		{"without a reason", c.chief, visit, " ", db.Invalid},
		{"who waits", c.chief, waiting, "走了", db.Conflict},
		{"nobody", c.chief, uuid.New(), "走了", db.NotFound},
	} {
		if _, err := finish(x.by, x.id, x.why); db.KindOf(err) != x.want {
			t.Errorf("%s: %v", x.name, err)
		}
	}
	in := session.AbsentEnding{Why: "医生急诊返院", Ending: session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Collector: "family", CollectorName: "演示家属"}}
	for range 2 {
		a, err := c.svc.FinishForAbsent(c.ctx, c.chief, in)
		if err != nil || a.Seq != 1 || a.Packs != 1 {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	if record := c.record(1); !strings.Contains(record, "药师甲") || !strings.Contains(record, "医生1") {
		t.Error("the record does not name both")
	}
	c.countersigns(doctor)
	report, err := session.VerifyRecords(c.ctx, c.db.App, 0)
	if err != nil || report.Problem != "" || report.Records != 1 {
		t.Errorf("%+v, %v", report, err)
	}
}

// countersigns looks at what waits for a doctor and signs it.
func (c *clinic) countersigns(doctor identity.Actor) {
	c.t.Helper()
	list, err := session.ToCountersign(c.ctx, c.db.App, doctor.StaffID)
	c.must(err)
	if len(list) != 1 || list[0].Why != "医生急诊返院" || list[0].By != "药师甲" || list[0].Packs != 1 {
		c.t.Fatalf("%+v", list)
	}
	in := session.SigningFor{RecordID: list[0].RecordID, CommandID: uuid.New()}
	if _, err := c.svc.SignFinished(c.ctx, c.doctors[1], in); db.KindOf(err) != db.Denied {
		c.t.Errorf("another doctor signs: %v", err)
	}
	for range 2 {
		_, err := c.svc.SignFinished(c.ctx, doctor, in)
		c.must(err)
	}
	in.CommandID = uuid.New()
	if _, err := c.svc.SignFinished(c.ctx, doctor, in); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "已于") {
		c.t.Errorf("twice: %v", err)
	}
	if _, err := c.svc.SignFinished(c.ctx, doctor, session.SigningFor{RecordID: 999, CommandID: uuid.New()}); db.KindOf(err) != db.NotFound {
		c.t.Errorf("no such record: %v", err)
	}
	if list, err := session.ToCountersign(c.ctx, c.db.App, doctor.StaffID); err != nil || len(list) != 0 {
		c.t.Errorf("still waiting: %+v, %v", list, err)
	}
}
