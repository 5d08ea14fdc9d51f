package web

import (
	"fmt"
	"net/http"
	"strings"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// sheetView is the difference sheet of a receipt.
type sheetView struct {
	URL, Receipt, Number, About string
	PDFURL                      string
	Expected, Received          int
	Missing, Refused            int
	Codeless, WrongBatch        int
	Surplus                     int // boxes that are to go back still
	None                        bool
	Lines                       []missingRow
	Boxes                       []boxRow
	Without                     []codelessRow
	Batches                     []batchRow
	Extra                       []surplusBox
	Sign                        *signView
	Finished                    string
}

type batchRow struct{ Drug, Head, Tail, Listed, Found string }

// signView is who stands for a difference sheet.
type signView struct {
	ID         int64
	URL        string // of the sheet
	Asker      string // 11月23日 09:12 某某 提交
	Decider    string
	Remark     string
	Waiting    bool
	Outdated   bool // a document came while it waited; nothing more is said of it
	CanConfirm bool
	CanRefuse  bool
	Figures    string
}

func newSignView(url string, x *inventory.SheetSign, open bool, by identity.Actor) *signView {
	if x == nil {
		return nil
	}
	const layout = "1月2日 15:04"
	if x.Outdated() {
		return &signView{Outdated: true}
	}
	v := &signView{ID: x.ID, URL: url + "/differences", Asker: x.AskedAt.In(zone()).Format(layout) + "　" + x.Asker, Remark: x.Remark, Waiting: x.State == "asked",
		Figures: fmt.Sprintf("少 %d 盒 · 多出或不明 %d 盒 · 无码 %d 盒 · 批号不符 %d 盒", x.Missing, x.Refused, x.Codeless, x.WrongBatch)}
	if x.DecidedAt != nil {
		v.Decider = x.DecidedAt.In(zone()).Format(layout) + "　" + x.Decider
	}
	witness := by.Can(identity.Witness, 0) == nil
	v.CanConfirm = v.Waiting && open && witness && by.StaffID != x.AskedBy
	v.CanRefuse = v.Waiting && open && witness
	return v
}

// Sheet is GET /receipts/{id}/differences: the difference sheet, to programs as
// JSON.
func (h *Handlers) Sheet(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Receive)
	if err != nil {
		return err
	}
	id, err := receiptID(r)
	if err != nil {
		return err
	}
	s, err := inventory.ReadReceiptSheet(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newSheetJSON(s))
	}
	return h.site.Page(w, r, "receipt_sheet", newSheetView(s, by))
}

func newSheetView(s inventory.ReceiptSheet, by identity.Actor) sheetView {
	url := receiptURL(s.Receipt.ID)
	v := sheetView{URL: url + "/differences", Receipt: url, Number: s.Receipt.Number, About: aboutReceipt(s.Receipt), PDFURL: url + "/differences.pdf",
		Refused: len(s.Differ.Refused), Codeless: s.Boxes(), WrongBatch: len(s.Batches), None: s.None(), Sign: newSignView(url, s.Sign, s.Receipt.State.Open(), by)}
	for _, l := range s.Lines {
		v.Expected += l.Packs
		v.Received += l.Received
	}
	v.Missing = v.Expected - v.Received
	for _, m := range s.Differ.Missing {
		row := newMissingRow(m)
		v.Lines = append(v.Lines, row)
	}
	for _, f := range s.Differ.Refused {
		row := boxRow{ID: f.ID, Tail: tail(f.Code), Why: f.Kind.Sentence(inventory.Details{})}
		row.Head = strings.TrimSuffix(f.Code, row.Tail)
		v.Boxes = append(v.Boxes, row)
	}
	for _, q := range s.Codeless {
		v.Without = append(v.Without, newCodelessRow(q, by, false))
	}
	for _, b := range s.Batches {
		row := batchRow{Drug: b.DrugName(), Tail: tail(b.Code), Listed: batchWords(b.Listed, b.ListedExpires), Found: batchWords(b.Found, b.FoundExpires)}
		row.Head = strings.TrimSuffix(b.Code, row.Tail)
		v.Batches = append(v.Batches, row)
	}
	v.Surplus = inventory.SurplusLeft(s.Surplus)
	for _, x := range s.Surplus {
		v.Extra = append(v.Extra, newSurplusBox(x))
	}
	if s.Receipt.FinishedAt != nil {
		v.Finished = s.Receipt.FinishedAt.In(zone()).Format("1月2日 15:04") + " " + s.Receipt.FinishedBy
	}
	return v
}

// DecideSheet is POST /receipts/{id}/differences: the second person's yes, or no,
// to the difference sheet.
func (h *Handlers) DecideSheet(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.Witness)
	if err != nil {
		return err
	}
	in := inventory.SheetDecision{Confirm: r.PostFormValue("decision") == "confirm"}
	if in.ReceiptID, err = receiptID(r); err != nil {
		return err
	}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	if in.SheetID, err = formNumber(r, "sheet"); err != nil {
		return err
	}
	done, err := h.stock.DecideSheet(r.Context(), by, in)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, done)
	}
	if !in.Confirm {
		return h.site.SeeOther(w, r, receiptURL(in.ReceiptID))
	}
	return h.site.SeeOther(w, r, receiptURL(in.ReceiptID)+"/differences")
}

// sheetJSON is the difference sheet for programs.
type sheetJSON struct {
	receiptJSON
	Missing    []receiptLineJSON `json:"missing"`
	Boxes      []receiptBoxJSON  `json:"refused_boxes"`
	Codeless   []string          `json:"codeless"`
	WrongBatch []wrongBatchJSON  `json:"wrong_batch"`
	Surplus    []surplusJSON     `json:"surplus"`
	Asked      string            `json:"handed_in_by,omitempty"`
	Confirmed  string            `json:"confirmed_by,omitempty"`
}

type wrongBatchJSON struct {
	Code   string `json:"code"`
	LineNo int    `json:"line_no"`
	Listed string `json:"listed"`
	Found  string `json:"found"`
	// The days are empty where nothing says one.
	ListedExpires string `json:"listed_expires,omitempty"`
	FoundExpires  string `json:"found_expires,omitempty"`
}

// surplusJSON is boxes that a document does not want any more; without a code it
// is a number of boxes, whichever they are.
type surplusJSON struct {
	Code  string          `json:"code,omitempty"`
	Drug  string          `json:"drug"`
	Packs int             `json:"packs"`
	Red   bool            `json:"red"` // by a red document, not by a revision
	State inventory.State `json:"state,omitempty"`
}

func newSheetJSON(s inventory.ReceiptSheet) sheetJSON {
	v := sheetJSON{receiptJSON: newReceiptJSON(s.Receipt), Missing: []receiptLineJSON{}, Boxes: []receiptBoxJSON{}, Codeless: []string{}, WrongBatch: []wrongBatchJSON{}, Surplus: []surplusJSON{}}
	for _, m := range s.Differ.Missing {
		v.Missing = append(v.Missing, receiptLineJSON{LineNo: m.LineNo, Drug: m.DrugName(), Batch: m.Batch, Packs: m.Packs, Received: m.Received, Missing: m.Codes})
	}
	for _, f := range s.Differ.Refused {
		v.Boxes = append(v.Boxes, receiptBoxJSON{f.ID, f.Code, f.Kind})
	}
	for _, q := range s.Codeless {
		for _, b := range q.Boxes {
			v.Codeless = append(v.Codeless, b.Code)
		}
	}
	for _, b := range s.Batches {
		v.WrongBatch = append(v.WrongBatch, wrongBatchJSON{b.Code, b.LineNo, b.Listed, b.Found, dayWords(b.ListedExpires), dayWords(b.FoundExpires)})
	}
	for _, x := range s.Surplus {
		v.Surplus = append(v.Surplus, surplusJSON{x.Code, x.DrugName(), x.Packs, x.Red(), x.State})
	}
	if s.Sign != nil && !s.Sign.Outdated() {
		v.Asked, v.Confirmed = s.Sign.Asker, s.Sign.Decider
	}
	return v
}
