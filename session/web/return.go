package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// returnView is the page on which a patient's boxes come back at the table.
type returnView struct {
	Head headView
	Body returnBody
}

// returnBody is all of a return that a scan changes.
type returnBody struct {
	URL, BackURL string
	// Number and Name are the patient at the table; empty in the pharmacy.
	Number, Name string
	// Line says what the empty boxes say of the last supply, About when that was.
	Line, About string
	Boxes       []supplyRow
	Forms       []choiceView
	Units       string
	// Patient is who brings it, in the pharmacy.
	Patient  string
	Pharmacy bool
	Answers  []packedRow // of the last scan, when it brought several
	Rows     []returnRow
	Notes    []returnRow
	MoreNote bool
}

// supplyRow is a box of the last supply.
type supplyRow struct {
	Drug, Tail, Word string
	Back             bool
}

// returnRow is a box that was brought back.
type returnRow struct {
	ID, Drug, Tail, Word, Tone, About, Given, Why string
	VoidURL, SeeURL                               string
	// Session and Visit lead back to the table.
	Session, Visit string
}

// How many rows a page of returns shows.
const (
	lastReturns = 20
	openNotes   = 50
)

// Return is GET /sessions/{id}/visits/{visit}/return: what the patient of a visit
// brought back. A program gets the adherence and the boxes.
func (h *Handlers) Return(w http.ResponseWriter, r *http.Request) error {
	_, x, err := h.readSession(r, identity.TakeReturn)
	if err != nil {
		return err
	}
	visit, err := visitID(r)
	if err != nil {
		return err
	}
	body, a, err := h.readReturn(r.Context(), x, visit, session.ReturnEmpty, "")
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newAdherenceJSON(a))
	}
	return h.site.Page(w, r, "return", returnView{Head: newHeadView(x), Body: body})
}

// readReturn reads the page of a visit's return.
func (h *Handlers) readReturn(ctx context.Context, x session.Session, visit uuid.UUID, form session.ReturnForm, units string) (returnBody, session.Adherence, error) {
	var a session.Adherence
	v, err := session.FindVisit(ctx, h.db, x.ID, visit)
	if err != nil {
		return returnBody{}, a, err
	}
	if a, err = session.ReadAdherence(ctx, h.db, v.PatientID, visit, h.db.Now()); err != nil {
		return returnBody{}, a, err
	}
	list, err := session.VisitReturns(ctx, h.db, visit)
	if err != nil {
		return returnBody{}, a, err
	}
	url := fmt.Sprintf("/sessions/%d", x.ID)
	b := returnBody{URL: fmt.Sprintf("%s/visits/%s/return", url, visit), BackURL: url, Number: fmt.Sprint(v.Number), Name: v.Patient,
		Line: a.Sentence(), Boxes: newSupplyRows(a), Forms: returnForms(form), Units: units}
	if b.Line != "" {
		b.About = fmt.Sprintf("上次 %s 在%s取药 %d 盒", a.GivenOn.Format("1月2日"), a.Site, len(a.Boxes))
	}
	for _, y := range list {
		row := newReturnRow(y, false)
		row.Session, row.Visit = fmt.Sprint(x.ID), visit.String()
		// The table knows who sits there; what is odd is the pharmacist's business.
		row.About, row.Given, row.Why, row.Tone = y.At.In(session.Zone()).Format("15:04")+" · "+y.Taker, "", "", "soft"
		b.Rows = append(b.Rows, row)
	}
	return b, a, nil
}

func newSupplyRows(a session.Adherence) []supplyRow {
	rows := make([]supplyRow, len(a.Boxes))
	for i, b := range a.Boxes {
		rows[i] = supplyRow{Drug: b.DrugName(), Tail: tail(b.Code), Back: b.Back != "", Word: "未见"}
		switch {
		case b.Back == session.ReturnEmpty:
			rows[i].Word = "空盒已见"
		case rows[i].Back:
			rows[i].Word = "已退回"
		}
	}
	return rows
}

// returnForms are the three ways in which a box comes back.
func returnForms(chosen session.ReturnForm) []choiceView {
	var list []choiceView
	for _, f := range []session.ReturnForm{session.ReturnEmpty, session.ReturnFull, session.ReturnOpened} {
		list = append(list, choiceView{Value: string(f), Word: f.Word(), Chosen: f == chosen})
	}
	return list
}

// newReturnRow is a row of a list; names are masked in it.
func newReturnRow(x session.Returned, maySee bool) returnRow {
	v := returnRow{ID: fmt.Sprint(x.ID), Drug: x.DrugName(), Tail: tail(x.Code), Word: x.Form.Word(), Tone: "soft"}
	switch {
	case x.Code == "":
		v.Drug, v.Tail = "码看不清的空盒", ""
	case v.Drug == "":
		v.Drug = "不在账上的码"
	}
	if x.Units > 0 {
		v.Word += fmt.Sprintf(" %d %s", x.Units, x.Unit)
	}
	parts := []string{x.At.In(session.Zone()).Format("1月2日 15:04"), x.Taker}
	if x.Site != "" {
		parts = append(parts, fmt.Sprintf("%s %d 号", x.Site, x.Number))
	}
	if x.Patient != "" {
		parts = append(parts, patient.MaskName(x.Patient))
	}
	v.About = strings.Join(parts, " · ")
	if x.GivenOn != nil && x.Note != "" {
		v.Given = fmt.Sprintf("当时发给 %s（%s %s %d 号）", patient.MaskName(x.GivenTo), x.GivenOn.Format("1月2日"), x.GivenSite, x.GivenNumber)
	}
	if x.Note != "" {
		v.Tone = "caution"
		v.Why = inventory.AnswerKind(x.Note).Sentence(inventory.Details{Drug: x.DrugName(), State: x.PackState().Chinese()})
	}
	if x.Form == session.ReturnEmpty && x.PackState() != inventory.StateQuarantined {
		v.VoidURL = "/returns/" + v.ID + "/void"
	}
	if maySee && x.Note != "" {
		v.SeeURL = "/returns/" + v.ID + "/seen"
	}
	return v
}

// TakeReturn is POST /sessions/{id}/visits/{visit}/return.
func (h *Handlers) TakeReturn(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in, err := parseReturn(r, x.command)
	if err != nil {
		return err
	}
	in.SessionID, in.Visit = x.session, x.visit
	a, err := h.sessions.TakeReturn(r.Context(), x.by, in)
	if page.WantsJSON(r) || !page.IsHTMX(r) {
		return h.plainReturn(w, r, a, err, fmt.Sprintf("/sessions/%d/visits/%s/return", x.session, x.visit))
	}
	band, err := returnBand(a, err)
	if err != nil {
		return err
	}
	s, err := session.Find(r.Context(), h.db, x.session)
	if err != nil {
		return err
	}
	body, _, err := h.readReturn(r.Context(), s, x.visit, in.Form, r.PostFormValue("units"))
	if err != nil {
		return err
	}
	body.Answers = returnAnswers(a)
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "return_body", View: body}, page.Part{Name: "band_area", View: band})
}

// parseReturn reads the form of a return.
func parseReturn(r *http.Request, command uuid.UUID) (session.Returning, error) {
	in := session.Returning{CommandID: command, Codes: r.PostFormValue("codes"), Form: session.ReturnForm(r.PostFormValue("back")),
		Unread: r.PostFormValue("unread") != ""}
	if text := strings.TrimSpace(r.PostFormValue("units")); text != "" && in.Form == session.ReturnOpened {
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil || n < 0 {
			return in, db.RefuseBecause(err, db.Invalid, "还剩多少请填整数。")
		}
		in.Units = n
	}
	return in, nil
}

// plainReturn answers a program, or a browser without htmx.
func (h *Handlers) plainReturn(w http.ResponseWriter, r *http.Request, a session.ReturnAnswer, err error, url string) error {
	switch {
	case err != nil:
		return err
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.site.SeeOther(w, r, url)
}

// returnBand is the answer across the page; a refusal that the person can mend
// is said there too, and the page stays as it is filled in.
func returnBand(a session.ReturnAnswer, err error) (page.Band, error) {
	if kind := db.KindOf(err); kind == db.Conflict || kind == db.Invalid || kind == db.NotFound {
		return page.Band{Tone: page.Caution, Text: db.Sentence(err)}, nil
	}
	if err != nil {
		return page.Band{}, err
	}
	worst := a.Worst()
	band := page.Band{Tone: page.Tone(worst.Tone), Text: worst.Sentence}
	switch {
	case len(a.Answers) > 1:
		band.Detail = fmt.Sprintf("这次 %d 个码：收回 %d 盒，空盒 %d 个，请药师核对 %d 个。", len(a.Answers), a.Taken, a.Ticked, a.Noted)
	case worst.Code != "":
		band.Detail = "追溯码 …" + tail(worst.Code)
	}
	return band, nil
}

// returnAnswers lists the codes of a scan of several.
func returnAnswers(a session.ReturnAnswer) []packedRow {
	if len(a.Answers) < 2 {
		return nil
	}
	return newPackedRows(a.Answers)
}
