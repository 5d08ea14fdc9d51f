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

// silence is how long a device at a table may say nothing before the evening asks
// after it: it reports every minute, and one report may get lost.
const silence = 150 * time.Second

// settling is how long after 停止发药 a table has to answer that it is there: it
// hears of it within a second and reports at once. One that does not has lost its
// link, however shortly before.
const settling = 15 * time.Second

// Device is a phone or computer at a table, and what it said last.
type Device struct {
	ID      uuid.UUID `db:"device"`
	StaffID int64     `db:"staff_id"`
	Name    string    `db:"name"`  // of the person
	Model   string    `db:"model"` // such as Android 手机, or ""
	Unsent  int       `db:"unsent"`
	AtTable bool      `db:"at_table"` // the page of the table was open
	HeardAt time.Time `db:"heard_at"`
}

// DeviceReport is the input of ReportDevice.
type DeviceReport struct {
	SessionID int64
	Device    uuid.UUID
	Model     string
	Unsent    int
	AtTable   bool
}

// maxUnsent is more commands than a day at one table has.
const maxUnsent = 100_000

// ReportDevice notes what a device at a table has not sent. It wants a doctor of
// the team and is no command: the last report counts. Whoever was released is
// there again.
func (s *Service) ReportDevice(ctx context.Context, by identity.Actor, in DeviceReport) error {
	x, err := s.may(ctx, by, identity.Dispense, in.SessionID)
	if err != nil {
		return err
	}
	if in.Device == uuid.Nil || in.Unsent < 0 || in.Unsent > maxUnsent {
		return db.Refuse(db.Invalid, "设备的报告不完整，请刷新页面。")
	}
	if err := inTeam(ctx, s.db, x.ID, by, PartDoctor); err != nil {
		return s.denied(ctx, by, x.ID, err)
	}
	err = s.db.InTx(ctx, func(ctx context.Context, tx *db.Tx) error { return s.heard(ctx, tx, by, x, in) })
	if db.IsUnique(err, "session_device_pk") {
		return nil // two tabs said the same thing for the first time at once
	}
	return err
}

// heard writes the report. Whoever counts is told when a device comes back that was
// waited for.
func (s *Service) heard(ctx context.Context, tx *db.Tx, by identity.Actor, x Session, in DeviceReport) error {
	if x.State != Closing {
		return writeDevice(ctx, tx, by, in)
	}
	before, err := WaitingDevices(ctx, tx, x.ID, tx.Now)
	if err != nil {
		return err
	}
	if err := writeDevice(ctx, tx, by, in); err != nil {
		return err
	}
	after, err := WaitingDevices(ctx, tx, x.ID, tx.Now)
	if err != nil || len(after) == len(before) {
		return err
	}
	return s.hub.Touch(ctx, tx, x.ID)
}

func writeDevice(ctx context.Context, tx *db.Tx, by identity.Actor, in DeviceReport) error {
	n, err := tx.Exec(ctx, `UPDATE session_device SET model = $4, unsent = $5, at_table = $6, heard_at = $7, released_at = NULL, released_by = NULL, release_reason = ''
WHERE session_id = $1 AND device = $2 AND staff_id = $3`, in.SessionID, in.Device, by.StaffID, cut(in.Model, 60), in.Unsent, in.AtTable, tx.Now)
	if err == nil && n == 0 {
		err = tx.ExecOne(ctx, `INSERT INTO session_device (session_id, device, staff_id, model, unsent, at_table, heard_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			in.SessionID, in.Device, by.StaffID, cut(in.Model, 60), in.Unsent, in.AtTable, tx.Now)
	}
	if err != nil {
		return fmt.Errorf("write device: %w", err)
	}
	return nil
}

// WaitingDevices reads the devices that may still hold commands of a session: those
// which said so, those with an open table that fell silent, and those that have not
// answered 停止发药. now is what the silence is measured by.
func WaitingDevices(ctx context.Context, r db.Reader, sessionID int64, now time.Time) ([]Device, error) {
	var list []Device
	err := r.Select(ctx, &list, `SELECT d.device, d.staff_id, f.name, d.model, d.unsent, d.at_table, d.heard_at
FROM session_device d JOIN staff f ON f.id = d.staff_id JOIN clinic_session c ON c.id = d.session_id
WHERE d.session_id = $1::bigint AND d.released_at IS NULL
  AND (d.unsent > 0 OR d.at_table AND (d.heard_at < $2::timestamptz OR d.heard_at < c.stopped_at AND c.stopped_at < $3::timestamptz))
ORDER BY f.name, d.heard_at, d.device`, sessionID, now.Add(-silence), now.Add(-settling))
	if err != nil {
		return nil, fmt.Errorf("read devices: %w", err)
	}
	return list, nil
}

// Sentence names the device, its last sign and what it holds.
func (d Device) Sentence() string {
	text := doctorWord(d.Name) + "的" + d.what() + "，" + clock(d.HeardAt) + " 后没有联系"
	if d.Unsent > 0 {
		return fmt.Sprintf("%s，还有 %d 条没有上传", text, d.Unsent)
	}
	return text + "，可能还有没上传的"
}

func (d Device) what() string {
	if d.Model == "" {
		return "设备"
	}
	return d.Model
}

// noWaitingDevices refuses to end a session whose boxes may still be on a device.
func noWaitingDevices(ctx context.Context, tx *db.Tx, sessionID int64) error {
	list, err := WaitingDevices(ctx, tx, sessionID, tx.Now)
	if err != nil || len(list) == 0 {
		return err
	}
	var words []string
	for i, d := range list {
		if i == named {
			words = append(words, "…")
			break
		}
		words = append(words, d.Sentence())
	}
	return db.Refuse(db.Conflict, "还不能结束：%s。请让它联网上传；设备已坏或没电的，请值班药师写明原因后放行。", strings.Join(words, "；"))
}

// Releasing is the input of ReleaseDevice.
type Releasing struct {
	SessionID int64
	CommandID uuid.UUID
	Device    uuid.UUID
	StaffID   int64
	Reason    string // at most 200 characters
}

// ReleaseDevice is the duty holder's word that a device will send nothing more: the
// session may end without it. What it sends after all becomes an alarm.
func (s *Service) ReleaseDevice(ctx context.Context, by identity.Actor, in Releasing) (ClosingAnswer, error) {
	reason, err := needReason(in.Reason, "请写明为什么不再等这台设备，例如：手机没电，已与医生核对纸质处方。")
	if err != nil {
		return ClosingAnswer{}, err
	}
	call := closingCall{kind: "device_release", session: in.SessionID, id: in.CommandID, request: in, who: leads}
	return runClosing(ctx, s, by, call, func(ctx context.Context, tx *db.Tx) (ClosingAnswer, error) {
		x, err := lock(ctx, tx, in.SessionID, Open, Closing)
		if err != nil {
			return ClosingAnswer{}, err
		}
		n, err := tx.Exec(ctx, `UPDATE session_device SET released_at = $4, released_by = $5, release_reason = $6
WHERE session_id = $1 AND device = $2 AND staff_id = $3 AND released_at IS NULL`, x.ID, in.Device, in.StaffID, tx.Now, by.StaffID, reason)
		if err != nil {
			return ClosingAnswer{}, fmt.Errorf("release device: %w", err)
		}
		if n == 0 {
			return ClosingAnswer{}, db.Refuse(db.Conflict, "这台设备已经放行过。请看最新的列表。")
		}
		detail := fmt.Sprintf("device=%s staff=%d reason=%s", in.Device, in.StaffID, reason)
		return s.closingStep(ctx, tx, by, x, "device.release", detail, ClosingAnswer{x.State, "不再等这台设备。"})
	})
}

// LateConflict is the input of NoteConflict: a command that a device kept while the
// link was down and that the server has refused since.
type LateConflict struct {
	SessionID int64
	CommandID uuid.UUID // of the note, made by the device
	Visit     uuid.UUID // uuid.Nil when the command names none
	What      string    // check_in, scans, undo, owed or finish
	Codes     string    // the boxes it named, "" for none
	DoneAt    time.Time
	Refusal   string // the server's sentence
}

// NoteConflict tells the duty holder of a session, also after its end, what a
// device could not send: the doctor has gone on long ago.
func (s *Service) NoteConflict(ctx context.Context, by identity.Actor, in LateConflict) (string, error) {
	x, err := s.may(ctx, by, identity.Dispense, in.SessionID)
	if err != nil {
		return "", err
	}
	word, ok := map[string]string{"check_in": "患者标签", "scans": "发药", "undo": "撤销", "owed": "欠药", "finish": "诊毕"}[in.What]
	if !ok || in.Refusal == "" || utf8.RuneCountInString(in.Codes) > 4000 {
		return "", db.Refuse(db.Invalid, "冲突的报告不完整。")
	}
	if err := inTeam(ctx, s.db, x.ID, by, PartDoctor); err != nil {
		return "", s.denied(ctx, by, x.ID, err)
	}
	cmd := identity.Command{ID: in.CommandID, Kind: "late_conflict", Request: in}
	said, _, err := runCommand(ctx, s, in.SessionID, by, cmd, func(ctx context.Context, tx *db.Tx) (string, error) {
		return s.noteConflict(ctx, tx, by, in, word)
	})
	return said, err
}

func (s *Service) noteConflict(ctx context.Context, tx *db.Tx, by identity.Actor, in LateConflict, word string) (string, error) {
	x, err := lock(ctx, tx, in.SessionID, Planned, Open, Closing, Closed)
	if err != nil {
		return "", err
	}
	at := "断网时"
	if !in.DoneAt.IsZero() {
		at = clock(in.DoneAt) + " 断网时"
	}
	list, err := conflictAlarms(ctx, tx, x, in)
	if err != nil {
		return "", err
	}
	for _, a := range list {
		a.Sentence = fmt.Sprintf("%s%s的%s没有记成：%s", doctorWord(by.Name), at, word, in.Refusal)
		if err := RaiseAlarm(ctx, tx, by, a); err != nil {
			return "", err
		}
	}
	err = identity.Audit(ctx, tx, by, identity.Event{Name: "device.conflict", ObjectKind: "session", ObjectID: fmt.Sprint(x.ID), SiteID: x.SiteID,
		SessionID: x.ID, Detail: fmt.Sprintf("what=%s alarms=%d", in.What, len(list))})
	if err != nil {
		return "", err
	}
	return "已交给值班药师核对。", s.hub.Touch(ctx, tx, x.ID)
}
