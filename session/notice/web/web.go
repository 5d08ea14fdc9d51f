// Package web shows the notices of a session: a part of the live board, the page
// where they are written, and the list of all. It owns no rule.
package web

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/notice"
	"jingfang/session/page"
	"jingfang/sql/db"
)

//go:embed pages parts
var templates embed.FS

// Templates are the pages and fragments of this package, for page.New.
func Templates() fs.FS { return templates }

// Handlers answer the requests about notices.
type Handlers struct {
	site    *page.Site
	db      *db.DB
	notices *notice.Service
}

// New makes the handlers.
func New(site *page.Site, d *db.DB, notices *notice.Service) *Handlers {
	return &Handlers{site: site, db: d, notices: notices}
}

// listView is the sessions with notices of the last month.
type listView struct{ Rows []toldRow }

type toldRow struct{ URL, Title, Body, Count string }

// List is GET /notices: sessions that had notices lately, at the person's sites.
func (h *Handlers) List(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	list, err := notice.Lately(r.Context(), h.db, h.db.Now(), func(site int64) bool { return by.Can(identity.ViewSession, site) == nil })
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newToldJSON(list))
	}
	var v listView
	for _, x := range list {
		row := toldRow{URL: noticesURL(x.SessionID), Title: x.Site + " " + x.HeldOn.Format("1月2日"), Body: x.Last, Count: fmt.Sprintf("%d 条", x.All)}
		if x.Open > 0 {
			row.Count = fmt.Sprintf("%d 条在显示", x.Open)
		}
		v.Rows = append(v.Rows, row)
	}
	return h.site.Page(w, r, "notices", v)
}

func noticesURL(sessionID int64) string { return fmt.Sprintf("/sessions/%d/notices", sessionID) }

// sessionView is the notices of one session.
type sessionView struct {
	Title, URL, RoomURL string
	CanWrite            bool
	Max                 int
	Body, Error         string // what was written and refused
	Rows                []noticeRow
}

type noticeRow struct {
	ID, Body, About, Readers string
	EndURL                   string // for who may, while it is shown
	Ended                    bool
}

// Session is GET /sessions/{id}/notices.
func (h *Handlers) Session(w http.ResponseWriter, r *http.Request) error {
	return h.show(w, r, "", nil)
}

func (h *Handlers) show(w http.ResponseWriter, r *http.Request, body string, refused error) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := sessionID(r)
	if err != nil {
		return err
	}
	x, err := session.Find(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	if err := identity.Allow(r.Context(), h.db, by, identity.ViewSession, x.SiteID); err != nil {
		return err
	}
	list, err := notice.Find(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newNoticesJSON(list))
	}
	v := newSessionView(x, list, by.Can(identity.WriteNotice, x.SiteID) == nil)
	v.Body = body
	if refused != nil {
		v.Error = db.Sentence(refused)
	}
	return h.site.Page(w, r, "session_notices", v)
}

func newSessionView(x session.Session, list []notice.Notice, may bool) sessionView {
	v := sessionView{Title: x.Site + " " + x.HeldOn.Format("1月2日"), URL: noticesURL(x.ID), RoomURL: fmt.Sprintf("/sessions/%d", x.ID), Max: notice.MaxBody}
	v.CanWrite = may && (x.State == session.Planned || x.State == session.Open || x.State == session.Closing)
	for _, n := range list {
		row := noticeRow{ID: fmt.Sprintf("notice-%d", n.ID), Body: n.Body, About: n.Writer + " " + clock(n.WrittenAt), Readers: readers(n), Ended: n.EndedAt != nil}
		if may && !row.Ended {
			row.EndURL = fmt.Sprintf("%s/%d/end", v.URL, n.ID)
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

func readers(n notice.Notice) string {
	if len(n.Readers) == 0 {
		return "还没有人看过"
	}
	return fmt.Sprintf("%d 人看过：%s", len(n.Readers), strings.Join(n.Readers, "、"))
}

func clock(t time.Time) string { return t.In(session.Zone()).Format("1月2日 15:04") }

// Write is POST /sessions/{id}/notices (body). The page keeps what was refused.
func (h *Handlers) Write(w http.ResponseWriter, r *http.Request) error {
	by, in, err := parseWriting(r)
	if err != nil {
		return err
	}
	id, err := h.notices.Write(r.Context(), by, in)
	if kind := db.KindOf(err); err != nil && !page.WantsJSON(r) && (kind == db.Invalid || kind == db.Conflict) {
		return h.show(w, r, in.Body, err)
	}
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusCreated, map[string]int64{"id": id})
	}
	return h.site.SeeOther(w, r, noticesURL(in.SessionID))
}

func parseWriting(r *http.Request) (by identity.Actor, in notice.Writing, err error) {
	if by, err = identity.Who(r.Context()); err != nil {
		return by, in, err
	}
	in.Body = r.PostFormValue("body")
	if in.SessionID, err = sessionID(r); err != nil {
		return by, in, err
	}
	in.CommandID, err = commandID(r)
	return by, in, err
}

// End is POST /sessions/{id}/notices/{notice}/end.
func (h *Handlers) End(w http.ResponseWriter, r *http.Request) error {
	by, in, err := parseAct(r)
	if err != nil {
		return err
	}
	if err := h.notices.End(r.Context(), by, in); err != nil {
		return err
	}
	return h.done(w, r, in, "通知已收起。")
}

// Acknowledge is POST /sessions/{id}/notices/{notice}/seen: "知道了" on the board.
func (h *Handlers) Acknowledge(w http.ResponseWriter, r *http.Request) error {
	by, in, err := parseAct(r)
	if err != nil {
		return err
	}
	if err := h.notices.Acknowledge(r.Context(), by, in); err != nil {
		return err
	}
	return h.done(w, r, in, "已记下您看过这条通知。")
}

// done answers an act: the board changes by itself.
func (h *Handlers) done(w http.ResponseWriter, r *http.Request, in notice.Act, said string) error {
	switch {
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, map[string]bool{"ok": true})
	case page.IsHTMX(r):
		return h.site.Fragment(w, r, "notice_band", page.Band{Tone: page.Good, Text: said})
	}
	return h.site.SeeOther(w, r, noticesURL(in.SessionID))
}

func parseAct(r *http.Request) (by identity.Actor, in notice.Act, err error) {
	if by, err = identity.Who(r.Context()); err != nil {
		return by, in, err
	}
	if in.SessionID, err = sessionID(r); err != nil {
		return by, in, err
	}
	if in.Notice, err = strconv.ParseInt(chi.URLParam(r, "notice"), 10, 64); err != nil {
		return by, in, db.RefuseBecause(err, db.NotFound, "没有这条通知。请看最新的列表。")
	}
	in.CommandID, err = commandID(r)
	return by, in, err
}

func sessionID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, db.Refuse(db.NotFound, "没有这个义诊场次。请从首页重新进入。")
	}
	return id, nil
}

func commandID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(r.PostFormValue("command_id"))
	if err != nil {
		return id, db.RefuseBecause(err, db.Invalid, "页面缺少操作编号，请刷新页面后重试。")
	}
	return id, nil
}
