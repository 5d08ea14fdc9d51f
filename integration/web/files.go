package web

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"

	"jingfang/integration"
	"jingfang/integration/wire"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// Template is GET /receipts/problems/template.csv: the table to fill in by hand.
func (h *Handlers) Template(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="receipt-template.csv"`)
	_, err := w.Write(wire.ReceiptTemplate())
	return err
}

// TakeFile is POST /receipts/problems/file: takes the receipts of a file in.
func (h *Handlers) TakeFile(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r)
	if err != nil {
		return err
	}
	data, err := fileOf(r)
	var n integration.Pulled
	if err == nil {
		n, err = h.poller.TakeFile(r.Context(), by, data)
	}
	return h.pulled(w, r, n, err)
}

// Pull is POST /receipts/problems/pull: asks HIS for new documents now.
func (h *Handlers) Pull(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r); err != nil {
		return err
	}
	n, err := h.poller.Round(r.Context())
	return h.pulled(w, r, n, err)
}

// pulled says what came of it above the list of what did not.
func (h *Handlers) pulled(w http.ResponseWriter, r *http.Request, n integration.Pulled, err error) error {
	kind := db.KindOf(err)
	if err != nil && (page.WantsJSON(r) || kind != db.Invalid && kind != db.Unavailable && kind != db.Conflict) {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]int{"documents": n.Documents, "taken": n.Taken, "refused": n.Refused})
	}
	text, bad := pulledWords(n), n.Refused > 0
	if err != nil {
		text, bad = db.Sentence(err), true
	}
	list, err := integration.Problems(r.Context(), h.db)
	if err != nil {
		return err
	}
	return h.problems(w, r, list, text, bad)
}

func pulledWords(n integration.Pulled) string {
	known := n.Documents - n.Taken - n.Refused
	switch {
	case n.Documents == 0:
		return "没有新的单据。"
	case n.Refused > 0:
		return fmt.Sprintf("共 %d 张单据：收下 %d 张，以前收过 %d 张，没有收下 %d 张，原因见下面。", n.Documents, n.Taken, known, n.Refused)
	case known > 0:
		return fmt.Sprintf("共 %d 张单据：收下 %d 张，以前收过 %d 张。", n.Documents, n.Taken, known)
	}
	return fmt.Sprintf("收下 %d 张单据，可以在入库列表里看到。", n.Taken)
}

// fileOf reads the file of a form. Whatever its name says is left aside.
func fileOf(r *http.Request) ([]byte, error) {
	file, _, err := r.FormFile("file")
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge), errors.Is(err, multipart.ErrMessageTooLarge):
		return nil, db.RefuseBecause(err, db.Invalid, "文件超过 10 MB。请分成几个文件。")
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return nil, db.RefuseBecause(err, db.Invalid, "请先选择单据文件。")
	case err != nil:
		return nil, db.RefuseBecause(err, db.Invalid, "文件没有传完整，请再传一次。")
	}
	defer func() { _ = file.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(file, wire.MaxBody+1))
	if err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "文件没有传完整，请再传一次。")
	}
	return data, nil
}

// may gives the acting person, who must hold the permission somewhere.
func may(r *http.Request, p identity.Permission) (identity.Actor, error) {
	by, err := identity.Who(r.Context())
	if err != nil {
		return by, err
	}
	return by, by.Can(p, 0)
}
