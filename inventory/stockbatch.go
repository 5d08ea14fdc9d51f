package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// BatchStock is what we hold of one batch of a drug, in smallest units, wherever it
// lies between the central store and a patient.
type BatchStock struct {
	HISCode     string `db:"his_code"`
	GenericName string `db:"generic_name"`
	Spec        string `db:"spec"`
	UnitName    string `db:"unit_name"`
	PackName    string `db:"pack_name"`
	// UnitsPerPack is of the dictionary; a box may hold another number.
	UnitsPerPack int64      `db:"units_per_pack"`
	Batch        string     `db:"batch"` // "": not known
	ExpiresOn    *time.Time `db:"expires_on"`
	// Expected is announced by a receipt that is not finished and not scanned yet,
	// InStore in the pharmacy, Away with
	// sessions, Apart quarantined.
	Expected int64 `db:"expected"`
	InStore  int64 `db:"in_store"`
	Away     int64 `db:"away"`
	Apart    int64 `db:"apart"`
}

// DrugName is the drug as people say it.
func (b BatchStock) DrugName() string { return DrugName(b.GenericName, b.Spec) }

// Units is all that we hold.
func (b BatchStock) Units() int64 { return b.Expected + b.InStore + b.Away + b.Apart }

// StockByBatch sums what we hold by drug and batch, in the order of the HIS codes; a
// drug of which there is nothing is one line of zeros. What a receipt only counts is
// expected as well, until its boxes are scanned in.
// Each state is read by its own partial index.
func StockByBatch(ctx context.Context, r db.Reader) ([]BatchStock, error) {
	var list []BatchStock
	err := r.Select(ctx, &list, `SELECT d.his_code, d.generic_name, d.spec, d.unit_name, d.pack_name, d.units_per_pack, COALESCE(s.batch, '') AS batch, min(s.expires_on) AS expires_on,
  COALESCE(sum(s.expected), 0) AS expected, COALESCE(sum(s.in_store), 0) AS in_store, COALESCE(sum(s.away), 0) AS away, COALESCE(sum(s.apart), 0) AS apart
FROM drug d LEFT JOIN (
  SELECT k.drug_id, k.batch, min(k.expires_on) AS expires_on, sum(k.units_left) AS expected, 0 AS in_store, 0 AS away, 0 AS apart
  FROM receipt r JOIN receipt_line l ON l.receipt_id = r.id JOIN pack k ON k.receipt_line_id = l.id
  WHERE r.state IN ('waiting', 'scanning') AND k.state = 'expected' GROUP BY k.drug_id, k.batch
  UNION ALL SELECT w.drug_id, w.batch, min(w.expires_on), sum(w.packs * g.units_per_pack), 0, 0, 0
  FROM (SELECT l.drug_id, l.batch, l.expires_on, l.packs - l.cancelled - (SELECT count(*) FROM pack k WHERE k.receipt_line_id = l.id AND k.state <> 'withdrawn') AS packs
    FROM receipt r JOIN receipt_line l ON l.receipt_id = r.id WHERE r.state IN ('waiting', 'scanning') AND r.kind = 'transfer') w
  JOIN drug g ON g.id = w.drug_id WHERE w.packs > 0 GROUP BY w.drug_id, w.batch
  UNION ALL SELECT k.drug_id, k.batch, min(k.expires_on), 0, sum(k.units_left), 0, 0 FROM pack k WHERE k.state = 'in_store' GROUP BY k.drug_id, k.batch
  UNION ALL SELECT k.drug_id, k.batch, min(k.expires_on), 0, 0, sum(k.units_left), 0 FROM pack k WHERE k.state = 'allocated' GROUP BY k.drug_id, k.batch
  UNION ALL SELECT k.drug_id, k.batch, min(k.expires_on), 0, 0, 0, sum(k.units_left) FROM pack k WHERE k.state = 'quarantined' GROUP BY k.drug_id, k.batch) s ON s.drug_id = d.id
GROUP BY d.his_code, d.generic_name, d.spec, d.unit_name, d.pack_name, d.units_per_pack, s.batch ORDER BY d.his_code, s.batch`)
	if err != nil {
		return nil, fmt.Errorf("read stock by batch: %w", err)
	}
	return list, nil
}

// BatchGone is what of a batch is no longer ours, in smallest units.
type BatchGone struct {
	HISCode string `db:"his_code"`
	Batch   string `db:"batch"`
	Given   int64  `db:"given"` // to patients
	Lost    int64  `db:"lost"`  // damaged, lost, destroyed or sent back
}

// GoneByBatch reads what became of some batches; codes and batches are pairs by
// place. Only these batches are looked at, by their index.
func GoneByBatch(ctx context.Context, r db.Reader, codes, batches []string) ([]BatchGone, error) {
	if len(batches) == 0 {
		return nil, nil
	}
	var list []BatchGone
	err := r.Select(ctx, &list, `SELECT d.his_code, k.batch, sum(k.units_given) AS given,
  sum(CASE WHEN k.state IN ('damaged', 'lost', 'destroyed', 'sent_back') THEN k.units_left ELSE 0 END) AS lost
FROM pack k JOIN drug d ON d.id = k.drug_id WHERE k.batch = ANY($2::text[]) AND d.his_code = ANY($1::text[]) GROUP BY d.his_code, k.batch`,
		pq.Array(codes), pq.Array(batches))
	if err != nil {
		return nil, fmt.Errorf("read what became of batches: %w", err)
	}
	return list, nil
}
