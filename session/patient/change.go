package patient

import (
	"context"
	"fmt"
	"strings"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// fieldChange is one field of an entry before and after.
type fieldChange struct {
	field         Field
	before, after string
}

// compare lists what a row changes in a registered patient. An empty cell changes
// nothing: a blank never overwrites a good value.
func (g *Registry) compare(p *PlannedRow, old *stored) error {
	p.old, p.Like = old, &old.Patient
	phone, err := g.open("phone", old.ID, old.Phone)
	if err != nil {
		return err
	}
	address, err := g.open("address", old.ID, old.Address)
	if err != nil {
		return err
	}
	e := p.entry
	note := func(f Field, before, after string) {
		if after != "" && after != before {
			p.changes = append(p.changes, fieldChange{f, before, after})
		}
	}
	note(FieldSex, old.Sex, e.Sex)
	note(FieldBirth, dayText(old.BirthOn), dayText(e.BirthOn))
	if old.Index == nil {
		note(FieldPaperNo, "", e.PaperNo)
	}
	note(FieldPhone, phone, e.Phone)
	note(FieldAddress, address, e.Address)
	note(FieldAllergies, old.Allergies, e.Allergies)
	if p.placed && e.HomeSiteID != old.HomeSiteID {
		note(FieldSite, fmt.Sprint(old.HomeSiteID), fmt.Sprint(e.HomeSiteID))
	}
	if p.Fate = FateUpdate; len(p.changes) == 0 {
		p.Fate = FateUnchanged
		return nil
	}
	var words []string
	for _, c := range p.changes {
		words = append(words, c.field.Label())
	}
	p.Detail = "改 " + strings.Join(words, "、")
	return nil
}

// insertChanges writes what was changed, field by field, in one statement. Both
// values are sealed with the place of the change: the patient and the field.
func (g *Registry) insertChanges(ctx context.Context, tx *db.Tx, by identity.Actor, source string, changes map[int64][]fieldChange) error {
	var ids []int64
	var fields []string
	var before, after pq.ByteaArray
	for id, list := range changes {
		for _, c := range list {
			old, err := g.sealChange(id, c.field, c.before)
			if err != nil {
				return err
			}
			now, err := g.sealChange(id, c.field, c.after)
			if err != nil {
				return err
			}
			ids, fields, before, after = append(ids, id), append(fields, string(c.field)), append(before, old), append(after, now)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO patient_change (patient_id, field, before_sealed, after_sealed, source, staff_id, at)
SELECT n.id, n.field, NULLIF(n.old, CAST('' AS bytea)), NULLIF(n.new_value, CAST('' AS bytea)), $5::text, $6::bigint, $7::timestamptz
FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::text[]) AS field, unnest($3::bytea[]) AS old, unnest($4::bytea[]) AS new_value) n`,
		pq.Array(ids), pq.Array(fields), before, after, source, db.NullInt(by.StaffID), tx.Now)
	if err != nil {
		return fmt.Errorf("insert patient changes: %w", err)
	}
	return nil
}

func (g *Registry) sealChange(id int64, f Field, text string) ([]byte, error) {
	return g.seal.SealString(sealPurpose, place("change."+string(f), id), text)
}
