package web

import (
	"fmt"
	"html/template"
	"net/http"
	"time"

	"jingfang/integration"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// overviewView is the manager's page.
type overviewView struct {
	Sentence string
	Calm     bool
	Wrong    []string
	Quiet    string // what waits for HIS
	Pending  []pendingRow
	Today    todayView
	Pictures []pictureView
	MonthPDF string
	At       string
}

type pendingRow struct {
	Word, URL string
	N         int64
}

// todayView is today's sessions; it is fetched again while somebody looks.
type todayView struct {
	URL  string
	Rows []todayRow
	At   string
}

type todayRow struct {
	Site, Word, Tone, URL string
	Seen, Waiting         int64
	Expected, Alarms      int64
}

// pictureView is a chart with its figures in a table below it.
type pictureView struct {
	Title, Note, URL string
	Chart            template.HTML
	Head             []columnView
	Rows             []statRow
}

// Overview is GET /statistics: how the month stands, in one sentence, and what to
// look at.
func (h *Handlers) Overview(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	o, err := reporting.ReadOverview(r.Context(), h.db, allowedSites(by))
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newOverviewJSON(o))
	}
	v := newOverviewView(o)
	if allowedSites(by) == nil {
		q, err := integration.ReadQuiet(r.Context(), h.db)
		if err != nil {
			return err
		}
		v.Quiet = q.Sentence(h.db.Now())
	}
	return h.site.Page(w, r, "overview", v)
}

// allowedSites are those whose figures somebody may see; nil is all.
func allowedSites(by identity.Actor) []int64 {
	return by.Within(identity.ViewReports)
}

// Today is GET /statistics/today: today's sessions as they stand.
func (h *Handlers) Today(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	list, err := reporting.ReadToday(r.Context(), h.db, allowedSites(by))
	if err != nil {
		return err
	}
	return h.site.Fragment(w, r, "stat_today", newTodayView(list, h.db.Now()))
}

func newOverviewView(o reporting.Overview) overviewView {
	v := overviewView{Sentence: o.Sentence(), Calm: o.Calm(), Wrong: o.Wrong, Today: newTodayView(o.Today, o.At), MonthPDF: "/statistics/month.pdf",
		At: o.At.In(session.Zone()).Format("2006-01-02 15:04:05")}
	for _, p := range o.Pending {
		v.Pending = append(v.Pending, pendingRow{p.Kind.Chinese(), pendingURL(p), p.N})
	}
	f := statFilter{From: o.Month.From.Format(time.DateOnly), To: o.Month.To.Format(time.DateOnly)}
	v.Pictures = append(v.Pictures, sitesPicture(o, f))
	if o.Left != nil {
		v.Pictures = append(v.Pictures, leftPicture(o, f))
	}
	year := statFilter{From: o.Month.From.Format("2006") + "-01-01", To: f.To}
	v.Pictures = append(v.Pictures, pictureView{Title: "全年义诊日", Note: o.Year.Title, URL: year.with("/statistics/visits", "by", "month"),
		Chart: template.HTML(o.Year.SVG(func(n reporting.Narrow) string {
			day := n.Period.From.Format(time.DateOnly)
			return year.with("/statistics/visits", "by", "day", "from", day, "to", day)
		}))})
	return v
}

// pendingURL is where what is to be looked at is settled, "" where only the
// pharmacists have a page for it.
func pendingURL(p reporting.Pending) string {
	switch p.Kind {
	case reporting.PendingExpired:
		return "/stock/expiry"
	case reporting.PendingCheck:
		return "/stock/check"
	case reporting.PendingCount:
		return "/stocktakes"
	case reporting.PendingPaper:
		return "/setaside"
	case reporting.PendingRecall:
		return ""
	}
	return "/sessions?date=" + p.Day.Format(time.DateOnly)
}

func sitesPicture(o reporting.Overview, f statFilter) pictureView {
	p := pictureView{Title: "各社区消耗", Note: "本月发出整盒，与上月同期比", URL: f.with("/statistics/use", "by", "site"), Head: []columnView{{"精防点", false}, {"本月整盒", true}, {"上月同期", true}}}
	if o.Sites != nil {
		p.Chart = template.HTML(o.Sites.SVG(func(n reporting.Narrow) string { return f.narrowed(n, reporting.ToGiven, "") }))
	}
	for _, l := range o.SiteLines {
		p.Rows = append(p.Rows, statRow{Cells: []statCell{{Text: l.Name, Label: "精防点"},
			{Text: fmt.Sprint(l.Now.Whole), Label: "本月整盒", Figure: true, URL: f.narrowed(reporting.Narrow{SiteID: l.SiteID, Kind: l.Kind}, reporting.ToGiven, "")},
			{Text: fmt.Sprint(l.Before.Whole), Label: "上月同期", Figure: true}}})
	}
	return p
}

func leftPicture(o reporting.Overview, f statFilter) pictureView {
	p := pictureView{Title: "库存够用天数", Note: o.Left.Title, URL: f.with("/statistics/use"), Head: []columnView{{"药品", false}, {"现存（最小单位）", true}, {"够用（天）", true}},
		Chart: template.HTML(o.Left.SVG(func(n reporting.Narrow) string {
			return f.with("/statistics/use", "by", "month", "drug", idText(n.DrugID))
		}))}
	for _, l := range o.LeftLines {
		p.Rows = append(p.Rows, statRow{Cells: []statCell{{Text: l.Name, Label: "药品"}, {Text: fmt.Sprint(l.Left), Label: "现存（最小单位）", Figure: true}, {Text: fmt.Sprint(l.Days), Label: "够用（天）", Figure: true}}})
	}
	return p
}

func newTodayView(list []reporting.TodayClinic, now time.Time) todayView {
	v := todayView{URL: "/statistics/today", At: now.In(session.Zone()).Format("15:04:05")}
	for _, c := range list {
		state := session.State(c.State)
		tone := map[session.State]string{session.Open: "good", session.Closing: "caution", session.Planned: "info"}[state]
		if tone == "" {
			tone = "soft"
		}
		row := todayRow{Site: c.Site, Word: state.Word(), Tone: tone, URL: fmt.Sprintf("/sessions/%d", c.ID), Seen: c.Seen, Waiting: c.Waiting, Expected: c.Expected, Alarms: c.Alarms}
		if c.Kind == "home" {
			row.Site += "（上门）"
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// overviewJSON is the manager's page for programs.
type overviewJSON struct {
	Sentence string           `json:"sentence"`
	Sessions int64            `json:"sessions"`
	Closed   int64            `json:"closed"`
	Visits   int64            `json:"visits"`
	Wrong    []string         `json:"wrong"`
	Pending  map[string]int64 `json:"pending"`
}

func newOverviewJSON(o reporting.Overview) overviewJSON {
	out := overviewJSON{Sentence: o.Sentence(), Sessions: o.Clinics, Closed: o.Closed, Visits: o.Visits.Visits, Wrong: append([]string{}, o.Wrong...), Pending: map[string]int64{}}
	for _, p := range o.Pending {
		out.Pending[string(p.Kind)] = p.N
	}
	return out
}
