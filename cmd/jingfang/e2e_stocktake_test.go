package main

import (
	"fmt"
	"testing"
)

// counts are the demo's counts, as a program reads them.
type countsJSON struct {
	Open, Done []struct {
		ID int64 `json:"id"`
	}
}

func (w *world) readCounts(t *testing.T) (c countsJSON) {
	t.Helper()
	person(t, w.URL, "pharmacist").get("/stocktakes").json(t, &c)
	return c
}

// endedCount is the number of a count that was approved.
func (w *world) endedCount(t *testing.T) string {
	t.Helper()
	c := w.readCounts(t)
	return fmt.Sprint(c.Done[len(c.Done)-1].ID)
}

// openCount is the number of a count that is going on.
func (w *world) openCount(t *testing.T) string {
	t.Helper()
	return fmt.Sprint(w.readCounts(t).Open[0].ID)
}
