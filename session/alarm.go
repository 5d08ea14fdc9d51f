package session

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// Alarm is something the duty holder has to look at: medicine that was given
// although it should not have been, or what could not be written down as it
// happened. It stands on the board until it is settled.
type Alarm struct {
	ID        int64                `db:"id"`
	VisitID   *uuid.UUID           `db:"visit_id"` // nil when no visit is concerned
	Number    int                  `db:"number"`   // the visit's, in the queue; 0 without a visit
	Kind      inventory.AnswerKind `db:"kind"`
	Code      string               `db:"code"` // trace code, or ""
	Drug      string               `db:"drug"`
	Sentence  string               `db:"sentence"`
	RaisedAt  time.Time            `db:"raised_at"`
	RaisedBy  string               `db:"raised_name"` // "" for the program
	SettledAt *time.Time           `db:"settled_at"`
}

// NewAlarm is what RaiseAlarm writes.
type NewAlarm struct {
	SessionID int64
	Visit     uuid.UUID // uuid.Nil when no visit is concerned
	Kind      inventory.AnswerKind
	Code      string
	Drug      string
	Sentence  string // Chinese; what happened and what to look at
}

// RaiseAlarm is a building block: it puts an alarm on a session's board. The
// caller touches the session.
func RaiseAlarm(ctx context.Context, tx *db.Tx, by identity.Actor, a NewAlarm) error {
	err := tx.ExecOne(ctx, `INSERT INTO session_alarm (session_id, visit_id, kind, code, drug, sentence, raised_by, raised_at)
VALUES ($1, $2::uuid, $3, $4, $5, $6, $7::bigint, $8)`, a.SessionID, db.NullUUID(a.Visit), string(a.Kind), cut(a.Code, 100), cut(a.Drug, 200),
		cut(a.Sentence, 300), db.NullInt(by.StaffID), tx.Now)
	if err != nil {
		return fmt.Errorf("raise alarm: %w", err)
	}
	return nil
}

// boardAlarms is how many open alarms a board shows; AlarmCount says how many
// there are.
const boardAlarms = 4

// Alarms reads the open alarms that a board shows, the oldest first, and how many
// are open.
func Alarms(ctx context.Context, r db.Reader, sessionID int64) ([]Alarm, int, error) {
	var rows []struct {
		Alarm
		Open int `db:"open_count"`
	}
	err := r.Select(ctx, &rows, `SELECT a.id, a.visit_id, COALESCE(v.number, 0) AS number, a.kind, a.code, a.drug, a.sentence, a.raised_at,
  COALESCE(f.name, '') AS raised_name, a.settled_at, count(*) OVER () AS open_count
FROM session_alarm a LEFT JOIN visit v ON v.id = a.visit_id LEFT JOIN staff f ON f.id = a.raised_by
WHERE a.session_id = $1::bigint AND a.settled_at IS NULL ORDER BY a.id LIMIT $2::integer`, sessionID, boardAlarms)
	if err != nil {
		return nil, 0, fmt.Errorf("read alarms: %w", err)
	}
	list, open := make([]Alarm, len(rows)), 0
	for i, x := range rows {
		list[i], open = x.Alarm, x.Open
	}
	return list, open, nil
}

// SettlingAlarm is the input of SettleAlarm.
type SettlingAlarm struct {
	SessionID int64
	CommandID uuid.UUID
	Alarm     int64
	// Settlement says what was found or done; at most 200 characters.
	Settlement string
}

// SettleAlarm is the duty holder's word on an alarm. It changes no box and may
// come after the session was closed.
func (s *Service) SettleAlarm(ctx context.Context, by identity.Actor, in SettlingAlarm) (string, error) {
	if _, err := s.may(ctx, by, identity.ViewSession, in.SessionID); err != nil {
		return "", err
	}
	in.Settlement = strings.TrimSpace(in.Settlement)
	if in.Settlement == "" || utf8.RuneCountInString(in.Settlement) > 200 {
		return "", db.Refuse(db.Invalid, "请写明核对的结果，最多 200 个字。")
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "settle_alarm", Request: in}
	said, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (string, error) {
		return s.settleAlarm(ctx, tx, by, in)
	})
	return said, s.denied(ctx, by, in.SessionID, err)
}

func (s *Service) settleAlarm(ctx context.Context, tx *db.Tx, by identity.Actor, in SettlingAlarm) (string, error) {
	x, err := lock(ctx, tx, in.SessionID, Planned, Open, Closing, Closed)
	if err != nil {
		return "", err
	}
	if err := onDuty(ctx, tx, x, by); err != nil {
		return "", err
	}
	n, err := tx.Exec(ctx, `UPDATE session_alarm SET settled_by = $3, settled_at = $4, settlement = $5
WHERE id = $1 AND session_id = $2 AND settled_at IS NULL`, in.Alarm, x.ID, by.StaffID, tx.Now, in.Settlement)
	if err != nil {
		return "", fmt.Errorf("settle alarm: %w", err)
	}
	if n != 1 {
		return "", db.Refuse(db.Conflict, "这条提醒已经处理过。请看最新的列表。")
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "alarm.settle", ObjectKind: "alarm", ObjectID: fmt.Sprint(in.Alarm),
		SiteID: x.SiteID, SessionID: x.ID, Detail: "settlement=" + in.Settlement})
	if err != nil {
		return "", err
	}
	return "已处理：" + in.Settlement + "。", s.hub.Touch(ctx, tx, x.ID)
}
