package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// stocktakeView is the page on which boxes are counted. Nothing in it says what
// the books expect.
type stocktakeView struct {
	URL, Number, Scope, About string
	CanCount                  bool
	Running                   bool // somebody wanted to begin a second one
	Remark                    string
	Work                      countWorkView
	Paste                     pasteView
	Rows                      []countDrugView
}

// countWorkView is what every counter's screen keeps up to date.
type countWorkView struct {
	URL, Poll string
	CanCount  bool
	Boxes     int
	Extras    int
	Counters  []counterRow
	Last      []countedRow
	Extra     []countedRow
	Ended     string // the count has been handed in or given up: where to go on
}

type counterRow struct {
	Name, Shelf, About, At string
	Boxes                  int
}

type countedRow struct {
	Code, Head, Tail, Drug, About string
	Opened                        bool
	Unit, Units                   string
	ID                            string // of the form for the units
	Extra                         bool
}

// countDrugView is one drug of a count.
type countDrugView struct {
	URL          string
	ID           int64
	Name, Spec   string
	Pack, Unit   string
	CanCount     bool
	Status       string // what was counted, and by whom
	Counted      bool
	Swap         bool // drawn into an answer beside the rest
	Packs, Loose string
}

// What one answer shows at most.
const maxCounted = 10

// Stocktake is GET /stocktakes/{id}: the page to count on. With part=1 it is what
// changes, for a screen that knows the version v; a count that has been handed in
// leads to its result.
func (h *Handlers) Stocktake(w http.ResponseWriter, r *http.Request) error {
	by, x, err := h.findCount(r)
	if err != nil {
		return err
	}
	part := page.IsHTMX(r) && r.URL.Query().Get("part") != ""
	switch {
	case part && r.URL.Query().Get("v") == strconv.FormatInt(x.Version, 10):
		w.WriteHeader(http.StatusNoContent)
		return nil
	case x.State != inventory.CountOpen && page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newStocktakeJSON(x))
	case x.State != inventory.CountOpen && !part:
		return h.site.SeeOther(w, r, stocktakeURL(x.ID)+"/result")
	}
	p, err := inventory.ReadCountProgress(r.Context(), h.db, x, maxCounted)
	if err != nil {
		return err
	}
	switch {
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newProgressJSON(p))
	case part:
		return h.site.Fragments(w, r, http.StatusOK, workParts(p, by)...)
	}
	v := stocktakeView{URL: stocktakeURL(x.ID), Number: x.Number(), Scope: x.Scope(), About: newStocktakeRow(x).About, Remark: x.Remark,
		CanCount: by.Can(identity.CountStock, siteOf(x)) == nil, Running: r.URL.Query().Get("running") != "", Work: newCountWork(p, by), Paste: pasteView{URL: stocktakeURL(x.ID)}}
	v.Rows = newCountDrugs(p, v.CanCount, false)
	return h.site.Page(w, r, "stocktake", v)
}

// workParts is everything that changes while others count.
func workParts(p inventory.CountProgress, by identity.Actor) []page.Part {
	v := newCountWork(p, by)
	parts := []page.Part{{Name: "count_work", View: v}}
	for _, d := range newCountDrugs(p, v.CanCount, true) {
		parts = append(parts, page.Part{Name: "count_status", View: d})
	}
	return parts
}

func newCountWork(p inventory.CountProgress, by identity.Actor) countWorkView {
	url := stocktakeURL(p.ID)
	v := countWorkView{URL: url, Poll: fmt.Sprintf("%s?part=1&v=%d", url, p.Version), Boxes: p.Boxes, Extras: p.Extras,
		CanCount: by.Can(identity.CountStock, siteOf(p.Stocktake)) == nil && p.State == inventory.CountOpen}
	if p.State != inventory.CountOpen {
		v.Ended = fmt.Sprintf("这次盘点%s。", p.State.Chinese())
	}
	for _, c := range p.Counters {
		v.Counters = append(v.Counters, newCounterRow(c))
	}
	for _, c := range p.Last {
		v.Last = append(v.Last, newCountedRow(c))
	}
	for _, c := range p.Extra {
		v.Extra = append(v.Extra, newCountedRow(c))
	}
	return v
}

func newCounterRow(c inventory.Counter) counterRow {
	v := counterRow{Name: c.Name, Shelf: c.Shelf, Boxes: c.Boxes, At: c.At.In(zone()).Format("15:04")}
	v.About = fmt.Sprintf("%d 种", c.Drugs)
	if c.Numbers > 0 {
		v.About += fmt.Sprintf(" · 按数 %d 种", c.Numbers)
	}
	return v
}

func newCountedRow(c inventory.CountedCode) countedRow {
	v := countedRow{Code: c.Code, Tail: tail(c.Code), Drug: c.DrugName(), Opened: c.Opened, Unit: c.UnitName, ID: "units-" + c.Code, Extra: c.Kind != inventory.KindOK}
	v.Head = c.Code[:len(c.Code)-len(v.Tail)]
	if v.Drug == "" {
		v.Drug = "没有记录的码"
	}
	v.About = c.Name + " " + c.At.In(zone()).Format("15:04:05")
	if c.Shelf != "" {
		v.About = c.Shelf + " · " + v.About
	}
	if c.Units != nil {
		v.Units = fmt.Sprint(*c.Units)
		v.About = fmt.Sprintf("剩 %d %s · %s", *c.Units, c.UnitName, v.About)
	}
	return v
}

func newCountDrugs(p inventory.CountProgress, canCount, swap bool) (list []countDrugView) {
	for _, d := range p.Drugs {
		v := countDrugView{URL: stocktakeURL(p.ID), ID: d.DrugID, Name: d.GenericName, Spec: d.Spec, Pack: d.PackName, Unit: d.UnitName,
			CanCount: canCount, Swap: swap, Counted: d.Scanned > 0 || d.Number != nil}
		v.Status = countedStatus(d)
		if d.Number != nil {
			v.Packs = fmt.Sprint(d.Number.Packs)
			if d.Number.Loose != nil {
				v.Loose = fmt.Sprint(*d.Number.Loose)
			}
		}
		list = append(list, v)
	}
	return list
}

// countedStatus says who counted how much of a drug.
func countedStatus(d inventory.CountedDrug) string {
	var list []string
	if d.Scanned > 0 {
		var by []string
		for _, x := range d.By {
			by = append(by, fmt.Sprintf("%s %d", x.Name, x.Boxes))
		}
		list = append(list, fmt.Sprintf("扫了 %d %s（%s）", d.Scanned, d.PackName, strings.Join(by, "、")))
	}
	if n := d.Number; n != nil {
		text := fmt.Sprintf("按数 %d %s", n.Packs, d.PackName)
		if n.Loose != nil {
			text += fmt.Sprintf("散 %d %s", *n.Loose, d.UnitName)
		}
		list = append(list, text+"（"+n.Name+" "+n.At.In(zone()).Format("15:04")+"）")
	}
	return strings.Join(list, " · ")
}

// countSheetView is the paper to count with: what to count, and room to write.
type countSheetView struct {
	URL, Number, Scope, About, At string
	Rows                          []sheetDrug
}

type sheetDrug struct{ Name, Spec, Pack, Unit string }

// StocktakeSheet is GET /stocktakes/{id}/sheet: the paper to count with. It names
// the drugs and no figure of the books.
func (h *Handlers) StocktakeSheet(w http.ResponseWriter, r *http.Request) error {
	_, x, err := h.findCount(r)
	if err != nil {
		return err
	}
	p, err := inventory.ReadCountProgress(r.Context(), h.db, x, 1)
	if err != nil {
		return err
	}
	v := countSheetView{URL: stocktakeURL(x.ID), Number: x.Number(), Scope: x.Scope(), About: newStocktakeRow(x).About, At: h.db.Now().In(zone()).Format("2006-01-02 15:04")}
	for _, d := range p.Drugs {
		v.Rows = append(v.Rows, sheetDrug{d.GenericName, d.Spec, d.PackName, d.UnitName})
	}
	return h.site.Page(w, r, "stocktake_sheet", v)
}
