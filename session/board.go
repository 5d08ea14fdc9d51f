package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// Sizes of the board: long lists are fetched when someone looks, a part that
// travels to every screen stays small.
const (
	boardNext  = 5 // patients named as next
	boardCodes = 3 // last codes shown per doctor
)

// Snapshot is everything the board shows, read at one moment.
type Snapshot struct {
	Session Session
	At      time.Time
	// Evening is nil while nobody counts.
	Evening *Evening
	Stock   []StockLine
	Queue   Queue
	Doctors []DoctorLine
	// Requests are those that wait and the last decided.
	Requests []Request
	// Alarms are the oldest that are open, AlarmCount is all of them.
	Alarms     []Alarm
	AlarmCount int
	Roster     RosterCount
	Holds      []Hold
}

// StockLine is one drug of a session. Packs and loose units are counted from
// the packs themselves; nothing is kept beside them.
type StockLine struct {
	DrugID     int64      `db:"drug_id"`
	Generic    string     `db:"generic_name"`
	Spec       string     `db:"spec"`
	PackWord   string     `db:"pack_name"`
	UnitWord   string     `db:"unit_name"`
	Taken      int        `db:"taken"`       // packs the session took out and still answers for
	Left       int        `db:"left_packs"`  // full packs still in the trays
	LooseLeft  int64      `db:"loose_left"`  // units left in opened packs
	LooseGiven int64      `db:"loose_given"` // units handed out of packs that are still opened
	Given      int        `db:"given"`       // packs handed out
	AtTable    int        `db:"at_table"`    // of those, in visits that are still open
	ExpiresOn  *time.Time `db:"expires_on"`  // the first to expire of what is left
	// Recalled is the packs in the trays that a recall means, RecalledGiven those
	// that were handed out before it; RecallID is the first such recall, or zero.
	Recalled      int                   `db:"recalled"`
	RecalledGiven int                   `db:"recalled_given"`
	RecallID      int64                 `db:"recall_id"`
	RecallClass   inventory.RecallClass `db:"recall_class"`
	// Away is the packs that it took out and has no longer, nobody's having got them.
	Away Equation `db:"-"`
}

// DrugName is the drug as people say it.
func (l StockLine) DrugName() string { return inventory.DrugName(l.Generic, l.Spec) }

// Queue is who is with whom, who comes next, and how many.
type Queue struct {
	Now  []Visit
	Next []Visit
	// Waiting, Finished and Void count all, not only those named.
	Waiting, Finished, Void int
}

// DoctorLine is one doctor's column.
type DoctorLine struct {
	StaffID  int64  `db:"staff_id"`
	Name     string `db:"name"`
	Visits   int    `db:"visits"` // finished
	Packs    int    `db:"packs"`
	Parts    int    `db:"parts"`  // of those, parts of a pack
	Number   int    `db:"number"` // of the open visit, 0 when none
	LastScan []LastScan
}

// LastScan is one of the last packs a doctor handed out.
type LastScan struct {
	StaffID int64     `db:"staff_id"`
	Code    string    `db:"code"`
	Generic string    `db:"generic_name"`
	Spec    string    `db:"spec"`
	At      time.Time `db:"at"`
}

// Totals is the short form of [Snapshot.Equation]: taken = given + left and what
// came home, was rolled over, damaged or explained.
func (s Snapshot) Totals() (taken, given, left int) {
	e := s.Equation()
	return e.Taken, e.Given, e.Left
}

// ReadBoard reads the whole board on one snapshot of the database, so that its
// parts agree with each other.
func ReadBoard(ctx context.Context, d *db.DB, sessionID int64) (Snapshot, error) {
	var s Snapshot
	err := d.InSnapshot(ctx, func(ctx context.Context, tx *db.Tx) error {
		s = Snapshot{At: tx.Now}
		var err error
		if s.Session, err = Find(ctx, tx, sessionID); err != nil {
			return err
		}
		if s.Stock, err = readStock(ctx, tx, sessionID); err != nil {
			return err
		}
		away, err := readAway(ctx, tx, s.Session)
		if err != nil {
			return err
		}
		s.Stock = addAway(s.Stock, away)
		if s.Evening, err = readEvening(ctx, tx, s.Session); err != nil {
			return err
		}
		if s.Queue, s.Roster, err = readQueue(ctx, tx, sessionID); err != nil {
			return err
		}
		if s.Requests, err = Requests(ctx, tx, sessionID); err != nil {
			return err
		}
		if s.Alarms, s.AlarmCount, err = Alarms(ctx, tx, sessionID); err != nil {
			return err
		}
		s.Doctors, s.Holds, err = readDoctors(ctx, tx, sessionID)
		return err
	})
	return s, err
}

// readStock sums the packs by the number of their drug and joins its words on
// afterwards: grouping 1,500 packs by text took three times as long.
func readStock(ctx context.Context, r db.Reader, sessionID int64) ([]StockLine, error) {
	var list []StockLine
	err := r.Select(ctx, &list, `SELECT x.drug_id, d.generic_name, d.spec, d.pack_name, d.unit_name, x.taken, x.left_packs, x.loose_left, x.loose_given, x.given, x.at_table, x.expires_on,
  x.recalled, x.recalled_given, x.recall_id, COALESCE(a.class, '') AS recall_class
FROM (SELECT k.drug_id, count(*) AS taken,
    sum(CASE WHEN k.state = 'allocated' AND k.units_left = k.units_total THEN 1 ELSE 0 END) AS left_packs,
    sum(CASE WHEN k.state = 'allocated' AND k.units_left < k.units_total THEN k.units_left ELSE 0 END) AS loose_left,
    sum(CASE WHEN k.state = 'allocated' THEN k.units_given ELSE 0 END) AS loose_given,
    sum(CASE WHEN k.state = 'dispensed' THEN 1 ELSE 0 END) AS given,
    sum(CASE WHEN k.state = 'dispensed' AND v.id IS NOT NULL THEN 1 ELSE 0 END) AS at_table,
    min(CASE WHEN k.state = 'allocated' THEN k.expires_on END) AS expires_on,
    sum(CASE WHEN k.state = 'allocated' AND c.recall_id IS NOT NULL THEN 1 ELSE 0 END) AS recalled,
    sum(CASE WHEN k.state = 'dispensed' AND c.recall_id IS NOT NULL THEN 1 ELSE 0 END) AS recalled_given, COALESCE(min(c.recall_id), 0) AS recall_id
  FROM pack k LEFT JOIN `+inventory.RecalledInSession+` c ON c.id = k.id LEFT JOIN visit v ON v.id = k.visit_id AND v.session_id = $1::bigint AND v.state = 'in_consultation'
  WHERE k.session_id = $1::bigint AND k.state IN ('allocated', 'dispensed') GROUP BY k.drug_id) x
JOIN drug d ON d.id = x.drug_id LEFT JOIN recall a ON a.id = x.recall_id ORDER BY d.generic_name, d.spec, x.drug_id`, sessionID)
	if err != nil {
		return nil, fmt.Errorf("read the session's stock: %w", err)
	}
	return list, nil
}

// readQueue reads queue and roster in two statements: the board is read anew
// after every change.
func readQueue(ctx context.Context, r db.Reader, sessionID int64) (Queue, RosterCount, error) {
	var q Queue
	var counts struct {
		Waiting  int `db:"waiting"`
		Finished int `db:"finished"`
		Void     int `db:"void"`
		RosterCount
	}
	err := r.Get(ctx, &counts, `SELECT COALESCE(sum(CASE WHEN state = 'waiting' THEN 1 ELSE 0 END), 0) AS waiting,
  COALESCE(sum(CASE WHEN state = 'finished' THEN 1 ELSE 0 END), 0) AS finished,
  COALESCE(sum(CASE WHEN state = 'void' THEN 1 ELSE 0 END), 0) AS void, `+rosterCounts+` FROM visit WHERE session_id = $1`, sessionID)
	if err != nil {
		return q, counts.RosterCount, fmt.Errorf("count the queue: %w", err)
	}
	q.Waiting, q.Finished, q.Void = counts.Waiting, counts.Finished, counts.Void
	var list []Visit
	err = r.Select(ctx, &list, `SELECT `+visitColumns+` FROM `+visitTables+`
WHERE v.session_id = $1 AND (v.state = 'in_consultation' OR v.id IN (SELECT w.id FROM visit w WHERE w.session_id = $1 AND w.state = 'waiting'
  ORDER BY CASE WHEN w.called_at IS NULL THEN 1 ELSE 0 END, w.number LIMIT $2))
ORDER BY CASE WHEN v.state = 'waiting' AND v.called_at IS NULL THEN 1 ELSE 0 END, v.number`, sessionID, boardNext)
	if err != nil {
		return q, counts.RosterCount, fmt.Errorf("read the queue: %w", err)
	}
	for _, v := range list {
		if v.State == InConsultation {
			q.Now = append(q.Now, v)
		} else {
			q.Next = append(q.Next, v)
		}
	}
	return q, counts.RosterCount, nil
}

func readDoctors(ctx context.Context, r db.Reader, sessionID int64) ([]DoctorLine, []Hold, error) {
	var list []DoctorLine
	err := r.Select(ctx, &list, `SELECT t.staff_id, f.name,
  (SELECT count(*) FROM visit v WHERE v.session_id = t.session_id AND v.doctor_id = t.staff_id AND v.state = 'finished') AS visits,
  (SELECT count(*) FROM visit v JOIN visit_line l ON l.visit_id = v.id
    WHERE v.session_id = t.session_id AND v.doctor_id = t.staff_id AND l.undone_at IS NULL) AS packs,
  (SELECT count(*) FROM visit v JOIN visit_line l ON l.visit_id = v.id JOIN pack k ON k.id = l.pack_id AND l.quantity < k.units_total
    WHERE v.session_id = t.session_id AND v.doctor_id = t.staff_id AND l.undone_at IS NULL) AS parts,
  COALESCE((SELECT max(v.number) FROM visit v WHERE v.session_id = t.session_id AND v.doctor_id = t.staff_id
    AND v.state = 'in_consultation'), 0) AS number
FROM session_team t JOIN staff f ON f.id = t.staff_id WHERE t.session_id = $1 AND t.part = 'doctor' ORDER BY f.name, t.staff_id`, sessionID)
	if err != nil {
		return nil, nil, fmt.Errorf("read doctors: %w", err)
	}
	scans, err := readScans(ctx, r, sessionID)
	if err != nil {
		return nil, nil, err
	}
	for i := range list {
		for _, s := range scans {
			if s.StaffID == list[i].StaffID && s.Rank <= boardCodes {
				list[i].LastScan = append(list[i].LastScan, s.LastScan)
			}
		}
	}
	return list, holdsOf(list, scans), nil
}

// Line is one pack in a visit, as the table lists it.
type Line struct {
	PackID   int64     `db:"pack_id"`
	Code     string    `db:"code"`
	Generic  string    `db:"generic_name"`
	Spec     string    `db:"spec"`
	Quantity int64     `db:"quantity"`
	Content  int64     `db:"units_total"`
	UnitWord string    `db:"unit_name"`
	PackWord string    `db:"pack_name"`
	How      string    `db:"how"`
	At       time.Time `db:"at"`
	DrugID   int64     `db:"drug_id"`
	Dose     string    `db:"dose"`  // a day, in words
	Days     *int      `db:"days"`  // supplied, nil when not said
	Loose    bool      `db:"loose"` // the drug is given by quantity
	// Class is the drug's on the clinic day, MaxDays what it may be given for
	// without a reason (nil: no limit), OverReason the reason that was stated.
	Class      inventory.Class `db:"class"`
	MaxDays    *int            `db:"max_days"`
	OverReason string          `db:"over_reason"`
	Payer      Payer           `db:"payer"` // who pays, "" as the programme says
}

// VisitLines reads what a visit was given, the last first.
func VisitLines(ctx context.Context, r db.Reader, visit uuid.UUID) ([]Line, error) {
	var list []Line
	err := r.Select(ctx, &list, `SELECT l.pack_id, k.code, d.generic_name, d.spec, l.quantity, k.units_total, d.unit_name, d.pack_name, l.how, l.at, k.drug_id, l.dose, l.days, d.loose,
  l.over_reason, l.payer, g.class, (SELECT r.max_days FROM class_rule r WHERE r.class = g.class AND r.since_on <= g.held_on ORDER BY r.since_on DESC, r.id DESC LIMIT 1) AS max_days
FROM visit_line l JOIN pack k ON k.id = l.pack_id JOIN drug d ON d.id = k.drug_id
JOIN (SELECT y.id, c.held_on, COALESCE((SELECT x.class FROM drug_class x WHERE x.drug_id = y.id AND x.since_on <= c.held_on ORDER BY x.since_on DESC, x.id DESC LIMIT 1), '') AS class
  FROM drug y, visit v JOIN clinic_session c ON c.id = v.session_id WHERE v.id = $1) g ON g.id = d.id
WHERE l.visit_id = $1 AND l.undone_at IS NULL ORDER BY l.id DESC`, visit)
	if err != nil {
		return nil, fmt.Errorf("read visit lines: %w", err)
	}
	return list, nil
}

// Refusal is a code that was scanned at a visit and is not recorded (未记录).
type Refusal struct {
	ID   int64     `db:"id"`
	Raw  string    `db:"raw"`
	Code string    `db:"code"`
	Kind string    `db:"answer_kind"`
	At   time.Time `db:"at"`
}

// Refusals reads what is still 未记录 at a visit: each text once, and none whose
// pack has been recorded since.
func Refusals(ctx context.Context, r db.Reader, visit uuid.UUID) ([]Refusal, error) {
	var list []Refusal
	err := r.Select(ctx, &list, `SELECT max(f.id) AS id, f.raw, f.code, max(f.answer_kind) AS answer_kind, max(f.at) AS at FROM visit_refusal f
WHERE f.visit_id = $1 AND f.resolved_at IS NULL AND NOT EXISTS (SELECT 1 FROM visit_line l JOIN pack k ON k.id = l.pack_id
  WHERE l.visit_id = f.visit_id AND l.undone_at IS NULL AND k.code = f.code)
GROUP BY f.raw, f.code ORDER BY max(f.id) DESC`, visit)
	if err != nil {
		return nil, fmt.Errorf("read refusals: %w", err)
	}
	return list, nil
}
