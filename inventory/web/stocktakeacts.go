package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// countAct is what every command on a count begins with.
type countAct struct {
	by      identity.Actor
	id      int64
	command uuid.UUID
}

func (h *Handlers) countAct(r *http.Request) (a countAct, err error) {
	by, x, err := h.findCount(r)
	if err != nil {
		return a, err
	}
	a = countAct{by: by, id: x.ID}
	a.command, err = commandID(r)
	return a, err
}

// CountScan is POST /stocktakes/{id}/scans: one code or many; units is what is
// left in an opened box, shelf where the counter stands.
func (h *Handlers) CountScan(w http.ResponseWriter, r *http.Request) error {
	a, err := h.countAct(r)
	if err != nil {
		return err
	}
	in := inventory.CountScan{StocktakeID: a.id, CommandID: a.command, Codes: r.PostFormValue("codes"), Shelf: strings.TrimSpace(r.PostFormValue("shelf"))}
	if in.Units, err = formUnits(r, "units"); err != nil {
		return h.countRefused(w, r, a, err)
	}
	said, err := h.stock.CountCodes(r.Context(), a.by, in)
	if err != nil {
		return h.countRefused(w, r, a, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, said)
	}
	return h.countAgain(w, r, a, countBand(said), r.PostFormValue("pasted") != "")
}

// formUnits reads a number that may be left out.
func formUnits(r *http.Request, name string) (*int64, error) {
	text := strings.TrimSpace(r.PostFormValue(name))
	if text == "" {
		return nil, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, db.Refuse(db.Invalid, "“%s”不是一个数字，请改正后再提交。", clip(text, 20))
	}
	return &n, nil
}

// countBand shows the most urgent answer and how many boxes this person has.
func countBand(a inventory.CountAnswer) page.Band {
	worst := inventory.Worst(a.Answers)
	band := page.Band{Tone: page.Tone(worst.Tone), Text: worst.Sentence, Figure: fmt.Sprint(a.Mine), Unit: "盒（我）"}
	switch {
	case len(a.Answers) > 1:
		band.Detail = fmt.Sprintf("这次 %d 个码，记下 %d 盒。", len(a.Answers), a.Taken)
	case worst.Code != "":
		band.Detail = "追溯码 …" + tail(worst.Code)
	case worst.Raw != "":
		band.Detail = "读到：" + clip(worst.Raw, 40)
	}
	return band
}

// countAgain draws the counting as it is now with a band; a whole page where htmx
// did not ask.
func (h *Handlers) countAgain(w http.ResponseWriter, r *http.Request, a countAct, band page.Band, pasted bool) error {
	if !page.IsHTMX(r) {
		return h.site.SeeOther(w, r, stocktakeURL(a.id))
	}
	x, err := inventory.FindStocktake(r.Context(), h.db, a.id)
	if err != nil {
		return err
	}
	p, err := inventory.ReadCountProgress(r.Context(), h.db, x, maxCounted)
	if err != nil {
		return err
	}
	parts := append(workParts(p, a.by), page.Part{Name: "receipt_band", View: band})
	if pasted {
		parts = append(parts, page.Part{Name: "count_paste", View: pasteView{URL: stocktakeURL(a.id), Again: true}})
	}
	return h.site.Fragments(w, r, http.StatusOK, parts...)
}

// countRefused answers what the count as it is now does not allow: the sentence,
// and the count as it is.
func (h *Handlers) countRefused(w http.ResponseWriter, r *http.Request, a countAct, err error) error {
	kind := db.KindOf(err)
	if !page.IsHTMX(r) || kind != db.Conflict && kind != db.Invalid && kind != db.NotFound {
		return err
	}
	return h.countAgain(w, r, a, page.Band{Tone: page.Caution, Text: db.Sentence(err)}, false)
}

// Uncount is POST /stocktakes/{id}/undo: takes a code back.
func (h *Handlers) Uncount(w http.ResponseWriter, r *http.Request) error {
	a, err := h.countAct(r)
	if err != nil {
		return err
	}
	code := r.PostFormValue("code")
	said, err := h.stock.UncountCode(r.Context(), a.by, inventory.UncountingCode{StocktakeID: a.id, CommandID: a.command, Code: code})
	if err != nil {
		return h.countRefused(w, r, a, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, said)
	}
	return h.countAgain(w, r, a, page.Band{Tone: page.Good, Text: "已撤销这一盒。", Detail: "追溯码 …" + tail(code), Figure: fmt.Sprint(said.Mine), Unit: "盒（我）"}, false)
}

// CountNumber is POST /stocktakes/{id}/numbers: packs and loose of a drug.
func (h *Handlers) CountNumber(w http.ResponseWriter, r *http.Request) error {
	a, err := h.countAct(r)
	if err != nil {
		return err
	}
	in := inventory.CountingNumber{StocktakeID: a.id, CommandID: a.command}
	if in.DrugID, err = formNumber(r, "drug"); err != nil {
		return h.countRefused(w, r, a, err)
	}
	packs, err := formUnits(r, "packs")
	if err == nil && packs == nil {
		err = db.Refuse(db.Invalid, "请填有几盒；没有就填 0。")
	}
	if err == nil {
		in.Packs = *packs
		in.Loose, err = formUnits(r, "loose")
	}
	if err != nil {
		return h.countRefused(w, r, a, err)
	}
	said, err := h.stock.CountByNumber(r.Context(), a.by, in)
	if err != nil {
		return h.countRefused(w, r, a, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, said)
	}
	return h.countAgain(w, r, a, page.Band{Tone: page.Good, Text: said.Sentence}, false)
}

// Recount is POST /stocktakes/{id}/recount: a drug is counted anew.
func (h *Handlers) Recount(w http.ResponseWriter, r *http.Request) error {
	a, err := h.countAct(r)
	if err != nil {
		return err
	}
	in := inventory.Recounting{StocktakeID: a.id, CommandID: a.command}
	if in.DrugID, err = formNumber(r, "drug"); err != nil {
		return err
	}
	said, err := h.stock.RecountDrug(r.Context(), a.by, in)
	switch {
	case err != nil && r.PostFormValue("result") == "":
		return h.countRefused(w, r, a, err)
	case err != nil:
		return h.resultRefused(w, r, a, err)
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, said)
	case r.PostFormValue("result") != "":
		return h.site.SeeOther(w, r, stocktakeURL(a.id))
	}
	return h.countAgain(w, r, a, page.Band{Tone: page.Good, Text: said.Sentence}, false)
}

// countStep is a step of the whole count.
type countStep func(a countAct, in inventory.CountStep) (inventory.CountStepped, error)

// step runs one and goes to the count's page, which is the result once it was
// handed in.
func (h *Handlers) step(w http.ResponseWriter, r *http.Request, do countStep) error {
	a, err := h.countAct(r)
	if err != nil {
		return err
	}
	n, err := formNumber(r, "submission")
	if err != nil {
		return err
	}
	in := inventory.CountStep{StocktakeID: a.id, CommandID: a.command, Submission: int(n), Reason: r.PostFormValue("reason")}
	said, err := do(a, in)
	switch {
	case err != nil && r.PostFormValue("result") != "":
		return h.resultRefused(w, r, a, err)
	case err != nil:
		return h.countRefused(w, r, a, err)
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, said)
	}
	return h.site.SeeOther(w, r, stocktakeURL(a.id))
}

// SubmitStocktake is POST /stocktakes/{id}/submit.
func (h *Handlers) SubmitStocktake(w http.ResponseWriter, r *http.Request) error {
	return h.step(w, r, func(a countAct, in inventory.CountStep) (inventory.CountStepped, error) {
		in.Submission, in.Reason = 0, ""
		return h.stock.SubmitStocktake(r.Context(), a.by, in)
	})
}

// ApproveStocktake is POST /stocktakes/{id}/approve, of the submission that the
// person has seen.
func (h *Handlers) ApproveStocktake(w http.ResponseWriter, r *http.Request) error {
	return h.step(w, r, func(a countAct, in inventory.CountStep) (inventory.CountStepped, error) {
		return h.stock.ApproveStocktake(r.Context(), a.by, in)
	})
}

// RejectStocktake is POST /stocktakes/{id}/reject, with a reason.
func (h *Handlers) RejectStocktake(w http.ResponseWriter, r *http.Request) error {
	return h.step(w, r, func(a countAct, in inventory.CountStep) (inventory.CountStepped, error) {
		return h.stock.RejectStocktake(r.Context(), a.by, in)
	})
}

// AbandonStocktake is POST /stocktakes/{id}/abandon, with a reason.
func (h *Handlers) AbandonStocktake(w http.ResponseWriter, r *http.Request) error {
	return h.step(w, r, func(a countAct, in inventory.CountStep) (inventory.CountStepped, error) {
		return h.stock.AbandonStocktake(r.Context(), a.by, in)
	})
}
