package inventory

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// lastHandOvers reads who handed the dispensed ones of some packs out, and when:
// somebody who finds such a box in a delivery has to ask that person. The
// patient's number and the site belong to the clinic and are not known here.
func lastHandOvers(ctx context.Context, r db.Reader, packs map[string]*Pack) (map[int64]*Taken, error) {
	var ids []int64
	for _, p := range packs {
		if p.State == StateDispensed {
			ids = append(ids, p.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	var rows []struct {
		PackID int64     `db:"pack_id"`
		Staff  string    `db:"staff"`
		At     time.Time `db:"at"`
	}
	err := r.Select(ctx, &rows, `SELECT m.pack_id, COALESCE(s.name, '') AS staff, m.at FROM movement m LEFT JOIN staff s ON s.id = m.staff_id
WHERE m.pack_id = ANY($1::bigint[]) AND m.kind = 'dispense' ORDER BY m.id`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read who handed packs out: %w", err)
	}
	taken := make(map[int64]*Taken, len(ids))
	for _, x := range rows {
		taken[x.PackID] = &Taken{Doctor: doctorWord(x.Staff), At: x.At}
	}
	return taken, nil
}

// doctorWord is how a colleague is spoken of; empty when nobody is known.
func doctorWord(name string) string {
	if name == "" || strings.Contains(name, "医生") {
		return name
	}
	return name + "医生"
}
