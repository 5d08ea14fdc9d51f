package inventory

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Ruling is the input of AddClassRule.
type Ruling struct {
	CommandID uuid.UUID
	Class     Class
	// Since is the first day, as midnight UTC.
	Since time.Time
	// MaxDays and KeepYears are 0 for no limit and no register.
	MaxDays, KeepYears int
	// LimitLaw and KeepLaw name the text of the law; at most 200 characters.
	LimitLaw, KeepLaw string
}

// AddClassRule writes what the law asks of a class from a day on. Rules are never
// changed: a correction is a new one for the same day. It takes the pharmacist's
// right to say what a code means.
func (s *Service) AddClassRule(ctx context.Context, by identity.Actor, in Ruling) error {
	if err := identity.Allow(ctx, s.db, by, identity.TeachPrefix, 0); err != nil {
		return err
	}
	if err := in.check(); err != nil {
		return err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "class_rule", Request: in}
	_, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (bool, error) {
		return true, addClassRule(ctx, tx, by, in)
	})
	return err
}

func (in *Ruling) check() error {
	in.LimitLaw, in.KeepLaw = strings.TrimSpace(in.LimitLaw), strings.TrimSpace(in.KeepLaw)
	switch {
	case in.Class != ClassUnknown && !in.Class.Valid():
		return db.Refuse(db.Invalid, "请从列表里选管理类别。")
	case in.Since.Year() < 1985 || in.Since.Year() > 2099:
		return db.Refuse(db.Invalid, "生效日期不对，请填 1985 到 2099 年之间的一天。")
	case in.MaxDays < 0 || in.MaxDays > 366:
		return db.Refuse(db.Invalid, "日常用量的天数请填 1 到 366；不限请留空。")
	case in.KeepYears < 0 || in.KeepYears > 100:
		return db.Refuse(db.Invalid, "账册保存年数请填 1 到 100；不设账册请留空。")
	case in.MaxDays > 0 && in.LimitLaw == "" || in.KeepYears > 0 && in.KeepLaw == "":
		return db.Refuse(db.Invalid, "请写明依据的法规条文。")
	case utf8.RuneCountInString(in.LimitLaw) > 200 || utf8.RuneCountInString(in.KeepLaw) > 200:
		return db.Refuse(db.Invalid, "法规条文最多 200 个字，请写短一些。")
	}
	return nil
}

func addClassRule(ctx context.Context, tx *db.Tx, by identity.Actor, in Ruling) error {
	err := tx.ExecOne(ctx, `INSERT INTO class_rule (class, since_on, max_days, limit_law, keep_years, keep_law, at, staff_id)
VALUES ($1, $2::date, NULLIF($3::integer, 0), $4, NULLIF($5::integer, 0), $6, $7, $8::bigint)`,
		string(in.Class), dateText(in.Since), in.MaxDays, in.LimitLaw, in.KeepYears, in.KeepLaw, tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return fmt.Errorf("insert the rule of a class: %w", err)
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: "class.rule", ObjectKind: "class", ObjectID: in.Class.Chinese(),
		Detail: fmt.Sprintf("since=%s max_days=%d keep_years=%d", dateText(in.Since), in.MaxDays, in.KeepYears)})
}
