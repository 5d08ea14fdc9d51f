package reporting_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"jingfang/reporting"
	"jingfang/session"
)

// What is written can be read back by another program: figures as figures, days
// as days, and nothing as a formula.
func TestExpiringSheet(t *testing.T) {
	list := []session.Expiring{{Generic: "=HYPERLINK(\"http://x\")", Spec: "", PackWord: "盒", UnitWord: "片", Batch: "-1+2", Days: -3,
		ExpiresOn: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), Packs: 12, Loose: 5,
		Places: []session.ExpiringPlace{{Name: "药房", Packs: 10, Loose: 5}, {Name: "@演示新华 11月23日", Packs: 2}}}}
	made := reporting.Made{By: "演示药师", At: time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC)}
	var b bytes.Buffer
	if err := reporting.WriteExpiringSheet(&b, list, made); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := f.GetRows("近效期药品")
	if err != nil || len(rows) != 5 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if rows[1][0] != "制表：演示药师　2026-11-23 09:02:03" {
		t.Errorf("who and when: %s", rows[1][0])
	}
	for cell, want := range map[string]string{"A4": `'=HYPERLINK("http://x")`, "B4": "'-1+2", "C4": "2026-11-20", "D4": "-3", "E5": "'@演示新华 11月23日", "F4": "10", "H4": "5"} {
		got, err := f.GetCellValue("近效期药品", cell)
		if err != nil || got != want {
			t.Errorf("%s is %q, want %q, %v", cell, got, want, err)
		}
		if formula, _ := f.GetCellFormula("近效期药品", cell); formula != "" {
			t.Errorf("%s has the formula %q", cell, formula)
		}
	}
	for cell, want := range map[string]excelize.CellType{"A4": excelize.CellTypeInlineString, "F4": excelize.CellTypeUnset, "D4": excelize.CellTypeUnset} {
		if got, _ := f.GetCellType("近效期药品", cell); got != want {
			t.Errorf("%s has the type %v, want %v", cell, got, want)
		}
	}
	panes, err := f.GetPanes("近效期药品")
	if err != nil || !panes.Freeze || panes.YSplit != 3 {
		t.Errorf("the head does not stay: %+v %v", panes, err)
	}
}
