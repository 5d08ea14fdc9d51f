// Package web shows the clinic day: the day's list, planning, packing, the
// room and the doctor's table, the parts of the live board, and the commands
// of the table as forms and as JSON. It owns no rule: it parses, calls a use
// case of package session, and draws the answer. What a role may see of the
// board is decided in one place, scope.go, for page, answer and stream alike.
package web

import (
	"embed"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/live"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

//go:embed pages parts
var templates embed.FS

// Templates are the pages and fragments of this package, for page.New.
func Templates() fs.FS { return templates }

// Handlers answer the requests of the clinic day.
type Handlers struct {
	site     *page.Site
	db       *db.DB
	sessions *session.Service
	patients *patient.Registry
	hub      *live.Hub
	extra    []BoardPart // of modules of their own
}

// New makes the handlers.
func New(site *page.Site, d *db.DB, sessions *session.Service, patients *patient.Registry, hub *live.Hub) *Handlers {
	return &Handlers{site: site, db: d, sessions: sessions, patients: patients, hub: hub}
}

// sessionID reads the number of the session from the address.
func sessionID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, db.Refuse(db.NotFound, "没有这个义诊场次。请从首页重新进入。")
	}
	return id, nil
}

// visitID reads the visit from the address.
func visitID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(chi.URLParam(r, "visit"))
	if err != nil {
		return id, db.Refuse(db.NotFound, "没有这次就诊。请重新扫患者二维码。")
	}
	return id, nil
}

// act is what every command of the table begins with: who acts, on which visit,
// and the id that the device made for the command.
type act struct {
	by             identity.Actor
	session        int64
	visit, command uuid.UUID
}

func parseAct(r *http.Request) (a act, err error) {
	if a.by, err = identity.Who(r.Context()); err != nil {
		return a, err
	}
	if a.session, err = sessionID(r); err != nil {
		return a, err
	}
	if a.visit, err = visitID(r); err != nil {
		return a, err
	}
	a.command, err = formUUID(r, "command_id")
	return a, err
}

// readSession finds the session in the address for somebody who holds a
// permission at its site.
func (h *Handlers) readSession(r *http.Request, p identity.Permission) (by identity.Actor, x session.Session, err error) {
	if by, err = identity.Who(r.Context()); err != nil {
		return by, x, err
	}
	id, err := sessionID(r)
	if err != nil {
		return by, x, err
	}
	if x, err = session.Find(r.Context(), h.db, id); err != nil {
		return by, x, err
	}
	return by, x, identity.Allow(r.Context(), h.db, by, p, x.SiteID)
}

// readRoom reads the board of the session in the address for somebody who holds
// a permission at its site.
func (h *Handlers) readRoom(r *http.Request, p identity.Permission) (by identity.Actor, s session.Snapshot, err error) {
	if by, err = identity.Who(r.Context()); err != nil {
		return by, s, err
	}
	id, err := sessionID(r)
	if err != nil {
		return by, s, err
	}
	if s, err = session.ReadBoard(r.Context(), h.db, id); err != nil {
		return by, s, err
	}
	return by, s, identity.Allow(r.Context(), h.db, by, p, s.Session.SiteID)
}

func formUUID(r *http.Request, name string) (uuid.UUID, error) {
	id, err := uuid.Parse(r.PostFormValue(name))
	if err != nil {
		return id, db.Refuse(db.Invalid, "页面缺少操作编号，请刷新页面后重试。")
	}
	return id, nil
}

// formID reads a row's number from a form; 0 when it is empty.
func formID(r *http.Request, name string) (int64, error) {
	text := r.PostFormValue(name)
	if text == "" {
		return 0, nil
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 0 {
		return 0, db.Refuse(db.Invalid, "页面内容已变化，请刷新后重新选择。")
	}
	return id, nil
}
