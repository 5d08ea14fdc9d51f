package patient

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
	"jingfang/sql/seal"
)

// hisPurpose is the key of the index that finds a HIS number again.
const hisPurpose seal.Purpose = "patient.his"

// maxHISNumber is the longest number that HIS may give a person, in characters.
const maxHISNumber = 40

// checkHISNumber tidies a number of HIS; "" is none.
func checkHISNumber(text string) (string, error) {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > maxHISNumber || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", db.Refuse(db.Invalid, "HIS 的患者编号应为字母和数字，最多 %d 个字符。", maxHISNumber)
	}
	return text, nil
}

// hisPart is the number's part of a command's digest; an entry without one keeps the
// digest that it always had.
func hisPart(e Entry) []string {
	if e.HISNumber == "" {
		return nil
	}
	return []string{e.HISNumber}
}

// putHISNumber seals the number into a row that holds none. The unique index refuses
// one that stands with another entry.
func (g *Registry) putHISNumber(ctx context.Context, tx *db.Tx, id int64, number string) error {
	sealed, err := g.seal.SealString(sealPurpose, place("his", id), number)
	if err != nil {
		return err
	}
	index, err := g.seal.Index(hisPurpose, number)
	if err != nil {
		return err
	}
	err = tx.ExecOne(ctx, `UPDATE patient SET his_sealed = $2::bytea, his_index = $3::bytea, version = version + 1, changed_at = $4 WHERE id = $1 AND his_index IS NULL`,
		id, sealed, index, tx.Now)
	if err != nil {
		return fmt.Errorf("keep the number of HIS: %w", err)
	}
	return nil
}

// LinkHIS keeps the number of HIS with the entry that has the same paper: the person
// was registered before HIS was asked. It takes the right to register at the entry's
// home site. Errors are Invalid, Denied, and Conflict for an entry that has a number
// already, or a number that stands with another entry.
func (g *Registry) LinkHIS(ctx context.Context, by identity.Actor, e Entry) (Patient, error) {
	e, err := e.Check(g.db.Now())
	if err != nil {
		return Patient{}, err
	}
	index, err := g.paperIndex(e)
	if err != nil {
		return Patient{}, err
	}
	var p Patient
	err = g.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err = g.linkHIS(ctx, tx, by, index, e)
		return err
	})
	if db.IsUnique(err, "patient_his_uq") {
		return p, g.duplicateHIS(ctx, by, e, err)
	}
	return p, err
}

func (g *Registry) linkHIS(ctx context.Context, tx *db.Tx, by identity.Actor, index []byte, e Entry) (Patient, error) {
	var p Patient
	err := tx.Get(ctx, &p, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id WHERE p.paper_index = $1::bytea FOR NO KEY UPDATE OF p`, index)
	if err := notFound(err, "没有这位患者，请重新查找。"); err != nil {
		return p, err
	}
	if by.Can(identity.RegisterPatient, p.HomeSiteID) != nil {
		return p, elsewhere(nil)
	}
	old, err := g.hisNumber(ctx, tx, []int64{p.ID})
	if err != nil {
		return p, err
	}
	if old != "" {
		return p, db.Refuse(db.Conflict, "这位患者已经登记：编号 %s，%s，%s，也已记下 HIS 编号。请按编号查找，不要重复登记。", p.Number, p.Masked(), p.HomeSite)
	}
	if err := g.putHISNumber(ctx, tx, p.ID, e.HISNumber); err != nil {
		return p, err
	}
	return p, g.keepChanges(ctx, tx, by, p, "patient.edit", []fieldChange{{FieldHIS, "", e.HISNumber}})
}

// duplicateHIS says with which entry a number of HIS stands, as far as the person may
// know.
func (g *Registry) duplicateHIS(ctx context.Context, by identity.Actor, e Entry, cause error) error {
	other := db.RefuseBecause(cause, db.Conflict, "这个 HIS 编号已记在另一份档案上，不能重复登记。请值班药师核对。")
	index, err := g.seal.Index(hisPurpose, e.HISNumber)
	if err != nil {
		return err
	}
	var p Patient
	err = g.db.Get(ctx, &p, `SELECT `+columns+` FROM patient p JOIN site s ON s.id = p.home_site_id WHERE p.his_index = $1::bytea`, index)
	if err != nil {
		other.Cause = errors.Join(cause, err)
		return other
	}
	if by.Can(identity.ViewPatient, p.HomeSiteID) != nil {
		return other
	}
	return db.RefuseBecause(cause, db.Conflict, "这个 HIS 编号已经登记：编号 %s，%s，%s。请按编号查找，不要重复登记。", p.Number, p.Masked(), p.HomeSite)
}

// HISNumber opens the number under which HIS knows a person, whichever of the person's
// entries holds it, for telling HIS; "" where it is not known. Whoever shows it to
// people asks Unmask instead.
func (g *Registry) HISNumber(ctx context.Context, r db.Reader, patientID int64) (string, error) {
	p, err := ByID(ctx, r, patientID)
	if err != nil {
		return "", err
	}
	if p, err = Survivor(ctx, r, p); err != nil {
		return "", err
	}
	family, err := Family(ctx, r, p.ID)
	if err != nil {
		return "", err
	}
	return g.hisNumber(ctx, r, family)
}

// hisNumber opens the number of the first of some entries that has one.
func (g *Registry) hisNumber(ctx context.Context, r db.Reader, ids []int64) (string, error) {
	var row struct {
		ID     int64  `db:"id"`
		Sealed []byte `db:"his_sealed"`
	}
	err := r.Get(ctx, &row, `SELECT id, his_sealed FROM patient WHERE id = ANY($1::bigint[]) AND his_sealed IS NOT NULL ORDER BY id LIMIT 1`, pq.Array(ids))
	if db.IsNoRows(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the number of HIS: %w", err)
	}
	return g.open("his", row.ID, row.Sealed)
}
