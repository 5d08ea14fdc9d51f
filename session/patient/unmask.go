package patient

import (
	"context"
	"fmt"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Private is what is sealed on disk.
type Private struct {
	Paper   PaperKind
	PaperNo string
	Phone   string
	Address string
}

// Unmask opens the sealed fields of a patient for a person who may see them.
// The look itself is audited, before anything is shown.
func (g *Registry) Unmask(ctx context.Context, by identity.Actor, patientID int64) (Private, error) {
	p, err := ByID(ctx, g.db, patientID)
	if err != nil {
		return Private{}, err
	}
	if err := by.Can(identity.UnmaskPatient, p.HomeSiteID); err != nil {
		return Private{}, err
	}
	var row struct {
		Kind    PaperKind `db:"paper_kind"`
		Paper   []byte    `db:"paper_sealed"`
		Phone   []byte    `db:"phone_sealed"`
		Address []byte    `db:"address_sealed"`
	}
	err = g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.Get(ctx, &row, `SELECT paper_kind, paper_sealed, phone_sealed, address_sealed FROM patient WHERE id = $1`, patientID)
		if err != nil {
			return fmt.Errorf("read sealed columns: %w", err)
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "patient.unmask", ObjectKind: "patient", ObjectID: p.Number, SiteID: p.HomeSiteID})
	})
	if err != nil {
		return Private{}, err
	}
	out := Private{Paper: row.Kind}
	for column, v := range map[string]struct {
		sealed []byte
		dst    *string
	}{"paper": {row.Paper, &out.PaperNo}, "phone": {row.Phone, &out.Phone}, "address": {row.Address, &out.Address}} {
		if *v.dst, err = g.seal.OpenString(sealPurpose, place(column, patientID), v.sealed); err != nil {
			return Private{}, fmt.Errorf("open %s of a patient: %w", column, err)
		}
	}
	return out, nil
}
