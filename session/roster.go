package session

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Expected is one patient on a session's roster.
type Expected struct {
	PatientID int64      `db:"patient_id"`
	Number    string     `db:"number"`
	Name      string     `db:"name"` // in clear; lists mask it
	Source    string     `db:"source"`
	CameAt    *time.Time `db:"came_at"`
	Visit     int        `db:"visit_number"` // queue number, 0 when absent
	Finished  bool       `db:"finished"`
	// Owes says that medicine is still owed to the patient (欠药).
	Owes bool `db:"owes"`
}

// RosterCount is who was expected and who came.
type RosterCount struct {
	Expected int `db:"expected"`
	Came     int `db:"came"`  // of those expected
	Extra    int `db:"extra"` // came without being expected
}

// Absent is how many of those expected have not come (yet).
func (c RosterCount) Absent() int { return c.Expected - c.Came }

// fillRoster puts the active patients of the site on a session's roster. With
// newOnly those registered since the session was planned: whoever was taken off
// by hand stays off.
func fillRoster(ctx context.Context, tx *db.Tx, x Session, newOnly bool) (int64, error) {
	n, err := tx.Exec(ctx, `INSERT INTO session_roster (session_id, patient_id, source, added_at)
SELECT c.id, p.id, 'site', $2::timestamptz FROM patient p JOIN clinic_session c ON c.site_id = p.home_site_id
WHERE c.id = $1::bigint AND c.kind = 'site' AND p.state = 'active' AND (NOT $3::boolean OR p.created_at > c.planned_at)
  AND NOT EXISTS (SELECT 1 FROM session_roster o WHERE o.session_id = c.id AND o.patient_id = p.id)`, x.ID, tx.Now, newOnly)
	if err != nil {
		return 0, fmt.Errorf("fill roster: %w", err)
	}
	return n, nil
}

// Roster lists who is expected at a session, those who have not come first.
func Roster(ctx context.Context, r db.Reader, id int64) ([]Expected, error) {
	var list []Expected
	err := r.Select(ctx, &list, `SELECT o.patient_id, p.number, p.name, o.source, v.came_at, COALESCE(v.number, 0) AS visit_number,
  COALESCE(v.state = 'finished', false) AS finished,
  EXISTS (SELECT 1 FROM owed_medicine w WHERE w.settled_at IS NULL AND (w.patient_id = p.id OR w.patient_id IN (SELECT g.id FROM patient g WHERE g.merged_into_id = p.id))) AS owes
FROM session_roster o JOIN patient p ON p.id = o.patient_id
LEFT JOIN (SELECT x.*, row_number() OVER (PARTITION BY x.patient_id ORDER BY x.number DESC) AS n FROM visit x
  WHERE x.session_id = $1 AND x.state <> 'void') v ON v.patient_id = o.patient_id AND v.n = 1
WHERE o.session_id = $1 ORDER BY CASE WHEN v.number IS NULL THEN 0 ELSE 1 END, p.number`, id)
	if err != nil {
		return nil, fmt.Errorf("read roster: %w", err)
	}
	return list, nil
}

// rosterCounts are the columns of a RosterCount; $1 is the session.
const rosterCounts = `(SELECT count(*) FROM session_roster o WHERE o.session_id = $1) AS expected,
  (SELECT count(*) FROM session_roster o WHERE o.session_id = $1 AND EXISTS (SELECT 1 FROM visit v
    WHERE v.session_id = $1 AND v.patient_id = o.patient_id AND v.state <> 'void')) AS came,
  (SELECT count(DISTINCT v.patient_id) FROM visit v WHERE v.session_id = $1 AND v.state <> 'void' AND NOT EXISTS (
    SELECT 1 FROM session_roster o WHERE o.session_id = $1 AND o.patient_id = v.patient_id)) AS extra`

// CountRoster counts who was expected and who came.
func CountRoster(ctx context.Context, r db.Reader, id int64) (RosterCount, error) {
	var c RosterCount
	if err := r.Get(ctx, &c, `SELECT `+rosterCounts, id); err != nil {
		return c, fmt.Errorf("count roster: %w", err)
	}
	return c, nil
}

// RosterChange is the input of ChangeRoster.
type RosterChange struct {
	SessionID int64
	CommandID uuid.UUID
	// Add is a label, number or id of a patient to expect.
	Add string
	// Remove is a patient to take off.
	Remove int64
	// Refill adds every active patient of the site who is not on the roster.
	Refill bool
}

// RosterAnswer says what a change did.
type RosterAnswer struct {
	Added    int    `json:"added"`
	Removed  int    `json:"removed"`
	Sentence string `json:"sentence"`
}

// ChangeRoster adds or removes one patient, or adds all of the site's. It takes
// the right to plan or to check in at the site; whoever has come stays on.
func (s *Service) ChangeRoster(ctx context.Context, by identity.Actor, in RosterChange) (RosterAnswer, error) {
	x, err := Find(ctx, s.db, in.SessionID)
	if err != nil {
		return RosterAnswer{}, err
	}
	if by.Can(identity.CheckIn, x.SiteID) != nil {
		if err := identity.Allow(ctx, s.db, by, identity.PlanSession, x.SiteID); err != nil {
			return RosterAnswer{}, err
		}
	}
	if in.Add == "" && in.Remove == 0 && !in.Refill {
		return RosterAnswer{}, db.Refuse(db.Invalid, "请扫患者二维码或输入编号。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "roster", Request: in}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (RosterAnswer, error) {
		return s.changeRoster(ctx, tx, by, in)
	})
	return answer, err
}

func (s *Service) changeRoster(ctx context.Context, tx *db.Tx, by identity.Actor, in RosterChange) (RosterAnswer, error) {
	x, err := lock(ctx, tx, in.SessionID, Planned, Open)
	if err != nil {
		return RosterAnswer{}, err
	}
	var a RosterAnswer
	detail := "refill"
	switch {
	case in.Remove != 0:
		detail = fmt.Sprintf("remove=%d", in.Remove)
		a, err = removeExpected(ctx, tx, x, in.Remove)
	case in.Add != "":
		detail = "add"
		a, err = addExpected(ctx, tx, by, x, in.Add)
	default:
		var n int64
		n, err = fillRoster(ctx, tx, x, false)
		a = RosterAnswer{Added: int(n), Sentence: fmt.Sprintf("补入 %d 位本点患者。", n)}
	}
	if err != nil {
		return a, err
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "session.roster", ObjectKind: "session", ObjectID: fmt.Sprint(x.ID),
		SiteID: x.SiteID, SessionID: x.ID, Detail: fmt.Sprintf("%s added=%d removed=%d", detail, a.Added, a.Removed)})
	if err != nil {
		return a, err
	}
	return a, s.hub.Touch(ctx, tx, x.ID)
}

func addExpected(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, text string) (RosterAnswer, error) {
	if err := notMedicine(text); err != nil {
		return RosterAnswer{}, err
	}
	p, err := findActive(ctx, tx, text)
	if err != nil {
		return RosterAnswer{}, err
	}
	n, err := tx.Exec(ctx, `INSERT INTO session_roster (session_id, patient_id, source, added_by, added_at)
SELECT $1::bigint, $2::bigint, 'added', $3::bigint, $4::timestamptz WHERE NOT EXISTS (
  SELECT 1 FROM session_roster o WHERE o.session_id = $1::bigint AND o.patient_id = $2::bigint)`, x.ID, p.ID, by.StaffID, tx.Now)
	if err != nil {
		return RosterAnswer{}, fmt.Errorf("add to roster: %w", err)
	}
	a := RosterAnswer{Added: int(n), Sentence: fmt.Sprintf("编号 %s 已加入名单。", p.Number)}
	if n == 0 {
		a.Sentence = fmt.Sprintf("编号 %s 本来就在名单里。", p.Number)
	}
	return a, nil
}

func removeExpected(ctx context.Context, tx *db.Tx, x Session, patientID int64) (RosterAnswer, error) {
	var came int
	err := tx.Get(ctx, &came, `SELECT count(*) FROM visit WHERE session_id = $1 AND patient_id = $2 AND state <> 'void'`, x.ID, patientID)
	if err != nil {
		return RosterAnswer{}, fmt.Errorf("count visits: %w", err)
	}
	if came > 0 {
		return RosterAnswer{}, db.Refuse(db.Conflict, "这位患者今天已签到，不能从名单移出。")
	}
	bags, err := waitingBags(ctx, tx, x.ID)
	if err != nil {
		return RosterAnswer{}, err
	}
	if slices.ContainsFunc(bags, func(b Bag) bool { return b.PatientID == patientID }) {
		return RosterAnswer{}, db.Refuse(db.Conflict, "这位患者的药袋已经装好。请先拆袋，再从名单移出。")
	}
	n, err := tx.Exec(ctx, `DELETE FROM session_roster WHERE session_id = $1 AND patient_id = $2`, x.ID, patientID)
	if err != nil {
		return RosterAnswer{}, fmt.Errorf("remove from roster: %w", err)
	}
	if n == 0 {
		return RosterAnswer{}, db.Refuse(db.Conflict, "这位患者已不在名单里。")
	}
	return RosterAnswer{Removed: int(n), Sentence: "已从名单移出。"}, nil
}
