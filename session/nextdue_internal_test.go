package session

import (
	"testing"
	"time"
)

func TestNextDueRule(t *testing.T) {
	day := func(text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, x := range []struct {
		name, from, planned string
		clinicDay, days     int
		on, short           string
	}{
		{"the planned session", "2026-11-23", "2026-12-22", 21, 0, "2026-12-22", ""},
		{"the fixed day of next month", "2026-11-23", "", 21, 30, "2026-12-21", ""},
		{"over the year", "2026-12-21", "", 21, 0, "2027-01-21", ""},
		{"medicine ends before", "2026-11-02", "", 21, 28, "2026-12-21", "2026-11-30"},
		{"no fixed day", "2026-11-23", "", 0, 28, "2026-12-21", ""},
		{"nothing known", "2026-11-23", "", 0, 0, "", ""},
		{"from the end of January", "2026-01-31", "", 31, 0, "2026-02-27", ""},
	} {
		var planned *time.Time
		if x.planned != "" {
			at := day(x.planned)
			planned = &at
		}
		n := nextDue(day(x.from), planned, x.clinicDay, x.days)
		if !n.On.Equal(day(x.on)) || !n.Short.Equal(day(x.short)) {
			t.Errorf("%s: %s, short %s", x.name, n.On.Format(time.DateOnly), n.Short.Format(time.DateOnly))
		}
	}
}

func TestCollectorText(t *testing.T) {
	for _, x := range []struct{ collector, name, relation, want string }{
		{"self", "演示甲", "子女", ""},
		{"family", "演示甲", "子女", "演示甲（子女）"},
		{"family", "演示甲（子女）", "子女", "演示甲（子女）"},
		{"family", "", "配偶", "配偶"},
		{"village_doctor", "演示村医", "子女", "演示村医"},
		{"staff", " 演示护士 ", "", "演示护士"},
	} {
		e, err := Ending{Collector: x.collector, CollectorName: x.name, Relation: x.relation}.check()
		if err != nil || e.CollectorName != x.want {
			t.Errorf("%+v: %q, %v", x, e.CollectorName, err)
		}
	}
}
