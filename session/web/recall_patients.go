package web

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// peoplePerPage is how many of a recall's people one page shows.
const peoplePerPage = 40

// recallPeopleView is the people of a recall.
type recallPeopleView struct {
	URL, RecallURL, Number, Subject string
	Progress                        recallProgressView
	Filters                         []recallFilter
	Rows                            []recallPersonView
	PrevURL, NextURL, Page          string
}

// recallProgressView is how far the calling has come; Again replaces the one on
// the page.
type recallProgressView struct {
	Reached, Patients, Left int
	Again                   bool
}

type recallFilter struct {
	URL, Word string
	People    int
	Chosen    bool
}

// recallPersonView is one of them; Phone and History are empty until asked for.
type recallPersonView struct {
	ID, URL, Number, Name, HomeSite string
	Word, Tone, Last                string
	Boxes                           []recallBoxView
	States                          []recallStateChoice
	MayUnmask                       bool
}

type recallBoxView struct {
	Drug, Batch, Amount, Head, Tail, URL, About string
	Returned                                    bool
}

type recallStateChoice struct{ Value, Word string }

// RecallPatients is GET /recalls/{id}/patients: who was given one of the boxes.
// Opening it is audited.
func (h *Handlers) RecallPatients(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := recallID(r)
	if err != nil {
		return err
	}
	list, err := h.sessions.RecallPatients(r.Context(), by, id, "view")
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newRecallPeopleJSON(list))
	}
	q := r.URL.Query()
	number, err := strconv.Atoi(q.Get("page"))
	if err != nil || number < 1 {
		number = 1
	}
	return h.site.Page(w, r, "recall_patients", newRecallPeopleView(list, by, session.ContactState(q.Get("state")), number))
}

// recallID reads the number of the recall from the address.
func recallID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, db.Refuse(db.NotFound, "没有这个召回。请从召回列表重新进入。")
	}
	return id, nil
}

// recallPerson reads the recall and the patient in the address, for who may call.
func (h *Handlers) recallPerson(r *http.Request) (by identity.Actor, a inventory.Recall, patientID int64, err error) {
	if by, err = identity.Who(r.Context()); err != nil {
		return by, a, 0, err
	}
	if err = identity.Allow(r.Context(), h.db, by, identity.CallPatients, 0); err != nil {
		return by, a, 0, err
	}
	id, err := recallID(r)
	if err != nil {
		return by, a, 0, err
	}
	if patientID, err = strconv.ParseInt(chi.URLParam(r, "patient"), 10, 64); err != nil {
		return by, a, 0, db.RefuseBecause(err, db.NotFound, "没有这位患者。请看最新的名单。")
	}
	a, err = inventory.FindRecall(r.Context(), h.db, id)
	return by, a, patientID, err
}

// NoteContact is POST /recalls/{id}/patients/{patient}: what came of calling.
func (h *Handlers) NoteContact(w http.ResponseWriter, r *http.Request) error {
	by, a, patientID, err := h.recallPerson(r)
	if err != nil {
		return err
	}
	in := session.Contacting{RecallID: a.ID, PatientID: patientID, State: session.ContactState(r.PostFormValue("state")), Note: r.PostFormValue("note")}
	if in.CommandID, err = formUUID(r, "command_id"); err != nil {
		return err
	}
	if _, err = h.sessions.NoteContact(r.Context(), by, in); err != nil {
		return err
	}
	if !page.IsHTMX(r) && !page.WantsJSON(r) {
		return h.site.SeeOther(w, r, fmt.Sprintf("/recalls/%d/patients", a.ID))
	}
	p, err := session.ReadRecallPatient(r.Context(), h.db, by, a, patientID)
	if err != nil {
		return err
	}
	calls, err := session.ReadRecallProgress(r.Context(), h.db, by, a)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newRecallPersonJSON(p))
	}
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "recall_person", View: newRecallPersonView(a.ID, p, by)},
		page.Part{Name: "recall_progress", View: newRecallProgressView(calls, true)})
}

// RecallPhone is POST /recalls/{id}/patients/{patient}/phone: the number in
// clear, which is audited.
func (h *Handlers) RecallPhone(w http.ResponseWriter, r *http.Request) error {
	by, a, patientID, err := h.recallPerson(r)
	if err != nil {
		return err
	}
	if _, err = session.ReadRecallPatient(r.Context(), h.db, by, a, patientID); err != nil {
		return err
	}
	open, err := h.patients.Unmask(r.Context(), by, patientID)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, struct {
			Phone string `json:"phone"`
		}{open.Phone})
	}
	return h.site.Fragment(w, r, "recall_phone", recallPhoneView{Phone: open.Phone})
}

// recallPhoneView is a telephone number, "" for none on file.
type recallPhoneView struct{ Phone string }

// RecallHistory is GET /recalls/{id}/patients/{patient}: every attempt to reach
// the person.
func (h *Handlers) RecallHistory(w http.ResponseWriter, r *http.Request) error {
	by, a, patientID, err := h.recallPerson(r)
	if err != nil {
		return err
	}
	if _, err = session.ReadRecallPatient(r.Context(), h.db, by, a, patientID); err != nil {
		return err
	}
	list, err := session.RecallContacts(r.Context(), h.db, a.ID, patientID)
	if err != nil {
		return err
	}
	return h.site.Fragment(w, r, "recall_history", newRecallHistoryView(list))
}

// recallHistoryView is the attempts to reach a person, the last first.
type recallHistoryView struct{ Rows []recallHistoryRow }

type recallHistoryRow struct{ Word, Note, About string }

func newRecallHistoryView(list []session.Contact) recallHistoryView {
	var v recallHistoryView
	for _, c := range list {
		v.Rows = append(v.Rows, recallHistoryRow{Word: c.State.Word(), Note: c.Note, About: contactStamp(c)})
	}
	return v
}

func contactStamp(c session.Contact) string {
	if c.By == "" {
		return ""
	}
	return c.At.In(session.Zone()).Format("1月2日 15:04") + " " + c.By
}

func newRecallProgressView(p session.RecallProgress, again bool) recallProgressView {
	return recallProgressView{Reached: p.Reached, Patients: p.Patients, Left: p.Patients - p.Reached, Again: again}
}

func newRecallPeopleView(list session.RecallList, by identity.Actor, only session.ContactState, number int) recallPeopleView {
	a := list.Recall
	v := recallPeopleView{RecallURL: fmt.Sprintf("/recalls/%d", a.ID), URL: fmt.Sprintf("/recalls/%d/patients", a.ID), Number: a.Number(), Subject: a.Subject(),
		Progress: newRecallProgressView(session.RecallProgress{Patients: len(list.Patients), Reached: list.Reached}, false)}
	people := map[session.ContactState]int{}
	var shown []session.RecallPatient
	for _, p := range list.Patients {
		people[p.Contact.State]++
		if only == "" || p.Contact.State == only {
			shown = append(shown, p)
		}
	}
	v.Filters = append(v.Filters, recallFilter{URL: v.URL, Word: "全部", People: len(list.Patients), Chosen: only == ""})
	for _, s := range session.ContactStates() {
		if people[s] > 0 || s == only {
			v.Filters = append(v.Filters, recallFilter{URL: v.URL + "?state=" + string(s), Word: s.Word(), People: people[s], Chosen: s == only})
		}
	}
	v.turn(len(shown), number, only)
	for i := (number - 1) * peoplePerPage; i < min(number*peoplePerPage, len(shown)); i++ {
		v.Rows = append(v.Rows, newRecallPersonView(a.ID, shown[i], by))
	}
	return v
}

// turn offers the pages before and after.
func (v *recallPeopleView) turn(people, number int, only session.ContactState) {
	to := func(n int) string { return fmt.Sprintf("%s?state=%s&page=%d", v.URL, only, n) }
	pages := (people + peoplePerPage - 1) / peoplePerPage
	if pages > 1 {
		v.Page = fmt.Sprintf("第 %d / %d 页", number, pages)
	}
	if number > 1 && number <= pages {
		v.PrevURL = to(number - 1)
	}
	if number < pages {
		v.NextURL = to(number + 1)
	}
}

func newRecallPersonView(recallID int64, p session.RecallPatient, by identity.Actor) recallPersonView {
	v := recallPersonView{ID: fmt.Sprintf("person-%d", p.ID), URL: fmt.Sprintf("/recalls/%d/patients/%d", recallID, p.ID), Number: p.Number, Name: patient.MaskName(p.Name),
		HomeSite: p.HomeSite, Word: p.Contact.State.Word(), Tone: contactTone(p.Contact.State), Last: contactStamp(p.Contact), MayUnmask: by.Can(identity.UnmaskPatient, 0) == nil}
	if p.Contact.Note != "" {
		v.Last += "：" + p.Contact.Note
	}
	for _, b := range p.Boxes {
		v.Boxes = append(v.Boxes, recallBoxView{Drug: b.DrugName(), Batch: b.Batch, Amount: b.Amount(), Head: b.Code[:max(0, len(b.Code)-4)], Tail: tail(b.Code), URL: traceURL(b.Code),
			About: b.At.In(session.Zone()).Format("2006-01-02") + " " + b.Site + " " + b.Doctor, Returned: b.Returned})
	}
	for _, s := range session.ContactStates()[1:] {
		v.States = append(v.States, recallStateChoice{string(s), s.Word()})
	}
	return v
}

func contactTone(s session.ContactState) string {
	switch s {
	case session.NotYet:
		return "bad"
	case session.Unreached:
		return "caution"
	case session.ToldOfIt, session.HandedBack:
		return "good"
	}
	return "soft"
}

// recallPersonJSON is a person of a recall for programs, masked.
type recallPersonJSON struct {
	PatientID int64           `json:"patient_id"`
	Number    string          `json:"number"`
	Name      string          `json:"name"`
	State     string          `json:"state"`
	Boxes     []recallBoxJSON `json:"boxes"`
}

type recallBoxJSON struct {
	Code     string `json:"code"`
	Drug     string `json:"drug"`
	Batch    string `json:"batch"`
	Quantity int64  `json:"quantity"`
	Date     string `json:"date"`
	Site     string `json:"site"`
	Doctor   string `json:"doctor"`
	Returned bool   `json:"returned"`
}

// recallPeopleJSON is all of them.
type recallPeopleJSON struct {
	Patients int                `json:"patients"`
	Reached  int                `json:"reached"`
	People   []recallPersonJSON `json:"people"`
}

func newRecallPersonJSON(p session.RecallPatient) recallPersonJSON {
	j := recallPersonJSON{PatientID: p.ID, Number: p.Number, Name: patient.MaskName(p.Name), State: string(p.Contact.State), Boxes: []recallBoxJSON{}}
	for _, b := range p.Boxes {
		j.Boxes = append(j.Boxes, recallBoxJSON{b.Code, b.DrugName(), b.Batch, b.Quantity, b.At.In(session.Zone()).Format("2006-01-02"), b.Site, b.Doctor, b.Returned})
	}
	return j
}

func newRecallPeopleJSON(list session.RecallList) recallPeopleJSON {
	out := recallPeopleJSON{Patients: len(list.Patients), Reached: list.Reached, People: []recallPersonJSON{}}
	for _, p := range list.Patients {
		out.People = append(out.People, newRecallPersonJSON(p))
	}
	return out
}
