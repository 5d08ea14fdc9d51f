package inventory

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// Contradiction is boxes of a line whose batch or expiry is not what the document
// says: their own code says otherwise, or what was written of them before their
// document came. Neither is overwritten.
type Contradiction struct {
	LineNo      int        `db:"line_no"`
	GenericName string     `db:"generic_name"`
	Spec        string     `db:"spec"`
	PackName    string     `db:"pack_name"`
	LineBatch   string     `db:"line_batch"`
	LineExpires *time.Time `db:"line_expires"`
	Batch       string     `db:"batch"`
	ExpiresOn   *time.Time `db:"expires_on"`
	// Packs is how many boxes, Code one of them.
	Packs int    `db:"packs"`
	Code  string `db:"code"`
	// Read says that the boxes' own codes carry it.
	Read bool `db:"read"`
}

// DrugName is the drug as people say it.
func (c Contradiction) DrugName() string { return DrugName(c.GenericName, c.Spec) }

// ReadContradictions compares the boxes of a receipt with its lines; lines whose
// batch people typed have none.
func ReadContradictions(ctx context.Context, r db.Reader, receiptID int64) ([]Contradiction, error) {
	var rows []Contradiction
	err := r.Select(ctx, &rows, `SELECT l.line_no, d.generic_name, d.spec, d.pack_name, l.batch AS line_batch, l.expires_on AS line_expires, k.batch, k.expires_on,
  count(*) AS packs, min(k.code) AS code, k.batch_read AS read
FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id JOIN drug d ON d.id = l.drug_id
WHERE l.receipt_id = $1 AND l.typed_at IS NULL AND k.state NOT IN ('expected', 'withdrawn')
AND (k.batch <> l.batch AND k.batch <> '' AND l.batch <> '' OR k.expires_on <> l.expires_on)
GROUP BY l.line_no, d.generic_name, d.spec, d.pack_name, l.batch, l.expires_on, k.batch, k.expires_on, k.batch_read ORDER BY l.line_no, k.batch`, receiptID)
	if err != nil {
		return nil, fmt.Errorf("compare batches with the receipt: %w", err)
	}
	return rows, nil
}

// besidePapers is whether there is anything to read of [ReadContradictions] and
// [UnpaperedBoxes]; besidePapersColumns asks it of the receipt $1.
type besidePapers struct {
	Contradicts bool `db:"contradicts"`
	Unpapered   bool `db:"unpapered"`
}

const besidePapersColumns = `EXISTS (SELECT 1 FROM pack k JOIN receipt_line l ON l.id = k.receipt_line_id
  WHERE l.receipt_id = $1::bigint AND l.typed_at IS NULL AND k.state NOT IN ('expected', 'withdrawn')
  AND (k.batch <> l.batch AND k.batch <> '' AND l.batch <> '' OR k.expires_on <> l.expires_on)) AS contradicts,
  EXISTS (SELECT 1 FROM receipt_line l JOIN pack k ON k.drug_id = l.drug_id AND k.receipt_line_id IS NULL
  WHERE l.receipt_id = $1::bigint AND k.state NOT IN ('expected', 'withdrawn')
  AND EXISTS (SELECT 1 FROM movement m WHERE m.pack_id = k.id AND m.kind = 'let_in')) AS unpapered`
