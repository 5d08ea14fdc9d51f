package web

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// editView is the form of a registered patient.
type editView struct {
	Error     string
	URL       string
	Back      string
	Version   string
	Name      string
	BirthOn   string
	Sex       string
	Allergies string
	Sites     []choiceView
	// Sealed offers to replace what is sealed, for who may see it.
	Sealed bool
	Papers []choiceView
	States []stateView
}

// stateView is a button that changes what an entry is.
type stateView struct{ URL, Value, Word, Why string }

// Edit is GET /patients/{id}/edit.
func (h *Handlers) Edit(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.findFor(r, identity.RegisterPatient)
	if err != nil {
		return err
	}
	return h.showEdit(w, r, by, p, editOf(p), "")
}

// findFor is find with a further right at the patient's site.
func (h *Handlers) findFor(r *http.Request, need identity.Permission) (identity.Actor, patient.Patient, error) {
	by, p, err := h.find(r)
	if err != nil {
		return by, p, err
	}
	return by, p, identity.Allow(r.Context(), h.db, by, need, p.HomeSiteID)
}

// editOf is the form that changes nothing.
func editOf(p patient.Patient) patient.Edit {
	return patient.Edit{PatientID: p.ID, Version: p.Version, Name: p.Name, Sex: p.Sex, BirthOn: p.BirthOn, HomeSiteID: p.HomeSiteID, Allergies: p.Allergies}
}

func (h *Handlers) showEdit(w http.ResponseWriter, r *http.Request, by identity.Actor, p patient.Patient, e patient.Edit, problem string) error {
	url := fmt.Sprintf("/patients/%d", p.ID)
	v := editView{Error: problem, URL: url + "/edit", Back: url, Version: strconv.Itoa(e.Version), Name: e.Name, Sex: e.Sex, Allergies: e.Allergies,
		Sealed: by.Can(identity.UnmaskPatient, p.HomeSiteID) == nil, States: stateButtons(p, url+"/state")}
	if e.BirthOn != nil {
		v.BirthOn = e.BirthOn.Format(time.DateOnly)
	}
	v.Papers = []choiceView{{"", "不改", true}}
	for _, k := range []patient.PaperKind{patient.PaperIDCard, patient.PaperPassport, patient.PaperOther, patient.PaperNone} {
		v.Papers = append(v.Papers, choiceView{string(k), k.Label(), false})
	}
	sites, err := identity.FindSites(r.Context(), h.db, identity.SiteFilter{ActiveOnly: true})
	if err != nil {
		return err
	}
	for _, s := range sites {
		v.Sites = append(v.Sites, choiceView{strconv.FormatInt(s.ID, 10), s.District + " · " + s.Name, s.ID == e.HomeSiteID})
	}
	return h.site.Page(w, r, "patient_edit", v)
}

func stateButtons(p patient.Patient, url string) []stateView {
	moved := stateView{url, string(patient.Moved), "已迁出", "不再签到、不再打印标签，经过都保留；回来时可恢复。"}
	deceased := stateView{url, string(patient.Deceased), "已故", "不再签到，也不再联系；记错时可恢复。"}
	active := stateView{url, string(patient.Active), "恢复在册", "又可以签到和打印标签。"}
	switch p.State {
	case patient.Active:
		return []stateView{moved, deceased}
	case patient.Moved:
		return []stateView{active, deceased}
	case patient.Deceased:
		return []stateView{active}
	}
	return nil
}

// SaveEdit is POST /patients/{id}/edit. A form that is refused comes back with what
// was typed, but for what is sealed.
func (h *Handlers) SaveEdit(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.findFor(r, identity.RegisterPatient)
	if err != nil {
		return err
	}
	e, err := parseEdit(r, p)
	if err == nil {
		err = h.patients.Edit(r.Context(), by, e)
	}
	problem, err := complaint(r, err)
	switch {
	case err != nil:
		return err
	case problem != "":
		return h.showEdit(w, r, by, p, e, problem)
	}
	return h.answerChange(w, r, p.ID)
}

// answerChange leads back to the patient, or gives a program the entry.
func (h *Handlers) answerChange(w http.ResponseWriter, r *http.Request, id int64) error {
	if !page.WantsJSON(r) {
		return h.site.SeeOther(w, r, pageURL(id, sessionOf(r)))
	}
	p, err := patient.ByID(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	return h.site.JSON(w, r, http.StatusOK, newPatientJSON(p))
}

func parseEdit(r *http.Request, p patient.Patient) (patient.Edit, error) {
	e := editOf(p)
	typed, err := parseEntry(r)
	e.Name, e.Sex, e.BirthOn, e.HomeSiteID, e.Allergies, e.CommandID = typed.Name, typed.Sex, typed.BirthOn, typed.HomeSiteID, typed.Allergies, typed.CommandID
	if err != nil {
		return e, err
	}
	if e.Version, err = formVersion(r); err != nil {
		return e, err
	}
	s := patient.SealedEdit{Paper: typed.Paper, PaperNo: typed.PaperNo, Phone: typed.Phone, Address: typed.Address,
		NoPhone: r.PostFormValue("no_phone") != "", NoAddress: r.PostFormValue("no_address") != ""}
	switch {
	case s.Paper == "" && s.PaperNo != "":
		return e, db.Refuse(db.Invalid, "要改证件号，请先选择证件种类。")
	case s.NoPhone && s.Phone != "" || s.NoAddress && s.Address != "":
		return e, db.Refuse(db.Invalid, "同时填了新内容又选了“清除”，请只留一个。")
	}
	if s != (patient.SealedEdit{}) {
		e.Sealed = &s
	}
	return e, nil
}

func formVersion(r *http.Request) (int, error) {
	n, err := strconv.Atoi(r.PostFormValue("version"))
	if err != nil {
		return 0, db.Refuse(db.Invalid, "页面内容已变化，请重新打开后再改。")
	}
	return n, nil
}

// ChangeState is POST /patients/{id}/state.
func (h *Handlers) ChangeState(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	in := patient.StateChange{PatientID: p.ID, To: patient.State(r.PostFormValue("to"))}
	if in.Version, err = formVersion(r); err != nil {
		return err
	}
	if in.CommandID, err = formCommand(r); err != nil {
		return err
	}
	if err := h.patients.ChangeState(r.Context(), by, in); err != nil {
		return err
	}
	return h.answerChange(w, r, p.ID)
}

// AddCollector is POST /patients/{id}/collectors.
func (h *Handlers) AddCollector(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	in := patient.NewCollector{PatientID: p.ID, Name: r.PostFormValue("name"), Relation: r.PostFormValue("relation"), Phone: r.PostFormValue("phone")}
	if in.CommandID, err = formCommand(r); err == nil {
		err = h.patients.AddCollector(r.Context(), by, in)
	}
	problem, err := complaint(r, err)
	if err != nil {
		return err
	}
	if problem != "" {
		return h.showPerson(w, r, by, p, func(v *personView) { v.Error, v.Collect.Name, v.Collect.Open = problem, in.Name, true })
	}
	return h.answerChange(w, r, p.ID)
}

// RemoveCollector is POST /patients/{id}/collectors/{collector}/remove.
func (h *Handlers) RemoveCollector(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	in := patient.OldCollector{PatientID: p.ID}
	if in.ID, err = strconv.ParseInt(chi.URLParam(r, "collector"), 10, 64); err != nil {
		return db.Refuse(db.NotFound, "没有这位代领人。请刷新页面。")
	}
	if in.CommandID, err = formCommand(r); err != nil {
		return err
	}
	if err := h.patients.RemoveCollector(r.Context(), by, in); err != nil {
		return err
	}
	return h.answerChange(w, r, p.ID)
}
