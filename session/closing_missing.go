package session

import (
	"context"
	"fmt"
	"time"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// MissingPack is a code that must be in the trays and was not scanned where the
// number differed, with who had it last.
type MissingPack struct {
	PackID   int64  `db:"id"`
	Code     string `db:"code"`
	DrugID   int64  `db:"drug_id"`
	Generic  string `db:"generic_name"`
	Spec     string `db:"spec"`
	Units    int64  `db:"units_left"`
	Content  int64  `db:"units_total"`
	UnitWord string `db:"unit_name"`
	// Loose says that the drug is given by quantity.
	Loose bool `db:"loose"`
	// Last is the movement that was written last.
	LastKind inventory.MovementKind `db:"last_kind"`
	LastAt   time.Time              `db:"last_at"`
	LastBy   string                 `db:"last_by"`
	// Number, Doctor and ScannedAt are the visit that it was last scanned at in
	// this session, UndoneAt when that was taken back; Number is 0 for none.
	Number    int        `db:"number"`
	Doctor    string     `db:"doctor"`
	ScannedAt *time.Time `db:"scanned_at"`
	UndoneAt  *time.Time `db:"undone_at"`
	// LostBy is who reported it lost and waits for a second person.
	LostByID int64  `db:"lost_by_id"`
	LostBy   string `db:"lost_by"`
	LostWhy  string `db:"lost_why"`
}

// DrugName is the drug as people say it.
func (m MissingPack) DrugName() string { return inventory.DrugName(m.Generic, m.Spec) }

// InParts tells whether some of the box can have been given and the rest not: it is
// open already, or of a drug that is given by quantity.
func (m MissingPack) InParts() bool { return m.Loose || m.Units < m.Content }

// LastHeld says in Chinese who had it last.
func (m MissingPack) LastHeld() string {
	if m.Number > 0 && m.ScannedAt != nil {
		text := fmt.Sprintf("%s 由%s扫给 %d 号", clock(*m.ScannedAt), doctorWord(m.Doctor), m.Number)
		if m.UndoneAt != nil {
			text += "，" + clock(*m.UndoneAt) + " 撤销"
		}
		return text
	}
	return fmt.Sprintf("%s %s %s", m.LastAt.In(Zone()).Format("1月2日 15:04"), m.LastBy, m.LastKind.Chinese())
}

// readMissing names the packs that keep the lines from being settled.
func readMissing(ctx context.Context, r db.Reader, x Session, lines []ClosingLine) ([]MissingPack, error) {
	var drugs []int64
	for _, l := range lines {
		if l.State() == LineMissing {
			drugs = append(drugs, l.DrugID)
		}
	}
	if len(drugs) == 0 {
		return nil, nil
	}
	var rows []MissingPack
	err := r.Select(ctx, &rows, `SELECT k.id, k.code, k.drug_id, d.generic_name, d.spec, d.unit_name, d.loose, k.units_left, k.units_total,
  m.kind AS last_kind, m.at AS last_at, COALESCE(f.name, '') AS last_by,
  COALESCE(v.number, 0) AS number, COALESCE(g.name, '') AS doctor, l.at AS scanned_at, l.undone_at,
  COALESCE(e.by_id, 0) AS lost_by_id, COALESCE(b.name, '') AS lost_by, COALESCE(e.reason, '') AS lost_why
FROM (SELECT p.id, p.code, p.drug_id, p.units_left, p.units_total,
    (SELECT max(y.id) FROM movement y WHERE y.pack_id = p.id) AS last_movement,
    (SELECT max(w.id) FROM visit_line w JOIN visit o ON o.id = w.visit_id WHERE w.pack_id = p.id AND o.session_id = $1::bigint) AS last_line
  FROM pack p LEFT JOIN closing_seen z ON z.session_id = $1::bigint AND z.pack_id = p.id
  WHERE p.session_id = $1::bigint AND p.state = 'allocated' AND p.drug_id = ANY($2::bigint[]) AND z.pack_id IS NULL) k
JOIN drug d ON d.id = k.drug_id JOIN movement m ON m.id = k.last_movement LEFT JOIN staff f ON f.id = m.staff_id
LEFT JOIN visit_line l ON l.id = k.last_line LEFT JOIN visit v ON v.id = l.visit_id LEFT JOIN staff g ON g.id = l.staff_id
LEFT JOIN closing_exit e ON e.session_id = $1::bigint AND e.pack_id = k.id AND e.exit_kind = 'lost' AND e.second_id IS NULL LEFT JOIN staff b ON b.id = e.by_id
ORDER BY d.generic_name, k.code`, x.ID, idArray(drugs))
	if err != nil {
		return nil, fmt.Errorf("read missing codes: %w", err)
	}
	var list []MissingPack
	for _, m := range rows {
		if l, ok := findLine(lines, m.DrugID); ok && l.wants(m.Units == m.Content) {
			list = append(list, m)
		}
	}
	return list, nil
}
