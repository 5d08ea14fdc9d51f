package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// planView is the form of a new session.
type planView struct {
	Date  string
	Today string
	Sites []choiceView
	Staff []staffChoice
	Error string
	Place string
}

// staffChoice is one person who may join a team.
type staffChoice struct {
	ID     string
	Name   string
	Doctor bool
	Duty   bool // may take the duty
	Chosen bool
	OnDuty bool // holds the duty now
}

// NewSession is GET /sessions/new.
func (h *Handlers) NewSession(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	if err := by.Can(identity.PlanSession, 0); err != nil {
		return err
	}
	v, err := h.readPlanView(r, by, session.Plan{HeldOn: session.Today(h.db.Now())}, "")
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newPlanJSON(v))
	}
	return h.site.Page(w, r, "plan", v)
}

// planJSON is what a program may choose from.
type planJSON struct {
	Sites []choiceJSON `json:"sites"`
	Staff []staffJSON  `json:"staff"`
}

type choiceJSON struct {
	Value string `json:"value"`
	Word  string `json:"word"`
}

type staffJSON struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Doctor bool   `json:"doctor"`
	Duty   bool   `json:"duty"`
}

func newPlanJSON(v planView) planJSON {
	out := planJSON{Sites: []choiceJSON{}, Staff: []staffJSON{}}
	for _, s := range v.Sites {
		out.Sites = append(out.Sites, choiceJSON{s.Value, s.Word})
	}
	for _, p := range v.Staff {
		out.Staff = append(out.Staff, staffJSON{p.ID, p.Name, p.Doctor, p.Duty})
	}
	return out
}

func (h *Handlers) readPlanView(r *http.Request, by identity.Actor, p session.Plan, problem string) (planView, error) {
	v := planView{Date: p.HeldOn.Format(time.DateOnly), Today: session.Today(h.db.Now()).Format(time.DateOnly), Error: problem, Place: p.Place}
	sites, err := identity.SitesFor(r.Context(), h.db, by, identity.PlanSession)
	if err != nil {
		return v, err
	}
	for _, s := range sites {
		v.Sites = append(v.Sites, choiceView{Value: fmt.Sprint(s.ID), Word: s.District + " · " + s.Name, Chosen: s.ID == p.SiteID})
	}
	v.Staff, err = h.staffChoices(r.Context(), p)
	return v, err
}

// staffChoices lists who may join a team, with those of a plan ticked.
func (h *Handlers) staffChoices(ctx context.Context, p session.Plan) ([]staffChoice, error) {
	people, err := session.StaffForTeams(ctx, h.db)
	if err != nil {
		return nil, err
	}
	var list []staffChoice
	for _, m := range people {
		c := staffChoice{ID: fmt.Sprint(m.StaffID), Name: m.Name, Doctor: m.Doctor, Duty: m.Pharmacist, OnDuty: m.StaffID == p.DutyStaffID}
		for _, t := range p.Team {
			c.Chosen = c.Chosen || t.StaffID == m.StaffID
		}
		list = append(list, c)
	}
	return list, nil
}

// CreateSession is POST /sessions.
func (h *Handlers) CreateSession(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	p, err := parsePlan(r)
	if err != nil {
		return err
	}
	id, err := h.sessions.PlanSession(r.Context(), by, p)
	if err != nil {
		return h.refusedPlan(w, r, by, p, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusCreated, map[string]int64{"id": id})
	}
	return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d", id))
}

// refusedPlan shows the form again with what was entered and the complaint.
func (h *Handlers) refusedPlan(w http.ResponseWriter, r *http.Request, by identity.Actor, p session.Plan, err error) error {
	kind := db.KindOf(err)
	if page.WantsJSON(r) || kind != db.Invalid && kind != db.Conflict {
		return err
	}
	v, rerr := h.readPlanView(r, by, p, db.Sentence(err))
	if rerr != nil {
		return rerr
	}
	return h.site.Page(w, r, "plan", v)
}

// parsePlan reads the form: doctor and helper are lists of staff numbers, duty
// one of them.
func parsePlan(r *http.Request) (session.Plan, error) {
	var p session.Plan
	var err error
	if r.PostFormValue("command_id") != "" { // a program may leave it out
		if p.CommandID, err = formUUID(r, "command_id"); err != nil {
			return p, err
		}
	}
	if p.SiteID, err = formID(r, "site"); err != nil {
		return p, err
	}
	if p.HeldOn, err = time.Parse(time.DateOnly, r.PostFormValue("date")); err != nil {
		return p, db.Refuse(db.Invalid, "请选择日期。")
	}
	p.Kind, p.Place = r.PostFormValue("kind"), r.PostFormValue("place")
	if p.Kind != "" && p.Kind != "site" && p.Kind != "home" {
		return p, db.Refuse(db.Invalid, "请选择场次的形式：定点或上门。")
	}
	p.Team, p.DutyStaffID, err = parseTeam(r)
	return p, err
}

// parseTeam reads who goes and who has the duty.
func parseTeam(r *http.Request) (team []session.Member, duty int64, err error) {
	if duty, err = formID(r, "duty"); err != nil {
		return nil, 0, err
	}
	for _, part := range []session.Part{session.PartDoctor, session.PartPharmacist, session.PartDeputy, session.PartAssistant} {
		for _, text := range r.PostForm[string(part)] {
			id, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, 0, db.Refuse(db.Invalid, "页面内容已变化，请刷新后重新选择人员。")
			}
			team = append(team, session.Member{StaffID: id, Part: part})
		}
	}
	return team, duty, nil
}
