package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// The causes of a surplus.
const (
	surplusRed      = "red"
	surplusRevision = "revision"
)

// surplusRow is boxes of a line that are here and not wanted any more; pack is
// zero for a number of boxes, whichever they are.
type surplusRow struct {
	line, pack int64
	packs      int
}

// keepSurplus writes rows of a receipt that a document brought about.
func keepSurplus(ctx context.Context, tx *db.Tx, receiptID, documentID int64, cause string, rows []surplusRow) error {
	if len(rows) == 0 {
		return nil
	}
	var lines, packs, counts []int64
	for _, x := range rows {
		lines = append(lines, x.line)
		packs = append(packs, x.pack)
		counts = append(counts, int64(x.packs))
	}
	_, err := tx.Exec(ctx, `INSERT INTO receipt_surplus (receipt_id, document_id, cause, at, line_id, pack_id, packs)
SELECT $1::bigint, $2::bigint, $3::text, $4::timestamptz, n.line, NULLIF(n.pack, 0), n.packs
FROM (SELECT unnest($5::bigint[]) AS line, unnest($6::bigint[]) AS pack, unnest($7::bigint[]) AS packs) n`,
		receiptID, documentID, cause, tx.Now, pq.Array(lines), pq.Array(packs), pq.Array(counts))
	if err != nil {
		return fmt.Errorf("insert surplus of a receipt: %w", err)
	}
	return nil
}

// Surplus is a box that is here although its document does not want it any more,
// or a number of such boxes. Sending back is done elsewhere; a box that went
// back, was destroyed or came under another document is not in the way any more.
type Surplus struct {
	ID          int64      `db:"id"`
	Document    string     `db:"document"` // the red document's number, or the receipt's
	Cause       string     `db:"cause"`    // "red" or "revision"
	At          time.Time  `db:"at"`
	DrugID      int64      `db:"drug_id"`
	GenericName string     `db:"generic_name"`
	Spec        string     `db:"spec"`
	PackName    string     `db:"pack_name"`
	Batch       string     `db:"batch"`
	ExpiresOn   *time.Time `db:"expires_on"`
	// Packs is how many boxes; 1 for a box that Code names.
	Packs int    `db:"packs"`
	Code  string `db:"code"`
	State State  `db:"state"`
	// SessionID is the clinic day that has or had the box; Doctor and TakenAt name
	// the last hand-over of a box that a patient has.
	SessionID *int64     `db:"session_id"`
	Doctor    string     `db:"doctor"`
	TakenAt   *time.Time `db:"taken_at"`
}

// DrugName is the drug as people say it.
func (s Surplus) DrugName() string { return DrugName(s.GenericName, s.Spec) }

// Red reports that a red document cancelled the box, and not a later revision.
func (s Surplus) Red() bool { return s.Cause == surplusRed }

// Gone reports a box that needs nobody any more.
func (s Surplus) Gone() bool { return s.State == StateSentBack || s.State == StateDestroyed }

// SurplusLeft counts the boxes of a surplus that still need somebody.
func SurplusLeft(list []Surplus) (packs int) {
	for _, x := range list {
		if !x.Gone() {
			packs += x.Packs
		}
	}
	return packs
}

// ReadSurplus reads what is here beyond a receipt, oldest first. A box that
// another document has claimed since is left out.
func ReadSurplus(ctx context.Context, r db.Reader, receiptID int64) ([]Surplus, error) {
	var rows []Surplus
	err := r.Select(ctx, &rows, `SELECT x.id, o.number AS document, x.cause, x.at, d.id AS drug_id, d.generic_name, d.spec, d.pack_name, x.packs,
  COALESCE(k.batch, l.batch) AS batch, CASE WHEN k.id IS NULL THEN l.expires_on ELSE k.expires_on END AS expires_on,
  COALESCE(k.code, '') AS code, COALESCE(k.state, '') AS state, k.session_id, COALESCE(m.doctor, '') AS doctor, m.at AS taken_at
FROM receipt_surplus x JOIN receipt o ON o.id = x.document_id JOIN receipt_line l ON l.id = x.line_id JOIN drug d ON d.id = l.drug_id
LEFT JOIN pack k ON k.id = x.pack_id
LEFT JOIN (SELECT v.pack_id, s.name AS doctor, v.at FROM movement v LEFT JOIN staff s ON s.id = v.staff_id
  WHERE v.id IN (SELECT max(w.id) FROM movement w JOIN receipt_surplus y ON y.pack_id = w.pack_id
    WHERE y.receipt_id = $1::bigint AND w.kind = 'dispense' GROUP BY w.pack_id)) m ON m.pack_id = k.id AND k.state = 'dispensed'
WHERE x.receipt_id = $1::bigint AND (k.id IS NULL OR k.receipt_line_id = x.line_id) ORDER BY x.id`, receiptID)
	if err != nil {
		return nil, fmt.Errorf("read surplus of a receipt: %w", err)
	}
	return rows, nil
}
