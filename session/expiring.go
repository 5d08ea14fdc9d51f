package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// The horizons of the expiring list in days.
const (
	expiryNear = 30
	expiryMid  = 90
	// ExpiryFar is the furthest the list looks ahead, in days.
	ExpiryFar = 180
)

// Expiring is packs of one drug, batch and expiry, all places together.
type Expiring struct {
	DrugID    int64
	Generic   string
	Spec      string
	PackWord  string
	UnitWord  string
	Batch     string
	ExpiresOn time.Time
	// Days is how many days it is still good after today; 0 ends today, below
	// zero it has expired.
	Days   int
	Packs  int   // full ones
	Loose  int64 // units in opened ones
	Places []ExpiringPlace
}

// ExpiringPlace is where some of them are.
type ExpiringPlace struct {
	Name  string
	URL   string // of the clinic day, or ""
	Packs int
	Loose int64
}

// DrugName is the drug as people say it.
func (x Expiring) DrugName() string { return inventory.DrugName(x.Generic, x.Spec) }

// Within is the horizon it falls into: 0 for expired, 30, 90 or 180 days.
func (x Expiring) Within() int {
	switch {
	case x.Days < 0:
		return 0
	case x.Days <= expiryNear:
		return expiryNear
	case x.Days <= expiryMid:
		return expiryMid
	}
	return ExpiryFar
}

// expiringRow is one batch in one place.
type expiringRow struct {
	DrugID    int64           `db:"drug_id"`
	Generic   string          `db:"generic_name"`
	Spec      string          `db:"spec"`
	PackWord  string          `db:"pack_name"`
	UnitWord  string          `db:"unit_name"`
	Batch     string          `db:"batch"`
	ExpiresOn time.Time       `db:"expires_on"`
	State     inventory.State `db:"state"`
	SessionID int64           `db:"session_id"`
	Packs     int             `db:"packs"`
	Loose     int64           `db:"loose"`
}

// ReadExpiring reads what in the store and in the trays of clinic days has
// expired or will within 180 days, the most urgent first. What is set apart
// already is not in it. Of the trays it has those of the given sites; nil is all.
func ReadExpiring(ctx context.Context, r db.Reader, now time.Time, sites []int64) ([]Expiring, error) {
	today := Today(now)
	var rows []expiringRow
	err := r.Select(ctx, &rows, `SELECT x.drug_id, d.generic_name, d.spec, d.pack_name, d.unit_name, x.batch, x.expires_on, x.state, x.session_id, x.packs, x.loose
FROM (SELECT k.drug_id, k.batch, k.expires_on, k.state, COALESCE(k.session_id, 0) AS session_id,
    sum(CASE WHEN k.units_left = k.units_total THEN 1 ELSE 0 END) AS packs,
    sum(CASE WHEN k.units_left < k.units_total THEN k.units_left ELSE 0 END) AS loose
  FROM pack k WHERE k.state = 'in_store' AND k.expires_on < $1::date GROUP BY k.drug_id, k.batch, k.expires_on, k.state, COALESCE(k.session_id, 0)
  UNION ALL SELECT k.drug_id, k.batch, k.expires_on, k.state, COALESCE(k.session_id, 0),
    sum(CASE WHEN k.units_left = k.units_total THEN 1 ELSE 0 END), sum(CASE WHEN k.units_left < k.units_total THEN k.units_left ELSE 0 END)
  FROM pack k WHERE k.state = 'allocated' AND k.expires_on < $1::date AND ($2::boolean OR k.session_id IN (SELECT c.id FROM clinic_session c WHERE c.site_id = ANY($3::bigint[])))
  GROUP BY k.drug_id, k.batch, k.expires_on, k.state, COALESCE(k.session_id, 0)) x
JOIN drug d ON d.id = x.drug_id ORDER BY x.expires_on, d.generic_name, d.spec, x.drug_id, x.batch, x.state DESC, x.session_id`,
		today.AddDate(0, 0, ExpiryFar+1).Format(time.DateOnly), sites == nil, idArray(sites))
	if err != nil {
		return nil, fmt.Errorf("read expiring packs: %w", err)
	}
	var ids []int64
	for _, x := range rows {
		if x.SessionID != 0 {
			ids = append(ids, x.SessionID)
		}
	}
	slices.Sort(ids)
	names, err := sessionNames(ctx, r, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	return joinExpiring(rows, names, today), nil
}

// joinExpiring puts the places of a batch together; the rows come in order.
func joinExpiring(rows []expiringRow, names map[int64]string, today time.Time) []Expiring {
	var list []Expiring
	for _, x := range rows {
		n := len(list)
		if n == 0 || list[n-1].DrugID != x.DrugID || list[n-1].Batch != x.Batch || !list[n-1].ExpiresOn.Equal(x.ExpiresOn) {
			list = append(list, Expiring{DrugID: x.DrugID, Generic: x.Generic, Spec: x.Spec, PackWord: x.PackWord, UnitWord: x.UnitWord, Batch: x.Batch,
				ExpiresOn: x.ExpiresOn, Days: int(midnight(x.ExpiresOn).Sub(today).Hours() / 24)})
			n++
		}
		e := &list[n-1]
		e.Packs += x.Packs
		e.Loose += x.Loose
		p := ExpiringPlace{Name: "药房", Packs: x.Packs, Loose: x.Loose}
		if x.SessionID != 0 {
			p.Name, p.URL = names[x.SessionID], fmt.Sprintf("/sessions/%d", x.SessionID)
		}
		e.Places = append(e.Places, p)
	}
	return list
}

// midnight is the day of a date column as midnight UTC, like [Today].
func midnight(day time.Time) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// Where is the places in one line: 药房 3盒、演示新华 11月23日 2盒5片.
func (x Expiring) Where() string {
	parts := make([]string, len(x.Places))
	for i, p := range x.Places {
		parts[i] = p.Name + " " + x.amount(p.Packs, p.Loose)
	}
	return strings.Join(parts, "、")
}

// Amount is all of it as people count it: 12盒5片.
func (x Expiring) Amount() string { return x.amount(x.Packs, x.Loose) }

func (x Expiring) amount(packs int, loose int64) string {
	text := ""
	if packs > 0 || loose == 0 {
		text = fmt.Sprintf("%d%s", packs, x.PackWord)
	}
	if loose > 0 {
		text += fmt.Sprintf("%d%s", loose, x.UnitWord)
	}
	return text
}

// PlaceAmount is what is in the place with this index: 10盒5片.
func (x Expiring) PlaceAmount(i int) string { return x.amount(x.Places[i].Packs, x.Places[i].Loose) }
