package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// checkJob is the kind of the job that checks the stock.
const checkJob = "stock-check"

// keptChecks is how many checks the page lists.
const keptChecks = 10

// checkView is the page of the stock's check.
type checkView struct {
	CanStart bool
	Work     checkWork
	Rows     []checkRow
}

// checkWork is a check under way, or the one that has just ended; it is fetched
// again while it runs.
type checkWork struct {
	Running     bool
	URL         string // of this fragment
	CancelURL   string
	Percent     int
	Done, Total int64
	Sentence    string // how it ended
	Tone        string
	TraceURL    string
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
	if s, ok := h.jobs.Latest(checkJob); ok {
		v.Work = newCheckWork(s)
	}
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

// StartCheck is POST /stock/check: begins a check. One runs at a time; who asks
// for a second sees the first.
func (h *Handlers) StartCheck(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	id, err := h.jobs.Start(checkJob, by.StaffID, func(ctx context.Context, p *job.Progress) (any, error) {
		return reporting.RunStockCheck(ctx, h.db, by, reporting.CheckAsked, p.Report)
	})
	if err != nil && !errors.Is(err, job.ErrBusy) {
		return fmt.Errorf("start a check of the stock: %w", err)
	}
	return h.answerCheck(w, r, id)
}

// CheckProgress is GET /stock/check/{job}: how far a check is.
func (h *Handlers) CheckProgress(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.viewer(r); err != nil {
		return err
	}
	id, err := jobID(r)
	if err != nil {
		return err
	}
	return h.answerCheck(w, r, id)
}

// CancelCheck is POST /stock/check/{job}/cancel.
func (h *Handlers) CancelCheck(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.reader(r); err != nil {
		return err
	}
	id, err := jobID(r)
	if err != nil {
		return err
	}
	h.jobs.Cancel(id)
	return h.answerCheck(w, r, id)
}

func jobID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(chi.URLParam(r, "job"))
	if err != nil {
		return id, db.RefuseBecause(err, db.NotFound, "没有这次核对。请打开核对页重新开始。")
	}
	return id, nil
}

func (h *Handlers) answerCheck(w http.ResponseWriter, r *http.Request, id uuid.UUID) error {
	s, ok := h.jobs.Find(id)
	switch {
	case !ok:
		return db.Refuse(db.NotFound, "没有这次核对，可能程序重新启动过。结果请看下面的列表，或重新核对。")
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newCheckJSON(s))
	case !page.IsHTMX(r):
		return h.site.SeeOther(w, r, "/stock/check")
	}
	return h.site.Fragment(w, r, "check_work", newCheckWork(s))
}

func newCheckWork(s job.Status) checkWork {
	v := checkWork{Running: s.State == job.Running, URL: "/stock/check/" + s.ID.String(), Percent: s.Percent(), Done: s.Done, Total: s.Total}
	v.CancelURL = v.URL + "/cancel"
	report, _ := s.Result.(reporting.StockReport)
	switch {
	case v.Running:
	case s.State == job.Cancelled:
		v.Tone, v.Sentence = "caution", "已停止核对，没有结果。"
	case s.State == job.Failed:
		v.Tone, v.Sentence = "bad", "核对没有完成。请再核对一次；仍不行请告诉管理员。"
	case report.Problem != "":
		v.Tone, v.Sentence, v.TraceURL = "bad", "第一处不符："+report.Problem+"。", codeURL(report.Code)
	default:
		v.Tone, v.Sentence = "good", fmt.Sprintf("全部一致：%d 盒药，%d 条流水，没有发现差错。", report.Packs, report.Movements)
	}
	return v
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
