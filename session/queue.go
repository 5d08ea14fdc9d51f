package session

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// QueueStep is what is done to a visit of the queue.
type QueueStep string

// The steps of the queue.
const (
	StepCall    QueueStep = "call"     // 叫号
	StepPutBack QueueStep = "put_back" // 退回候诊
	StepVoid    QueueStep = "void"     // 作废
)

// Queueing is the input of MoveInQueue.
type Queueing struct {
	SessionID int64
	Visit     uuid.UUID
	CommandID uuid.UUID
	Step      QueueStep
	// Reason must be given for StepVoid; at most 200 characters.
	Reason string
}

// QueueAnswer is the answer to a step of the queue.
type QueueAnswer struct {
	Number   int        `json:"number"`
	State    VisitState `json:"state"`
	Sentence string     `json:"sentence"`
}

// MoveInQueue calls a waiting visit, puts one back into the queue or voids it.
// Everybody of the team who may check in may do it; what has been handed out
// must be undone before a visit leaves the table.
func (s *Service) MoveInQueue(ctx context.Context, by identity.Actor, in Queueing) (QueueAnswer, error) {
	if _, err := s.may(ctx, by, identity.CheckIn, in.SessionID); err != nil {
		return QueueAnswer{}, err
	}
	in, err := in.check()
	if err != nil {
		return QueueAnswer{}, err
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "queue", Request: in}
	answer, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (QueueAnswer, error) {
		return s.moveInQueue(ctx, tx, by, in)
	})
	return answer, s.denied(ctx, by, in.SessionID, err)
}

func (q Queueing) check() (Queueing, error) {
	q.Reason = strings.TrimSpace(q.Reason)
	switch {
	case q.Step != StepCall && q.Step != StepPutBack && q.Step != StepVoid:
		return q, db.Refuse(db.Invalid, "没有这种操作，请刷新页面后重试。")
	case q.Step == StepVoid && q.Reason == "":
		return q, db.Refuse(db.Invalid, "请写明作废的原因，例如“重复签到”。")
	case utf8.RuneCountInString(q.Reason) > 200:
		return q, db.Refuse(db.Invalid, "原因最多 200 个字，请写短一些。")
	}
	return q, nil
}

// allows is the rule of the queue: which step a visit in which state may take.
func (q QueueStep) allows(v Visit) error {
	switch {
	case v.State == Finished:
		return db.Refuse(db.Conflict, "%d 号已经诊毕，不能再改。要补发，请重新扫患者二维码。", v.Number)
	case v.State == Void:
		return db.Refuse(db.Conflict, "%d 号已经作废。请重新扫患者二维码签到。", v.Number)
	case q == StepCall && v.State == InConsultation:
		return db.Refuse(db.Conflict, "%d 号已在 %s处就诊，不用再叫。", v.Number, doctorWord(v.Doctor))
	case q == StepPutBack && v.State == Waiting:
		return db.Refuse(db.Conflict, "%d 号本来就在候诊，没有变动。", v.Number)
	case q != StepCall && v.Lines > 0:
		return db.Refuse(db.Conflict, "%d 号已扫 %d 盒。请先在 %s处逐盒撤销，再退回或作废。", v.Number, v.Lines, doctorWord(v.Doctor))
	}
	return nil
}

// done is what the step is answered with.
func (q QueueStep) done(v Visit) QueueAnswer {
	switch q {
	case StepCall:
		return QueueAnswer{v.Number, Waiting, fmt.Sprintf("已叫 %d 号。", v.Number)}
	case StepPutBack:
		return QueueAnswer{v.Number, Waiting, fmt.Sprintf("%d 号已退回候诊。", v.Number)}
	}
	return QueueAnswer{v.Number, Void, fmt.Sprintf("%d 号已作废。", v.Number)}
}

func (s *Service) moveInQueue(ctx context.Context, tx *db.Tx, by identity.Actor, in Queueing) (QueueAnswer, error) {
	x, err := lock(ctx, tx, in.SessionID, Open, Closing)
	if err != nil {
		return QueueAnswer{}, err
	}
	if err := inTeam(ctx, tx, x.ID, by, PartDoctor, PartPharmacist, PartDeputy, PartAssistant); err != nil {
		return QueueAnswer{}, err
	}
	v, err := lockVisit(ctx, tx, x.ID, in.Visit)
	if err != nil {
		return QueueAnswer{}, err
	}
	if err := in.Step.allows(v); err != nil {
		return QueueAnswer{}, err
	}
	if err := takeStep(ctx, tx, in, v); err != nil {
		return QueueAnswer{}, err
	}
	if in.Step != StepCall {
		if err := withdrawRequests(ctx, tx, by, v.ID); err != nil {
			return QueueAnswer{}, err
		}
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "visit." + string(in.Step), ObjectKind: "visit", ObjectID: v.ID.String(),
		SiteID: x.SiteID, SessionID: x.ID, Detail: in.Reason})
	if err != nil {
		return QueueAnswer{}, err
	}
	return in.Step.done(v), s.hub.Touch(ctx, tx, x.ID)
}

func takeStep(ctx context.Context, tx *db.Tx, in Queueing, v Visit) error {
	var err error
	switch in.Step {
	case StepCall:
		err = tx.ExecOne(ctx, `UPDATE visit SET called_at = $2 WHERE id = $1 AND state = 'waiting'`, v.ID, tx.Now)
	case StepPutBack:
		return putBack(ctx, tx, v.ID)
	case StepVoid:
		err = tx.ExecOne(ctx, `UPDATE visit SET state = 'void', void_reason = $2 WHERE id = $1 AND state IN ('waiting', 'in_consultation')`, v.ID, in.Reason)
	}
	if err != nil {
		return fmt.Errorf("%s visit: %w", in.Step, err)
	}
	return nil
}

// putBack makes an open visit wait again; it has not been called.
func putBack(ctx context.Context, tx *db.Tx, visit uuid.UUID) error {
	err := tx.ExecOne(ctx, `UPDATE visit SET state = 'waiting', doctor_id = NULL, started_at = NULL, called_at = NULL
WHERE id = $1 AND state = 'in_consultation'`, visit)
	if err != nil {
		return fmt.Errorf("put visit back: %w", err)
	}
	return nil
}

// QueueList reads all visits of a session for who looks: those at a table, those
// waiting, then the rest, each by number.
func QueueList(ctx context.Context, r db.Reader, sessionID int64) ([]Visit, error) {
	var list []Visit
	err := r.Select(ctx, &list, `SELECT `+visitColumns+` FROM `+visitTables+` WHERE v.session_id = $1::bigint
ORDER BY CASE v.state WHEN 'in_consultation' THEN 1 WHEN 'waiting' THEN 2 WHEN 'finished' THEN 3 ELSE 4 END, v.number`, sessionID)
	if err != nil {
		return nil, fmt.Errorf("read the queue: %w", err)
	}
	return list, nil
}
