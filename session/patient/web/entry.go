package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// entryView is the form of a new patient, with what was typed and the complaint.
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
	Sites     []siteChoice
}

type siteChoice struct {
	Value, Word string
	Chosen      bool
}

// NewPatient is GET /patients/new.
func (h *Handlers) NewPatient(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r)
	if err != nil {
		return err
	}
	v, err := h.readEntryView(r, by, patient.Entry{}, "")
	if err != nil {
		return err
	}
	return h.site.Page(w, r, "patient_new", v)
}

func (h *Handlers) readEntryView(r *http.Request, by identity.Actor, e patient.Entry, problem string) (entryView, error) {
	session := sessionOf(r)
	v := entryView{Error: problem, Session: session, Back: "/patients" + query(session), Name: e.Name, Paper: string(e.Paper),
		PaperNo: e.PaperNo, Sex: e.Sex, Phone: e.Phone, Address: e.Address, Allergies: e.Allergies}
	if e.BirthOn != nil {
		v.BirthOn = e.BirthOn.Format(time.DateOnly)
	}
	sites, err := patient.SitesFor(r.Context(), h.db, by, identity.RegisterPatient)
	if err != nil {
		return v, err
	}
	for _, s := range sites {
		v.Sites = append(v.Sites, siteChoice{strconv.FormatInt(s.ID, 10), s.District + " · " + s.Name, s.ID == e.HomeSiteID || len(sites) == 1})
	}
	return v, nil
}

// Create is POST /patients.
func (h *Handlers) Create(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r)
	if err != nil {
		return err
	}
	e, err := parseEntry(r)
	if err != nil {
		return h.refusedEntry(w, r, by, e, err)
	}
	p, token, err := h.patients.Register(r.Context(), by, e)
	if err != nil {
		return h.refusedEntry(w, r, by, e, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusCreated, map[string]any{"id": p.ID, "number": p.Number, "token": token.String()})
	}
	return h.site.SeeOther(w, r, pageURL(p.ID, sessionOf(r)))
}

// refusedEntry shows the form again: nothing that was typed is lost.
func (h *Handlers) refusedEntry(w http.ResponseWriter, r *http.Request, by identity.Actor, e patient.Entry, err error) error {
	kind := db.KindOf(err)
	if page.WantsJSON(r) || kind != db.Invalid && kind != db.Conflict {
		return err
	}
	v, rerr := h.readEntryView(r, by, e, db.Sentence(err))
	if rerr != nil {
		return rerr
	}
	return h.site.Page(w, r, "patient_new", v)
}

func parseEntry(r *http.Request) (patient.Entry, error) {
	e := patient.Entry{Name: r.PostFormValue("name"), Sex: r.PostFormValue("sex"), Paper: patient.PaperKind(r.PostFormValue("paper")),
		PaperNo: r.PostFormValue("paper_no"), Phone: r.PostFormValue("phone"), Address: r.PostFormValue("address"),
		Allergies: r.PostFormValue("allergies")}
	if text := r.PostFormValue("site"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return e, db.Refuse(db.Invalid, "请重新选择所属精防点。")
		}
		e.HomeSiteID = id
	}
	if text := r.PostFormValue("birth"); text != "" {
		on, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return e, db.Refuse(db.Invalid, "出生日期写法不对，请用日历选择。")
		}
		e.BirthOn = &on
	}
	return e, nil
}

// personView is a patient's page.
type personView struct {
	ID        int64
	Name      string
	About     string
	Allergies string
	State     string
	Back      string
	LabelURL  string
	UnmaskURL string
	Start     *startView
	Private   *privateView
}

type privateView struct{ Paper, PaperNo, Phone, Address string }

// Person is GET /patients/{id}.
func (h *Handlers) Person(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	return h.site.Page(w, r, "patient", h.newPersonView(by, p, sessionOf(r)))
}

func (h *Handlers) find(r *http.Request) (identity.Actor, patient.Patient, error) {
	by, err := who(r)
	if err != nil {
		return by, patient.Patient{}, err
	}
	id, err := patientID(r)
	if err != nil {
		return by, patient.Patient{}, err
	}
	p, err := patient.ByID(r.Context(), h.db, id)
	if err != nil {
		return by, p, err
	}
	return by, p, by.Can(identity.ViewPatient, p.HomeSiteID)
}

func (h *Handlers) newPersonView(by identity.Actor, p patient.Patient, session string) personView {
	v := personView{ID: p.ID, Name: nameFor(by, p), About: about(p, h.db.Now()), Allergies: p.Allergies,
		Back: "/patients" + query(session), Start: newStartView(by, session, p)}
	if by.Can(identity.PrintLabel, p.HomeSiteID) == nil {
		v.LabelURL = fmt.Sprintf("/patients/%d/label", p.ID)
	}
	if by.Can(identity.UnmaskPatient, p.HomeSiteID) == nil {
		v.UnmaskURL = fmt.Sprintf("/patients/%d/unmask", p.ID)
	}
	return v
}

// Unmask is POST /patients/{id}/unmask: the sealed fields, audited.
func (h *Handlers) Unmask(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	private, err := h.patients.Unmask(r.Context(), by, p.ID)
	if err != nil {
		return err
	}
	v := h.newPersonView(by, p, sessionOf(r))
	v.UnmaskURL = ""
	v.Private = &privateView{paperWord(private.Paper), or(private.PaperNo, "未登记"), or(private.Phone, "未登记"), or(private.Address, "未登记")}
	return h.site.Page(w, r, "patient", v)
}

func paperWord(k patient.PaperKind) string {
	switch k {
	case patient.PaperIDCard:
		return "身份证"
	case patient.PaperPassport:
		return "护照"
	case patient.PaperOther:
		return "其他证件"
	}
	return "证件"
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
