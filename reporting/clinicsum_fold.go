package reporting

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// detail says what a statistic tells apart, and which sums it is made of. Sites,
// their home visits and the periods asked for are always told apart.
type detail struct {
	visits, drugs    bool // which sums it needs
	sessions, months bool
	doctors, kinds   bool // kinds of drugs
}

// alike are sessions that a statistic does not tell apart.
type alike struct {
	site    int64
	kind    string
	month   int64
	within  int // which of the periods, a bit for each
	session int64
}

// fold adds up the kept sums of sessions in the database: thirty years of them are
// half a million rows, and a statistic is a page.
type fold struct {
	detail
	periods     []Period
	first       map[alike]int64 // the session that stands for those like it
	ids, stands []int64
}

func newFold(of detail, periods []Period) *fold {
	return &fold{detail: of, periods: periods, first: map[alike]int64{}}
}

func (f *fold) add(c clinic) {
	key := alike{site: c.SiteID, kind: c.Kind}
	for i, p := range f.periods {
		if !c.HeldOn.Before(p.From) && !c.HeldOn.After(p.To) {
			key.within |= 1 << i
		}
	}
	if f.months {
		key.month = monthOf(c.HeldOn).Unix()
	}
	if f.sessions {
		key.session = c.ID
	}
	if _, known := f.first[key]; !known {
		f.first[key] = c.ID
	}
	f.ids, f.stands = append(f.ids, c.ID), append(f.stands, f.first[key])
}

// read gives the sums. Who was expected is always by session: there is a row of it
// for each, and a statistic counts them.
func (f *fold) read(ctx context.Context, tx *db.Tx, q Question) (c clinicSums, err error) {
	if f.visits {
		if c.clinics, err = f.readClinics(ctx, tx); err == nil {
			c.visits, err = f.readVisits(ctx, tx, q)
		}
	}
	if f.drugs && err == nil {
		c.drugs, err = f.readDrugs(ctx, tx, q)
	}
	return c, err
}

func (f *fold) readClinics(ctx context.Context, tx *db.Tx) (list []clinicFact, err error) {
	err = tx.Select(ctx, &list, `SELECT session_id, expected, came FROM clinic_sum WHERE session_id = ANY($1::bigint[]) ORDER BY session_id`, pq.Array(f.ids))
	if err != nil {
		return nil, fmt.Errorf("read the sums of sessions: %w", err)
	}
	return list, nil
}

func (f *fold) readVisits(ctx context.Context, tx *db.Tx, q Question) (list []visitFact, err error) {
	err = tx.Select(ctx, &list, `SELECT g.stands AS session_id, CASE WHEN $3::boolean THEN s.doctor_id ELSE 0 END AS doctor_id, CAST(sum(s.visits) AS bigint) AS visits, CAST(sum(s.fresh) AS bigint) AS fresh,
  CAST(sum(s.bare) AS bigint) AS bare, CAST(sum(s.timed) AS bigint) AS timed, CAST(sum(s.seconds) AS bigint) AS seconds
FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::bigint[]) AS stands) g JOIN visit_sum s ON s.session_id = g.id
WHERE $4::bigint = 0 OR s.doctor_id = $4::bigint
GROUP BY g.stands, CASE WHEN $3::boolean THEN s.doctor_id ELSE 0 END`, pq.Array(f.ids), pq.Array(f.stands), f.doctors || q.DoctorID != 0, q.DoctorID)
	if err != nil {
		return nil, fmt.Errorf("add up the sums of visits: %w", err)
	}
	return list, nil
}

func (f *fold) readDrugs(ctx context.Context, tx *db.Tx, q Question) (list []drugFact, err error) {
	err = tx.Select(ctx, &list, `SELECT g.stands AS session_id, CASE WHEN $3::boolean THEN s.doctor_id ELSE 0 END AS doctor_id, CASE WHEN $4::boolean THEN s.drug_id ELSE 0 END AS drug_id,
  CAST(sum(s.visits) AS bigint) AS visits, CAST(sum(s.whole) AS bigint) AS whole, CAST(sum(s.loose) AS bigint) AS loose, CAST(sum(s.units) AS bigint) AS units, CAST(sum(s.lines) AS bigint) AS lines
FROM (SELECT unnest($1::bigint[]) AS id, unnest($2::bigint[]) AS stands) g JOIN drug_sum s ON s.session_id = g.id
WHERE ($5::bigint = 0 OR s.doctor_id = $5::bigint) AND ($6::bigint = 0 OR s.drug_id = $6::bigint)
GROUP BY g.stands, CASE WHEN $3::boolean THEN s.doctor_id ELSE 0 END, CASE WHEN $4::boolean THEN s.drug_id ELSE 0 END`,
		pq.Array(f.ids), pq.Array(f.stands), f.doctors || q.DoctorID != 0, f.kinds || q.DrugID != 0, q.DoctorID, q.DrugID)
	if err != nil {
		return nil, fmt.Errorf("add up the sums of medicine: %w", err)
	}
	return list, nil
}
