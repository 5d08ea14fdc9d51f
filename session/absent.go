package session

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// AbsentEnding is the input of FinishForAbsent: 诊毕 by whoever has the duty,
// because the doctor is not there any more.
type AbsentEnding struct {
	Ending
	// Why the doctor cannot press it; at most 200 characters.
	Why string
}

// FinishForAbsent ends a visit for its doctor. The record is the doctor's and
// names who pressed; the doctor countersigns it later.
func (s *Service) FinishForAbsent(ctx context.Context, by identity.Actor, in AbsentEnding) (FinishAnswer, error) {
	if _, err := s.may(ctx, by, identity.ViewSession, in.SessionID); err != nil {
		return FinishAnswer{}, err
	}
	in.Why = strings.TrimSpace(in.Why)
	if in.Why == "" || utf8.RuneCountInString(in.Why) > 200 {
		return FinishAnswer{}, db.Refuse(db.Invalid, "请写明代医生诊毕的原因，最多 200 个字。")
	}
	var err error
	if in.Ending, err = in.check(); err != nil {
		return FinishAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "finish_absent", Request: in}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (FinishAnswer, error) {
		return s.finishForAbsent(ctx, tx, by, in)
	})
	return answer, s.denied(ctx, by, in.SessionID, err)
}

func (s *Service) finishForAbsent(ctx context.Context, tx *db.Tx, by identity.Actor, in AbsentEnding) (FinishAnswer, error) {
	x, err := lock(ctx, tx, in.SessionID, Open, Closing)
	if err != nil {
		return FinishAnswer{}, err
	}
	if err := onDuty(ctx, tx, x, by); err != nil {
		return FinishAnswer{}, err
	}
	v, err := lockVisit(ctx, tx, x.ID, in.Visit)
	if err != nil {
		return FinishAnswer{}, err
	}
	switch {
	case v.State == Finished:
		return FinishAnswer{}, db.Refuse(db.Conflict, "%d 号已经诊毕，不用再点。", v.Number)
	case v.State != InConsultation:
		return FinishAnswer{}, db.Refuse(db.Conflict, "%d 号没有医生在看，不能诊毕。可以作废或请医生扫患者二维码。", v.Number)
	case *v.DoctorID == by.StaffID:
		return FinishAnswer{}, db.Refuse(db.Conflict, "%d 号是您自己的患者，请直接点“诊毕”。", v.Number)
	}
	err = tx.ExecOne(ctx, `UPDATE visit SET ended_for = $2 WHERE id = $1 AND state = 'in_consultation'`, v.ID, in.Why)
	if err != nil {
		return FinishAnswer{}, fmt.Errorf("finish for an absent doctor: %w", err)
	}
	a, err := finishLocked(ctx, tx, by, x, v, in.Ending)
	if err != nil {
		return FinishAnswer{}, err
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "visit.finish_absent", ObjectKind: "visit", ObjectID: v.ID.String(),
		SiteID: x.SiteID, SessionID: x.ID, Detail: fmt.Sprintf("doctor=%d reason=%s", *v.DoctorID, in.Why)})
	if err != nil {
		return FinishAnswer{}, err
	}
	a.Sentence = fmt.Sprintf("已代%s诊毕 %d 号，共 %s。医生下次登录时补签。", doctorWord(v.Doctor), v.Number, a.Given)
	return a, s.hub.Touch(ctx, tx, x.ID)
}

// ToSign is a record that somebody else finished and the doctor has not
// countersigned yet (待补签).
type ToSign struct {
	RecordID int64     `db:"record_id"`
	Site     string    `db:"site"`
	HeldOn   time.Time `db:"held_on"`
	Number   int       `db:"number"`
	Packs    int       `db:"packs"`
	By       string    `db:"finished_by"`
	At       time.Time `db:"finished_at"`
	Why      string    `db:"ended_for"`
	// Late is a record of medicine that turned out to have been given: it is
	// signed by SignLate and says no packs.
	Late      bool  `db:"late"`
	SessionID int64 `db:"session_id"`
}

// ToCountersign lists what waits for a doctor's yes, the oldest first.
func ToCountersign(ctx context.Context, r db.Reader, doctorID int64) ([]ToSign, error) {
	var list []ToSign
	err := r.Select(ctx, &list, `SELECT w.record_id, w.session_id, s.name AS site, c.held_on, w.number, w.finished_by, w.finished_at, w.ended_for, w.late, w.packs
FROM (SELECT e.id AS record_id, v.session_id, v.number, f.name AS finished_by, v.finished_at, v.ended_for, false AS late,
    (SELECT count(*) FROM visit_line l WHERE l.visit_id = v.id AND l.undone_at IS NULL) AS packs
  FROM visit v JOIN record e ON e.visit_id = v.id AND e.chain = 'main' AND e.recipe = 1 JOIN staff f ON f.id = v.finished_by
  WHERE v.doctor_id = $1::bigint AND v.ended_for <> '' AND v.countersigned_at IS NULL
  UNION ALL SELECT e.id, e.session_id, v.number, '', e.at, '', true, 0
  FROM record e JOIN visit v ON v.id = e.visit_id
  WHERE e.doctor_id = $1::bigint AND e.recipe = 2 AND e.chain = 'main'
    AND NOT EXISTS (SELECT 1 FROM record_countersign n WHERE n.record_id = e.id AND n.staff_id = e.doctor_id)) w
JOIN clinic_session c ON c.id = w.session_id JOIN site s ON s.id = c.site_id ORDER BY w.finished_at, w.record_id`, doctorID)
	if err != nil {
		return nil, fmt.Errorf("read what is to be countersigned: %w", err)
	}
	return list, nil
}

// SigningFor is the input of SignFinished.
type SigningFor struct {
	CommandID uuid.UUID
	RecordID  int64
}

// SignAnswer is the answer to a countersignature.
type SignAnswer struct {
	Sentence string `json:"sentence"`
}

// SignFinished is the doctor's yes to a record that was finished in the doctor's
// name. Only that doctor gives it, once.
func (s *Service) SignFinished(ctx context.Context, by identity.Actor, in SigningFor) (SignAnswer, error) {
	if err := identity.Allow(ctx, s.db, by, identity.Dispense, 0); err != nil {
		return SignAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "sign_finished", Request: in}
	answer, _, err := identity.RunCommand(ctx, s.db, by, cmd, func(ctx context.Context, tx *db.Tx) (SignAnswer, error) {
		return signFinished(ctx, tx, by, in)
	})
	return answer, s.denied(ctx, by, 0, err)
}

func signFinished(ctx context.Context, tx *db.Tx, by identity.Actor, in SigningFor) (SignAnswer, error) {
	var row struct {
		SessionID int64      `db:"session_id"`
		SiteID    int64      `db:"site_id"`
		Visit     uuid.UUID  `db:"id"`
		DoctorID  int64      `db:"doctor_id"`
		Number    int        `db:"number"`
		EndedFor  string     `db:"ended_for"`
		SignedAt  *time.Time `db:"countersigned_at"`
	}
	err := tx.Get(ctx, &row, `SELECT v.session_id, c.site_id, v.id, e.doctor_id, v.number, v.ended_for, v.countersigned_at
FROM record e JOIN visit v ON v.id = e.visit_id JOIN clinic_session c ON c.id = v.session_id WHERE e.id = $1::bigint FOR NO KEY UPDATE OF v`, in.RecordID)
	switch {
	case db.IsNoRows(err):
		return SignAnswer{}, db.Refuse(db.NotFound, "没有这条记录。请看最新的列表。")
	case err != nil:
		return SignAnswer{}, fmt.Errorf("read record: %w", err)
	case row.DoctorID != by.StaffID:
		return SignAnswer{}, db.Refuse(db.Denied, "这条记录要由看诊的医生本人补签。")
	case row.SignedAt != nil:
		return SignAnswer{}, db.Refuse(db.Conflict, "%d 号已于 %s 补签，不用再点。", row.Number, row.SignedAt.In(Zone()).Format("1月2日 15:04"))
	case row.EndedFor == "":
		return SignAnswer{}, db.Refuse(db.Conflict, "%d 号是您自己诊毕的，不用补签。", row.Number)
	}
	if err := tx.ExecOne(ctx, `INSERT INTO record_countersign (record_id, staff_id, at) VALUES ($1, $2, $3)`, in.RecordID, by.StaffID, tx.Now); err != nil {
		return SignAnswer{}, fmt.Errorf("insert countersignature: %w", err)
	}
	if err := tx.ExecOne(ctx, `UPDATE visit SET countersigned_at = $2 WHERE id = $1`, row.Visit, tx.Now); err != nil {
		return SignAnswer{}, fmt.Errorf("countersign visit: %w", err)
	}
	return SignAnswer{fmt.Sprintf("%d 号已补签。", row.Number)}, identity.Audit(ctx, tx, by, identity.Event{Name: "record.countersign",
		ObjectKind: "record", ObjectID: fmt.Sprint(in.RecordID), SiteID: row.SiteID, SessionID: row.SessionID})
}
