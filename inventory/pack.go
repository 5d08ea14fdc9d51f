package inventory

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/sql/db"
)

// Pack is a row of the packs, with the words a screen needs for it.
type Pack struct {
	ID            int64      `db:"id"`
	Code          string     `db:"code"`
	DrugID        int64      `db:"drug_id"`
	GenericName   string     `db:"generic_name"`
	Spec          string     `db:"spec"`
	UnitName      string     `db:"unit_name"`
	PackName      string     `db:"pack_name"`
	State         State      `db:"state"`
	UnitsTotal    int64      `db:"units_total"`
	UnitsLeft     int64      `db:"units_left"`
	UnitsGiven    int64      `db:"units_given"`
	Batch         string     `db:"batch"`
	ExpiresOn     *time.Time `db:"expires_on"`
	ReceiptLineID *int64     `db:"receipt_line_id"`
	SessionID     *int64     `db:"session_id"`
	VisitID       *uuid.UUID `db:"visit_id"`
	Returned      bool       `db:"returned"`
	Alarm         string     `db:"alarm"`
	Loose         bool       `db:"loose"` // the drug is dispensed by quantity
	// RecallID is the first recall in force that means this pack, zero for none;
	// [LockPacks] and [FindPack] fill it.
	RecallID int64 `db:"-"`
	// BatchRead says that batch or expiry are what the box's own code carries.
	BatchRead bool `db:"batch_read"`
	// TrueCode is the code that was found later on a box that came without one
	// (补码); empty for every other box.
	TrueCode string `db:"true_code"`
}

// packColumns reads a Pack from "pack k JOIN drug d".
const packColumns = `k.id, k.code, k.drug_id, d.generic_name, d.spec, d.unit_name, d.pack_name, k.state, k.units_total,
  k.units_left, k.units_given, k.batch, k.expires_on, k.receipt_line_id, k.session_id, k.visit_id, k.returned, k.alarm, k.batch_read, d.loose,
  CASE WHEN k.code LIKE 'WM%' THEN COALESCE((SELECT b.true_code FROM codeless_box b WHERE b.code = k.code), '') ELSE '' END AS true_code`

// DrugName is the drug as people say it: 利培酮片 1mg×20片.
func (p Pack) DrugName() string { return DrugName(p.GenericName, p.Spec) }

// Codeless reports a box that came without a readable code and was given ours.
func (p Pack) Codeless() bool { return looksInternal(p.Code) }

// DrugName joins a generic name and a spec, which may be unknown.
func DrugName(generic, spec string) string {
	if spec == "" {
		return generic
	}
	return generic + " " + spec
}

// Facts is what the rules need to know of the pack.
func (p Pack) Facts() PackFacts {
	f := PackFacts{State: p.State, Content: p.UnitsTotal, Remainder: p.UnitsLeft, Given: p.UnitsGiven, Returned: p.Returned, Recalled: p.RecallID != 0}
	if p.SessionID != nil {
		f.Session = *p.SessionID
	}
	if p.ExpiresOn != nil {
		f.Expiry = *p.ExpiresOn
	}
	return f
}

// LockPacks takes the rows of the packs with these codes, in the order of the
// codes: two scans of the same boxes in another order then wait for each other
// instead of locking each other out. Codes without a pack are missing from the
// answer.
func LockPacks(ctx context.Context, tx *db.Tx, codes []string) (map[string]*Pack, error) {
	packs, err := lockRows(ctx, tx, codes)
	if err != nil {
		return nil, err
	}
	return packs, markRecalled(ctx, tx, packs)
}

// lockRows is LockPacks for who asks for recalls by himself, afterwards.
func lockRows(ctx context.Context, tx *db.Tx, codes []string) (map[string]*Pack, error) {
	var rows []Pack
	// A box that was given our code is found by its true one as well.
	err := tx.Select(ctx, &rows, `SELECT `+packColumns+` FROM pack k JOIN drug d ON d.id = k.drug_id
WHERE k.code = ANY($1::text[] || ARRAY(SELECT x.code::text FROM codeless_box x WHERE x.true_code = ANY($1::text[])))
ORDER BY k.code FOR NO KEY UPDATE OF k`, pq.Array(codes))
	if err != nil {
		return nil, fmt.Errorf("lock packs: %w", err)
	}
	packs := make(map[string]*Pack, len(rows))
	for i := range rows {
		packs[rows[i].Code] = &rows[i]
	}
	for i := range rows {
		if rows[i].TrueCode != "" {
			packs[rows[i].TrueCode] = &rows[i]
		}
	}
	return packs, nil
}

// FindPack reads one pack by its code.
func FindPack(ctx context.Context, r db.Reader, code string) (Pack, error) {
	p, err := FindPackRow(ctx, r, code)
	if err != nil {
		return p, err
	}
	return p, markRecalled(ctx, r, map[string]*Pack{p.Code: &p})
}

// FindPackRow is FindPack for who asks for recalls by himself.
func FindPackRow(ctx context.Context, r db.Reader, code string) (Pack, error) {
	var p Pack
	err := r.Get(ctx, &p, `SELECT `+packColumns+` FROM pack k JOIN drug d ON d.id = k.drug_id 
WHERE k.code = COALESCE((SELECT x.code FROM codeless_box x WHERE x.true_code = $1::text), $1::text)`, code)
	if db.IsNoRows(err) {
		return p, db.Refuse(db.NotFound, "没有这个追溯码的记录。请核对后再扫。")
	}
	if err != nil {
		return p, fmt.Errorf("read pack: %w", err)
	}
	return p, nil
}
