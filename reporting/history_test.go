package reporting_test

import (
	"context"
	"testing"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// A made history is right in every respect that the nightly check looks at, and has
// as many visits and boxes as were asked for.
func TestMadeHistoryAddsUp(t *testing.T) {
	d := dbtest.New(t)
	do := func(f func(ctx context.Context, tx *db.Tx) error) {
		t.Helper()
		if err := d.Owner.InTx(t.Context(), f); err != nil {
			t.Fatal(err)
		}
	}
	exec := func(query string) {
		t.Helper()
		do(func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, query); return err })
	}
	exec(`INSERT INTO site (code, name, district, created_at) SELECT 'S' || g, '演示社区' || g, '演示', now() FROM generate_series(10, 34) g`)
	exec(`INSERT INTO staff (username, name, created_at) VALUES ('doctor1', '演示医生甲', now()), ('doctor2', '演示医生乙', now())`)
	exec(`INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) SELECT 'D' || g, '演示药' || g, '1mg', 20 + g % 3, now() FROM generate_series(1, 20) g`)
	exec(`INSERT INTO drug_prefix (prefix, drug_id, units, taught_at) SELECT lpad(CAST(8000000 + id AS text), 7, '0'), id, units_per_pack, now() FROM drug`)
	exec(`INSERT INTO patient (number, name, home_site_id, state, created_at, changed_at) SELECT lpad(CAST(s.id * 100 + g AS text), 12, '9'), '演示患者', s.id, 'active', now(), now() FROM site s, generate_series(1, 40) g`)
	var sites, doctors []int64
	if err := d.App.Select(t.Context(), &sites, `SELECT id FROM site ORDER BY code`); err != nil {
		t.Fatal(err)
	}
	if err := d.App.Select(t.Context(), &doctors, `SELECT id FROM staff ORDER BY id`); err != nil {
		t.Fatal(err)
	}
	h := inventory.History{First: date(2025, 1, 1), Clinics: 6 * inventory.HistoryClinics, Visits: 700, Packs: 2000, Shelf: 100, StaffID: doctors[0]}
	do(func(ctx context.Context, tx *db.Tx) (err error) {
		h, err = session.GrowClinics(ctx, tx, h, sites)
		return err
	})
	for i := range int64(2) {
		do(func(ctx context.Context, tx *db.Tx) error {
			return session.GrowVisits(ctx, tx, h, doctors, i*350, (i+1)*350)
		})
	}
	do(func(ctx context.Context, tx *db.Tx) error { return inventory.GrowPacks(ctx, tx, h, 0, h.Packs) })
	do(func(ctx context.Context, tx *db.Tx) error { return session.GrowRosters(ctx, tx, h, 0, h.Clinics) })
	do(func(ctx context.Context, tx *db.Tx) error { return session.GrowLines(ctx, tx, h, 0, h.Clinics) })
	for i := range int64(2) {
		do(func(ctx context.Context, tx *db.Tx) error {
			return session.GrowRecords(ctx, tx, h, i*h.Clinics/2, (i+1)*h.Clinics/2)
		})
	}
	for _, sum := range []func() error{
		func() error { _, err := reporting.SumLedger(t.Context(), d.App); return err },
		func() error { _, err := reporting.SumClinics(t.Context(), d.App); return err },
	} {
		if err := sum(); err != nil {
			t.Fatal(err)
		}
	}
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
