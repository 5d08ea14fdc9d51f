package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"jingfang/session/identity"
	"jingfang/session/job"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// importJob is the kind of the job that imports one file.
func importJob(id uuid.UUID) string { return "patient-import-" + id.String() }

// NewImport is GET /patients/import: the form for a file.
func (h *Handlers) NewImport(w http.ResponseWriter, r *http.Request) error {
	return h.site.Page(w, r, "import", importView{MaxMB: patient.MaxImportFile >> 20})
}

// Upload is POST /patients/import: keeps the file and leads to its dry run.
func (h *Handlers) Upload(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	data, err := uploaded(r)
	var id uuid.UUID
	if err == nil {
		id, err = h.patients.Upload(r.Context(), by, data)
	}
	problem, err := complaint(r, err)
	switch {
	case err != nil:
		return err
	case problem != "":
		return h.site.Page(w, r, "import", importView{MaxMB: patient.MaxImportFile >> 20, Error: problem})
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusCreated, struct {
			ID uuid.UUID `json:"id"`
		}{id})
	}
	return h.site.SeeOther(w, r, importURL(id))
}

func importURL(id uuid.UUID) string { return "/patients/import/" + id.String() }

// uploaded reads the file of a form. Whatever its name says is left aside.
func uploaded(r *http.Request) ([]byte, error) {
	file, _, err := r.FormFile("file")
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge), errors.Is(err, multipart.ErrMessageTooLarge):
		return nil, db.RefuseBecause(err, db.Invalid, "文件超过 %d MB。请分成几个文件导入。", patient.MaxImportFile>>20)
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return nil, db.RefuseBecause(err, db.Invalid, "请先选择要导入的文件。")
	case err != nil:
		return nil, db.RefuseBecause(err, db.Invalid, "文件没有传完整，请再传一次。")
	}
	defer func() { _ = file.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(file, patient.MaxImportFile+1))
	if err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "文件没有传完整，请再传一次。")
	}
	return data, nil
}

func importID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(chi.URLParam(r, "import"))
	if err != nil {
		return id, db.RefuseBecause(err, db.NotFound, "没有这个导入文件，可能已过期。请重新上传。")
	}
	return id, nil
}

// readDraft reads who asks and the dry run in the address.
func (h *Handlers) readDraft(r *http.Request) (by identity.Actor, d patient.Draft, err error) {
	if by, err = identity.Who(r.Context()); err != nil {
		return by, d, err
	}
	id, err := importID(r)
	if err != nil {
		return by, d, err
	}
	d, err = h.patients.ReadDraft(r.Context(), by, id)
	return by, d, err
}

// DryRun is GET /patients/import/{import}: what would become of every row.
func (h *Handlers) DryRun(w http.ResponseWriter, r *http.Request) error {
	by, d, err := h.readDraft(r)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newDraftJSON(d))
	}
	sites, err := h.siteChoices(r.Context(), by, strconv.FormatInt(d.Choices.Site, 10))
	if err != nil {
		return err
	}
	v := newDraftView(d, patient.Fate(r.URL.Query().Get("fate")), sites)
	if s, ok := h.jobs.Latest(importJob(d.ID)); ok && s.State != job.Done {
		v.Work = newImportWork(d.ID, s)
	}
	return h.site.Page(w, r, "import_draft", v)
}

// Choose is POST /patients/import/{import}: sheet, columns, site, who is who.
func (h *Handlers) Choose(w http.ResponseWriter, r *http.Request) error {
	by, d, err := h.readDraft(r)
	if err != nil {
		return err
	}
	c, err := parseChoices(r, d)
	if err != nil {
		return err
	}
	if err := h.patients.Choose(r.Context(), by, d.ID, c); err != nil {
		return err
	}
	url := importURL(d.ID)
	if fate := r.PostFormValue("fate"); fate != "" {
		url += "?fate=" + string(knownFate(patient.Fate(fate)))
	}
	return h.site.SeeOther(w, r, url)
}

// parseChoices lays what the form holds over the choices there are.
func parseChoices(r *http.Request, d patient.Draft) (patient.Choices, error) {
	c := d.Choices
	if sheet := r.PostFormValue("sheet"); sheet != "" && sheet != d.Grid.Sheet {
		return patient.Choices{Sheet: sheet, Site: c.Site}, nil
	}
	if text := r.PostFormValue("site"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return c, db.RefuseBecause(err, db.Invalid, "请重新选择精防点。")
		}
		c.Site = id
	}
	if r.PostFormValue("columns") != "" {
		c.Columns = make([]patient.Field, len(d.Columns))
		for i := range d.Columns {
			c.Columns[i] = patient.Field(r.PostFormValue(fmt.Sprintf("column-%d", i)))
		}
	}
	for _, row := range d.Rows {
		switch x := patient.Decision(r.PostFormValue(fmt.Sprintf("row-%d", row.No))); x {
		case patient.DecideSame, patient.DecideNew, patient.DecideSkip:
			if c.Decided == nil {
				c.Decided = map[int]patient.Decision{}
			}
			c.Decided[row.No] = x
		}
	}
	return c, nil
}

// Import is POST /patients/import/{import}/run: begins the import. Who asks twice
// sees the first one.
func (h *Handlers) Import(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in := patient.Importing{}
	if in.ID, err = importID(r); err != nil {
		return err
	}
	if in.CommandID, err = formCommand(r); err != nil {
		return err
	}
	if in.CommandID == uuid.Nil {
		return db.Refuse(db.Invalid, "页面缺少操作编号，请刷新页面后重试。")
	}
	if err := by.Can(identity.RegisterPatient, 0); err != nil {
		return err
	}
	_, err = h.jobs.Start(importJob(in.ID), by.StaffID, func(ctx context.Context, p *job.Progress) (any, error) {
		return h.patients.Import(ctx, by, in, func(done, total int) { p.Report(int64(done), int64(total)) })
	})
	if err != nil && !errors.Is(err, job.ErrBusy) {
		return fmt.Errorf("start an import: %w", err)
	}
	return h.answerImport(w, r, in.ID)
}

// ImportProgress is GET /patients/import/{import}/progress.
func (h *Handlers) ImportProgress(w http.ResponseWriter, r *http.Request) error {
	_, d, err := h.readDraftHead(r)
	if err != nil {
		return err
	}
	return h.answerImport(w, r, d)
}

// CancelImport is POST /patients/import/{import}/cancel: nothing is imported.
func (h *Handlers) CancelImport(w http.ResponseWriter, r *http.Request) error {
	by, id, err := h.readDraftHead(r)
	if err != nil {
		return err
	}
	if s, ok := h.jobs.Latest(importJob(id)); ok && s.By == by.StaffID {
		h.jobs.Cancel(s.ID)
	}
	return h.answerImport(w, r, id)
}

// readDraftHead is readDraft without its rows, for what is asked every second.
func (h *Handlers) readDraftHead(r *http.Request) (by identity.Actor, id uuid.UUID, err error) {
	if by, err = identity.Who(r.Context()); err != nil {
		return by, id, err
	}
	id, err = importID(r)
	return by, id, err
}

// answerImport says how far an import is. Somebody else's is not there.
func (h *Handlers) answerImport(w http.ResponseWriter, r *http.Request, id uuid.UUID) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	s, ok := h.jobs.Latest(importJob(id))
	if !ok || s.By != by.StaffID {
		return db.Refuse(db.NotFound, "没有正在进行的导入，可能程序重新启动过。请打开导入页看结果。")
	}
	switch {
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newImportJSON(s))
	case !page.IsHTMX(r):
		return h.site.SeeOther(w, r, importURL(id))
	case s.State == job.Done:
		return h.site.SeeOther(w, r, importURL(id))
	}
	return h.site.Fragment(w, r, "import_work", newImportWork(id, s))
}

// ImportErrors is GET /patients/import/{import}/errors.xlsx: the rows with errors,
// to be mended.
func (h *Handlers) ImportErrors(w http.ResponseWriter, r *http.Request) error {
	_, d, err := h.readDraft(r)
	if err != nil {
		return err
	}
	return sendSheet(w, "errors.xlsx", d.WriteErrors)
}

// ImportTemplate is GET /patients/import/template.xlsx.
func (h *Handlers) ImportTemplate(w http.ResponseWriter, _ *http.Request) error {
	return sendSheet(w, "template.xlsx", patient.WriteTemplate)
}

// Export is POST /patients/export: the patients of a site as a spreadsheet, for a
// reason.
func (h *Handlers) Export(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in := patient.Exporting{Reason: r.PostFormValue("reason")}
	if text := r.PostFormValue("site"); text != "" {
		if in.SiteID, err = strconv.ParseInt(text, 10, 64); err != nil {
			return db.RefuseBecause(err, db.Invalid, "请重新选择精防点。")
		}
	}
	return sendSheet(w, "patients.xlsx", func(out io.Writer) error { return h.patients.Export(r.Context(), by, in, out) })
}

// NewExport is GET /patients/export: the form that asks what for.
func (h *Handlers) NewExport(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	sites, err := identity.SitesFor(r.Context(), h.db, by, identity.UnmaskPatient)
	if err != nil {
		return err
	}
	var v exportView
	for _, s := range sites {
		v.Sites = append(v.Sites, choiceView{strconv.FormatInt(s.ID, 10), s.District + " · " + s.Name, false})
	}
	return h.site.Page(w, r, "export", v)
}
