package web

import (
	"fmt"
	"net/http"
	"strings"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/live"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// rosterView is who is expected at a session and who has come.
type rosterView struct {
	Head   headView
	Count  rosterPart
	Rows   []rosterRow
	CanAdd bool // while the session is planned or open
	Error  string
	// LabelIDs are the patients whose labels may be printed, joined by commas; "" for
	// who may not. Session is the session's number, for the way back.
	LabelIDs, Session string
}

// rosterPart is the three figures, also on the live board.
type rosterPart struct {
	URL                           string
	Expected, Came, Absent, Extra string
	Nobody                        bool // the roster is empty
}

type rosterRow struct {
	PatientID string
	Number    string
	Name      string // masked, or "" for who may not see names
	Word      string
	Tone      string
	Added     bool // by hand
	Came      bool
	Owes      bool // medicine is owed
}

func newRosterPart(id int64, c session.RosterCount) rosterPart {
	p := rosterPart{URL: fmt.Sprintf("/sessions/%d/roster", id), Expected: fmt.Sprint(c.Expected), Came: fmt.Sprint(c.Came),
		Absent: fmt.Sprint(c.Absent()), Nobody: c.Expected == 0}
	if c.Extra > 0 {
		p.Extra = fmt.Sprint(c.Extra)
	}
	return p
}

// Roster is GET /sessions/{id}/roster, to programs as JSON.
func (h *Handlers) Roster(w http.ResponseWriter, r *http.Request) error {
	by, x, err := h.readSession(r, identity.ViewSession)
	if err != nil {
		return err
	}
	v, err := h.readRosterView(r, by, x)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newRosterJSON(v))
	}
	return h.site.Page(w, r, "roster", v)
}

func (h *Handlers) readRosterView(r *http.Request, by identity.Actor, x session.Session) (rosterView, error) {
	v := rosterView{Head: newHeadView(x)}
	count, err := session.CountRoster(r.Context(), h.db, x.ID)
	if err != nil {
		return v, err
	}
	list, err := session.Roster(r.Context(), h.db, x.ID)
	if err != nil {
		return v, err
	}
	v.Count = newRosterPart(x.ID, count)
	v.CanAdd = (x.State == session.Planned || x.State == session.Open) &&
		(by.Can(identity.PlanSession, x.SiteID) == nil || by.Can(identity.CheckIn, x.SiteID) == nil)
	for _, p := range list {
		v.Rows = append(v.Rows, newRosterRow(p, x, audienceOf(by, x.SiteID)))
	}
	if by.Can(identity.PrintLabel, x.SiteID) == nil {
		v.Session, v.LabelIDs = fmt.Sprint(x.ID), rosterIDs(list)
	}
	return v, nil
}

// rosterIDs are the people of a roster, joined by commas.
func rosterIDs(list []session.Expected) string {
	var ids []string
	for _, p := range list {
		ids = append(ids, fmt.Sprint(p.PatientID))
	}
	return strings.Join(ids, ",")
}

func newRosterRow(p session.Expected, x session.Session, a live.Audience) rosterRow {
	row := rosterRow{PatientID: fmt.Sprint(p.PatientID), Number: p.Number, Added: p.Source == "added", Came: p.Visit > 0}
	if scopeOf(a).names {
		row.Name, row.Owes = patient.MaskName(p.Name), p.Owes
	}
	switch {
	case p.Finished:
		row.Word, row.Tone = fmt.Sprintf("%d 号 诊毕", p.Visit), "good"
	case p.Visit > 0:
		row.Word, row.Tone = fmt.Sprintf("%d 号 已到", p.Visit), "info"
	case x.State == session.Planned:
		row.Word, row.Tone = "应到", "soft"
	case x.State == session.Open:
		row.Word, row.Tone = "未到", "soft"
	default:
		row.Word, row.Tone = "没来", "caution"
	}
	return row
}

type rosterJSON struct {
	Expected string          `json:"expected"`
	Came     string          `json:"came"`
	Absent   string          `json:"absent"`
	Patients []rosterRowJSON `json:"patients"`
}

type rosterRowJSON struct {
	Number string `json:"number"`
	Came   bool   `json:"came"`
	Added  bool   `json:"added"`
	Owes   bool   `json:"owes"`
}

func newRosterJSON(v rosterView) rosterJSON {
	out := rosterJSON{Expected: v.Count.Expected, Came: v.Count.Came, Absent: v.Count.Absent, Patients: []rosterRowJSON{}}
	for _, r := range v.Rows {
		out.Patients = append(out.Patients, rosterRowJSON{r.Number, r.Came, r.Added, r.Owes})
	}
	return out
}

// ChangeRoster is POST /sessions/{id}/roster: patient adds one, remove takes one
// off, refill adds the site's.
func (h *Handlers) ChangeRoster(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in := session.RosterChange{Add: r.PostFormValue("patient"), Refill: r.PostFormValue("refill") != ""}
	if in.SessionID, err = sessionID(r); err != nil {
		return err
	}
	if in.CommandID, err = formUUID(r, "command_id"); err != nil {
		return err
	}
	if in.Remove, err = formID(r, "remove"); err != nil {
		return err
	}
	a, err := h.sessions.ChangeRoster(r.Context(), by, in)
	switch kind := db.KindOf(err); {
	case err == nil && page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, a)
	case err == nil:
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d/roster", in.SessionID))
	case page.WantsJSON(r) || kind != db.Invalid && kind != db.Conflict && kind != db.NotFound:
		return err
	}
	x, rerr := session.Find(r.Context(), h.db, in.SessionID)
	if rerr != nil {
		return rerr
	}
	v, rerr := h.readRosterView(r, by, x)
	if rerr != nil {
		return rerr
	}
	v.Error = db.Sentence(err)
	return h.site.Page(w, r, "roster", v)
}
