package web

import (
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// StocktakePDF is GET /stocktakes/{id}/result.pdf: the result of the count in the
// address, for those who see the stock. Before it is handed in there is none.
func (h *Handlers) StocktakePDF(w http.ResponseWriter, r *http.Request) error {
	by, x, site, err := h.countOf(r)
	if err != nil {
		return err
	}
	body, printed, err := h.print(r.Context(), func(w io.Writer) (reporting.Printed, error) {
		res, err := inventory.ReadCountResult(r.Context(), h.db, x, 0)
		if err != nil {
			return reporting.Printed{}, err
		}
		return reporting.WriteStocktakePDF(w, res, reporting.Made{By: by.Name, At: h.db.Now()})
	})
	if err != nil {
		return err
	}
	e := identity.Event{Name: "report.download", ObjectKind: "stocktake", ObjectID: fmt.Sprint(x.ID), SiteID: site, Detail: fmt.Sprintf("stocktake %s, bytes=%d", x.Number(), len(body))}
	if err := reporting.IssuePaper(r.Context(), h.db, by, printed, e); err != nil {
		return err
	}
	return send(w, body, fmt.Sprintf("stocktake-%d.pdf", x.ID), "盘点结果 "+x.Number()+".pdf")
}

// StocktakeFile is GET /stocktakes/{id}/result/file.{form}: the result as a spreadsheet
// or CSV.
func (h *Handlers) StocktakeFile(w http.ResponseWriter, r *http.Request) error {
	by, x, site, err := h.countOf(r)
	if err != nil {
		return err
	}
	res, err := inventory.ReadCountResult(r.Context(), h.db, x, 0)
	if err != nil {
		return err
	}
	made := reporting.Made{By: by.Name, At: h.db.Now()}
	return h.sendDocument(w, r, by, reporting.CountDocument(res, made), made, identity.Event{Name: "report.download", ObjectKind: "stocktake", ObjectID: fmt.Sprint(x.ID), SiteID: site, Detail: "stocktake " + x.Number()})
}

// countOf finds the count in the address for whoever may see the stock it is of.
func (h *Handlers) countOf(r *http.Request) (by identity.Actor, x inventory.Stocktake, site int64, err error) {
	if by, err = identity.Who(r.Context()); err != nil {
		return by, x, 0, err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return by, x, 0, db.Refuse(db.NotFound, "没有这次盘点。请从盘点列表重新进入。")
	}
	if x, err = inventory.FindStocktake(r.Context(), h.db, id); err != nil {
		return by, x, 0, err
	}
	if x.SiteID != nil {
		site = *x.SiteID
	}
	return by, x, site, identity.Allow(r.Context(), h.db, by, identity.ViewStock, site)
}
