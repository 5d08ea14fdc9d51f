package web

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// CheckIn is POST /sessions/{id}/visits: a label, number or id of a patient. A
// doctor's scan starts the visit, anybody else's joins the queue; a program
// says which with start=true or false.
func (h *Handlers) CheckIn(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in, err := parseArrival(r, by)
	if err != nil {
		return err
	}
	a, err := h.sessions.CheckIn(r.Context(), by, in)
	if err != nil {
		return h.refusedArrival(w, r, by, in, err)
	}
	return h.answerArrival(w, r, by, in, a)
}

// answerArrival answers a label. A program that may not start yet is refused: a
// visit must not seem to have begun.
func (h *Handlers) answerArrival(w http.ResponseWriter, r *http.Request, by identity.Actor, in session.Arrival, a session.ArrivalAnswer) error {
	if page.WantsJSON(r) {
		if a.Kind == session.FinishFirst {
			return h.site.JSON(w, r, http.StatusConflict, newFinishFirst(a))
		}
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	band := page.Band{Tone: arrivalTone(a.Kind), Text: a.Sentence}
	if in.Start {
		return h.answerDeskWith(w, r, by, in.SessionID, band, func(v *visitView) { v.Again = a.Again })
	}
	return h.answerCheckIn(w, r, in.SessionID, band)
}

// finishFirst is the refusal that a program gets for the label after a forgotten
// 诊毕, with what the same label needs the second time.
type finishFirst struct {
	session.ArrivalAnswer
	Error struct {
		Kind    db.Kind `json:"kind"`
		Message string  `json:"message"`
	} `json:"error"`
}

func newFinishFirst(a session.ArrivalAnswer) finishFirst {
	out := finishFirst{ArrivalAnswer: a}
	out.Error.Kind, out.Error.Message = db.Conflict, a.Sentence
	return out
}

func parseArrival(r *http.Request, by identity.Actor) (session.Arrival, error) {
	in := session.Arrival{Patient: r.PostFormValue("patient"), Again: r.PostFormValue("again"), Start: by.Can(identity.Dispense, 0) == nil}
	if text := r.PostFormValue("start"); text != "" {
		in.Start = text == "true"
	}
	var err error
	if in.SessionID, err = sessionID(r); err != nil {
		return in, err
	}
	if in.CommandID, err = formUUID(r, "command_id"); err != nil {
		return in, err
	}
	if in.DoneAt, err = doneAt(r); err != nil {
		return in, err
	}
	in.Visit, err = formUUID(r, "visit")
	return in, err
}

func (h *Handlers) refusedArrival(w http.ResponseWriter, r *http.Request, by identity.Actor, in session.Arrival, err error) error {
	if in.Start {
		return h.refusedDesk(w, r, by, in.SessionID, err)
	}
	return err
}

func arrivalTone(k session.ArrivalKind) page.Tone {
	if k == session.FinishFirst || k == session.WithOther {
		return page.Caution
	}
	if k == session.AlreadyWaiting || k == session.AlreadyYours {
		return page.Soft
	}
	return page.Good
}

func (h *Handlers) answerCheckIn(w http.ResponseWriter, r *http.Request, id int64, band page.Band) error {
	if !page.IsHTMX(r) {
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d", id))
	}
	view := newCheckInView(headView{URL: fmt.Sprintf("/sessions/%d", id)})
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "check_in", View: view}, page.Part{Name: "band_area", View: band})
}

// Dispense is POST /sessions/{id}/visits/{visit}/scans: one or many codes.
func (h *Handlers) Dispense(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.Scan{SessionID: x.session, Visit: x.visit, CommandID: x.command, Codes: r.PostFormValue("codes"),
		Typed: isTyped(r), Chosen: r.PostFormValue("chosen") != ""}
	if in.DoneAt, err = doneAt(r); err != nil {
		return err
	}
	if in.Quantity, in.Whole, err = formQuantity(r); err != nil {
		return h.refusedDesk(w, r, x.by, x.session, err)
	}
	if !page.WantsJSON(r) && isLabel(in.Codes) {
		return h.nextLabel(w, r, x, in.Codes)
	}
	a, err := h.sessions.Dispense(r.Context(), x.by, in)
	if err != nil {
		return h.refusedDesk(w, r, x.by, x.session, err)
	}
	return h.answerScan(w, r, x, a)
}

// doneAt reads when boxes were handed over while the link was down, by the device's
// clock; zero for boxes that are handed over now.
func doneAt(r *http.Request) (time.Time, error) {
	text := r.PostFormValue("done_at")
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, db.RefuseBecause(err, db.Invalid, "发药时间“done_at”要写成 2026-11-23T10:42:00+08:00 的样子。")
	}
	return at, nil
}

// isTyped tells what a person typed from what a scanner read: the page's script
// marks a scan, a program says typed=true.
func isTyped(r *http.Request) bool {
	if page.WantsJSON(r) {
		return r.PostFormValue("typed") == "true"
	}
	return r.PostFormValue("scanned") == ""
}

// isLabel tells a patient's label, alone, from boxes.
func isLabel(codes string) bool {
	_, err := inventory.ParseTraceCode(codes)
	var wrong *inventory.CodeError
	return errors.As(err, &wrong) && wrong.Kind == inventory.KindPatientLabel
}

// nextLabel takes the label that was scanned where boxes go for what it is: the
// next patient. The new visit's id follows from the command's, so that a repeat
// names the same one.
func (h *Handlers) nextLabel(w http.ResponseWriter, r *http.Request, x act, label string) error {
	in := session.Arrival{SessionID: x.session, Visit: uuid.NewSHA1(x.command, []byte("visit")), CommandID: x.command,
		Patient: label, Start: true, Again: r.PostFormValue("again")}
	a, err := h.sessions.CheckIn(r.Context(), x.by, in)
	if err != nil {
		return h.refusedDesk(w, r, x.by, x.session, err)
	}
	return h.answerArrival(w, r, x.by, in, a)
}

// answerScan answers a scan or an undo, to programs as JSON.
func (h *Handlers) answerScan(w http.ResponseWriter, r *http.Request, x act, a session.ScanAnswer) error {
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.answerDeskAgain(w, r, x.by, x.session, scanBand(a), againCode(a), func(v *visitView) { v.Choices = newChoiceRows(a.Choices) })
}

// scanBand shows the most urgent answer; a batch says how many of each.
func scanBand(a session.ScanAnswer) page.Band {
	worst := a.Worst()
	band := page.Band{Tone: page.Tone(worst.Tone), Text: worst.Sentence, Figure: fmt.Sprint(a.Packs), Unit: "盒"}
	if worst.Code == "" && worst.Raw != "" {
		band.Detail = "读到：" + short(worst.Raw)
	} else if worst.Code != "" {
		band.Detail = "追溯码 …" + tail(worst.Code)
	}
	if len(a.Answers) > 1 {
		good := 0
		for _, x := range a.Answers {
			if x.Kind == "ok" {
				good++
			}
		}
		band.Detail = fmt.Sprintf("这次 %d 个码，记录 %d 盒。", len(a.Answers), good)
		if worst.Kind == inventory.KindBagGiven {
			band.Detail = ""
		}
	}
	return band
}

// Undo is POST /sessions/{id}/visits/{visit}/undo.
func (h *Handlers) Undo(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.Undoing{SessionID: x.session, Visit: x.visit, CommandID: x.command, Code: r.PostFormValue("code")}
	if in.DoneAt, err = doneAt(r); err != nil {
		return err
	}
	a, err := h.sessions.Undo(r.Context(), x.by, in)
	list := r.PostFormValue("from") == "list"
	switch {
	case err != nil && list:
		return h.refusedQueue(w, r, x, err)
	case err != nil:
		return h.refusedDesk(w, r, x.by, x.session, err)
	case list && page.IsHTMX(r):
		return h.answerQueue(w, r, x, x.visit.String(), scanBand(a))
	}
	return h.answerScan(w, r, x, a)
}

// Finish is POST /sessions/{id}/visits/{visit}/finish: 诊毕.
func (h *Handlers) Finish(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.Ending{SessionID: x.session, Visit: x.visit, CommandID: x.command, Collector: r.PostFormValue("collector"),
		CollectorName: r.PostFormValue("collector_name"), Relation: r.PostFormValue("relation"), Prescription: r.PostFormValue("prescription"),
		NoDrugReason: r.PostFormValue("no_drug_reason"), AskLeft: r.PostFormValue("ask_left") != "", Left: session.Left(r.PostFormValue("left")),
		OverReason: r.PostFormValue("over_reason"), OverAsked: r.PostFormValue("over_asked") != ""}
	if in.NextDue, err = formDate(r, "next_due"); err != nil {
		return h.refusedDesk(w, r, x.by, x.session, err)
	}
	if in.DoneAt, err = doneAt(r); err != nil {
		return err
	}
	a, err := h.sessions.FinishVisit(r.Context(), x.by, in)
	if err != nil {
		return h.refusedDesk(w, r, x.by, x.session, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	band := page.Band{Tone: page.Good, Text: a.Sentence}
	if a.NotRecorded+a.OverLimit > 0 {
		band.Tone = page.Caution
	}
	return h.answerDeskWith(w, r, x.by, x.session, band, func(v *visitView) {
		v.Finish = newFinishView(v, in, a.NotRecorded)
		if a.OverLimit > 0 {
			v.Finish.askOver(append(v.Lines[:len(v.Lines):len(v.Lines)], v.Older...))
		}
	})
}
