package web

import (
	"bytes"
	"context"
	"fmt"
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
	x, body, err := h.drawSheet(r.Context(), by, id)
	if err != nil {
		return err
	}
	err = identity.AuditAlone(r.Context(), h.db, by, identity.Event{Name: "report.sheet", ObjectKind: "receipt", ObjectID: strconv.FormatInt(id, 10),
		Detail: fmt.Sprintf("difference sheet, bytes=%d", len(body))})
	if err != nil {
		return err
	}
	return send(w, body, fmt.Sprintf("receipt-%d-differences.pdf", id), "入库差异单 "+x.Receipt.Number+".pdf")
}

// drawSheet reads and draws the sheet when it is its turn.
func (h *Handlers) drawSheet(ctx context.Context, by identity.Actor, id int64) (inventory.ReceiptSheet, []byte, error) {
	select {
	case h.press <- struct{}{}:
		defer func() { <-h.press }()
	case <-ctx.Done():
		return inventory.ReceiptSheet{}, nil, fmt.Errorf("wait to draw a report: %w", ctx.Err())
	}
	x, err := inventory.ReadReceiptSheet(ctx, h.db, id)
	if err != nil {
		return x, nil, err
	}
	var b bytes.Buffer
	err = reporting.WriteReceiptSheetPDF(&b, x, reporting.Made{By: by.Name, At: h.db.Now()})
	return x, b.Bytes(), err
}
