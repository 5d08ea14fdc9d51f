package inventory

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// RelationCheck is what a relation file says, before it is imported.
type RelationCheck struct {
	// FileID is the file as it is kept for the import; zero when it has faults and
	// nothing is kept.
	FileID int64  `json:"file_id"`
	Name   string `json:"name"`
	// Cartons, Middles and Small are its codes by level; Odd the cartons that do not
	// hold the nominal count.
	Cartons int `json:"cartons"`
	Middles int `json:"middles"`
	Small   int `json:"small"`
	Odd     int `json:"odd"`
	// Known codes stand in our records with the same parent already.
	Known    int            `json:"known"`
	Drugs    []RelationDrug `json:"drugs"`
	Problems Problems       `json:"problems"`
	// ImportedAt and ImportedBy say that it was imported.
	ImportedAt *time.Time `json:"imported_at,omitempty"`
	ImportedBy string     `json:"imported_by,omitempty"`
}

// RelationDrug is a drug and batch of a relation file.
type RelationDrug struct {
	Drug      string     `json:"drug"`
	Batch     string     `json:"batch"`
	ExpiresOn *time.Time `json:"expires_on,omitempty"`
	Small     int        `json:"small"`
}

// keepChecked is how long a file that was looked through and not imported stays.
const keepChecked = 24 * time.Hour

// CheckRelation looks a relation file through. One without faults is kept for
// [Service.ImportRelation]; of one with faults nothing is kept and the problems
// name line and code. Nothing else changes.
func (s *Service) CheckRelation(ctx context.Context, by identity.Actor, name string, body []byte) (RelationCheck, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return RelationCheck{}, err
	}
	switch {
	case len(body) == 0:
		return RelationCheck{}, db.Refuse(db.Invalid, "没有选择文件，或文件是空的。请选一个 XML 或 CSV 文件。")
	case len(body) > MaxRelationBytes:
		return RelationCheck{}, db.Refuse(db.Invalid, "文件超过 %d MB。请分成几个文件。", MaxRelationBytes>>20)
	}
	rows, problems := readRelation(body)
	var check RelationCheck
	err := s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		r, err := testRelation(ctx, tx, rows, problems)
		if err != nil {
			return err
		}
		check = r.summary(name)
		if r.problems.Total > 0 {
			return nil
		}
		check.FileID, err = keepRelation(ctx, tx, by, check, body)
		return err
	})
	return check, err
}

// testRelation tests rows by the rules and against what we know.
func testRelation(ctx context.Context, tx *db.Tx, rows []RelationRow, problems Problems) (*relationRules, error) {
	var prefixes []string
	for _, row := range rows {
		if c, err := ParseTraceCode(row.Code); err == nil {
			prefixes = append(prefixes, c.Prefix())
		}
	}
	slices.Sort(prefixes)
	known, err := FindPrefixes(ctx, tx, slices.Compact(prefixes))
	if err != nil {
		return nil, err
	}
	perPack, err := unitsPerPack(ctx, tx, known)
	if err != nil {
		return nil, err
	}
	r := checkRelation(rows, known, perPack)
	r.problems = joinProblems(problems, r.problems)
	if r.problems.Total > 0 {
		return r, nil
	}
	return r, r.compareWithRows(ctx, tx)
}

func joinProblems(a, b Problems) Problems {
	list := append(a.List[:len(a.List):len(a.List)], b.List...)
	slices.SortStableFunc(list, func(x, y RelationProblem) int { return x.Line - y.Line })
	return Problems{List: list[:min(len(list), maxRelationProblems)], Total: a.Total + b.Total}
}

// unitsPerPack reads the smallest units of a small pack of the drugs.
func unitsPerPack(ctx context.Context, r db.Reader, known map[string]Prefix) (map[int64]int64, error) {
	var ids []int64
	for _, x := range known {
		ids = append(ids, x.DrugID)
	}
	var rows []struct {
		ID    int64 `db:"id"`
		Units int64 `db:"units_per_pack"`
	}
	if err := r.Select(ctx, &rows, `SELECT id, units_per_pack FROM drug WHERE id = ANY($1::bigint[])`, pq.Array(ids)); err != nil {
		return nil, fmt.Errorf("read units of drugs: %w", err)
	}
	per := make(map[int64]int64, len(rows))
	for _, x := range rows {
		per[x.ID] = x.Units
	}
	return per, nil
}

// compareWithRows names codes that our records put elsewhere, and marks those
// that stand there the same way.
func (r *relationRules) compareWithRows(ctx context.Context, tx *db.Tx) error {
	codes := make([]string, 0, len(r.nodes))
	for _, n := range r.nodes {
		codes = append(codes, n.code)
	}
	var rows []struct {
		Code   string `db:"code"`
		Parent string `db:"parent"`
		DrugID int64  `db:"drug_id"`
		What   string `db:"what"`
	}
	err := tx.Select(ctx, &rows, `SELECT c.code, COALESCE(p.code, '') AS parent, c.drug_id, 'carton' AS what FROM carton c LEFT JOIN carton p ON p.id = c.parent_id
WHERE c.code = ANY($1::text[])
UNION ALL SELECT x.code, c.code, c.drug_id, 'small' FROM carton_code x JOIN carton c ON c.id = x.carton_id WHERE x.code = ANY($1::text[])
UNION ALL SELECT k.code, '', k.drug_id, 'pack' FROM pack k WHERE k.code = ANY($1::text[])`, pq.Array(codes))
	if err != nil {
		return fmt.Errorf("compare a relation with the records: %w", err)
	}
	for _, x := range rows {
		n := r.byCode[x.Code]
		parent := ""
		if n.parent != nil {
			parent = n.parent.code
		}
		switch {
		case x.DrugID != n.prefix.DrugID:
			r.problems.add(n.row.Line, n.code, "先前记录的是另一种药，请药师核对前缀")
		case x.What == "pack" && n.row.Level > 1:
			r.problems.add(n.row.Line, n.code, "先前按小盒入过账，不能作箱码")
		case x.What == "pack":
		case x.Parent != parent:
			r.problems.add(n.row.Line, n.code, "先前记录在%s，文件说在%s", cartonWord(x.Parent), cartonWord(parent))
		default:
			n.known = true
		}
	}
	return nil
}

func cartonWord(code string) string {
	if code == "" {
		return "箱外"
	}
	return "箱 " + code
}

func (r *relationRules) summary(name string) RelationCheck {
	check := RelationCheck{Name: validName(name), Problems: r.problems}
	at := map[string]int{}
	for _, n := range r.nodes {
		if n.known {
			check.Known++
		}
		switch n.row.Level {
		case 3:
			check.Cartons++
		case 2:
			check.Middles++
		default:
			check.Small++
			key := n.prefix.Drug + "\x00" + n.row.Batch
			i, ok := at[key]
			if !ok {
				i = len(check.Drugs)
				at[key] = i
				check.Drugs = append(check.Drugs, RelationDrug{Drug: n.prefix.Drug, Batch: n.row.Batch, ExpiresOn: dayPointer(n.row.ExpiresOn)})
			}
			check.Drugs[i].Small++
		}
		if n.row.Level > 1 && n.row.Status != BoxFull {
			check.Odd++
		}
	}
	return check
}

// keepRelation keeps a file without faults until it is imported; the same file
// again is the same row. What nobody imported within a day is removed.
func keepRelation(ctx context.Context, tx *db.Tx, by identity.Actor, check RelationCheck, body []byte) (id int64, err error) {
	if _, err := tx.Exec(ctx, `DELETE FROM relation_file WHERE state = 'checked' AND checked_at < $1`, tx.Now.Add(-keepChecked)); err != nil {
		return 0, fmt.Errorf("remove old relation files: %w", err)
	}
	digest := seal.SM3(body)
	err = tx.Get(ctx, &id, `SELECT id FROM relation_file WHERE digest = $1 ORDER BY id DESC LIMIT 1`, digest[:])
	if err == nil || !db.IsNoRows(err) {
		if err != nil {
			err = fmt.Errorf("look for a relation file: %w", err)
		}
		return id, err
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(body); err != nil {
		return 0, fmt.Errorf("pack a relation file: %w", err)
	}
	if err := z.Close(); err != nil {
		return 0, fmt.Errorf("pack a relation file: %w", err)
	}
	err = tx.Get(ctx, &id, `INSERT INTO relation_file (name, digest, body, cartons, codes, checked_at, checked_by)
VALUES ($1, $2, $3, $4, $5, $6, $7::bigint) RETURNING id`, check.Name, digest[:], packed.Bytes(), check.Cartons+check.Middles, check.Small, tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return 0, fmt.Errorf("keep a relation file: %w", err)
	}
	return id, nil
}

// relationFile is a row of the relation files.
type relationFile struct {
	ID         int64      `db:"id"`
	Name       string     `db:"name"`
	Body       []byte     `db:"body"`
	State      string     `db:"state"`
	ImportedAt *time.Time `db:"imported_at"`
	ImportedBy string     `db:"imported_by_name"`
	Cartons    int        `db:"cartons"`
	Codes      int        `db:"codes"`
}

// unpack gives the bytes that were uploaded.
func (f relationFile) unpack() ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(f.Body))
	if err != nil {
		return nil, fmt.Errorf("unpack a relation file: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(z, MaxRelationBytes+1))
	if err != nil {
		return nil, fmt.Errorf("unpack a relation file: %w", err)
	}
	return body, nil
}

// FindRelation looks a kept relation file through again, as the records are now.
// Of an imported one only the figures are left.
func (s *Service) FindRelation(ctx context.Context, by identity.Actor, id int64) (RelationCheck, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Receive, 0); err != nil {
		return RelationCheck{}, err
	}
	var check RelationCheck
	err := s.db.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		f, err := readRelationFile(ctx, tx, id, "")
		if err != nil {
			return err
		}
		if f.State == "imported" {
			check = RelationCheck{FileID: f.ID, Name: f.Name, Cartons: f.Cartons, Small: f.Codes, ImportedAt: f.ImportedAt, ImportedBy: f.ImportedBy}
			return nil
		}
		r, err := f.test(ctx, tx)
		if err != nil {
			return err
		}
		check = r.summary(f.Name)
		check.FileID = f.ID
		return nil
	})
	return check, err
}

func (f relationFile) test(ctx context.Context, tx *db.Tx) (*relationRules, error) {
	body, err := f.unpack()
	if err != nil {
		return nil, err
	}
	rows, problems := readRelation(body)
	return testRelation(ctx, tx, rows, problems)
}

// readRelationFile reads a kept file; lock is "" or a locking clause's end.
func readRelationFile(ctx context.Context, r db.Reader, id int64, lock string) (f relationFile, err error) {
	const columns = `SELECT f.id, f.name, f.body, f.state, f.imported_at, COALESCE(s.name, '') AS imported_by_name, f.cartons, f.codes
FROM relation_file f LEFT JOIN staff s ON s.id = f.imported_by WHERE f.id = $1`
	if lock == "" {
		err = r.Get(ctx, &f, columns, id)
	} else {
		err = r.Get(ctx, &f, columns+` FOR NO KEY UPDATE OF f`, id)
	}
	if db.IsNoRows(err) {
		return f, db.Refuse(db.NotFound, "没有这个关系文件，可能已过一天被清除。请重新上传。")
	}
	if err != nil {
		return f, fmt.Errorf("read a relation file: %w", err)
	}
	return f, nil
}

// RelationFile is a file in the list of files.
type RelationFile struct {
	ID        int64     `db:"id"`
	Name      string    `db:"name"`
	Cartons   int       `db:"cartons"`
	Codes     int       `db:"codes"`
	Imported  bool      `db:"imported"`
	At        time.Time `db:"at"`
	StaffName string    `db:"staff"`
}

// ListRelations reads the relation files, the last one first.
func ListRelations(ctx context.Context, r db.Reader, limit int) ([]RelationFile, error) {
	var list []RelationFile
	err := r.Select(ctx, &list, `SELECT f.id, f.name, f.cartons, f.codes, f.state = 'imported' AS imported, COALESCE(f.imported_at, f.checked_at) AS at,
  COALESCE(s.name, '') AS staff
FROM relation_file f LEFT JOIN staff s ON s.id = COALESCE(f.imported_by, f.checked_by) ORDER BY f.id DESC LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list relation files: %w", err)
	}
	return list, nil
}

// validName keeps a file name that a browser sent printable.
func validName(name string) string {
	if !utf8.ValidString(name) {
		return "文件"
	}
	return or(clip(printable(name), 200), "文件")
}
