package web

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// reportsView is the list of monthly and yearly reports.
type reportsView struct {
	Months, Years, Sites []optionView
	Groups               []reportGroup
	Problem              string
}

// reportGroup is the reports of one period.
type reportGroup struct {
	Title string
	Rows  []reportRow
}

type reportRow struct {
	Scope, About, URL, PDF string
}

// keptView is a kept report above its figures.
type keptView struct {
	About, Digest string
	AgainURL      string
}

// Reports is GET /statistics/reports: the monthly and yearly reports that are kept.
func (h *Handlers) Reports(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	list, err := reporting.ListReports(r.Context(), h.db, allowedSites(by))
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newReportsJSON(list))
	}
	v := reportsView{}
	last := ""
	for _, k := range list {
		if title := k.Period().Words() + k.Kind.Chinese(); title != last {
			v.Groups, last = append(v.Groups, reportGroup{Title: title}), title
		}
		g := &v.Groups[len(v.Groups)-1]
		url := reportURL(k.ID)
		g.Rows = append(g.Rows, reportRow{Scope: k.Scope(), About: aboutReport(k), URL: url, PDF: url + "/file.pdf"})
	}
	if err := h.fillReports(r, by, &v); err != nil {
		return err
	}
	return h.site.Page(w, r, "reports", v)
}

func aboutReport(k reporting.KeptReport) string {
	text := k.MadeAt.In(session.Zone()).Format("2006-01-02 15:04") + " " + k.Author()
	if k.Edition > 1 {
		text = fmt.Sprintf("第 %d 版 · %s", k.Edition, text)
	}
	return text
}

// fillReports gives the periods and sites that a report can be asked for.
func (h *Handlers) fillReports(r *http.Request, by identity.Actor, v *reportsView) error {
	month := reporting.MonthOf(session.Today(h.db.Now())).From
	for n := range 24 {
		m := month.AddDate(0, -n, 0)
		v.Months = append(v.Months, optionView{"month " + m.Format(time.DateOnly), m.Format("2006年1月") + "月报", n == 1})
	}
	for n := range 5 {
		y := reporting.YearOf(month).From.AddDate(-n, 0, 0)
		v.Years = append(v.Years, optionView{"year " + y.Format(time.DateOnly), y.Format("2006年") + "年报", false})
	}
	sites, err := identity.SitesFor(r.Context(), h.db, by, identity.ViewReports)
	if err != nil {
		return err
	}
	if allowedSites(by) == nil {
		v.Sites = []optionView{{"", "全部精防点", true}}
	}
	for _, s := range sites {
		v.Sites = append(v.Sites, optionView{idText(s.ID), s.Name, false})
	}
	return nil
}

// MakeReport is POST /statistics/reports: makes the report of a period, or makes it
// anew; what has changed since stands above it.
func (h *Handlers) MakeReport(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return db.RefuseBecause(err, db.Invalid, "表单无法读取。请回到报表页面重试。")
	}
	kind, p, err := parseReport(r.PostForm.Get("report"))
	if err != nil {
		return err
	}
	if err := p.Check(session.Today(h.db.Now())); err != nil {
		return err
	}
	site, err := queryNumber(r.PostForm, "site")
	if err != nil {
		return err
	}
	if err := h.mayReport(r, by, site); err != nil {
		return err
	}
	return h.make(w, r, by, kind, p, site)
}

// make has a report made as work of the person's own: a year over many sites takes
// longer than anybody looks at a page that does not move.
func (h *Handlers) make(w http.ResponseWriter, r *http.Request, by identity.Actor, kind reporting.ReportKind, p reporting.Period, site int64) error {
	return h.reportWorks(by).Start(w, r, by.StaffID, func(ctx context.Context, progress *job.Progress) (any, error) {
		progress.Report(0, 1)
		kept, changed, err := reporting.KeepReport(ctx, h.db, by, kind, p, site)
		progress.Report(1, 1)
		return madeReport{kept, changed}, err
	})
}

// madeReport is what the making of a report came to.
type madeReport struct {
	kept    reporting.KeptReport
	changed []string
}

// reportWorks answers for the reports that a person has made: everybody has one at a
// time.
func (h *Handlers) reportWorks(by identity.Actor) page.Works {
	return page.Works{Site: h.site, Jobs: h.jobs, Kind: fmt.Sprintf("report-%d", by.StaffID), Path: "/statistics/reports/making", ID: "work", Verb: "生成", Unit: "份", Done: reportMade,
		JSON: func(s job.Status) any {
			out := map[string]any{"job": s.ID.String(), "state": s.State, "percent": s.Percent()}
			if x, done := s.Result.(madeReport); done {
				out["report"], out["edition"], out["changed"] = x.kept.ID, x.kept.Edition, x.changed
			}
			return out
		},
		Page: func(w http.ResponseWriter, r *http.Request, v page.Work) error {
			return h.site.Page(w, r, "stat_work", workPage{"生成报表", "/statistics/reports", v})
		}}
}

// mostFindings is how many differences the page of a work names; the audit counts all.
const mostFindings = 12

// reportMade says what a report came to.
func reportMade(v *page.Work, s job.Status) {
	x, _ := s.Result.(madeReport)
	k := x.kept
	name := fmt.Sprintf("%s %s %s", k.Period().Words(), k.Kind.Chinese(), k.Scope())
	v.Links = []page.WorkLink{{Icon: "chart", Word: "看报表", URL: reportURL(k.ID), Main: true}}
	switch {
	case len(x.changed) > 0:
		v.Tone, v.Sentence = "caution", fmt.Sprintf("%s：数字与上一版不同，已另存为第 %d 版，原来的仍保留。", name, k.Edition)
		v.Findings = x.changed[:min(len(x.changed), mostFindings)]
	case k.MadeAt.Before(s.StartedAt):
		v.Tone, v.Sentence = "good", name+"：已按现在的账重新计算，每个数字都与保存的一致。"
	default:
		v.Tone, v.Sentence = "good", name+"：已生成并保存。"
	}
}

func reportURL(id int64) string { return fmt.Sprintf("/statistics/reports/%d", id) }

// ReportWork is GET /statistics/reports/making/{job}: how far a report is.
func (h *Handlers) ReportWork(w http.ResponseWriter, r *http.Request) error {
	by, s, err := h.ownReport(r)
	if err != nil {
		return err
	}
	return h.reportWorks(by).Answer(w, r, s)
}

// CancelReport is POST /statistics/reports/making/{job}/cancel.
func (h *Handlers) CancelReport(w http.ResponseWriter, r *http.Request) error {
	by, _, err := h.ownReport(r)
	if err != nil {
		return err
	}
	return h.reportWorks(by).Cancel(w, r)
}

// ownReport finds the person's own job of the address; the right to what it made is
// checked again.
func (h *Handlers) ownReport(r *http.Request) (identity.Actor, job.Status, error) {
	by, err := h.reader(r)
	if err != nil {
		return by, job.Status{}, err
	}
	s, err := h.reportWorks(by).Find(r)
	if x, done := s.Result.(madeReport); err == nil && done {
		err = h.mayReport(r, by, x.kept.SiteID)
	}
	return by, s, err
}

// parseReport reads which report of which period is meant: "month 2026-11-01".
func parseReport(text string) (reporting.ReportKind, reporting.Period, error) {
	kind, from, _ := strings.Cut(text, " ")
	day, err := time.Parse(time.DateOnly, from)
	if k := reporting.ReportKind(kind); err == nil && k.Valid() {
		if k == reporting.ReportYear {
			return k, reporting.YearOf(day), nil
		}
		return k, reporting.MonthOf(day), nil
	}
	return "", reporting.Period{}, db.Refuse(db.Invalid, "没有这种报表。请从列表里选一个月或一年。")
}

// mayReport refuses a report over sites that are not the person's; site 0 is all.
func (h *Handlers) mayReport(r *http.Request, by identity.Actor, site int64) error {
	if site == 0 && allowedSites(by) != nil {
		return db.Refuse(db.Denied, "您只能查看自己负责的精防点的报表。请选一个精防点。")
	}
	return identity.Allow(r.Context(), h.db, by, identity.ViewReports, site)
}

// findReport gives the kept report of the address to whoever may see its site.
func (h *Handlers) findReport(r *http.Request) (by identity.Actor, k reporting.KeptReport, d reporting.Document, err error) {
	if by, err = h.reader(r); err != nil {
		return by, k, d, err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "report"), 10, 64)
	if err != nil {
		return by, k, d, db.Refuse(db.NotFound, "没有这份报表。请从报表列表里选。")
	}
	if k, d, err = reporting.FindReport(r.Context(), h.db, id); err != nil {
		return by, k, d, err
	}
	return by, k, d, h.mayReport(r, by, k.SiteID)
}

// Report is GET /statistics/reports/{report}: a kept report on the screen.
func (h *Handlers) Report(w http.ResponseWriter, r *http.Request) error {
	_, k, d, err := h.findReport(r)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newDocJSON(d))
	}
	f := statFilter{From: k.From.Format(time.DateOnly), To: k.To.Format(time.DateOnly), Site: k.SiteID}
	v := newStatView(d, f, "")
	v.Filter, v.Back, v.Files = nil, "/statistics/reports", nil
	for _, x := range statForms() {
		v.Files = append(v.Files, fileView{x[1], fmt.Sprintf("/statistics/reports/%d/file.%s", k.ID, x[0])})
	}
	v.Kept = &keptView{About: aboutReport(k), Digest: d.Digest(), AgainURL: fmt.Sprintf("/statistics/reports/%d/again", k.ID)}
	return h.site.Page(w, r, "statistic", v)
}

// ReportAgain is POST /statistics/reports/{report}/again: makes the same report
// from today's books and says what is different.
func (h *Handlers) ReportAgain(w http.ResponseWriter, r *http.Request) error {
	by, k, _, err := h.findReport(r)
	if err != nil {
		return err
	}
	return h.make(w, r, by, k.Kind, k.Period(), k.SiteID)
}

// ReportFile is GET /statistics/reports/{report}/file.{form}: a kept report as a
// file, drawn from what is kept.
func (h *Handlers) ReportFile(w http.ResponseWriter, r *http.Request) error {
	by, k, d, err := h.findReport(r)
	if err != nil {
		return err
	}
	return h.sendDocument(w, r, by, d, reporting.Made{By: k.Author(), At: k.MadeAt}, identity.Event{Name: "report.kept", ObjectKind: "report", ObjectID: fmt.Sprint(k.ID), SiteID: k.SiteID, Detail: d.Name})
}

// MonthFile is GET /statistics/month.{form}: the report of this month so far, or of
// another (?month=2026-10), without keeping it.
func (h *Handlers) MonthFile(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	today := session.Today(h.db.Now())
	p := reporting.Period{From: reporting.MonthOf(today).From, To: today}
	if text := r.URL.Query().Get("month"); text != "" {
		day, err := time.Parse("2006-01", text)
		if err != nil {
			return db.RefuseBecause(err, db.Invalid, "月份无法识别。请写成 2026-11 的样子。")
		}
		p = reporting.MonthOf(day)
	}
	site, err := queryNumber(r.URL.Query(), "site")
	if err != nil {
		return err
	}
	if own := allowedSites(by); site == 0 && len(own) > 0 {
		site = own[0]
	}
	if err := h.mayReport(r, by, site); err != nil {
		return err
	}
	d, err := reporting.ReadReport(r.Context(), h.db, reporting.ReportMonth, p, site)
	if err != nil {
		return err
	}
	return h.sendDocument(w, r, by, d, reporting.Made{By: by.Name, At: d.At}, identity.Event{Name: "report.kept", ObjectKind: "report", ObjectID: d.Name, SiteID: site, Detail: "not kept"})
}

// reportJSON is a kept report for programs.
type reportJSON struct {
	ID      int64  `json:"id"`
	Kind    string `json:"kind"`
	Site    int64  `json:"site"`
	From    string `json:"from"`
	To      string `json:"to"`
	Edition int64  `json:"edition"`
	Digest  string `json:"digest"`
}

func newReportsJSON(list []reporting.KeptReport) []reportJSON {
	out := []reportJSON{}
	for _, k := range list {
		out = append(out, reportJSON{k.ID, string(k.Kind), k.SiteID, k.From.Format(time.DateOnly), k.To.Format(time.DateOnly), k.Edition, fmt.Sprintf("%x", k.Digest)})
	}
	return out
}
