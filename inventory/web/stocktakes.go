package web

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// stocktakesView is the list of counts, and where a count begins.
type stocktakesView struct {
	Open, Done []stocktakeRow
	CanCount   bool
	// StoreOpen tells that the pharmacy is being counted: no second count begins.
	StoreOpen bool
	Drugs     []drugChoice
	Trays     []trayRow
	Problem   string
}

// stocktakeRow is a count in the list.
type stocktakeRow struct {
	URL, Number, Scope, About string
	Word, Tone                string
}

// trayRow is an open session whose trays can be counted.
type trayRow struct{ URL, Name string }

// lastCounts is how many ended counts the list shows.
const lastCounts = 30

// mayLook lets those see counts who see the stock: until a count is handed in it
// says nothing of what the books expect.
func mayLook(by identity.Actor, site int64) error { return by.Can(identity.ViewStock, site) }

// Stocktakes is GET /stocktakes: the open counts, those that ended, and how a new
// one begins.
func (h *Handlers) Stocktakes(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	if err := mayLook(by, 0); err != nil {
		return err
	}
	return h.stocktakes(w, r, by, "")
}

func (h *Handlers) stocktakes(w http.ResponseWriter, r *http.Request, by identity.Actor, problem string) error {
	open, done, err := inventory.ListStocktakes(r.Context(), h.db, lastCounts)
	if err != nil {
		return err
	}
	open, done = mine(by, open), mine(by, done)
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, map[string]any{"open": newStocktakesJSON(open), "done": newStocktakesJSON(done)})
	}
	v := stocktakesView{CanCount: by.Can(identity.CountStock, 0) == nil, Problem: problem}
	for _, x := range open {
		v.Open = append(v.Open, newStocktakeRow(x))
		v.StoreOpen = v.StoreOpen || x.SessionID == nil
	}
	for _, x := range done {
		v.Done = append(v.Done, newStocktakeRow(x))
	}
	if v.CanCount {
		if err := h.offer(r, by, &v); err != nil {
			return err
		}
	}
	return h.site.Page(w, r, "stocktakes", v)
}

// mine leaves out the counts of other sites' sessions.
func mine(by identity.Actor, list []inventory.Stocktake) (own []inventory.Stocktake) {
	for _, x := range list {
		if mayLook(by, siteOf(x)) == nil {
			own = append(own, x)
		}
	}
	return own
}

func siteOf(x inventory.Stocktake) int64 {
	if x.SiteID == nil {
		return 0
	}
	return *x.SiteID
}

// offer adds what can be counted.
func (h *Handlers) offer(r *http.Request, by identity.Actor, v *stocktakesView) error {
	drugs, err := inventory.ListDrugs(r.Context(), h.db, h.db.Now())
	if err != nil {
		return err
	}
	for _, d := range drugs {
		if d.Active {
			v.Drugs = append(v.Drugs, drugChoice{d.ID, d.Name(), false})
		}
	}
	sites, all := by.Sites(identity.CountStock)
	trays, err := session.ListOpenTrays(r.Context(), h.db, sites, all)
	if err != nil {
		return err
	}
	for _, t := range trays {
		v.Trays = append(v.Trays, trayRow{fmt.Sprintf("/sessions/%d/stocktakes", t.ID), strings.TrimSpace(t.Site + " " + t.HeldOn.Format("1月2日") + " " + t.Place)})
	}
	return nil
}

func stocktakeURL(id int64) string { return fmt.Sprintf("/stocktakes/%d", id) }

func newStocktakeRow(x inventory.Stocktake) stocktakeRow {
	v := stocktakeRow{URL: stocktakeURL(x.ID), Number: x.Number(), Scope: x.Scope(), Word: x.State.Chinese(), Tone: countTone(x.State)}
	v.About = fmt.Sprintf("%s %s 开始", x.StartedAt.In(zone()).Format("1月2日 15:04"), x.Starter)
	switch {
	case x.State == inventory.CountSubmitted:
		v.About += fmt.Sprintf(" · %s 提交", x.Submitter)
	case x.State == inventory.CountApproved:
		v.About += fmt.Sprintf(" · %s 审核", x.Decider)
	case x.State == inventory.CountAbandoned:
		v.About += " · 没有改动库存"
	}
	return v
}

func countTone(s inventory.StocktakeState) string {
	switch s {
	case inventory.CountOpen:
		return "info"
	case inventory.CountSubmitted:
		return "caution"
	case inventory.CountApproved:
		return "good"
	}
	return "soft"
}

// StartStocktake is POST /stocktakes: begins a count of the pharmacy, of all drugs
// or of those named by the fields drug. A count that is open already is opened,
// or named to a program.
func (h *Handlers) StartStocktake(w http.ResponseWriter, r *http.Request) error {
	by, err := who(r, identity.CountStock)
	if err != nil {
		return err
	}
	in := inventory.StartingCount{}
	if in.CommandID, err = commandID(r); err != nil {
		return err
	}
	if in.Drugs, err = formIDs(r, "drug"); err != nil {
		return err
	}
	if r.PostFormValue("some") != "" && len(in.Drugs) == 0 {
		err = db.Refuse(db.Invalid, "没有勾选药品。请先勾选要盘的药，或盘全部药品。")
		return h.startRefused(w, r, by, err)
	}
	a, err := h.stock.StartStocktake(r.Context(), by, in)
	if err != nil {
		return h.startRefused(w, r, by, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, a)
	}
	return h.site.SeeOther(w, r, stocktakeURL(a.ID))
}

// startRefused leads to the count that is open already.
func (h *Handlers) startRefused(w http.ResponseWriter, r *http.Request, by identity.Actor, err error) error {
	var running *inventory.CountRunning
	switch {
	case errors.As(err, &running) && page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusConflict, map[string]any{"error": map[string]string{"kind": string(db.Conflict), "message": db.Sentence(err)}, "stocktake": running.ID})
	case page.WantsJSON(r), db.KindOf(err) != db.Conflict && db.KindOf(err) != db.Invalid:
		return err
	case running != nil:
		return h.site.SeeOther(w, r, stocktakeURL(running.ID)+"?running=1")
	}
	return h.stocktakes(w, r, by, db.Sentence(err))
}

// formIDs reads a field that may come several times.
func formIDs(r *http.Request, name string) ([]int64, error) {
	if err := r.ParseForm(); err != nil {
		return nil, db.RefuseBecause(err, db.Invalid, "表单没有传完整，请再提交一次。")
	}
	var ids []int64
	for _, text := range r.PostForm[name] {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id <= 0 {
			return nil, db.Refuse(db.Invalid, "“%s”不是一个编号，请刷新页面后重试。", clip(text, 20))
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// findCount reads the count of the address for somebody who may see it.
func (h *Handlers) findCount(r *http.Request) (identity.Actor, inventory.Stocktake, error) {
	by, err := identity.Who(r.Context())
	if err != nil {
		return by, inventory.Stocktake{}, err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return by, inventory.Stocktake{}, db.Refuse(db.NotFound, "没有这次盘点。请从盘点列表重新进入。")
	}
	x, err := inventory.FindStocktake(r.Context(), h.db, id)
	if err != nil {
		return by, x, err
	}
	return by, x, mayLook(by, siteOf(x))
}
