package inventory

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// takePrefix writes what HIS says of a prefix if it differs.
func takePrefix(ctx context.Context, tx *db.Tx, e DictionaryDrug, drugID int64, x DictionaryPrefix, known map[string]prefixRow) (bool, error) {
	was, ok := known[x.Prefix]
	switch {
	case ok && was.DrugID == drugID && was.Level == x.Level && was.Units == int64(x.Units):
		return false, nil
	case ok && was.TaughtBy != nil:
		return false, db.Refuse(db.Conflict, "前缀 %s：药品目录说是 %s（%d 级，%d 个单位），药师登记的是 %s。请药师在药品页核对后改正其中一处。",
			x.Prefix, DrugName(e.GenericName, e.Spec), x.Level, x.Units, was.value().Drug)
	}
	if err := putPrefix(ctx, tx, Prefix{Prefix: x.Prefix, DrugID: drugID, Level: x.Level, Units: int64(x.Units)}, 0); err != nil {
		return false, err
	}
	known[x.Prefix] = prefixRow{Prefix: x.Prefix, DrugID: drugID, Generic: e.GenericName, Spec: e.Spec, Level: x.Level, Units: int64(x.Units)}
	return true, nil
}

// putPrefix makes x the one meaning of its prefix. What it meant before is kept
// as an inactive row.
func putPrefix(ctx context.Context, tx *db.Tx, x Prefix, taughtBy int64) error {
	if _, err := tx.Exec(ctx, `UPDATE drug_prefix SET active = false WHERE prefix = $1 AND active`, x.Prefix); err != nil {
		return fmt.Errorf("retire prefix %s: %w", x.Prefix, err)
	}
	err := tx.ExecOne(ctx, `INSERT INTO drug_prefix (prefix, drug_id, pack_level, units, taught_by, taught_at) VALUES ($1, $2, $3, $4, $5::bigint, $6)`,
		x.Prefix, x.DrugID, x.Level, x.Units, nullInt(taughtBy), tx.Now)
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
	return c.Prefix(), nil
}

// TeachPrefix says which drug, level and content a prefix means, and gives the
// meaning as it stands now. The same meaning again changes nothing; another one
// needs Replace. Codes that were refused for an unknown prefix are known from
// then on; they are scanned again.
func (s *Service) TeachPrefix(ctx context.Context, by identity.Actor, in Teaching) (Prefix, error) {
	if err := identity.Allow(ctx, s.db, by, identity.TeachPrefix, 0); err != nil {
		return Prefix{}, err
	}
	prefix, err := prefixOf(in.Code)
	if err != nil {
		return Prefix{}, err
	}
	if in.Level < 1 || in.Level > 3 || in.Units < 0 || in.Units > 1_000_000 || in.Level > 1 && in.Units == 0 {
		return Prefix{}, db.Refuse(db.Invalid, "请选包装级别；中包和箱要填里面共有多少最小单位。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "teach_prefix", Request: in}
	taught, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (Prefix, error) {
		return teach(ctx, tx, by, in, prefix)
	})
	return taught, err
}

func teach(ctx context.Context, tx *db.Tx, by identity.Actor, in Teaching, prefix string) (Prefix, error) {
	var d Drug
	err := tx.Get(ctx, &d, `SELECT id, generic_name, spec, units_per_pack FROM drug WHERE id = $1`, in.DrugID)
	if db.IsNoRows(err) {
		return Prefix{}, db.Refuse(db.NotFound, "没有这个药品。请从列表里重新选。")
	}
	if err != nil {
		return Prefix{}, fmt.Errorf("read drug: %w", err)
	}
	x := Prefix{Prefix: prefix, DrugID: d.ID, Drug: d.Name(), Level: in.Level, Units: in.Units}
	if x.Units == 0 {
		x.Units = d.UnitsPerPack
	}
	known, err := FindPrefixes(ctx, tx, []string{prefix})
	if err != nil {
		return Prefix{}, err
	}
	was, ok := known[prefix]
	switch {
	case ok && was == x:
		return x, nil
	case ok && !in.Replace:
		return Prefix{}, db.Refuse(db.Conflict, "前缀 %s 已对照为 %s（%d 级，%d 个最小单位）。确实要改，请勾选“改掉原来的对照”。",
			prefix, was.Drug, was.Level, was.Units)
	}
	if err := putPrefix(ctx, tx, x, by.StaffID); err != nil {
		return Prefix{}, err
	}
	return x, identity.Audit(ctx, tx, by, identity.Event{Name: "prefix.teach", ObjectKind: "prefix", ObjectID: prefix,
		Detail: fmt.Sprintf("drug=%d level=%d units=%d before=%d", x.DrugID, x.Level, x.Units, was.DrugID)})
}
