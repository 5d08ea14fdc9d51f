package web

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"jingfang/inventory"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// TypeBatch is POST /receipts/{id}/batch: what stands on the boxes of a line.
func (h *Handlers) TypeBatch(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	in := inventory.BatchTyping{ReceiptID: id, CommandID: cmd, Correct: r.PostFormValue("correct") != ""}
	if in.LineID, err = formNumber(r, "line"); err != nil {
		return err
	}
	if in.Typed, err = formBatch(r); err != nil {
		return h.refused(w, r, by, id, err)
	}
	boxes, err := h.stock.TypeBatch(r.Context(), by, in)
	if err != nil {
		return h.refused(w, r, by, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]int{"boxes": boxes})
	}
	text := "批号和有效期已记下，后面扫的盒都按它。"
	if boxes > 0 {
		text = fmt.Sprintf("批号和有效期已记下，%d 盒已补上。", boxes)
	}
	return h.answer(w, r, by, id, page.Band{Tone: page.Good, Text: text}, nil)
}

// formBatch reads batch, expiry and the person's word from a form.
func formBatch(r *http.Request) (t inventory.TypedBatch, err error) {
	t.Batch = strings.TrimSpace(r.PostFormValue("batch"))
	t.Confirmed = r.PostFormValue("confirmed") != ""
	if day := strings.TrimSpace(r.PostFormValue("expires")); day != "" {
		if t.ExpiresOn, err = time.Parse(time.DateOnly, day); err != nil {
			return t, db.Refuse(db.Invalid, "有效期“%s”不是一个日期。请按 2028-03-31 这样填写。", clip(day, 20))
		}
	}
	return t, nil
}

// Adopt is POST /receipts/{id}/adopt: the boxes of the fields code came before
// their document, which is this one.
func (h *Handlers) Adopt(w http.ResponseWriter, r *http.Request) error {
	by, id, cmd, err := command(r)
	if err != nil {
		return err
	}
	a, err := h.stock.Adopt(r.Context(), by, inventory.Adopting{ReceiptID: id, CommandID: cmd, Codes: r.PostForm["code"]})
	if err != nil {
		return h.refused(w, r, by, id, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.answer(w, r, by, id, scanBand(a), a.Answers)
}

// taughtBand says what came of teaching a prefix, receipt by receipt.
func taughtBand(x inventory.Taught) page.Band {
	band := page.Band{Tone: page.Good, Text: fmt.Sprintf("前缀 %s 已对照为 %s。", x.Meaning.Prefix, x.Meaning.Drug)}
	var said []string
	for _, a := range x.Held {
		text := fmt.Sprintf("%s 入库 %d 盒", a.Number, a.Received)
		if a.Refused > 0 {
			text += fmt.Sprintf("，%d 盒仍列入差异", a.Refused)
			band.Tone = page.Caution
		}
		said = append(said, text)
	}
	if x.Elsewhere > 0 {
		said = append(said, fmt.Sprintf("另有 %d 盒先前按原来的药品入账，请药师核对", x.Elsewhere))
		band.Tone = page.Caution
	}
	if len(said) > 0 {
		band.Detail = strings.Join(said, "；") + "。"
	}
	return band
}
