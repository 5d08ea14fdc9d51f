package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// Drug is an entry of the drug dictionary as it stands on a day.
type Drug struct {
	ID           int64  `db:"id"`
	HISCode      string `db:"his_code"`
	GenericName  string `db:"generic_name"`
	TradeName    string `db:"trade_name"`
	Spec         string `db:"spec"`
	Maker        string `db:"maker"`
	UnitName     string `db:"unit_name"` // 片
	PackName     string `db:"pack_name"` // 盒
	UnitsPerPack int64  `db:"units_per_pack"`
	Loose        bool   `db:"loose"` // dispensed by quantity (拆零)
	Active       bool   `db:"active"`
	Class        Class  `db:"class"`
	Prefixes     []Prefix
}

// Name is the drug as people say it: 利培酮片 1mg×20片.
func (d Drug) Name() string { return DrugName(d.GenericName, d.Spec) }

// Prefix is what the beginning of a trace code means (药品标识码 or GTIN).
type Prefix struct {
	Prefix string
	DrugID int64
	Drug   string // as people say it
	// Level is 1 for the smallest sales unit, 2 and 3 for what holds several.
	Level int
	// Units is the content in the drug's smallest units.
	Units int64
}

// LevelWord is what a pack of a level is called: 小盒, 中包 or 箱.
func LevelWord(level int) string {
	switch level {
	case 1:
		return "小盒"
	case 2:
		return "中包"
	}
	return "箱"
}

// prefixRow is a row of the prefixes with its drug's name.
type prefixRow struct {
	Prefix   string `db:"prefix"`
	DrugID   int64  `db:"drug_id"`
	Generic  string `db:"generic_name"`
	Spec     string `db:"spec"`
	Level    int    `db:"pack_level"`
	Units    int64  `db:"units"`
	TaughtBy *int64 `db:"taught_by"`
}

func (x prefixRow) value() Prefix {
	return Prefix{x.Prefix, x.DrugID, DrugName(x.Generic, x.Spec), x.Level, x.Units}
}

// FindPrefixes reads the meanings of some prefixes; unknown ones are missing.
func FindPrefixes(ctx context.Context, r db.Reader, prefixes []string) (map[string]Prefix, error) {
	rows, err := prefixRows(ctx, r, prefixes)
	if err != nil {
		return nil, err
	}
	known := make(map[string]Prefix, len(rows))
	for _, x := range rows {
		known[x.Prefix] = x.value()
	}
	return known, nil
}

func prefixRows(ctx context.Context, r db.Reader, prefixes []string) (rows []prefixRow, err error) {
	if len(prefixes) == 0 {
		return nil, nil
	}
	err = r.Select(ctx, &rows, `SELECT x.prefix, x.drug_id, d.generic_name, d.spec, x.pack_level, x.units, x.taught_by
FROM drug_prefix x JOIN drug d ON d.id = x.drug_id WHERE x.prefix = ANY($1::text[]) AND x.active`, pq.Array(prefixes))
	if err != nil {
		return nil, fmt.Errorf("read prefixes: %w", err)
	}
	return rows, nil
}

// ListDrugs reads the whole dictionary with its prefixes, by name, with the
// classes of the day of now in Asia/Shanghai.
func ListDrugs(ctx context.Context, r db.Reader, now time.Time) ([]Drug, error) {
	var drugs []Drug
	err := r.Select(ctx, &drugs, `SELECT d.id, d.his_code, d.generic_name, d.trade_name, d.spec, d.maker, d.unit_name, d.pack_name,
  d.units_per_pack, d.loose, d.active, COALESCE((SELECT c.class FROM drug_class c WHERE c.drug_id = d.id AND c.since_on <= $1::date
    ORDER BY c.since_on DESC, c.id DESC LIMIT 1), '') AS class
FROM drug d ORDER BY d.generic_name, d.spec, d.id`, dayText(now))
	if err != nil {
		return nil, fmt.Errorf("list drugs: %w", err)
	}
	var rows []prefixRow
	err = r.Select(ctx, &rows, `SELECT x.prefix, x.drug_id, d.generic_name, d.spec, x.pack_level, x.units, x.taught_by
FROM drug_prefix x JOIN drug d ON d.id = x.drug_id WHERE x.active ORDER BY x.drug_id, x.pack_level, x.prefix`)
	if err != nil {
		return nil, fmt.Errorf("list prefixes: %w", err)
	}
	of := map[int64][]Prefix{}
	for _, x := range rows {
		of[x.DrugID] = append(of[x.DrugID], x.value())
	}
	for i := range drugs {
		drugs[i].Prefixes = of[drugs[i].ID]
	}
	return drugs, nil
}

// dayText is the clinic's day of a moment, for a bound date.
func dayText(at time.Time) string { return at.In(shanghai()).Format(time.DateOnly) }

// dateText is a calendar day for a bound date; empty for the zero time.
func dateText(day time.Time) string {
	if day.IsZero() {
		return ""
	}
	return day.Format(time.DateOnly)
}
