package wire

import (
	"errors"
	"strconv"
	"testing"
	"time"
)

func TestNonceCacheIsBounded(t *testing.T) {
	now := time.Unix(1_772_424_000, 0)
	c := newNonceCache(func() time.Time { return now })
	c.limit = 100
	for i := range 100 {
		if err := c.add(strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.add("one more"); !errors.Is(err, ErrBusy) {
		t.Fatalf("a full cache answered %v", err)
	}
	now = now.Add(2 * Window)
	if err := c.add("one more"); err != nil {
		t.Errorf("a new generation answered %v", err)
	}
	if err := c.add("7"); !errors.Is(err, ErrReplay) {
		t.Errorf("the older generation was forgotten: %v", err)
	}
	now = now.Add(5 * Window)
	if err := c.add("7"); err != nil || len(c.old) != 0 {
		t.Errorf("nonces are kept for ever: %v, %d old", err, len(c.old))
	}
}
