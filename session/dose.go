package session

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// doseMemory is how far back a patient's last dose is taken from: longer than
// any pause between two visits of a patient who still comes.
const doseMemory = 366 * 24 * time.Hour

// handed is a pack that goes to a visit.
type handed struct {
	pack     *inventory.Pack
	quantity int64
}

// insertLines writes a visit's lines. Dose and days are those that the patient
// had last of the drug, this visit's own before an earlier one's; who pays is what was
// said of the drug at this visit, never at an earlier one. The lines are
// ranked and not read backwards by their id: a plan that walks ten million lines
// to find one would be tempting.
func insertLines(ctx context.Context, tx *db.Tx, v Visit, list []handed, how inventory.How, staff int64) error {
	var packs, drugs, quantities, places []int64
	for i, h := range list {
		packs, drugs = append(packs, h.pack.ID), append(drugs, h.pack.DrugID)
		quantities, places = append(quantities, h.quantity), append(places, int64(i))
	}
	n, err := tx.Exec(ctx, `INSERT INTO visit_line (visit_id, pack_id, quantity, how, staff_id, at, dose, days, payer)
SELECT $1::uuid, n.pack_id, n.quantity, $5::text, $6::bigint, $7::timestamptz, COALESCE(x.dose, ''), x.days,
  COALESCE((SELECT max(o.payer) FROM visit_line o JOIN pack b ON b.id = o.pack_id WHERE o.visit_id = $1::uuid AND o.undone_at IS NULL AND b.drug_id = n.drug_id), '')
FROM (SELECT unnest($2::bigint[]) AS pack_id, unnest($3::bigint[]) AS drug_id, unnest($4::bigint[]) AS quantity, unnest($10::bigint[]) AS place) n
LEFT JOIN (SELECT r.drug_id, r.dose, r.days FROM (
  SELECT k.drug_id, l.dose, l.days, row_number() OVER (PARTITION BY k.drug_id ORDER BY l.id DESC) AS place
  FROM visit w JOIN visit_line l ON l.visit_id = w.id AND l.undone_at IS NULL JOIN pack k ON k.id = l.pack_id
  WHERE w.patient_id = $8::bigint AND w.came_at > $9::timestamptz AND (w.state = 'finished' OR w.id = $1::uuid)
    AND (l.dose <> '' OR l.days IS NOT NULL)) r WHERE r.place = 1) x ON x.drug_id = n.drug_id ORDER BY n.place`,
		v.ID, pq.Array(packs), pq.Array(drugs), pq.Array(quantities), string(how), staff, tx.Now, v.PatientID, tx.Now.Add(-doseMemory), pq.Array(places))
	if err != nil {
		return fmt.Errorf("insert visit lines: %w", err)
	}
	if n != int64(len(list)) {
		return fmt.Errorf("insert visit lines: %d rows for %d packs", n, len(list))
	}
	return nil
}

// Dosing is the input of SetDose.
type Dosing struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	// Pack is any line of the drug; all of its lines at the visit get the same.
	Pack int64
	// Dose is the daily dose in words, at most 60 characters.
	Dose string
	// Days is the days supplied, 0 for not said, at most 366.
	Days int
	// OverReason is why it is more than the law allows the drug's class without a
	// reason; at most 100 characters. It is asked for and never a condition.
	OverReason string `json:",omitempty"`
	// Payer says who pays, empty being the programme's; nil leaves it as it is.
	Payer *Payer `json:",omitempty"`
}

// DoseAnswer is the answer to SetDose.
type DoseAnswer struct {
	Sentence string `json:"sentence"`
	// Over says that the days need a reason and that none is stated yet.
	Over bool `json:"over_limit,omitempty"`
}

// SetDose writes daily dose and days supplied to a drug's lines of an open visit.
func (s *Service) SetDose(ctx context.Context, by identity.Actor, in Dosing) (DoseAnswer, error) {
	if _, err := s.may(ctx, by, identity.Dispense, in.SessionID); err != nil {
		return DoseAnswer{}, err
	}
	in.Dose, in.OverReason = strings.TrimSpace(in.Dose), strings.TrimSpace(in.OverReason)
	if utf8.RuneCountInString(in.Dose) > 60 {
		return DoseAnswer{}, db.Refuse(db.Invalid, "每日用量最多 60 个字，请写短一些。")
	}
	if in.Days < 0 || in.Days > 366 {
		return DoseAnswer{}, db.Refuse(db.Invalid, "天数请填 1 到 366；不填表示不写。")
	}
	if err := checkOverReason(in.OverReason); err != nil {
		return DoseAnswer{}, err
	}
	if in.Payer != nil && *in.Payer != "" && in.Payer.Word() == "" {
		return DoseAnswer{}, db.Refuse(db.Invalid, "请选择由谁付费：免费、医保、自费，或按项目。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "set_dose", Request: in}
	return atTable(ctx, s, by, in.SessionID, in.Visit, cmd, func(ctx context.Context, tx *db.Tx, x Session, v Visit) (DoseAnswer, error) {
		return s.setDose(ctx, tx, by, x, v, in)
	})
}

func (s *Service) setDose(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, v Visit, in Dosing) (DoseAnswer, error) {
	n, err := tx.Exec(ctx, `UPDATE visit_line SET dose = $3, days = NULLIF($4::integer, 0), over_reason = $5, payer = COALESCE($6::text, payer)
WHERE visit_id = $1 AND undone_at IS NULL
  AND pack_id IN (SELECT k.id FROM pack k JOIN visit_line o ON o.pack_id = k.id AND o.visit_id = $1 WHERE k.drug_id = (SELECT p.drug_id FROM pack p WHERE p.id = $2))`,
		v.ID, in.Pack, in.Dose, in.Days, in.OverReason, in.Payer)
	if err != nil {
		return DoseAnswer{}, fmt.Errorf("set dose: %w", err)
	}
	if n == 0 {
		return DoseAnswer{}, db.Refuse(db.Conflict, "这种药不在 %d 号的记录里，可能已经撤销。请看最新的列表。", v.Number)
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "visit.dose", ObjectKind: "visit", ObjectID: v.ID.String(), SiteID: x.SiteID, SessionID: x.ID,
		Detail: fmt.Sprintf("pack=%d days=%d", in.Pack, in.Days)})
	if err != nil {
		return DoseAnswer{}, err
	}
	lines, err := VisitLines(ctx, tx, v.ID)
	return doseAnswer(lines, in.Pack), err
}
