package inventory_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/sql/db"
)

func TestDrugCare(t *testing.T) {
	for _, x := range []struct {
		care inventory.Care
		want string
	}{
		{inventory.Care{}, ""},
		{inventory.Care{DepotDays: 28}, "长效针剂，每 28 天"},
		{inventory.Care{Check: "血常规", CheckDays: 30}, "血常规每 30 天"},
		{inventory.Care{DepotDays: 14, Check: "血锂浓度", CheckDays: 90}, "长效针剂，每 14 天 · 血锂浓度每 90 天"},
	} {
		if got := x.care.Text(); got != x.want {
			t.Errorf("%+v: %q", x.care, got)
		}
	}
}

func TestSetCare(t *testing.T) {
	s := newTally(t)
	set := func(c inventory.Care) error {
		_, err := s.SetCare(t.Context(), s.pharmacist, inventory.Caring{CommandID: uuid.New(), Care: c})
		return err
	}
	for name, x := range map[string]struct {
		care inventory.Care
		want db.Kind
	}{
		"no drug":            {inventory.Care{DepotDays: 28}, db.Invalid},
		"unknown drug":       {inventory.Care{DrugID: 99999, DepotDays: 28}, db.NotFound},
		"too long":           {inventory.Care{DrugID: s.drug1, DepotDays: 367}, db.Invalid},
		"negative":           {inventory.Care{DrugID: s.drug1, CheckDays: -1, Check: "血常规"}, db.Invalid},
		"check without days": {inventory.Care{DrugID: s.drug1, Check: "血常规"}, db.Invalid},
		"days without check": {inventory.Care{DrugID: s.drug1, CheckDays: 30, Check: "  "}, db.Invalid},
		"a name of 21 signs": {inventory.Care{DrugID: s.drug1, CheckDays: 30, Check: strings.Repeat("血", 21)}, db.Invalid},
	} {
		if err := set(x.care); db.KindOf(err) != x.want {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := s.SetCare(t.Context(), s.one, inventory.Caring{CommandID: uuid.New(), Care: inventory.Care{DrugID: s.drug1, DepotDays: 28}}); db.KindOf(err) != db.Denied {
		t.Errorf("an assistant: %v", err)
	}
	// Two at once: one row, and whoever comes second is told or overwrites.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := set(inventory.Care{DrugID: s.drug1, DepotDays: 28}); err != nil && db.KindOf(err) != db.Conflict {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	want := inventory.Care{DrugID: s.drug1, DepotDays: 14, Check: "血常规", CheckDays: 30}
	if err := set(want); err != nil {
		t.Fatal(err)
	}
	cares, err := inventory.DrugCares(t.Context(), s.App)
	if err != nil || len(cares) != 1 || cares[s.drug1] != want {
		t.Errorf("%+v, %v", cares, err)
	}
	if err := set(inventory.Care{DrugID: s.drug1}); err != nil {
		t.Fatal(err)
	}
	if cares, err = inventory.DrugCares(t.Context(), s.App); err != nil || len(cares) != 0 {
		t.Errorf("after the end: %+v, %v", cares, err)
	}
}
