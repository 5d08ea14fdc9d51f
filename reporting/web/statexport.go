package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/google/uuid"

	"jingfang/reporting"
	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// exportFile is what an export leaves: a file of this server that goes with its
// job, and what it was asked with, for its right to be checked again.
type exportFile struct {
	path, title, form string
	rows              int64
	question          reporting.Question
}

// Close removes the file; the jobs call it when they forget the export.
func (f exportFile) Close() error {
	if err := os.Remove(f.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove an export: %w", err)
	}
	return nil
}

// workPage is the page of one long work of a person's own.
type workPage struct {
	Title string
	Back  string
	Work  page.Work
}

// StartExport is POST /statistics/exports: all rows behind a figure as a file, as a
// job of the person's own.
func (h *Handlers) StartExport(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return db.RefuseBecause(err, db.Invalid, "表单无法读取。请回到统计页面重试。")
	}
	form := r.PostForm.Get("form")
	e := reporting.Export{What: r.PostForm.Get("what"), CSV: form == "csv", Only: reporting.Only(clipText(r.PostForm.Get("only"), 10)), Name: patient.MaskName}
	if form != "csv" && form != "xlsx" || !validExport(e.What) {
		return db.Refuse(db.Invalid, "没有这种明细。请从统计页面重新选择。")
	}
	// The fields are those of a statistic's address.
	r.URL.RawQuery = r.PostForm.Encode()
	a, err := h.statistic(r, "/statistics", rowsName)
	if err != nil {
		return err
	}
	e.Question, e.Made = a.q, reporting.Made{By: a.by.Name, At: h.db.Now()}
	err = identity.AuditAlone(r.Context(), h.db, a.by, identity.Event{Name: "report.export", ObjectKind: "report", ObjectID: e.What, SiteID: a.q.SiteID, Detail: strings.TrimPrefix(a.filter.with(""), "?")})
	if err != nil {
		return err
	}
	return h.exports(a.by).Start(w, r, a.by.StaffID, func(ctx context.Context, p *job.Progress) (any, error) {
		return h.export(ctx, e, form, p)
	})
}

// exports answers for a person's exports: everybody has one at a time.
func (h *Handlers) exports(by identity.Actor) page.Works {
	return page.Works{Site: h.site, Jobs: h.jobs, Kind: fmt.Sprintf("export-%d", by.StaffID), Path: "/statistics/exports", ID: "work", Verb: "导出", Unit: "个月", Stopped: "没有留下文件。需要时请重新导出。", Done: exported,
		JSON: func(s job.Status) any {
			out := map[string]any{"job": s.ID.String(), "state": s.State, "percent": s.Percent(), "file": ""}
			if _, done := s.Result.(exportFile); done {
				out["file"] = exportURL(s.ID) + "/file"
			}
			return out
		},
		Page: func(w http.ResponseWriter, r *http.Request, v page.Work) error {
			return h.site.Page(w, r, "stat_work", workPage{"导出", "/statistics", v})
		}}
}

func validExport(what string) bool { return what == "visits" || what == "given" || what == "people" }

func exportURL(id uuid.UUID) string { return "/statistics/exports/" + id.String() }

// export writes the rows into a file; what is cancelled or fails leaves none.
func (h *Handlers) export(ctx context.Context, e reporting.Export, form string, p *job.Progress) (result any, err error) {
	f, err := os.CreateTemp("", "jingfang-export-*")
	if err != nil {
		return nil, fmt.Errorf("make the file of an export: %w", err)
	}
	out := exportFile{path: f.Name(), title: e.Title(), form: form, question: e.Question}
	out.rows, err = e.Write(ctx, h.db, f, p.Report)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

// ownExport finds the job of the address. Another person's is not there, as one
// that never was. The right to its question is checked again.
func (h *Handlers) ownExport(r *http.Request) (identity.Actor, job.Status, error) {
	by, err := h.reader(r)
	if err != nil {
		return by, job.Status{}, err
	}
	s, err := h.exports(by).Find(r)
	if err != nil {
		return by, s, err
	}
	if f, done := s.Result.(exportFile); done {
		return by, s, h.stillAllowed(r, by, f.question)
	}
	return by, s, nil
}

// stillAllowed checks whether a person may still see what an export is about.
func (h *Handlers) stillAllowed(r *http.Request, by identity.Actor, q reporting.Question) error {
	sites := q.Allowed
	if q.SiteID != 0 {
		sites = []int64{q.SiteID}
	}
	if _, all := by.Sites(identity.ViewReports); !all && sites == nil {
		return db.Refuse(db.Denied, "您现在不能查看全部精防点的统计，这个文件不能再取。")
	}
	for _, id := range sites {
		if err := identity.Allow(r.Context(), h.db, by, identity.ViewReports, id); err != nil {
			return err
		}
	}
	return nil
}

// Export is GET /statistics/exports/{job}: how far an export is.
func (h *Handlers) Export(w http.ResponseWriter, r *http.Request) error {
	by, s, err := h.ownExport(r)
	if err != nil {
		return err
	}
	return h.exports(by).Answer(w, r, s)
}

// CancelExport is POST /statistics/exports/{job}/cancel.
func (h *Handlers) CancelExport(w http.ResponseWriter, r *http.Request) error {
	by, _, err := h.ownExport(r)
	if err != nil {
		return err
	}
	return h.exports(by).Cancel(w, r)
}

// exported says what an export left.
func exported(v *page.Work, s job.Status) {
	f, _ := s.Result.(exportFile)
	v.Tone, v.Sentence = "good", fmt.Sprintf("%s 已备好，共 %d 行。请在一小时内下载。", f.title, f.rows)
	if f.rows == 0 {
		v.Sentence = f.title + " 没有符合条件的行，文件里只有表头。"
	}
	v.Links = []page.WorkLink{{Icon: "download", Word: "下载", URL: v.URL + "/file", Main: true}}
}

// ExportFile is GET /statistics/exports/{job}/file: what an export left. That it
// was taken is in the audit.
func (h *Handlers) ExportFile(w http.ResponseWriter, r *http.Request) error {
	by, s, err := h.ownExport(r)
	if err != nil {
		return err
	}
	x, done := s.Result.(exportFile)
	if !done {
		return db.Refuse(db.NotFound, "这次导出没有文件可取。请等它完成，或重新导出。")
	}
	f, err := os.Open(x.path)
	if err != nil {
		return db.RefuseBecause(err, db.NotFound, "没有这次导出，或已经过期。请回到统计页面重新导出。")
	}
	defer f.Close() // only read
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("size of an export: %w", err)
	}
	err = identity.AuditAlone(r.Context(), h.db, by, identity.Event{Name: "report.fetch", ObjectKind: "report", ObjectID: s.ID.String(), SiteID: x.question.SiteID, Detail: fmt.Sprintf("rows=%d bytes=%d", x.rows, info.Size())})
	if err != nil {
		return err
	}
	kind := map[string]string{"csv": csvType, "xlsx": sheetType}[x.form]
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Length", fmt.Sprint(info.Size()))
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Disposition", `attachment; filename="export.`+x.form+`"; filename*=UTF-8''`+strings.ReplaceAll(url.QueryEscape(x.title), "+", "%20")+"."+x.form)
	if _, err := io.Copy(w, f); err != nil {
		return fmt.Errorf("send an export: %w", err)
	}
	return nil
}
