package session

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Due is a patient with what is known of the medicine at home.
type Due struct {
	PatientID int64  `db:"patient_id"`
	Number    string `db:"number"`
	Name      string `db:"name"` // in clear; lists mask it
	HomeSite  string `db:"home_site"`
	// LastOn is the clinic date of the last visit that gave medicine or a next
	// pick-up day, Days for how long its medicine is enough (0: nobody knows),
	// NextDue the next pick-up day; nil when there is none.
	LastOn  *time.Time `db:"last_on"`
	Days    int        `db:"days"`
	NextDue *time.Time `db:"next_due_on"`
	// Visit is the queue number at the session that is asked about, 0 for who has
	// not come.
	Visit int `db:"visit_number"`
	// What is overdue beside the medicine, in words; [Service.Overdue] fills them.
	Shot, Check string `db:"-"`
}

// Came tells whether the patient is or was at the session.
func (d Due) Came() bool { return d.Visit > 0 }

// Left is how many days of medicine are left on a date, less than zero when it is
// used up; false when nobody knows.
func (d Due) Left(today time.Time) (int, bool) {
	if d.LastOn == nil || d.Days == 0 {
		return 0, false
	}
	return d.Days - daysBetween(*d.LastOn, today), true
}

// Late is for how many days the patient should have come already: after the next
// pick-up day, or where none was said after the end of the medicine; 0 for who is
// in time or unknown.
func (d Due) Late(today time.Time) int {
	if d.NextDue != nil {
		return max(0, daysBetween(*d.NextDue, today))
	}
	if left, known := d.Left(today); known {
		return max(0, -left)
	}
	return 0
}

// LeftWord is the days left as people read them.
func (d Due) LeftWord(today time.Time) string {
	left, known := d.Left(today)
	if d.LastOn == nil {
		return "还没有取过药"
	}
	return LeftWord(left, known)
}

// addSupplies puts the days of medicine left beside people, as the patient's page
// reckons them: the drug that ends first counts.
func addSupplies(ctx context.Context, r db.Reader, list []Due, today time.Time) error {
	ids := make([]int64, len(list))
	for i, d := range list {
		ids[i] = d.PatientID
	}
	merged, err := mergedInto(ctx, r, ids)
	if err != nil {
		return err
	}
	for from := range merged {
		ids = append(ids, from)
	}
	last, err := ReadLastSupplies(ctx, r, ids, uuid.Nil)
	if err != nil {
		return err
	}
	for from, into := range merged {
		if given, there := last[from]; there && given.cameAt.After(last[into].cameAt) {
			last[into] = given
		}
	}
	for i := range list {
		given, there := last[list[i].PatientID]
		if !there {
			continue
		}
		list[i].LastOn, list[i].Days = &given.GivenOn, 0
		if left, known := DaysLeft(given.Drugs, today); known {
			list[i].Days = left + daysBetween(given.GivenOn, today)
		}
	}
	return nil
}

// mergedInto reads the entries that were merged into some, by their ids.
func mergedInto(ctx context.Context, r db.Reader, ids []int64) (map[int64]int64, error) {
	var rows []struct {
		From int64 `db:"id"`
		Into int64 `db:"merged_into_id"`
	}
	err := r.Select(ctx, &rows, `SELECT id, merged_into_id FROM patient WHERE merged_into_id = ANY($1::bigint[])`, pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read merged entries: %w", err)
	}
	merged := map[int64]int64{}
	for _, x := range rows {
		merged[x.From] = x.Into
	}
	return merged, nil
}

// lastVisits are the columns of a Due and where they come from: $1 is the moment
// from which visits count. A visit without medicine counts when it set a next day.
const lastVisits = `p.id AS patient_id, p.number, p.name, s.name AS home_site, x.held_on AS last_on, COALESCE(x.days, 0) AS days, x.next_due_on`

const lastVisitTables = `patient p JOIN site s ON s.id = p.home_site_id
LEFT JOIN (SELECT v.patient_id, c.held_on, v.next_due_on, (SELECT max(l.days) FROM visit_line l WHERE l.visit_id = v.id AND l.undone_at IS NULL) AS days,
    row_number() OVER (PARTITION BY v.patient_id ORDER BY v.came_at DESC, v.id) AS n
  FROM visit v JOIN clinic_session c ON c.id = v.session_id WHERE v.state = 'finished' AND v.came_at >= $1::timestamptz
    AND (v.next_due_on IS NOT NULL OR EXISTS (SELECT 1 FROM visit_line e WHERE e.visit_id = v.id AND e.undone_at IS NULL))) x ON x.patient_id = p.id AND x.n = 1`

// ReadAbsentees reads a session's roster with the medicine that each has at home:
// who has not come first, those whose medicine ends first before the others.
func ReadAbsentees(ctx context.Context, r db.Reader, x Session, now time.Time) ([]Due, error) {
	var list []Due
	err := r.Select(ctx, &list, `SELECT `+lastVisits+`, COALESCE((SELECT max(v.number) FROM visit v
  WHERE v.session_id = $2::bigint AND v.patient_id = p.id AND v.state <> 'void'), 0) AS visit_number
FROM session_roster o JOIN `+lastVisitTables+` ON p.id = o.patient_id WHERE o.session_id = $2::bigint ORDER BY p.number`, now.AddDate(0, 0, -lookBack), x.ID)
	if err != nil {
		return nil, fmt.Errorf("read who is due: %w", err)
	}
	today := Today(now)
	if err := addSupplies(ctx, r, list, today); err != nil {
		return nil, err
	}
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].Came() != list[j].Came() {
			return !list[i].Came()
		}
		return urgency(list[i], today) < urgency(list[j], today)
	})
	return list, nil
}

// urgency orders by the days left; who has none known comes after who has run out.
func urgency(d Due, today time.Time) int {
	if left, known := d.Left(today); known {
		return left
	}
	return 0
}

// OverdueQuestion is what [Service.Overdue] is asked.
type OverdueQuestion struct {
	// SiteID is the home site, 0 for all that the person may see.
	SiteID int64
	// Kind is what is overdue: "" for medicine, "shot" for long-acting injections,
	// "check" for checks that a medicine asks for.
	Kind string
	// Days is for how long at least, in days; 1 to 366.
	Days int
}

// Overdue lists the active patients who should have come and have not, whose
// long-acting injection is due or whose check is, the longest overdue first.
func (s *Service) Overdue(ctx context.Context, by identity.Actor, q OverdueQuestion) ([]Due, error) {
	if err := identity.Allow(ctx, s.db, by, identity.ViewPatient, q.SiteID); err != nil {
		return nil, err
	}
	if q.Days < 1 || q.Days > 366 {
		return nil, db.Refuse(db.Invalid, "逾期天数请填 1 到 366。")
	}
	now := s.db.Now()
	list, err := s.readOverdue(ctx, by, q, now)
	if err != nil {
		return nil, err
	}
	var late []Due
	for _, d := range list {
		if d.Shot+d.Check != "" || q.Kind == "" && d.Late(Today(now)) >= q.Days {
			late = append(late, d)
		}
	}
	if err := addSupplies(ctx, s.db, late, Today(now)); err != nil {
		return nil, err
	}
	if q.Kind == "" {
		sort.SliceStable(late, func(i, j int) bool { return late[i].Late(Today(now)) > late[j].Late(Today(now)) })
	}
	return late, nil
}

func (s *Service) readOverdue(ctx context.Context, by identity.Actor, q OverdueQuestion, now time.Time) ([]Due, error) {
	words := map[int64]string{}
	var err error
	switch q.Kind {
	case "":
	case "shot":
		words, err = overdueShots(ctx, s.db, now, q.Days)
	case "check":
		words, err = overdueChecks(ctx, s.db, now, q.Days)
	default:
		return nil, db.Refuse(db.Invalid, "请选择未取药、针剂或检查。")
	}
	if err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(words))
	for id := range words {
		ids = append(ids, id)
	}
	sites, all := by.Sites(identity.ViewPatient)
	if q.SiteID != 0 {
		sites, all = []int64{q.SiteID}, false
	}
	var list []Due
	err = s.db.Select(ctx, &list, `SELECT `+lastVisits+`, 0 AS visit_number FROM `+lastVisitTables+`
WHERE p.state = 'active' AND ($2::boolean OR p.home_site_id = ANY($3::bigint[])) AND (CASE WHEN $4::boolean THEN x.n IS NOT NULL ELSE p.id = ANY($5::bigint[]) END)
ORDER BY s.district, s.name, p.number`, now.AddDate(0, 0, -lookBack), all, pq.Array(sites), q.Kind == "", pq.Array(ids))
	if err != nil {
		return nil, fmt.Errorf("read who is overdue: %w", err)
	}
	for i := range list {
		if q.Kind == "shot" {
			list[i].Shot = words[list[i].PatientID]
		} else {
			list[i].Check = words[list[i].PatientID]
		}
	}
	return list, nil
}

// overdueShots reads whose last injection of a long-acting drug is to be followed
// by another since some days.
func overdueShots(ctx context.Context, r db.Reader, now time.Time, days int) (map[int64]string, error) {
	var rows []struct {
		PatientID int64     `db:"patient_id"`
		Generic   string    `db:"generic_name"`
		NextOn    time.Time `db:"next_on"`
	}
	err := r.Select(ctx, &rows, `SELECT x.patient_id, d.generic_name, x.next_on FROM (
  SELECT i.patient_id, i.drug_id, i.next_on, row_number() OVER (PARTITION BY i.patient_id, i.drug_id ORDER BY i.given_on DESC, i.at DESC) AS n FROM injection i) x
JOIN drug d ON d.id = x.drug_id WHERE x.n = 1 AND x.next_on <= $1::date ORDER BY x.next_on, d.generic_name`, Today(now).AddDate(0, 0, -days).Format(time.DateOnly))
	if err != nil {
		return nil, fmt.Errorf("read injections that are due: %w", err)
	}
	words := map[int64]string{}
	for _, x := range rows {
		words[x.PatientID] = joined(words[x.PatientID], fmt.Sprintf("%s 应于 %s注射", x.Generic, x.NextOn.Format("1月2日")))
	}
	return words, nil
}

// overdueChecks reads who has been given a drug in the last half year whose check
// was never seen or lies too far back.
func overdueChecks(ctx context.Context, r db.Reader, now time.Time, days int) (map[int64]string, error) {
	var rows []struct {
		PatientID int64 `db:"patient_id"`
		TableCare
	}
	err := r.Select(ctx, &rows, `SELECT x.patient_id, d.generic_name, c.check_name, c.check_days,
  (SELECT y.done_on FROM patient_check y WHERE y.id = (SELECT max(z.id) FROM patient_check z WHERE z.patient_id = x.patient_id AND z.check_name = c.check_name)) AS checked_on
FROM (SELECT DISTINCT v.patient_id, k.drug_id FROM visit v JOIN visit_line l ON l.visit_id = v.id AND l.undone_at IS NULL JOIN pack k ON k.id = l.pack_id
  JOIN drug_care a ON a.drug_id = k.drug_id AND a.check_days IS NOT NULL WHERE v.state = 'finished' AND v.came_at >= $1::timestamptz) x
JOIN drug_care c ON c.drug_id = x.drug_id JOIN drug d ON d.id = x.drug_id ORDER BY d.generic_name, x.patient_id`, now.AddDate(0, 0, -lookBack))
	if err != nil {
		return nil, fmt.Errorf("read checks that are due: %w", err)
	}
	words := map[int64]string{}
	for _, x := range rows {
		if x.CheckDue(Today(now).AddDate(0, 0, 1-days)) {
			words[x.PatientID] = joined(words[x.PatientID], x.CheckSentence(Today(now)))
		}
	}
	return words, nil
}

func joined(a, b string) string { return strings.TrimPrefix(a+"；"+b, "；") }

// NextPlanned finds the site's next session after x that is planned; false when
// none is.
func NextPlanned(ctx context.Context, r db.Reader, x Session) (Session, bool, error) {
	var next Session
	err := r.Get(ctx, &next, `SELECT `+sessionColumns+` FROM clinic_session c JOIN site s ON s.id = c.site_id
WHERE c.site_id = $1::bigint AND c.kind = 'site' AND c.state = 'planned' AND c.held_on > $2::date ORDER BY c.held_on LIMIT 1`, x.SiteID, x.HeldOn.Format(time.DateOnly))
	if db.IsNoRows(err) {
		return next, false, nil
	}
	if err != nil {
		return next, false, fmt.Errorf("read the next session: %w", err)
	}
	return next, true, nil
}

// StillSupplied counts those whose medicine lasts until the clinic day after a
// session: its packing proposes nothing for them.
func StillSupplied(ctx context.Context, r db.Reader, list []Due, next Session) (int, error) {
	until, err := periodEnd(ctx, r, next)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, d := range list {
		if left, known := d.Left(until); known && lastsUntil(left) {
			n++
		}
	}
	return n, nil
}
