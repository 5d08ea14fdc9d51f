package patient

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// ImportResult is what an import did.
type ImportResult struct {
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	// LeftOut counts rows with errors, twice in the file, not decided or skipped.
	LeftOut int `json:"left_out"`
}

// Step is how an import tells its progress: so many of so many rows.
type Step func(done, total int)

// importChunk is how many rows are sealed and written at a time.
const importChunk = 500

// carryOut writes a plan: new patients with their first labels, changes with their
// traces. The rest of the rows is counted.
func (g *Registry) carryOut(ctx context.Context, tx *db.Tx, by identity.Actor, plan []PlannedRow, step Step) (ImportResult, error) {
	var out ImportResult
	var fresh, changed []PlannedRow
	for _, p := range plan {
		switch p.Fate {
		case FateNew:
			fresh = append(fresh, p)
		case FateUpdate:
			changed = append(changed, p)
		case FateUnchanged:
			out.Unchanged++
		default:
			out.LeftOut++
		}
	}
	out.Created, out.Updated = len(fresh), len(changed)
	total := len(fresh) + len(changed)
	for from := 0; from < len(fresh); from += importChunk {
		if err := g.insertMany(ctx, tx, by, fresh[from:min(from+importChunk, len(fresh))]); err != nil {
			return out, err
		}
		step(min(from+importChunk, len(fresh)), total)
	}
	for from := 0; from < len(changed); from += importChunk {
		if err := g.updateMany(ctx, tx, by, changed[from:min(from+importChunk, len(changed))]); err != nil {
			return out, err
		}
		step(len(fresh)+min(from+importChunk, len(changed)), total)
	}
	return out, nil
}

// patientColumns is the columns of many patients, one array each. The driver writes
// a missing value of an array of bytes as an empty one; the statements make it NULL
// again.
type patientColumns struct {
	ids, sites                                           []int64
	numbers, names, pinyins, sexes, births, kinds, allrg []string
	papers, indexes, phones, addresses                   pq.ByteaArray
	tokens                                               []string
}

func (c *patientColumns) add(id int64, e Entry, s sealedColumns) {
	birth := ""
	if e.BirthOn != nil {
		birth = e.BirthOn.Format(time.DateOnly)
	}
	c.ids, c.sites = append(c.ids, id), append(c.sites, e.HomeSiteID)
	c.numbers, c.names, c.pinyins = append(c.numbers, formatNumber(id)), append(c.names, e.Name), append(c.pinyins, Pinyin(e.Name))
	c.sexes, c.births, c.kinds = append(c.sexes, e.Sex), append(c.births, birth), append(c.kinds, string(e.Paper))
	c.allrg = append(c.allrg, e.Allergies)
	c.papers, c.indexes = append(c.papers, s.paper), append(c.indexes, s.index)
	c.phones, c.addresses = append(c.phones, s.phone), append(c.addresses, s.address)
	c.tokens = append(c.tokens, NewToken().String())
}

// insertMany registers people and issues their first labels.
func (g *Registry) insertMany(ctx context.Context, tx *db.Tx, by identity.Actor, rows []PlannedRow) error {
	var ids []int64
	if err := tx.Select(ctx, &ids, `SELECT nextval('patient_id_seq')::bigint FROM generate_series(1, $1::integer)`, len(rows)); err != nil {
		return fmt.Errorf("new patient ids: %w", err)
	}
	var c patientColumns
	for i, p := range rows {
		sealed, err := g.sealColumns(ids[i], p.entry)
		if err != nil {
			return err
		}
		c.add(ids[i], p.entry, sealed)
	}
	_, err := tx.Exec(ctx, `INSERT INTO patient (id, number, name, pinyin, sex, birth_on, home_site_id, paper_kind, paper_sealed, paper_index,
  phone_sealed, address_sealed, allergies, created_at, created_by, changed_at)
SELECT n.id, n.number, n.name, n.pinyin, n.sex, CAST(NULLIF(n.birth, '') AS date), n.site, n.kind, NULLIF(n.paper, CAST('' AS bytea)),
  NULLIF(n.paper_index, CAST('' AS bytea)), NULLIF(n.phone, CAST('' AS bytea)), NULLIF(n.address, CAST('' AS bytea)), n.allergies, $14::timestamptz, $15::bigint, $14::timestamptz
FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::text[]) AS number, unnest($3::text[]) AS name, unnest($4::text[]) AS pinyin,
  unnest($5::text[]) AS sex, unnest($6::text[]) AS birth, unnest($7::bigint[]) AS site, unnest($8::text[]) AS kind, unnest($9::bytea[]) AS paper,
  unnest($10::bytea[]) AS paper_index, unnest($11::bytea[]) AS phone, unnest($12::bytea[]) AS address, unnest($13::text[]) AS allergies) n`,
		pq.Array(c.ids), pq.Array(c.numbers), pq.Array(c.names), pq.Array(c.pinyins), pq.Array(c.sexes), pq.Array(c.births), pq.Array(c.sites),
		pq.Array(c.kinds), c.papers, c.indexes, c.phones, c.addresses, pq.Array(c.allrg), tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return fmt.Errorf("insert patients: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO patient_label (token, patient_id, issued_at, issued_by)
SELECT n.token, n.id, $3::timestamptz, $4::bigint FROM (SELECT unnest($1::text[]) AS token, unnest($2::bigint[]) AS id) n`,
		pq.Array(c.tokens), pq.Array(c.ids), tx.Now, db.NullInt(by.StaffID))
	if err != nil {
		return fmt.Errorf("issue labels: %w", err)
	}
	return nil
}

// updateMany brings registered people up to their rows and leaves a trace of each
// field. What a row leaves blank stays as it is.
func (g *Registry) updateMany(ctx context.Context, tx *db.Tx, by identity.Actor, rows []PlannedRow) error {
	var c patientColumns
	changes := map[int64][]fieldChange{}
	for _, p := range rows {
		e := merged(p)
		sealed, err := g.sealColumns(p.old.ID, e)
		if err != nil {
			return err
		}
		c.add(p.old.ID, e, sealed)
		changes[p.old.ID] = p.changes
	}
	n, err := tx.Exec(ctx, `UPDATE patient SET sex = n.sex, birth_on = CAST(NULLIF(n.birth, '') AS date), home_site_id = n.site,
  paper_kind = CASE WHEN octet_length(n.paper_index) > 0 THEN n.kind ELSE patient.paper_kind END,
  paper_sealed = CASE WHEN octet_length(n.paper) > 0 THEN n.paper ELSE patient.paper_sealed END,
  paper_index = CASE WHEN octet_length(n.paper_index) > 0 THEN n.paper_index ELSE patient.paper_index END,
  phone_sealed = CASE WHEN octet_length(n.phone) > 0 THEN n.phone ELSE patient.phone_sealed END,
  address_sealed = CASE WHEN octet_length(n.address) > 0 THEN n.address ELSE patient.address_sealed END, allergies = n.allergies, version = patient.version + 1, changed_at = $11
FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::text[]) AS sex, unnest($3::text[]) AS birth, unnest($4::bigint[]) AS site,
  unnest($5::text[]) AS kind, unnest($6::bytea[]) AS paper, unnest($7::bytea[]) AS paper_index, unnest($8::bytea[]) AS phone,
  unnest($9::bytea[]) AS address, unnest($10::text[]) AS allergies) n WHERE patient.id = n.id`,
		pq.Array(c.ids), pq.Array(c.sexes), pq.Array(c.births), pq.Array(c.sites), pq.Array(c.kinds), c.papers, c.indexes, c.phones, c.addresses,
		pq.Array(c.allrg), tx.Now)
	if err != nil {
		return fmt.Errorf("update patients: %w", err)
	}
	if n != int64(len(rows)) {
		return fmt.Errorf("update patients: %d rows of %d", n, len(rows))
	}
	return g.insertChanges(ctx, tx, by, "import", changes)
}

// merged is a row's entry with what it leaves blank, of the fields that are not
// sealed, taken from the registered patient.
func merged(p PlannedRow) Entry {
	e := p.entry
	if e.Sex == "" {
		e.Sex = p.old.Sex
	}
	if e.BirthOn == nil {
		e.BirthOn = p.old.BirthOn
	}
	if e.Allergies == "" {
		e.Allergies = p.old.Allergies
	}
	if !p.placed {
		e.HomeSiteID = p.old.HomeSiteID
	}
	return e
}
