package patient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Private is what is sealed on disk.
type Private struct {
	Paper   PaperKind
	PaperNo string
	Phone   string
	Address string
	// HISNumber is the number under which HIS knows the person, "" where not known.
	HISNumber string
	// Collectors are those who may collect and have a number, one on a line:
	// 演示甲（父母） 000-0000-0001.
	Collectors string
}

// Format keeps the opened fields out of logs and messages.
func (Private) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "patient.Private{…}") }

// LogValue is Format for package slog.
func (v Private) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(v)) }

// Unmask opens the sealed fields of a patient for a person who may see them.
// The look itself is audited, before anything is shown; so is a refusal.
func (g *Registry) Unmask(ctx context.Context, by identity.Actor, patientID int64) (Private, error) {
	p, err := ByID(ctx, g.db, patientID)
	if err != nil {
		return Private{}, err
	}
	if err := identity.Allow(ctx, g.db, by, identity.UnmaskPatient, p.HomeSiteID); err != nil {
		return Private{}, err
	}
	var row sealedRow
	var collectors string
	err = g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.Get(ctx, &row, `SELECT paper_kind, paper_sealed, phone_sealed, address_sealed, his_sealed FROM patient WHERE id = $1::bigint`, patientID)
		if err != nil {
			return fmt.Errorf("read sealed columns: %w", err)
		}
		if collectors, err = g.openCollectorPhones(ctx, tx, patientID); err != nil {
			return err
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "patient.unmask", ObjectKind: "patient", ObjectID: p.Number, SiteID: p.HomeSiteID})
	})
	if err != nil {
		return Private{}, err
	}
	v, err := g.openRow(patientID, row)
	if err == nil {
		v.Collectors = collectors
	}
	return v, err
}

// sealedRow is what Unmask reads.
type sealedRow struct {
	Kind    PaperKind `db:"paper_kind"`
	Paper   []byte    `db:"paper_sealed"`
	Phone   []byte    `db:"phone_sealed"`
	Address []byte    `db:"address_sealed"`
	HIS     []byte    `db:"his_sealed"` // only Unmask reads it
}

func (g *Registry) openRow(id int64, row sealedRow) (Private, error) {
	paper, err1 := g.open("paper", id, row.Paper)
	phone, err2 := g.open("phone", id, row.Phone)
	address, err3 := g.open("address", id, row.Address)
	his, err4 := g.open("his", id, row.HIS)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return Private{}, err
	}
	return Private{Paper: row.Kind, PaperNo: paper, Phone: phone, Address: address, HISNumber: his}, nil
}
