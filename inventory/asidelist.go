package inventory

import (
	"context"
	"fmt"
	"time"

	"jingfang/sql/db"
)

// AsideLine is a pack that is set apart, with who did it, when and why.
type AsideLine struct {
	Code      string       `db:"code"`
	Generic   string       `db:"generic_name"`
	Spec      string       `db:"spec"`
	UnitName  string       `db:"unit_name"`
	PackName  string       `db:"pack_name"`
	Total     int64        `db:"units_total"`
	UnitsLeft int64        `db:"units_left"`
	Batch     string       `db:"batch"`
	ExpiresOn *time.Time   `db:"expires_on"`
	Returned  bool         `db:"returned"` // a patient had it
	Since     time.Time    `db:"since"`
	Kind      MovementKind `db:"kind"` // what brought it here
	Reason    string       `db:"reason"`
	Who       string       `db:"who"`     // "" for the program itself
	Waiting   string       `db:"waiting"` // number of the paper it waits on
}

// DrugName is the drug as people say it.
func (l AsideLine) DrugName() string { return DrugName(l.Generic, l.Spec) }

// ListAside reads the packs in quarantine, damaged or lost, the last changed
// first; from skips as many.
func ListAside(ctx context.Context, r db.Reader, now time.Time, state State, from, limit int) ([]AsideLine, error) {
	var list []AsideLine
	err := r.Select(ctx, &list, `SELECT k.code, g.generic_name, g.spec, g.unit_name, g.pack_name, k.units_total, k.units_left, k.batch, k.expires_on, k.returned,
  COALESCE(m.at, k.changed_at) AS since, COALESCE(m.kind, '') AS kind, COALESCE(m.reason, '') AS reason, COALESCE(f.name, '') AS who,
  COALESCE(x.number, '') AS waiting
FROM (SELECT * FROM pack WHERE state = $1::text AND state IN ('quarantined', 'damaged', 'lost') ORDER BY changed_at DESC, id DESC LIMIT $2::bigint OFFSET $3::bigint) k
JOIN drug g ON g.id = k.drug_id
LEFT JOIN movement m ON m.id = (SELECT max(n.id) FROM movement n WHERE n.pack_id = k.id AND n.to_state = k.state AND n.from_state <> n.to_state)
LEFT JOIN staff f ON f.id = m.staff_id LEFT JOIN disposal_pack l ON l.pack_id = k.id AND l.waiting
LEFT JOIN disposal x ON x.id = l.disposal_id AND x.proposed_at > $4::timestamptz
ORDER BY k.changed_at DESC, k.id DESC`, string(state), limit, from, now.Add(-keepProposals))
	if err != nil {
		return nil, fmt.Errorf("list what is set apart: %w", err)
	}
	return list, nil
}

// AsideCounts is how many packs lie apart and how many papers wait.
type AsideCounts struct {
	Quarantined int `db:"quarantined"`
	Damaged     int `db:"damaged"`
	Lost        int `db:"lost"`
	Waiting     int `db:"waiting"`
}

// CountAside counts what is set apart.
func CountAside(ctx context.Context, r db.Reader, now time.Time) (AsideCounts, error) {
	var n AsideCounts
	err := r.Get(ctx, &n, `SELECT COALESCE(sum(CASE WHEN k.state = 'quarantined' THEN 1 ELSE 0 END), 0) AS quarantined,
  COALESCE(sum(CASE WHEN k.state = 'damaged' THEN 1 ELSE 0 END), 0) AS damaged, COALESCE(sum(CASE WHEN k.state = 'lost' THEN 1 ELSE 0 END), 0) AS lost,
  (SELECT count(*) FROM disposal x WHERE x.state = 'proposed' AND x.proposed_at > $1::timestamptz) AS waiting
FROM pack k WHERE k.state IN ('quarantined', 'damaged', 'lost')`, now.Add(-keepProposals))
	if err != nil {
		return n, fmt.Errorf("count what is set apart: %w", err)
	}
	return n, nil
}
