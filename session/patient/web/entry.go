package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// entryView is the form of a new patient, with what was typed, to the letter,
// and the complaint.
type entryView struct {
	Error     string
	Session   string
	Back      string
	Name      string
	Paper     string
	PaperNo   string
	BirthOn   string
	Sex       string
	Phone     string
	Address   string
	Allergies string
	Papers    []choiceView
	Sites     []choiceView
}

// choiceView is a line of a select.
type choiceView struct {
	Value, Word string
	Chosen      bool
}

// NewPatient is GET /patients/new.
func (h *Handlers) NewPatient(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	return h.showEntry(w, r, by, "")
}

// showEntry shows the form with what the request holds.
func (h *Handlers) showEntry(w http.ResponseWriter, r *http.Request, by identity.Actor, problem string) error {
	v := typedEntry(r)
	v.Error = problem
	var err error
	if v.Sites, err = h.siteChoices(r.Context(), by, r.PostFormValue("site")); err != nil {
		return err
	}
	return h.site.Page(w, r, "patient_new", v)
}

func typedEntry(r *http.Request) entryView {
	session, paper := sessionOf(r), r.PostFormValue("paper")
	if paper == "" {
		paper = string(patient.PaperIDCard)
	}
	v := entryView{Session: session, Back: "/patients" + query(session), Name: r.PostFormValue("name"), Paper: paper,
		PaperNo: r.PostFormValue("paper_no"), BirthOn: r.PostFormValue("birth"), Sex: r.PostFormValue("sex"),
		Phone: r.PostFormValue("phone"), Address: r.PostFormValue("address"), Allergies: r.PostFormValue("allergies")}
	for _, k := range []patient.PaperKind{patient.PaperIDCard, patient.PaperPassport, patient.PaperOther, patient.PaperNone} {
		v.Papers = append(v.Papers, choiceView{string(k), k.Label(), string(k) == paper})
	}
	return v
}

// siteChoices are the sites where the person registers patients; a single one
// is chosen already.
func (h *Handlers) siteChoices(ctx context.Context, by identity.Actor, chosen string) ([]choiceView, error) {
	sites, err := identity.SitesFor(ctx, h.db, by, identity.RegisterPatient)
	if err != nil {
		return nil, err
	}
	if len(sites) == 0 {
		return nil, db.Refuse(db.Denied, "您没有可以登记患者的精防点。需要时请联系安全管理员授权。")
	}
	list := make([]choiceView, 0, len(sites))
	for _, s := range sites {
		id := strconv.FormatInt(s.ID, 10)
		list = append(list, choiceView{id, s.District + " · " + s.Name, id == chosen || len(sites) == 1})
	}
	return list, nil
}

// Create is POST /patients: a new patient with a first label. A form that is
// refused comes back with everything that was typed.
func (h *Handlers) Create(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	e, err := parseEntry(r)
	var p patient.Patient
	var token patient.Token
	if err == nil {
		p, token, err = h.patients.Register(r.Context(), by, e)
	}
	problem, err := complaint(r, err)
	switch {
	case err != nil:
		return err
	case problem != "":
		return h.showEntry(w, r, by, problem)
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusCreated, createdJSON{p.ID, p.Number, token.String()})
	}
	return h.site.SeeOther(w, r, pageURL(p.ID, sessionOf(r)))
}

// createdJSON answers a program that registered a patient.
type createdJSON struct {
	ID     int64  `json:"id"`
	Number string `json:"number"`
	Token  string `json:"token"` // the text of the QR label
}

func parseEntry(r *http.Request) (e patient.Entry, err error) {
	e = patient.Entry{Name: r.PostFormValue("name"), Sex: r.PostFormValue("sex"), Paper: patient.PaperKind(r.PostFormValue("paper")),
		PaperNo: r.PostFormValue("paper_no"), Phone: r.PostFormValue("phone"), Address: r.PostFormValue("address"),
		Allergies: r.PostFormValue("allergies")}
	if e.CommandID, err = formCommand(r); err != nil {
		return e, err
	}
	if text := r.PostFormValue("site"); text != "" {
		if e.HomeSiteID, err = strconv.ParseInt(text, 10, 64); err != nil {
			return e, db.RefuseBecause(err, db.Invalid, "请重新选择所属精防点。")
		}
	}
	if text := r.PostFormValue("birth"); text != "" {
		on, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return e, db.Refuse(db.Invalid, "出生日期写法不对，应为 1970-01-31 这样，或用日历选择。")
		}
		e.BirthOn = &on
	}
	return e, nil
}
