package patient

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Label is what is printed: the token as a QR code, the number large, the name
// masked, the site.
type Label struct {
	Token     string `db:"token"`
	PatientID int64  `db:"patient_id"`
	Number    string `db:"number"`
	Name      string `db:"name"`
	Site      string `db:"site"`
	District  string `db:"district"`
	SiteID    int64  `db:"site_id"`
	// PrintCount is how often this label was sent to a printer, with this time.
	PrintCount int  `db:"print_count"`
	Revoked    bool `db:"revoked"`
}

// Masked is the name as the label shows it.
func (l Label) Masked() string { return MaskName(l.Name) }

// Place is the site as the label shows it. A label is seen by others: where the
// site's name says what it is for, the district stands in its place.
func (l Label) Place() string {
	if strings.Contains(l.Site, "精神") || strings.Contains(l.Site, "精防") {
		return l.District
	}
	return l.Site
}

// IssueLabel gives a patient a new token. Earlier labels stay valid until they
// are revoked: a second folder is not a lost one.
func IssueLabel(ctx context.Context, tx *db.Tx, by identity.Actor, patientID int64) (Token, error) {
	t := NewToken()
	err := tx.ExecOne(ctx, `INSERT INTO patient_label (token, patient_id, issued_at, issued_by) VALUES ($1, $2, $3, $4::bigint)`,
		t.String(), patientID, tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return Token{}, fmt.Errorf("issue label: %w", err)
	}
	return t, nil
}

// PrintLabel counts a print of the newest valid label and gives what to print;
// a patient without one gets one. It never says "printed": only the person at
// the printer knows that. Errors are NotFound, Denied, and Conflict for a
// patient who no longer comes.
func (g *Registry) PrintLabel(ctx context.Context, by identity.Actor, patientID int64) (Label, error) {
	if err := g.mayPrint(ctx, by, patientID); err != nil {
		return Label{}, err
	}
	var l Label
	err := g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := lockActive(ctx, tx, patientID); err != nil {
			return err
		}
		token, err := validToken(ctx, tx, by, patientID)
		if err != nil {
			return err
		}
		l, err = countPrint(ctx, tx, by, token)
		return err
	})
	return l, err
}

// Loss is the input of ReplaceLabels.
type Loss struct {
	PatientID int64
	CommandID uuid.UUID
}

// ReplaceLabels is 挂失补打: it revokes every label of a patient, issues a new
// one and counts its first print. A repeat of the command gives the same label:
// the second tap on the button must not revoke what the first one printed.
func (g *Registry) ReplaceLabels(ctx context.Context, by identity.Actor, in Loss) (Label, error) {
	if err := g.mayPrint(ctx, by, in.PatientID); err != nil {
		return Label{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "replace_labels", Request: in}
	token, _, err := identity.RunCommand(ctx, g.db, by, cmd, func(ctx context.Context, tx *db.Tx) (string, error) {
		return g.replace(ctx, tx, by, in.PatientID)
	})
	if err != nil {
		return Label{}, err
	}
	l, err := readLabel(ctx, g.db, token)
	if err == nil && l.Revoked {
		return Label{}, db.Refuse(db.Conflict, "这张标签随后又被挂失。请回到患者页面，打印现在有效的标签。")
	}
	return l, err
}

func (g *Registry) replace(ctx context.Context, tx *db.Tx, by identity.Actor, patientID int64) (string, error) {
	if err := lockActive(ctx, tx, patientID); err != nil {
		return "", err
	}
	revoked, err := tx.Exec(ctx, `UPDATE patient_label SET revoked_at = $2, revoked_by = $3::bigint WHERE patient_id = $1::bigint AND revoked_at IS NULL`,
		patientID, tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return "", fmt.Errorf("revoke labels: %w", err)
	}
	t, err := IssueLabel(ctx, tx, by, patientID)
	if err != nil {
		return "", err
	}
	l, err := countPrint(ctx, tx, by, t.String())
	if err != nil {
		return "", err
	}
	return l.Token, identity.Audit(ctx, tx, by, identity.Event{Name: "patient.revoke_labels", ObjectKind: "patient",
		ObjectID: l.Number, SiteID: l.SiteID, Detail: fmt.Sprintf("作废 %d 张，补发 1 张", revoked)})
}

func (g *Registry) mayPrint(ctx context.Context, by identity.Actor, patientID int64) error {
	p, err := ByID(ctx, g.db, patientID)
	if err != nil {
		return err
	}
	return identity.Allow(ctx, g.db, by, identity.PrintLabel, p.HomeSiteID)
}

// lockActive locks a patient's row, so that printing and revoking the labels
// happen one after the other: nobody prints a label that is being revoked.
func lockActive(ctx context.Context, tx *db.Tx, patientID int64) error {
	var state State
	err := tx.Get(ctx, &state, `SELECT state FROM patient WHERE id = $1::bigint FOR NO KEY UPDATE`, patientID)
	if err := notFound(err, "没有这位患者，请重新查找。"); err != nil {
		return err
	}
	if state != Active {
		return db.Refuse(db.Conflict, "这位患者的档案%s，不再打印标签。", state.Label())
	}
	return nil
}

// validToken is the newest valid label of a locked patient, or a new one.
func validToken(ctx context.Context, tx *db.Tx, by identity.Actor, patientID int64) (string, error) {
	var token string
	err := tx.Get(ctx, &token, `SELECT token FROM patient_label WHERE patient_id = $1::bigint AND revoked_at IS NULL
ORDER BY issued_at DESC, token LIMIT 1`, patientID)
	if db.IsNoRows(err) {
		t, err := IssueLabel(ctx, tx, by, patientID)
		return t.String(), err
	}
	if err != nil {
		return "", fmt.Errorf("read label: %w", err)
	}
	return token, nil
}

// countPrint counts and audits a print. The token itself stays out of the
// audit: who reads that must not be able to print a label.
func countPrint(ctx context.Context, tx *db.Tx, by identity.Actor, token string) (Label, error) {
	err := tx.ExecOne(ctx, `UPDATE patient_label SET print_count = print_count + 1, printed_at = $2 WHERE token = $1::text AND revoked_at IS NULL`, token, tx.Now)
	if err != nil {
		return Label{}, fmt.Errorf("count print: %w", err)
	}
	l, err := readLabel(ctx, tx, token)
	if err != nil {
		return l, err
	}
	return l, identity.Audit(ctx, tx, by, identity.Event{Name: "patient.print_label", ObjectKind: "patient", ObjectID: l.Number,
		SiteID: l.SiteID, Detail: fmt.Sprintf("第 %d 次送打印", l.PrintCount)})
}

func readLabel(ctx context.Context, r db.Reader, token string) (Label, error) {
	var l Label
	err := r.Get(ctx, &l, `SELECT l.token, l.patient_id, p.number, p.name, s.name AS site, s.district, s.id AS site_id, l.print_count,
  (l.revoked_at IS NOT NULL) AS revoked
FROM patient_label l JOIN patient p ON p.id = l.patient_id JOIN site s ON s.id = p.home_site_id WHERE l.token = $1::text`, token)
	if err != nil {
		return l, fmt.Errorf("read label: %w", err)
	}
	return l, nil
}
