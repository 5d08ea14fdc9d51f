package inventory_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// A box that is let in while a recall begins is either seen by the recall or sees
// it: here it came first and has not committed, and the recall waits for it.
func TestARecallWaitsForABoxOnItsWay(t *testing.T) {
	s := newShop(t)
	id := s.take(t, transfer("R1", 1, 1))
	s.scan(t, id, code(prefix1, 1)+"\n"+code(prefix2, 1))
	s.sessionWith(t, 7, code(prefix2, 1))
	err := s.Owner.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.ExecOne(ctx, `INSERT INTO staff (id, username, name, created_at) VALUES (3, 'recaller', '演示药师', $1)`, tx.Now)
	})
	if err != nil {
		t.Fatal(err)
	}
	box, err := inventory.ParseTraceCode(code(prefix1, 9))
	if err != nil {
		t.Fatal(err)
	}
	entered, commit := make(chan struct{}), make(chan struct{})
	came := make(chan error, 1)
	go func() {
		came <- s.App.InTx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
			known, err := inventory.FindPrefixes(ctx, tx, []string{box.Prefix()})
			if err != nil {
				return err
			}
			e := inventory.Entry{Move: inventory.Move{Session: 7}, How: inventory.HowScanned, Reason: "现场放行"}
			if _, err := inventory.EnterLetIn(ctx, tx, pharmacist(), box, known[box.Prefix()], e); err != nil {
				return err
			}
			close(entered)
			<-commit
			return nil
		})
	}()
	select {
	case <-entered:
	case err := <-came:
		t.Fatal(err)
	}
	type outcome struct {
		inventory.RecallStarted
		err error
	}
	recalled := make(chan outcome, 1)
	go func() {
		done, err := s.StartRecall(context.Background(), someone(3, identity.Pharmacist), inventory.Recalling{CommandID: uuid.New(), Class: inventory.RecallFirst,
			DrugID: s.drug1, Reason: "演示", SourceNo: "演召1"})
		recalled <- outcome{done, err}
	}()
	s.untilSomebodyWaits(t)
	close(commit)
	if err := <-came; err != nil {
		t.Fatal(err)
	}
	if got := <-recalled; got.err != nil || got.Frozen != 1 || got.SetApart != 1 {
		t.Errorf("the recall froze %d boxes of the trays and set %d of the store apart: %v", got.Frozen, got.SetApart, got.err)
	}
}
