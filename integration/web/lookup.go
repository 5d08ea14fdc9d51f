package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/google/uuid"

	"jingfang/integration"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// patientView is what HIS knows of a person, masked.
type patientView struct {
	Problem string
	Asked   bool
	Rows    []patientRow
	Sites   []option
}

type patientRow struct {
	Number, Name, About, Card, Phone string
	Allergies                        bool
}

type option struct {
	Value, Word string
	Chosen      bool
}

// PatientPage is GET /patients/his: the form that asks.
func (h *Handlers) PatientPage(w http.ResponseWriter, r *http.Request) error {
	if _, err := may(r, identity.RegisterPatient); err != nil {
		return err
	}
	return h.site.Page(w, r, "patient_his", patientView{})
}

// FindPatient is POST /patients/his: looks a person up by number or ID number. What
// was typed is not shown again: it may be an ID number.
func (h *Handlers) FindPatient(w http.ResponseWriter, r *http.Request) error {
	by, err := may(r, identity.RegisterPatient)
	if err != nil {
		return err
	}
	list, err := h.lookup.Patients(r.Context(), by, r.PostFormValue("query"))
	switch {
	case err != nil && (page.WantsJSON(r) || !shown(err)):
		return err
	case err != nil:
		return h.site.Page(w, r, "patient_his", patientView{Problem: db.Sentence(err)})
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newPatientsJSON(list))
	}
	return h.showPatients(w, r, by, list, "")
}

func (h *Handlers) showPatients(w http.ResponseWriter, r *http.Request, by identity.Actor, list []integration.HISPatient, problem string) error {
	v := newPatientView(list)
	v.Problem = problem
	sites, err := identity.SitesFor(r.Context(), h.db, by, identity.RegisterPatient)
	if err != nil {
		return err
	}
	for _, s := range sites {
		v.Sites = append(v.Sites, option{strconv.FormatInt(s.ID, 10), s.District + " · " + s.Name, len(sites) == 1})
	}
	return h.site.Page(w, r, "patient_his", v)
}

func newPatientView(list []integration.HISPatient) patientView {
	v := patientView{Asked: true}
	for _, p := range list {
		row := patientRow{Number: p.Number, Name: p.Name, Card: p.IDCard, Phone: p.Phone, Allergies: p.HasAllergies, About: p.Sex}
		if p.BirthOn != "" {
			row.About += " " + p.BirthOn + " 年生"
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// RegisterPatient is POST /patients/his/register: takes a person over and leads to
// the new page.
func (h *Handlers) RegisterPatient(w http.ResponseWriter, r *http.Request) error {
	by, err := may(r, identity.RegisterPatient)
	if err != nil {
		return err
	}
	in := integration.Registering{Number: r.PostFormValue("number")}
	if in.CommandID, err = command(r); err != nil {
		return err
	}
	if in.SiteID, err = strconv.ParseInt(r.PostFormValue("site"), 10, 64); err != nil {
		return h.refused(w, r, db.Refuse(db.Invalid, "请选择患者所属的精防点。"))
	}
	p, err := h.lookup.Register(r.Context(), by, in)
	switch {
	case err != nil:
		return h.refused(w, r, err)
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusCreated, map[string]any{"id": p.ID, "number": p.Number})
	}
	return h.site.SeeOther(w, r, fmt.Sprintf("/patients/%d", p.ID))
}

// refused shows a refusal above the empty form.
func (h *Handlers) refused(w http.ResponseWriter, r *http.Request, err error) error {
	if page.WantsJSON(r) || !shown(err) {
		return err
	}
	return h.site.Page(w, r, "patient_his", patientView{Problem: db.Sentence(err)})
}

// shown tells the refusals that belong beside the form.
func shown(err error) bool {
	switch db.KindOf(err) {
	case db.Invalid, db.Conflict, db.NotFound, db.Unavailable:
		return true
	}
	return false
}

// patientJSON is a person for programs, masked as for people.
type patientJSON struct {
	Number string `json:"number"`
	Name   string `json:"name"`
	Sex    string `json:"sex,omitempty"`
	Year   string `json:"birth_year,omitempty"`
	IDCard string `json:"id_card,omitempty"`
}

func newPatientsJSON(list []integration.HISPatient) []patientJSON {
	out := []patientJSON{}
	for _, p := range list {
		out = append(out, patientJSON{p.Number, p.Name, p.Sex, p.BirthOn, p.IDCard})
	}
	return out
}

// codeView is what HIS knows of a trace code.
type codeView struct {
	Problem string
	Typed   string
	Code    *codeCard
}

type codeCard struct {
	Code, Drug, HISCode, Batch, ExpiresOn, Receipt, Ours string
	Known                                                bool
	// TeachURL opens the form that says what the prefix means, where our dictionary
	// knows the drug.
	TeachURL string
}

// CodePage is GET /trace/his: the form that asks.
func (h *Handlers) CodePage(w http.ResponseWriter, r *http.Request) error {
	if _, err := may(r, identity.ViewStock); err != nil {
		return err
	}
	return h.site.Page(w, r, "trace_his", codeView{Typed: r.URL.Query().Get("code")})
}

// FindCode is POST /trace/his: asks what HIS knows of a code.
func (h *Handlers) FindCode(w http.ResponseWriter, r *http.Request) error {
	by, err := may(r, identity.ViewStock)
	if err != nil {
		return err
	}
	typed := r.PostFormValue("code")
	x, err := h.lookup.Code(r.Context(), by, typed)
	switch {
	case err != nil && (page.WantsJSON(r) || !shown(err)):
		return err
	case err != nil:
		return h.site.Page(w, r, "trace_his", codeView{Problem: db.Sentence(err), Typed: typed})
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, map[string]any{"code": x.Code, "known": x.Known, "his_code": x.HISCode, "drug": x.Drug,
			"batch": x.Batch, "expires_on": x.ExpiresOn, "receipt": x.Receipt, "here": x.Ours})
	}
	return h.site.Page(w, r, "trace_his", codeView{Code: newCodeCard(x, by.Can(identity.TeachPrefix, 0) == nil)})
}

func newCodeCard(x integration.HISCode, teaches bool) *codeCard {
	c := &codeCard{x.Code, x.Drug, x.HISCode, x.Batch, x.ExpiresOn, x.Receipt, x.Ours, x.Known, ""}
	if teaches && x.Known && x.Ours == "" && x.Drug != "" {
		c.TeachURL = "/drugs?code=" + url.QueryEscape(x.Code) + "#teach"
	}
	return c
}

// command reads the id that a page gave a command; a program may leave it out.
func command(r *http.Request) (uuid.UUID, error) {
	text := r.PostFormValue("command_id")
	if text == "" {
		return uuid.New(), nil
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, db.Refuse(db.Invalid, "页面的操作编号不对，请刷新页面后重试。")
	}
	return id, nil
}
