package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// checked is the result of a check, with what it was of.
type checked struct {
	day    string
	report translog.Report
}

// checks answers for checks of the log.
func (h *Reader) checks() page.Works {
	return page.Works{Site: h.site, Jobs: h.jobs, Kind: "transferlog-check", Path: "/transferlog/check", Home: "/transferlog", ID: "log-check", Verb: "核对", Unit: "段",
		Starts: checkStarts(""), Done: logChecked, JSON: func(s job.Status) any { return newCheckJSON(s) }}
}

// checkStarts are the buttons: a check of a day, if one is looked at, or of all.
func checkStarts(day string) []page.WorkStart {
	all := page.WorkStart{Icon: "shield", Word: "核对全部"}
	if day == "" {
		return []page.WorkStart{all}
	}
	return []page.WorkStart{{Icon: "shield", Word: "核对 " + day, Name: "day", Value: day}, all}
}

// StartCheck is POST /transferlog/check: checks a day ("day") or the whole log.
func (h *Reader) StartCheck(w http.ResponseWriter, r *http.Request) error {
	by, err := h.officer(r)
	if err != nil {
		return err
	}
	day := r.PostFormValue("day")
	if _, err := time.Parse(time.DateOnly, day); day != "" && err != nil {
		return db.RefuseBecause(err, db.Invalid, "日期无法识别，请写成 2026-11-23 的样子。")
	}
	return h.checks().Start(w, r, by.StaffID, func(ctx context.Context, p *job.Progress) (any, error) {
		report, err := h.desk.Check(ctx, by, day, p.Report)
		return checked{day, report}, err
	})
}

// CheckProgress is GET /transferlog/check/{job}.
func (h *Reader) CheckProgress(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.officer(r); err != nil {
		return err
	}
	return h.checks().Show(w, r)
}

// CancelCheck is POST /transferlog/check/{job}/cancel.
func (h *Reader) CancelCheck(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.officer(r); err != nil {
		return err
	}
	return h.checks().Cancel(w, r)
}

// officer gives the acting person, who must be allowed to read the log.
func (h *Reader) officer(r *http.Request) (identity.Actor, error) {
	by, err := identity.Who(r.Context())
	if err != nil {
		return by, err
	}
	return by, identity.Allow(r.Context(), h.db, by, identity.ViewTransferLog, 0)
}

// logChecked says what a check found.
func logChecked(v *page.Work, s job.Status) {
	x, _ := s.Result.(checked)
	v.Starts = checkStarts(x.day)
	what := "全部日志"
	if x.day != "" {
		what = x.day
	}
	if !x.report.Good() {
		v.Tone, v.Sentence = "bad", what+"没有通过核对。请保留现场并报告安全管理员。"
		for _, p := range x.report.Problems[:min(len(x.report.Problems), 10)] {
			v.Findings = append(v.Findings, p.Sentence)
		}
		return
	}
	v.Tone = "good"
	v.Sentence = fmt.Sprintf("%s完整：%d 段，%d 条，核对锚点 %d 处，没有发现改动。", what, x.report.Writers, x.report.Entries, x.report.Anchors)
	if x.report.Elsewhere > 0 {
		v.Sentence += fmt.Sprintf("其中 %d 条的正文只在归档里。", x.report.Elsewhere)
	}
}
