package session_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// finish ends a visit.
func (c *clinic) finish(by identity.Actor, visit uuid.UUID, reason string) {
	c.t.Helper()
	_, err := c.svc.FinishVisit(c.ctx, by, session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New(), NoDrugReason: reason})
	c.must(err)
}

// A code answers with its whole life, the name as the viewer may read it, and a
// look at the chain.
func TestTraceTellsTheLifeOfAPack(t *testing.T) {
	c := newClinic(t, 1, 1, 2)
	doctor := c.doctors[0]
	visit := c.start(doctor, 0)
	c.scan(doctor, visit, c.codes[0], c.codes[1])
	_, err := c.svc.Undo(c.ctx, doctor, session.Undoing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: c.codes[1]})
	c.must(err)
	c.finish(doctor, visit, "")
	abroad := c.person("外点医生", identity.Doctor)
	abroad.Grants = []identity.Grant{{Role: identity.Doctor, SiteID: c.site + 99}}
	for _, x := range []struct {
		by       identity.Actor
		name, no string
	}{
		{doctor, c.patients[0].Name, c.patients[0].Number}, {c.helper, c.patients[0].Name, c.patients[0].Number},
		{abroad, "演**", ""}, {c.person("管理甲", identity.Manager), "", ""},
	} {
		ctx, count := db.WithCounter(c.ctx)
		got, err := c.svc.Trace(ctx, x.by, " "+c.codes[0]+"\r\n")
		c.must(err)
		last := got.Steps[len(got.Steps)-1]
		if last.Kind != inventory.MoveDispense || last.Number != 1 || last.Patient != x.name || last.PatientNo != x.no || last.Site != "演示新华" {
			t.Errorf("%s reads %+v", x.by.Name, last)
		}
		if len(got.Steps) != 4 || got.Steps[0].Kind != inventory.MoveAnnounce || got.Steps[2].Kind != inventory.MoveAllocate || got.Steps[2].Patient != "" {
			t.Errorf("%s: %d steps: %+v", x.by.Name, len(got.Steps), got.Steps)
		}
		if last.Record == nil || last.Record.Seq != 1 || got.Chains.Records != 1 || got.Chains.Problem != "" {
			t.Errorf("%s: record %+v, chains %+v", x.by.Name, last.Record, got.Chains)
		}
		if count.Count() > 12 {
			t.Errorf("%d statements", count.Count())
		}
	}
	undone, err := c.svc.Trace(c.ctx, doctor, c.codes[1])
	c.must(err)
	for _, x := range undone.Steps {
		if x.Kind == inventory.MoveDispense && !x.Undone || x.Unrecorded() {
			t.Errorf("taken back, but %+v", x)
		}
		if x.Record != nil {
			t.Errorf("a pack that was taken back has a record: %+v", x)
		}
	}
	var looks int
	c.must(c.db.App.Get(c.ctx, &looks, `SELECT count(*) FROM audit WHERE event = 'trace.view'`))
	if looks != 5 {
		t.Errorf("%d looks are audited", looks)
	}
}

func TestTraceNamesABrokenChain(t *testing.T) {
	c := newClinic(t, 1, 1, 1)
	visit := c.start(c.doctors[0], 0)
	c.scan(c.doctors[0], visit, c.codes[0])
	c.finish(c.doctors[0], visit, "")
	c.tamper(`UPDATE record SET doctor_id = doctor_id + 1`)
	got, err := c.svc.Trace(c.ctx, c.chief, c.codes[0])
	c.must(err)
	if !strings.Contains(got.Chains.Problem, "第 1 条不对") {
		t.Errorf("chains: %+v", got.Chains)
	}
}

func TestTraceOfWhatIsNoCode(t *testing.T) {
	c := newClinic(t, 1, 0, 0)
	for text, kind := range map[string]db.Kind{"": db.Invalid, "6901234567892": db.Invalid, "80000019999999999999": db.NotFound,
		"a\x00b": db.Invalid, strings.Repeat("8", 500): db.Invalid} {
		if _, err := c.svc.Trace(c.ctx, c.chief, text); db.KindOf(err) != kind || db.Sentence(err) == "" {
			t.Errorf("%q: %v", text, err)
		}
	}
	clerk := c.person("系统员", identity.SysAdmin)
	if _, err := c.svc.Trace(c.ctx, clerk, "80000019999999999999"); db.KindOf(err) != db.Denied || c.refusals(clerk) != 1 {
		t.Errorf("a system administrator: %v", err)
	}
}

// The identity of a GS1 code holds brackets and may hold a slash.
func TestTraceOfAGS1Code(t *testing.T) {
	c := newClinic(t, 1, 0, 0)
	code, err := inventory.ParseTraceCode("(01)06901234567892(21)A/1\\(2")
	c.must(err)
	c.must(c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `INSERT INTO pack (code, drug_id, state, units_total, units_left, created_at, changed_at)
VALUES ($1, $2, 'expected', 20, 20, $3, $3)`, code.Code(), c.drug, tx.Now)
	}))
	got, err := c.svc.Trace(c.ctx, c.chief, code.Code())
	if err != nil || got.Pack.Code != code.Code() || len(got.Steps) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// A record that is gone leaves a hand-over that nothing tells of.
func TestTraceMissesARecord(t *testing.T) {
	c := newClinic(t, 1, 1, 1)
	visit := c.start(c.doctors[0], 0)
	c.scan(c.doctors[0], visit, c.codes[0])
	last := func() session.TraceStep {
		got, err := c.svc.Trace(c.ctx, c.chief, c.codes[0])
		c.must(err)
		return got.Steps[len(got.Steps)-1]
	}
	if x := last(); x.Unrecorded() || x.VisitState != session.InConsultation {
		t.Errorf("before 诊毕: %+v", x)
	}
	c.finish(c.doctors[0], visit, "")
	if x := last(); x.Unrecorded() || x.Record == nil {
		t.Errorf("after 诊毕: %+v", x)
	}
	c.tamper(`DELETE FROM record; UPDATE record_chain SET length = 0, digest = decode(repeat('00', 32), 'hex')`)
	if x := last(); !x.Unrecorded() {
		t.Errorf("without its record: %+v", x)
	}
}
