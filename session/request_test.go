package session_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// put makes a pack in a state, with a movement that brought it there.
func (c *clinic) put(code, state string, sessionID int64, expires time.Time) {
	c.t.Helper()
	var id, movement int64
	c.insert(&id, `INSERT INTO pack (code, drug_id, state, units_total, units_left, batch, expires_on, session_id, created_at, changed_at)
VALUES ($1, $2, $3, 20, 20, 'B3', $4::date, NULLIF($5::bigint, 0), now(), now()) RETURNING id`, code, c.drug, state, expires, sessionID)
	c.insert(&movement, `INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, to_session_id, at, how)
VALUES ('opening', $1, 20, '', $2, 20, NULLIF($3::bigint, 0), now(), 'system') RETURNING id`, id, state, sessionID)
}

// otherSession plans a session at another site.
func (c *clinic) otherSession() int64 {
	c.t.Helper()
	var site int64
	c.insert(&site, `INSERT INTO site (code, name, district, created_at) VALUES ('999900002', '演示广兴', '金平', now()) RETURNING id`)
	by := c.chief
	by.Grants = []identity.Grant{{Role: identity.Pharmacist}}
	id, err := c.svc.PlanSession(c.ctx, by, session.Plan{SiteID: site, HeldOn: session.Today(time.Now()), Team: []session.Member{
		{StaffID: c.chief.StaffID, Part: session.PartPharmacist}, {StaffID: c.doctors[0].StaffID, Part: session.PartDoctor}}})
	c.must(err)
	return id
}

func (c *clinic) ask(by identity.Actor, visit uuid.UUID, code string) (session.AskAnswer, error) {
	return c.svc.AskLetIn(c.ctx, by, session.Asking{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Code: code})
}

func (c *clinic) decide(by identity.Actor, id uuid.UUID, yes bool, reason string) (session.DecideAnswer, error) {
	return c.svc.Decide(c.ctx, by, session.Deciding{SessionID: c.session, Request: id, CommandID: uuid.New(), LetIn: yes, Reason: reason})
}

func TestLetInFromEverywhere(t *testing.T) {
	c := newClinic(t, 1, 1, 1)
	doctor, good, past := c.doctors[0], time.Now().AddDate(1, 0, 0), time.Now().AddDate(0, -1, 0)
	other := c.otherSession()
	c.put("80000010000000000101", "in_store", 0, good)
	c.put("80000010000000000102", "expected", 0, good)
	c.put("80000010000000000103", "allocated", other, good)
	c.put("80000010000000000104", "in_store", 0, past)
	c.put("80000010000000000105", "quarantined", 0, good)
	cases := []struct {
		name, code string
		may        bool
		move       inventory.MovementKind
		alarm      string
	}{
		{"in the store", "80000010000000000101", true, inventory.MoveLetIn, ""},
		{"not scanned in", "80000010000000000102", true, inventory.MoveLetIn, "not_received"},
		{"in another session's trays", "80000010000000000103", true, inventory.MoveRollOver, ""},
		{"unknown, of a known drug", "80000010000000000199", true, inventory.MoveLetIn, "unknown"},
		{"expired", "80000010000000000104", false, "", ""},
		{"quarantined", "80000010000000000105", false, "", ""},
		{"of an unknown prefix", "81234560000000000001", false, "", ""},
		{"in our own trays", c.codes[0], false, "", ""},
		{"no code at all", "6901234567892", false, "", ""},
	}
	visit := c.start(doctor, 0)
	packs := 0
	for _, x := range cases {
		if x.code != c.codes[0] {
			a := c.scan(doctor, visit, x.code)
			if a.Answers[0].MayAsk != x.may {
				t.Errorf("%s: may ask is %v", x.name, a.Answers[0].MayAsk)
			}
		}
		q, err := c.ask(doctor, visit, x.code)
		if (err == nil) != x.may {
			t.Errorf("%s: asked: %v", x.name, err)
		}
		if !x.may {
			continue
		}
		if _, err := c.ask(doctor, visit, x.code); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "已经申请过") {
			t.Errorf("%s: asked twice: %v", x.name, err)
		}
		in := session.Deciding{SessionID: c.session, Request: q.ID, CommandID: uuid.New(), LetIn: true, Reason: "实物核对无误"}
		for range 2 {
			a, err := c.svc.Decide(c.ctx, c.chief, in)
			if err != nil || a.Decision != session.DecidedIn || a.Number != 1 {
				t.Errorf("%s: %+v, %v", x.name, a, err)
			}
		}
		packs++
		var m struct {
			Kind   string `db:"kind"`
			Alarm  string `db:"alarm"`
			Reason string `db:"reason"`
			To     int64  `db:"to_session_id"`
		}
		c.must(c.db.App.Get(c.ctx, &m, `SELECT m.kind, m.alarm, m.reason, m.to_session_id FROM movement m JOIN pack k ON k.id = m.pack_id
WHERE k.code = $1 AND m.kind IN ('let_in', 'roll_over')`, x.code))
		if m.Kind != string(x.move) || m.Alarm != x.alarm || m.Reason != "实物核对无误" || m.To != c.session {
			t.Errorf("%s: %+v", x.name, m)
		}
		if v := c.visit(visit); v.Lines != packs {
			t.Errorf("%s: %d lines, want %d", x.name, v.Lines, packs)
		}
	}
	end, err := c.svc.FinishVisit(c.ctx, doctor, session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New()})
	c.must(err)
	if !strings.Contains(c.record(end.Seq), "药师放行：实物核对无误") {
		t.Error("the record does not say why")
	}
	c.checkStock(1+packs, packs)
}

func TestWhoDecides(t *testing.T) {
	c := newClinic(t, 2, 2, 1)
	doctor, good := c.doctors[0], time.Now().AddDate(1, 0, 0)
	guest := c.person("药师外", identity.Pharmacist)
	c.put("80000010000000000101", "in_store", 0, good)
	visit := c.start(doctor, 0)
	c.scan(doctor, visit, "80000010000000000101")
	q, err := c.ask(doctor, visit, "80000010000000000101")
	c.must(err)
	if _, err := c.ask(c.doctors[1], visit, "80000010000000000101"); db.KindOf(err) != db.Conflict {
		t.Errorf("another doctor's visit: %v", err)
	}
	for name, by := range map[string]identity.Actor{"a doctor": c.doctors[1], "who asked": doctor, "an assistant": c.helper, "a pharmacist of no team": guest} {
		if _, err := c.decide(by, q.ID, true, "好"); db.KindOf(err) != db.Denied || c.refusals(by) == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.decide(c.chief, q.ID, true, " "); db.KindOf(err) != db.Invalid {
		t.Errorf("without a reason: %v", err)
	}
	if _, err := c.decide(c.chief, uuid.New(), true, "好"); db.KindOf(err) != db.NotFound {
		t.Errorf("no such request: %v", err)
	}
	// The deputy who has the duty decides, whatever the role.
	var n int64
	c.insert(&n, `UPDATE clinic_session SET duty_staff_id = $2 WHERE id = $1 RETURNING id`, c.session, c.helper.StaffID)
	a, err := c.decide(c.helper, q.ID, false, "请换一盒")
	if err != nil || a.Decision != session.DecidedNo {
		t.Errorf("the deputy: %+v, %v", a, err)
	}
	if _, err := c.decide(c.helper, q.ID, false, "再来"); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "工作人员甲") {
		t.Errorf("twice: %v", err)
	}
	if _, err := c.decide(c.chief, q.ID, true, "还是给"); db.KindOf(err) != db.Conflict {
		t.Errorf("another person after it: %v", err)
	}
	chips, err := session.Chips(c.ctx, c.db.App, visit)
	if err != nil || len(chips) != 1 || chips[0].Resolution != "药师不放行：请换一盒" || chips[0].MayAsk() {
		t.Errorf("%+v, %v", chips, err)
	}
	c.checkStock(1, 0)
}

func TestRequestOfAVisitThatIsOver(t *testing.T) {
	c := newClinic(t, 1, 2, 1)
	doctor, good := c.doctors[0], time.Now().AddDate(1, 0, 0)
	c.put("80000010000000000101", "in_store", 0, good)
	c.put("80000010000000000102", "in_store", 0, good)
	visit := c.start(doctor, 0)
	c.scan(doctor, visit, c.codes[0], "80000010000000000101", "80000010000000000102")
	one, err := c.ask(doctor, visit, "80000010000000000101")
	c.must(err)
	two, err := c.ask(doctor, visit, "80000010000000000102")
	c.must(err)
	chips, err := session.Chips(c.ctx, c.db.App, visit)
	c.must(err)
	if len(chips) != 2 || !chips[0].Asked || !chips[0].MayAsk() {
		t.Fatalf("%+v", chips)
	}
	in := session.Resolving{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Refusal: chips[1].ID}
	for range 2 {
		if _, err := c.svc.PutAway(c.ctx, doctor, in); err != nil {
			t.Errorf("put away: %v", err)
		}
	}
	in.CommandID = uuid.New()
	if _, err := c.svc.PutAway(c.ctx, doctor, in); db.KindOf(err) != db.Conflict {
		t.Errorf("put away twice: %v", err)
	}
	if _, err := c.decide(c.chief, one.ID, true, "好"); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "撤回") {
		t.Errorf("withdrawn: %v", err)
	}
	_, err = c.svc.FinishVisit(c.ctx, doctor, session.Ending{SessionID: c.session, Visit: visit, CommandID: uuid.New()})
	c.must(err)
	if _, err := c.decide(c.chief, two.ID, true, "好"); db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "已经诊毕") {
		t.Errorf("finished: %v", err)
	}
	if list, err := session.Requests(c.ctx, c.db.App, c.session); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
	c.checkStock(1, 1)
}

// Two sessions that let each other's packs in at the same moment lock each other
// in one order; of two people who decide one request, one is told so.
func TestTwoSessionsLendToEachOther(t *testing.T) {
	const packs = 6
	c := newClinic(t, 1, 2, 0)
	here, there, good := c.session, c.otherSession(), time.Now().AddDate(1, 0, 0)
	chief, doctor := c.chief, c.doctors[0]
	chief.Grants, doctor.Grants = []identity.Grant{{Role: identity.Pharmacist}}, []identity.Grant{{Role: identity.Doctor}}
	c.must(c.svc.OpenSession(c.ctx, chief, there))
	var asked []session.Deciding
	for i, at := range []int64{here, there} {
		c.session = at
		visit := c.start(doctor, i)
		for k := range packs {
			code := fmt.Sprintf("8000001%013d", 100*(i+1)+k)
			c.put(code, "allocated", here+there-at, good)
			q, err := c.ask(doctor, visit, code)
			c.must(err)
			asked = append(asked, session.Deciding{SessionID: at, Request: q.ID, LetIn: true, Reason: "借用"})
		}
	}
	c.session = here
	answers := make(chan error, 4*packs)
	for _, in := range asked {
		for range 2 {
			in.CommandID = uuid.New()
			go func(in session.Deciding) {
				answers <- errorOf(c.svc.Decide(c.ctx, chief, in))
			}(in)
		}
	}
	done := 0
	for range 4 * packs {
		switch err := <-answers; {
		case err == nil:
			done++
		case db.KindOf(err) != db.Conflict || !strings.Contains(db.Sentence(err), "已由"):
			t.Errorf("%v", err)
		}
	}
	var given int
	c.must(c.db.App.Get(c.ctx, &given, `SELECT count(*) FROM pack WHERE state = 'dispensed'`))
	if done != 2*packs || given != 2*packs {
		t.Errorf("%d decided, %d given, want %d", done, given, 2*packs)
	}
}
