package session_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

func TestEarlyRefillRule(t *testing.T) {
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, x := range []struct {
		name, on string
		days     int
		today    string
		early    bool
	}{
		{"the same day", "2026-11-23", 30, "2026-11-23", true},
		{"the same day, days not said", "2026-11-23", 0, "2026-11-23", true},
		{"half used", "2026-11-09", 30, "2026-11-23", true},
		{"eight days left, last month", "2026-10-31", 30, "2026-11-22", true},
		{"seven days left, last month", "2026-10-31", 30, "2026-11-23", false},
		{"six days left, this month", "2026-11-01", 28, "2026-11-23", true},
		{"used up, this month", "2026-11-01", 14, "2026-11-23", false},
		{"to the day, this month", "2026-11-01", 22, "2026-11-23", false},
		{"a month ago, days not said", "2026-10-26", 0, "2026-11-23", false},
		{"this month, days not said", "2026-11-01", 0, "2026-11-23", true},
		{"the same month of last year", "2025-11-23", 0, "2026-11-23", false},
		{"three months' supply", "2026-09-01", 90, "2026-10-26", true},
	} {
		s := session.Supply{On: day(x.on), Days: x.days}
		if got := s.Early(day(x.today)); got != x.early {
			t.Errorf("%s: early %v", x.name, got)
		}
	}
}

// again begins a visit of patient i and gives a box.
func (c *clinic) again(i int, code string) uuid.UUID {
	c.t.Helper()
	visit := c.start(c.doctors[0], i)
	c.scan(c.doctors[0], visit, code)
	return visit
}

func TestEarlyRefillIsNotedAndNeverBlocks(t *testing.T) {
	c := newClinic(t, 2, 2, 4)
	doctor := c.doctors[0]
	first := c.again(0, c.codes[0])
	in := session.Refilling{SessionID: c.session, Visit: first, CommandID: uuid.New(), DrugID: c.drug, Reason: "travel"}
	if _, err := c.svc.NoteEarlyRefill(c.ctx, doctor, in); db.KindOf(err) != db.Conflict {
		t.Errorf("a first supply: %v", err)
	}
	lines, err := session.VisitLines(c.ctx, c.db.App, first)
	c.must(err)
	c.dose(first, lines[0].PackID, 30, "")
	c.end(doctor, first)

	second := c.start(doctor, 0)
	v, err := session.FindVisit(c.ctx, c.db.App, c.session, second)
	c.must(err)
	list, err := session.LastSupplies(c.ctx, c.db.App, v)
	today := session.Today(time.Now())
	if err != nil || len(list) != 1 || !list[0].Early(today) || list[0].Here != 0 || list[0].Days != 30 || list[0].Given() != "1 盒" {
		t.Fatalf("%+v, %v", list, err)
	}
	in.Visit, in.CommandID = second, uuid.New()
	if _, err := c.svc.NoteEarlyRefill(c.ctx, doctor, in); db.KindOf(err) != db.Conflict {
		t.Errorf("before the box: %v", err)
	}
	if a := c.scan(doctor, second, c.codes[1]); a.Worst().Kind != inventory.KindOK {
		t.Fatalf("an early box is refused: %+v", a)
	}
	for _, reason := range []session.RefillReason{"", "because", "travel'"} {
		bad := in
		bad.CommandID, bad.Reason = uuid.New(), reason
		if _, err := c.svc.NoteEarlyRefill(c.ctx, doctor, bad); db.KindOf(err) != db.Invalid {
			t.Errorf("reason %q: %v", reason, err)
		}
	}
	other := in
	other.CommandID = uuid.New()
	if _, err := c.svc.NoteEarlyRefill(c.ctx, c.doctors[1], other); db.KindOf(err) != db.Conflict {
		t.Errorf("another doctor: %v", err)
	}
	for _, reason := range []session.RefillReason{"travel", "lost"} {
		in.CommandID, in.Reason = uuid.New(), reason
		_, err := c.svc.NoteEarlyRefill(c.ctx, doctor, in)
		c.must(err)
	}
	list, err = session.LastSupplies(c.ctx, c.db.App, v)
	if err != nil || list[0].Reason != "lost" || list[0].Here != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	c.end(doctor, second)
	in.CommandID = uuid.New()
	if _, err := c.svc.NoteEarlyRefill(c.ctx, doctor, in); db.KindOf(err) != db.Conflict {
		t.Errorf("after 诊毕: %v", err)
	}
}
