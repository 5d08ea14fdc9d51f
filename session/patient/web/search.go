package web

import (
	"fmt"
	"net/http"
	"time"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// searchView is the view of the page "patients".
type searchView struct {
	Text    string
	Error   string // why nothing was looked for
	Session string
	Query   string
	Back    string
	CanNew  bool
	Rows    []searchRow
	Many    bool
}

type searchRow struct {
	URL   string
	Name  string
	About string
	Start *startView
}

// Search is GET /patients?q=&session=: people by name, pinyin initials, number
// or scanned label. Names are whole only for those who work with patients; a
// program gets masked ones.
func (h *Handlers) Search(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	text := r.URL.Query().Get("q")
	list, err := h.patients.Search(r.Context(), by, 0, text)
	if page.WantsJSON(r) && err == nil {
		return h.site.JSON(w, r, http.StatusOK, newPatientsJSON(list))
	}
	problem, err := complaint(r, err)
	if err != nil {
		return err
	}
	v := newSearchView(by, text, sessionOf(r), list, h.db.Now())
	v.Error = problem
	return h.site.Page(w, r, "patients", v)
}

// complaint is the sentence of an error that a person can mend on the page, for
// the page to show beside what was typed; any other error is given back.
func complaint(r *http.Request, err error) (string, error) {
	switch db.KindOf(err) {
	case db.Invalid, db.Conflict, db.NotFound:
		if !page.WantsJSON(r) {
			return db.Sentence(err), nil
		}
	}
	return "", err
}

func newSearchView(by identity.Actor, text, session string, list []patient.Patient, now time.Time) searchView {
	v := searchView{Text: text, Session: session, Query: query(session), CanNew: by.Can(identity.RegisterPatient, 0) == nil,
		Many: len(list) == patient.SearchLimit}
	if session != "" {
		v.Back = "/sessions/" + session
	}
	for _, p := range list {
		v.Rows = append(v.Rows, searchRow{URL: pageURL(p.ID, session), Name: nameFor(by, p), About: about(p, now), Start: newStartView(by, session, p)})
	}
	return v
}

// atTheTable tells who works with the patients of a site and must tell two of
// one family name apart.
func atTheTable(by identity.Actor, siteID int64) bool {
	return by.Can(identity.Dispense, siteID) == nil || by.Can(identity.CheckIn, siteID) == nil
}

// nameFor is the whole name for those at the table, the masked one for others.
func nameFor(by identity.Actor, p patient.Patient) string {
	if atTheTable(by, p.HomeSiteID) {
		return p.Name
	}
	return p.Masked()
}

// about is the line under a name: number, sex, age and site.
func about(p patient.Patient, now time.Time) string {
	text := p.Number
	if word := p.SexWord(); word != "" {
		text += " · " + word
	}
	if age := p.Age(now); age >= 0 {
		text += fmt.Sprintf(" · %d 岁", age)
	}
	return text + " · " + p.HomeSite
}

// patientJSON is a patient for a program.
type patientJSON struct {
	ID     int64         `json:"id"`
	Number string        `json:"number"`
	Name   string        `json:"name"` // masked
	State  patient.State `json:"state"`
}

func newPatientJSON(p patient.Patient) patientJSON {
	return patientJSON{p.ID, p.Number, p.Masked(), p.State}
}

func newPatientsJSON(list []patient.Patient) []patientJSON {
	out := []patientJSON{}
	for _, p := range list {
		out = append(out, newPatientJSON(p))
	}
	return out
}
