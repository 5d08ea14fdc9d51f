package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// verifyJob is the kind of the job that verifies the audit: years of it take longer
// than anybody waits for a page.
const verifyJob = "audit-verify"

// verifyView is a verification under way, or the last one; it is fetched again
// while it runs.
type verifyView struct {
	Running        bool
	URL, CancelURL string
	Percent        int
	Progress       string
	// Stamp and Sentence say how it ended.
	Stamp, Sentence, Tone string
}

// postVerify begins a verification. One runs at a time; who asks for a second sees
// the first.
func (w *Web) postVerify(rw http.ResponseWriter, r *http.Request) error {
	by, _ := identity.ActorOf(r.Context())
	id, err := w.jobs.Start(verifyJob, by.StaffID, func(ctx context.Context, p *job.Progress) (any, error) {
		return w.svc.VerifyAudit(ctx, by, p.Report)
	})
	if err != nil && !errors.Is(err, job.ErrBusy) {
		return fmt.Errorf("start a verification of the audit: %w", err)
	}
	return w.answerVerify(rw, r, id)
}

func (w *Web) showVerify(rw http.ResponseWriter, r *http.Request) error {
	id, err := verifyID(r)
	if err != nil {
		return err
	}
	return w.answerVerify(rw, r, id)
}

func (w *Web) postCancelVerify(rw http.ResponseWriter, r *http.Request) error {
	id, err := verifyID(r)
	if err != nil {
		return err
	}
	w.jobs.Cancel(id)
	return w.answerVerify(rw, r, id)
}

func verifyID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(chi.URLParam(r, "job"))
	if err != nil {
		return id, db.RefuseBecause(err, db.NotFound, "没有这次检查。请重新开始。")
	}
	return id, nil
}

func (w *Web) answerVerify(rw http.ResponseWriter, r *http.Request, id uuid.UUID) error {
	s, ok := w.jobs.Find(id)
	switch {
	case !ok || s.Kind != verifyJob:
		return db.Refuse(db.NotFound, "没有这次检查，可能程序重新启动过。请重新检查。")
	case page.WantsJSON(r):
		return w.site.JSON(rw, r, http.StatusOK, newVerifyJSON(s))
	case !page.IsHTMX(r):
		return w.site.SeeOther(rw, r, "/audit")
	}
	return w.site.Fragment(rw, r, "audit_check", newVerifyView(s))
}

func newVerifyView(s job.Status) verifyView {
	v := verifyView{Running: s.State == job.Running, URL: "/audit/verify/" + s.ID.String(), Percent: s.Percent(),
		Progress: fmt.Sprintf("%d / %d 条", s.Done, s.Total)}
	v.CancelURL = v.URL + "/cancel"
	report, _ := s.Result.(identity.Report)
	switch {
	case v.Running:
	case s.State == job.Cancelled:
		v.Stamp, v.Tone, v.Sentence = "已停止", "caution", "没有结果。"
	case s.State == job.Failed:
		v.Stamp, v.Tone, v.Sentence = "没有完成", "bad", "请再检查一次；仍不行请告诉系统管理员。"
	case report.Broken != nil:
		v.Stamp, v.Tone, v.Sentence = "链断裂", "bad", report.Broken.String()+" 请保留现场并报告安全管理员。"
	default:
		v.Stamp, v.Tone = "链完整", "good"
		v.Sentence = fmt.Sprintf("检查了 %d 条链、%d 条记录，没有被改动。", report.Chains, report.Rows)
	}
	return v
}

// verifyJSON is a verification for programs.
type verifyJSON struct {
	Job     string    `json:"job"`
	State   job.State `json:"state"`
	Percent int       `json:"percent"`
	Good    bool      `json:"good"`
	Chains  int64     `json:"chains"`
	Rows    int64     `json:"rows"`
	Broken  string    `json:"broken,omitempty"`
}

func newVerifyJSON(s job.Status) verifyJSON {
	report, _ := s.Result.(identity.Report)
	out := verifyJSON{Job: s.ID.String(), State: s.State, Percent: s.Percent(), Chains: report.Chains, Rows: report.Rows,
		Good: s.State == job.Done && report.Broken == nil}
	if report.Broken != nil {
		out.Broken = report.Broken.String()
	}
	return out
}
