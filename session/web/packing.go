package web

import (
	"fmt"
	"net/http"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// packingView is the page that fills a session's trays.
type packingView struct {
	Head  headView
	Bench benchView
}

// benchView is what a packing scan changes.
type benchView struct {
	URL        string
	Total      string // of the first unit; Unit is its word, More the others: 36 盒 + 2 瓶
	Unit, More string
	Short      string // packs still to be taken by the proposal, "" for none
	Basis      string // what the proposal is made from
	Rows       []proposalRow
	Last       []packedRow
	Home       bool // scans put back instead of taking
}

type packedRow struct{ Drug, Tail, Word, Tone, Why string }

// Packing is GET /sessions/{id}/packing.
func (h *Handlers) Packing(w http.ResponseWriter, r *http.Request) error {
	_, x, err := h.readSession(r, identity.Allocate)
	if err != nil {
		return err
	}
	p, err := session.ReadPacking(r.Context(), h.db, x.ID)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newProposalJSON(p))
	}
	home := r.URL.Query().Get("home") != ""
	return h.site.Page(w, r, "packing", packingView{Head: newHeadView(x), Bench: newBenchView(p, home)})
}

// Pack is POST /sessions/{id}/packing: takes packs, or with home=1 puts them back.
func (h *Handlers) Pack(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	in := session.Packing{Codes: r.PostFormValue("codes")}
	if in.SessionID, err = sessionID(r); err != nil {
		return err
	}
	if in.CommandID, err = formUUID(r, "command_id"); err != nil {
		return err
	}
	home := r.PostFormValue("home") != ""
	do := h.sessions.Pack
	if home {
		do = h.sessions.Unpack
	}
	a, err := do(r.Context(), by, in)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.answerPacking(w, r, in.SessionID, home, a)
}

func (h *Handlers) answerPacking(w http.ResponseWriter, r *http.Request, id int64, home bool, a session.PackingAnswer) error {
	if !page.IsHTMX(r) {
		return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d/packing", id))
	}
	p, err := session.ReadPacking(r.Context(), h.db, id)
	if err != nil {
		return err
	}
	v := newBenchView(p, home)
	v.Last = newPackedRows(a.Answers)
	worst := a.Worst()
	band := page.Band{Tone: page.Tone(worst.Tone), Text: worst.Sentence, Figure: v.Total, Unit: v.Unit + v.More}
	if len(a.Answers) > 1 {
		band.Detail = fmt.Sprintf("这次 %d 个码，%d 盒有变动。", len(a.Answers), a.Moved)
	}
	return h.site.Fragments(w, r, http.StatusOK, page.Part{Name: "bench", View: v}, page.Part{Name: "band_area", View: band})
}

// lastPacked is how many answers of a scan the page lists.
const lastPacked = 10

func newPackedRows(answers []inventory.CodeAnswer) []packedRow {
	var rows []packedRow
	for i := len(answers) - 1; i >= 0 && len(rows) < lastPacked; i-- {
		a := answers[i]
		row := packedRow{Drug: a.Drug, Tail: tail(a.Code), Word: a.Word, Tone: string(a.Tone), Why: a.Sentence}
		if a.Code == "" {
			row.Drug, row.Tail = "读到："+short(a.Raw), ""
		}
		rows = append(rows, row)
	}
	return rows
}

// Open is POST /sessions/{id}/open.
func (h *Handlers) Open(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	id, err := sessionID(r)
	if err != nil {
		return err
	}
	if err := h.sessions.OpenSession(r.Context(), by, id); err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]any{"id": id, "state": "open"})
	}
	return h.site.SeeOther(w, r, fmt.Sprintf("/sessions/%d", id))
}
