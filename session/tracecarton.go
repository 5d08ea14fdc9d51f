package session

import (
	"context"
	"fmt"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// CartonTrace is a carton: what should be in it and what became of every box.
type CartonTrace struct {
	ID       int64                 `db:"id" json:"id"`
	Code     string                `db:"code" json:"code"`
	Level    int                   `db:"pack_level" json:"level"` // 2 middle pack, 3 carton
	Generic  string                `db:"generic_name" json:"-"`
	Spec     string                `db:"spec" json:"-"`
	Drug     string                `db:"-" json:"drug"`
	State    inventory.CartonState `db:"state" json:"state"`
	Status   inventory.BoxStatus   `db:"box_status" json:"box_status"`
	Complete bool                  `db:"complete" json:"complete"`
	// Nominal is how many small packs a full one holds, Actual how many this one
	// does; nil until that is known. Codes is how many small codes are known.
	Nominal int    `db:"nominal" json:"nominal"`
	Actual  *int   `db:"actual" json:"actual,omitempty"`
	Codes   int64  `db:"-" json:"codes"`
	Reason  string `db:"reason" json:"reason,omitempty"` // why it is not full
	// File is the relation file that named its codes, ReceiptID the document it was
	// scanned into; "" and 0 for none.
	File       string     `db:"file" json:"file,omitempty"`
	FileID     int64      `db:"file_id" json:"file_id,omitempty"`
	ImportedAt *time.Time `db:"imported_at" json:"imported_at,omitempty"`
	ImportedBy string     `db:"imported_by" json:"imported_by,omitempty"`
	ReceiptID  int64      `db:"receipt_id" json:"receipt,omitempty"`
	Receipt    string     `db:"receipt_no" json:"receipt_no,omitempty"`
	HeldAt     *time.Time `db:"held_at" json:"opened_at,omitempty"`
	HeldBy     string     `db:"held_by" json:"opened_by,omitempty"`
	ResolvedAt *time.Time `db:"resolved_at" json:"resolved_at,omitempty"`
	ResolvedBy string     `db:"resolved_by" json:"resolved_by,omitempty"`
	Parent     string     `db:"parent" json:"parent,omitempty"` // the carton that holds it
	// Inner are the middle packs in it.
	Inner   []InnerCarton `db:"-" json:"inner,omitempty"`
	Places  []BoxPlace    `db:"-" json:"places"`
	Batches []CartonBatch `db:"-" json:"batches"`
	Boxes   []CartonBox   `db:"-" json:"boxes"`
	More    bool          `db:"-" json:"more"`
}

// InnerCarton is a middle pack in a carton.
type InnerCarton struct {
	Code  string `db:"code" json:"code"`
	Codes int64  `db:"codes" json:"codes"`
}

// CartonBatch is a batch that lies in a carton, from the boxes or, where they never
// came, from the relation file.
type CartonBatch struct {
	Batch     string     `db:"batch" json:"batch"` // "" for not known
	ExpiresOn *time.Time `db:"expires_on" json:"-"`
	Packs     int64      `db:"packs" json:"packs"`
}

// CartonBox is a small code of a carton and what became of it.
type CartonBox struct {
	Box
	// Refused is why the box was not received when it was scanned, an
	// inventory.AnswerKind; "" for a box that was, or that nobody scanned.
	Refused string `db:"refused" json:"refused,omitempty"`
}

// cartonTree is all cartons in one, itself among them; cartonRows each small code
// with its pack, if there is one. A box that was given a code of ours is found by
// its true one.
const (
	cartonTree = `WITH RECURSIVE inside AS (SELECT c.id, c.receipt_id FROM carton c WHERE c.id = $1::bigint
  UNION ALL SELECT c.id, c.receipt_id FROM carton c JOIN inside i ON c.parent_id = i.id) `
	cartonRows = `inside i JOIN carton_code x ON x.carton_id = i.id LEFT JOIN codeless_box z ON z.true_code = x.code
LEFT JOIN pack k ON k.code = COALESCE(z.code, x.code) LEFT JOIN drug d ON d.id = k.drug_id LEFT JOIN clinic_session c ON c.id = k.session_id
LEFT JOIN site s ON s.id = c.site_id LEFT JOIN visit v ON v.id = k.visit_id LEFT JOIN patient p ON p.id = v.patient_id`
)

// TraceCarton answers for the code of a carton: what should be in it, what became
// of each box and with which document it came. It takes what [Service.Trace] takes
// and is audited like it. after is the number of the last code of the page before.
func (s *Service) TraceCarton(ctx context.Context, by identity.Actor, code string, after int64) (CartonTrace, error) {
	if err := s.mayTrace(ctx, by); err != nil {
		return CartonTrace{}, err
	}
	parsed, err := inventory.ParseTraceCode(code)
	if err != nil {
		return CartonTrace{}, Unreadable(err)
	}
	var t CartonTrace
	err = s.db.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		t = CartonTrace{}
		return t.read(ctx, tx, parsed, after)
	})
	if err != nil {
		return CartonTrace{}, err
	}
	for i := range t.Boxes {
		one := []Box{t.Boxes[i].Box}
		hideBoxes(by, one)
		t.Boxes[i].Box = one[0]
	}
	return t, identity.AuditAlone(ctx, s.db, by, identity.Event{Name: "trace.carton", ObjectKind: "carton", ObjectID: t.Code, Detail: fmt.Sprintf("codes=%d", t.Codes)})
}

func (t *CartonTrace) read(ctx context.Context, tx *db.Tx, code inventory.TraceCode, after int64) error {
	err := tx.Get(ctx, t, `SELECT c.id, c.code, c.pack_level, d.generic_name, d.spec, c.state, c.box_status, c.complete, c.nominal, c.actual, c.reason,
  COALESCE(f.name, '') AS file, COALESCE(f.id, 0) AS file_id, f.imported_at, COALESCE(fi.name, '') AS imported_by, COALESCE(r.id, 0) AS receipt_id,
  COALESCE(r.number, '') AS receipt_no, c.held_at, COALESCE(h.name, '') AS held_by, c.resolved_at, COALESCE(g.name, '') AS resolved_by, COALESCE(o.code, '') AS parent
FROM carton c JOIN drug d ON d.id = c.drug_id LEFT JOIN relation_file f ON f.id = c.file_id LEFT JOIN staff fi ON fi.id = f.imported_by
LEFT JOIN receipt r ON r.id = c.receipt_id LEFT JOIN staff h ON h.id = c.held_by LEFT JOIN staff g ON g.id = c.resolved_by
LEFT JOIN carton o ON o.id = c.parent_id WHERE c.code = $1::text`, code.Code())
	if db.IsNoRows(err) {
		return unknownCarton(ctx, tx, code)
	}
	if err != nil {
		return fmt.Errorf("read carton: %w", err)
	}
	t.Drug = inventory.DrugName(t.Generic, t.Spec)
	err = tx.Select(ctx, &t.Inner, `SELECT c.code, (SELECT count(*) FROM carton_code x WHERE x.carton_id = c.id) AS codes
FROM carton c WHERE c.parent_id = $1::bigint ORDER BY c.code LIMIT $2`, t.ID, BoxesPerPage)
	if err != nil {
		return fmt.Errorf("read what lies in a carton: %w", err)
	}
	return t.readCodes(ctx, tx, after)
}

// unknownCarton says of a code that no carton has whether its prefix is one of
// cartons: then the relation is what is missing.
func unknownCarton(ctx context.Context, r db.Reader, code inventory.TraceCode) error {
	known, err := inventory.FindPrefixes(ctx, r, []string{code.Prefix()})
	if err != nil {
		return err
	}
	if p, ok := known[code.Prefix()]; ok && p.Level > 1 {
		return db.Refuse(db.NotFound, "这是%s的箱码，但系统里没有这一箱的记录。请扫箱里的小盒，或先导入箱码关系。", p.Drug)
	}
	return db.Refuse(db.NotFound, "没有这个追溯码的记录。请核对后再扫。")
}

func (t *CartonTrace) readCodes(ctx context.Context, tx *db.Tx, after int64) error {
	err := tx.Select(ctx, &t.Places, cartonTree+`SELECT COALESCE(k.state, '') AS state, COALESCE(CASE WHEN k.state = 'allocated' THEN c.id END, 0) AS session_id,
  COALESCE(CASE WHEN k.state = 'allocated' THEN s.name END, '') AS site, count(*) AS packs FROM `+cartonRows+` GROUP BY 1, 2, 3 ORDER BY 1, 3, 2`, t.ID)
	if err != nil {
		return fmt.Errorf("count the boxes of a carton: %w", err)
	}
	for _, p := range t.Places {
		t.Codes += p.Packs
	}
	err = tx.Select(ctx, &t.Batches, cartonTree+`SELECT COALESCE(NULLIF(k.batch, ''), x.batch) AS batch, COALESCE(k.expires_on, x.expires_on) AS expires_on, count(*) AS packs
FROM `+cartonRows+` GROUP BY 1, 2 ORDER BY 1, 2`, t.ID)
	if err != nil {
		return fmt.Errorf("read the batches of a carton: %w", err)
	}
	err = tx.Select(ctx, &t.Boxes, cartonTree+`SELECT x.id, x.code, COALESCE(d.generic_name, '') AS generic_name, COALESCE(d.spec, '') AS spec, COALESCE(d.unit_name, '') AS unit_name,
  COALESCE(k.state, '') AS state, COALESCE(k.units_total, 0) AS units_total, COALESCE(k.units_left, 0) AS units_left, COALESCE(NULLIF(k.batch, ''), x.batch) AS batch,
  COALESCE(k.expires_on, x.expires_on) AS expires_on, COALESCE(c.id, 0) AS session_id, COALESCE(c.site_id, 0) AS site_id, COALESCE(s.name, '') AS site, c.held_on,
  COALESCE(v.number, 0) AS number, COALESCE(p.id, 0) AS patient_id, COALESCE(p.name, '') AS patient,
  COALESCE((SELECT max(y.answer_kind) FROM receipt_refusal y WHERE y.receipt_id = i.receipt_id AND y.code = x.code AND y.resolved_at IS NULL), '') AS refused
FROM `+cartonRows+` WHERE x.id > $2::bigint ORDER BY x.id LIMIT $3`, t.ID, after, BoxesPerPage+1)
	if err != nil {
		return fmt.Errorf("read the boxes of a carton: %w", err)
	}
	if len(t.Boxes) > BoxesPerPage {
		t.Boxes, t.More = t.Boxes[:BoxesPerPage], true
	}
	return nil
}
