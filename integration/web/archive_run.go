package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"jingfang/integration/translog"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// archiveJob is the kind of the job that archives days.
const archiveJob = "transferlog-archive"

// runPart is the archiving under way, or the last one; it is fetched again while it
// runs.
type runPart struct {
	Running        bool
	URL, CancelURL string
	Percent        int
	Progress       string
	Sentence, Tone string
	Finding        string
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
	_, err := h.jobs.Start(archiveJob, by.StaffID, func(ctx context.Context, p *job.Progress) (any, error) {
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
	id, err := jobID(r)
	if err != nil {
		return err
	}
	return h.answerRun(w, r, id)
}

// CancelArchive is POST /transferlog/archive/run/{job}/cancel: the day at hand is
// given up, those before it stay archived.
func (h *Reader) CancelArchive(w http.ResponseWriter, r *http.Request) error {
	if _, err := h.archivist(r); err != nil {
		return err
	}
	id, err := jobID(r)
	if err != nil {
		return err
	}
	if s, ok := h.jobs.Find(id); ok && s.Kind == archiveJob {
		h.jobs.Cancel(id)
	}
	return h.answerRun(w, r, id)
}

// answerRun shows the progress; when it is over the whole page is drawn anew, for
// its days have changed.
func (h *Reader) answerRun(w http.ResponseWriter, r *http.Request, id uuid.UUID) error {
	s, ok := h.jobs.Find(id)
	switch {
	case !ok || s.Kind != archiveJob:
		return db.Refuse(db.NotFound, "没有这次归档，可能程序重新启动过。请看各天的状态，没有归档的可以继续。")
	case page.WantsJSON(r):
		v := newRunPart(s)
		return h.site.JSON(w, r, http.StatusOK, map[string]any{"state": s.State, "percent": s.Percent(), "sentence": v.Sentence, "finding": v.Finding})
	case !page.IsHTMX(r):
		return h.site.SeeOther(w, r, "/transferlog/archive")
	case s.State != job.Running:
		w.Header().Set("HX-Refresh", "true")
	}
	return h.site.Fragment(w, r, "log_archive", newRunPart(s))
}

func newRunPart(s job.Status) runPart {
	v := runPart{Running: s.State == job.Running, URL: "/transferlog/archive/run/" + s.ID.String(), Percent: s.Percent(),
		Progress: fmt.Sprintf("%d / %d 天", s.Done, s.Total)}
	v.CancelURL = v.URL + "/cancel"
	x, _ := s.Result.(translog.ArchiveDone)
	switch {
	case v.Running:
	case s.State == job.Cancelled:
		v.Tone, v.Sentence = "caution", "已停止归档。做完的日子已归档，其余的可以继续。"
	case s.State == job.Failed:
		v.Tone, v.Sentence = "bad", "归档没有完成。"
		v.Finding = db.Sentence(s.Err)
	case x.Problem != "":
		v.Tone, v.Sentence = "bad", fmt.Sprintf("归档了 %d 天。%s 没有通过核对，没有登记为归档。请保留现场并报告安全管理员。", x.Days, x.Broken)
		v.Finding = x.Problem
	default:
		v.Tone, v.Sentence = "good", fmt.Sprintf("归档完成：%d 天，%d 条，都已读回核对。", x.Days, x.Entries)
	}
	return v
}
