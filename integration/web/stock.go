package web

import (
	"fmt"
	"net/http"

	"jingfang/integration"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// stockView is HIS's stock beside ours; before it is asked for there are no rows.
type stockView struct {
	Asked   bool
	Problem string
	About   string // when, and how many differ
	Good    bool
	Rows    []stockRow
}

type stockRow struct {
	Drug, Batch, HIS, Ours, Where, Words string
}

// StockPage is GET /stock/his: the button that asks.
func (h *Handlers) StockPage(w http.ResponseWriter, r *http.Request) error {
	if _, err := may(r, identity.ViewStock); err != nil {
		return err
	}
	return h.site.Page(w, r, "stock_his", stockView{})
}

// CompareStock is POST /stock/his: HIS's stock beside ours, those that differ first.
func (h *Handlers) CompareStock(w http.ResponseWriter, r *http.Request) error {
	by, err := may(r, identity.ViewStock)
	if err != nil {
		return err
	}
	c, err := integration.CompareStock(r.Context(), h.db, h.c.HIS, by)
	switch {
	case err != nil && (page.WantsJSON(r) || db.KindOf(err) != db.Unavailable):
		return err
	case err != nil:
		return h.site.Page(w, r, "stock_his", stockView{Problem: db.Sentence(err)})
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newStockJSON(c))
	}
	return h.site.Page(w, r, "stock_his", newStockView(c))
}

func newStockView(c integration.Comparison) stockView {
	v := stockView{Asked: true, Good: c.Differ == 0}
	v.About = fmt.Sprintf("%s 核对 %d 个批号，", moment(c.At), len(c.Lines))
	if c.Differ == 0 {
		v.About += "全部一致。"
	} else {
		v.About += fmt.Sprintf("%d 个不同，排在前面。", c.Differ)
	}
	if c.Repeated > 0 {
		v.About += fmt.Sprintf("HIS 重复送来 %d 行，只算一次。", c.Repeated)
	}
	for _, l := range c.Lines {
		row := stockRow{Drug: l.Drug, Batch: l.Batch, HIS: l.Amount(l.HIS), Ours: l.Amount(l.Ours), Where: l.Where, Words: l.Words}
		if row.Drug == "" {
			row.Drug = "编码 " + l.HISCode
		}
		if row.Batch == "" {
			row.Batch = "不分批号"
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// stockJSON is a line for programs, in smallest units.
type stockJSON struct {
	HISCode string `json:"his_code"`
	Batch   string `json:"batch"`
	HIS     int64  `json:"his_units"`
	Ours    int64  `json:"our_units"`
	Words   string `json:"difference,omitempty"`
}

func newStockJSON(c integration.Comparison) []stockJSON {
	out := []stockJSON{}
	for _, l := range c.Lines {
		out = append(out, stockJSON{l.HISCode, l.Batch, l.HIS, l.Ours, l.Words})
	}
	return out
}
