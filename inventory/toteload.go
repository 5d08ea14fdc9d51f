package inventory

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// ToteLoad is a tote whose label was scanned, with what lies in it; InStore and
// Away are left out.
type ToteLoad struct {
	Tote
	// Inside is the codes of the packs in it. Left is those that were in it when it
	// was sealed and have moved since by another way; of packs that were handed
	// out only the number, for nobody looks for them in the tote.
	Inside, Left []string
	HandedOut    int
}

// LockTotes takes the totes with these labels, in the order of their ids, and
// reads what lies in them. The caller locks the packs afterwards; labels without
// a tote are missing from the answer.
func LockTotes(ctx context.Context, tx *db.Tx, labels []string) (map[string]*ToteLoad, error) {
	if len(labels) == 0 {
		return nil, nil
	}
	var totes []Tote
	err := tx.Select(ctx, &totes, `SELECT id, code, name, sealed_at, sealed_packs, retired_at FROM tote WHERE code = ANY($1::text[]) ORDER BY id FOR NO KEY UPDATE`, pq.Array(labels))
	if err != nil {
		return nil, fmt.Errorf("lock totes: %w", err)
	}
	loads, byID, ids := map[string]*ToteLoad{}, map[int64]*ToteLoad{}, []int64{}
	for _, t := range totes {
		l := &ToteLoad{Tote: t}
		loads[t.Code], byID[t.ID], ids = l, l, append(ids, t.ID)
	}
	var rows []struct {
		ToteID int64  `db:"tote_id"`
		Code   string `db:"code"`
		State  State  `db:"state"`
		Inside bool   `db:"inside"`
	}
	err = tx.Select(ctx, &rows, `SELECT x.tote_id, k.code, k.state, (x.as_of = k.changed_at AND k.state IN ('in_store', 'allocated')) AS inside
FROM tote_pack x JOIN pack k ON k.id = x.pack_id WHERE x.tote_id = ANY($1::bigint[]) ORDER BY k.code`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read packs of totes: %w", err)
	}
	for _, r := range rows {
		switch l := byID[r.ToteID]; {
		case r.Inside:
			l.Inside = append(l.Inside, r.Code)
		case r.State == StateDispensed:
			l.HandedOut++
		default:
			l.Left = append(l.Left, r.Code)
		}
	}
	return loads, nil
}

// InTotes tells which of the packs lie in a tote now.
func InTotes(ctx context.Context, tx *db.Tx, packs []int64) (map[int64]bool, error) {
	var ids []int64
	err := tx.Select(ctx, &ids, `SELECT x.pack_id FROM tote_pack x JOIN pack k ON k.id = x.pack_id AND k.changed_at = x.as_of
WHERE x.pack_id = ANY($1::bigint[])`, pq.Array(packs))
	if err != nil {
		return nil, fmt.Errorf("read which packs lie in totes: %w", err)
	}
	in := make(map[int64]bool, len(ids))
	for _, id := range ids {
		in[id] = true
	}
	return in, nil
}

// LeaveTotes says that packs, which the caller has locked, were put somewhere else:
// they lie in no tote any more.
func LeaveTotes(ctx context.Context, tx *db.Tx, packs []int64) error {
	_, err := tx.Exec(ctx, `DELETE FROM tote_pack WHERE pack_id = ANY($1::bigint[])`, pq.Array(packs))
	return wrap(err, "take packs out of totes")
}

// StayInTotes says that packs which have just moved went along with the tote they
// lie in; one that was set apart on its way, as a recalled one is, did not.
func StayInTotes(ctx context.Context, tx *db.Tx, packs []int64) error {
	if len(packs) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE tote_pack SET as_of = k.changed_at FROM pack k WHERE k.id = tote_pack.pack_id AND tote_pack.pack_id = ANY($1::bigint[])
  AND k.state IN ('in_store', 'allocated')`, pq.Array(packs))
	if err != nil {
		return fmt.Errorf("keep packs in their totes: %w", err)
	}
	return nil
}
