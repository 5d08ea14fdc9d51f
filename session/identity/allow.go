package identity

import (
	"context"
	"fmt"

	"jingfang/sql/db"
)

// Allow is Actor.Can with a trace: a denial is written to the audit, in a
// transaction of its own, before it is given back. It must not be called inside
// a transaction.
func Allow(ctx context.Context, d *db.DB, by Actor, p Permission, siteID int64) error {
	refusal := by.Can(p, siteID)
	if db.KindOf(refusal) != db.Denied {
		return refusal
	}
	e := Event{Name: "denied", Outcome: Refused, ObjectKind: "permission", ObjectID: string(p), SiteID: siteID}
	if err := AuditRefusal(ctx, d, by, e); err != nil {
		return fmt.Errorf("audit a denial: %w", err)
	}
	return refusal
}
