package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"jingfang/sql/dbtest"
)

// A clock that is wrong is told, one that is right is not.
func TestAWrongClockIsTold(t *testing.T) {
	for _, x := range []struct {
		off  time.Duration
		told bool
	}{{0, false}, {5 * time.Minute, true}, {-5 * time.Minute, true}} {
		d := dbtest.With(t, dbtest.Options{Empty: true, Clock: func() time.Time { return time.Now().Add(x.off) }})
		var said bytes.Buffer
		if err := warnClock(t.Context(), slog.New(slog.NewTextHandler(&said, nil)), d.App); err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(said.String(), "校时"); told != x.told {
			t.Errorf("%s ahead: %q", x.off, said.String())
		}
	}
}
