package reporting

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/lib/pq"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// Question says which visits and which medicine a statistic is about. Days are
// those of the clinic sessions.
type Question struct {
	Period
	// Allowed are the sites whose figures the asker may see; nil is all of them.
	Allowed []int64
	// SiteID, DoctorID, DrugID, PatientID and SessionID narrow it; 0 is all.
	SiteID, DoctorID, DrugID, PatientID, SessionID int64
	// Kind is "site" for clinic days at the site, "home" for home visits, "" for both.
	Kind string
}

// Check refuses what cannot be answered.
func (q Question) Check(today time.Time) error {
	if q.Kind != "" && q.Kind != "site" && q.Kind != "home" {
		return db.Refuse(db.Invalid, "没有这种场次。请选门诊点、上门或全部。")
	}
	if q.Allowed != nil && q.SiteID != 0 && !slices.Contains(q.Allowed, q.SiteID) {
		return db.Refuse(db.Denied, "您不能查看这个精防点的统计。需要时请联系安全管理员授权。")
	}
	return q.Period.Check(today)
}

// sites are those asked for, as an SQL parameter; all says that there is no limit.
func (q Question) sites() (ids []int64, all bool) {
	switch {
	case q.SiteID != 0:
		return []int64{q.SiteID}, false
	case q.Allowed != nil:
		return q.Allowed, false
	}
	return []int64{}, true
}

// clinic is a session that took place.
type clinic struct {
	ID     int64     `db:"id"`
	SiteID int64     `db:"site_id"`
	HeldOn time.Time `db:"held_on"`
	Kind   string    `db:"kind"`
	State  string    `db:"state"`
	Kept   bool      `db:"kept"`
}

// facts are the sums of the sessions of a question, kept or made. Where sessions
// need not be told apart, the first of those that are alike stands for all.
type facts struct {
	clinics []clinic // in order of day
	of      map[int64]clinic
	clinicSums
	owed []owedFact
}

// owedFact counts the visits of a doctor in a session that left medicine owing.
type owedFact struct {
	SessionID int64 `db:"session_id"`
	DoctorID  int64 `db:"doctor_id"`
	Visits    int64 `db:"visits"`
}

// readFacts reads what the sessions of a question come to, and of the same question
// over further periods: those of finished days from their sums, the others, and
// those that have changed since, from the visits.
func readFacts(ctx context.Context, tx *db.Tx, q Question, of detail, further ...Period) (x facts, err error) {
	if x.clinics, err = readClinics(ctx, tx, q, further...); err != nil {
		return x, err
	}
	c, err := readChanges(ctx, tx)
	if err != nil {
		return x, err
	}
	stale, err := c.stale(ctx, tx)
	if err != nil {
		return x, err
	}
	x.of = make(map[int64]clinic, len(x.clinics))
	kept := newFold(of, append([]Period{q.Period}, further...))
	var raw []int64
	for _, c := range x.clinics {
		x.of[c.ID] = c
		if _, waits := slices.BinarySearch(stale, c.ID); c.Kept && !waits {
			kept.add(c)
		} else {
			raw = append(raw, c.ID)
		}
	}
	if x.clinicSums, err = kept.read(ctx, tx, q); err != nil {
		return x, err
	}
	for part := range slices.Chunk(raw, mostClinics) {
		made, err := makeClinics(ctx, tx, c.family, part)
		if err != nil {
			return x, err
		}
		x.clinicSums.clinics = append(x.clinicSums.clinics, made.clinics...)
		x.visits, x.drugs = append(x.visits, made.visits...), append(x.drugs, made.drugs...)
	}
	x.narrow(q)
	return x, nil
}

// in gives the facts of one of the periods that were read.
func (x facts) in(p Period) facts {
	out := facts{of: x.of}
	has := func(id int64) bool { c := x.of[id]; return !c.HeldOn.Before(p.From) && !c.HeldOn.After(p.To) }
	for _, c := range x.clinics {
		if has(c.ID) {
			out.clinics = append(out.clinics, c)
		}
	}
	for _, c := range x.clinicSums.clinics {
		if has(c.SessionID) {
			out.clinicSums.clinics = append(out.clinicSums.clinics, c)
		}
	}
	for _, v := range x.visits {
		if has(v.SessionID) {
			out.visits = append(out.visits, v)
		}
	}
	for _, d := range x.drugs {
		if has(d.SessionID) {
			out.drugs = append(out.drugs, d)
		}
	}
	return out
}

// narrow leaves only what the question is about.
func (x *facts) narrow(q Question) {
	if q.DoctorID != 0 {
		x.visits = slices.DeleteFunc(x.visits, func(v visitFact) bool { return v.DoctorID != q.DoctorID })
	}
	if q.DoctorID != 0 || q.DrugID != 0 {
		x.drugs = slices.DeleteFunc(x.drugs, func(d drugFact) bool {
			return q.DoctorID != 0 && d.DoctorID != q.DoctorID || q.DrugID != 0 && d.DrugID != q.DrugID
		})
	}
}

// readClinics reads the sessions that took place in the order of days and sites.
func readClinics(ctx context.Context, tx *db.Tx, q Question, further ...Period) (list []clinic, err error) {
	ids, all := q.sites()
	var from, to []string
	for _, p := range append([]Period{q.Period}, further...) {
		from, to = append(from, dateOf(p.From)), append(to, dateOf(p.To))
	}
	err = tx.Select(ctx, &list, `SELECT c.id, c.site_id, c.held_on, c.kind, c.state, CASE WHEN s.session_id IS NULL THEN false ELSE true END AS kept
FROM clinic_session c JOIN site t ON t.id = c.site_id LEFT JOIN clinic_sum s ON s.session_id = c.id
WHERE EXISTS (SELECT 1 FROM (SELECT unnest($1::text[]) AS from_on, unnest($2::text[]) AS to_on) p WHERE c.held_on >= CAST(p.from_on AS date) AND c.held_on <= CAST(p.to_on AS date))
  AND c.state IN ('open', 'closing', 'closed') AND ($3::boolean OR c.site_id = ANY($4::bigint[]))
  AND ($5::text = '' OR c.kind = $5::text) AND ($6::bigint = 0 OR c.id = $6::bigint) ORDER BY c.held_on, t.code, c.id`, pq.Array(from), pq.Array(to), all, pq.Array(ids), q.Kind, q.SessionID)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	for i := range list {
		list[i].HeldOn = list[i].HeldOn.UTC()
	}
	return list, nil
}

// readOwing counts visits with medicine that could not be given whole; it is noted
// without a change of its session, and never kept.
func (x *facts) readOwing(ctx context.Context, tx *db.Tx, q Question) error {
	var sessions []int64
	for _, c := range x.clinics {
		sessions = append(sessions, c.ID)
	}
	err := tx.Select(ctx, &x.owed, `SELECT v.session_id, COALESCE(v.doctor_id, 0) AS doctor_id, count(DISTINCT v.id) AS visits FROM owed_medicine o JOIN visit v ON v.id = o.visit_id
WHERE v.session_id = ANY($1::bigint[]) AND v.state = 'finished' AND ($2::bigint = 0 OR v.doctor_id = $2::bigint)
GROUP BY v.session_id, COALESCE(v.doctor_id, 0)`, pq.Array(sessions), q.DoctorID)
	if err != nil {
		return fmt.Errorf("count owed medicine: %w", err)
	}
	return nil
}

// names are what the figures of a statistic belong to.
type names struct {
	sites   map[int64]string
	order   map[int64]int // of sites, by code
	doctors map[int64]string
	drugs   map[int64]drugWords
}

func readNames(ctx context.Context, tx *db.Tx) (n names, err error) {
	var rows []struct {
		Site bool   `db:"is_site"`
		ID   int64  `db:"id"`
		Name string `db:"name"`
	}
	err = tx.Select(ctx, &rows, `SELECT x.is_site, x.id, x.name FROM (SELECT true AS is_site, id, name, code FROM site UNION ALL SELECT false AS is_site, id, name, '' AS code FROM staff) x ORDER BY x.code, x.id`)
	if err != nil {
		return n, fmt.Errorf("read the names of sites and staff: %w", err)
	}
	n.sites, n.order, n.doctors = map[int64]string{}, map[int64]int{}, map[int64]string{0: "未记医生"}
	for i, x := range rows {
		if x.Site {
			n.sites[x.ID], n.order[x.ID] = x.Name, i
		} else {
			n.doctors[x.ID] = x.Name
		}
	}
	n.drugs, err = readWords(ctx, tx)
	return n, err
}

// drug is a drug as people say it.
func (n names) drug(id int64) string {
	w := n.drugs[id]
	return inventory.DrugName(w.Generic, w.Spec)
}
