package web

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"jingfang/reporting"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// DisposalPDF is GET /setaside/{id}/report.pdf: a paper over a loss, a
// destruction or a sending back, to be signed.
func (h *Handlers) DisposalPDF(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	if err := identity.Allow(r.Context(), h.db, by, identity.ViewStock, 0); err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return db.Refuse(db.NotFound, "没有这张处置单。请从“退药与报损”重新进入。")
	}
	var report reporting.DisposalReport
	body, printed, err := h.print(r.Context(), func(w io.Writer) (reporting.Printed, error) {
		if report, err = reporting.ReadDisposalReport(r.Context(), h.db, id); err != nil {
			return reporting.Printed{}, err
		}
		return reporting.WriteDisposalPDF(w, report, reporting.Made{By: by.Name, At: report.At})
	})
	if err != nil {
		return err
	}
	d := report.Disposal
	err = reporting.IssuePaper(r.Context(), h.db, by, printed, identity.Event{Name: "disposal.download", ObjectKind: "disposal", ObjectID: d.Number,
		Detail: fmt.Sprintf("packs=%d bytes=%d", len(report.Packs), len(body))})
	if err != nil {
		return err
	}
	return send(w, body, "disposal-"+d.Number+".pdf", d.Title()+" "+d.Number+".pdf")
}
