package reporting_test

import (
	"testing"

	"jingfang/reporting"
	"jingfang/sql/dbtest"
)

// A report is titled by the days that it is of, whatever it was asked for as.
func TestReportIsTitledByItsPeriod(t *testing.T) {
	d := dbtest.New(t)
	for want, p := range map[string]reporting.Period{
		"日报":      {From: date(2025, 3, 9), To: date(2025, 3, 9)},
		"月报":      reporting.MonthOf(date(2024, 2, 9)),
		"年报":      reporting.YearOf(date(2025, 3, 9)),
		"月报（未满月）": {From: date(2025, 3, 1), To: date(2025, 3, 30)},
		"收发报表":    {From: date(2025, 3, 2), To: date(2025, 3, 31)},
	} {
		if got := p.ReportWord(); got != want {
			t.Errorf("%s is called %s, want %s", p.Words(), got, want)
		}
		x, err := reporting.ReadReport(t.Context(), d.App, reporting.ReportMonth, p, 0)
		if err != nil || x.Title != "精防药房"+want {
			t.Errorf("%s is titled %q (%v), want %s", p.Words(), x.Title, err, want)
		}
	}
	for _, p := range []reporting.Period{{From: date(2025, 3, 2), To: date(2025, 4, 1)}, {From: date(2025, 1, 1), To: date(2025, 3, 31)}, {From: date(2024, 12, 31), To: date(2025, 12, 30)}} {
		if got := p.ReportWord(); got != "收发报表" {
			t.Errorf("%s is called %s", p.Words(), got)
		}
	}
}
