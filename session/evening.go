package session

import (
	"context"
	"fmt"

	"jingfang/sql/db"
)

// Evening is how far the counting of a session has come, for the board.
type Evening struct {
	// Version is the session's: whatever is done in the evening changes it, and so
	// the part of the board that says it, which is how other screens hear of it.
	Version   int64 `db:"version"`
	Counted   int   `db:"counted"` // drugs with a number
	Seen      int   `db:"seen"`    // boxes that were scanned
	Confirmed int   `db:"confirmed"`
}

// readEvening is nil while nobody counts.
func readEvening(ctx context.Context, r db.Reader, x Session) (*Evening, error) {
	if x.State != Closing {
		return nil, nil
	}
	var e Evening
	err := r.Get(ctx, &e, `SELECT v.version, (SELECT count(*) FROM closing_count n WHERE n.session_id = v.session_id) AS counted,
  (SELECT count(*) FROM closing_seen z WHERE z.session_id = v.session_id) AS seen,
  (SELECT count(*) FROM closing_confirm c WHERE c.session_id = v.session_id) AS confirmed
FROM session_version v WHERE v.session_id = $1::bigint`, x.ID)
	if err != nil {
		return nil, fmt.Errorf("read how far the counting is: %w", err)
	}
	return &e, nil
}
