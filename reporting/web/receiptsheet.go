package web

import (
	"context"
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

// ReceiptSheetPDF is GET /receipts/{id}/differences.pdf: the difference sheet for
// both sides to sign.
func (h *Handlers) ReceiptSheetPDF(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	if err := identity.Allow(r.Context(), h.db, by, identity.Receive, 0); err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return db.Refuse(db.NotFound, "没有这张入库单。请从入库列表重新进入。")
	}
	x, body, printed, err := h.drawSheet(r.Context(), by, id)
	if err != nil {
		return err
	}
	err = reporting.IssuePaper(r.Context(), h.db, by, printed, identity.Event{Name: "report.sheet", ObjectKind: "receipt", ObjectID: strconv.FormatInt(id, 10),
		Detail: fmt.Sprintf("difference sheet, bytes=%d", len(body))})
	if err != nil {
		return err
	}
	return send(w, body, fmt.Sprintf("receipt-%d-differences.pdf", id), "入库差异单 "+x.Receipt.Number+".pdf")
}

// drawSheet reads and draws the sheet when it is its turn.
func (h *Handlers) drawSheet(ctx context.Context, by identity.Actor, id int64) (x inventory.ReceiptSheet, body []byte, printed reporting.Printed, err error) {
	body, printed, err = h.print(ctx, func(w io.Writer) (reporting.Printed, error) {
		if x, err = inventory.ReadReceiptSheet(ctx, h.db, id); err != nil {
			return reporting.Printed{}, err
		}
		return reporting.WriteReceiptSheetPDF(w, x, reporting.Made{By: by.Name, At: h.db.Now()})
	})
	return x, body, printed, err
}
