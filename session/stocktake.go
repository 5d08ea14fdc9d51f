package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// TrayCount begins a count (盘点) of a session's trays.
type TrayCount struct {
	SessionID int64
	CommandID uuid.UUID
}

// StartStocktake begins a count of what a session has with it, while it is open.
// The count names what is missing and what is there against the books; it adjusts
// nothing, for closing has its own exits.
func (s *Service) StartStocktake(ctx context.Context, by identity.Actor, in TrayCount) (inventory.StartedCount, error) {
	if _, err := s.may(ctx, by, identity.CountStock, in.SessionID); err != nil {
		return inventory.StartedCount{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "start_tray_count", Request: in}
	a, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (inventory.StartedCount, error) {
		x, err := lock(ctx, tx, in.SessionID, Open)
		if err != nil {
			return inventory.StartedCount{}, err
		}
		return inventory.BeginStocktake(ctx, tx, by, inventory.StocktakeScope{SessionID: x.ID, SiteID: x.SiteID,
			Place: fmt.Sprintf("%s %s", x.Site, x.HeldOn.Format("1月2日"))})
	})
	return a, err
}

// OpenTrays is a session whose trays can be counted.
type OpenTrays struct {
	ID     int64     `db:"id"`
	SiteID int64     `db:"site_id"`
	Site   string    `db:"site"`
	HeldOn time.Time `db:"held_on"`
	Place  string    `db:"place"` // of a round of home visits, or ""
}

// ListOpenTrays lists the open sessions of some sites, or of every site.
func ListOpenTrays(ctx context.Context, r db.Reader, sites []int64, all bool) ([]OpenTrays, error) {
	var list []OpenTrays
	err := r.Select(ctx, &list, `SELECT c.id, c.site_id, s.name AS site, c.held_on, c.place FROM clinic_session c JOIN site s ON s.id = c.site_id
WHERE c.state = 'open' AND ($1::boolean OR c.site_id = ANY($2::bigint[])) ORDER BY c.held_on DESC, s.name, c.id`, all, pq.Array(sites))
	if err != nil {
		return nil, fmt.Errorf("list open sessions: %w", err)
	}
	return list, nil
}
