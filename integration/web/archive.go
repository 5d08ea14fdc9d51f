package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// archivePage is how many days a page shows.
const archivePage = 31

// daysView is the page of the log's days and their archive.
type daysView struct {
	Dir     string // the archive's folder, "" when none is set
	Problem string // what was refused
	Ask     *askView
	Request *requestView
	Run     page.Work
	Rows    []dayRow
	Older   string
	Years   int
}

// askView is the form of a request.
type askView struct {
	Before, Latest, Reason string
	Waiting                int // days that could be archived
}

// requestView is the newest request while there is something to do about it.
type requestView struct {
	About, Reason, State string
	URL                  string // decides; "" when there is nothing to decide
	Confirm              bool   // the viewer may confirm, too
	Left                 int    // days of a confirmed one that are not archived yet
}

type dayRow struct {
	Day, About, Archive, Word, Tone string
	// Command empties the day's bodies, once the retention is over.
	Command string
}

// Archive is GET /transferlog/archive: the days, how large they are and where they
// lie.
func (h *Reader) Archive(w http.ResponseWriter, r *http.Request) error {
	by, err := h.archivist(r)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		days, err := translog.Days(r.Context(), h.db, "", archivePage)
		if err != nil {
			return err
		}
		return h.site.JSON(w, r, http.StatusOK, newDaysJSON(days))
	}
	return h.days(w, r, by, askView{}, nil)
}

// archivist gives the acting person, who may see the days: a log officer or who
// looks after the system.
func (h *Reader) archivist(r *http.Request) (identity.Actor, error) {
	by, err := identity.Who(r.Context())
	if err != nil {
		return by, err
	}
	return by, h.desk.MayArchive(r.Context(), by)
}

// days draws the page; typed is what was asked for and refused.
func (h *Reader) days(w http.ResponseWriter, r *http.Request, by identity.Actor, typed askView, refused error) error {
	before := r.URL.Query().Get("before")
	if _, err := time.Parse(time.DateOnly, before); before != "" && err != nil {
		return db.RefuseBecause(err, db.Invalid, "日期无法识别，请写成 2026-11-23 的样子。")
	}
	// The work first: a page that says that it is done lists what was done.
	run := h.archives().Latest()
	days, err := translog.Days(r.Context(), h.db, before, archivePage+1)
	if err != nil {
		return err
	}
	v := daysView{Dir: h.desk.ArchiveDir(), Years: translog.KeepYears, Run: run}
	if refused != nil {
		v.Problem = db.Sentence(refused)
	}
	if len(days) > archivePage {
		days = days[:archivePage]
		v.Older = "/transferlog/archive?before=" + days[archivePage-1].Text()
	}
	for _, d := range days {
		v.Rows = append(v.Rows, newDayRow(d, h.db.Now()))
	}
	if err := h.addRequest(r.Context(), &v, by, typed); err != nil {
		return err
	}
	return h.site.Page(w, r, "transferlog_archive", v)
}

// addRequest shows the open request, or the form of a new one.
func (h *Reader) addRequest(ctx context.Context, v *daysView, by identity.Actor, typed askView) error {
	q, found, err := translog.LatestRequest(ctx, h.db)
	if err != nil {
		return err
	}
	closed := translog.LatestBefore(h.db.Now())
	days, err := translog.Unarchived(ctx, h.db, closed)
	if err != nil {
		return err
	}
	left := 0
	for _, day := range days {
		if found && day < q.Before() {
			left++
		}
	}
	switch {
	case found && (q.State == translog.Asked || q.State == translog.Confirmed && left > 0):
		v.Request = newRequestView(q, by.StaffID, left)
	case by.Can(identity.ViewTransferLog, 0) == nil && v.Dir != "" && !v.Run.Running:
		typed.Latest, typed.Waiting = closed, len(days)
		typed.Before = cmp.Or(typed.Before, closed)
		v.Ask = &typed
	}
	return nil
}

func newRequestView(q translog.ArchiveRequest, viewer int64, left int) *requestView {
	v := &requestView{Reason: q.Reason, About: fmt.Sprintf("%s %s 申请归档 %s 以前的 %d 天。", q.Asker, moment(q.AskedAt), q.Before(), q.Days)}
	if q.State == translog.Confirmed {
		v.State, v.Left = fmt.Sprintf("%s %s 已确认，还有 %d 天没有归档。", q.Decider, moment(*q.DecidedAt), left), left
		return v
	}
	v.URL = "/transferlog/archive/" + strconv.FormatInt(q.ID, 10)
	v.Confirm = q.AskedBy != viewer
	v.State = "请核对后确认：确认后立即开始写归档文件夹。"
	if !v.Confirm {
		v.State = "等待另一位日志审计员或系统管理员确认。"
	}
	return v
}

func newDayRow(d translog.Day, now time.Time) dayRow {
	row := dayRow{Day: d.Text(), About: fmt.Sprintf("%d 条 · %d 段", d.Entries, d.Writers), Word: "未归档", Tone: "caution"}
	if d.Bytes > 0 {
		row.About += " · " + byteText(d.Bytes)
	}
	a := d.Archive
	switch {
	case a == nil && !d.Closed(now):
		row.Word, row.Tone = "还在写", "info"
	case a == nil:
	case a.Emptied:
		row.Word, row.Tone = "正文只在归档里", "info"
	default:
		row.Word, row.Tone = "已归档", "good"
		if !now.Before(d.TrimFrom()) {
			row.Command = "jingfang transferlog trim -folder " + a.Folder
		}
	}
	if a != nil {
		row.Archive = fmt.Sprintf("%s 核对后归档到 %s · %s", moment(a.ArchivedAt), a.Folder, a.ArchivedBy)
	}
	return row
}

// AskArchive is POST /transferlog/archive (before, reason).
func (h *Reader) AskArchive(w http.ResponseWriter, r *http.Request) error {
	by, err := h.archivist(r)
	if err != nil {
		return err
	}
	in := translog.AskingArchive{Before: r.PostFormValue("before"), Reason: r.PostFormValue("reason")}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	err = h.desk.AskArchive(r.Context(), by, in)
	return h.decided(w, r, by, askView{Before: in.Before, Reason: in.Reason}, err)
}

// DecideArchive is POST /transferlog/archive/{request} (decision: confirm or
// withdraw). Confirming starts the work.
func (h *Reader) DecideArchive(w http.ResponseWriter, r *http.Request) error {
	by, err := h.archivist(r)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "request"), 10, 64)
	if err != nil {
		return db.RefuseBecause(err, db.NotFound, "没有这份归档申请。请刷新页面。")
	}
	in := translog.DecidingArchive{Request: id}
	switch r.PostFormValue("decision") {
	case "confirm":
		in.Confirm = true
	case "withdraw":
	default:
		return db.Refuse(db.Invalid, "请选择确认或撤回。")
	}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	err = h.desk.DecideArchive(r.Context(), by, in)
	if err == nil && in.Confirm {
		err = h.startRun(by)
	}
	return h.decided(w, r, by, askView{}, err)
}

// decided shows the page again, with what was refused.
func (h *Reader) decided(w http.ResponseWriter, r *http.Request, by identity.Actor, typed askView, err error) error {
	kind := db.KindOf(err)
	switch {
	case err != nil && (page.WantsJSON(r) || kind != db.Invalid && kind != db.Conflict && kind != db.Denied):
		return err
	case err != nil:
		return h.days(w, r, by, typed, err)
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, map[string]bool{"ok": true})
	}
	return h.site.SeeOther(w, r, "/transferlog/archive")
}

func commandID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(r.PostFormValue("command_id"))
	if err != nil {
		return id, db.RefuseBecause(err, db.Invalid, "页面缺少操作编号，请刷新页面后重试。")
	}
	return id, nil
}

// dayJSON is a day for programs.
type dayJSON struct {
	Day     string `json:"day"`
	Entries int64  `json:"entries"`
	Bytes   int64  `json:"bytes"`
	Folder  string `json:"folder,omitempty"`
	Emptied bool   `json:"emptied,omitempty"`
}

func newDaysJSON(days []translog.Day) []dayJSON {
	out := []dayJSON{}
	for _, d := range days {
		x := dayJSON{Day: d.Text(), Entries: d.Entries, Bytes: d.Bytes}
		if d.Archive != nil {
			x.Folder, x.Emptied = d.Archive.Folder, d.Archive.Emptied
		}
		out = append(out, x)
	}
	return out
}
