package web

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// statPage is one kind of statistic.
type statPage struct {
	path, name, title string
	ways              [][2]string
	read              func(h *Handlers, r *http.Request, a statAsk) (reporting.Document, error)
}

func visitsPage() statPage {
	return statPage{"/statistics/visits", "visits", "就诊统计", [][2]string{{"", "按站点"}, {"doctor", "按医生"}, {"month", "按月"}, {"day", "按场次"}, {"drug", "按药品"}},
		func(h *Handlers, r *http.Request, a statAsk) (reporting.Document, error) {
			by := reporting.VisitBy(a.filter.By)
			if !by.Valid() {
				return reporting.Document{}, noSuchWay()
			}
			v, err := reporting.ReadVisits(r.Context(), h.db, a.q, by)
			return v.Document(a.scope), err
		}}
}

func usePage() statPage {
	return statPage{"/statistics/use", "use", "药品消耗统计", [][2]string{{"", "按药品"}, {"site", "按社区"}, {"both", "社区药品"}, {"doctor", "按医生"}, {"month", "按月"}},
		func(h *Handlers, r *http.Request, a statAsk) (reporting.Document, error) {
			by := reporting.UseBy(a.filter.By)
			if !by.Valid() {
				return reporting.Document{}, noSuchWay()
			}
			u, err := reporting.ReadUse(r.Context(), h.db, a.q, by)
			return u.Document(a.scope), err
		}}
}

func noSuchWay() error { return db.Refuse(db.Invalid, "没有这种分法。请从页面上选。") }

// stockPage is the report of stock, of a place by drug or by batch.
func stockPage() statPage {
	return statPage{"/statistics/stock", "stock", "库存报表", [][2]string{{"", "药房"}, {"session", "义诊场次"}, {"all", "全部（账上）"}, {"quarantine", "隔离区"}, {"damaged", "破损待销毁"}},
		func(h *Handlers, r *http.Request, a statAsk) (reporting.Document, error) {
			q, err := a.ledger()
			if err != nil {
				return reporting.Document{}, err
			}
			l, err := reporting.ReadLedger(r.Context(), h.db, q)
			return l.Document(q.ScopeWords(a.siteWord())), err
		}}
}

// ledger is the question as one for the ledger. Who sees some sites only sees the
// stock of their sessions.
func (a *statAsk) ledger() (reporting.LedgerQuestion, error) {
	q := reporting.LedgerQuestion{From: a.q.From, To: a.q.To, DrugID: a.q.DrugID, ByBatch: a.filter.Batch}
	q.Place = map[string]inventory.Place{"": inventory.PlaceStore, "session": inventory.PlaceSession, "all": "", "quarantine": inventory.PlaceQuarantine, "damaged": inventory.PlaceDamaged}[a.filter.By]
	if q.Place == "" && a.filter.By != "all" {
		return q, noSuchWay()
	}
	if a.q.SiteID != 0 {
		q.Place, q.SiteID, a.filter.By = inventory.PlaceSession, a.q.SiteID, "session"
	}
	return q, limitLedger(a.by, &q)
}

// limitLedger holds whoever sees some sites only to the sessions of one of them.
func limitLedger(by identity.Actor, q *reporting.LedgerQuestion) error {
	ids, all := by.Sites(identity.ViewReports)
	if all {
		return nil
	}
	if q.SiteID == 0 && len(ids) == 1 {
		q.SiteID = ids[0]
	}
	if q.SiteID == 0 {
		return db.Refuse(db.Invalid, "请先选一个精防点。药房和全部站点的账，只有全院权限可以看。")
	}
	q.Place = inventory.PlaceSession
	return by.Can(identity.ViewReports, q.SiteID)
}

func (a statAsk) siteWord() string {
	if a.q.SiteID == 0 {
		return ""
	}
	return a.scope
}

// moves is the address of the movements behind a figure of the stock.
func (f statFilter) moves(n reporting.Narrow, kinds string) string {
	at := cmp.Or(n.Place, f.By, string(inventory.PlaceStore)) // reports of old do not name the place
	if at == reporting.EveryPlace {
		at = ""
	}
	v := filterView{From: f.From, To: f.To, Drug: n.DrugID, Batch: n.Batch, Site: f.Site, Place: at}
	return v.with("/ledger/moves", "kind", kinds)
}

// Visits is GET /statistics/visits: visits, divided as the address says.
func (h *Handlers) Visits(w http.ResponseWriter, r *http.Request) error {
	return h.showStatistic(w, r, visitsPage())
}

// Use is GET /statistics/use: what was handed out.
func (h *Handlers) Use(w http.ResponseWriter, r *http.Request) error {
	return h.showStatistic(w, r, usePage())
}

// Stock is GET /statistics/stock: opening, what came and went, closing.
func (h *Handlers) Stock(w http.ResponseWriter, r *http.Request) error {
	return h.showStatistic(w, r, stockPage())
}

func (h *Handlers) showStatistic(w http.ResponseWriter, r *http.Request, p statPage) error {
	a, err := h.statistic(r, p.path, p.name)
	var d reporting.Document
	if err == nil {
		d, err = p.read(h, r, a)
	}
	if err != nil {
		return h.refuseStatistic(w, r, a, p.title, err)
	}
	if page.WantsJSON(r) {
		return h.site.JSON(w, r, http.StatusOK, newDocJSON(d))
	}
	h.fillStatistic(&a, a.filter.tabsOf(p.ways...))
	v := newStatView(d, a.filter, p.path)
	v.Exports = p.exports(a.filter)
	return h.site.Page(w, r, "statistic", v)
}

// exports are the lists of single rows that belong to a statistic.
func (p statPage) exports(f statFilter) (list []exportView) {
	for _, x := range map[string][][2]string{"visits": {{"visits", "就诊明细"}}, "use": {{"given", "发药明细"}, {"people", "患者用药汇总"}}}[p.name] {
		for _, form := range [][2]string{{"xlsx", "表格"}, {"csv", "CSV"}} {
			list = append(list, exportForm(f, x[0], form[0], "导出"+x[1]+"（"+form[1]+"）"))
		}
	}
	return list
}

func exportForm(f statFilter, what, form, word string) exportView {
	e := exportView{Word: word, Fields: []optionView{{Value: "what", Word: what}, {Value: "form", Word: form}}}
	values := f.values()
	for _, name := range slices.Sorted(maps.Keys(values)) { // a page is the same twice
		e.Fields = append(e.Fields, optionView{Value: name, Word: values.Get(name)})
	}
	return e
}

// VisitsFile is GET /statistics/visits.{form}, UseFile and StockFile the others:
// the page as a file.
func (h *Handlers) VisitsFile(w http.ResponseWriter, r *http.Request) error {
	return h.sendStatistic(w, r, visitsPage())
}

// UseFile is GET /statistics/use.{form}.
func (h *Handlers) UseFile(w http.ResponseWriter, r *http.Request) error {
	return h.sendStatistic(w, r, usePage())
}

// StockFile is GET /statistics/stock.{form}.
func (h *Handlers) StockFile(w http.ResponseWriter, r *http.Request) error {
	return h.sendStatistic(w, r, stockPage())
}

func (h *Handlers) sendStatistic(w http.ResponseWriter, r *http.Request, p statPage) error {
	a, err := h.statistic(r, p.path, p.name)
	if err != nil {
		return err
	}
	d, err := p.read(h, r, a)
	if err != nil {
		return err
	}
	return h.sendDocument(w, r, a.by, d, reporting.Made{By: a.by.Name, At: d.At}, identity.Event{Name: "report.statistic", ObjectKind: "report", ObjectID: p.name, SiteID: a.q.SiteID,
		Detail: strings.TrimPrefix(a.filter.with(""), "?")})
}

// sendDocument draws a document in the form of the address, writes down that it
// leaves, and sends it.
func (h *Handlers) sendDocument(w http.ResponseWriter, r *http.Request, by identity.Actor, d reporting.Document, made reporting.Made, event identity.Event) error {
	form := formOf(r)
	mark := by.Name + "　" + reporting.Document{At: h.db.Now()}.Moment()
	body, kind, printed, err := h.drawDocument(r.Context(), d, form, made, mark)
	if err != nil {
		return err
	}
	event.Detail = fmt.Sprintf("%s form=%s bytes=%d digest=%.16s", event.Detail, form, len(body), d.Digest())
	if form == "pdf" {
		err = reporting.IssuePaper(r.Context(), h.db, by, printed, event)
	} else {
		err = identity.AuditAlone(r.Context(), h.db, by, event)
	}
	if err != nil {
		return err
	}
	return sendAs(w, kind, body, d.Name+"."+form, strings.ReplaceAll(d.Title+" "+d.Scope+" "+d.Period.Words(), "　", " ")+"."+form)
}
