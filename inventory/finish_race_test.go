package inventory_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Whoever finishes a receipt while another is scanning waits for that scan, and
// then sees the box it refused: nobody signs for differences not seen.
func TestFinishingSeesTheBoxRefusedWhileItWaited(t *testing.T) {
	s := newShop(t)
	id := s.take(t, transfer("R1", 1, 1))
	s.scan(t, id, code(prefix1, 1)+"\n"+code(prefix2, 1))
	locked, waiting := make(chan struct{}), make(chan struct{})
	scanned := make(chan error, 1)
	go func() {
		// A scan that refuses a box, held open behind its lock.
		scanned <- s.App.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.Exec(ctx, `SELECT id FROM receipt WHERE id = $1 FOR NO KEY UPDATE`, id); err != nil {
				return err
			}
			close(locked)
			<-waiting
			return tx.ExecOne(ctx, `INSERT INTO receipt_refusal (receipt_id, raw, code, answer_kind, staff_id, at)
VALUES ($1, 'x', $2, 'not_on_receipt', 2, $3)`, id, code(prefix1, 2), tx.Now)
		})
	}()
	<-locked
	finished := make(chan error, 1)
	go func() {
		_, err := s.FinishReceipt(context.Background(), someone(3, identity.Assistant), inventory.Finishing{ReceiptID: id, CommandID: uuid.New()})
		finished <- err
	}()
	s.untilSomebodyWaits(t)
	close(waiting)
	if err := <-scanned; err != nil {
		t.Fatal(err)
	}
	if err := <-finished; db.KindOf(err) != db.Conflict {
		t.Errorf("finished with a difference nobody saw: %v", err)
	}
}

// untilSomebodyWaits returns once a transaction of the test's schema waits for a
// lock.
func (s *shop) untilSomebodyWaits(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for {
		n := countOf(t, s.Owner, `SELECT count(*) FROM pg_locks WHERE NOT granted`)
		if n > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("nobody waited")
		}
	}
}
