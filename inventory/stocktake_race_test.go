package inventory_test

import (
	"sync"
	"testing"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// Two people approve at once: one does, the other is told so, and every
// adjustment is made once.
func TestStocktakeApprovedTwice(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 6)
	s.start(t)
	s.seen(t, s.one, c[0])
	r, _ := s.submit(t)
	s.explain(t, r, true)
	errs := make(chan error)
	for _, step := range []inventory.CountStep{s.approving(1), s.approving(1), s.approving(1)} {
		by := s.manager
		if step.CommandID[0]%2 == 0 {
			by = s.pharmacist
		}
		go func() {
			_, err := s.ApproveStocktake(t.Context(), by, step)
			errs <- err
		}()
	}
	won := 0
	for range 3 {
		if err := <-errs; err == nil {
			won++
		} else {
			wantKind(t, err, db.Conflict, "审核")
		}
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM movement WHERE kind = 'lose'`); won != 1 || n != 5 {
		t.Errorf("%d approvals, %d losses", won, n)
	}
	s.clean(t)
}

// A box is packed for a session while the count that misses it is approved: either
// it is lost, and cannot be packed, or it is packed, and is dropped from the count.
func TestStocktakeApprovedWhileBoxesMove(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 20)
	s.start(t)
	s.seen(t, s.one, c[0])
	r, _ := s.submit(t)
	s.explain(t, r, true)
	var wait sync.WaitGroup
	packed := make([]bool, len(c))
	for i := 1; i < len(c); i++ {
		wait.Go(func() {
			e := inventory.Entry{Move: inventory.Move{Kind: inventory.MoveAllocate, Session: 7}, How: inventory.HowScanned}
			_, err := one(t.Context(), s.App, c[i], e)
			packed[i] = err == nil
		})
	}
	var done inventory.CountStepped
	wait.Go(func() {
		var err error
		if done, err = s.ApproveStocktake(t.Context(), s.manager, s.approving(1)); err != nil {
			t.Error(err)
		}
	})
	wait.Wait()
	lost, moved := 0, 0
	for i := 1; i < len(c); i++ {
		switch p := s.state(t, c[i]); {
		case packed[i] && p.State == inventory.StateAllocated:
			moved++
		case !packed[i] && p.State == inventory.StateLost:
			lost++
		default:
			t.Errorf("%s is %s, packed %t", c[i], p.State, packed[i])
		}
	}
	if done.Adjusted != lost || done.Dropped != moved {
		t.Errorf("adjusted %d of %d, dropped %d of %d", done.Adjusted, lost, done.Dropped, moved)
	}
	s.clean(t)
}

// A scan while the count is handed in: it is in, or it is refused; never between.
func TestStocktakeSubmittedWhileScanned(t *testing.T) {
	s := newTally(t)
	c := s.fill(t, prefix1, 30)
	s.start(t)
	s.seen(t, s.one, c[0])
	var wait sync.WaitGroup
	taken := make([]bool, len(c))
	taken[0] = true
	for i := 1; i < len(c); i++ {
		wait.Go(func() {
			_, err := s.CountCodes(t.Context(), s.two, s.scanning(c[i]))
			if taken[i] = err == nil; err != nil {
				wantKind(t, err, db.Conflict, "不能再扫")
			}
		})
	}
	wait.Go(func() {
		if _, err := s.SubmitStocktake(t.Context(), s.one, s.step("")); err != nil {
			t.Error(err)
		}
	})
	wait.Wait()
	r, _ := s.result(t)
	missing := map[string]bool{}
	for _, d := range r.Differences {
		missing[d.Code] = true
	}
	for i, x := range c {
		if missing[x] == taken[i] {
			t.Errorf("%s: taken %t, missing %t", x, taken[i], missing[x])
		}
	}
}
