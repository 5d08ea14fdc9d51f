package patient

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// MaxLabels is how many labels one sheet may bring: a large site's patients.
const MaxLabels = 1000

// LabelSheet is the input of PrintLabels.
type LabelSheet struct {
	// Patients are whose labels are printed, in the order of the sheet; SiteID, when
	// there are none, the active patients of a site, by number.
	Patients  []int64
	SiteID    int64
	CommandID uuid.UUID
}

// PrintLabels counts a print of the newest valid label of each patient and gives what
// to print; whoever has none gets one. Patients who no longer come are left out. It
// takes the right to print labels at the home site of each. A repeat of the command
// prints the same labels and counts them once.
func (g *Registry) PrintLabels(ctx context.Context, by identity.Actor, in LabelSheet) ([]Label, error) {
	list, err := g.LabelPeople(ctx, by, in)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "print_labels", Request: in}
	tokens, _, err := identity.RunCommand(ctx, g.db, by, cmd, func(ctx context.Context, tx *db.Tx) ([]string, error) {
		return printMany(ctx, tx, by, ids, list)
	})
	if err != nil {
		return nil, err
	}
	return readLabels(ctx, g.db, tokens)
}

// LabelPeople lists whose labels a sheet would bring, checked as PrintLabels does and
// without counting anything.
func (g *Registry) LabelPeople(ctx context.Context, by identity.Actor, in LabelSheet) ([]Patient, error) {
	if len(in.Patients) == 0 && in.SiteID <= 0 {
		return nil, db.Refuse(db.Invalid, "请选择精防点，或从场次名单打开。")
	}
	if len(in.Patients) > MaxLabels {
		return nil, db.Refuse(db.Invalid, "一次最多打印 %d 张标签，请分几次。", MaxLabels)
	}
	if err := identity.Allow(ctx, g.db, by, identity.PrintLabel, in.SiteID); err != nil {
		return nil, err
	}
	var list []Patient
	err := g.db.Select(ctx, &list, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id
WHERE p.state = 'active' AND (p.id = ANY($1::bigint[]) OR $2::bigint > 0 AND p.home_site_id = $2::bigint) ORDER BY p.number LIMIT $3`,
		pq.Array(in.Patients), in.SiteID, MaxLabels+1)
	if err != nil {
		return nil, fmt.Errorf("read whose labels to print: %w", err)
	}
	if len(list) == 0 {
		return nil, db.Refuse(db.NotFound, "没有可以打印标签的患者。")
	}
	if len(list) > MaxLabels {
		return nil, db.Refuse(db.Invalid, "一次最多打印 %d 张标签，请按场次名单分几次打印。", MaxLabels)
	}
	for _, p := range list {
		if by.Can(identity.PrintLabel, p.HomeSiteID) != nil {
			return nil, identity.Allow(ctx, g.db, by, identity.PrintLabel, p.HomeSiteID)
		}
	}
	return list, nil
}

// printMany counts the prints in a few statements, however many labels there are.
func printMany(ctx context.Context, tx *db.Tx, by identity.Actor, ids []int64, list []Patient) ([]string, error) {
	var locked []int64
	err := tx.Select(ctx, &locked, `SELECT id FROM patient WHERE id = ANY($1::bigint[]) AND state = 'active' ORDER BY id FOR NO KEY UPDATE`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("lock patients: %w", err)
	}
	if len(locked) != len(ids) {
		return nil, db.Refuse(db.Conflict, "名单刚才有变动，没有打印。请重新打开。")
	}
	if err := issueMissing(ctx, tx, by, ids); err != nil {
		return nil, err
	}
	var tokens []string
	err = tx.Select(ctx, &tokens, `UPDATE patient_label SET print_count = print_count + 1, printed_at = $2 WHERE token IN (
SELECT t.token FROM (SELECT l.token, row_number() OVER (PARTITION BY l.patient_id ORDER BY l.issued_at DESC, l.token) AS n
  FROM patient_label l WHERE l.patient_id = ANY($1::bigint[]) AND l.revoked_at IS NULL) t WHERE t.n = 1) RETURNING token`, pq.Array(ids), tx.Now)
	if err != nil {
		return nil, fmt.Errorf("count prints: %w", err)
	}
	slices.Sort(tokens)
	return tokens, identity.Audit(ctx, tx, by, identity.Event{Name: "patient.print_labels", ObjectKind: "list",
		ObjectID: list[0].Number + "…" + list[len(list)-1].Number, SiteID: oneSite(list), Detail: fmt.Sprintf("%d 张送打印", len(tokens))})
}

// issueMissing gives a label to those of some locked patients who have no valid one.
func issueMissing(ctx context.Context, tx *db.Tx, by identity.Actor, ids []int64) error {
	var bare []int64
	err := tx.Select(ctx, &bare, `SELECT p.id FROM patient p WHERE p.id = ANY($1::bigint[])
  AND NOT EXISTS (SELECT 1 FROM patient_label l WHERE l.patient_id = p.id AND l.revoked_at IS NULL) ORDER BY p.id`, pq.Array(ids))
	if err != nil {
		return fmt.Errorf("read who has no label: %w", err)
	}
	for _, id := range bare {
		if _, err := IssueLabel(ctx, tx, by, id); err != nil {
			return err
		}
	}
	return nil
}

// oneSite is the home site of all of a list, 0 when there are several.
func oneSite(list []Patient) int64 {
	for _, p := range list {
		if p.HomeSiteID != list[0].HomeSiteID {
			return 0
		}
	}
	return list[0].HomeSiteID
}

func readLabels(ctx context.Context, r db.Reader, tokens []string) ([]Label, error) {
	var list []Label
	err := r.Select(ctx, &list, `SELECT l.token, l.patient_id, p.number, p.name, s.name AS site, s.district, s.id AS site_id, l.print_count,
  (l.revoked_at IS NOT NULL) AS revoked
FROM patient_label l JOIN patient p ON p.id = l.patient_id JOIN site s ON s.id = p.home_site_id
WHERE l.token = ANY($1::text[]) AND l.revoked_at IS NULL ORDER BY p.number`, pq.Array(tokens))
	if err != nil {
		return nil, fmt.Errorf("read labels: %w", err)
	}
	return list, nil
}

// ValidLabels gives the newest valid label of each patient, by the patient's id,
// without counting a print: for a list that carries the codes itself.
func ValidLabels(ctx context.Context, r db.Reader, ids []int64) (map[int64]string, error) {
	var rows []struct {
		ID    int64  `db:"patient_id"`
		Token string `db:"token"`
	}
	err := r.Select(ctx, &rows, `SELECT t.patient_id, t.token FROM (SELECT l.patient_id, l.token,
  row_number() OVER (PARTITION BY l.patient_id ORDER BY l.issued_at DESC, l.token) AS n
  FROM patient_label l WHERE l.patient_id = ANY($1::bigint[]) AND l.revoked_at IS NULL) t WHERE t.n = 1`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read valid labels: %w", err)
	}
	tokens := make(map[int64]string, len(rows))
	for _, x := range rows {
		tokens[x.ID] = x.Token
	}
	return tokens, nil
}
