package web

import (
	"fmt"
	"net/http"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// receiptsView is the work list.
type receiptsView struct {
	Open  []receiptRow
	Done  []receiptRow
	Packs int // still to be scanned in, over all open receipts
}

// receiptRow is a receipt in the list.
type receiptRow struct {
	URL, Number, About string
	Word, Tone         string // of the state
	Expected, Received int
	Missing, Refused   int
	Started            bool
}

// lastDone is how many finished receipts the list shows.
const lastDone = 20

// Receipts is GET /receipts: what waits to be scanned in, and what came last.
func (h *Handlers) Receipts(w http.ResponseWriter, r *http.Request) error {
	if _, err := who(r, identity.Receive); err != nil {
		return err
	}
	open, done, err := inventory.ListReceipts(r.Context(), h.db, lastDone)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newReceiptsJSON(open, done))
	}
	return h.site.Page(w, r, "receipts", newReceiptsView(open, done))
}

func newReceiptsView(open, done []inventory.Receipt) receiptsView {
	var v receiptsView
	for _, x := range open {
		v.Open = append(v.Open, newReceiptRow(x))
		v.Packs += x.Expected - x.Received
	}
	for _, x := range done {
		v.Done = append(v.Done, newReceiptRow(x))
	}
	return v
}

func newReceiptRow(x inventory.Receipt) receiptRow {
	return receiptRow{
		URL: receiptURL(x.ID), Number: x.Number, About: aboutReceipt(x), Word: x.State.Chinese(), Tone: stateTone(x),
		Expected: x.Expected, Received: x.Received, Missing: x.Expected - x.Received, Refused: x.Refused,
		Started: x.State == inventory.ReceiptScanning,
	}
}

func receiptURL(id int64) string { return fmt.Sprintf("/receipts/%d", id) }

// aboutReceipt is the small line below the number.
func aboutReceipt(x inventory.Receipt) string {
	text := fmt.Sprintf("%s · %d 种 %d 盒", x.IssuedAt.In(zone()).Format("1月2日"), x.Drugs, x.Expected)
	if x.FromStore != "" {
		text = x.FromStore + " · " + text
	}
	return text
}

// stateTone is the badge's colour: a finished receipt with differences stays
// amber for ever.
func stateTone(x inventory.Receipt) string {
	switch {
	case x.State == inventory.ReceiptFinished && x.Expected-x.Received+x.Refused > 0:
		return "caution"
	case x.State == inventory.ReceiptFinished:
		return "good"
	case x.State == inventory.ReceiptScanning:
		return "info"
	}
	return "soft"
}

// receiptJSON is a receipt for programs.
type receiptJSON struct {
	ID       int64                  `json:"id"`
	Source   string                 `json:"source"`
	Number   string                 `json:"number"`
	Revision int                    `json:"revision"`
	State    inventory.ReceiptState `json:"state"`
	Expected int                    `json:"expected"`
	Received int                    `json:"received"`
	Refused  int                    `json:"refused"`
}

func newReceiptJSON(x inventory.Receipt) receiptJSON {
	return receiptJSON{ID: x.ID, Source: x.Source, Number: x.Number, Revision: x.Revision, State: x.State,
		Expected: x.Expected, Received: x.Received, Refused: x.Refused}
}

// receiptsJSON is the work list for programs.
type receiptsJSON struct {
	Open []receiptJSON `json:"open"`
	Done []receiptJSON `json:"done"`
}

func newReceiptsJSON(open, done []inventory.Receipt) receiptsJSON {
	v := receiptsJSON{Open: []receiptJSON{}, Done: []receiptJSON{}}
	for _, x := range open {
		v.Open = append(v.Open, newReceiptJSON(x))
	}
	for _, x := range done {
		v.Done = append(v.Done, newReceiptJSON(x))
	}
	return v
}
