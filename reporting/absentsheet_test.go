package reporting_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"jingfang/reporting"
	"jingfang/session"
)

// A name that looks like a formula stays a text; figures are figures, and who is
// not named has an empty cell.
func TestAbsentSheet(t *testing.T) {
	today := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	last, next := today.AddDate(0, 0, -30), today.AddDate(0, 0, -2)
	paper := reporting.AbsentPaper{Title: "未取药", Today: today, Names: map[int64]string{1: "=1+1"}, Phones: map[int64]string{1: "+8600000"},
		List: []session.Due{{PatientID: 1, Number: "000012", HomeSite: "@演示新华", LastOn: &last, Days: 28, NextDue: &next},
			{PatientID: 2, Number: "000013", HomeSite: "演示广兴", Visit: 4}}}
	var b bytes.Buffer
	if err := reporting.WriteAbsentSheet(&b, paper, reporting.Made{By: "演示药师", At: today}); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	for cell, want := range map[string]string{"A4": "000012", "B4": "'=1+1", "C4": "'+8600000", "D4": "'@演示新华", "E4": "2026-10-24", "F4": "28", "G4": "-2", "H4": "2026-11-21", "I4": "2",
		"J4": "", "A5": "000013", "B5": "", "C5": "", "E5": "", "G5": "", "I5": "0", "J5": "已来"} {
		got, err := f.GetCellValue("未取药", cell)
		if err != nil || got != want {
			t.Errorf("%s is %q, want %q, %v", cell, got, want, err)
		}
		if formula, _ := f.GetCellFormula("未取药", cell); formula != "" {
			t.Errorf("%s has the formula %q", cell, formula)
		}
	}
}
