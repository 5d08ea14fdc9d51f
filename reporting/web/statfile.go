package web

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"

	"jingfang/reporting"
	"jingfang/sql/db"
)

// csvType is that of a table in text.
const csvType = "text/csv; charset=utf-8"

// formOf is the form of a file at the end of the address.
func formOf(r *http.Request) string { return chi.URLParam(r, "form") }

// drawDocument makes the file. A paper waits for its turn, as all papers do.
func (h *Handlers) drawDocument(ctx context.Context, d reporting.Document, form string, made reporting.Made, mark string) (body []byte, kind string, printed reporting.Printed, err error) {
	var b bytes.Buffer
	switch form {
	case "pdf":
		body, printed, err = h.print(ctx, func(w io.Writer) (reporting.Printed, error) { return reporting.WriteDocumentPDF(w, d, made, mark) })
		return body, pdfType, printed, err
	case "xlsx":
		err = reporting.WriteDocumentSheet(&b, d, made)
		return b.Bytes(), sheetType, printed, err
	case "csv":
		err = reporting.WriteDocumentCSV(&b, d)
		return b.Bytes(), csvType, printed, err
	}
	return nil, "", printed, db.Refuse(db.NotFound, "没有这种文件。可以下载 PDF、表格或 CSV。")
}
