package reporting

import (
	"context"
	"fmt"
	"time"

	"github.com/lib/pq"

	"jingfang/sql/db"
)

// clinicFact is what a session comes to as a whole: who was on its roster, and who
// of them has a visit.
type clinicFact struct {
	SessionID int64 `db:"session_id"`
	Expected  int64 `db:"expected"`
	Came      int64 `db:"came"`
}

// visitFact is the finished visits of one doctor in one session. A visit is a
// person's first when none of the same person, merged entries included, came
// earlier and was finished.
type visitFact struct {
	SessionID int64 `db:"session_id"`
	DoctorID  int64 `db:"doctor_id"`
	Visits    int64 `db:"visits"`
	Fresh     int64 `db:"fresh"`
	Bare      int64 `db:"bare"`  // without medicine
	Timed     int64 `db:"timed"` // whose length is known
	Seconds   int64 `db:"seconds"`
}

// drugFact is the medicine one doctor handed out in one session. Lines are the
// boxes, and parts of boxes, it is made of.
type drugFact struct {
	SessionID int64 `db:"session_id"`
	DoctorID  int64 `db:"doctor_id"`
	DrugID    int64 `db:"drug_id"`
	Visits    int64 `db:"visits"`
	Whole     int64 `db:"whole"`
	Loose     int64 `db:"loose"`
	Units     int64 `db:"units"`
	Lines     int64 `db:"lines"`
}

// clinicSums is what some sessions come to, each list in the order of its key.
type clinicSums struct {
	clinics []clinicFact
	visits  []visitFact
	drugs   []drugFact
}

// family says which entries of the registry are one person: entry and the one it
// goes on as, for merged entries and their survivors only.
type family struct{ entries, roots []int64 }

// changes is what may have made sums stale: who is one person, which patients were
// merged or parted lately, which sessions have changed.
type changes struct {
	family   family
	merged   []int64
	sessions []int64
}

// readChanges reads it in one statement. A merge counts while sums may be from
// before it.
func readChanges(ctx context.Context, tx *db.Tx) (c changes, err error) {
	var rows []struct {
		What int   `db:"what"`
		A    int64 `db:"a"`
		B    int64 `db:"b"`
	}
	err = tx.Select(ctx, &rows, `SELECT 1 AS what, id AS a, merged_into_id AS b FROM patient WHERE merged_into_id IS NOT NULL
UNION ALL SELECT 2 AS what, from_id AS a, into_id AS b FROM patient_merge WHERE COALESCE(undone_at, at) > (SELECT min(made_at) FROM clinic_sum) - CAST($1 AS interval)
UNION ALL SELECT 3 AS what, s.session_id AS a, 0 AS b FROM clinic_sum s LEFT JOIN session_version x ON x.session_id = s.session_id WHERE COALESCE(x.version, 0) <> s.made_of
UNION ALL SELECT 3 AS what, m.from_session_id AS a, 0 AS b FROM ledger_stale g JOIN movement m ON m.at >= CAST(g.day AS timestamp) AT TIME ZONE 'Asia/Shanghai'
    AND m.at < CAST(g.day + 1 AS timestamp) AT TIME ZONE 'Asia/Shanghai' JOIN clinic_sum s ON s.session_id = m.from_session_id WHERE m.kind = 'dispense'
ORDER BY what, a`, fmt.Sprintf("%d seconds", int(mergeRest.Seconds())))
	if err != nil {
		return c, fmt.Errorf("look for what has changed: %w", err)
	}
	root, listed := map[int64]int64{}, map[int64]bool{}
	for _, x := range rows {
		switch x.What {
		case 1: // an entry goes into a lower number, so that its root is known
			to, merged := root[x.B]
			if !merged {
				to = x.B
			}
			root[x.A] = to
			c.family.add(x.A, to, listed)
		case 2:
			c.merged = append(c.merged, x.A, x.B)
		default:
			c.sessions = append(c.sessions, x.A)
		}
	}
	return c, nil
}

func (f *family) add(entry, root int64, listed map[int64]bool) {
	f.entries, f.roots = append(f.entries, entry), append(f.roots, root)
	if !listed[root] {
		listed[root] = true
		f.entries, f.roots = append(f.entries, root), append(f.roots, root)
	}
}

// with gives some entries and all others of the same persons.
func (f family) with(ids []int64) []int64 {
	wanted, root := map[int64]bool{}, map[int64]int64{}
	for i, id := range f.entries {
		root[id] = f.roots[i]
	}
	out := append([]int64{}, ids...)
	for _, id := range ids {
		if r, ok := root[id]; ok {
			wanted[r] = true
		}
	}
	for i, id := range f.entries {
		if wanted[f.roots[i]] {
			out = append(out, id)
		}
	}
	return out
}

// makeClinics sums sessions from their rosters, visits and lines.
func makeClinics(ctx context.Context, tx *db.Tx, f family, ids []int64) (c clinicSums, err error) {
	if len(ids) == 0 {
		return c, nil
	}
	if c.clinics, err = makeAttendance(ctx, tx, ids); err != nil {
		return c, err
	}
	if c.visits, err = makeVisits(ctx, tx, f, ids); err != nil {
		return c, err
	}
	c.drugs, err = makeDrugs(ctx, tx, ids)
	return c, err
}

func makeAttendance(ctx context.Context, tx *db.Tx, ids []int64) (list []clinicFact, err error) {
	err = tx.Select(ctx, &list, `SELECT c.id AS session_id, count(r.patient_id) AS expected,
  CAST(COALESCE(sum(CASE WHEN r.patient_id IS NOT NULL AND EXISTS (SELECT 1 FROM visit v WHERE v.session_id = c.id AND v.patient_id = r.patient_id AND v.state <> 'void') THEN 1 ELSE 0 END), 0) AS bigint) AS came
FROM clinic_session c LEFT JOIN session_roster r ON r.session_id = c.id
WHERE c.id = ANY($1::bigint[]) GROUP BY c.id ORDER BY c.id`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("sum rosters: %w", err)
	}
	return list, nil
}

// makeVisits counts finished visits. A visit that somebody else ended, or that
// nobody began, has no length.
func makeVisits(ctx context.Context, tx *db.Tx, f family, ids []int64) (list []visitFact, err error) {
	err = tx.Select(ctx, &list, `SELECT x.session_id, x.doctor_id, count(*) AS visits, CAST(sum(x.fresh) AS bigint) AS fresh, CAST(sum(x.bare) AS bigint) AS bare,
  CAST(sum(x.timed) AS bigint) AS timed, CAST(sum(x.timed * x.seconds) AS bigint) AS seconds
FROM (SELECT v.session_id, COALESCE(v.doctor_id, 0) AS doctor_id,
    CASE WHEN EXISTS (SELECT 1 FROM visit e WHERE e.patient_id = v.patient_id AND e.state = 'finished' AND (e.came_at < v.came_at OR e.came_at = v.came_at AND e.id < v.id))
      OR EXISTS (SELECT 1 FROM (SELECT unnest($2::bigint[]) AS id, unnest($3::bigint[]) AS root) g JOIN visit e ON e.patient_id = g.id
        WHERE g.root = f.root AND e.state = 'finished' AND (e.came_at < v.came_at OR e.came_at = v.came_at AND e.id < v.id)) THEN 0 ELSE 1 END AS fresh,
    CASE WHEN EXISTS (SELECT 1 FROM visit_line l WHERE l.visit_id = v.id AND l.undone_at IS NULL) THEN 0 ELSE 1 END AS bare,
    CASE WHEN v.started_at IS NOT NULL AND v.finished_at >= v.started_at AND v.ended_for = '' THEN 1 ELSE 0 END AS timed,
    COALESCE(CAST(floor(extract(epoch FROM v.finished_at - v.started_at)) AS bigint), 0) AS seconds
  FROM visit v LEFT JOIN (SELECT unnest($2::bigint[]) AS id, unnest($3::bigint[]) AS root) f ON f.id = v.patient_id
  WHERE v.session_id = ANY($1::bigint[]) AND v.state = 'finished') x
GROUP BY x.session_id, x.doctor_id ORDER BY x.session_id, x.doctor_id`, pq.Array(ids), pq.Array(f.entries), pq.Array(f.roots))
	if err != nil {
		return nil, fmt.Errorf("sum visits: %w", err)
	}
	return list, nil
}

// makeDrugs adds the lines that stand, of visits in any state: what was handed out
// has left the boxes.
func makeDrugs(ctx context.Context, tx *db.Tx, ids []int64) (list []drugFact, err error) {
	err = tx.Select(ctx, &list, `SELECT v.session_id, COALESCE(v.doctor_id, 0) AS doctor_id, k.drug_id, count(DISTINCT v.id) AS visits,
  CAST(sum(CASE WHEN l.quantity = k.units_total THEN 1 ELSE 0 END) AS bigint) AS whole,
  CAST(sum(CASE WHEN l.quantity = k.units_total THEN 0 ELSE l.quantity END) AS bigint) AS loose, CAST(sum(l.quantity) AS bigint) AS units, count(*) AS lines
FROM visit v JOIN visit_line l ON l.visit_id = v.id AND l.undone_at IS NULL JOIN pack k ON k.id = l.pack_id
WHERE v.session_id = ANY($1::bigint[])
GROUP BY v.session_id, COALESCE(v.doctor_id, 0), k.drug_id ORDER BY v.session_id, 2, k.drug_id`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("sum what was handed out: %w", err)
	}
	return list, nil
}

// summed is a row of any of the three tables of sums.
type summed struct {
	What      int   `db:"what"`
	SessionID int64 `db:"session_id"`
	DoctorID  int64 `db:"doctor_id"`
	DrugID    int64 `db:"drug_id"`
	A         int64 `db:"a"`
	B         int64 `db:"b"`
	C         int64 `db:"c"`
	D         int64 `db:"d"`
	E         int64 `db:"e"`
}

// keptClinics reads what is kept of sessions, in the order of [makeClinics]: all
// three tables in one statement.
func keptClinics(ctx context.Context, tx *db.Tx, ids []int64) (c clinicSums, err error) {
	var rows []summed
	err = tx.Select(ctx, &rows, `SELECT 1 AS what, session_id, 0 AS doctor_id, 0 AS drug_id, expected AS a, came AS b, 0 AS c, 0 AS d, 0 AS e FROM clinic_sum WHERE session_id = ANY($1::bigint[])
UNION ALL SELECT 2 AS what, session_id, doctor_id, 0 AS drug_id, visits AS a, fresh AS b, bare AS c, timed AS d, seconds AS e FROM visit_sum WHERE session_id = ANY($1::bigint[])
UNION ALL SELECT 3 AS what, session_id, doctor_id, drug_id, visits AS a, whole AS b, loose AS c, units AS d, lines AS e FROM drug_sum WHERE session_id = ANY($1::bigint[])
ORDER BY what, session_id, doctor_id, drug_id`, pq.Array(ids))
	if err != nil {
		return c, fmt.Errorf("read the sums of sessions: %w", err)
	}
	for _, x := range rows {
		switch x.What {
		case 1:
			c.clinics = append(c.clinics, clinicFact{x.SessionID, x.A, x.B})
		case 2:
			c.visits = append(c.visits, visitFact{x.SessionID, x.DoctorID, x.A, x.B, x.C, x.D, x.E})
		default:
			c.drugs = append(c.drugs, drugFact{x.SessionID, x.DoctorID, x.DrugID, x.A, x.B, x.C, x.D, x.E})
		}
	}
	return c, nil
}

// writeClinics puts sums in the place of those that are kept; versions are those
// that the sessions had when they were read.
func writeClinics(ctx context.Context, tx *db.Tx, versions map[int64]int64, made time.Time, c clinicSums) error {
	ids := make([]int64, 0, len(c.clinics))
	var of, expected, came []int64
	for _, x := range c.clinics {
		ids, of = append(ids, x.SessionID), append(of, versions[x.SessionID])
		expected, came = append(expected, x.Expected), append(came, x.Came)
	}
	if err := forgetClinics(ctx, tx, ids); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO clinic_sum (session_id, made_of, made_at, expected, came)
SELECT n.session_id, n.made_of, $5::timestamptz, n.expected, n.came
FROM (SELECT unnest($1::bigint[]) AS session_id, unnest($2::bigint[]) AS made_of, unnest($3::bigint[]) AS expected, unnest($4::bigint[]) AS came) n`,
		pq.Array(ids), pq.Array(of), pq.Array(expected), pq.Array(came), made)
	if err != nil {
		return fmt.Errorf("keep the sums of sessions: %w", err)
	}
	if err := writeVisits(ctx, tx, c.visits); err != nil {
		return err
	}
	return writeDrugs(ctx, tx, c.drugs)
}

func writeVisits(ctx context.Context, tx *db.Tx, list []visitFact) error {
	var sessions, doctors, visits, fresh, bare, timed, seconds []int64
	for _, x := range list {
		sessions, doctors, visits = append(sessions, x.SessionID), append(doctors, x.DoctorID), append(visits, x.Visits)
		fresh, bare, timed, seconds = append(fresh, x.Fresh), append(bare, x.Bare), append(timed, x.Timed), append(seconds, x.Seconds)
	}
	_, err := tx.Exec(ctx, `INSERT INTO visit_sum (session_id, doctor_id, visits, fresh, bare, timed, seconds)
SELECT n.session_id, n.doctor_id, n.visits, n.fresh, n.bare, n.timed, n.seconds
FROM (SELECT unnest($1::bigint[]) AS session_id, unnest($2::bigint[]) AS doctor_id, unnest($3::bigint[]) AS visits, unnest($4::bigint[]) AS fresh,
  unnest($5::bigint[]) AS bare, unnest($6::bigint[]) AS timed, unnest($7::bigint[]) AS seconds) n`,
		pq.Array(sessions), pq.Array(doctors), pq.Array(visits), pq.Array(fresh), pq.Array(bare), pq.Array(timed), pq.Array(seconds))
	if err != nil {
		return fmt.Errorf("keep the sums of visits: %w", err)
	}
	return nil
}

func writeDrugs(ctx context.Context, tx *db.Tx, list []drugFact) error {
	var sessions, doctors, drugs, visits, whole, loose, units, lines []int64
	for _, x := range list {
		sessions, doctors, drugs = append(sessions, x.SessionID), append(doctors, x.DoctorID), append(drugs, x.DrugID)
		visits, whole, loose = append(visits, x.Visits), append(whole, x.Whole), append(loose, x.Loose)
		units, lines = append(units, x.Units), append(lines, x.Lines)
	}
	_, err := tx.Exec(ctx, `INSERT INTO drug_sum (session_id, doctor_id, drug_id, visits, whole, loose, units, lines)
SELECT n.session_id, n.doctor_id, n.drug_id, n.visits, n.whole, n.loose, n.units, n.lines
FROM (SELECT unnest($1::bigint[]) AS session_id, unnest($2::bigint[]) AS doctor_id, unnest($3::bigint[]) AS drug_id, unnest($4::bigint[]) AS visits,
  unnest($5::bigint[]) AS whole, unnest($6::bigint[]) AS loose, unnest($7::bigint[]) AS units, unnest($8::bigint[]) AS lines) n`,
		pq.Array(sessions), pq.Array(doctors), pq.Array(drugs), pq.Array(visits), pq.Array(whole), pq.Array(loose), pq.Array(units), pq.Array(lines))
	if err != nil {
		return fmt.Errorf("keep the sums of medicine: %w", err)
	}
	return nil
}

// forgetClinics removes the sums of sessions; until they are made again the
// sessions are read from their visits.
func forgetClinics(ctx context.Context, tx *db.Tx, ids []int64) error {
	for _, q := range []string{`DELETE FROM drug_sum WHERE session_id = ANY($1::bigint[])`, `DELETE FROM visit_sum WHERE session_id = ANY($1::bigint[])`,
		`DELETE FROM clinic_sum WHERE session_id = ANY($1::bigint[])`} {
		if _, err := tx.Exec(ctx, q, pq.Array(ids)); err != nil {
			return fmt.Errorf("forget the sums of sessions: %w", err)
		}
	}
	return nil
}
