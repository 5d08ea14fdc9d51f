package session_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/sql/db"
)

// Whoever still waits in the evening goes home in one step; a table is left alone.
func TestSendHome(t *testing.T) {
	c := newClinic(t, 2, 6, 2)
	open := c.start(c.doctors[0], 0)
	for i := 1; i < 6; i++ {
		_, err := c.svc.CheckIn(c.ctx, c.chief, session.Arrival{SessionID: c.session, Visit: uuid.New(), CommandID: uuid.New(), Patient: c.tokens[i]})
		c.must(err)
	}
	in := session.SendingHome{SessionID: c.session, CommandID: uuid.New()}
	if _, err := c.svc.SendHome(c.ctx, c.chief, in); db.KindOf(err) != db.Conflict {
		t.Errorf("while dispensing goes on: %v", err)
	}
	e := &evening{clinic: c}
	c.must(e.stop(c.chief))
	if _, err := c.svc.SendHome(c.ctx, c.doctors[0], in); db.KindOf(err) != db.Denied {
		t.Errorf("a doctor: %v", err)
	}
	first, err := c.svc.SendHome(c.ctx, c.chief, in)
	c.must(err)
	again, err := c.svc.SendHome(c.ctx, c.chief, in)
	c.must(err)
	if first != again || first.Sentence != "5 位候诊的已记为没有看诊。" {
		t.Errorf("%+v, again %+v", first, again)
	}
	s, err := session.ReadBoard(c.ctx, c.db.App, c.session)
	c.must(err)
	if s.Queue.Waiting != 0 || s.Queue.Void != 5 || len(s.Queue.Now) != 1 || s.Queue.Now[0].ID != open {
		t.Errorf("queue %+v", s.Queue)
	}
	in.CommandID = uuid.New()
	if _, err := c.svc.SendHome(c.ctx, c.chief, in); db.KindOf(err) != db.Conflict {
		t.Errorf("nobody waits: %v", err)
	}
}

func TestNextWorkingDay(t *testing.T) {
	for _, x := range []struct{ on, want string }{
		{"2026-11-23", "2026-11-24"}, {"2026-11-27", "2026-11-30"}, {"2026-09-24", "2026-09-28"}, {"2027-02-04", "2027-02-09"},
	} {
		on, err := time.Parse(time.DateOnly, x.on)
		if err != nil {
			t.Fatal(err)
		}
		if got := session.NextWorkingDay(on).Format(time.DateOnly); got != x.want {
			t.Errorf("after %s: %s, want %s", x.on, got, x.want)
		}
	}
}
