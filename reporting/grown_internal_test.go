package reporting

import (
	"context"
	"testing"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// Grown makes a house of 25 sites and 20 drugs with a made history, whose sums are
// made and whose tables the database has looked at. of says how much; who did it and
// the first session are filled in.
func Grown(t *testing.T, of inventory.History) (*dbtest.DB, inventory.History) {
	t.Helper()
	d := dbtest.New(t)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do := func(f func(ctx context.Context, tx *db.Tx) error) { t.Helper(); must(d.Owner.InTx(t.Context(), f)) }
	for _, q := range []string{
		`INSERT INTO site (code, name, district, created_at) SELECT 'S' || g, '演示社区' || g, '演示', now() FROM generate_series(10, 34) g`,
		`INSERT INTO staff (username, name, created_at) VALUES ('doctor1', '演示医生甲', now()), ('doctor2', '演示医生乙', now())`,
		`INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) SELECT 'D' || g, '演示药' || g, '1mg', 20 + g % 3, now() FROM generate_series(1, 20) g`,
		`INSERT INTO drug_prefix (prefix, drug_id, units, taught_at) SELECT lpad(CAST(8000000 + id AS text), 7, '0'), id, units_per_pack, now() FROM drug`,
		`INSERT INTO patient (number, name, home_site_id, state, created_at, changed_at) SELECT lpad(CAST(s.id * 100 + g AS text), 12, '9'), '演示患者', s.id, 'active', now(), now() FROM site s, generate_series(1, 40) g`,
	} {
		do(func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, q); return err })
	}
	var sites, doctors []int64
	must(d.App.Select(t.Context(), &sites, `SELECT id FROM site ORDER BY code`))
	must(d.App.Select(t.Context(), &doctors, `SELECT id FROM staff ORDER BY id`))
	h := of
	h.StaffID = doctors[0]
	do(func(ctx context.Context, tx *db.Tx) (err error) {
		h, err = session.GrowClinics(ctx, tx, h, sites)
		return err
	})
	for i := range int64(2) {
		do(func(ctx context.Context, tx *db.Tx) error {
			return session.GrowVisits(ctx, tx, h, doctors, i*h.Visits/2, (i+1)*h.Visits/2)
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
	do(func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, `ANALYZE`); return err })
	_, err := SumLedger(t.Context(), d.App)
	must(err)
	_, err = SumClinics(t.Context(), d.App)
	must(err)
	do(func(ctx context.Context, tx *db.Tx) error { _, err := tx.Exec(ctx, `ANALYZE`); return err })
	return d, h
}
