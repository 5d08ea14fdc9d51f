package patient

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Risk is 危险性, the level of 严重精神障碍管理治疗工作规范 (2018): 0 to 5.
type Risk int

// RiskUnknown is the level of somebody who was not assessed.
const RiskUnknown Risk = -1

// maxRisk is the highest level.
const maxRisk Risk = 5

// Label is the level in words.
func (r Risk) Label() string {
	if r < 0 || r > maxRisk {
		return "未评定"
	}
	return fmt.Sprintf("%d 级", int(r))
}

// OpenRisk opens the risk level of a patient for a doctor of the home site. Every
// opening is audited before anything is shown.
func (g *Registry) OpenRisk(ctx context.Context, by identity.Actor, p Patient) (Risk, error) {
	if err := identity.Allow(ctx, g.db, by, identity.ViewRisk, p.HomeSiteID); err != nil {
		return RiskUnknown, err
	}
	var sealed []byte
	err := g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.Get(ctx, &sealed, `SELECT risk_sealed FROM patient WHERE id = $1::bigint`, p.ID); err != nil {
			return fmt.Errorf("read risk level: %w", err)
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "patient.risk_view", ObjectKind: "patient", ObjectID: p.Number, SiteID: p.HomeSiteID})
	})
	if err != nil {
		return RiskUnknown, err
	}
	return g.openRisk(p.ID, sealed)
}

func (g *Registry) openRisk(id int64, sealed []byte) (Risk, error) {
	text, err := g.open("risk", id, sealed)
	if err != nil || text == "" {
		return RiskUnknown, err
	}
	level, err := strconv.Atoi(text)
	if err != nil {
		return RiskUnknown, fmt.Errorf("risk level: %w", err)
	}
	return Risk(level), nil
}

// Assessment is the input of SetRisk.
type Assessment struct {
	PatientID int64
	Version   int
	CommandID uuid.UUID
	Level     Risk
}

// SetRisk notes the risk level that a doctor of the home site assessed. The level is
// in no log, no audit and no command's digest that could be guessed.
func (g *Registry) SetRisk(ctx context.Context, by identity.Actor, in Assessment) error {
	p, err := ByID(ctx, g.db, in.PatientID)
	if err != nil {
		return err
	}
	if err := identity.Allow(ctx, g.db, by, identity.ViewRisk, p.HomeSiteID); err != nil {
		return err
	}
	if in.Level < 0 || in.Level > maxRisk {
		return db.Refuse(db.Invalid, "请选择危险性等级：0 到 5 级。")
	}
	hidden, err := g.seal.Index(commandPurpose, fmt.Sprintf("risk/%d/%d", in.PatientID, in.Level))
	if err != nil {
		return err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "set_risk", Request: []any{in.PatientID, in.Version, hidden}}
	_, _, err = identity.RunCommand(ctx, g.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return true, g.setRisk(ctx, tx, by, in)
	})
	return err
}

func (g *Registry) setRisk(ctx context.Context, tx *db.Tx, by identity.Actor, in Assessment) error {
	p, err := lockVersion(ctx, tx, by, in.PatientID, in.Version)
	if err != nil {
		return err
	}
	var before []byte
	if err := tx.Get(ctx, &before, `SELECT risk_sealed FROM patient WHERE id = $1::bigint`, p.ID); err != nil {
		return fmt.Errorf("read risk level: %w", err)
	}
	old, err := g.open("risk", p.ID, before)
	if err != nil {
		return err
	}
	level := strconv.Itoa(int(in.Level))
	if old == level {
		return nil
	}
	sealed, err := g.seal.SealString(sealPurpose, place("risk", p.ID), level)
	if err != nil {
		return err
	}
	err = tx.ExecOne(ctx, `UPDATE patient SET risk_sealed = $2::bytea, version = version + 1, changed_at = $3 WHERE id = $1 AND version = $4`,
		p.ID, sealed, tx.Now, p.Version)
	if err != nil {
		return fmt.Errorf("set risk level: %w", err)
	}
	return g.keepChanges(ctx, tx, by, p, "patient.risk", []fieldChange{{FieldRisk, old, level}})
}
