package inventory_test

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// crowded puts n boxes with 3 movements each on the shelf.
func (s *tally) crowded(t testing.TB, n int) []string {
	t.Helper()
	codes := make([]string, n)
	for i := range codes {
		codes[i] = code(prefix1, i+1)
	}
	err := s.App.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO pack (code, drug_id, state, units_total, units_left, created_at, changed_at)
SELECT $2::text || lpad(i::text, 13, '0'), $1::bigint, 'in_store', 20, 20, $4::timestamptz, $4::timestamptz FROM generate_series(1, $3::integer) i`, s.drug1, prefix1, n, tx.Now)
		if err != nil {
			return err
		}
		for _, m := range [][3]string{{"opening", "", "in_store"}, {"allocate", "in_store", "allocated"}, {"come_home", "allocated", "in_store"}} {
			_, err := tx.Exec(ctx, `INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, at, how)
SELECT $1::text, id, 20, $2::text, $3::text, 20, $4::timestamptz, 'scanned' FROM pack`, m[0], m[1], m[2], tx.Now)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return codes
}

// BenchmarkStocktakeSubmit hands in a count of 20,000 boxes of which nearly all
// were scanned and 200 are missing.
func BenchmarkStocktakeSubmit(b *testing.B) {
	s := newTally(b)
	codes := s.crowded(b, 20_000)
	for b.Loop() {
		b.StopTimer()
		s.start(b)
		for from := 0; from < len(codes)-200; from += inventory.MaxCount {
			s.seen(b, s.one, codes[from:min(from+inventory.MaxCount, len(codes)-200)]...)
		}
		b.StartTimer()
		a, err := s.SubmitStocktake(b.Context(), s.one, s.step(""))
		b.StopTimer()
		if err != nil || a.Differences != 200 {
			b.Fatalf("%+v %v", a, err)
		}
		if _, err := s.AbandonStocktake(b.Context(), s.one, s.step("演示")); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkStocktakeStart takes down 20,000 boxes.
func BenchmarkStocktakeStart(b *testing.B) {
	s := newTally(b)
	s.crowded(b, 20_000)
	for b.Loop() {
		s.start(b)
		b.StopTimer()
		if _, err := s.AbandonStocktake(b.Context(), s.one, s.step("演示")); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkStocktakeScan takes down 2,000 codes of one paste.
func BenchmarkStocktakeScan(b *testing.B) {
	s := newTally(b)
	codes := s.crowded(b, 20_000)
	s.start(b)
	for b.Loop() {
		s.seen(b, s.one, codes[:inventory.MaxCount]...)
		b.StopTimer()
		in := inventory.Recounting{StocktakeID: s.id, CommandID: uuid.New(), DrugID: s.drug1}
		if _, err := s.RecountDrug(b.Context(), s.one, in); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
