package web

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"jingfang/session"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// notesView is what the desk reminds of, quietly and without stopping anybody:
// medicine that was collected already, long-acting injections, checks that are
// due.
type notesView struct {
	URL     string // of the visit
	Today   string // for the date of a check
	Early   []earlyView
	Shots   []shotView
	Checks  []checkView
	Asks    bool   // one of them may be answered
	warning string // of a drug that has just been given early
}

// earlyView is a drug whose last supply is not used up.
type earlyView struct {
	DrugID  string
	Drug    string
	Text    string
	Reason  string // what was said, or ""
	Reasons []choiceView
	Ask     bool // the visit has been given the drug: the reasons are offered
}

// shotView asks for an injection of a long-acting drug.
type shotView struct {
	DrugID, Drug string
	By           string
	Said         string // what was said, with the next date, or ""
}

// checkView is a check that has not been seen for too long.
type checkView struct{ DrugID, Text, Check string }

// addNotes reads the reminders of an open visit, and the next pick-up day.
func (h *Handlers) addNotes(ctx context.Context, view *visitView, x session.Session, v session.Visit, lines []session.Line) error {
	last, err := session.LastSupplies(ctx, h.db, v)
	if err != nil {
		return err
	}
	var drugs []int64
	for _, s := range last {
		drugs = append(drugs, s.DrugID)
	}
	for _, l := range lines {
		drugs = append(drugs, l.DrugID)
	}
	slices.Sort(drugs)
	cares, err := session.ReadTableCare(ctx, h.db, v, slices.Compact(drugs))
	if err != nil {
		return err
	}
	due, err := session.ReadNextDue(ctx, h.db, x, v.ID)
	if err != nil {
		return err
	}
	view.Notes = newNotesView(view.URL, x.HeldOn, last, cares)
	view.Finish.Due = newDueView(due, x.HeldOn)
	view.next = view.Finish.Due
	return nil
}

func newNotesView(url string, today time.Time, last []session.Supply, cares []session.TableCare) notesView {
	n := notesView{URL: url, Today: today.Format(time.DateOnly)}
	for _, s := range last {
		if !s.Early(today) {
			continue
		}
		e := earlyView{DrugID: fmt.Sprint(s.DrugID), Drug: s.Generic, Text: s.Sentence(today), Ask: s.Here > 0}
		for _, r := range session.RefillReasons() {
			e.Reasons = append(e.Reasons, choiceView{Value: string(r), Word: r.Word(), Chosen: string(r) == s.Reason})
		}
		if s.Reason != "" {
			e.Reason = session.RefillReason(s.Reason).Word()
		}
		if s.Here == 1 && s.Reason == "" {
			n.warning = e.Text
		}
		n.Asks = n.Asks || e.Ask
		n.Early = append(n.Early, e)
	}
	for _, c := range cares {
		if c.DepotDays > 0 && c.Here {
			n.Shots = append(n.Shots, newShotView(c))
		}
		if c.CheckDue(today) {
			n.Checks = append(n.Checks, checkView{DrugID: fmt.Sprint(c.DrugID), Text: c.CheckSentence(today), Check: c.Check})
		}
	}
	n.Asks = n.Asks || len(n.Shots)+len(n.Checks) > 0
	return n
}

func newShotView(c session.TableCare) shotView {
	v := shotView{DrugID: fmt.Sprint(c.DrugID), Drug: c.DrugName(), By: c.GivenBy}
	if c.NextOn == nil {
		return v
	}
	word := "在此注射"
	if c.Place == session.InjectionAway {
		word = "带走"
	}
	v.Said = word
	if c.GivenBy != "" {
		v.Said += "（" + c.GivenBy + "）"
	}
	v.Said += "，下次 " + c.NextOn.Format("1月2日")
	return v
}

// warn makes the yes to the first box of a drug that comes early a cautious one.
func (n notesView) warn(band page.Band) page.Band {
	if n.warning != "" && band.Tone == page.Good {
		band.Tone, band.Detail = page.Caution, n.warning
	}
	return band
}

// dueView is the next pick-up day in the form of 诊毕.
type dueView struct{ On, First, Last, About string }

func newDueView(due session.NextDue, today time.Time) dueView {
	v := dueView{First: today.AddDate(0, 0, 1).Format(time.DateOnly), Last: today.AddDate(0, 0, 366).Format(time.DateOnly)}
	if due.On.IsZero() {
		return v
	}
	v.On, v.About = due.On.Format(time.DateOnly), "按所发天数"
	if due.Clinic {
		v.About = "本点下次义诊"
	}
	if !due.Short.IsZero() {
		v.About += "，药只够到 " + due.Short.Format("1月2日")
	}
	return v
}

// formDate reads a date from a form; the zero time when it is empty.
func formDate(r *http.Request, name string) (time.Time, error) {
	text := r.PostFormValue(name)
	if text == "" {
		return time.Time{}, nil
	}
	on, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return on, db.RefuseBecause(err, db.Invalid, "日期请写成 2026-11-23 的样子。")
	}
	return on, nil
}

// NoteRefill is POST /sessions/{id}/visits/{visit}/refill: why a drug is given
// before the last supply is used up.
func (h *Handlers) NoteRefill(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.Refilling{SessionID: x.session, Visit: x.visit, CommandID: x.command, Reason: session.RefillReason(r.PostFormValue("reason"))}
	if in.DrugID, err = formID(r, "drug"); err != nil {
		return err
	}
	a, err := h.sessions.NoteEarlyRefill(r.Context(), x.by, in)
	return h.answerNote(w, r, x, a, a.Sentence, err)
}

// NoteInjection is POST /sessions/{id}/visits/{visit}/injection: a long-acting
// drug is given here, or taken away.
func (h *Handlers) NoteInjection(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.Injecting{SessionID: x.session, Visit: x.visit, CommandID: x.command, Place: r.PostFormValue("place"), By: r.PostFormValue("by")}
	if in.DrugID, err = formID(r, "drug"); err != nil {
		return err
	}
	a, err := h.sessions.NoteInjection(r.Context(), x.by, in)
	return h.answerNote(w, r, x, a, a.Sentence, err)
}

// NoteCheck is POST /sessions/{id}/visits/{visit}/check: a check was done.
func (h *Handlers) NoteCheck(w http.ResponseWriter, r *http.Request) error {
	x, err := parseAct(r)
	if err != nil {
		return err
	}
	in := session.Checking{SessionID: x.session, Visit: x.visit, CommandID: x.command}
	if in.DrugID, err = formID(r, "drug"); err != nil {
		return err
	}
	if in.DoneOn, err = formDate(r, "done_on"); err != nil {
		return h.refusedDesk(w, r, x.by, x.session, err)
	}
	a, err := h.sessions.NoteCheck(r.Context(), x.by, in)
	return h.answerNote(w, r, x, a, a.Sentence, err)
}
