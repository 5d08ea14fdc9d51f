package inventory_test

import (
	"context"
	"testing"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// aged fills a pharmacy with packs that were received, taken along and
// dispensed over the years, and some on the shelf.
func aged(b *testing.B, dispensed, shelf int) *shop {
	b.Helper()
	s := newShop(b)
	const packs = `INSERT INTO pack (code, drug_id, state, units_total, units_left, units_given, expires_on, session_id, created_at, changed_at)
SELECT '8112345' || lpad((n + $1::bigint)::text, 13, '0'), $2::bigint, $3::text, 20, 20 - $4::bigint, $4::bigint, '2028-01-01', NULLIF($5::bigint, 0), now(), now()
FROM (SELECT generate_series(1, $6::bigint) AS n) x`
	const moves = `INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, from_session_id, to_session_id, at, how)
SELECT $1::text, id, 20, $2::text, $3::text, $4::bigint, NULLIF($5::bigint, 0), NULLIF($6::bigint, 0), now(), 'scanned' FROM pack WHERE state = $7::text OR $7::text = ''`
	err := s.Owner.InTx(b.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []struct {
			text string
			args []any
		}{
			{packs, []any{0, s.drug1, "dispensed", 20, 7, dispensed}}, {packs, []any{dispensed, s.drug1, "in_store", 0, 0, shelf}},
			{moves, []any{"receive", "", "in_store", 20, 0, 0, ""}}, {moves, []any{"allocate", "in_store", "allocated", 20, 0, 7, "dispensed"}},
			{moves, []any{"dispense", "allocated", "dispensed", 0, 7, 7, "dispensed"}},
		} {
			if _, err := tx.Exec(ctx, q.text, q.args...); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `ANALYZE`)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func BenchmarkStoreStockAmong200000(b *testing.B) {
	s := aged(b, 200_000, 10_000)
	for b.Loop() {
		lines, err := inventory.StoreStock(b.Context(), s.App, s.App.Now())
		if err != nil || len(lines) != 1 || lines[0].Packs != 10_000 {
			b.Fatal(lines, err)
		}
	}
}

func BenchmarkVerifyStock(b *testing.B) {
	s := aged(b, 200_000, 10_000)
	for b.Loop() {
		check, err := inventory.VerifyStock(b.Context(), s.App, nil)
		if err != nil || check.First != nil || check.Movements != 610_000 {
			b.Fatal(check, err)
		}
	}
}
