package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// movesView is the movements behind a figure.
type movesView struct {
	Title, Period string
	Problem       string
	Sum           string // of all pages
	Rows          []moveRow
	Back, Next    string // addresses; "" where there is none
}

type moveRow struct {
	At, Kind, Drug, About string
	Tail, URL             string // of the code
	Much                  string
}

// LedgerMoves is GET /ledger/moves: the movements behind a figure of the ledger.
func (h *Handlers) LedgerMoves(w http.ResponseWriter, r *http.Request) error {
	by, err := h.reader(r)
	if err != nil {
		return err
	}
	v, ledger, err := h.ledgerQuestion(r, by)
	in := r.URL.Query()
	q := reporting.MovesQuestion{LedgerQuestion: ledger, Way: in.Get("way"), Kinds: reporting.SplitKinds(clipText(in.Get("kind"), 400))}
	if err == nil {
		q.After, err = queryNumber(in, "after")
	}
	if err == nil {
		err = q.Check(session.Today(h.db.Now()))
	}
	if err != nil {
		if page.WantsJSON(r) || db.KindOf(err) != db.Invalid {
			return err
		}
		return h.site.Page(w, r, "ledger_moves", movesView{Title: "流水", Problem: db.Sentence(err), Back: "/ledger"})
	}
	list, more, err := reporting.ReadMoves(r.Context(), h.db, q)
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newMovesJSON(list, more))
	}
	sum, err := reporting.SumMoves(r.Context(), h.db, q)
	if err != nil {
		return err
	}
	return h.site.Page(w, r, "ledger_moves", newMovesView(v, q, list, more, sum))
}

func newMovesView(v filterView, q reporting.MovesQuestion, list []reporting.LedgerMove, more bool, sum reporting.MovesSum) movesView {
	view := movesView{Title: movesTitle(q), Period: period(q.LedgerQuestion), Back: v.with("/ledger")}
	if sum.Moves > 0 {
		view.Sum = fmt.Sprintf("共 %d 条：入 %s，出 %s。", sum.Moves, sum.In, sum.Out)
	}
	if len(q.Kinds) > 1 {
		var words []string
		for _, k := range q.Kinds {
			words = append(words, k.Chinese())
		}
		view.Period += " · " + strings.Join(words, "、")
	}
	if q.Batch == reporting.NoBatch {
		view.Back, view.Period = v.with("/ledger", "batch", ""), view.Period+" · 批号未知"
	} else if q.Batch != "" {
		view.Period += " · 批号 " + q.Batch
	}
	for _, m := range list {
		view.Rows = append(view.Rows, newMoveRow(m))
	}
	if more {
		view.Next = v.with("/ledger/moves", "way", q.Way, "kind", reporting.JoinKinds(q.Kinds), "after", idText(list[len(list)-1].ID))
	}
	return view
}

func movesTitle(q reporting.MovesQuestion) string {
	title := q.Place.Chinese() + " "
	if len(q.Kinds) == 1 {
		title += q.Kinds[0].Chinese()
	}
	switch q.Way {
	case "in":
		title += "入账"
	case "out":
		title += "出账"
	}
	return strings.TrimSpace(title) + "流水"
}

func sign(in bool) string {
	if in {
		return "＋"
	}
	return "－"
}

func newMoveRow(m reporting.LedgerMove) moveRow {
	row := moveRow{At: m.At.In(session.Zone()).Format("2006-01-02 15:04"), Kind: m.Kind.Chinese(), Drug: m.Drug(), Tail: m.Code[max(0, len(m.Code)-4):],
		URL: "/trace/" + url.PathEscape(m.Code), Much: sign(m.In) + m.Amount().Words(m.PackWord, m.UnitWord)}
	var about []string
	if m.Batch != "" {
		about = append(about, "批号 "+m.Batch)
	}
	switch {
	case m.HeldOn != nil:
		about = append(about, m.Site+" "+m.HeldOn.Format(time.DateOnly))
	case m.Receipt != "":
		about = append(about, "入库单 "+m.Receipt)
	}
	for _, x := range []string{m.Who, m.Reason} {
		if x != "" && x != m.Receipt {
			about = append(about, x)
		}
	}
	row.About = strings.Join(about, " · ")
	return row
}

// moveJSON is a movement for programs.
type moveJSON struct {
	ID       int64     `json:"id"`
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`
	From     string    `json:"from"`
	To       string    `json:"to"`
	Code     string    `json:"code"`
	Drug     string    `json:"drug"`
	Batch    string    `json:"batch,omitempty"`
	Quantity int64     `json:"quantity"`
	// Way is "in" or "out", seen from the place that was asked for; Packs and Loose
	// are the quantity as boxes that moved whole, and as units that did not.
	Way   string `json:"way"`
	Packs int64  `json:"packs"`
	Loose int64  `json:"loose_units"`
	// PackWord and UnitWord are what a box and its smallest unit are called.
	PackWord string `json:"pack_word"`
	UnitWord string `json:"unit_word"`
	Session  int64  `json:"session,omitempty"`
	Receipt  string `json:"receipt,omitempty"`
}

// movesJSON is a page of movements for programs.
type movesJSON struct {
	Moves []moveJSON `json:"moves"`
	More  bool       `json:"more"`
}

func newMovesJSON(list []reporting.LedgerMove, more bool) movesJSON {
	out := movesJSON{Moves: []moveJSON{}, More: more}
	for _, m := range list {
		x := moveJSON{ID: m.ID, At: m.At, Kind: string(m.Kind), From: string(m.From), To: string(m.To), Code: m.Code, Drug: m.Drug(), Batch: m.Batch,
			Quantity: m.Quantity, Receipt: m.Receipt, Way: "out", Packs: m.Amount().Packs, Loose: m.Amount().Loose, PackWord: m.PackWord, UnitWord: m.UnitWord}
		if m.In {
			x.Way = "in"
		}
		if m.SessionID != nil {
			x.Session = *m.SessionID
		}
		out.Moves = append(out.Moves, x)
	}
	return out
}
