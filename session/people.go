package session

import (
	"context"
	"fmt"

	"jingfang/sql/db"
)

// TeamChoice is a person who may join a team.
type TeamChoice struct {
	StaffID    int64  `db:"staff_id"`
	Name       string `db:"name"`
	Doctor     bool   `db:"doctor"`
	Pharmacist bool   `db:"pharmacist"`
}

// StaffForTeams lists the people with a role at the table.
func StaffForTeams(ctx context.Context, r db.Reader) ([]TeamChoice, error) {
	var list []TeamChoice
	err := r.Select(ctx, &list, `SELECT f.id AS staff_id, f.name,
  max(CASE WHEN g.role_name = 'doctor' THEN 1 ELSE 0 END) = 1 AS doctor,
  max(CASE WHEN g.role_name = 'pharmacist' THEN 1 ELSE 0 END) = 1 AS pharmacist
FROM staff f JOIN staff_role g ON g.staff_id = f.id AND g.revoked_at IS NULL
WHERE f.disabled_at IS NULL AND g.role_name IN ('doctor', 'pharmacist', 'assistant')
GROUP BY f.id, f.name ORDER BY f.name, f.id`)
	if err != nil {
		return nil, fmt.Errorf("read staff: %w", err)
	}
	return list, nil
}
