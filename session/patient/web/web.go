// Package web shows the registry: finding a patient, entering a new one, the
// patient's page with its sealed fields behind a permission, and the QR label
// to print or to replace. It leaves the rules to package patient and the clinic
// day to session/web, to which its buttons "签到" and "开始就诊" lead.
package web

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

//go:embed pages parts
var templates embed.FS

// Templates are the pages and fragments of this package, for page.New.
func Templates() fs.FS { return templates }

// Handlers answer the requests about patients.
type Handlers struct {
	site     *page.Site
	db       *db.DB
	patients *patient.Registry
	jobs     *job.Jobs
}

// New makes the handlers. The jobs are those of this server.
func New(site *page.Site, d *db.DB, patients *patient.Registry, jobs *job.Jobs) *Handlers {
	return &Handlers{site: site, db: d, patients: patients, jobs: jobs}
}

// find reads who asks and the patient in the address, and refuses whoever may
// not see patients of that site.
func (h *Handlers) find(r *http.Request) (by identity.Actor, p patient.Patient, err error) {
	if by, err = identity.Who(r.Context()); err != nil {
		return by, p, err
	}
	id, err := patientID(r)
	if err != nil {
		return by, p, err
	}
	if p, err = patient.ByID(r.Context(), h.db, id); err != nil {
		return by, p, err
	}
	return by, p, identity.Allow(r.Context(), h.db, by, identity.ViewPatient, p.HomeSiteID)
}

func patientID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, db.Refuse(db.NotFound, "没有这位患者，请重新查找。")
	}
	return id, nil
}

// formCommand reads the id that a page gave a command; a program may leave it
// out where the use case allows that.
func formCommand(r *http.Request) (uuid.UUID, error) {
	text := r.PostFormValue("command_id")
	if text == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, db.Refuse(db.Invalid, "页面的操作编号不对，请刷新页面后重试。")
	}
	return id, nil
}

// sessionOf is the clinic session a page was opened from; "" when none.
func sessionOf(r *http.Request) string {
	id, err := strconv.ParseInt(r.FormValue("session"), 10, 64)
	if err != nil || id <= 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// startView is the form that brings a patient to a session.
type startView struct {
	URL     string
	Visit   string // id of the visit that the form makes
	Patient string
	Word    string
}

// newStartView makes the form, or nothing outside a session. A doctor's button
// starts the visit, anybody else's joins the queue; the session decides whether
// they may there.
func newStartView(by identity.Actor, session string, p patient.Patient) *startView {
	if session == "" || p.State != patient.Active || by.Can(identity.CheckIn, 0) != nil && by.Can(identity.Dispense, 0) != nil {
		return nil
	}
	v := &startView{URL: "/sessions/" + session + "/visits", Visit: uuid.NewString(), Patient: p.Number, Word: "签到"}
	if by.Can(identity.Dispense, 0) == nil {
		v.Word = "开始就诊"
	}
	return v
}

// query is the part of an address that keeps the session.
func query(session string) string {
	if session == "" {
		return ""
	}
	return "?session=" + session
}

func pageURL(id int64, session string) string {
	return fmt.Sprintf("/patients/%d%s", id, query(session))
}
