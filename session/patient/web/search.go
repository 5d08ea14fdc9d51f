package web

import (
	"fmt"
	"net/http"
	"time"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
)

type searchView struct {
	Text    string
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

// Search is GET /patients?q=&session=: people by name, pinyin initials or number.
func (h *Handlers) Search(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r)
	if err != nil {
		return err
	}
	text := r.URL.Query().Get("q")
	list, err := h.patients.Search(r.Context(), by, 0, text)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newPatientsJSON(list))
	}
	return h.site.Page(w, r, "patients", newSearchView(by, text, sessionOf(r), list, h.db.Now()))
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

// nameFor is the whole name for those who work with patients at the table, the
// masked one for all others.
func nameFor(by identity.Actor, p patient.Patient) string {
	if by.Can(identity.Dispense, p.HomeSiteID) == nil || by.Can(identity.CheckIn, p.HomeSiteID) == nil {
		return p.Name
	}
	return p.Masked()
}

func about(p patient.Patient, now time.Time) string {
	text := p.Number
	if word := p.SexWord(); word != "" {
		text += " · " + word
	}
	if age := p.Age(now); age >= 0 {
		text += fmt.Sprintf(" %d 岁", age)
	}
	return text + " · " + p.HomeSite
}

type patientJSON struct {
	ID     int64  `json:"id"`
	Number string `json:"number"`
	Name   string `json:"name"` // masked
}

func newPatientsJSON(list []patient.Patient) []patientJSON {
	out := []patientJSON{}
	for _, p := range list {
		out = append(out, patientJSON{p.ID, p.Number, p.Masked()})
	}
	return out
}
