package inventory

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// StockLine is what the pharmacy's shelf holds of a drug.
type StockLine struct {
	DrugID      int64  `db:"drug_id"`
	GenericName string `db:"generic_name"`
	Spec        string `db:"spec"`
	UnitName    string `db:"unit_name"`
	PackName    string `db:"pack_name"`
	// Packs is whole packs, Loose the units in opened ones (拆零).
	Packs int64 `db:"packs"`
	Loose int64 `db:"loose"`
	// Expired packs, opened ones included, lie there and cannot be dispensed;
	// Soon ones expire within 90 days.
	Expired int64 `db:"expired"`
	Soon    int64 `db:"soon"`
	// FirstExpiry is the earliest last good day that has not passed, nil when
	// none is known.
	FirstExpiry *time.Time `db:"first_expiry"`
	// Away is whole or opened packs with clinic sessions.
	Away int64 `db:"away"`
}

// DrugName is the drug as people say it.
func (l StockLine) DrugName() string { return DrugName(l.GenericName, l.Spec) }

// soonDays is how many days before its end a pack is counted as expiring.
const soonDays = 90

// StoreStock sums the packs in the store by drug, by name; a drug with nothing
// in the store and nothing with a session is missing.
func StoreStock(ctx context.Context, r db.Reader, now time.Time) ([]StockLine, error) {
	var lines []StockLine
	// Each state is read by its own partial index: the packs of many years, long
	// dispensed, are not looked at.
	err := r.Select(ctx, &lines, `SELECT d.id AS drug_id, d.generic_name, d.spec, d.unit_name, d.pack_name, sum(s.packs) AS packs, sum(s.loose) AS loose,
  sum(s.expired) AS expired, sum(s.soon) AS soon, min(s.first_expiry) AS first_expiry, sum(s.away) AS away
FROM drug d JOIN (
  SELECT k.drug_id, sum(CASE WHEN k.units_left = k.units_total THEN 1 ELSE 0 END) AS packs,
    sum(CASE WHEN k.units_left < k.units_total THEN k.units_left ELSE 0 END) AS loose,
    sum(CASE WHEN k.expires_on < $1::date THEN 1 ELSE 0 END) AS expired,
    sum(CASE WHEN k.expires_on >= $1::date AND k.expires_on < $2::date THEN 1 ELSE 0 END) AS soon,
    min(CASE WHEN k.expires_on >= $1::date THEN k.expires_on END) AS first_expiry, 0 AS away
  FROM pack k WHERE k.state = 'in_store' GROUP BY k.drug_id
  UNION ALL SELECT k.drug_id, 0, 0, 0, 0, NULL::date, count(*) FROM pack k WHERE k.state = 'allocated' GROUP BY k.drug_id) s ON s.drug_id = d.id
GROUP BY d.id, d.generic_name, d.spec, d.unit_name, d.pack_name ORDER BY d.generic_name, d.spec, d.id`,
		dayText(now), dayText(now.AddDate(0, 0, soonDays)))
	if err != nil {
		return nil, fmt.Errorf("read store stock: %w", err)
	}
	return lines, nil
}
