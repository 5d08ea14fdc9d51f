package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
)

// archives answers for the archiving of days.
func (h *Reader) archives() page.Works {
	return page.Works{Site: h.site, Jobs: h.jobs, Kind: "transferlog-archive", Path: "/transferlog/archive/run", Home: "/transferlog/archive", ID: "log-archive", Verb: "归档", Unit: "天",
		Stopped: "做完的日子已归档，其余的可以继续。", Fresh: true, Done: archived,
		JSON: func(s job.Status) any {
			v := h.archives().View(s)
			return map[string]any{"state": s.State, "percent": s.Percent(), "sentence": v.Sentence, "finding": strings.Join(v.Findings, " ")}
		}}
}

// StartArchive is POST /transferlog/archive/run: carries the confirmed request out, or
// goes on where it was cut off.
func (h *Reader) StartArchive(w http.ResponseWriter, r *http.Request) error {
	by, err := h.archivist(r)
	if err != nil {
		return err
	}
	return h.decided(w, r, by, askView{}, h.startRun(by))
}

func (h *Reader) startRun(by identity.Actor) error {
	_, err := h.jobs.Start(h.archives().Kind, by.StaffID, func(ctx context.Context, p *job.Progress) (any, error) {
		return h.desk.RunArchive(ctx, by, p.Report)
	})
	if err != nil && !errors.Is(err, job.ErrBusy) {
		return fmt.Errorf("start archiving the transfer log: %w", err)
	}
	return nil
}

// ArchiveProgress is GET /transferlog/archive/run/{job}.
func (h *Reader) ArchiveProgress(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.archivist(r); err != nil {
		return err
	}
	return h.archives().Show(w, r)
}

// CancelArchive is POST /transferlog/archive/run/{job}/cancel: the day at hand is
// given up, those before it stay archived.
func (h *Reader) CancelArchive(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.archivist(r); err != nil {
		return err
	}
	return h.archives().Cancel(w, r)
}

// archived says what was archived.
func archived(v *page.Work, s job.Status) {
	x, _ := s.Result.(translog.ArchiveDone)
	if x.Problem != "" {
		v.Tone, v.Sentence = "bad", fmt.Sprintf("归档了 %d 天。%s 没有通过核对，没有登记为归档。请保留现场并报告安全管理员。", x.Days, x.Broken)
		v.Findings = []string{x.Problem}
		return
	}
	v.Tone, v.Sentence = "good", fmt.Sprintf("归档完成：%d 天，%d 条，都已读回核对。", x.Days, x.Entries)
}
