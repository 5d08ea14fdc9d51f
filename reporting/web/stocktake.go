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
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return db.Refuse(db.NotFound, "没有这次盘点。请从盘点列表重新进入。")
	}
	x, err := inventory.FindStocktake(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	site := int64(0)
	if x.SiteID != nil {
		site = *x.SiteID
	}
	if err := identity.Allow(r.Context(), h.db, by, identity.ViewStock, site); err != nil {
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
