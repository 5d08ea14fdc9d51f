package session_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// counts is everything that a look could have changed.
func (c *clinic) counts() (text string) {
	c.t.Helper()
	c.must(c.db.App.Get(c.ctx, &text, `SELECT CAST((SELECT count(*) FROM movement) AS text) || '/' || CAST((SELECT count(*) FROM visit_line) AS text) || '/' ||
  CAST((SELECT count(*) FROM visit_refusal) AS text) || '/' || CAST((SELECT count(*) FROM receipt_refusal) AS text) || '/' || CAST((SELECT count(*) FROM command) AS text) || '/' ||
  CAST((SELECT max(changed_at) FROM pack) AS text) || '/' || CAST((SELECT COALESCE(max(version), 0) FROM session_version) AS text)`))
	return text
}

func TestALookChangesNothing(t *testing.T) {
	c := newClinic(t, 1, 1, 4)
	visit := c.start(c.doctors[0], 0)
	c.scan(c.doctors[0], visit, c.codes[0])
	before := c.counts()
	text := strings.Join([]string{c.codes[0], c.codes[1], c.codes[1], "80000019999999999999", "9990000" + strings.Repeat("1", 13), "6901234567892", "甲", "JFP0"}, "\n")
	for _, by := range []identity.Actor{c.doctors[0], c.helper, c.chief, c.person("管理甲", identity.Manager)} {
		a, err := c.svc.Look(c.ctx, by, text)
		c.must(err)
		var kinds []string
		for _, x := range a.Answers {
			kinds = append(kinds, string(x.Kind))
			if x.MayAsk || x.Sentence == "" || strings.Contains(x.Sentence, c.patients[0].Name) {
				t.Errorf("%s: %+v", by.Name, x)
			}
		}
		if got := strings.Join(kinds[:4], " "); got != "looked looked looked looked_none" {
			t.Errorf("%s: %v", by.Name, kinds)
		}
		if !strings.Contains(a.Answers[0].Sentence, "1 号") || !strings.Contains(a.Answers[1].Sentence, "演示新华") {
			t.Errorf("where: %s / %s", a.Answers[0].Sentence, a.Answers[1].Sentence)
		}
	}
	if after := c.counts(); after != before {
		t.Errorf("a look changed something: %s, then %s", before, after)
	}
	if _, err := c.svc.Look(c.ctx, c.doctors[0], strings.Repeat(c.codes[0]+"\n", 201)); db.KindOf(err) != db.Invalid {
		t.Errorf("201 codes: %v", err)
	}
	if _, err := c.svc.Look(c.ctx, c.person("系统员", identity.SysAdmin), c.codes[0]); db.KindOf(err) != db.Denied {
		t.Errorf("a system administrator: %v", err)
	}
}

func TestAskUnderstandsEveryText(t *testing.T) {
	c := newClinic(t, 1, 1, 3)
	var receipt int64
	c.insert(&receipt, `INSERT INTO receipt (source, number, state, issued_at, arrived_at, digest) VALUES ('HIS', 'YS-R0001', 'finished', now(), now(), '\x00'::bytea) RETURNING id`)
	c.exec(`UPDATE pack SET batch = 'b2403' WHERE code = $1`, c.codes[0])
	c.exec(`UPDATE pack SET batch = 'B2403' WHERE code = $1`, c.codes[1])
	token := c.tokens[0]
	tail := c.codes[0][14:]
	for _, x := range []struct{ text, want string }{
		{" " + c.codes[0] + "\r\n", "code " + c.codes[0]}, {"http://www.mashangfangxin.com/h5/drugQueryResult?code=" + c.codes[0], "code " + c.codes[0]},
		{"(01)06901234567892(21)A1", "code (01)06901234567892(21)A1"},
		{tail, "packs 1"}, {tail[2:], "packs 1"}, {"B2403", "batches 1"}, {"b2403", "batches 2"}, {"YS-R0001", "receipts 1"}, {"ys-r0001", "receipts 1"},
		{c.patients[0].Number, "patients 1"}, {token, "patients 1"}, {strings.ToLower(token), "patients 1"},
		{"没有的批号", "没有找到"}, {"JFP0000000000000000", "标签"}, {"", "没有读到内容"}, {"\xff\xfe", "乱码"}, {strings.Repeat("8", 500), "太长"}, {"'; DROP TABLE pack; --", "没有找到"},
	} {
		a, err := c.svc.Ask(c.ctx, c.chief, x.text)
		c.must(err)
		got := a.Problem
		switch {
		case a.Code != "":
			got = "code " + a.Code
		case a.Hits() > 0:
			got = askedWord(a)
		}
		if !strings.Contains(got, x.want) {
			t.Errorf("%q is understood as %q, want %q", x.text, got, x.want)
		}
	}
	if a, err := c.svc.Ask(c.ctx, c.person("审计员", identity.Auditor), "B2403"); db.KindOf(err) != db.Denied {
		t.Errorf("the auditor asks: %+v, %v", a, err)
	}
	if _, err := c.svc.TraceReceipt(c.ctx, c.chief, receipt, 0); err != nil {
		t.Error(err)
	}
}

func askedWord(a session.Asked) string {
	return fmt.Sprintf("packs %d batches %d receipts %d patients %d", len(a.Packs), len(a.Batches), len(a.Receipts), len(a.Patients))
}

// A batch answers with its boxes by place and the patients, masked, for who may
// see patients; a patient answers with the codes.
func TestReverseTraces(t *testing.T) {
	c := newClinic(t, 1, 2, 5)
	doctor := c.doctors[0]
	visit := c.start(doctor, 0)
	c.scan(doctor, visit, c.codes[0], c.codes[1])
	_, err := c.svc.Undo(c.ctx, doctor, session.Undoing{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: c.codes[1]})
	c.must(err)
	c.finish(doctor, visit, "")
	c.exec(`UPDATE pack SET batch = 'B2403'`)
	for _, x := range []struct {
		by     identity.Actor
		people int
		name   string
	}{{doctor, 1, "演**"}, {c.person("管理甲", identity.Manager), 1, "演**"}} {
		b, err := c.svc.TraceBatch(c.ctx, x.by, c.drug, "B2403", 0)
		c.must(err)
		if b.Packs != 5 || b.People != 1 || len(b.Patients) != x.people || b.Patients[0].Patient != x.name || b.Patients[0].Packs != 1 || len(b.Boxes) != 5 {
			t.Errorf("%s reads %+v", x.by.Name, b)
		}
		for _, box := range b.Boxes {
			if box.State == inventory.StateDispensed && box.Patient != x.name || strings.Contains(box.Patient, c.patients[0].Name) {
				t.Errorf("%s reads %+v", x.by.Name, box)
			}
		}
	}
	for _, bad := range []struct {
		drug  int64
		batch string
	}{{c.drug, "NONE"}, {c.drug + 99, "B2403"}} {
		if _, err := c.svc.TraceBatch(c.ctx, doctor, bad.drug, bad.batch, 0); db.KindOf(err) != db.NotFound {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	p, err := c.svc.TracePatient(c.ctx, doctor, c.patients[0].ID, 0)
	c.must(err)
	if p.Name != c.patients[0].Name || len(p.Boxes) != 2 || !p.Boxes[0].Undone || p.Boxes[1].Undone || p.Boxes[1].Code != c.codes[0] || p.Boxes[1].Seq != 1 {
		t.Errorf("the patient: %+v", p)
	}
	manager, err := c.svc.TracePatient(c.ctx, c.person("管理乙", identity.Manager), c.patients[0].ID, 0)
	if err != nil || manager.Name != "演**" {
		t.Errorf("a manager reads %q, %v", manager.Name, err)
	}
	abroad := c.person("外点医生", identity.Doctor)
	abroad.Grants = []identity.Grant{{Role: identity.Doctor, SiteID: c.site + 99}}
	if _, err := c.svc.TracePatient(c.ctx, abroad, c.patients[0].ID, 0); db.KindOf(err) != db.Denied {
		t.Errorf("a doctor of another site: %v", err)
	}
	b, err := c.svc.TraceBatch(c.ctx, abroad, c.drug, "B2403", 0)
	if err != nil || len(b.Patients) != 0 || b.People != 1 {
		t.Errorf("a doctor of another site reads %+v, %v", b, err)
	}
	if _, err := c.svc.TraceReceipt(c.ctx, doctor, 999, 0); db.KindOf(err) != db.NotFound {
		t.Errorf("no receipt: %v", err)
	}
	if _, err := c.svc.TracePatient(c.ctx, doctor, 999, 0); db.KindOf(err) != db.NotFound {
		t.Errorf("no patient: %v", err)
	}
}
