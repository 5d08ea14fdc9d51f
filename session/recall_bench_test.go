package session_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
)

// millionPacks fills the ledger's rows with a million packs of twenty drugs in
// batches of 5,000, most of them handed out long ago, past every rule: what is
// measured is how the rows are found.
func (c *clinic) millionPacks() {
	c.t.Helper()
	c.must(c.db.App.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) SELECT 'BENCH' || n, '演示药' || n, '', 20, now() FROM generate_series(1, 20) n`)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO pack (code, drug_id, state, units_total, units_left, units_given, batch, expires_on, created_at, changed_at)
SELECT '84' || lpad(CAST(n AS text), 18, '0'), 2 + mod(n, 20), CASE WHEN mod(n, 10) = 0 THEN 'in_store' ELSE 'dispensed' END, 20, CASE WHEN mod(n, 10) = 0 THEN 20 ELSE 0 END,
  CASE WHEN mod(n, 10) = 0 THEN 0 ELSE 20 END, 'B' || div(CAST(n AS numeric), 100000), now() + interval '1 year', now(), now() FROM generate_series(1, 1000000) n`)
		return err
	}))
	c.must(c.db.Owner.InTx(c.ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `ANALYZE pack`)
		return err
	}))
}

// BenchmarkRecall is a recall of a batch of 5,000 packs among a million, all of them
// in the store, its preview, its lifting, and the list of what expires.
func BenchmarkRecall(b *testing.B) {
	c := newClinic(b, 1, 1, 1)
	c.millionPacks()
	scope := inventory.RecallScope{DrugID: 12, Batch: "B3"}
	reach, err := session.ReadRecallReach(c.ctx, c.db.App, scope)
	c.must(err)
	if reach.Packs != 5000 {
		b.Fatalf("the batch has %d packs", reach.Packs)
	}
	b.Run("preview", func(b *testing.B) {
		for b.Loop() {
			_, err := session.ReadRecallReach(c.ctx, c.db.App, scope)
			c.must(err)
		}
	})
	pharmacy, second := inventory.New(c.db.App), c.person("药师乙", "pharmacist")
	b.Run("start and lift", func(b *testing.B) {
		for b.Loop() {
			done, err := pharmacy.StartRecall(c.ctx, c.chief, inventory.Recalling{CommandID: uuid.New(), Class: inventory.RecallFirst, DrugID: 12, Batch: "B3", Reason: "演示", SourceNo: uuid.NewString()})
			c.must(err)
			b.ReportMetric(float64(done.SetApart), "set-apart")
			b.StopTimer()
			_, err = pharmacy.AskLift(c.ctx, c.chief, inventory.Lifting{RecallID: done.ID, CommandID: uuid.New(), Reason: "演示"})
			c.must(err)
			b.StartTimer()
			_, err = pharmacy.LiftRecall(c.ctx, second, inventory.Lifting{RecallID: done.ID, CommandID: uuid.New()})
			c.must(err)
		}
	})
	b.Run("expiring", func(b *testing.B) {
		for b.Loop() {
			_, err := session.ReadExpiring(c.ctx, c.db.App, c.db.App.Now(), nil)
			c.must(err)
		}
	})
}
