package inventory

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Care is what the doctor's table reminds of at a drug.
type Care struct {
	DrugID int64 `db:"drug_id"`
	// DepotDays is how long an injection of a long-acting drug holds, in days; 0
	// for a drug that is none.
	DepotDays int `db:"depot_days"`
	// Check is what is to be examined, such as 血常规, every CheckDays days; both
	// are zero where nothing is.
	Check     string `db:"check_name"`
	CheckDays int    `db:"check_days"`
}

// Text says the setting in words; "" for none.
func (c Care) Text() string {
	var parts []string
	if c.DepotDays > 0 {
		parts = append(parts, fmt.Sprintf("长效针剂，每 %d 天", c.DepotDays))
	}
	if c.CheckDays > 0 {
		parts = append(parts, fmt.Sprintf("%s每 %d 天", c.Check, c.CheckDays))
	}
	return strings.Join(parts, " · ")
}

// check refuses settings that nobody could follow.
func (c Care) check() error {
	switch {
	case c.DrugID <= 0:
		return db.Refuse(db.Invalid, "请选择药品。")
	case c.DepotDays < 0 || c.DepotDays > 366 || c.CheckDays < 0 || c.CheckDays > 366:
		return db.Refuse(db.Invalid, "间隔天数请填 1 到 366；不填表示不提醒。")
	case utf8.RuneCountInString(c.Check) > 20:
		return db.Refuse(db.Invalid, "检查名称最多 20 个字，请写短一些。")
	case (c.Check == "") != (c.CheckDays == 0):
		return db.Refuse(db.Invalid, "检查名称和检查间隔要一起填，或都不填。")
	}
	return nil
}

// DrugCares reads the settings of all drugs that have one, by drug.
func DrugCares(ctx context.Context, r db.Reader) (map[int64]Care, error) {
	var rows []Care
	err := r.Select(ctx, &rows, `SELECT drug_id, COALESCE(depot_days, 0) AS depot_days, check_name, COALESCE(check_days, 0) AS check_days
FROM drug_care WHERE depot_days IS NOT NULL OR check_days IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("read what drugs are to remind of: %w", err)
	}
	of := make(map[int64]Care, len(rows))
	for _, c := range rows {
		of[c.DrugID] = c
	}
	return of, nil
}

// Caring is the input of SetCare.
type Caring struct {
	CommandID uuid.UUID
	Care
}

// SetCare says what the table reminds of at a drug; zero values end a reminder.
// It takes the pharmacist's right over the dictionary.
func (s *Service) SetCare(ctx context.Context, by identity.Actor, in Caring) (Care, error) {
	if err := identity.Allow(ctx, s.db, by, identity.TeachPrefix, 0); err != nil {
		return Care{}, err
	}
	in.Check = strings.TrimSpace(in.Check)
	if err := in.Care.check(); err != nil {
		return Care{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "set_care", Request: in}
	c, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (Care, error) {
		return in.Care, setCare(ctx, tx, by, in.Care)
	})
	switch {
	case db.IsForeignKey(err, "drug_care_drug_fk"):
		err = db.RefuseBecause(err, db.NotFound, "没有这个药品。请从列表里重新选。")
	case db.IsUnique(err, "drug_care_pk"):
		err = db.RefuseBecause(err, db.Conflict, "别人刚刚也改了这种药的提醒。请刷新后核对。")
	}
	return c, err
}

func setCare(ctx context.Context, tx *db.Tx, by identity.Actor, c Care) error {
	n, err := tx.Exec(ctx, `UPDATE drug_care SET depot_days = NULLIF($2::integer, 0), check_name = $3, check_days = NULLIF($4::integer, 0), changed_by = $5, changed_at = $6
WHERE drug_id = $1`, c.DrugID, c.DepotDays, c.Check, c.CheckDays, by.StaffID, tx.Now)
	if err == nil && n == 0 {
		err = tx.ExecOne(ctx, `INSERT INTO drug_care (drug_id, depot_days, check_name, check_days, changed_by, changed_at)
VALUES ($1, NULLIF($2::integer, 0), $3, NULLIF($4::integer, 0), $5, $6)`, c.DrugID, c.DepotDays, c.Check, c.CheckDays, by.StaffID, tx.Now)
	}
	if err != nil {
		return fmt.Errorf("set what a drug is to remind of: %w", err)
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: "drug.care", ObjectKind: "drug", ObjectID: fmt.Sprint(c.DrugID),
		Detail: fmt.Sprintf("depot_days=%d check=%s check_days=%d", c.DepotDays, c.Check, c.CheckDays)})
}
