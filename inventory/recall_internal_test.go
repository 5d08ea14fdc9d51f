package inventory

import (
	"slices"
	"testing"
	"time"
)

func TestRecallOf(t *testing.T) {
	open := []openRecall{{ID: 7, DrugID: 1}, {ID: 3, DrugID: 2, Batch: "B1"}, {ID: 5, Code: "81123450000000000001"}, {ID: 9, DrugID: 2, Batch: "B1"}}
	for _, c := range []struct {
		name        string
		drug        int64
		batch, code string
		want        int64
	}{
		{"any batch of the drug", 1, "X", "c", 7},
		{"a box without a batch of a recalled drug", 1, "", "c", 7},
		{"the batch, the first of two recalls", 2, "B1", "c", 3},
		{"another batch", 2, "B2", "c", 0},
		{"no batch known", 2, "", "c", 0},
		{"batches are compared to the letter", 2, "b1", "c", 0},
		{"the code, whatever the drug", 4, "", "81123450000000000001", 5},
		{"drug and code: the first", 1, "", "81123450000000000001", 5},
		{"another code", 4, "", "81123450000000000002", 0},
		{"another drug", 3, "B1", "c", 0},
	} {
		if got := recallOf(open, c.drug, c.batch, c.code); got != c.want {
			t.Errorf("%s: recall %d, want %d", c.name, got, c.want)
		}
	}
}

func TestNearBatches(t *testing.T) {
	known := []string{"A2403", "B-2403", "B24031", "B2430", "C9999", "批2403"}
	for typed, want := range map[string][]string{
		"B2403":  {"B-2403", "A2403", "B24031", "批2403", "B2430"},
		"ｂ２４０３１": {"B24031", "B-2403", "A2403", "B2430", "批2403"},
		"ZZ":     nil,
	} {
		if got := nearBatches(typed, known); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", typed, got, want)
		}
	}
}

func TestRecallWindows(t *testing.T) {
	want := []time.Duration{24 * time.Hour, 48 * time.Hour, 72 * time.Hour}
	for i, c := range RecallClasses() {
		if c.Window() != want[i] {
			t.Errorf("%s: %v", c, c.Window())
		}
	}
	if RecallClass("四级").Window() != 0 {
		t.Error("a class that does not exist has a window")
	}
}

// While a recall is in force its boxes stay apart; the rule holds for who would
// release one by hand too.
func TestRecalledPacksAreNotReleased(t *testing.T) {
	p := PackFacts{State: StateQuarantined, Content: 20, Remainder: 20, Recalled: true}
	if _, _, err := Apply(p, Move{Kind: MoveRelease}); err == nil || err.(*MoveError).Kind != KindRecalled {
		t.Errorf("released: %v", err)
	}
	p.Recalled, p.Expiry = false, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	if after, _, err := Apply(p, Move{Kind: MoveRelease, At: time.Now()}); err != nil || after.State != StateInStore {
		t.Errorf("a lifted one: %v", err)
	}
}
