package translog

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/sql/db"
)

// RequestState is where a request to archive stands.
type RequestState string

// The states. Whether a confirmed one is done is not kept: the days tell.
const (
	Asked     RequestState = "asked"
	Confirmed RequestState = "confirmed"
	Withdrawn RequestState = "withdrawn"
)

// ArchiveRequest is a log officer's wish to put days into the archive.
type ArchiveRequest struct {
	ID        int64        `db:"id"`
	BeforeDay time.Time    `db:"before_day"`
	Days      int          `db:"days"`
	Reason    string       `db:"reason"`
	State     RequestState `db:"state"`
	AskedBy   int64        `db:"asked_by"`
	Asker     string       `db:"asker"`
	AskedAt   time.Time    `db:"asked_at"`
	DecidedBy *int64       `db:"decided_by"`
	Decider   string       `db:"decider"`
	DecidedAt *time.Time   `db:"decided_at"`
}

// Before is the first day that is not meant, "2026-11-23".
func (r ArchiveRequest) Before() string { return r.BeforeDay.Format(time.DateOnly) }

const requestColumns = `q.id, q.before_day, q.days, q.reason, q.state, q.asked_by, a.name AS asker, q.asked_at,
  q.decided_by, COALESCE(d.name, '') AS decider, q.decided_at`

// LatestRequest gives the newest request; false when there was none yet.
func LatestRequest(ctx context.Context, r db.Reader) (q ArchiveRequest, found bool, err error) {
	err = r.Get(ctx, &q, `SELECT `+requestColumns+` FROM translog_archive_request q JOIN staff a ON a.id = q.asked_by
LEFT JOIN staff d ON d.id = q.decided_by ORDER BY q.id DESC LIMIT 1`)
	if db.IsNoRows(err) {
		return q, false, nil
	}
	if err != nil {
		return q, false, fmt.Errorf("read the request to archive: %w", err)
	}
	return q, true, nil
}

// AskingArchive is the input of AskArchive.
type AskingArchive struct {
	// Before is the first day that is not to be archived, "2026-11-23".
	Before    string    `json:"before"`
	Reason    string    `json:"reason"` // at most 200 characters
	CommandID uuid.UUID `json:"-"`
}

// AskArchive asks that the closed days before a day be put into the archive. It needs
// identity.ViewTransferLog; another person has to confirm. One request is open at a
// time. Errors: Invalid, Conflict.
func (k *Desk) AskArchive(ctx context.Context, by identity.Actor, in AskingArchive) error {
	if err := identity.Allow(ctx, k.db, by, identity.ViewTransferLog, 0); err != nil {
		return err
	}
	if err := k.checkAsking(&in); err != nil {
		return err
	}
	_, _, err := identity.RunCommand(ctx, k.db, by, identity.Command{ID: in.CommandID, Kind: "transferlog.archive_ask", Request: in},
		func(ctx context.Context, tx *db.Tx) (bool, error) { return true, k.ask(ctx, tx, by, in) })
	if db.IsUnique(err, "translog_archive_request_open_uq") {
		return db.RefuseBecause(err, db.Conflict, "已有一份归档申请在等待确认。请先处理那一份。")
	}
	return err
}

func (k *Desk) checkAsking(in *AskingArchive) error {
	if k.archive == "" {
		return db.Refuse(db.Conflict, "服务器没有设置归档文件夹（JINGFANG_ARCHIVE）。请告诉系统管理员。")
	}
	in.Reason = strings.Join(strings.Fields(in.Reason), " ")
	if n := utf8.RuneCountInString(in.Reason); n == 0 || n > 200 || !utf8.ValidString(in.Reason) {
		return db.Refuse(db.Invalid, "请写明归档的原因，最多 200 个字。")
	}
	if _, err := time.Parse(time.DateOnly, in.Before); err != nil {
		return db.RefuseBecause(err, db.Invalid, "日期无法识别，请写成 2026-11-23 的样子。")
	}
	if closed := LatestBefore(k.db.Now()); in.Before > closed {
		return db.Refuse(db.Invalid, "只能归档已经结束满一小时的日子，日期最晚是 %s。", closed)
	}
	return nil
}

func (k *Desk) ask(ctx context.Context, tx *db.Tx, by identity.Actor, in AskingArchive) error {
	days, err := Unarchived(ctx, tx, in.Before)
	if err != nil {
		return err
	}
	if len(days) == 0 {
		return db.Refuse(db.Conflict, "%s 以前的日子都已归档，没有要做的。", in.Before)
	}
	var id int64
	err = tx.Get(ctx, &id, `INSERT INTO translog_archive_request (before_day, days, reason, state, asked_by, asked_at)
VALUES (CAST($1::text AS date), $2, $3, 'asked', $4, $5) RETURNING id`, in.Before, len(days), in.Reason, by.StaffID, tx.Now)
	if err != nil {
		return fmt.Errorf("ask for an archive: %w", err)
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: "transferlog.archive_ask", ObjectKind: "archive", ObjectID: strconv.FormatInt(id, 10),
		Detail: fmt.Sprintf("%s 以前 %d 天：%s", in.Before, len(days), in.Reason)})
}

// DecidingArchive is the input of DecideArchive.
type DecidingArchive struct {
	Request   int64     `json:"request"`
	Confirm   bool      `json:"confirm"` // false withdraws it
	CommandID uuid.UUID `json:"-"`
}

// DecideArchive confirms a request, or takes it back. Confirming needs another person
// than the one who asked, with identity.ViewTransferLog or identity.ManageSystem; who
// asked may take it back, too. Errors: Denied, NotFound, Conflict.
func (k *Desk) DecideArchive(ctx context.Context, by identity.Actor, in DecidingArchive) error {
	if err := k.MayArchive(ctx, by); err != nil {
		return err
	}
	event := "transferlog.archive_withdraw"
	if in.Confirm {
		event = "transferlog.archive_confirm"
	}
	_, _, err := identity.RunCommand(ctx, k.db, by, identity.Command{ID: in.CommandID, Kind: event, Request: in},
		func(ctx context.Context, tx *db.Tx) (bool, error) { return true, decide(ctx, tx, by, in, event) })
	return err
}

// MayArchive asks whether the actor may see the days and decide about them.
func (k *Desk) MayArchive(ctx context.Context, by identity.Actor) error {
	if by.Can(identity.ManageSystem, 0) == nil {
		return nil
	}
	return identity.Allow(ctx, k.db, by, identity.ViewTransferLog, 0)
}

func decide(ctx context.Context, tx *db.Tx, by identity.Actor, in DecidingArchive, event string) error {
	var q ArchiveRequest
	err := tx.Get(ctx, &q, `SELECT `+requestColumns+` FROM translog_archive_request q JOIN staff a ON a.id = q.asked_by
LEFT JOIN staff d ON d.id = q.decided_by WHERE q.id = $1 FOR NO KEY UPDATE OF q`, in.Request)
	if db.IsNoRows(err) {
		return db.Refuse(db.NotFound, "没有这份归档申请。请刷新页面。")
	}
	if err != nil {
		return fmt.Errorf("find the request to archive: %w", err)
	}
	if err := mayDecide(q, by.StaffID, in.Confirm); err != nil {
		return err
	}
	state := Withdrawn
	if in.Confirm {
		state = Confirmed
	}
	err = tx.ExecOne(ctx, `UPDATE translog_archive_request SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1 AND state = 'asked'`,
		q.ID, string(state), by.StaffID, tx.Now)
	if err != nil {
		return fmt.Errorf("decide about an archive: %w", err)
	}
	return identity.Audit(ctx, tx, by, identity.Event{Name: event, ObjectKind: "archive", ObjectID: strconv.FormatInt(q.ID, 10),
		Detail: fmt.Sprintf("%s 以前 %d 天，%s 申请", q.Before(), q.Days, q.Asker)})
}

// mayDecide is the rule of two: who asks does not confirm.
func mayDecide(q ArchiveRequest, staff int64, confirm bool) error {
	switch {
	case q.State == Confirmed:
		return db.Refuse(db.Conflict, "这份申请已由 %s 确认。请刷新页面看进度。", q.Decider)
	case q.State == Withdrawn:
		return db.Refuse(db.Conflict, "这份申请已撤回。需要归档请重新申请。")
	case confirm && q.AskedBy == staff:
		return db.Refuse(db.Denied, "归档要两个人：您是申请人，请由另一位日志审计员或系统管理员确认。")
	}
	return nil
}

// ArchiveDone is what came of carrying out a request.
type ArchiveDone struct {
	Days    int
	Entries int64
	Dir     string
	// Broken is the first day that did not pass its check, with what is wrong; it is
	// written out as it is and not noted as archived.
	Broken, Problem string
}

// RunArchive carries out the confirmed request: day after day is written into the
// archive's folder, read back, checked and noted. What is there already is left out,
// so that it may be run again after it was cut off. Errors: Conflict when nothing is
// confirmed.
func (k *Desk) RunArchive(ctx context.Context, by identity.Actor, progress func(done, total int64)) (ArchiveDone, error) {
	out := ArchiveDone{Dir: k.archive}
	if err := k.MayArchive(ctx, by); err != nil {
		return out, err
	}
	q, found, err := LatestRequest(ctx, k.db)
	if err != nil {
		return out, err
	}
	if !found || q.State != Confirmed {
		return out, db.Refuse(db.Conflict, "没有已确认的归档申请。请先申请，并由另一个人确认。")
	}
	days, err := Unarchived(ctx, k.db, q.Before())
	if err != nil {
		return out, err
	}
	for i, day := range days {
		progress(int64(i), int64(len(days)))
		x := Export{Day: day, Dir: k.archive, By: q.Asker + " 申请，" + q.Decider + " 确认", Keys: k.keys, Log: k.log, StaffID: by.StaffID}
		f, report, err := Archive(ctx, k.db, by, x)
		if err != nil {
			return out, err
		}
		if !report.Good() {
			if out.Broken == "" {
				out.Broken, out.Problem = day, report.Problems[0].Sentence
			}
			continue
		}
		out.Days, out.Entries = out.Days+1, out.Entries+f.Manifest.Entries()
	}
	progress(int64(len(days)), int64(len(days)))
	return out, nil
}
