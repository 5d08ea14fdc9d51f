package inventory

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// FindPacks reads the packs with these codes without locking them: for who only
// looks. Codes without a pack are missing from the answer.
func FindPacks(ctx context.Context, r db.Reader, codes []string) (map[string]*Pack, error) {
	var rows []Pack
	err := r.Select(ctx, &rows, `SELECT `+packColumns+` FROM pack k JOIN drug d ON d.id = k.drug_id WHERE k.code = ANY($1::text[])`, pq.Array(codes))
	if err != nil {
		return nil, fmt.Errorf("read packs: %w", err)
	}
	packs := make(map[string]*Pack, len(rows))
	for i := range rows {
		packs[rows[i].Code] = &rows[i]
	}
	return packs, markRecalled(ctx, r, packs)
}

// FindTails reads packs whose code ends with a text of 4 characters or more, the
// newest first, at most so many.
func FindTails(ctx context.Context, r db.Reader, tail string, most int) ([]Pack, error) {
	var rows []Pack
	// The first condition is that of the index.
	err := r.Select(ctx, &rows, `SELECT `+packColumns+` FROM pack k JOIN drug d ON d.id = k.drug_id
WHERE right(k.code, 4) = right($1::text, 4) AND right(k.code, length($1::text)) = $1::text ORDER BY k.id DESC LIMIT $2`, tail, most)
	if err != nil {
		return nil, fmt.Errorf("find packs by the end of their codes: %w", err)
	}
	return rows, nil
}
