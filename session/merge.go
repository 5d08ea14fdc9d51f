package session

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"jingfang/session/identity"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// Merging is the input of MergePatients.
type Merging struct {
	CommandID uuid.UUID
	// A and B are two entries of one person; the younger goes into the older.
	A, B int64
	// Reason says why they are one person; 2 to 200 characters.
	Reason string
}

// MergeAnswer says what became of two entries.
type MergeAnswer struct {
	// Into is the entry that goes on; after an undoing the one that came back.
	Into     int64  `json:"patient"`
	Sentence string `json:"sentence"`
}

// Side is one of two entries that may be one person's.
type Side struct {
	Patient patient.Patient
	Private patient.Private
	// Visits is how many finished visits it has, First and Last the dates of them.
	Visits      int        `db:"visits"`
	First, Last *time.Time `db:"-"`
}

// CompareForMerge opens two entries side by side, the older one first, for who may
// merge them. Both looks are audited.
func (s *Service) CompareForMerge(ctx context.Context, by identity.Actor, a, b int64) ([2]Side, error) {
	var sides [2]Side
	if a == b {
		return sides, db.Refuse(db.Invalid, "这是同一份档案。请选择另一份重复的档案。")
	}
	for i, id := range []int64{min(a, b), max(a, b)} {
		p, err := patient.ByID(ctx, s.db, id)
		if err != nil {
			return sides, err
		}
		if err := s.mayMerge(ctx, by, p.HomeSiteID); err != nil {
			return sides, err
		}
		if sides[i].Private, err = s.patients.Unmask(ctx, by, id); err != nil {
			return sides, err
		}
		sides[i].Patient = p
	}
	return sides, s.countVisits(ctx, &sides)
}

func (s *Service) countVisits(ctx context.Context, sides *[2]Side) error {
	var rows []struct {
		ID     int64     `db:"patient_id"`
		Visits int       `db:"visits"`
		First  time.Time `db:"first_on"`
		Last   time.Time `db:"last_on"`
	}
	err := s.db.Select(ctx, &rows, `SELECT v.patient_id, count(*) AS visits, min(c.held_on) AS first_on, max(c.held_on) AS last_on
FROM visit v JOIN clinic_session c ON c.id = v.session_id WHERE v.state = 'finished' AND v.patient_id = ANY($1::bigint[]) GROUP BY v.patient_id`,
		pq.Array([]int64{sides[0].Patient.ID, sides[1].Patient.ID}))
	if err != nil {
		return fmt.Errorf("count visits of two patients: %w", err)
	}
	for _, x := range rows {
		for i := range sides {
			if sides[i].Patient.ID == x.ID {
				sides[i].Visits, sides[i].First, sides[i].Last = x.Visits, &x.First, &x.Last
			}
		}
	}
	return nil
}

// mayMerge is the pharmacist's right: to change entries, to see what is sealed, and
// to decide, which a doctor has not.
func (s *Service) mayMerge(ctx context.Context, by identity.Actor, site int64) error {
	for _, p := range []identity.Permission{identity.DecideRequest, identity.RegisterPatient, identity.UnmaskPatient} {
		if err := identity.Allow(ctx, s.db, by, p, site); err != nil {
			return err
		}
	}
	return nil
}

// MergePatients merges two entries of one person: the younger goes into the older.
// Visits and records stay as they were written. It is refused while one of them is
// in a queue or with a doctor; planned and open sessions that expect the younger
// expect the older from now on.
func (s *Service) MergePatients(ctx context.Context, by identity.Actor, in Merging) (MergeAnswer, error) {
	for _, id := range []int64{in.A, in.B} {
		p, err := patient.ByID(ctx, s.db, id)
		if err != nil {
			return MergeAnswer{}, err
		}
		if err := s.mayMerge(ctx, by, p.HomeSiteID); err != nil {
			return MergeAnswer{}, err
		}
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "merge_patients", Request: in}
	a, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (MergeAnswer, error) {
		return s.merge(ctx, tx, by, in)
	})
	return a, err
}

func (s *Service) merge(ctx context.Context, tx *db.Tx, by identity.Actor, in Merging) (MergeAnswer, error) {
	sessions, err := lockExpecting(ctx, tx, max(in.A, in.B))
	if err != nil {
		return MergeAnswer{}, err
	}
	j, err := patient.LockPair(ctx, tx, in.A, in.B)
	if err != nil {
		return MergeAnswer{}, err
	}
	if err := nowhereOpen(ctx, tx, j); err != nil {
		return MergeAnswer{}, err
	}
	j.Reason = in.Reason
	merge, err := s.patients.Join(ctx, tx, by, j)
	if err != nil {
		return MergeAnswer{}, err
	}
	if err := expectInstead(ctx, tx, merge, sessions, j); err != nil {
		return MergeAnswer{}, err
	}
	return MergeAnswer{j.Into.ID, fmt.Sprintf("编号 %s 已并入 %s。原来的标签仍可用，会找到 %s。", j.From.Number, j.Into.Number, j.Into.Number)},
		s.hub.Touch(ctx, tx, sessions...)
}

// lockExpecting takes the sessions to come that expect a patient, in order.
func lockExpecting(ctx context.Context, tx *db.Tx, patientID int64) ([]int64, error) {
	var ids []int64
	err := tx.Select(ctx, &ids, `SELECT id FROM clinic_session WHERE state IN ('planned', 'open') AND id IN (
  SELECT session_id FROM session_roster WHERE patient_id = $1::bigint) ORDER BY id FOR NO KEY UPDATE`, patientID)
	if err != nil {
		return nil, fmt.Errorf("lock sessions that expect a patient: %w", err)
	}
	return ids, nil
}

// nowhereOpen refuses while somebody is in a queue, with a doctor, or has a packed
// bag: all of them name the entry.
func nowhereOpen(ctx context.Context, tx *db.Tx, j patient.Joining) error {
	ids := pq.Array([]int64{j.From.ID, j.Into.ID})
	var open []string
	err := tx.Select(ctx, &open, `SELECT p.number FROM visit v JOIN patient p ON p.id = v.patient_id
WHERE v.patient_id = ANY($1::bigint[]) AND v.state IN ('waiting', 'in_consultation') ORDER BY p.number LIMIT 1`, ids)
	if err != nil {
		return fmt.Errorf("read open visits: %w", err)
	}
	if len(open) > 0 {
		return db.Refuse(db.Conflict, "编号 %s 正在候诊或就诊，不能合并。请等诊毕后再合并。", open[0])
	}
	var bags int
	if err := tx.Get(ctx, &bags, `SELECT count(*) FROM bag WHERE patient_id = $1::bigint AND state = 'packed'`, j.From.ID); err != nil {
		return fmt.Errorf("read packed bags: %w", err)
	}
	if bags > 0 {
		return db.Refuse(db.Conflict, "编号 %s 的药袋已经装好。请先拆袋，再合并。", j.From.Number)
	}
	return nil
}

// expectInstead puts the entry that goes on in the place of the other on the rosters
// of sessions to come, and keeps what was there for [Service.UndoMerge]. Who has come
// under the other stays there: it happened.
func expectInstead(ctx context.Context, tx *db.Tx, merge int64, sessions []int64, j patient.Joining) error {
	ids := pq.Array(sessions)
	_, err := tx.Exec(ctx, `INSERT INTO merge_roster (merge_id, session_id, source, added_by, added_at, kept)
SELECT $4::bigint, o.session_id, o.source, o.added_by, o.added_at,
  EXISTS (SELECT 1 FROM session_roster n WHERE n.session_id = o.session_id AND n.patient_id = $3::bigint)
FROM session_roster o WHERE o.session_id = ANY($1::bigint[]) AND o.patient_id = $2::bigint
  AND NOT EXISTS (SELECT 1 FROM visit v WHERE v.session_id = o.session_id AND v.patient_id = $2::bigint AND v.state <> 'void')`, ids, j.From.ID, j.Into.ID, merge)
	if err != nil {
		return fmt.Errorf("keep the rosters of a merge: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO session_roster (session_id, patient_id, source, added_by, added_at)
SELECT m.session_id, $2::bigint, m.source, m.added_by, m.added_at FROM merge_roster m WHERE m.merge_id = $1::bigint AND NOT m.kept`, merge, j.Into.ID)
	if err != nil {
		return fmt.Errorf("expect the entry that goes on: %w", err)
	}
	_, err = tx.Exec(ctx, `DELETE FROM session_roster WHERE patient_id = $2::bigint AND session_id IN (
  SELECT m.session_id FROM merge_roster m WHERE m.merge_id = $1::bigint)`, merge, j.From.ID)
	if err != nil {
		return fmt.Errorf("no longer expect a merged entry: %w", err)
	}
	return nil
}

// Parting is the input of UndoMerge.
type Parting struct {
	CommandID uuid.UUID
	MergeID   int64
}

// UndoMerge takes a merge back on its own day: the younger entry is what it was, and
// the rosters of sessions that are still to come or open expect both as before.
func (s *Service) UndoMerge(ctx context.Context, by identity.Actor, in Parting) (MergeAnswer, error) {
	if err := s.mayMerge(ctx, by, 0); err != nil {
		return MergeAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "undo_merge", Request: in}
	a, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (MergeAnswer, error) {
		return s.undoMerge(ctx, tx, by, in.MergeID)
	})
	return a, s.denied(ctx, by, 0, err)
}

func (s *Service) undoMerge(ctx context.Context, tx *db.Tx, by identity.Actor, merge int64) (MergeAnswer, error) {
	var sessions []int64
	err := tx.Select(ctx, &sessions, `SELECT id FROM clinic_session WHERE state IN ('planned', 'open') AND id IN (
  SELECT session_id FROM merge_roster WHERE merge_id = $1::bigint) ORDER BY id FOR NO KEY UPDATE`, merge)
	if err != nil {
		return MergeAnswer{}, fmt.Errorf("lock sessions of a merge: %w", err)
	}
	j, err := s.patients.Part(ctx, tx, by, merge)
	if err != nil {
		return MergeAnswer{}, err
	}
	for _, p := range []patient.Patient{j.From, j.Into} {
		if err := by.Can(identity.DecideRequest, p.HomeSiteID); err != nil {
			return MergeAnswer{}, err
		}
	}
	if err := expectBoth(ctx, tx, merge, sessions, j); err != nil {
		return MergeAnswer{}, err
	}
	return MergeAnswer{j.From.ID, fmt.Sprintf("合并已撤销，编号 %s 恢复为单独的档案。", j.From.Number)}, s.hub.Touch(ctx, tx, sessions...)
}

// expectBoth undoes [expectInstead] on the rosters of locked sessions. Who has come
// under the entry that goes on stays expected: it happened.
func expectBoth(ctx context.Context, tx *db.Tx, merge int64, sessions []int64, j patient.Joining) error {
	ids := pq.Array(sessions)
	_, err := tx.Exec(ctx, `INSERT INTO session_roster (session_id, patient_id, source, added_by, added_at)
SELECT m.session_id, $3::bigint, m.source, m.added_by, m.added_at FROM merge_roster m
WHERE m.merge_id = $1::bigint AND m.session_id = ANY($2::bigint[])
  AND NOT EXISTS (SELECT 1 FROM session_roster n WHERE n.session_id = m.session_id AND n.patient_id = $3::bigint)`, merge, ids, j.From.ID)
	if err != nil {
		return fmt.Errorf("expect a parted entry again: %w", err)
	}
	_, err = tx.Exec(ctx, `DELETE FROM session_roster WHERE patient_id = $3::bigint AND session_id IN (
  SELECT m.session_id FROM merge_roster m WHERE m.merge_id = $1::bigint AND m.session_id = ANY($2::bigint[]) AND NOT m.kept)
  AND NOT EXISTS (SELECT 1 FROM visit v WHERE v.session_id = session_roster.session_id AND v.patient_id = $3::bigint AND v.state <> 'void')`, merge, ids, j.Into.ID)
	if err != nil {
		return fmt.Errorf("no longer expect the entry that went on: %w", err)
	}
	return nil
}
