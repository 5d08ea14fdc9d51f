package patient

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// StateChange is the input of ChangeState.
type StateChange struct {
	PatientID int64
	Version   int
	CommandID uuid.UUID
	// To is Moved, Deceased or, for who came back, Active.
	To State
}

// ChangeState notes that a patient moved away, died, or comes again. It takes the
// right to register patients at the home site. Errors are Denied, Invalid for
// another state, and Conflict for a stale page or a state that is there already.
func (g *Registry) ChangeState(ctx context.Context, by identity.Actor, in StateChange) error {
	p, err := ByID(ctx, g.db, in.PatientID)
	if err != nil {
		return err
	}
	if err := identity.Allow(ctx, g.db, by, identity.RegisterPatient, p.HomeSiteID); err != nil {
		return err
	}
	if in.To != Active && in.To != Moved && in.To != Deceased {
		return db.Refuse(db.Invalid, "请选择：迁出、已故或恢复在册。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "patient_state", Request: in}
	_, _, err = identity.RunCommand(ctx, g.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return true, g.changeState(ctx, tx, by, in)
	})
	return err
}

func (g *Registry) changeState(ctx context.Context, tx *db.Tx, by identity.Actor, in StateChange) error {
	p, err := lockVersion(ctx, tx, by, in.PatientID, in.Version)
	if err != nil {
		return err
	}
	if p.State == in.To {
		return db.Refuse(db.Conflict, "这份档案本来就是“%s”，不用再点。", in.To.Label())
	}
	err = tx.ExecOne(ctx, `UPDATE patient SET state = $2, version = version + 1, changed_at = $3 WHERE id = $1 AND version = $4`,
		p.ID, string(in.To), tx.Now, p.Version)
	if err != nil {
		return fmt.Errorf("change a patient's state: %w", err)
	}
	return g.keepChanges(ctx, tx, by, p, "patient.state", []fieldChange{{FieldState, string(p.State), string(in.To)}})
}
