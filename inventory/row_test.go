package inventory_test

import (
	"context"
	"fmt"
	"testing"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/dbtest"
)

// someone holds one role everywhere.
func someone(id int64, role identity.Role) identity.Actor {
	return identity.Actor{StaffID: id, Username: fmt.Sprintf("u%d", id), Name: "演示人员", Device: "测试",
		Grants: []identity.Grant{{Role: role}}}
}

func pharmacist() identity.Actor { return someone(1, identity.Pharmacist) }

// addDrug writes a drug past the use cases.
func addDrug(t testing.TB, d *dbtest.DB, hisCode, prefix string) int64 {
	t.Helper()
	var id int64
	err := d.App.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		err := tx.Get(ctx, &id, `INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at)
VALUES ($1, $2, '1mg×20片', 20, $3) RETURNING id`, hisCode, "演示药"+hisCode, tx.Now)
		if err != nil {
			return err
		}
		return tx.ExecOne(ctx, `INSERT INTO drug_prefix (prefix, drug_id, units, taught_at) VALUES ($1, $2, 20, $3)`, prefix, id, tx.Now)
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// code is a trace code of 20 digits below the prefix.
func code(prefix string, n int) string { return fmt.Sprintf("%s%013d", prefix, n) }

// stocked writes packs in the store with their opening movements.
func stocked(t testing.TB, d *dbtest.DB, drug int64, codes ...string) {
	t.Helper()
	err := d.App.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		for _, c := range codes {
			var id int64
			err := tx.Get(ctx, &id, `INSERT INTO pack (code, drug_id, state, units_total, units_left, created_at, changed_at)
VALUES ($1, $2, 'in_store', 20, 20, $3, $3) RETURNING id`, c, drug, tx.Now)
			if err != nil {
				return err
			}
			err = tx.ExecOne(ctx, `INSERT INTO movement (kind, pack_id, quantity, from_state, to_state, units_after, at, how)
VALUES ('opening', $1, 20, '', 'in_store', 20, $2, 'scanned')`, id, tx.Now)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// moveAll locks the packs of the codes and moves them in one step.
func moveAll(ctx context.Context, d *db.DB, codes []string, e inventory.Entry) (steps []inventory.Step, err error) {
	err = d.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		held, err := inventory.LockPacks(ctx, tx, codes)
		if err != nil {
			return err
		}
		var packs []*inventory.Pack
		for _, c := range codes {
			packs = append(packs, held[c])
		}
		steps, err = inventory.WriteAll(ctx, tx, pharmacist(), packs, e)
		return err
	})
	return steps, err
}

func countOf(t testing.TB, r db.Reader, query string, args ...any) (n int) {
	t.Helper()
	if err := r.Get(t.Context(), &n, query, args...); err != nil {
		t.Fatal(err)
	}
	return n
}

// tamper changes a row past every rule, as somebody with the database would.
func tamper(t testing.TB, d *dbtest.DB, query string, args ...any) {
	t.Helper()
	err := d.Owner.InTx(t.Context(), func(ctx context.Context, tx *db.Tx) error { return tx.ExecOne(ctx, query, args...) })
	if err != nil {
		t.Fatal(err)
	}
}
