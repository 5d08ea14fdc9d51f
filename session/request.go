package session

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// withdrawRequests takes back what a visit still asks for: it has left the
// table, and nobody waits for the answer.
func withdrawRequests(ctx context.Context, tx *db.Tx, by identity.Actor, visit uuid.UUID) error {
	_, err := tx.Exec(ctx, `UPDATE let_in_request SET decision = 'withdrawn', decided_by = $2, decided_at = $3 WHERE visit_id = $1 AND decision = ''`,
		visit, by.StaffID, tx.Now)
	if err != nil {
		return fmt.Errorf("withdraw requests: %w", err)
	}
	return nil
}
