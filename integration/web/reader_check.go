package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// checkJob is the kind of the job that checks the log.
const checkJob = "transferlog-check"

// checked is the result of a check, with what it was of.
type checked struct {
	day    string
	report translog.Report
}

// checkPart is a check under way, or the last one; it is fetched again while it
// runs.
type checkPart struct {
	Day            string // that the form would check
	Running        bool
	URL, CancelURL string
	Percent        int
	Progress       string
	Sentence, Tone string
	Findings       []string
}

// StartCheck is POST /transferlog/check: checks a day ("day") or the whole log. One
// check runs at a time; who asks for a second sees the first.
func (h *Reader) StartCheck(w http.ResponseWriter, r *http.Request) error {
	by, err := h.officer(r)
	if err != nil {
		return err
	}
	day := r.PostFormValue("day")
	if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
		return db.RefuseBecause(err, db.Invalid, "日期无法识别，请写成 2026-11-23 的样子。")
	}
	id, err := h.jobs.Start(checkJob, by.StaffID, func(ctx context.Context, p *job.Progress) (any, error) {
		report, err := h.desk.Check(ctx, by, day, p.Report)
		return checked{day, report}, err
	})
	if err != nil && !errors.Is(err, job.ErrBusy) {
		return fmt.Errorf("start a check of the transfer log: %w", err)
	}
	return h.answerCheck(w, r, id)
}

// CheckProgress is GET /transferlog/check/{job}.
func (h *Reader) CheckProgress(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.officer(r); err != nil {
		return err
	}
	id, err := jobID(r)
	if err != nil {
		return err
	}
	return h.answerCheck(w, r, id)
}

// CancelCheck is POST /transferlog/check/{job}/cancel.
func (h *Reader) CancelCheck(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.officer(r); err != nil {
		return err
	}
	id, err := jobID(r)
	if err != nil {
		return err
	}
	h.jobs.Cancel(id)
	return h.answerCheck(w, r, id)
}

// officer gives the acting person, who must be allowed to read the log.
func (h *Reader) officer(r *http.Request) (identity.Actor, error) {
	by, err := identity.Who(r.Context())
	if err != nil {
		return by, err
	}
	return by, identity.Allow(r.Context(), h.db, by, identity.ViewTransferLog, 0)
}

func jobID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(chi.URLParam(r, "job"))
	if err != nil {
		return id, db.RefuseBecause(err, db.NotFound, "没有这次核对。请重新开始。")
	}
	return id, nil
}

func (h *Reader) answerCheck(w http.ResponseWriter, r *http.Request, id uuid.UUID) error {
	s, ok := h.jobs.Find(id)
	switch {
	case !ok || s.Kind != checkJob:
		return db.Refuse(db.NotFound, "没有这次核对，可能程序重新启动过。请重新核对。")
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newCheckJSON(s))
	case !page.IsHTMX(r):
		return h.site.SeeOther(w, r, "/transferlog")
	}
	return h.site.Fragment(w, r, "log_check", newCheckPart(s))
}

func newCheckPart(s job.Status) checkPart {
	v := checkPart{Running: s.State == job.Running, URL: "/transferlog/check/" + s.ID.String(), Percent: s.Percent(),
		Progress: fmt.Sprintf("%d / %d 段", s.Done, s.Total)}
	v.CancelURL = v.URL + "/cancel"
	x, _ := s.Result.(checked)
	v.Day = x.day
	what := "全部日志"
	if x.day != "" {
		what = x.day
	}
	switch {
	case v.Running:
	case s.State == job.Cancelled:
		v.Tone, v.Sentence = "caution", "已停止核对，没有结果。"
	case s.State == job.Failed:
		v.Tone, v.Sentence = "bad", "核对没有完成。请再核对一次；仍不行请告诉系统管理员。"
	case !x.report.Good():
		v.Tone, v.Sentence = "bad", what+"没有通过核对。请保留现场并报告安全管理员。"
		for _, p := range x.report.Problems[:min(len(x.report.Problems), 10)] {
			v.Findings = append(v.Findings, p.Sentence)
		}
	default:
		v.Tone = "good"
		v.Sentence = fmt.Sprintf("%s完整：%d 段，%d 条，核对锚点 %d 处，没有发现改动。", what, x.report.Writers, x.report.Entries, x.report.Anchors)
		if x.report.Elsewhere > 0 {
			v.Sentence += fmt.Sprintf("其中 %d 条的正文只在归档里。", x.report.Elsewhere)
		}
	}
	return v
}
