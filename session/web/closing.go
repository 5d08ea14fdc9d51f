package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// Closing is GET /sessions/{id}/closing: 停止发药, the left-overs, the codes that
// are missing, the two who confirm, and after that what was added.
func (h *Handlers) Closing(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := sessionID(r)
	if err != nil {
		return err
	}
	facts, err := session.ReadClosing(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	if err := identity.Allow(r.Context(), h.db, by, identity.ViewSession, facts.Session.SiteID); err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newClosingJSON(facts))
	}
	v, err := h.drawClosing(r, by, facts)
	if err != nil {
		return err
	}
	if page.IsHTMX(r) && r.URL.Query().Get("part") != "" {
		return h.closingNews(w, r, v)
	}
	return h.site.Page(w, r, "closing", closingPage{Head: newHeadView(facts.Session), Body: v, Signatures: facts.Signatures.Sentence()})
}

// closingNews answers a page that heard of a change: the verdicts of the lines, and
// whether there is more to see than that. When the counting has ended there is
// nothing left that somebody may be typing, and the page becomes what it is now.
func (h *Handlers) closingNews(w http.ResponseWriter, r *http.Request, v closingBody) error {
	seen := r.URL.Query().Get("v")
	counting := v.State == string(session.Closing)
	switch {
	case !counting && seen == v.State:
		w.WriteHeader(http.StatusNoContent)
		return nil
	case !counting || seen == string(session.Open):
		return h.closingAgain(w, r, v)
	}
	v.News.Changed = v.Rest.Version != seen
	v.News.URL = v.URL
	parts := []page.Part{{Name: "closing_news", View: v.News}}
	for _, l := range v.Lines {
		l.Swap = true
		parts = append(parts, page.Part{Name: "closing_status", View: l})
	}
	return h.site.Fragments(w, r, http.StatusOK, parts...)
}

// closingAgain draws the page of a session whose state has changed.
func (h *Handlers) closingAgain(w http.ResponseWriter, r *http.Request, v closingBody) error {
	w.Header().Set("HX-Retarget", "#closing")
	w.Header().Set("HX-Reswap", "outerHTML")
	band := page.Band{Tone: page.Caution, Text: v.Sentence}
	switch {
	case v.Done != nil:
		band = page.Band{Tone: page.Good, Text: "本场次已结束。"}
	case v.State == string(session.Open):
		band.Text = "已恢复发药。"
	case v.State == string(session.Closing):
		band.Text = closedSentence(session.Closing)
	}
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "closing_body", View: v}, page.Part{Name: "band_area", View: band})
}

// closingBody reads what the page shows to a person.
func (h *Handlers) closingBody(r *http.Request, by identity.Actor, id int64) (closingBody, error) {
	facts, err := session.ReadClosing(r.Context(), h.db, id)
	if err != nil {
		return closingBody{}, err
	}
	return h.drawClosing(r, by, facts)
}

// drawClosing adds what waits for this very person.
func (h *Handlers) drawClosing(r *http.Request, by identity.Actor, facts session.ClosingView) (closingBody, error) {
	v, id := newClosingBody(facts, by), facts.Session.ID
	if by.Can(identity.Dispense, facts.Session.SiteID) != nil {
		return v, nil
	}
	late, err := session.LateRecords(r.Context(), h.db, by.StaffID)
	if err != nil {
		return v, err
	}
	for _, l := range late {
		if l.SessionID == id {
			v.Late = append(v.Late, lateRow{URL: fmt.Sprintf("/sessions/%d/records/%d/sign", id, l.ID), Number: fmt.Sprint(l.Number), Text: l.Text, At: minute(l.At)})
		}
	}
	return v, nil
}

// closingAct is what every command of closing begins with.
type closingAct struct {
	by      identity.Actor
	session int64
	command uuid.UUID
}

func parseClosing(r *http.Request) (a closingAct, err error) {
	if a.by, err = identity.Who(r.Context()); err != nil {
		return a, err
	}
	if a.session, err = sessionID(r); err != nil {
		return a, err
	}
	a.command, err = formUUID(r, "command_id")
	return a, err
}

// answerClosing answers a command: JSON, the page anew, or its body with a band.
func (h *Handlers) answerClosing(w http.ResponseWriter, r *http.Request, x closingAct, answer any, band page.Band) error {
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, answer)
	}
	if !page.IsHTMX(r) {
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d/closing", x.session))
	}
	v, err := h.closingBody(r, x.by, x.session)
	if err != nil {
		return err
	}
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "closing_body", View: v}, page.Part{Name: "band_area", View: band})
}

func (h *Handlers) answerStep(w http.ResponseWriter, r *http.Request, x closingAct, a session.ClosingAnswer) error {
	return h.answerClosing(w, r, x, a, page.Band{Tone: page.Good, Text: a.Sentence})
}

// Stop is POST /sessions/{id}/stop: 停止发药.
func (h *Handlers) Stop(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	a, err := h.sessions.StopDispensing(r.Context(), x.by, session.Stopping{SessionID: x.session, CommandID: x.command})
	if err != nil {
		return err
	}
	return h.answerStep(w, r, x, a)
}

// Resume is POST /sessions/{id}/resume: 恢复发药, with a reason.
func (h *Handlers) Resume(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	a, err := h.sessions.ResumeDispensing(r.Context(), x.by, session.Stopping{SessionID: x.session, CommandID: x.command, Reason: r.PostFormValue("reason")})
	if err != nil {
		return err
	}
	return h.answerStep(w, r, x, a)
}

// Count is POST /sessions/{id}/closing/counts: the number of a drug. It is sent
// while somebody types the next one, so only the line's verdict changes.
func (h *Handlers) Count(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	in := session.Counting{SessionID: x.session, CommandID: x.command}
	if in.DrugID, err = formID(r, "drug"); err != nil {
		return err
	}
	if in.Packs, err = formCount(r, "packs", false); err != nil {
		return err
	}
	loose, err := formCount(r, "loose", true)
	if err != nil {
		return err
	}
	in.Loose = int64(loose)
	a, err := h.sessions.CountLeft(r.Context(), x.by, in)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) || !page.IsHTMX(r) {
		return h.answerStep(w, r, x, a)
	}
	v, err := h.closingBody(r, x.by, x.session)
	if err != nil {
		return err
	}
	v.Rest.Swap = true
	for _, l := range v.Lines {
		if l.Drug == fmt.Sprint(in.DrugID) {
			return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "closing_status", View: l}, page.Part{Name: "closing_rest", View: v.Rest})
		}
	}
	return h.answerStep(w, r, x, a)
}

// formCount reads a number that a person counted; an empty one is zero only
// where that is allowed, for not counted is not zero.
func formCount(r *http.Request, name string, empty bool) (int, error) {
	text := strings.TrimSpace(r.PostFormValue(name))
	if text == "" && empty {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > 1_000_000 {
		return 0, db.Refuse(db.Invalid, "请填数到的数量，用零或正整数。")
	}
	return n, nil
}

// ScanLeft is POST /sessions/{id}/closing/scans: boxes of the lines that differ.
func (h *Handlers) ScanLeft(w http.ResponseWriter, r *http.Request) error {
	x, err := parseClosing(r)
	if err != nil {
		return err
	}
	a, err := h.sessions.ScanLeft(r.Context(), x.by, session.LeftScan{SessionID: x.session, CommandID: x.command, Codes: r.PostFormValue("codes")})
	if err != nil {
		return err
	}
	worst := a.Worst()
	band := page.Band{Tone: page.Tone(worst.Tone), Text: worst.Sentence, Figure: fmt.Sprint(a.Session), Unit: "盒已扫"}
	if worst.Code != "" {
		band.Detail = "追溯码 …" + tail(worst.Code)
	}
	return h.answerClosing(w, r, x, a, band)
}
