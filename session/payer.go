package session

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Payer says who pays for what is handed out.
type Payer string

// The payers.
const (
	PayerFree    Payer = "free"    // 免费: the programme
	PayerInsured Payer = "insured" // 医保
	PayerSelf    Payer = "self"    // 自费
)

// Payers is the closed list.
func Payers() []Payer { return []Payer{PayerFree, PayerInsured, PayerSelf} }

// Word is the payer as people say it.
func (p Payer) Word() string {
	switch p {
	case PayerFree:
		return "免费"
	case PayerInsured:
		return "医保"
	case PayerSelf:
		return "自费"
	}
	return ""
}

// Programme is under what programme a site's medicine is handed out, and who pays
// for it unless a line says otherwise.
type Programme struct {
	ID     int64  `db:"id"`
	Name   string `db:"name"`
	SiteID int64  `db:"site_id"` // 0: all sites without one of their own
	Site   string `db:"site"`
	Payer  Payer  `db:"payer"`
}

// Programmes reads the programmes that count, the one of all sites first.
func Programmes(ctx context.Context, r db.Reader) ([]Programme, error) {
	var list []Programme
	err := r.Select(ctx, &list, `SELECT p.id, p.name, p.site_id, COALESCE(s.name, '') AS site, p.payer
FROM programme p LEFT JOIN site s ON s.id = p.site_id
WHERE p.id IN (SELECT max(q.id) FROM programme q GROUP BY q.site_id) ORDER BY p.site_id`)
	if err != nil {
		return nil, fmt.Errorf("read programmes: %w", err)
	}
	return list, nil
}

// SettingProgramme is the input of SetProgramme.
type SettingProgramme struct {
	CommandID uuid.UUID
	Name      string // at most 60 characters
	SiteID    int64  // 0: all sites
	Payer     Payer
}

// SetProgramme says under what programme a site, or every other site, hands out
// from now on. What was handed out before keeps its payer.
func (s *Service) SetProgramme(ctx context.Context, by identity.Actor, in SettingProgramme) error {
	if err := identity.Allow(ctx, s.db, by, identity.ManageSystem, 0); err != nil {
		return err
	}
	in.Name = strings.TrimSpace(in.Name)
	if n := utf8.RuneCountInString(in.Name); n == 0 || n > 60 || in.Payer.Word() == "" || in.SiteID < 0 {
		return db.Refuse(db.Invalid, "请填写项目名称（最多 60 个字），并选择由谁付费。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "set_programme", Request: in}
	_, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		if in.SiteID > 0 {
			var there int64
			if err := tx.Get(ctx, &there, `SELECT count(*) FROM site WHERE id = $1::bigint AND active`, in.SiteID); err != nil {
				return false, fmt.Errorf("read site: %w", err)
			}
			if there == 0 {
				return false, db.Refuse(db.Invalid, "这个精防点不存在或已停用，请重新选择。")
			}
		}
		err := tx.ExecOne(ctx, `INSERT INTO programme (name, site_id, payer, at, by_staff) VALUES ($1, $2, $3, $4, $5)`,
			in.Name, in.SiteID, string(in.Payer), tx.Now, by.StaffID)
		if err != nil {
			return false, fmt.Errorf("insert programme: %w", err)
		}
		return true, identity.Audit(ctx, tx, by, identity.Event{Name: "outbox.programme", ObjectKind: "programme", ObjectID: in.Name,
			SiteID: in.SiteID, Detail: "payer=" + string(in.Payer)})
	})
	return err
}
