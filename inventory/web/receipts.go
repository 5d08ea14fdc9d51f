package web

import (
	"fmt"
	"net/http"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// receiptsView is the work list.
type receiptsView struct {
	Show    string // the filter as it stands in the address
	Filters []receiptFilter
	// ShowOpen and ShowDone are the parts that the filter leaves.
	ShowOpen, ShowDone bool
	Open               []receiptRow
	Done               []receiptRow
	Packs              int // still to be scanned in, over all open receipts
	Overdue            int // open receipts that have waited too long
}

// receiptFilter is one of the choices above the list.
type receiptFilter struct {
	URL, Word string
	Count     int
	Chosen    bool
}

// receiptRow is a receipt in the list.
type receiptRow struct {
	URL, Number, About string
	Word, Tone         string // of the state
	Expected, Received int
	Missing, Refused   int
	Started            bool
	// Differ is missing, refused and surplus boxes (差异) where they count: while a
	// receipt waits, what has not come is no difference yet.
	Differ int
	Whole  bool   // everything has come
	Red    bool   // a red document has no progress
	Late   string // how long an overdue one has waited
	Note   string // revision or red documents
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
	return h.site.Page(w, r, "receipts", newReceiptsView(open, done, r.URL.Query().Get("show"), h.db.Now()))
}

func newReceiptsView(open, done []inventory.Receipt, show string, now time.Time) receiptsView {
	v := receiptsView{Show: show, ShowOpen: show != "done", ShowDone: show != "open"}
	for _, x := range open {
		row := newReceiptRow(x, now)
		v.Open = append(v.Open, row)
		v.Packs += row.Missing
		if row.Late != "" {
			v.Overdue++
		}
	}
	for _, x := range done {
		v.Done = append(v.Done, newReceiptRow(x, now))
	}
	v.Filters = []receiptFilter{{"/receipts", "全部", len(open) + len(done), v.ShowOpen && v.ShowDone},
		{"/receipts?show=open", "未完成", len(open), !v.ShowDone}, {"/receipts?show=done", "已完成", len(done), !v.ShowOpen}}
	return v
}

func newReceiptRow(x inventory.Receipt, now time.Time) receiptRow {
	v := receiptRow{
		URL: receiptURL(x.ID), Number: x.Number, About: aboutReceipt(x), Word: x.Word(), Tone: stateTone(x),
		Expected: x.Expected, Received: x.Received, Missing: x.Missing(), Refused: x.Refused,
		Started: x.State == inventory.ReceiptScanning, Red: x.Red(), Differ: x.Differ(), Note: receiptNote(x),
	}
	v.Whole = v.Missing == 0
	if x.Red() {
		v.Tone = "bad"
	}
	if x.Overdue(now) {
		v.Late = fmt.Sprintf("已等 %d 天", int(now.Sub(x.ArrivedAt)/(24*time.Hour)))
	}
	return v
}

// receiptNote says that a document is not as it first came.
func receiptNote(x inventory.Receipt) string {
	switch {
	case x.Red():
		return "冲销 " + x.Cancels
	case x.Reds > 0:
		return "有红单"
	case x.Revision > 1:
		return fmt.Sprintf("第 %d 版", x.Revision)
	}
	return ""
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
	case x.State == inventory.ReceiptFinished && x.Expected-x.Received+x.Refused+x.Surplus > 0, x.State == inventory.ReceiptCancelled:
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
	// Surplus boxes are here although the document does not want them any more;
	// Kind is "transfer" or "red", and Cancels what a red document cancels.
	Surplus int    `json:"surplus"`
	Kind    string `json:"kind"`
	Cancels string `json:"cancels,omitempty"`
}

func newReceiptJSON(x inventory.Receipt) receiptJSON {
	return receiptJSON{ID: x.ID, Source: x.Source, Number: x.Number, Revision: x.Revision, State: x.State,
		Expected: x.Expected, Received: x.Received, Refused: x.Refused, Surplus: x.Surplus, Kind: x.Kind, Cancels: x.Cancels}
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
