package web

import (
	"fmt"
	"net/http"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
)

// personView is the view of the page "patient".
type personView struct {
	Name      string
	About     string
	Allergies string
	State     string // why nothing can be done for this person; "" when active
	Back      string
	Session   string
	LabelURL  string
	LostURL   string
	UnmaskURL string
	Start     *startView
	Private   *privateView
}

// privateView are the sealed fields, opened.
type privateView struct{ Paper, PaperNo, Phone, Address string }

// Person is GET /patients/{id}.
func (h *Handlers) Person(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newPatientJSON(p))
	}
	return h.site.Page(w, r, "patient", h.newPersonView(by, p, sessionOf(r)))
}

// newPersonView shows of a person what this viewer may see and do.
func (h *Handlers) newPersonView(by identity.Actor, p patient.Patient, session string) personView {
	v := personView{Name: nameFor(by, p), About: about(p, h.db.Now()), Session: session,
		Back: "/patients" + query(session), Start: newStartView(by, session, p)}
	if atTheTable(by, p.HomeSiteID) {
		v.Allergies = p.Allergies
	}
	if p.State != patient.Active {
		v.State = p.State.Label()
	} else if by.Can(identity.PrintLabel, p.HomeSiteID) == nil {
		v.LabelURL = fmt.Sprintf("/patients/%d/label", p.ID)
		v.LostURL = v.LabelURL + "/lost"
	}
	if by.Can(identity.UnmaskPatient, p.HomeSiteID) == nil {
		v.UnmaskURL = fmt.Sprintf("/patients/%d/unmask", p.ID)
	}
	return v
}

// Unmask is POST /patients/{id}/unmask: the sealed fields, audited. It is a
// command and not an address, so that nothing opens them but a person's tap.
func (h *Handlers) Unmask(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	private, err := h.patients.Unmask(r.Context(), by, p.ID)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, privateJSON{private.Paper, private.PaperNo, private.Phone, private.Address})
	}
	v := h.newPersonView(by, p, sessionOf(r))
	v.UnmaskURL = ""
	v.Private = &privateView{"证件号", or(private.PaperNo, "未登记"), or(private.Phone, "未登记"), or(private.Address, "未登记")}
	if private.PaperNo != "" {
		v.Private.Paper = private.Paper.Label()
	}
	return h.site.Page(w, r, "patient", v)
}

// privateJSON are the sealed fields for a program.
type privateJSON struct {
	Paper   patient.PaperKind `json:"paper"`
	PaperNo string            `json:"paper_no"`
	Phone   string            `json:"phone"`
	Address string            `json:"address"`
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
