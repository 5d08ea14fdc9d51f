package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"jingfang/inventory"
	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// filterView is the form above a ledger; its state stands in the address.
type filterView struct {
	From, To     string
	Drug         int64
	Batch        string
	Place        string
	Site         int64
	By           string
	Drugs, Sites []optionView
	Places       []optionView
	Tabs         []tabView
}

type optionView struct {
	Value, Word string
	Chosen      bool
}

type tabView struct {
	Word, URL string
	Open      bool
}

// parseQuestion reads a ledger's address. Without dates it is this month. The view
// shows what was asked even where it cannot be answered.
func parseQuestion(r *http.Request, now time.Time) (filterView, reporting.LedgerQuestion, error) {
	in, today := r.URL.Query(), session.Today(now)
	v := filterView{From: in.Get("from"), To: in.Get("to"), Batch: clipText(in.Get("batch"), 60), Place: in.Get("place"), By: in.Get("by")}
	if v.From == "" {
		v.From = today.AddDate(0, 0, 1-today.Day()).Format(time.DateOnly)
	}
	if v.To == "" {
		v.To = today.Format(time.DateOnly)
	}
	q := reporting.LedgerQuestion{Batch: v.Batch, ByBatch: v.By == "batch"}
	var err error
	if q.From, err = time.Parse(time.DateOnly, v.From); err == nil {
		q.To, err = time.Parse(time.DateOnly, v.To)
	}
	if err != nil {
		return v, q, db.RefuseBecause(err, db.Invalid, "日期无法识别。请写成 2026-11-23 的样子。")
	}
	if v.Drug, err = queryNumber(in, "drug"); err != nil {
		return v, q, err
	}
	if v.Site, err = queryNumber(in, "site"); err != nil {
		return v, q, err
	}
	q.DrugID, q.SiteID = v.Drug, v.Site
	if q.Place, err = placeOf(v.Place, v.Site); err != nil {
		return v, q, err
	}
	v.Place = string(q.Place)
	return v, q, q.Check(today)
}

// ledgerQuestion is the address of a ledger as far as the person may ask.
func (h *Handlers) ledgerQuestion(r *http.Request, by identity.Actor) (filterView, reporting.LedgerQuestion, error) {
	v, q, err := parseQuestion(r, h.db.Now())
	if err == nil {
		err = limitLedger(by, &q)
	}
	if err == nil {
		v.Place, v.Site = string(q.Place), q.SiteID
	}
	return v, q, err
}

// placeOf reads the place; a site alone means its sessions.
func placeOf(text string, site int64) (inventory.Place, error) {
	if text == "" && site != 0 {
		return inventory.PlaceSession, nil
	}
	p := inventory.Place(text)
	if text != "" && !p.OnBooks() {
		return "", db.Refuse(db.Invalid, "没有这个地点。请从列表里选。")
	}
	return p, nil
}

func queryNumber(in url.Values, name string) (int64, error) {
	text := in.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, db.Refuse(db.Invalid, "“%s”不是一个编号。请从列表里选。", clipText(text, 20))
	}
	return n, nil
}

// clipText cuts a text to so many characters and leaves out what is no text.
func clipText(text string, most int) string {
	if !utf8.ValidString(text) {
		return ""
	}
	if r := []rune(text); len(r) > most {
		return string(r[:most])
	}
	return text
}

// values is the address of a ledger without its path.
func (v filterView) values() url.Values {
	out := url.Values{"from": {v.From}, "to": {v.To}}
	for name, value := range map[string]string{"batch": v.Batch, "place": v.Place, "by": v.By, "drug": idText(v.Drug), "site": idText(v.Site)} {
		if value != "" {
			out.Set(name, value)
		}
	}
	return out
}

// with is an address with some of the filter changed, by pairs of name and value.
func (v filterView) with(path string, pairs ...string) string {
	out := v.values()
	for i := 0; i+1 < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return path + "?" + out.Encode()
}

func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// fill reads the lists to choose from.
func (h *Handlers) fill(r *http.Request, v *filterView) error {
	drugs, err := inventory.ListDrugs(r.Context(), h.db, h.db.Now())
	if err != nil {
		return err
	}
	v.Drugs = []optionView{{Word: "全部药品", Chosen: v.Drug == 0}}
	for _, d := range drugs {
		v.Drugs = append(v.Drugs, optionView{idText(d.ID), d.Name(), d.ID == v.Drug})
	}
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	sites, err := identity.SitesFor(r.Context(), h.db, by, identity.ViewReports)
	if err != nil {
		return err
	}
	if v.Sites = nil; allowedSites(by) == nil {
		v.Sites = []optionView{{Word: "全部精防点", Chosen: v.Site == 0}}
	}
	for _, s := range sites {
		v.Sites = append(v.Sites, optionView{idText(s.ID), s.Name, s.ID == v.Site})
	}
	v.fillPlaces()
	return nil
}

func (v *filterView) fillPlaces() {
	v.Places = []optionView{{Word: "全部（账上）", Chosen: v.Place == ""}}
	for _, p := range reporting.LedgerPlaces() {
		v.Places = append(v.Places, optionView{string(p), p.Chinese(), string(p) == v.Place})
	}
	for _, t := range []struct{ by, word string }{{"", "按药品"}, {"batch", "按批号"}, {"kind", "按类别"}, {"place", "按地点"}} {
		v.Tabs = append(v.Tabs, tabView{t.word, v.with("/ledger", "by", t.by), t.by == v.By})
	}
}
