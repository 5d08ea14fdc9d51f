package web

import (
	"net/http"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
)

// labelView is the view of the page "label": one label as it is printed.
type labelView struct {
	Number string
	Name   string // masked
	Site   string
	Code   page.QR
	Back   string
	Copies int  // how often it was sent to a printer, with this time
	Fresh  bool // it replaces labels that were revoked
}

// PrintLabel is POST /patients/{id}/label: the page to print. It counts as a
// print, which only the person at the printer can confirm.
func (h *Handlers) PrintLabel(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	l, err := h.patients.PrintLabel(r.Context(), by, p.ID)
	if err != nil {
		return err
	}
	return h.showLabel(w, r, l, false)
}

// LoseLabel is POST /patients/{id}/label/lost (挂失补打): all labels of the
// patient are revoked and a new one is shown to print.
func (h *Handlers) LoseLabel(w http.ResponseWriter, r *http.Request) error {
	by, p, err := h.find(r)
	if err != nil {
		return err
	}
	l, err := h.loseLabel(r, by, p)
	if err != nil {
		return err
	}
	return h.showLabel(w, r, l, true)
}

func (h *Handlers) loseLabel(r *http.Request, by identity.Actor, p patient.Patient) (patient.Label, error) {
	id, err := formCommand(r)
	if err != nil {
		return patient.Label{}, err
	}
	return h.patients.ReplaceLabels(r.Context(), by, patient.Loss{PatientID: p.ID, CommandID: id})
}

func (h *Handlers) showLabel(w http.ResponseWriter, r *http.Request, l patient.Label, fresh bool) error {
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, labelJSON{l.Number, l.Masked(), l.Place(), l.Token, l.PrintCount})
	}
	code, err := page.NewQR(l.Token)
	if err != nil {
		return err
	}
	return h.site.Page(w, r, "label", labelView{Number: l.Number, Name: l.Masked(), Site: l.Place(), Code: code,
		Back: pageURL(l.PatientID, sessionOf(r)), Copies: l.PrintCount, Fresh: fresh})
}

// labelJSON is a label for a program that prints.
type labelJSON struct {
	Number     string `json:"number"`
	Name       string `json:"name"` // masked
	Site       string `json:"site"`
	Token      string `json:"token"` // the text of the QR code
	PrintCount int    `json:"print_count"`
}
