package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
)

// keptChecks is how many checks the page lists.
const keptChecks = 10

// checkView is the page of the stock's check.
type checkView struct {
	CanStart bool
	Work     page.Work
	Rows     []checkRow
}

type checkRow struct {
	Sentence, By, Word, Tone, URL string
}

// StockCheck is GET /stock/check: the check of the stock against its movements,
// under way or as it ended, and the last ones that are kept.
func (h *Handlers) StockCheck(w http.ResponseWriter, r *http.Request) error {
	by, err := h.viewer(r)
	if err != nil {
		return err
	}
	list, err := reporting.LastStockChecks(r.Context(), h.db, keptChecks)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newChecksJSON(list))
	}
	v := checkView{CanStart: by.Can(identity.ViewReports, 0) == nil}
	v.Work = h.checks().Latest()
	for _, c := range list {
		v.Rows = append(v.Rows, newCheckRow(c))
	}
	return h.site.Page(w, r, "stock_check", v)
}

// viewer gives the acting person, who must be allowed to see stock somewhere.
func (h *Handlers) viewer(r *http.Request) (identity.Actor, error) {
	by, err := identity.Who(r.Context())
	if err != nil {
		return by, err
	}
	return by, identity.Allow(r.Context(), h.db, by, identity.ViewStock, 0)
}

// checks answers for checks of the stock.
func (h *Handlers) checks() page.Works {
	return page.Works{Site: h.site, Jobs: h.jobs, Kind: "stock-check", Path: "/stock/check", Home: "/stock/check", ID: "check-work", Verb: "核对", Unit: "盒",
		Done: stockChecked, JSON: func(s job.Status) any { return newCheckJSON(s) }}
}

// StartCheck is POST /stock/check: begins a check.
func (h *Handlers) StartCheck(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	return h.checks().Start(w, r, by.StaffID, func(ctx context.Context, p *job.Progress) (any, error) {
		return reporting.RunStockCheck(ctx, h.db, by, reporting.CheckAsked, p.Report)
	})
}

// CheckProgress is GET /stock/check/{job}: how far a check is.
func (h *Handlers) CheckProgress(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.viewer(r); err != nil {
		return err
	}
	return h.checks().Show(w, r)
}

// CancelCheck is POST /stock/check/{job}/cancel.
func (h *Handlers) CancelCheck(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.reader(r); err != nil {
		return err
	}
	return h.checks().Cancel(w, r)
}

// stockChecked says what a check found.
func stockChecked(v *page.Work, s job.Status) {
	report, _ := s.Result.(reporting.StockReport)
	if report.Problem == "" {
		v.Tone, v.Sentence = "good", fmt.Sprintf("全部一致：%d 盒药，%d 条流水，没有发现差错。", report.Packs, report.Movements)
		return
	}
	v.Tone, v.Sentence = "bad", "第一处不符："+report.Problem+"。"
	if to := codeURL(report.Code); to != "" {
		v.Links = []page.WorkLink{{Icon: "trace", Word: "查这个码", URL: to}}
	}
}

func codeURL(code string) string {
	if code == "" {
		return ""
	}
	return "/trace/" + url.PathEscape(code)
}

func newCheckRow(c reporting.KeptCheck) checkRow {
	row := checkRow{Sentence: c.Sentence(), By: c.By, URL: codeURL(c.Code)}
	switch c.State {
	case reporting.CheckRight:
		row.Word, row.Tone = "一致", "good"
	case reporting.CheckWrong:
		row.Word, row.Tone = "不符", "bad"
	case reporting.CheckRunning:
		row.Word, row.Tone = "进行中", "info"
	default:
		row.Word, row.Tone = "没有结果", "caution"
	}
	if c.EndedAt != nil {
		row.By = joinWords(row.By, "用时 "+c.EndedAt.Sub(c.StartedAt).Round(100_000_000).String())
	}
	return row
}

func joinWords(a, b string) string {
	if a == "" {
		return b
	}
	return a + " · " + b
}

// checkJSON is a check under way, for programs.
type checkJSON struct {
	Job     string    `json:"job"`
	State   job.State `json:"state"`
	Percent int       `json:"percent"`
	Problem string    `json:"problem,omitempty"`
}

func newCheckJSON(s job.Status) checkJSON {
	report, _ := s.Result.(reporting.StockReport)
	return checkJSON{Job: s.ID.String(), State: s.State, Percent: s.Percent(), Problem: report.Problem}
}

// keptJSON is a kept check, for programs.
type keptJSON struct {
	Kind      reporting.CheckKind  `json:"kind"`
	State     reporting.CheckState `json:"state"`
	StartedAt string               `json:"started_at"`
	Packs     int64                `json:"packs"`
	Movements int64                `json:"movements"`
	Problem   string               `json:"problem,omitempty"`
}

func newChecksJSON(list []reporting.KeptCheck) []keptJSON {
	out := []keptJSON{}
	for _, c := range list {
		out = append(out, keptJSON{c.Kind, c.State, c.StartedAt.In(session.Zone()).Format("2006-01-02T15:04:05Z07:00"), c.Packs, c.Movements, c.Problem})
	}
	return out
}
