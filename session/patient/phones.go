package patient

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Phones opens the telephone numbers of many patients for who may see sealed
// fields, for a list that is to be called. Opening them is one event of the audit
// that says what for and how many. Patients without a number are missing from the
// answer; numbers of patients at home where the actor may not see them too.
func (g *Registry) Phones(ctx context.Context, by identity.Actor, patients []int64, why string) (map[int64]string, error) {
	if err := identity.Allow(ctx, g.db, by, identity.UnmaskPatient, 0); err != nil {
		return nil, err
	}
	sites, all := by.Sites(identity.UnmaskPatient)
	var rows []struct {
		ID    int64  `db:"id"`
		Phone []byte `db:"phone_sealed"`
	}
	err := g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows = nil
		err := tx.Select(ctx, &rows, `SELECT id, phone_sealed FROM patient
WHERE id = ANY($1::bigint[]) AND phone_sealed IS NOT NULL AND ($2::boolean OR home_site_id = ANY($3::bigint[]))`, pq.Array(patients), all, pq.Array(sites))
		if err != nil {
			return fmt.Errorf("read sealed phones: %w", err)
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "patient.phones", ObjectKind: "list", ObjectID: why, Detail: fmt.Sprintf("patients=%d", len(rows))})
	})
	if err != nil {
		return nil, err
	}
	phones := make(map[int64]string, len(rows))
	for _, x := range rows {
		phone, err := g.open("phone", x.ID, x.Phone)
		if err != nil {
			return nil, err
		}
		if phone != "" {
			phones[x.ID] = phone
		}
	}
	return phones, nil
}
