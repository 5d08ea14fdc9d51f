package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// returnsView is the page of a return in the pharmacy, with what the pharmacist is to look
// at.
type returnsView struct{ Body returnBody }

// Returns is GET /returns: what patients bring back in the pharmacy, and what is
// to be looked at. A program gets the last returns.
func (h *Handlers) Returns(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	if err := by.Can(identity.TakeReturn, 0); err != nil {
		return err
	}
	body, err := h.readReturns(r.Context(), by, session.ReturnFull, "", "")
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newReturnsJSON(body))
	}
	return h.site.Page(w, r, "returns", returnsView{Body: body})
}

func (h *Handlers) readReturns(ctx context.Context, by identity.Actor, form session.ReturnForm, units, who string) (returnBody, error) {
	b := returnBody{URL: "/returns", Pharmacy: true, Forms: returnForms(form), Units: units, Patient: who}
	notes, err := session.ReturnNotes(ctx, h.db, openNotes+1)
	if err != nil {
		return b, err
	}
	if b.MoreNote = len(notes) > openNotes; b.MoreNote {
		notes = notes[:openNotes]
	}
	last, err := session.LastReturns(ctx, h.db, lastReturns)
	if err != nil {
		return b, err
	}
	for _, x := range notes {
		b.Notes = append(b.Notes, newReturnRow(x, by.Can(identity.Dispose, 0) == nil))
	}
	for _, x := range last {
		b.Rows = append(b.Rows, newReturnRow(x, false))
	}
	return b, nil
}

// TakeReturns is POST /returns: a return in the pharmacy. A patient's label in
// the field for boxes says who brings the next ones.
func (h *Handlers) TakeReturns(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	command, err := formUUID(r, "command_id")
	if err != nil {
		return err
	}
	in, err := parseReturn(r, command)
	if err != nil {
		return err
	}
	in.Patient = strings.TrimSpace(r.PostFormValue("patient"))
	var a session.ReturnAnswer
	band := page.Band{Tone: page.Good, Text: "已选患者。请扫带回来的药盒。"}
	if token, wrong := patient.ParseToken(in.Codes); wrong == nil && !page.WantsJSON(r) {
		in.Patient = token.String()
	} else {
		a, err = h.sessions.TakeReturn(r.Context(), by, in)
		if page.WantsJSON(r) || !page.IsHTMX(r) {
			return h.plainReturn(w, r, a, err, "/returns")
		}
		if band, err = returnBand(a, err); err != nil {
			return err
		}
	}
	body, err := h.readReturns(r.Context(), by, in.Form, r.PostFormValue("units"), in.Patient)
	if err != nil {
		return err
	}
	body.Answers = returnAnswers(a)
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "return_body", View: body}, page.Part{Name: "band_area", View: band})
}

// VoidReturn is POST /returns/{id}/void: a tick that was made by mistake.
func (h *Handlers) VoidReturn(w http.ResponseWriter, r *http.Request) error {
	return h.settleReturn(w, r, h.sessions.VoidReturn)
}

// SeeReturn is POST /returns/{id}/seen: the pharmacist has looked into a note.
func (h *Handlers) SeeReturn(w http.ResponseWriter, r *http.Request) error {
	return h.settleReturn(w, r, h.sessions.SeeReturn)
}

func (h *Handlers) settleReturn(w http.ResponseWriter, r *http.Request, do func(context.Context, identity.Actor, session.VoidingReturn) error) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in := session.VoidingReturn{}
	if in.ID, err = strconv.ParseInt(chi.URLParam(r, "id"), 10, 64); err != nil {
		return db.RefuseBecause(err, db.NotFound, "没有这条退药登记。请看最新的列表。")
	}
	if in.CommandID, err = formUUID(r, "command_id"); err != nil {
		return err
	}
	if err := do(r.Context(), by, in); err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]bool{"ok": true})
	}
	return h.site.SeeOther(w, r, returnURL(r))
}

// returnURL leads back to the table that the form names, or to the pharmacy.
func returnURL(r *http.Request) string {
	id, err1 := formID(r, "session")
	visit, err2 := uuid.Parse(r.PostFormValue("visit"))
	if err1 != nil || err2 != nil || id == 0 {
		return "/returns"
	}
	return fmt.Sprintf("/sessions/%d/visits/%s/return", id, visit)
}
