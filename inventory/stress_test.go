package inventory_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

func newID() uuid.UUID { return uuid.New() }

// Fifty people scan overlapping boxes into one receipt, listed and unlisted, each
// in another order: each box comes in once.
func TestFiftyPeopleScanTheSameBoxes(t *testing.T) {
	s := newShop(t)
	doc := transfer("R1", 60, 60)
	for i := range 60 {
		doc.Lines[0].Codes = append(doc.Lines[0].Codes, code(prefix1, i))
	}
	id := s.take(t, doc)
	var all []string
	for i := range 60 {
		all = append(all, code(prefix1, i), code(prefix2, i))
	}
	var wg sync.WaitGroup
	for n := range 50 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 1))
			var mine []string
			for _, i := range r.Perm(len(all))[:40] {
				mine = append(mine, all[i])
			}
			in := inventory.ReceiveScan{ReceiptID: id, CommandID: uuid.New(), Codes: strings.Join(mine, "\n")}
			if _, err := s.Receive(t.Context(), someone(int64(n+10), identity.Assistant), in); err != nil {
				t.Errorf("person %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	if n := countOf(t, s.App, `SELECT count(*) FROM movement WHERE kind = 'receive'`); n != 120 {
		t.Errorf("%d boxes came in, want 120", n)
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM (SELECT pack_id FROM movement WHERE kind = 'receive' GROUP BY pack_id HAVING count(*) > 1) x`); n != 0 {
		t.Errorf("%d boxes came in twice", n)
	}
	if n := countOf(t, s.App, `SELECT COALESCE(sum(quantity), 0) FROM movement WHERE kind = 'receive'`); n != 2400 {
		t.Errorf("%d units came in", n)
	}
	s.clean(t)
}

// The same new boxes go into two receipts at once: each comes in once, and the
// other receipt says so.
func TestTwoReceiptsRaceForNewBoxes(t *testing.T) {
	s := newShop(t)
	ids := []int64{s.take(t, transfer("R1", 100, 1)), s.take(t, transfer("R2", 100, 1))}
	var wg sync.WaitGroup
	for n := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 2))
			var mine []string
			for _, i := range r.Perm(100)[:50] {
				mine = append(mine, code(prefix1, i))
			}
			in := inventory.ReceiveScan{ReceiptID: ids[n%2], CommandID: uuid.New(), Codes: strings.Join(mine, "\n")}
			if _, err := s.Receive(t.Context(), someone(int64(n+10), identity.Assistant), in); err != nil {
				t.Errorf("person %d: %v", n, err)
			}
		})
	}
	wg.Wait()
	packs := countOf(t, s.App, `SELECT count(*) FROM pack`)
	if n := countOf(t, s.App, `SELECT count(*) FROM movement WHERE kind = 'receive'`); n != packs {
		t.Errorf("%d movements for %d boxes", n, packs)
	}
	s.clean(t)
}

func TestAScanReplayedGivesTheFirstAnswer(t *testing.T) {
	s := newShop(t)
	id := s.take(t, transfer("R1", 5, 5))
	in := inventory.ReceiveScan{ReceiptID: id, CommandID: uuid.New(), Codes: code(prefix1, 1) + "\n" + code(prefix2, 1) + "\n8199999" + strings.Repeat("1", 13)}
	var first string
	for range 3 {
		a, err := s.Receive(t.Context(), someone(2, identity.Assistant), in)
		if err != nil {
			t.Fatal(err)
		}
		body, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		if first == "" {
			first = string(body)
		}
		if string(body) != first {
			t.Errorf("another answer: %s", body)
		}
	}
	if n := countOf(t, s.App, `SELECT count(*) FROM movement`); n != 2 {
		t.Errorf("%d movements", n)
	}
	in.Codes = code(prefix1, 2)
	if _, err := s.Receive(t.Context(), someone(2, identity.Assistant), in); db.KindOf(err) != db.Conflict {
		t.Errorf("another request under the same id: %v", err)
	}
}

func TestReceivingIsFewStatements(t *testing.T) {
	s := newShop(t)
	doc := transfer("R1", 2000, 2000)
	var listed, unlisted []string
	for i := range 2000 {
		listed = append(listed, code(prefix1, i))
		unlisted = append(unlisted, code(prefix2, i))
	}
	doc.Lines[0].Codes = listed
	id := s.take(t, doc)
	mixed := slices.Concat(listed[:900], unlisted[:900], []string{code("8199999", 1), code("8199999", 2)})
	for _, c := range []struct{ name, codes string }{
		{"mixed with unknown boxes", strings.Join(mixed, "\n")}, {"listed", strings.Join(listed, "\n")},
		{"unlisted", strings.Join(unlisted, "\n")}, {"again", strings.Join(listed, "\n")},
	} {
		name, codes := c.name, c.codes
		ctx, counter := db.WithCounter(t.Context())
		began := time.Now()
		_, err := s.Receive(ctx, someone(2, identity.Assistant), inventory.ReceiveScan{ReceiptID: id, CommandID: uuid.New(), Codes: codes})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d codes in %v, %d statements", name, strings.Count(codes, "\n")+1, time.Since(began), counter.Count())
		if counter.Count() > 14 {
			t.Errorf("%s: %d statements", name, counter.Count())
		}
	}
	a, err := s.Receive(t.Context(), someone(2, identity.Assistant), inventory.ReceiveScan{ReceiptID: id, CommandID: uuid.New(),
		Codes: strings.Join(listed, "\n") + "\n" + unlisted[0]})
	if db.KindOf(err) != db.Invalid {
		t.Errorf("2,001 codes: %+v %v", a.Taken, err)
	}
	s.clean(t)
}

// BenchmarkReceive2000 is a batch reader with 2,000 boxes of one receipt.
func BenchmarkReceive2000(b *testing.B) {
	s := newShop(b)
	n := 0
	for b.Loop() {
		b.StopTimer()
		doc := transfer("R"+uuid.NewString()[:8], 2000, 1)
		var codes []string
		for range 2000 {
			n++
			codes = append(codes, code(prefix1, n))
		}
		id := s.take(b, doc)
		in := inventory.ReceiveScan{ReceiptID: id, CommandID: uuid.New(), Codes: strings.Join(codes, "\n")}
		b.StartTimer()
		if _, err := s.Receive(b.Context(), someone(2, identity.Assistant), in); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReceiveOne is a single scan into a receipt of 1,500 boxes.
func BenchmarkReceiveOne(b *testing.B) {
	s := newShop(b)
	doc := transfer("R1", 10000, 1500)
	id := s.take(b, doc)
	var codes []string
	for i := range 1500 {
		codes = append(codes, code(prefix2, i))
	}
	s.scan(b, id, strings.Join(codes, "\n"))
	n := 0
	for b.Loop() {
		n++
		s.scan(b, id, code(prefix1, n))
	}
}

func TestVerifyNamesTheFirstDifference(t *testing.T) {
	for name, c := range map[string]struct{ tamper, say string }{
		"state":     {`UPDATE pack SET state = 'lost' WHERE code = $1`, "丢失"},
		"remainder": {`UPDATE pack SET units_left = 19 WHERE code = $1`, "余 19"},
		"given":     {`UPDATE pack SET units_left = 10, units_given = 10 WHERE code = $1`, "患者手中 10"},
		"session":   {`UPDATE pack SET session_id = 4 WHERE code = $1`, "场次 4"},
		"no ledger": {`INSERT INTO pack (code, drug_id, state, units_total, units_left, created_at, changed_at)
SELECT $1::text || 'X', drug_id, 'in_store', 20, 20, created_at, changed_at FROM pack WHERE code = $1`, "没有任何流水"},
		"movement": {`INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, at, how)
SELECT 'dispense', id, 20, 'in_store', 'dispensed', 0, changed_at, 'scanned' FROM pack WHERE code = $1`, "发药"},
	} {
		s := newShop(t)
		id := s.take(t, transfer("R1", 5, 1))
		s.scan(t, id, code(prefix1, 1)+"\n"+code(prefix1, 2))
		s.clean(t)
		tamper(t, s.DB, c.tamper, code(prefix1, 2))
		check, err := inventory.VerifyStock(t.Context(), s.App, nil)
		if err != nil || check.First == nil || !strings.HasPrefix(check.First.Code, code(prefix1, 2)) || !strings.Contains(check.First.Problem, c.say) {
			t.Errorf("%s: %+v %v", name, check.First, err)
		}
	}
}
