package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// changeView is the page that changes a planned or open session: its team, its
// day, or that it is held at all.
type changeView struct {
	Head  headView
	Staff []staffChoice
	Today string
	Error string
	// Over says why nothing can be changed any more; "" when something can.
	Over string
	// MovedURL leads to the session that took the place.
	MovedURL string
}

// Change is GET /sessions/{id}/change.
func (h *Handlers) Change(w http.ResponseWriter, r *http.Request) error {
	_, x, err := h.readSession(r, identity.PlanSession)
	if err != nil {
		return err
	}
	v, err := h.readChangeView(r.Context(), x)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newPlanJSON(planView{Staff: v.Staff}))
	}
	return h.site.Page(w, r, "change", v)
}

func (h *Handlers) readChangeView(ctx context.Context, x session.Session) (changeView, error) {
	v := changeView{Head: newHeadView(x), Today: session.Today(h.db.Now()).Format(time.DateOnly)}
	if x.State != session.Planned && x.State != session.Open {
		v.Over = "本场次" + x.State.Word() + "，不能再改。"
		to, err := session.MovedTo(ctx, h.db, x.ID)
		if err != nil {
			return v, err
		}
		if to != 0 {
			v.MovedURL = fmt.Sprintf("/sessions/%d", to)
		}
		return v, nil
	}
	team, err := session.Team(ctx, h.db, x.ID)
	if err != nil {
		return v, err
	}
	p := session.Plan{Team: team}
	if x.DutyStaffID != nil {
		p.DutyStaffID = *x.DutyStaffID
	}
	v.Staff, err = h.staffChoices(ctx, p)
	return v, err
}

// answerChange ends each of the three commands: on to the session, or the page
// again with the complaint.
func (h *Handlers) answerChange(w http.ResponseWriter, r *http.Request, id, to int64, answer any, err error) error {
	kind := db.KindOf(err)
	switch {
	case err == nil && page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, answer)
	case err == nil:
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d", to))
	case page.WantsJSON(r) || kind != db.Invalid && kind != db.Conflict:
		return err
	}
	x, rerr := session.Find(r.Context(), h.db, id)
	if rerr != nil {
		return rerr
	}
	v, rerr := h.readChangeView(r.Context(), x)
	if rerr != nil {
		return rerr
	}
	v.Error = db.Sentence(err)
	return h.site.Page(w, r, "change", v)
}

// ChangeTeam is POST /sessions/{id}/team: the whole team as it shall be.
func (h *Handlers) ChangeTeam(w http.ResponseWriter, r *http.Request) error {
	by, in, err := parseCallOff(r)
	if err != nil {
		return err
	}
	team, duty, err := parseTeam(r)
	if err != nil {
		return err
	}
	err = h.sessions.ChangeTeam(r.Context(), by, session.TeamChange{SessionID: in.SessionID, CommandID: in.CommandID, Team: team, DutyStaffID: duty})
	return h.answerChange(w, r, in.SessionID, in.SessionID, map[string]int64{"id": in.SessionID}, err)
}

// Cancel is POST /sessions/{id}/cancel.
func (h *Handlers) Cancel(w http.ResponseWriter, r *http.Request) error {
	by, in, err := parseCallOff(r)
	if err != nil {
		return err
	}
	a, err := h.sessions.CancelSession(r.Context(), by, in)
	return h.answerChange(w, r, in.SessionID, in.SessionID, a, err)
}

// Reschedule is POST /sessions/{id}/reschedule.
func (h *Handlers) Reschedule(w http.ResponseWriter, r *http.Request) error {
	by, in, err := parseCallOff(r)
	if err != nil {
		return err
	}
	if in.HeldOn, err = time.Parse(time.DateOnly, r.PostFormValue("date")); err != nil {
		return h.answerChange(w, r, in.SessionID, 0, nil, db.RefuseBecause(err, db.Invalid, "请选择新的日期。"))
	}
	a, err := h.sessions.Reschedule(r.Context(), by, in)
	return h.answerChange(w, r, in.SessionID, a.SessionID, a, err)
}

func parseCallOff(r *http.Request) (by identity.Actor, in session.CallOff, err error) {
	if by, err = identity.Who(r.Context()); err != nil {
		return by, in, err
	}
	if in.SessionID, err = sessionID(r); err != nil {
		return by, in, err
	}
	in.Reason = r.PostFormValue("reason")
	in.CommandID, err = formUUID(r, "command_id")
	return by, in, err
}
