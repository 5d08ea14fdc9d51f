package inventory

import (
	"context"
	"fmt"
	"slices"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// openRecalls reads the recalls in force that may mean boxes of these drugs or
// with these codes. Nothing is recalled on most days: it then touches two empty
// pages of an index.
func openRecalls(ctx context.Context, r db.Reader, drugs []int64, codes []string) ([]openRecall, error) {
	var open []openRecall
	err := r.Select(ctx, &open, `SELECT a.id, a.drug_id, a.batch, '' AS code FROM recall a WHERE a.drug_id = ANY($1::bigint[]) AND a.lifted_at IS NULL
UNION ALL
SELECT a.id, 0, '', c.code FROM recall_code c JOIN recall a ON a.id = c.recall_id WHERE c.code = ANY($2::text[]) AND a.lifted_at IS NULL`,
		pq.Array(drugs), pq.Array(codes))
	if err != nil {
		return nil, fmt.Errorf("read open recalls: %w", err)
	}
	return open, nil
}

// markRecalled says of each pack which recall in force means it. It is a
// statement of its own, after the packs are locked: the one that locks may have
// waited for a recall to commit, and would still see the time before.
func markRecalled(ctx context.Context, r db.Reader, packs map[string]*Pack) error {
	if len(packs) == 0 {
		return nil
	}
	var drugs []int64
	codes := make([]string, 0, len(packs))
	for _, p := range packs {
		codes = append(codes, p.Code)
		if !slices.Contains(drugs, p.DrugID) {
			drugs = append(drugs, p.DrugID)
		}
	}
	open, err := openRecalls(ctx, r, drugs, codes)
	if err != nil {
		return err
	}
	for _, p := range packs {
		p.RecallID = recallOf(open, p.DrugID, p.Batch, p.Code)
	}
	return nil
}

// setApart moves those of the packs that lie in the store although they are
// recalled to quarantine: whichever way a recalled box comes to the shelf, by a
// receipt, from a session, found again, it does not stay there.
func setApart(ctx context.Context, tx *db.Tx, by identity.Actor, packs []*Pack, e Entry) error {
	named := map[int64][]*Pack{}
	for _, p := range packs {
		if p.RecallID != 0 && p.State == StateInStore {
			named[p.RecallID] = append(named[p.RecallID], p)
		}
	}
	ids := make([]int64, 0, len(named))
	for id := range named {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if err := quarantineFor(ctx, tx, by, id, named[id], e); err != nil {
			return err
		}
	}
	return nil
}

// quarantineFor sets locked packs apart for a recall and notes that it did.
func quarantineFor(ctx context.Context, tx *db.Tx, by identity.Actor, recallID int64, packs []*Pack, e Entry) error {
	quarantine := Entry{Move: Move{Kind: MoveQuarantine, At: tx.Now}, How: HowSystem, Reason: "召回 " + RecallNumber(recallID),
		Device: e.Device, Command: e.Command}
	if _, err := WriteAll(ctx, tx, by, packs, quarantine); err != nil {
		return fmt.Errorf("set recalled packs apart: %w", err)
	}
	ids := make([]int64, len(packs))
	for i, p := range packs {
		ids[i] = p.ID
	}
	_, err := tx.Exec(ctx, `INSERT INTO recall_pack (recall_id, pack_id, at)
SELECT $1::bigint, n.id, $3::timestamptz FROM (SELECT unnest($2::bigint[]) AS id) n`, recallID, pq.Array(ids), tx.Now)
	if err != nil {
		return fmt.Errorf("note packs set apart: %w", err)
	}
	return nil
}

// setApartNew is setApart for packs that have just got their rows.
func setApartNew(ctx context.Context, tx *db.Tx, by identity.Actor, packs []newPack, e Entry) error {
	var drugs []int64
	codes := make([]string, 0, len(packs))
	for _, p := range packs {
		codes = append(codes, p.code)
		if !slices.Contains(drugs, p.drugID) {
			drugs = append(drugs, p.drugID)
		}
	}
	open, err := openRecalls(ctx, tx, drugs, codes)
	if err != nil || len(open) == 0 {
		return err
	}
	locked, err := LockPacks(ctx, tx, codes)
	if err != nil {
		return err
	}
	fresh := make([]*Pack, 0, len(packs))
	for _, p := range packs {
		fresh = append(fresh, locked[p.code])
	}
	return setApart(ctx, tx, by, fresh, e)
}
