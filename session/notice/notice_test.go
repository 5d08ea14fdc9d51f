package notice_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/session/live"
	"jingfang/session/notice"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
	"jingfang/sql/seal"
)

// clinic is a session with people, and notices in it.
type clinic struct {
	t       *testing.T
	db      *dbtest.DB
	notices *notice.Service
	site    int64
	id      int64
	chief   identity.Actor // a pharmacist
	doctor  identity.Actor
}

func newClinic(t *testing.T) *clinic {
	t.Helper()
	c := &clinic{t: t, db: dbtest.New(t)}
	hub := live.New(c.db.App, nil, live.Options{})
	c.notices = notice.New(c.db.App, hub)
	c.chief, c.doctor = c.person("chief", identity.Pharmacist), c.person("doctor", identity.Doctor)
	c.must(c.db.Owner.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		err := tx.Get(ctx, &c.site, `INSERT INTO site (code, name, district, created_at) VALUES ('S1', '演示点', '演示区', $1) RETURNING id`, tx.Now)
		if err != nil {
			return err
		}
		err = tx.Get(ctx, &c.id, `INSERT INTO clinic_session (site_id, held_on, state, planned_by, planned_at) VALUES ($1, '2026-11-23', 'open', $2, $3) RETURNING id`,
			c.site, c.chief.StaffID, tx.Now)
		if err != nil {
			return err
		}
		return live.Create(ctx, tx, c.id)
	}))
	return c
}

func (c *clinic) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c *clinic) person(name string, role identity.Role) identity.Actor {
	c.t.Helper()
	svc, err := identity.New(identity.Config{DB: c.db.App, Keys: seal.NewMemoryKeys(), Rounds: seal.TestRounds})
	c.must(err)
	st, _, err := svc.CreateStaff(c.t.Context(), identity.System("test"), identity.NewStaff{Username: name, Name: "演示" + name, Password: "Demo-12345", Final: true})
	c.must(err)
	return identity.Actor{StaffID: st.ID, Username: name, Name: st.Name, Grants: []identity.Grant{{Role: role}}}
}

func (c *clinic) write(by identity.Actor, body string) (int64, error) {
	return c.notices.Write(c.t.Context(), by, notice.Writing{SessionID: c.id, Body: body, CommandID: uuid.New()})
}

func (c *clinic) act(id int64) notice.Act {
	return notice.Act{SessionID: c.id, Notice: id, CommandID: uuid.New()}
}

func TestNotice(t *testing.T) {
	c := newClinic(t)
	version := func() (v int64) {
		c.must(c.db.App.Get(t.Context(), &v, `SELECT version FROM session_version WHERE session_id = $1`, c.id))
		return v
	}
	before := version()
	id, err := c.write(c.chief, "  两点起\n只留一个诊台  ")
	c.must(err)
	if version() == before {
		t.Error("the boards were not told")
	}
	for range 2 { // a second time changes nothing
		c.must(c.notices.Acknowledge(t.Context(), c.doctor, c.act(id)))
	}
	list, err := notice.Board(t.Context(), c.db.App, c.id)
	if err != nil || len(list) != 1 || list[0].Body != "两点起 只留一个诊台" || list[0].Writer != "演示chief" || len(list[0].Readers) != 1 || list[0].Readers[0] != "演示doctor" {
		t.Fatalf("%+v, %v", list, err)
	}
	c.must(c.notices.End(t.Context(), c.chief, c.act(id)))
	if list, err := notice.Board(t.Context(), c.db.App, c.id); err != nil || len(list) != 0 {
		t.Errorf("on the board after its end: %+v, %v", list, err)
	}
	if list, err := notice.Find(t.Context(), c.db.App, c.id); err != nil || len(list) != 1 || list[0].EndedAt == nil {
		t.Errorf("in the list after its end: %+v, %v", list, err)
	}
	told, err := notice.Lately(t.Context(), c.db.App, time.Now(), func(site int64) bool { return site == c.site })
	if err != nil || len(told) != 1 || told[0].All != 1 || told[0].Open != 0 || told[0].Last != "两点起 只留一个诊台" {
		t.Errorf("lately %+v, %v", told, err)
	}
	if told, err := notice.Lately(t.Context(), c.db.App, time.Now(), func(int64) bool { return false }); err != nil || len(told) != 0 {
		t.Errorf("of other sites: %+v, %v", told, err)
	}
	var events []string
	c.must(c.db.App.Select(t.Context(), &events, `SELECT event FROM audit WHERE session_id = $1 ORDER BY id`, c.id))
	if got := strings.Join(events, " "); got != "notice.write notice.seen notice.end" {
		t.Errorf("the audit has %s", got)
	}
}

func TestNoticeRefuses(t *testing.T) {
	c := newClinic(t)
	id, err := c.write(c.chief, "演示")
	c.must(err)
	for name, x := range map[string]struct {
		do   func() error
		want db.Kind
	}{
		"nothing":       {func() error { _, err := c.write(c.chief, " \n "); return err }, db.Invalid},
		"too long":      {func() error { _, err := c.write(c.chief, strings.Repeat("长", 101)); return err }, db.Invalid},
		"no text":       {func() error { _, err := c.write(c.chief, "\xff"); return err }, db.Invalid},
		"control":       {func() error { _, err := c.write(c.chief, "a\x1bb"); return err }, db.Invalid},
		"a doctor":      {func() error { _, err := c.write(c.doctor, "演示"); return err }, db.Denied},
		"a doctor ends": {func() error { return c.notices.End(t.Context(), c.doctor, c.act(id)) }, db.Denied},
		"no such":       {func() error { return c.notices.Acknowledge(t.Context(), c.doctor, c.act(id+99)) }, db.NotFound},
		"no session": {func() error {
			_, err := c.notices.Write(t.Context(), c.chief, notice.Writing{SessionID: c.id + 99, Body: "演示", CommandID: uuid.New()})
			return err
		}, db.NotFound},
		"no command": {func() error {
			_, err := c.notices.Write(t.Context(), c.chief, notice.Writing{SessionID: c.id, Body: "演示"})
			return err
		}, db.Invalid},
	} {
		if err := x.do(); db.KindOf(err) != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.must(c.db.Owner.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `UPDATE clinic_session SET state = 'closed' WHERE id = $1`, c.id)
	}))
	if _, err := c.write(c.chief, "演示"); db.KindOf(err) != db.Conflict {
		t.Errorf("after closing: %v", err)
	}
}

// The same command twice is one notice; of many who write at once, three get room.
func TestNoticesAtOnce(t *testing.T) {
	c := newClinic(t)
	in := notice.Writing{SessionID: c.id, Body: "演示", CommandID: uuid.New()}
	first, err := c.notices.Write(t.Context(), c.chief, in)
	c.must(err)
	if again, err := c.notices.Write(t.Context(), c.chief, in); err != nil || again != first {
		t.Errorf("the same again: %d and %d, %v", first, again, err)
	}
	var done atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			switch _, err := c.write(c.chief, "演示"); db.KindOf(err) {
			case "":
				done.Add(1)
			case db.Conflict:
			default:
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if list, err := notice.Board(t.Context(), c.db.App, c.id); err != nil || len(list) != 3 || done.Load() != 2 {
		t.Errorf("%d on the board, %d written, %v", len(list), done.Load(), err)
	}
}
