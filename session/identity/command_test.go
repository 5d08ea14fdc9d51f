package identity_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

type scanAnswer struct {
	Kind string
	N    int
}

// run counts how often the business happens; it writes an audit row as its
// effect.
func (h *house) run(by identity.Actor, cmd identity.Command, n *atomic.Int64, fail error) (scanAnswer, bool, error) {
	return identity.RunCommand(ctx(), h.d, by, cmd, func(ctx context.Context, tx *db.Tx) (scanAnswer, error) {
		times := n.Add(1)
		if err := identity.Audit(ctx, tx, by, identity.Event{Name: "test.effect"}); err != nil {
			return scanAnswer{}, err
		}
		return scanAnswer{"ok", int(times)}, fail
	})
}

func TestRunCommand(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	h.person("other")
	by, other := h.login("doc").State.Actor, h.login("other").State.Actor
	var n atomic.Int64
	cmd := identity.Command{ID: uuid.New(), Kind: "dispense", Request: map[string]any{"codes": []string{"1", "2"}}}

	refusal := db.Refuse(db.Conflict, "此药已发出。")
	_, _, err := h.run(by, cmd, &n, refusal)
	if !errors.Is(err, refusal) {
		t.Fatalf("the refusal got lost: %v", err)
	}
	for i := range 3 {
		a, replayed, err := h.run(by, cmd, &n, nil)
		check(t, err)
		if a != (scanAnswer{"ok", 2}) || replayed != (i > 0) {
			t.Errorf("time %d: %+v replayed %v", i, a, replayed)
		}
	}
	if h.audited("test.effect", identity.OK) != 1 {
		t.Error("more than one effect")
	}
	changed := cmd
	changed.Request = map[string]any{"codes": []string{"1"}}
	_, _, err = h.run(by, changed, &n, nil)
	wantKind(t, err, db.Conflict)
	changed = cmd
	changed.Kind = "undo"
	_, _, err = h.run(by, changed, &n, nil)
	wantKind(t, err, db.Conflict)
	_, _, err = h.run(by, identity.Command{Kind: "dispense"}, &n, nil)
	wantKind(t, err, db.Invalid)
	if _, replayed, err := h.run(other, cmd, &n, nil); err != nil || replayed {
		t.Errorf("another person's command with the same id: %v %v", replayed, err)
	}
	if got := n.Load(); got != 3 {
		t.Errorf("the business ran %d times, want 3", got)
	}
}

func TestRunCommandConcurrent(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	by := h.login("doc").State.Actor
	var n, fresh atomic.Int64
	cmd := identity.Command{ID: uuid.New(), Kind: "dispense", Request: "x"}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			a, replayed, err := h.run(by, cmd, &n, nil)
			if err != nil || a.Kind != "ok" || a.N != 1 {
				t.Errorf("%+v %v", a, err)
			}
			if !replayed {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	if n.Load() != 1 || fresh.Load() != 1 || h.audited("test.effect", identity.OK) != 1 {
		t.Errorf("ran %d times, %d fresh answers", n.Load(), fresh.Load())
	}
}

func BenchmarkRunCommandWithAudit(b *testing.B) {
	h := newHouse(b)
	h.person("doc")
	by := h.login("doc").State.Actor
	var n atomic.Int64
	for b.Loop() {
		if _, _, err := h.run(by, identity.Command{ID: uuid.New(), Kind: "dispense", Request: "x"}, &n, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func TestSweepCommands(t *testing.T) {
	h := newHouse(t)
	h.person("doc")
	by := h.login("doc").State.Actor
	var n atomic.Int64
	old, young := identity.Command{ID: uuid.New(), Kind: "old"}, identity.Command{ID: uuid.New(), Kind: "young"}
	_, _, err := h.run(by, old, &n, nil)
	check(t, err)
	h.clock.forward(identity.KeepCommands + time.Hour)
	_, _, err = h.run(by, young, &n, nil)
	check(t, err)
	gone, err := h.SweepCommands(ctx())
	check(t, err)
	if _, replayed, err := h.run(by, young, &n, nil); gone != 1 || !replayed || err != nil {
		t.Errorf("%d gone, replayed %v, %v", gone, replayed, err)
	}
}
