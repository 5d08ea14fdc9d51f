package web

import (
	"net/http"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// stockView is the shelf of the pharmacy.
type stockView struct {
	Rows               []shelfRow
	Packs, Away, Drugs int64
	Expired, Soon      int64
	CanReceive         bool
	Check              *checkNote // how the last check of the stock ended; nil before the first
}

// checkNote is the last check of the stock against its movements.
type checkNote struct{ Text, Tone string }

func newCheckNote(c reporting.KeptCheck) *checkNote {
	n := checkNote{c.Sentence(), "soft"}
	switch c.State {
	case reporting.CheckRight:
		n.Tone = "good"
	case reporting.CheckWrong:
		n.Tone = "bad"
	}
	return &n
}

type shelfRow struct {
	Drug, Pack, Unit string
	Packs, Loose     int64
	Away             int64
	Expired, Soon    int64
	First            string
}

// Stock is GET /stock: what lies in the pharmacy, by drug.
func (h *Handlers) Stock(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.ViewStock)
	if err != nil {
		return err
	}
	lines, err := inventory.StoreStock(r.Context(), h.db, h.db.Now())
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newStockJSON(lines))
	}
	v := newStockView(lines)
	v.CanReceive = by.Can(identity.Receive, 0) == nil
	checks, err := reporting.LastStockChecks(r.Context(), h.db, 1)
	if err != nil {
		return err
	}
	for _, c := range checks {
		v.Check = newCheckNote(c)
	}
	return h.site.Page(w, r, "stock", v)
}

func newStockView(lines []inventory.StockLine) stockView {
	v := stockView{Drugs: int64(len(lines))}
	for _, l := range lines {
		v.Rows = append(v.Rows, shelfRow{Drug: l.DrugName(), Pack: l.PackName, Unit: l.UnitName, Packs: l.Packs, Loose: l.Loose,
			Away: l.Away, Expired: l.Expired, Soon: l.Soon, First: dayWords(l.FirstExpiry)})
		v.Packs += l.Packs
		v.Away += l.Away
		v.Expired += l.Expired
		v.Soon += l.Soon
	}
	return v
}

// stockJSON is a drug's stock for programs.
type stockJSON struct {
	DrugID  int64  `json:"drug_id"`
	Drug    string `json:"drug"`
	Packs   int64  `json:"packs"`
	Loose   int64  `json:"loose_units"`
	Away    int64  `json:"with_sessions"`
	Expired int64  `json:"expired"`
	Soon    int64  `json:"expiring"`
}

func newStockJSON(lines []inventory.StockLine) []stockJSON {
	out := []stockJSON{}
	for _, l := range lines {
		out = append(out, stockJSON{l.DrugID, l.DrugName(), l.Packs, l.Loose, l.Away, l.Expired, l.Soon})
	}
	return out
}
