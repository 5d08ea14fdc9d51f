package patient

import (
	"context"
	"fmt"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Label is what is printed: the token as a QR code, the number large, the name
// masked, the site.
type Label struct {
	Token      string `db:"token"`
	PatientID  int64  `db:"patient_id"`
	Number     string `db:"number"`
	Name       string `db:"name"`
	Site       string `db:"site"`
	SiteID     int64  `db:"site_id"`
	PrintCount int    `db:"print_count"`
}

// Masked is the name as the label shows it.
func (l Label) Masked() string { return MaskName(l.Name) }

// IssueLabel gives a patient a new token. Earlier labels stay valid until they
// are revoked: a second folder is not a lost one.
func IssueLabel(ctx context.Context, tx *db.Tx, by identity.Actor, patientID int64) (Token, error) {
	t := NewToken()
	err := tx.ExecOne(ctx, `INSERT INTO patient_label (token, patient_id, issued_at, issued_by) VALUES ($1, $2, $3, $4::bigint)`,
		t.String(), patientID, tx.Now, nullID(by.StaffID))
	if err != nil {
		return Token{}, fmt.Errorf("issue label: %w", err)
	}
	return t, nil
}

// CurrentLabel reads the newest valid label of a patient.
func CurrentLabel(ctx context.Context, r db.Reader, patientID int64) (Label, error) {
	var l Label
	err := r.Get(ctx, &l, `SELECT l.token, l.patient_id, p.number, p.name, s.name AS site, s.id AS site_id, l.print_count
FROM patient_label l JOIN patient p ON p.id = l.patient_id JOIN site s ON s.id = p.home_site_id
WHERE l.patient_id = $1::bigint AND l.revoked_at IS NULL ORDER BY l.issued_at DESC, l.token LIMIT 1`, patientID)
	return l, notFound(err, "这位患者没有有效的标签，请补发一张。")
}

// PrintLabel counts a print and gives what to print. It never says "printed":
// only the person at the printer knows that.
func (g *Registry) PrintLabel(ctx context.Context, by identity.Actor, patientID int64) (Label, error) {
	p, err := ByID(ctx, g.db, patientID)
	if err != nil {
		return Label{}, err
	}
	if err := by.Can(identity.PrintLabel, p.HomeSiteID); err != nil {
		return Label{}, err
	}
	var l Label
	err = g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if l, err = CurrentLabel(ctx, tx, patientID); err != nil {
			return err
		}
		if err := tx.ExecOne(ctx, `UPDATE patient_label SET print_count = print_count + 1, printed_at = $2 WHERE token = $1`, l.Token, tx.Now); err != nil {
			return fmt.Errorf("count print: %w", err)
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "patient.print_label", ObjectKind: "patient", ObjectID: l.Number, SiteID: l.SiteID})
	})
	return l, err
}
