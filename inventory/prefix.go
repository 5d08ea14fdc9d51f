package inventory

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// putPrefix makes x the one meaning of its prefix. What it meant before is kept
// as an inactive row.
func putPrefix(ctx context.Context, tx *db.Tx, x Prefix, taughtBy int64) error {
	if _, err := tx.Exec(ctx, `UPDATE drug_prefix SET active = false WHERE prefix = $1 AND active`, x.Prefix); err != nil {
		return fmt.Errorf("retire prefix %s: %w", x.Prefix, err)
	}
	err := tx.ExecOne(ctx, `INSERT INTO drug_prefix (prefix, drug_id, pack_level, units, taught_by, taught_at) VALUES ($1, $2, $3, $4, $5::bigint, $6)`,
		x.Prefix, x.DrugID, x.Level, x.Units, db.NullInt(taughtBy), tx.Now)
	if db.IsUnique(err, "drug_prefix_active_uq") {
		return db.RefuseBecause(err, db.Conflict, "前缀 %s 刚刚由别人登记了。请刷新后核对。", x.Prefix)
	}
	if err != nil {
		return fmt.Errorf("insert prefix %s: %w", x.Prefix, err)
	}
	return nil
}

// Teaching says once what a prefix means.
type Teaching struct {
	CommandID uuid.UUID
	// Code is the prefix itself or any whole trace code that begins with it.
	Code   string
	DrugID int64
	Level  int // 1 small … 3 carton
	// Units in smallest units; zero at level 1 takes the drug's pack.
	Units int64
	// Replace changes a meaning that the prefix already has.
	Replace bool
}

// prefixOf reads a prefix, or takes it out of a whole code.
func prefixOf(text string) (string, error) {
	s := strings.ToUpper(strings.TrimSpace(text))
	if validPrefix(s) {
		return s, nil
	}
	c, err := ParseTraceCode(text)
	if err != nil {
		return "", db.RefuseBecause(err, db.Invalid, "读不出前缀：%s 也可以只输入前 7 位，或 14 位 GTIN。", err.Error())
	}
	if c.Family() == FamilyInternal {
		return "", db.Refuse(db.Invalid, "这是院内码（WM 开头），不用对照药品。请扫盒上原来的追溯码。")
	}
	return c.Prefix(), nil
}

// TeachPrefix says which drug, level and content a prefix means, and gives the
// meaning as it stands now. The same meaning again changes nothing; another one
// needs Replace. Boxes that open receipts hold for want of it come in at once
// where their receipt wants them, and boxes in the store that came in under a
// wrong meaning are counted to the right drug.
func (s *Service) TeachPrefix(ctx context.Context, by identity.Actor, in Teaching) (taught Taught, err error) {
	if err := identity.Allow(ctx, s.db, by, identity.TeachPrefix, 0); err != nil {
		return Taught{}, err
	}
	prefix, err := prefixOf(in.Code)
	if err != nil {
		return Taught{}, err
	}
	if in.Level < 1 || in.Level > 3 || in.Units < 0 || in.Units > 1_000_000 || in.Level > 1 && in.Units == 0 {
		return Taught{}, db.Refuse(db.Invalid, "请选包装级别；中包和箱要填里面共有多少最小单位。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "teach_prefix", Request: in}
	err = rerun(func() error {
		taught, _, err = identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (Taught, error) {
			return teach(ctx, tx, by, in, prefix)
		})
		return err
	})
	return taught, err
}

func teach(ctx context.Context, tx *db.Tx, by identity.Actor, in Teaching, prefix string) (Taught, error) {
	x, was, err := meanings(ctx, tx, in, prefix)
	if err != nil || x == was {
		return Taught{Meaning: x}, err
	}
	if err := putPrefix(ctx, tx, x, by.StaffID); err != nil {
		return Taught{}, err
	}
	taught := Taught{Meaning: x}
	if taught.Held, err = letHeldIn(ctx, tx, by, in.CommandID, x, was); err != nil {
		return Taught{}, err
	}
	if was.DrugID != 0 && was.DrugID != x.DrugID {
		if taught.Elsewhere, err = countElsewhere(ctx, tx, prefix, was); err != nil {
			return Taught{}, err
		}
	}
	return taught, identity.Audit(ctx, tx, by, identity.Event{Name: "prefix.teach", ObjectKind: "prefix", ObjectID: prefix,
		Detail: fmt.Sprintf("drug=%d level=%d units=%d before=%d receipts=%d elsewhere=%d", x.DrugID, x.Level, x.Units, was.DrugID, len(taught.Held), taught.Elsewhere)})
}

// meanings is what the prefix is to mean and what it means now; was is zero when
// it means nothing. Another meaning needs the person's word.
func meanings(ctx context.Context, tx *db.Tx, in Teaching, prefix string) (x, was Prefix, err error) {
	var d Drug
	err = tx.Get(ctx, &d, `SELECT id, generic_name, spec, units_per_pack FROM drug WHERE id = $1`, in.DrugID)
	if db.IsNoRows(err) {
		return x, was, db.Refuse(db.NotFound, "没有这个药品。请从列表里重新选。")
	}
	if err != nil {
		return x, was, fmt.Errorf("read drug: %w", err)
	}
	x = Prefix{Prefix: prefix, DrugID: d.ID, Drug: d.Name(), Level: in.Level, Units: in.Units}
	if x.Units == 0 {
		x.Units = d.UnitsPerPack
	}
	known, err := FindPrefixes(ctx, tx, []string{prefix})
	if err != nil {
		return x, was, err
	}
	was, ok := known[prefix]
	if ok && was != x && !in.Replace {
		return x, was, db.Refuse(db.Conflict, "前缀 %s 已对照为 %s（%d 级，%d 个最小单位）。确实要改，请勾选“改掉原来的对照”。",
			prefix, was.Drug, was.Level, was.Units)
	}
	return x, was, nil
}
