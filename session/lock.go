package session

import (
	"context"

	"jingfang/sql/db"
)

// Lock takes a session's row for the rest of the transaction, whatever its state:
// the first lock of a module on a higher rung that hangs something of its own on
// the session. Errors: NotFound.
func Lock(ctx context.Context, tx *db.Tx, id int64) (Session, error) {
	return lock(ctx, tx, id, Planned, Open, Closing, Closed, Cancelled, Rescheduled)
}
