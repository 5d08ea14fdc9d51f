package inventory

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// RelationImport imports a file that was looked through.
type RelationImport struct {
	FileID    int64
	CommandID uuid.UUID
	// Forget removes the file instead.
	Forget bool
}

// RelationImported is what an import brought.
type RelationImported struct {
	Cartons int    `json:"cartons"`
	Small   int    `json:"small"`
	Filled  int64  `json:"filled"` // packs that got batch or dates
	Text    string `json:"sentence"`
}

// ImportRelation brings a kept relation file into the records, all of it or
// nothing. Packs that lack batch or dates get those of the file.
func (s *Service) ImportRelation(ctx context.Context, by identity.Actor, in RelationImport) (RelationImported, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return RelationImported{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "import_relation", Request: in}
	var done RelationImported
	err := rerun(func() (err error) {
		done, _, err = identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (RelationImported, error) {
			return importRelation(ctx, tx, by, in)
		})
		return err
	})
	return done, err
}

func importRelation(ctx context.Context, tx *db.Tx, by identity.Actor, in RelationImport) (RelationImported, error) {
	f, err := readRelationFile(ctx, tx, in.FileID, "lock")
	if err != nil {
		return RelationImported{}, err
	}
	if f.State != "checked" {
		return RelationImported{}, db.Refuse(db.Conflict, "这个关系文件已经导入过，没有再导入。")
	}
	if in.Forget {
		_, err := tx.Exec(ctx, `DELETE FROM relation_file WHERE id = $1`, f.ID)
		return RelationImported{Text: "没有导入，文件已清除。"}, err
	}
	r, err := f.test(ctx, tx)
	if err != nil {
		return RelationImported{}, err
	}
	if r.problems.Total > 0 {
		return RelationImported{}, db.Refuse(db.Conflict, "看过之后情况变了，没有导入：%s", r.problems.List[0].Sentence())
	}
	done, err := r.write(ctx, tx, f.ID)
	if err != nil {
		return RelationImported{}, err
	}
	err = tx.ExecOne(ctx, `UPDATE relation_file SET state = 'imported', body = NULL, imported_at = $2, imported_by = $3::bigint WHERE id = $1`, f.ID, tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return RelationImported{}, fmt.Errorf("mark a relation file imported: %w", err)
	}
	done.Text = fmt.Sprintf("已导入 %d 箱、%d 盒的关系。收货时扫箱码，整箱入库。", done.Cartons, done.Small)
	return done, identity.Audit(ctx, tx, by, identity.Event{Name: "relation.import", ObjectKind: "relation_file", ObjectID: fmt.Sprint(f.ID),
		Detail: fmt.Sprintf("cartons=%d small=%d filled=%d", done.Cartons, done.Small, done.Filled)})
}

// write brings what is new into the records: large packs before small ones.
func (r *relationRules) write(ctx context.Context, tx *db.Tx, fileID int64) (done RelationImported, err error) {
	made := map[*relationNode]*Carton{}
	known, err := r.knownCartons(ctx, tx)
	if err != nil {
		return done, err
	}
	for level := 3; level >= 2; level-- {
		var fresh []*Carton
		for _, n := range r.nodes {
			if n.row.Level != level {
				continue
			}
			c := &Carton{ID: known[n.code], Code: n.code, DrugID: n.prefix.DrugID, Level: level, Nominal: r.nominal(n), Actual: &n.packs, Status: n.row.Status,
				Complete: true, State: CartonKnown}
			if n.parent != nil {
				c.ParentID = &made[n.parent].ID
			}
			made[n] = c
			if !n.known {
				fresh = append(fresh, c)
			}
		}
		if err := insertCartons(ctx, tx, fresh, fileID); err != nil {
			return done, err
		}
		done.Cartons += len(fresh)
	}
	var codes []cartonCode
	for _, n := range r.nodes {
		if n.row.Level == 1 && !n.known {
			codes = append(codes, cartonCode{CartonID: made[n.parent].ID, Code: n.code, Batch: n.row.Batch, ExpiresOn: dayPointer(n.row.ExpiresOn), MadeOn: dayPointer(n.row.MadeOn)})
		}
	}
	done.Small = len(codes)
	if err := insertCartonCodes(ctx, tx, codes); err != nil {
		return done, err
	}
	done.Filled, err = r.fillPacks(ctx, tx)
	return done, err
}

// knownCartons reads the numbers of the file's cartons that we have.
func (r *relationRules) knownCartons(ctx context.Context, tx *db.Tx) (map[string]int64, error) {
	var codes []string
	for _, n := range r.nodes {
		if n.known && n.row.Level > 1 {
			codes = append(codes, n.code)
		}
	}
	known := map[string]int64{}
	if len(codes) == 0 {
		return known, nil
	}
	var rows []struct {
		ID   int64  `db:"id"`
		Code string `db:"code"`
	}
	if err := tx.Select(ctx, &rows, `SELECT id, code FROM carton WHERE code = ANY($1::text[]) ORDER BY code FOR NO KEY UPDATE`, pq.Array(codes)); err != nil {
		return nil, fmt.Errorf("read known cartons: %w", err)
	}
	for _, x := range rows {
		known[x.Code] = x.ID
	}
	return known, nil
}

// fillPacks gives batch and dates of the file to packs that lack them; the packs
// are locked in the order of their codes first, as everybody does.
func (r *relationRules) fillPacks(ctx context.Context, tx *db.Tx) (int64, error) {
	var codes []string
	var rows []struct {
		ID     int64  `db:"id"`
		Code   string `db:"code"`
		DrugID int64  `db:"drug_id"`
		Batch  string `db:"batch"`
	}
	for _, n := range r.nodes {
		if n.row.Level == 1 && (n.row.Batch != "" || !n.row.ExpiresOn.IsZero() || !n.row.MadeOn.IsZero()) {
			codes = append(codes, n.code)
		}
	}
	err := tx.Select(ctx, &rows, `SELECT k.id, k.code, k.drug_id, k.batch FROM pack k WHERE k.code = ANY($1::text[]) AND (k.batch = '' OR k.expires_on IS NULL OR k.made_on IS NULL)
ORDER BY k.code FOR NO KEY UPDATE`, pq.Array(codes))
	if err != nil || len(rows) == 0 {
		if err != nil {
			err = fmt.Errorf("lock packs without a batch: %w", err)
		}
		return 0, err
	}
	var ids, drugs []int64
	var batches, expires, made []string
	for _, x := range rows {
		row := r.byCode[x.Code].row
		ids = append(ids, x.ID)
		drugs = append(drugs, x.DrugID)
		batches = append(batches, cmp.Or(x.Batch, row.Batch))
		expires = append(expires, dateText(row.ExpiresOn))
		made = append(made, dateText(row.MadeOn))
	}
	if err := markStale(ctx, tx, ids, drugs, batches); err != nil {
		return 0, err
	}
	n, err := tx.Exec(ctx, `UPDATE pack SET batch = n.batch,
  expires_on = COALESCE(pack.expires_on, CAST(NULLIF(n.expires_on, '') AS date)), made_on = COALESCE(pack.made_on, CAST(NULLIF(n.made_on, '') AS date)), changed_at = $5
FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::text[]) AS batch, unnest($3::text[]) AS expires_on, unnest($4::text[]) AS made_on) n
WHERE pack.id = n.id`, pq.Array(ids), pq.Array(batches), pq.Array(expires), pq.Array(made), tx.Now)
	if err != nil {
		return 0, fmt.Errorf("give packs their batch: %w", err)
	}
	return n, nil
}
