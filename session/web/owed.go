package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// owedRow is medicine that the patient has not been given yet.
type owedRow struct {
	ID, Text string
	Here     bool // noted at this very visit
}

// owedFormView is the form that notes owed medicine.
type owedFormView struct {
	URL   string
	Drugs []choiceView
}

func newOwedRows(list []session.Owed, here uuid.UUID) []owedRow {
	var rows []owedRow
	for _, o := range list {
		row := owedRow{ID: fmt.Sprint(o.ID), Here: o.VisitID == here}
		row.Text = fmt.Sprintf("上次欠 %s %s（%s %s）", o.Drug(), o.Amount(), o.HeldOn.Format("1月2日"), o.Site)
		if row.Here {
			row.Text = fmt.Sprintf("这次欠 %s %s", o.Drug(), o.Amount())
		}
		if o.Note != "" {
			row.Text += "：" + o.Note
		}
		rows = append(rows, row)
	}
	return rows
}

// OwedForm is GET /sessions/{id}/owed?visit=: the form for a visit, fetched when
// it is wanted. A program gets the drugs to choose from.
func (h *Handlers) OwedForm(w http.ResponseWriter, r *http.Request) error {
	_, x, err := h.readSession(r, identity.Dispense)
	if err != nil {
		return err
	}
	drugs, err := session.OwedDrugs(r.Context(), h.db)
	if err != nil {
		return err
	}
	var view owedFormView
	for _, d := range drugs {
		word := inventory.DrugName(d.Generic, d.Spec)
		if d.Loose {
			word += "（可欠" + d.Unit + "）"
		}
		view.Drugs = append(view.Drugs, choiceView{Value: fmt.Sprint(d.ID), Word: word})
	}
	switch {
	case page.WantsJSON(r):
		out := []choiceJSON{}
		for _, d := range view.Drugs {
			out = append(out, choiceJSON{d.Value, d.Word})
		}
		return h.site.JSON(w, r, http.StatusOK, out)
	case !page.IsHTMX(r):
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d", x.ID))
	}
	visit, err := uuid.Parse(r.URL.Query().Get("visit"))
	if err != nil {
		return db.RefuseBecause(err, db.NotFound, "没有这次就诊。请重新扫患者二维码。")
	}
	view.URL = fmt.Sprintf("/sessions/%d/visits/%s/owed", x.ID, visit)
	return h.site.Fragment(w, r, "owed_form", view)
}

// NoteOwed is POST /sessions/{id}/visits/{visit}/owed: 欠药.
func (h *Handlers) NoteOwed(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.OwedNote{SessionID: x.session, Visit: x.visit, CommandID: x.command, Note: r.PostFormValue("note")}
	if in.DrugID, err = formID(r, "drug"); err != nil {
		return err
	}
	for name, to := range map[string]*int{"packs": &in.Packs, "units": &in.Units} {
		text := r.PostFormValue(name)
		if text == "" {
			continue
		}
		if *to, err = strconv.Atoi(text); err != nil {
			return h.refusedDesk(w, r, x.by, x.session, db.RefuseBecause(err, db.Invalid, "欠药的数量请填整数。"))
		}
	}
	a, err := h.sessions.NoteOwed(r.Context(), x.by, in)
	return h.answerNote(w, r, x, a, a.Sentence, err)
}

// SettleOwed is POST /sessions/{id}/visits/{visit}/owed/settle: 已补发.
func (h *Handlers) SettleOwed(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.OwedSettling{SessionID: x.session, Visit: x.visit, CommandID: x.command}
	if in.Owed, err = formID(r, "owed"); err != nil {
		return err
	}
	a, err := h.sessions.SettleOwed(r.Context(), x.by, in)
	return h.answerNote(w, r, x, a, a.Sentence, err)
}

// toSignView is what waits for a doctor's countersignature.
type toSignView struct{ Rows []signRow }

type signRow struct{ URL, Title, About string }

// readToSign reads it for a doctor; for others it is empty.
func (h *Handlers) readToSign(ctx context.Context, by identity.Actor) (toSignView, error) {
	var v toSignView
	if by.Can(identity.Dispense, 0) != nil {
		return v, nil
	}
	list, err := session.ToCountersign(ctx, h.db, by.StaffID)
	for _, x := range list {
		if x.Late {
			v.Rows = append(v.Rows, signRow{URL: fmt.Sprintf("/sessions/%d/records/%d/sign", x.SessionID, x.RecordID),
				Title: fmt.Sprintf("%d 号 · %s %s", x.Number, x.Site, x.HeldOn.Format("1月2日")), About: minute(x.At) + " 收尾时补记了一盒药（推定）"})
			continue
		}
		v.Rows = append(v.Rows, signRow{URL: fmt.Sprintf("/records/%d/countersign", x.RecordID),
			Title: fmt.Sprintf("%d 号 · %s %s", x.Number, x.Site, x.HeldOn.Format("1月2日")),
			About: fmt.Sprintf("%s %s 代为诊毕（%s），共 %d 盒", x.By, minute(x.At), x.Why, x.Packs)})
	}
	return v, err
}

// SignFinished is POST /records/{record}/countersign: the doctor's yes to a visit
// that somebody else finished.
func (h *Handlers) SignFinished(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in := session.SigningFor{}
	if in.RecordID, err = strconv.ParseInt(chi.URLParam(r, "record"), 10, 64); err != nil {
		return db.RefuseBecause(err, db.NotFound, "没有这条记录。请看最新的列表。")
	}
	if in.CommandID, err = formUUID(r, "command_id"); err != nil {
		return err
	}
	a, err := h.sessions.SignFinished(r.Context(), by, in)
	switch {
	case err != nil:
		return err
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, a)
	case !page.IsHTMX(r):
		return h.site.SeeOther(w, r, "/")
	}
	v, err := h.readToSign(r.Context(), by)
	if err != nil {
		return err
	}
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "to_sign", View: v}, page.Part{Name: "band_area", View: page.Band{Tone: page.Good, Text: a.Sentence}})
}
