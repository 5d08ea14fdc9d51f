package web

import (
	"fmt"
	"net/http"
	"net/url"

	"jingfang/inventory"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// careForm is what the doctor's table reminds of at a drug, to be changed.
type careForm struct {
	DrugID                  int64
	Depot, Check, CheckDays string
}

// addCares puts the reminders beside the drugs, with a form for who may change
// them.
func (v *drugsView) addCares(drugs []inventory.Drug, cares map[int64]inventory.Care, mayChange bool) {
	for i, d := range drugs {
		c := cares[d.ID]
		v.Rows[i].Care = c.Text()
		if mayChange {
			v.Rows[i].Form = &careForm{DrugID: d.ID, Depot: daysText(c.DepotDays), Check: c.Check, CheckDays: daysText(c.CheckDays)}
		}
	}
}

// daysText is a number of days in a form; nothing for none.
func daysText(days int) string {
	if days == 0 {
		return ""
	}
	return fmt.Sprint(days)
}

// SetCare is POST /drugs/care: what the table reminds of at a drug.
func (h *Handlers) SetCare(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.TeachPrefix)
	if err != nil {
		return err
	}
	in := inventory.Caring{}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	in.Check = r.PostFormValue("check")
	var depot, every int64
	for name, n := range map[string]*int64{"drug": &in.DrugID, "depot_days": &depot, "check_days": &every} {
		if *n, err = formNumber(r, name); err != nil {
			return h.careRefused(w, r, by, err)
		}
	}
	in.DepotDays, in.CheckDays = int(min(depot, 1000)), int(min(every, 1000))
	c, err := h.stock.SetCare(r.Context(), by, in)
	switch {
	case err != nil:
		return h.careRefused(w, r, by, err)
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, map[string]any{"drug": c.DrugID, "depot_days": c.DepotDays, "check": c.Check, "check_days": c.CheckDays})
	}
	done := "提醒已保存：" + c.Text() + "。"
	if c.Text() == "" {
		done = "这种药不再提醒。"
	}
	return h.site.SeeOther(w, r, "/drugs?cared="+url.QueryEscape(done))
}

func (h *Handlers) careRefused(w http.ResponseWriter, r *http.Request, by identity.Actor, err error) error {
	kind := db.KindOf(err)
	if page.WantsJSON(r) || kind != db.Conflict && kind != db.Invalid && kind != db.NotFound {
		return err
	}
	return h.drugs(w, r, by, teachView{}, inventory.Teaching{Level: 1}, db.Sentence(err))
}
