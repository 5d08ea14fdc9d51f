package web

import (
	"context"
	"fmt"
	"net/http"

	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
)

// verifies answers for verifications of the audit: years of it take longer than
// anybody waits for a page.
func (w *Web) verifies() page.Works {
	return page.Works{Site: w.site, Jobs: w.jobs, Kind: "audit-verify", Path: "/audit/verify", Home: "/audit", ID: "audit-check", Verb: "检查", Unit: "条",
		Starts: []page.WorkStart{{Icon: "shield", Word: "检查链"}}, Done: verified, JSON: func(s job.Status) any { return newVerifyJSON(s) }}
}

// postVerify begins a verification.
func (w *Web) postVerify(rw http.ResponseWriter, r *http.Request) error {
	by, _ := identity.ActorOf(r.Context())
	return w.verifies().Start(rw, r, by.StaffID, func(ctx context.Context, p *job.Progress) (any, error) {
		return w.svc.VerifyAudit(ctx, by, p.Report)
	})
}

func (w *Web) showVerify(rw http.ResponseWriter, r *http.Request) error {
	return w.verifies().Show(rw, r)
}

func (w *Web) postCancelVerify(rw http.ResponseWriter, r *http.Request) error {
	return w.verifies().Cancel(rw, r)
}

// verified says what a verification found.
func verified(v *page.Work, s job.Status) {
	report, _ := s.Result.(identity.Report)
	if report.Broken != nil {
		v.Stamp, v.Tone, v.Sentence = "链断裂", "bad", report.Broken.String()+" 请保留现场并报告安全管理员。"
		return
	}
	v.Stamp, v.Tone = "链完整", "good"
	v.Sentence = fmt.Sprintf("检查了 %d 条链、%d 条记录，没有被改动。", report.Chains, report.Rows)
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
