package main

import (
	"testing"
	"time"

	"jingfang/reporting"
	"jingfang/sql/dbtest"
)

func TestTheNightIsQuiet(t *testing.T) {
	for at, want := range map[string]bool{"01:59": false, "02:00": true, "04:59": true, "05:00": false, "12:00": false, "17:30": false} {
		now, err := time.Parse("2006-01-02 15:04 -0700", "2026-11-23 "+at+" +0800")
		if err != nil {
			t.Fatal(err)
		}
		if quiet(now) != want || quiet(now.UTC()) != want {
			t.Errorf("%s in Shanghai: %v", at, quiet(now))
		}
	}
}

// A night has one check, whichever server is first, and by day there is none.
func TestTheStockIsCheckedOnceANight(t *testing.T) {
	h := startDemo(t, twoUsers(t, dbtest.Options{}))
	a := (&world{runningHouse: h}).second(t)
	if err := a.checkTonight(t.Context()); err != nil {
		t.Fatal(err)
	}
	by, err := reporting.LastStockChecks(t.Context(), h.base.App, 5)
	if err != nil {
		t.Fatal(err)
	}
	if quiet(a.db.Now()) != (len(by) == 1) {
		t.Errorf("%d checks at %s", len(by), a.db.Now())
	}
}
