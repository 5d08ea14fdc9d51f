package inventory

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// DictionaryDrug is an entry of HIS's drug dictionary.
type DictionaryDrug struct {
	HISCode, GenericName, TradeName, Spec, Maker string
	UnitName, PackName                           string
	UnitsPerPack                                 int
	// Class holds from ClassSince on; both are zero when HIS does not say.
	Class      Class
	ClassSince time.Time // the calendar day, in its own zone
	Loose      bool
	Prefixes   []DictionaryPrefix
}

// DictionaryPrefix is the 药品标识码 or GTIN of one pack level of a drug.
type DictionaryPrefix struct {
	Prefix string
	Level  int // 1 small … 3 carton
	Units  int // smallest units in a pack of this level
}

// check finds the first thing that is wrong with the entry.
func (e DictionaryDrug) check() error {
	switch {
	case e.HISCode == "" || e.GenericName == "" || e.UnitName == "" || e.PackName == "":
		return db.Refuse(db.Invalid, "药品目录里有一条缺少编码、通用名或单位（%s %s），没有收下。请在 HIS 补全后重新同步。", e.HISCode, e.GenericName)
	case longer(e.HISCode, 40), longer(e.GenericName, 100), longer(e.TradeName, 100), longer(e.Spec, 100), longer(e.Maker, 100),
		longer(e.UnitName, 10), longer(e.PackName, 10):
		return db.Refuse(db.Invalid, "药品目录里 %s 的名称、规格、厂家或单位太长，没有收下。请在 HIS 改短后重新同步。", clip(e.HISCode, 40))
	case e.UnitsPerPack <= 0:
		return db.Refuse(db.Invalid, "药品 %s（%s）的每盒数量是 %d，应大于零。请在 HIS 改正后重新同步。", e.GenericName, e.HISCode, e.UnitsPerPack)
	case e.Class != ClassUnknown && !e.Class.Valid(), (e.Class == ClassUnknown) != e.ClassSince.IsZero():
		return db.Refuse(db.Invalid, "药品 %s（%s）的管理类别或起始日期不对。请在 HIS 改正后重新同步。", e.GenericName, e.HISCode)
	}
	for _, x := range e.Prefixes {
		if x.Units <= 0 || x.Level < 1 || x.Level > 3 || !validPrefix(x.Prefix) {
			return db.Refuse(db.Invalid, "药品 %s（%s）的追溯码前缀 %s 不对。请在 HIS 改正后重新同步。", e.GenericName, e.HISCode, x.Prefix)
		}
	}
	return nil
}

// validPrefix reports seven letters and digits (药品标识码) or a GTIN of 14
// digits with its check digit, in the form codes carry it.
func validPrefix(s string) bool {
	if len(s) == prefixLength {
		return isAlphanumeric(s) && strings.ToUpper(s) == s
	}
	return len(s) == 14 && isDigits(s) && validCheckDigit(s)
}

// TakeDrugs compares the dictionary with what HIS says, by HIS code, and gives the
// number of entries that are new or newly differ; the same entries again change
// nothing. A new drug, a new prefix and a stricter class are taken in and noted.
// Everything else that differs from what we have waits for a person (DecideDrug):
// nothing is overwritten. One wrong entry refuses all of them with a sentence.
func (s *Service) TakeDrugs(ctx context.Context, by identity.Actor, entries []DictionaryDrug) (changed int, err error) {
	if err := identity.Allow(ctx, s.db, by, identity.ManageSystem, 0); err != nil {
		return 0, err
	}
	entries = slices.Clone(entries)
	sort.Slice(entries, func(i, j int) bool { return entries[i].HISCode < entries[j].HISCode })
	for i, e := range entries {
		if err := e.check(); err != nil {
			return 0, err
		}
		if i > 0 && entries[i-1].HISCode == e.HISCode {
			return 0, db.Refuse(db.Invalid, "药品目录里编码 %s 出现了两次，没有收下。请在 HIS 改正后重新同步。", e.HISCode)
		}
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		changed, err = takeDrugs(ctx, tx, by, entries)
		return err
	})
	return changed, err
}

func takeDrugs(ctx context.Context, tx *db.Tx, by identity.Actor, entries []DictionaryDrug) (int, error) {
	have, err := lockDrugs(ctx, tx, entries)
	if err != nil {
		return 0, err
	}
	var known dictionaryKnown
	if known.prefixes, err = knownPrefixes(ctx, tx, entries); err != nil {
		return 0, err
	}
	if known.classes, err = knownClasses(ctx, tx, have); err != nil {
		return 0, err
	}
	if known.proposals, err = knownProposals(ctx, tx, entries); err != nil {
		return 0, err
	}
	changed, waiting := 0, 0
	for _, e := range entries {
		did, waits, err := takeDrug(ctx, tx, e, have[e.HISCode], known)
		if err != nil {
			return 0, err
		}
		if did {
			changed++
		}
		if waits {
			waiting++
		}
	}
	if changed == 0 {
		return 0, nil
	}
	return changed, identity.Audit(ctx, tx, by, identity.Event{Name: "drug.dictionary", ObjectKind: "drug",
		Detail: fmt.Sprintf("entries=%d changed=%d waiting=%d", len(entries), changed, waiting)})
}

func lockDrugs(ctx context.Context, tx *db.Tx, entries []DictionaryDrug) (map[string]Drug, error) {
	var codes []string
	for _, e := range entries {
		codes = append(codes, e.HISCode)
	}
	var rows []Drug
	err := tx.Select(ctx, &rows, `SELECT id, his_code, generic_name, trade_name, spec, maker, unit_name, pack_name, units_per_pack, loose, active
FROM drug WHERE his_code = ANY($1::text[]) ORDER BY his_code FOR NO KEY UPDATE`, pq.Array(codes))
	if err != nil {
		return nil, fmt.Errorf("lock drugs: %w", err)
	}
	have := make(map[string]Drug, len(rows))
	for _, x := range rows {
		have[x.HISCode] = x
	}
	return have, nil
}

// classKey is a drug and the first day of a class.
type classKey struct {
	drug  int64
	since string
}

// knownClasses reads the class of each day that was told before; of two rows
// for one day the later counts.
func knownClasses(ctx context.Context, tx *db.Tx, have map[string]Drug) (map[classKey]Class, error) {
	var ids []int64
	for _, d := range have {
		ids = append(ids, d.ID)
	}
	var rows []struct {
		DrugID int64     `db:"drug_id"`
		Class  Class     `db:"class"`
		Since  time.Time `db:"since_on"`
	}
	err := tx.Select(ctx, &rows, `SELECT drug_id, class, since_on FROM drug_class WHERE drug_id = ANY($1::bigint[]) ORDER BY id`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read classes: %w", err)
	}
	known := make(map[classKey]Class, len(rows))
	for _, x := range rows {
		known[classKey{x.DrugID, dateText(x.Since)}] = x.Class
	}
	return known, nil
}

// dictionaryKnown is what was told of classes and prefixes before, and what was
// said about differences.
type dictionaryKnown struct {
	prefixes  map[string]prefixRow
	classes   map[classKey]Class
	proposals map[string]proposalRow
}

func knownPrefixes(ctx context.Context, tx *db.Tx, entries []DictionaryDrug) (map[string]prefixRow, error) {
	var prefixes []string
	for _, e := range entries {
		for _, x := range e.Prefixes {
			prefixes = append(prefixes, x.Prefix)
		}
	}
	rows, err := prefixRows(ctx, tx, prefixes)
	known := make(map[string]prefixRow, len(rows))
	for _, x := range rows {
		known[x.Prefix] = x
	}
	return known, err
}

// takeDrug takes in what is new of one entry and proposes what differs.
func takeDrug(ctx context.Context, tx *db.Tx, e DictionaryDrug, have Drug, known dictionaryKnown) (changed, waits bool, err error) {
	d := compareDrug(e, have, known)
	id := have.ID
	if id == 0 {
		if id, err = putDrug(ctx, tx, e); err != nil {
			return false, false, err
		}
	}
	if d.class {
		if err := putClass(ctx, tx, id, e); err != nil {
			return false, false, err
		}
	}
	for _, x := range d.prefixes {
		if err := putPrefix(ctx, tx, Prefix{Prefix: x.Prefix, DrugID: id, Level: x.Level, Units: int64(x.Units)}, 0); err != nil {
			return false, false, err
		}
		known.prefixes[x.Prefix] = prefixRow{Prefix: x.Prefix, DrugID: id, Generic: e.GenericName, Spec: e.Spec, Level: x.Level, Units: int64(x.Units)}
	}
	if len(d.taken) > 0 {
		changed = true
		if err := noteDrug(ctx, tx, e, have.ID == 0, d.taken); err != nil {
			return false, false, err
		}
	}
	proposed, err := propose(ctx, tx, e, d.waiting, known.proposals[e.HISCode])
	return changed || proposed, len(d.waiting) > 0, err
}

func putClass(ctx context.Context, tx *db.Tx, id int64, e DictionaryDrug) error {
	err := tx.ExecOne(ctx, `INSERT INTO drug_class (drug_id, class, since_on, at) VALUES ($1, $2, $3::date, $4)`,
		id, string(e.Class), dateText(e.ClassSince), tx.Now)
	if err != nil {
		return fmt.Errorf("insert class of drug %s: %w", e.HISCode, err)
	}
	return nil
}

// putDrug updates the entry's row or inserts it. Two servers may bring the same
// new drug: the insert stands behind a savepoint and the loser updates.
func putDrug(ctx context.Context, tx *db.Tx, e DictionaryDrug) (id int64, err error) {
	args := []any{e.HISCode, e.GenericName, e.TradeName, e.Spec, e.Maker, e.UnitName, e.PackName, e.UnitsPerPack, e.Loose}
	update := func() error {
		return tx.Get(ctx, &id, `UPDATE drug SET generic_name = $2, trade_name = $3, spec = $4, maker = $5, unit_name = $6, pack_name = $7,
  units_per_pack = $8, loose = $9 WHERE his_code = $1 RETURNING id`, args...)
	}
	if err = update(); !db.IsNoRows(err) {
		return id, wrapDrug(err, e)
	}
	err = tx.Try(ctx, func() error {
		return tx.Get(ctx, &id, `INSERT INTO drug (his_code, generic_name, trade_name, spec, maker, unit_name, pack_name, units_per_pack, loose, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING id`, append(args, tx.Now)...)
	})
	if db.IsUnique(err, "drug_his_code_uq") {
		err = update()
	}
	return id, wrapDrug(err, e)
}

func wrapDrug(err error, e DictionaryDrug) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("put drug %s: %w", e.HISCode, err)
}
