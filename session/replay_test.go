package session_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// replay scans what was handed over while the link was down.
func (c *clinic) replay(visit uuid.UUID, at time.Time, codes ...string) session.ScanAnswer {
	c.t.Helper()
	a, err := c.svc.Dispense(c.ctx, c.doctors[0], session.Scan{SessionID: c.session, Visit: visit, CommandID: uuid.New(), Codes: join(codes), DoneAt: at})
	c.must(err)
	return a
}

func (c *clinic) alarms() []session.Alarm {
	c.t.Helper()
	list, open, err := session.Alarms(c.ctx, c.db.App, c.session)
	c.must(err)
	var all []session.Alarm
	c.must(c.db.App.Select(c.ctx, &all, `SELECT a.id, v.number, a.kind, a.code, a.sentence FROM session_alarm a JOIN visit v ON v.id = a.visit_id
WHERE a.session_id = $1 AND a.settled_at IS NULL ORDER BY a.id`, c.session))
	if open != len(all) || len(list) > open || len(list) == 0 && open > 0 {
		c.t.Fatalf("%d alarms open, %d counted, %d listed", len(all), open, len(list))
	}
	return all
}

// What was handed over while the link was down has happened: it is written down
// whatever the box's state was, and the duty holder is told.
func TestFactsAreNeverRefused(t *testing.T) {
	c := newClinic(t, 2, 2, 3)
	good, past := time.Now().AddDate(1, 0, 0), time.Now().AddDate(0, -1, 0)
	other := c.otherSession()
	put := func(tail, state string, in int64, expires time.Time) string {
		code := "80000010000000000" + tail
		c.put(code, state, in, expires)
		return code
	}
	cases := []struct {
		name, code string
		want       inventory.AnswerKind
		alarm      inventory.AnswerKind
	}{
		{"as it should be", c.codes[0], inventory.KindOK, ""},
		{"in the store", put("201", "in_store", 0, good), inventory.KindFactAlarm, inventory.KindNotPacked},
		{"not received", put("202", "expected", 0, good), inventory.KindFactAlarm, inventory.KindNotReceived},
		{"expired", put("203", "allocated", c.session, past), inventory.KindFactAlarm, inventory.KindExpired},
		{"of another session", put("204", "allocated", other, good), inventory.KindFactAlarm, inventory.KindOtherSession},
		{"quarantined", put("205", "quarantined", 0, good), inventory.KindFactAlarm, inventory.KindQuarantined},
		{"lost", put("206", "lost", 0, good), inventory.KindFactAlarm, inventory.KindLost},
		{"nobody knew it", "80000010000000000299", inventory.KindFactAlarm, inventory.KindUnknown},
		{"unknown prefix", "81234560000000000001", inventory.KindUnknownPrefix, inventory.KindUnknownPrefix},
	}
	visit, packs := c.start(c.doctors[0], 0), 0
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			before := len(c.alarms())
			a := c.replay(visit, time.Now().Add(-time.Minute), x.code)
			if got := a.Answers[0].Kind; got != x.want {
				t.Fatalf("answered %s: %s", got, a.Answers[0].Sentence)
			}
			if x.want == inventory.KindOK || x.want == inventory.KindFactAlarm {
				packs++
			}
			if a.Packs != packs {
				t.Errorf("%d packs, want %d", a.Packs, packs)
			}
			raised := c.alarms()[before:]
			if x.alarm == "" && len(raised) == 0 {
				return
			}
			if len(raised) != 1 || raised[0].Kind != x.alarm || raised[0].Number != 1 || raised[0].Sentence == "" {
				t.Errorf("alarms %+v, want %s", raised, x.alarm)
			}
		})
	}
	c.checkStock(packs+2, packs)
	again := c.replay(visit, time.Now(), cases[7].code)
	if again.Packs != packs || again.Answers[0].Kind == inventory.KindFactAlarm {
		t.Errorf("the same box again: %+v", again)
	}
}

// A box that somebody else is on record for cannot have been given twice.
func TestTwoPeopleClaimOneBox(t *testing.T) {
	c := newClinic(t, 2, 2, 2)
	mine, theirs := c.start(c.doctors[0], 0), c.start(c.doctors[1], 1)
	c.scan(c.doctors[1], theirs, c.codes[0])
	a := c.replay(mine, time.Now().Add(-time.Minute), c.codes[0], c.codes[1])
	if a.Packs != 1 || a.Answers[0].Kind != inventory.KindTakenToday || a.Answers[1].Kind != inventory.KindOK {
		t.Errorf("answers %+v", a)
	}
	if list := c.alarms(); len(list) != 1 || list[0].Kind != inventory.KindTakenToday || list[0].Code != c.codes[0] {
		t.Errorf("alarms %+v", list)
	}
	if chips, err := session.Refusals(c.ctx, c.db.App, mine); err != nil || len(chips) != 1 {
		t.Errorf("the box stays 未记录: %+v %v", chips, err)
	}
}

// Boxes whose replay comes after somebody ended the visit are added by a record.
func TestFactsAfterTheEnd(t *testing.T) {
	e := &evening{clinic: newClinic(t, 2, 2, 3)}
	e.svc = e.svc.WithKeys(newKeys(e))
	visit := e.start(e.doctors[0], 0)
	e.scan(e.doctors[0], visit, e.codes[0])
	_, err := e.svc.FinishVisit(e.ctx, e.doctors[0], session.Ending{SessionID: e.session, Visit: visit, CommandID: uuid.New()})
	e.must(err)
	_, err = e.svc.Dispense(e.ctx, e.doctors[0], session.Scan{SessionID: e.session, Visit: visit, CommandID: uuid.New(), Codes: e.codes[1]})
	e.refused(err, db.Conflict, "已经诊毕")
	_, err = e.svc.Dispense(e.ctx, e.doctors[1], session.Scan{SessionID: e.session, Visit: visit, CommandID: uuid.New(), Codes: e.codes[1], DoneAt: time.Now()})
	e.refused(err, db.Conflict, "已经诊毕")
	e.must(e.stop(e.chief))
	e.replay(visit, time.Now().Add(-time.Minute), e.codes[1])
	e.must(e.count(1, 0))
	e.close()
	if got, want := e.equation(), (session.Equation{Taken: 3, Given: 2, Home: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	e.verified(2, 1)
	_, err = e.svc.Dispense(e.ctx, e.doctors[0], session.Scan{SessionID: e.session, Visit: visit, CommandID: uuid.New(), Codes: e.codes[2], DoneAt: time.Now()})
	e.refused(err, db.Conflict, "补充记录")
}

func TestAlarmsAreSettledByTheDutyHolder(t *testing.T) {
	c := newClinic(t, 2, 2, 2)
	visit := c.start(c.doctors[0], 0)
	c.replay(visit, time.Now(), "80000010000000000299")
	in := session.SettlingAlarm{SessionID: c.session, CommandID: uuid.New(), Alarm: c.alarms()[0].ID, Settlement: "已核对实物"}
	if _, err := c.svc.SettleAlarm(c.ctx, c.doctors[0], in); db.KindOf(err) != db.Denied {
		t.Errorf("a doctor: %v", err)
	}
	blank := in
	blank.Settlement = "  "
	if _, err := c.svc.SettleAlarm(c.ctx, c.chief, blank); db.KindOf(err) != db.Invalid {
		t.Errorf("nothing said: %v", err)
	}
	_, err := c.svc.SettleAlarm(c.ctx, c.chief, in)
	c.must(err)
	if list := c.alarms(); len(list) != 0 {
		t.Errorf("still open: %+v", list)
	}
	in.CommandID = uuid.New()
	if _, err := c.svc.SettleAlarm(c.ctx, c.chief, in); db.KindOf(err) != db.Conflict {
		t.Errorf("settled twice: %v", err)
	}
}
