package patient

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// draftLife is how long an uploaded file waits for its import.
const draftLife = 24 * time.Hour

// Choices are what a person says about a file: the sheet, what its columns mean,
// the site of rows that name none, and who is who.
type Choices struct {
	Sheet string `json:"sheet,omitempty"`
	// Columns has a field per column; nil takes what the headings say.
	Columns []Field `json:"columns,omitempty"`
	Site    int64   `json:"site,omitempty"`
	// Decided is by the row's number in the file.
	Decided map[int]Decision `json:"decided,omitempty"`
}

// Draft is an uploaded file with its dry run.
type Draft struct {
	ID      uuid.UUID
	Grid    Grid
	Head    GridRow
	Columns []Field // what each column means
	Choices Choices
	// Problem says why no row can be judged yet; "" when they are.
	Problem string
	Rows    []PlannedRow
	// Done is the result of the import; nil while it is a draft.
	Done *ImportResult
}

// Count is how many rows have a fate.
func (d Draft) Count(f Fate) (n int) {
	for _, r := range d.Rows {
		if r.Fate == f {
			n++
		}
	}
	return n
}

// mayImport refuses whoever registers patients nowhere.
func mayImport(by identity.Actor) error { return by.Can(identity.RegisterPatient, 0) }

// Upload keeps a file for its dry run and gives the draft's id. Older drafts of the
// same person are removed: they hold personal data.
func (g *Registry) Upload(ctx context.Context, by identity.Actor, data []byte) (uuid.UUID, error) {
	if err := mayImport(by); err != nil {
		return uuid.Nil, err
	}
	if _, err := ReadGrid(data, ""); err != nil {
		return uuid.Nil, err
	}
	id := uuid.New()
	sealed, err := g.seal.Seal(sealPurpose, draftPlace(id), data)
	if err != nil {
		return uuid.Nil, err
	}
	err = g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM patient_import WHERE state = 'draft' AND (staff_id = $1 OR uploaded_at < $2)`, by.StaffID, tx.Now.Add(-draftLife))
		if err != nil {
			return fmt.Errorf("remove old drafts: %w", err)
		}
		err = tx.ExecOne(ctx, `INSERT INTO patient_import (id, staff_id, uploaded_at, grid_sealed) VALUES ($1, $2, $3, $4)`, id, by.StaffID, tx.Now, sealed)
		if err != nil {
			return fmt.Errorf("keep the file: %w", err)
		}
		return identity.Audit(ctx, tx, by, identity.Event{Name: "patient.upload", ObjectKind: "import", ObjectID: id.String(), Detail: fmt.Sprintf("bytes=%d", len(data))})
	})
	return id, err
}

func draftPlace(id uuid.UUID) string { return "patient_import.grid/" + id.String() }

// draftRow is a row of patient_import.
type draftRow struct {
	ID        uuid.UUID `db:"id"`
	StaffID   int64     `db:"staff_id"`
	Sealed    []byte    `db:"grid_sealed"`
	Choices   string    `db:"choices"`
	State     string    `db:"state"`
	Created   int       `db:"created"`
	Updated   int       `db:"updated"`
	Unchanged int       `db:"unchanged"`
	LeftOut   int       `db:"left_out"`
}

const draftColumns = `id, staff_id, grid_sealed, choices, state, created, updated, unchanged, left_out`

func ownDraft(by identity.Actor, row draftRow, err error) error {
	if db.IsNoRows(err) || err == nil && row.StaffID != by.StaffID {
		return db.Refuse(db.NotFound, "没有这个导入文件，可能已过期。请重新上传。")
	}
	if err != nil {
		return fmt.Errorf("read the uploaded file: %w", err)
	}
	return nil
}

// ReadDraft makes the dry run of an uploaded file. It changes nothing.
func (g *Registry) ReadDraft(ctx context.Context, by identity.Actor, id uuid.UUID) (Draft, error) {
	if err := mayImport(by); err != nil {
		return Draft{}, err
	}
	var row draftRow
	err := g.db.Get(ctx, &row, `SELECT `+draftColumns+` FROM patient_import WHERE id = $1::uuid`, id)
	if err := ownDraft(by, row, err); err != nil {
		return Draft{}, err
	}
	return g.dryRun(ctx, g.db, by, row)
}

// dryRun reads the file again and judges every row by what is registered now.
func (g *Registry) dryRun(ctx context.Context, r db.Reader, by identity.Actor, row draftRow) (Draft, error) {
	d := Draft{ID: row.ID}
	if row.State == "done" {
		d.Done = &ImportResult{row.Created, row.Updated, row.Unchanged, row.LeftOut}
		return d, nil
	}
	if row.Choices != "" {
		if err := json.Unmarshal([]byte(row.Choices), &d.Choices); err != nil {
			return d, fmt.Errorf("read the choices of an import: %w", err)
		}
	}
	data, err := g.seal.Open(sealPurpose, draftPlace(row.ID), row.Sealed)
	if err != nil {
		return d, fmt.Errorf("open the uploaded file: %w", err)
	}
	if d.Grid, err = ReadGrid(data, d.Choices.Sheet); err != nil {
		return d, err
	}
	head, columns := findHead(d.Grid.Rows)
	d.Head, d.Columns = d.Grid.Rows[head], columns
	if len(d.Choices.Columns) == len(columns) {
		d.Columns = d.Choices.Columns
	}
	if d.Problem = mappingProblem(d.Columns, len(d.Grid.Rows)-head-1); d.Problem != "" {
		return d, nil
	}
	return d, g.judge(ctx, r, by, &d, d.Grid.Rows[head+1:])
}

// mappingProblem says why the columns cannot be read; "" when they can.
func mappingProblem(columns []Field, below int) string {
	count := map[Field]int{}
	for _, f := range columns {
		count[f]++
	}
	for _, f := range Fields() {
		if count[f] > 1 {
			return fmt.Sprintf("有 %d 列都选了“%s”，请只留一列。", count[f], f.Label())
		}
	}
	switch {
	case count[FieldName] == 0:
		return "没有认出“姓名”列。请在下面选择每一列是什么。"
	case below == 0:
		return "表头下面没有患者。请填好后重新上传。"
	}
	return ""
}

func (g *Registry) judge(ctx context.Context, r db.Reader, by identity.Actor, d *Draft, rows []GridRow) error {
	sites, err := identity.SitesFor(ctx, r, by, identity.RegisterPatient)
	if err != nil {
		return err
	}
	reader := rowReader{grid: &d.Grid, columns: d.Columns, sites: siteNames{}, now: g.db.Now()}
	for _, s := range sites {
		reader.sites[siteKey(s.Name)] = s.ID
		if s.ID == d.Choices.Site || len(sites) == 1 {
			reader.site = s.ID
		}
	}
	read := make([]fileRow, len(rows))
	for i, row := range rows {
		read[i] = reader.read(row)
	}
	d.Rows, err = g.planRows(ctx, r, read, d.Choices.Decided)
	return err
}

// Choose keeps what a person says about an uploaded file.
func (g *Registry) Choose(ctx context.Context, by identity.Actor, id uuid.UUID, c Choices) error {
	if err := mayImport(by); err != nil {
		return err
	}
	text, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write the choices of an import: %w", err)
	}
	return g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE patient_import SET choices = $3 WHERE id = $1 AND staff_id = $2 AND state = 'draft'`, id, by.StaffID, string(text))
		if err != nil {
			return fmt.Errorf("keep the choices of an import: %w", err)
		}
		if n != 1 {
			return db.Refuse(db.NotFound, "没有这个导入文件，可能已导入或已过期。请重新上传。")
		}
		return nil
	})
}

// Importing is the input of Import.
type Importing struct {
	ID        uuid.UUID
	CommandID uuid.UUID
}

// Import carries out an uploaded file in one transaction: all rows that can be, or
// none. It judges every row anew, for others may have registered people meanwhile.
// The file is removed; its counts stay.
func (g *Registry) Import(ctx context.Context, by identity.Actor, in Importing, step Step) (ImportResult, error) {
	if err := mayImport(by); err != nil {
		return ImportResult{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "import_patients", Request: in}
	done, _, err := identity.RunCommand(ctx, g.db, by, cmd, func(ctx context.Context, tx *db.Tx) (ImportResult, error) {
		return g.importDraft(ctx, tx, by, in.ID, step)
	})
	if db.IsUnique(err, "patient_paper_uq") {
		return done, db.RefuseBecause(err, db.Conflict, "导入时有人登记了同一个证件号，这次什么都没有导入。请再点一次导入。")
	}
	return done, err
}

func (g *Registry) importDraft(ctx context.Context, tx *db.Tx, by identity.Actor, id uuid.UUID, step Step) (ImportResult, error) {
	var row draftRow
	err := tx.Get(ctx, &row, `SELECT `+draftColumns+` FROM patient_import WHERE id = $1::uuid FOR NO KEY UPDATE`, id)
	if err := ownDraft(by, row, err); err != nil {
		return ImportResult{}, err
	}
	d, err := g.dryRun(ctx, tx, by, row)
	switch {
	case err != nil:
		return ImportResult{}, err
	case d.Done != nil:
		return ImportResult{}, db.Refuse(db.Conflict, "这个文件已经导入过了。")
	case d.Problem != "":
		return ImportResult{}, db.Refuse(db.Invalid, "%s", d.Problem)
	}
	done, err := g.carryOut(ctx, tx, by, d.Rows, step)
	if err != nil {
		return done, err
	}
	err = tx.ExecOne(ctx, `UPDATE patient_import SET state = 'done', done_at = $2, grid_sealed = NULL, choices = '', created = $3, updated = $4,
  unchanged = $5, left_out = $6 WHERE id = $1`, id, tx.Now, done.Created, done.Updated, done.Unchanged, done.LeftOut)
	if err != nil {
		return done, fmt.Errorf("end the import: %w", err)
	}
	return done, identity.Audit(ctx, tx, by, identity.Event{Name: "patient.import", ObjectKind: "import", ObjectID: id.String(),
		Detail: strings.Join([]string{fmt.Sprintf("new=%d", done.Created), fmt.Sprintf("changed=%d", done.Updated),
			fmt.Sprintf("same=%d", done.Unchanged), fmt.Sprintf("left=%d", done.LeftOut)}, " ")})
}
