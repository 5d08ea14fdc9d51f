package web

import (
	"fmt"
	"net/http"
	"strings"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// Scan is POST /receipts/{id}/scans: one code or many into a receipt.
func (h *Handlers) Scan(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	a, err := h.stock.Receive(r.Context(), by, inventory.ReceiveScan{ReceiptID: id, CommandID: cmd, Codes: r.PostFormValue("codes")})
	if err != nil {
		return h.refused(w, r, by, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.answer(w, r, by, id, scanBand(a), a.Answers)
}

// Undo is POST /receipts/{id}/undo: takes a pack out that was scanned in by
// mistake.
func (h *Handlers) Undo(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	a, err := h.stock.Unreceive(r.Context(), by, inventory.Unreceiving{ReceiptID: id, CommandID: cmd, Code: r.PostFormValue("code")})
	if err != nil {
		return h.refused(w, r, by, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.answer(w, r, by, id, scanBand(a), nil)
}

// PutBack is POST /receipts/{id}/refusals: the refused box of the field refusal
// has gone back, or all of the unknown prefix of the field prefix.
func (h *Handlers) PutBack(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	refusal, err := formNumber(r, "refusal")
	if err != nil {
		return err
	}
	err = h.stock.PutBack(r.Context(), by, inventory.PuttingBack{ReceiptID: id, RefusalID: refusal, CommandID: cmd, Prefix: r.PostFormValue("prefix")})
	if err != nil {
		return h.refused(w, r, by, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]bool{"ok": true})
	}
	return h.answer(w, r, by, id, page.Band{Tone: page.Good, Text: "这盒已放回，不再算作差异。"}, nil)
}

// Finish is POST /receipts/{id}/finish: ends the scanning with the differences
// that the page showed.
func (h *Handlers) Finish(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	in := inventory.Finishing{ReceiptID: id, CommandID: cmd, Remark: strings.TrimSpace(r.PostFormValue("remark"))}
	for name, n := range map[string]*int{"missing": &in.Missing, "refused": &in.Refused} {
		v, err := formNumber(r, name)
		if err != nil {
			return err
		}
		*n = int(v)
	}
	done, err := h.stock.FinishReceipt(r.Context(), by, in)
	if err != nil {
		return h.refused(w, r, by, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, done)
	}
	if done.Waiting && page.IsHTMX(r) {
		return h.answer(w, r, by, id, page.Band{Tone: page.Caution, Text: done.Sentence}, nil)
	}
	return h.site.SeeOther(w, r, receiptURL(id))
}

// answer draws what a command made of the receipt: the band and the work, or
// the whole page where htmx did not ask.
func (h *Handlers) answer(w http.ResponseWriter, r *http.Request, by identity.Actor, id int64, band page.Band, said []inventory.CodeAnswer) error {
	if !page.IsHTMX(r) {
		return h.site.SeeOther(w, r, receiptURL(id))
	}
	s, err := h.readState(r.Context(), id)
	if err != nil {
		return err
	}
	v := newWorkView(s, by)
	v.Said, v.SaidNot = newSaidRows(said)
	parts := []page.Part{{Name: "receipt_work", View: v}, {Name: "receipt_band", View: band}}
	if r.PostFormValue("pasted") != "" {
		parts = append(parts, page.Part{Name: "receipt_paste", View: pasteView{URL: v.URL, Again: true}})
	}
	return h.site.Fragments(w, r, http.StatusOK, parts...)
}

// refused answers a command that the receipt as it is now does not allow: the
// sentence, and the receipt as it is.
func (h *Handlers) refused(w http.ResponseWriter, r *http.Request, by identity.Actor, id int64, err error) error {
	kind := db.KindOf(err)
	if !page.IsHTMX(r) || kind != db.Conflict && kind != db.Invalid {
		return err
	}
	return h.answer(w, r, by, id, page.Band{Tone: page.Caution, Text: db.Sentence(err)}, nil)
}

// scanBand shows the most urgent answer and how far the receipt is.
func scanBand(a inventory.ReceiveAnswer) page.Band {
	worst := inventory.Worst(a.Answers)
	band := page.Band{Tone: page.Tone(worst.Tone), Text: worst.Sentence, Figure: fmt.Sprint(a.Received), Unit: fmt.Sprintf("/ %d 盒", a.Expected)}
	switch {
	case len(a.Answers) > 1:
		band.Detail = fmt.Sprintf("这次 %d 个码，入库 %d 盒。", len(a.Answers), a.Taken)
	case worst.Code != "":
		band.Detail = "追溯码 …" + tail(worst.Code)
	case worst.Raw != "":
		band.Detail = "读到：" + clip(worst.Raw, 40)
	}
	return band
}

// newSaidRows lists which codes of a scan of several want a person; a single one
// is in the band.
func newSaidRows(answers []inventory.CodeAnswer) (rows []saidRow, more int) {
	if len(answers) < 2 {
		return nil, 0
	}
	return refusedRows(answers)
}

// refusedRows lists the answers that want a person.
func refusedRows(answers []inventory.CodeAnswer) (rows []saidRow, more int) {
	for _, a := range answers {
		if a.Tone == inventory.ToneGood || a.Tone == inventory.ToneSoft {
			continue
		}
		if len(rows) == maxBoxes {
			more++
			continue
		}
		row := saidRow{Drug: a.Drug, Word: a.Word, Tone: string(a.Tone), Why: a.Sentence}
		if a.Code != "" {
			row.Drug += " …" + tail(a.Code)
		} else {
			row.Drug = "读到：" + clip(a.Raw, 40)
		}
		rows = append(rows, row)
	}
	return rows, more
}
