package inventory

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

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

// FindPrefixes reads the meanings of some prefixes; unknown ones are missing.
func FindPrefixes(ctx context.Context, r db.Reader, prefixes []string) (map[string]Prefix, error) {
	var rows []struct {
		Prefix  string `db:"prefix"`
		DrugID  int64  `db:"drug_id"`
		Generic string `db:"generic_name"`
		Spec    string `db:"spec"`
		Level   int    `db:"pack_level"`
		Units   int64  `db:"units"`
	}
	err := r.Select(ctx, &rows, `SELECT x.prefix, x.drug_id, d.generic_name, d.spec, x.pack_level, x.units
FROM drug_prefix x JOIN drug d ON d.id = x.drug_id WHERE x.prefix = ANY($1::text[]) AND x.active`, pq.Array(prefixes))
	if err != nil {
		return nil, fmt.Errorf("read prefixes: %w", err)
	}
	known := make(map[string]Prefix, len(rows))
	for _, x := range rows {
		known[x.Prefix] = Prefix{x.Prefix, x.DrugID, DrugName(x.Generic, x.Spec), x.Level, x.Units}
	}
	return known, nil
}
