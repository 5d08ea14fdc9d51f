package web

import (
	"fmt"
	"net/http"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
)

// paperView is the view of the page "roster_paper": the roster on paper for a day without
// the server.
type paperView struct {
	Head  headView
	Count string
	Rows  []paperRow
	Drugs []paperDrug
	// CanEnter offers the entry afterwards, to doctors and to who has the duty.
	CanEnter bool
}

type paperRow struct {
	Number, Name string // the name masked
	Labelled     bool
	Code         page.QR
}

type paperDrug struct {
	Drug, Count string
	Tails       []string
}

// paperTail is how many last characters of a code the list of packs shows.
const paperTail = 6

// Paper is GET /sessions/{id}/paper.
func (h *Handlers) Paper(w http.ResponseWriter, r *http.Request) error {
	by, x, err := h.readSession(r, identity.PrintLabel)
	if err != nil {
		return err
	}
	p, err := h.sessions.ReadPaperRoster(r.Context(), by, x.ID)
	if err != nil {
		return err
	}
	v := paperView{Head: newHeadView(x), Count: fmt.Sprint(len(p.People)), CanEnter: by.Can(identity.Dispense, x.SiteID) == nil || scopeOf(audienceIn(by, x)).requests}
	for _, e := range p.People {
		row := paperRow{Number: e.Number, Name: patient.MaskName(e.Name)}
		if token := p.Labels[e.PatientID]; token != "" {
			if row.Code, err = page.NewQR(token); err != nil {
				return err
			}
			row.Labelled = true
		}
		v.Rows = append(v.Rows, row)
	}
	for _, d := range p.Drugs {
		drug := paperDrug{Drug: d.Drug, Count: fmt.Sprint(len(d.Codes))}
		for _, c := range d.Codes {
			drug.Tails = append(drug.Tails, c[max(0, len(c)-paperTail):])
		}
		v.Drugs = append(v.Drugs, drug)
	}
	return h.site.Page(w, r, "roster_paper", v)
}
