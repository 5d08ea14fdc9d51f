package reporting_test

import (
	"testing"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
)

// A made history is right in every respect that the nightly check looks at, and has
// as many visits and boxes as were asked for.
func TestMadeHistoryAddsUp(t *testing.T) {
	d, h := reporting.Grown(t, inventory.History{First: date(2025, 1, 1), Clinics: 6 * inventory.HistoryClinics, Visits: 700, Packs: 2000, Shelf: 100})
	report, err := reporting.CheckStock(t.Context(), d.App, nil)
	if err != nil || report.Problem != "" || report.Packs != h.Packs {
		t.Fatalf("%+v, %v", report, err)
	}
	if r, err := session.VerifyRecords(t.Context(), d.App, 0); err != nil || r.Problem != "" || r.Records != int(h.Visits) || r.Chains != 2*int(h.Clinics) {
		t.Errorf("%+v, %v", r, err)
	}
	one, err := reporting.ReadSessionReport(t.Context(), d.App, h.FirstSession+3)
	if err != nil || one.Main.Problem != "" || one.Main.Length == 0 || len(one.Differences) != 0 || one.Visits[0].Record != 1 {
		t.Errorf("%+v %v, %v", one.Main, one.Differences, err)
	}
	q := reporting.Question{Period: reporting.Period{From: date(2025, 1, 1), To: date(2025, 12, 31)}}
	v, err := reporting.ReadVisits(t.Context(), d.App, q, reporting.VisitsByMonth)
	if err != nil || v.Total.Visits != h.Visits || v.Total.Clinics != h.Clinics || len(v.Lines) != 6 || v.Total.Bare == 0 || v.Total.Home == 0 {
		t.Errorf("%+v, %v", v.Total, err)
	}
	u, err := reporting.ReadUse(t.Context(), d.App, q, reporting.UseByDrug)
	if err != nil || u.Total.Now.Whole != h.Packs-h.Shelf || u.Total.Now.Loose != 0 {
		t.Errorf("%+v, %v", u.Total, err)
	}
	l, err := reporting.ReadLedger(t.Context(), d.App, reporting.LedgerQuestion{From: date(2025, 1, 1), To: date(2025, 12, 31)})
	if err != nil || len(l.Wrong()) != 0 {
		t.Errorf("%v, %v", l.Wrong(), err)
	}
	var left int64
	for _, x := range l.Lines {
		left += x.Closing.Packs
	}
	if left != h.Shelf {
		t.Errorf("%d boxes left, want %d", left, h.Shelf)
	}
}
