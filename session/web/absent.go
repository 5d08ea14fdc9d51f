package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/live"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// mostDue is how many people a page lists; the spreadsheet has them all.
const mostDue = 400

// absentView is who should have come: of one session, or over the sites.
type absentView struct {
	Head  *headView // nil over the sites
	Count rosterPart
	// Filters over the sites.
	Kinds []recallFilter
	Kind  string
	Sites []choiceView
	Days  string
	Rows  []dueRow
	Total string
	Cut   string
	// PhonesURL asks for the telephone list, "" for who may not; Phones says that
	// the numbers stand in the rows.
	PhonesURL, SheetURL string
	Phones              bool
	// PackURL leads to the packing of the next session, which PackWord names.
	PackURL, PackWord string
	At, By            string
	Problem           string
}

// dueRow is one person.
type dueRow struct {
	Number, Name, HomeSite string
	Last, Next             string
	Left, LeftTone         string
	Late                   string // 逾期 12 天, or ""
	About                  string // the injection or the check that is due
	Came, Phone            string
}

func newDueRow(d session.Due, today time.Time, a live.Audience, phones map[int64]string) dueRow {
	row := dueRow{Number: d.Number, HomeSite: d.HomeSite, Left: d.LeftWord(today), LeftTone: "soft", About: d.Shot + d.Check, Phone: phones[d.PatientID]}
	switch {
	case phones != nil:
		row.Name = d.Name
	case scopeOf(a).names:
		row.Name = patient.MaskName(d.Name)
	}
	if d.LastOn != nil {
		row.Last = d.LastOn.Format("1月2日")
	}
	if d.NextDue != nil {
		row.Next = d.NextDue.Format("1月2日")
	}
	if left, known := d.Left(today); known && left < 0 {
		row.LeftTone = "bad"
	} else if known && left <= 3 {
		row.LeftTone = "caution"
	}
	if n := d.Late(today); n > 0 {
		row.Late = fmt.Sprintf("逾期 %d 天", n)
	}
	if d.Came() {
		row.Came = fmt.Sprintf("%d 号", d.Visit)
	}
	return row
}

// fill puts the people into the view.
func (v *absentView) fill(list []session.Due, today time.Time, a live.Audience, phones map[int64]string) {
	for i, d := range list {
		if i == mostDue {
			v.Cut = fmt.Sprintf("共 %d 人，这里列出前 %d 人。请按站点筛选，或下载表格。", len(list), mostDue)
			break
		}
		v.Rows = append(v.Rows, newDueRow(d, today, a, phones))
	}
	v.Total, v.Phones = fmt.Sprint(len(list)), phones != nil
}

// SessionAbsent is GET /sessions/{id}/absent: who is due, who came and who did
// not, with the days of medicine left.
func (h *Handlers) SessionAbsent(w http.ResponseWriter, r *http.Request) error {
	return h.sessionAbsent(w, r, false)
}

// SessionAbsentPhones is POST /sessions/{id}/absent/phones: the same with names
// and telephone numbers of those who have not come, which is audited.
func (h *Handlers) SessionAbsentPhones(w http.ResponseWriter, r *http.Request) error {
	return h.sessionAbsent(w, r, true)
}

func (h *Handlers) sessionAbsent(w http.ResponseWriter, r *http.Request, phones bool) error {
	by, x, err := h.readSession(r, identity.ViewSession)
	if err != nil {
		return err
	}
	now := h.db.Now()
	list, err := session.ReadAbsentees(r.Context(), h.db, x, now)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) && !phones {
		return h.site.JSON(w, r, http.StatusOK, newDueJSON(list, session.Today(now)))
	}
	head := newHeadView(x)
	v := absentView{Head: &head, SheetURL: head.URL + "/absent.xlsx", At: now.In(session.Zone()).Format("2006-01-02 15:04"), By: by.Name}
	if by.Can(identity.UnmaskPatient, x.SiteID) == nil {
		v.PhonesURL = head.URL + "/absent/phones"
	}
	count, err := session.CountRoster(r.Context(), h.db, x.ID)
	if err != nil {
		return err
	}
	v.Count = newRosterPart(x.ID, count)
	if err := h.addPacking(r, by, x, list, &v); err != nil {
		return err
	}
	var open map[int64]string
	if phones {
		var absent []session.Due
		for _, d := range list {
			if !d.Came() {
				absent = append(absent, d)
			}
		}
		list = absent
		if open, err = h.phonesOf(r, by, list, fmt.Sprintf("absent/session/%d", x.ID)); err != nil {
			return err
		}
	}
	v.fill(list, session.Today(now), audienceOf(by, x.SiteID), open)
	return h.site.Page(w, r, "absent", v)
}

// addPacking leads who packs to the packing of the site's next session.
func (h *Handlers) addPacking(r *http.Request, by identity.Actor, x session.Session, list []session.Due, v *absentView) error {
	if by.Can(identity.Allocate, x.SiteID) != nil {
		return nil
	}
	next, there, err := session.NextPlanned(r.Context(), h.db, x)
	if err != nil || !there {
		return err
	}
	v.PackURL = fmt.Sprintf("/sessions/%d/packing", next.ID)
	v.PackWord = next.HeldOn.Format("1月2日") + "的装箱建议"
	n, err := session.StillSupplied(r.Context(), h.db, list, next)
	if n > 0 {
		v.PackWord += fmt.Sprintf("（%d 人的药够到再下一次，建议里不算）", n)
	}
	return err
}

// phonesOf opens the numbers of a list; who has none is missing.
func (h *Handlers) phonesOf(r *http.Request, by identity.Actor, list []session.Due, why string) (map[int64]string, error) {
	ids := make([]int64, 0, len(list))
	for _, d := range list {
		ids = append(ids, d.PatientID)
	}
	return h.patients.Phones(r.Context(), by, ids, why)
}

// parseOverdue reads the question of a list of overdue people: kind, site, days.
func parseOverdue(r *http.Request) (session.OverdueQuestion, error) {
	q := session.OverdueQuestion{Kind: r.FormValue("kind"), Days: 1}
	var err error
	if text := r.FormValue("days"); text != "" {
		if q.Days, err = strconv.Atoi(text); err != nil {
			return session.OverdueQuestion{Kind: q.Kind, Days: 1}, db.RefuseBecause(err, db.Invalid, "逾期天数请填 1 到 366 的整数。")
		}
	}
	if text := r.FormValue("site"); text != "" {
		if q.SiteID, err = strconv.ParseInt(text, 10, 64); err != nil || q.SiteID < 0 {
			return session.OverdueQuestion{Kind: q.Kind, Days: q.Days}, db.Refuse(db.Invalid, "请从列表里选站点。")
		}
	}
	return q, nil
}

// Absent is GET /absent: who is overdue, over the sites.
func (h *Handlers) Absent(w http.ResponseWriter, r *http.Request) error { return h.absent(w, r, false) }

// AbsentPhones is POST /absent/phones: the same with names and telephone numbers,
// which is audited.
func (h *Handlers) AbsentPhones(w http.ResponseWriter, r *http.Request) error {
	return h.absent(w, r, true)
}

func (h *Handlers) absent(w http.ResponseWriter, r *http.Request, phones bool) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	q, problem := parseOverdue(r)
	var list []session.Due
	if problem == nil {
		list, problem = h.sessions.Overdue(r.Context(), by, q)
	}
	now := h.db.Now()
	switch {
	case problem != nil && (page.WantsJSON(r) || db.KindOf(problem) != db.Invalid):
		return problem
	case page.WantsJSON(r) && !phones:
		return h.site.JSON(w, r, http.StatusOK, newDueJSON(list, session.Today(now)))
	}
	v, err := h.newAbsentView(r, by, q)
	if err != nil {
		return err
	}
	v.At, v.By = now.In(session.Zone()).Format("2006-01-02 15:04"), by.Name
	var open map[int64]string
	switch {
	case problem != nil:
		v.Problem = db.Sentence(problem)
	case phones:
		if open, err = h.phonesOf(r, by, list, "absent/"+q.Kind); err != nil {
			return err
		}
	}
	v.fill(list, session.Today(now), audienceOf(by, q.SiteID), open)
	return h.site.Page(w, r, "absent", v)
}

// newAbsentView draws the filters.
func (h *Handlers) newAbsentView(r *http.Request, by identity.Actor, q session.OverdueQuestion) (absentView, error) {
	v := absentView{Kind: q.Kind, Days: fmt.Sprint(q.Days)}
	sites, err := identity.SitesFor(r.Context(), h.db, by, identity.ViewPatient)
	if err != nil {
		return v, err
	}
	for _, s := range sites {
		v.Sites = append(v.Sites, choiceView{Value: fmt.Sprint(s.ID), Word: s.Name, Chosen: s.ID == q.SiteID})
	}
	values := url.Values{"days": {v.Days}}
	if q.SiteID != 0 {
		values.Set("site", fmt.Sprint(q.SiteID))
	}
	for _, k := range [][2]string{{"", "未取药"}, {"shot", "针剂到期"}, {"check", "检查到期"}} {
		values.Set("kind", k[0])
		v.Kinds = append(v.Kinds, recallFilter{URL: "/absent?" + values.Encode(), Word: k[1], Chosen: k[0] == q.Kind})
	}
	values.Set("kind", q.Kind)
	v.SheetURL = "/absent.xlsx?" + values.Encode()
	if by.Can(identity.UnmaskPatient, 0) == nil {
		v.PhonesURL = "/absent/phones?" + values.Encode()
	}
	return v, nil
}

// dueJSON is a person for programs: the number, no name.
type dueJSON struct {
	Number   string `json:"number"`
	HomeSite string `json:"home_site"`
	Came     bool   `json:"came"`
	DaysLeft *int   `json:"days_left"`
	LateDays int    `json:"late_days"`
	About    string `json:"about,omitempty"`
}

func newDueJSON(list []session.Due, today time.Time) []dueJSON {
	out := []dueJSON{}
	for _, d := range list {
		j := dueJSON{Number: d.Number, HomeSite: d.HomeSite, Came: d.Came(), LateDays: d.Late(today), About: d.Shot + d.Check}
		if left, known := d.Left(today); known {
			j.DaysLeft = &left
		}
		out = append(out, j)
	}
	return out
}
