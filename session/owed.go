package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// Owed is medicine that a visit should have given and that was not there (欠药).
type Owed struct {
	ID       int64     `db:"id"`
	VisitID  uuid.UUID `db:"visit_id"`
	DrugID   int64     `db:"drug_id"`
	Generic  string    `db:"generic_name"`
	Spec     string    `db:"spec"`
	Unit     string    `db:"pack_name"`
	UnitWord string    `db:"unit_name"` // of the smallest unit
	Content  int64     `db:"content"`   // units of a full pack
	Packs    int64     `db:"packs"`     // as noted, with Units loose ones
	Units    int64     `db:"units"`
	// Left is what is owed still, in smallest units.
	Left   int64     `db:"units_owed"`
	Note   string    `db:"note"`
	Site   string    `db:"site"`
	HeldOn time.Time `db:"held_on"`
}

// Drug is the drug as people say it.
func (o Owed) Drug() string { return inventory.DrugName(o.Generic, o.Spec) }

// Amount is what is owed still: as it was noted, or what is left of it.
func (o Owed) Amount() Amounts {
	switch {
	case o.Left == o.Packs*o.Content+o.Units:
		return o.words(o.Packs, o.Units)
	case o.Packs == 0:
		return o.words(0, o.Left)
	}
	return o.words(o.Left/o.Content, o.Left%o.Content)
}

func (o Owed) words(packs, units int64) Amounts {
	var a Amounts
	a.Add(packs, o.Unit)
	a.Add(units, o.UnitWord)
	return a
}

// owedColumns reads an Owed from owed_medicine o JOIN drug d.
const owedColumns = `o.id, o.visit_id, o.drug_id, d.generic_name, d.spec, d.pack_name, d.unit_name, d.units_per_pack AS content, o.packs, o.units, o.note,
  o.packs * d.units_per_pack + o.units - COALESCE((SELECT CAST(sum(m.units) AS bigint) FROM owed_settlement m WHERE m.owed_id = o.id), 0) AS units_owed`

// OwedTo reads what a patient has not been given yet, the oldest first.
func OwedTo(ctx context.Context, r db.Reader, family ...int64) ([]Owed, error) {
	var list []Owed
	err := r.Select(ctx, &list, `SELECT `+owedColumns+`, s.name AS site, c.held_on
FROM owed_medicine o JOIN drug d ON d.id = o.drug_id JOIN clinic_session c ON c.id = o.session_id JOIN site s ON s.id = c.site_id
WHERE o.patient_id = ANY($1::bigint[]) AND o.settled_at IS NULL ORDER BY o.id`, pq.Array(family))
	if err != nil {
		return nil, fmt.Errorf("read owed medicine: %w", err)
	}
	return list, nil
}

// owedHere is an owed medicine with what the visit has of its drug and has not yet
// made up for anything with, in smallest units.
type owedHere struct {
	Owed
	Given     int64      `db:"given"`
	Used      int64      `db:"used"`
	SettledAt *time.Time `db:"settled_at"`
}

// openOwed takes the row of what a visit's patient is owed.
func openOwed(ctx context.Context, tx *db.Tx, v Visit, id int64) (owedHere, error) {
	family, err := patient.Family(ctx, tx, v.PatientID)
	if err != nil {
		return owedHere{}, err
	}
	var o owedHere
	err = tx.Get(ctx, &o, `SELECT `+owedColumns+`, o.settled_at,
  COALESCE((SELECT CAST(sum(l.quantity) AS bigint) FROM visit_line l JOIN pack k ON k.id = l.pack_id WHERE l.visit_id = $2::uuid AND l.undone_at IS NULL AND k.drug_id = o.drug_id), 0) AS given,
  COALESCE((SELECT CAST(sum(u.units) AS bigint) FROM owed_settlement u JOIN owed_medicine w ON w.id = u.owed_id WHERE u.visit_id = $2::uuid AND w.drug_id = o.drug_id), 0) AS used
FROM owed_medicine o JOIN drug d ON d.id = o.drug_id WHERE o.id = $1::bigint AND o.patient_id = ANY($3::bigint[]) FOR NO KEY UPDATE OF o`, id, v.ID, pq.Array(family))
	switch {
	case db.IsNoRows(err):
		return o, db.Refuse(db.NotFound, "这位患者没有这条欠药记录。请看最新的列表。")
	case err != nil:
		return o, fmt.Errorf("read owed medicine: %w", err)
	case o.SettledAt != nil:
		return o, db.Refuse(db.Conflict, "%s 的欠药已于 %s 处理，不用再点。", o.Drug(), o.SettledAt.In(Zone()).Format("1月2日 15:04"))
	}
	return o, nil
}

// OwedDrug is a drug that may be owed.
type OwedDrug struct {
	ID      int64  `db:"id"`
	Generic string `db:"generic_name"`
	Spec    string `db:"spec"`
	Unit    string `db:"unit_name"`
	// Loose says that it is given by quantity, and may be owed so.
	Loose bool `db:"loose"`
}

// OwedDrugs lists the drugs to choose from.
func OwedDrugs(ctx context.Context, r db.Reader) ([]OwedDrug, error) {
	var list []OwedDrug
	err := r.Select(ctx, &list, `SELECT id, generic_name, spec, unit_name, loose FROM drug WHERE active ORDER BY generic_name, spec, id`)
	if err != nil {
		return nil, fmt.Errorf("read drugs: %w", err)
	}
	return list, nil
}
