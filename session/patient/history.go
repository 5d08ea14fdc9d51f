package patient

import (
	"context"
	"fmt"
	"time"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Change is one change of one field.
type Change struct {
	ID     int64
	Field  Field
	At     time.Time
	Who    string
	Source string // "page", "import" or "merge"
	// Before and After are empty unless the changes were opened.
	Before, After string
}

// changeLimit is how many changes of a patient are shown, the last first.
const changeLimit = 200

// changeRow is a change as it is stored.
type changeRow struct {
	ID     int64     `db:"id"`
	Field  Field     `db:"field"`
	At     time.Time `db:"at"`
	Who    string    `db:"who"`
	Source string    `db:"source"`
	Before []byte    `db:"before_sealed"`
	After  []byte    `db:"after_sealed"`
}

// Changes lists what was changed in an entry, by whom and when, without the values.
// It takes the right to see patients at the home site. Changes of the risk level are
// only for who may see it.
func (g *Registry) Changes(ctx context.Context, by identity.Actor, p Patient) ([]Change, error) {
	if err := identity.Allow(ctx, g.db, by, identity.ViewPatient, p.HomeSiteID); err != nil {
		return nil, err
	}
	rows, err := readChanges(ctx, g.db, p.ID, by.Can(identity.ViewRisk, p.HomeSiteID) == nil)
	if err != nil {
		return nil, err
	}
	list := make([]Change, len(rows))
	for i, x := range rows {
		list[i] = Change{ID: x.ID, Field: x.Field, At: x.At, Who: x.Who, Source: x.Source}
	}
	return list, nil
}

// OpenChanges is Changes with the values, for who may see sealed fields. The look is
// audited before anything is shown.
func (g *Registry) OpenChanges(ctx context.Context, by identity.Actor, p Patient) ([]Change, error) {
	if err := identity.Allow(ctx, g.db, by, identity.UnmaskPatient, p.HomeSiteID); err != nil {
		return nil, err
	}
	risk := by.Can(identity.ViewRisk, p.HomeSiteID) == nil
	var rows []changeRow
	err := g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		var err error
		if rows, err = readChanges(ctx, tx, p.ID, risk); err != nil {
			return err
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "patient.changes", ObjectKind: "patient", ObjectID: p.Number, SiteID: p.HomeSiteID})
	})
	if err != nil {
		return nil, err
	}
	list := make([]Change, len(rows))
	for i, x := range rows {
		list[i] = Change{ID: x.ID, Field: x.Field, At: x.At, Who: x.Who, Source: x.Source}
		if list[i].Before, err = g.open("change."+string(x.Field), p.ID, x.Before); err != nil {
			return nil, err
		}
		if list[i].After, err = g.open("change."+string(x.Field), p.ID, x.After); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func readChanges(ctx context.Context, r db.Reader, id int64, risk bool) ([]changeRow, error) {
	var rows []changeRow
	err := r.Select(ctx, &rows, `SELECT c.id, c.field, c.at, COALESCE(f.name, '系统') AS who, c.source, c.before_sealed, c.after_sealed
FROM patient_change c LEFT JOIN staff f ON f.id = c.staff_id
WHERE c.patient_id = $1::bigint AND ($2::boolean OR c.field <> 'risk') ORDER BY c.id DESC LIMIT $3`, id, risk, changeLimit)
	if err != nil {
		return nil, fmt.Errorf("read changes of a patient: %w", err)
	}
	return rows, nil
}
