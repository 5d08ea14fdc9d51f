package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// yearView is the calendar of a year: sites down, months across; or one of its
// months as a list that a person changes before it is made.
type yearView struct {
	Year    string
	PrevURL string
	NextURL string
	Months  []monthHead
	Rows    []yearRow
	Planned string
	Missing string
	CanPlan bool
	Staff   []staffChoice
	Month   *monthView
	Home    homeRow // without cells when the year has no home-visit round
	Error   string
	Notice  string
}

type monthHead struct {
	Word, URL string
	Here      bool // the month that is now
}

type yearRow struct {
	Site, District, Fixed string
	Cells                 []yearCell
}

// yearCell is one month of a site; Title says in words what the colour says.
type yearCell struct{ Day, URL, Class, Title string }

type monthView struct {
	Word, Number string
	YearURL      string
	PrevURL      string
	NextURL      string
	Rows         []monthRow
	Home         []monthRow // 上门
	Missing      string     // how many can be made, "" for none
}

type monthRow struct {
	SiteID, Site, District string
	Date                   string
	Note                   string // why not the fixed day, or what there is
	Word, Tone             string
	URL                    string // of the session there is
	Missing                bool
}

// Year is GET /sessions/plan: the year's clinic days, with ?month= one month's.
func (h *Handlers) Year(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	year, month, err := parseYear(r.URL.Query(), session.Today(h.db.Now()))
	if err != nil {
		return err
	}
	v, days, err := h.readYearView(r, by, year, month)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newYearJSON(days, month))
	}
	if q := r.URL.Query(); q.Get("created") != "" {
		v.Notice = plannedSentence(atoi(q.Get("created")), atoi(q.Get("existing")), atoi(q.Get("past")))
	}
	return h.site.Page(w, r, "year", v)
}

func parseYear(q url.Values, today time.Time) (year int, month time.Month, err error) {
	year = today.Year()
	if text := q.Get("year"); text != "" {
		if year, err = strconv.Atoi(text); err != nil {
			return 0, 0, db.Refuse(db.Invalid, "年份写法不对，请用 2026 这样的数字。")
		}
	}
	if text := q.Get("month"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 12 {
			return 0, 0, db.Refuse(db.Invalid, "月份要在 1 到 12 之间。")
		}
		month = time.Month(n)
	}
	return year, month, nil
}

// atoi reads a figure of our own address; anything else counts as none.
func atoi(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

func plannedSentence(created, existing, past int) string {
	text := fmt.Sprintf("新建 %d 场，已有 %d 场。", created, existing)
	if past > 0 {
		text += fmt.Sprintf("另有 %d 场日期已过，没有新建。", past)
	}
	return text
}

func (h *Handlers) readYearView(r *http.Request, by identity.Actor, year int, month time.Month) (yearView, []session.SiteDay, error) {
	days, err := h.sessions.Year(r.Context(), by, year)
	if err != nil {
		return yearView{}, nil, err
	}
	v := newYearView(days, year, month, session.Today(h.db.Now()))
	rounds, err := h.sessions.HomeRounds(r.Context(), by, year)
	if err != nil {
		return v, days, err
	}
	v.addHome(rounds, year, month)
	v.CanPlan = by.Can(identity.PlanSession, 0) == nil
	if !v.CanPlan {
		return v, days, nil
	}
	last, err := session.LastTeam(r.Context(), h.db)
	if err != nil {
		return v, days, err
	}
	v.Staff, err = h.staffChoices(r.Context(), last)
	return v, days, err
}

func yearURL(year int, month time.Month) string {
	if month == 0 {
		return fmt.Sprintf("/sessions/plan?year=%d", year)
	}
	return fmt.Sprintf("/sessions/plan?year=%d&month=%d", year, int(month))
}

func newYearView(days []session.SiteDay, year int, month time.Month, today time.Time) yearView {
	v := yearView{Year: fmt.Sprint(year), PrevURL: yearURL(year-1, 0), NextURL: yearURL(year+1, 0)}
	planned, missing := 0, 0
	for _, d := range days {
		if d.Month == time.January {
			v.Rows = append(v.Rows, yearRow{Site: d.Site, District: d.District, Fixed: fixedDay(d.Fixed)})
		}
		row := &v.Rows[len(v.Rows)-1]
		row.Cells = append(row.Cells, newYearCell(d, year))
		if d.Missing() {
			missing++
		} else if d.SessionID != 0 && d.State != session.Cancelled && d.State != session.Rescheduled {
			planned++
		}
	}
	for m := time.January; m <= time.December; m++ {
		v.Months = append(v.Months, monthHead{Word: fmt.Sprintf("%d月", m), URL: yearURL(year, m),
			Here: year == today.Year() && m == today.Month()})
	}
	v.Planned = fmt.Sprint(planned)
	if missing > 0 {
		v.Missing = fmt.Sprint(missing)
	}
	if month != 0 {
		v.Month = newMonthView(days, year, month)
	}
	return v
}

func fixedDay(day int) string {
	if day == 0 {
		return "未定"
	}
	return fmt.Sprintf("每月 %d 日", day)
}

func newYearCell(d session.SiteDay, year int) yearCell {
	c := yearCell{Class: "none", Title: "没有固定日期", URL: yearURL(year, d.Month)}
	if d.HeldOn.IsZero() {
		return c
	}
	c.Day, c.Title = fmt.Sprint(d.HeldOn.Day()), d.HeldOn.Format("1月2日")
	switch {
	case d.SessionID != 0:
		c.URL = fmt.Sprintf("/sessions/%d", d.SessionID)
		c.Class, c.Title = string(d.State), c.Title+" "+d.State.Word()
		if d.Visits > 0 {
			c.Title += fmt.Sprintf(" %d 人", d.Visits)
		}
	case d.Past:
		c.Class, c.Title, c.Day = "none", c.Title+" 没有场次", "—"
	default:
		c.Class, c.Title = "missing", c.Title+" 还没有安排"
		if d.Moved != "" {
			c.Title += "（" + d.Moved + "）"
		}
	}
	return c
}

func newMonthView(days []session.SiteDay, year int, month time.Month) *monthView {
	before, after := time.Date(year, month-1, 1, 0, 0, 0, 0, time.UTC), time.Date(year, month+1, 1, 0, 0, 0, 0, time.UTC)
	v := &monthView{Word: fmt.Sprintf("%d 年 %d 月", year, int(month)), Number: fmt.Sprint(int(month)), YearURL: yearURL(year, 0),
		PrevURL: yearURL(before.Year(), before.Month()), NextURL: yearURL(after.Year(), after.Month())}
	missing := 0
	for _, d := range days {
		if d.Month != month {
			continue
		}
		v.Rows = append(v.Rows, newMonthRow(d))
		if d.Missing() {
			missing++
		}
	}
	if missing > 0 {
		v.Missing = fmt.Sprint(missing)
	}
	return v
}

func newMonthRow(d session.SiteDay) monthRow {
	row := monthRow{SiteID: fmt.Sprint(d.SiteID), Site: d.Site, District: d.District, Note: d.Moved, Missing: d.Missing()}
	if !d.HeldOn.IsZero() {
		row.Date = d.HeldOn.Format(time.DateOnly)
	}
	switch {
	case d.SessionID != 0:
		state := newStateView(d.State)
		row.Word, row.Tone, row.URL = state.Word, state.Tone, fmt.Sprintf("/sessions/%d", d.SessionID)
	case d.HeldOn.IsZero():
		row.Word, row.Tone, row.Note = "没有固定日期", "soft", "请用“安排场次”单独安排。"
	case d.Past:
		row.Word, row.Tone = "日期已过", "soft"
	}
	return row
}

// dayJSONOfYear is one clinic day of the calendar for programs.
type dayJSONOfYear struct {
	SiteID  int64  `json:"site_id"`
	Site    string `json:"site"`
	Month   int    `json:"month"`
	Date    string `json:"date,omitempty"`
	Moved   string `json:"moved,omitempty"`
	Session int64  `json:"session,omitempty"`
	State   string `json:"state,omitempty"`
	Past    bool   `json:"past,omitempty"`
}

func newYearJSON(days []session.SiteDay, month time.Month) []dayJSONOfYear {
	out := []dayJSONOfYear{}
	for _, d := range days {
		if month != 0 && d.Month != month {
			continue
		}
		x := dayJSONOfYear{SiteID: d.SiteID, Site: d.Site, Month: int(d.Month), Moved: d.Moved, Session: d.SessionID, State: string(d.State), Past: d.Past}
		if !d.HeldOn.IsZero() {
			x.Date = d.HeldOn.Format(time.DateOnly)
		}
		out = append(out, x)
	}
	return out
}

// PlanYear is POST /sessions/plan: makes what is missing of a year or, with
// month, of a month; with only, the ticked sites at the dates written.
func (h *Handlers) PlanYear(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in, err := parseMany(r, session.Today(h.db.Now()))
	if err != nil {
		return err
	}
	a, err := h.sessions.PlanYear(r.Context(), by, in)
	if err != nil {
		return h.refusedYear(w, r, by, in, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.site.SeeOther(w, r, fmt.Sprintf("%s&created=%d&existing=%d&past=%d", yearURL(in.Year, in.Month), a.Created, a.Existing, a.Past))
}

func (h *Handlers) refusedYear(w http.ResponseWriter, r *http.Request, by identity.Actor, in session.PlanMany, err error) error {
	kind := db.KindOf(err)
	if page.WantsJSON(r) || kind != db.Invalid && kind != db.Conflict {
		return err
	}
	v, _, rerr := h.readYearView(r, by, in.Year, in.Month)
	if rerr != nil {
		return err // the year itself may be what is wrong
	}
	v.Error = db.Sentence(err)
	return h.site.Page(w, r, "year", v)
}

func parseMany(r *http.Request, today time.Time) (session.PlanMany, error) {
	var in session.PlanMany
	var err error
	if in.CommandID, err = formUUID(r, "command_id"); err != nil {
		return in, err
	}
	if in.Year, in.Month, err = parseYear(r.PostForm, today); err != nil {
		return in, err
	}
	if in.Team, in.DutyStaffID, err = parseTeam(r); err != nil {
		return in, err
	}
	in.Only = r.PostFormValue("only") != ""
	for _, text := range r.PostForm["site"] {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return in, db.Refuse(db.Invalid, "页面内容已变化，请刷新后重新选择。")
		}
		on, err := time.Parse(time.DateOnly, r.PostFormValue("date-"+text))
		if err != nil {
			return in, db.Refuse(db.Invalid, "请给每个勾选的精防点填写日期。")
		}
		in.Days = append(in.Days, session.ChosenDay{SiteID: id, HeldOn: on})
	}
	if in.Only && len(in.Days) == 0 {
		return in, db.Refuse(db.Invalid, "请至少勾选一个精防点。")
	}
	return in, nil
}
