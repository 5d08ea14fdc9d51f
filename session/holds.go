package session

import (
	"context"
	"fmt"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// Hold is what lies on a doctor's table of one drug: packs scanned in a visit
// that is still open.
type Hold struct {
	StaffID int64  `db:"staff_id"`
	Doctor  string `db:"doctor"`
	DrugID  int64  `db:"drug_id"`
	Generic string `db:"generic_name"`
	Spec    string `db:"spec"`
	Packs   int    `db:"packs"` // packs of which anything was handed out
}

// DrugName is the drug as people say it.
func (h Hold) DrugName() string { return inventory.DrugName(h.Generic, h.Spec) }

// readHolds reads who holds what, by doctor and drug.
func readHolds(ctx context.Context, r db.Reader, sessionID int64) ([]Hold, error) {
	var list []Hold
	err := r.Select(ctx, &list, `SELECT v.doctor_id AS staff_id, f.name AS doctor, d.id AS drug_id, d.generic_name, d.spec, count(*) AS packs
FROM visit v JOIN staff f ON f.id = v.doctor_id JOIN visit_line l ON l.visit_id = v.id AND l.undone_at IS NULL
JOIN pack k ON k.id = l.pack_id JOIN drug d ON d.id = k.drug_id
WHERE v.session_id = $1 AND v.state = 'in_consultation'
GROUP BY v.doctor_id, f.name, d.id, d.generic_name, d.spec ORDER BY f.name, v.doctor_id, d.generic_name, d.spec, d.id`, sessionID)
	if err != nil {
		return nil, fmt.Errorf("read who holds what: %w", err)
	}
	return list, nil
}
