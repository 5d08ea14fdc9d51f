package web

import (
	"net/http"
	"strconv"
	"strings"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/sql/db"
)

// sitesView is the view of the page "sites".
type sitesView struct {
	Rows  []siteRow
	New   identity.Site
	Day   string // ClinicDay as typed
	Error string
}

type siteRow struct {
	Code, Name, Where, Day string
	Closed                 bool
}

func (w *Web) showSites(rw http.ResponseWriter, r *http.Request) error {
	return w.sites(rw, r, identity.Site{}, "", "")
}

func (w *Web) sites(rw http.ResponseWriter, r *http.Request, n identity.Site, day, failure string) error {
	list, err := identity.FindSites(r.Context(), w.svc.DB(), identity.SiteFilter{})
	if err != nil {
		return err
	}
	view := sitesView{New: n, Day: day, Error: failure}
	for _, s := range list {
		view.Rows = append(view.Rows, newSiteRow(s))
	}
	return w.site.Page(rw, r, "sites", view)
}

func newSiteRow(s identity.Site) siteRow {
	row := siteRow{Code: s.Code, Name: s.Name, Where: strings.TrimSpace(s.District + " " + s.Street), Day: "不固定", Closed: !s.Active}
	if s.ClinicDay > 0 {
		row.Day = "每月 " + strconv.Itoa(s.ClinicDay) + " 日"
	}
	return row
}

func (w *Web) postSite(rw http.ResponseWriter, r *http.Request) error {
	by, _ := identity.ActorOf(r.Context())
	if err := readForm(rw, r); err != nil {
		return err
	}
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	site := identity.Site{Code: get("code"), Name: get("name"), District: get("district"), Street: get("street"), Address: get("address")}
	day, err := clinicDay(get("clinic_day"))
	if err == nil {
		site.ClinicDay = day
		_, err = w.svc.CreateSite(r.Context(), by, site)
	}
	if kind := db.KindOf(err); (kind == db.Invalid || kind == db.Conflict) && !page.WantsJSON(r) {
		return w.sites(rw, r, site, get("clinic_day"), db.Sentence(err))
	}
	if err != nil {
		return err
	}
	return w.done(rw, r, "/admin/sites")
}

func clinicDay(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	day, err := strconv.Atoi(text)
	if err != nil || day < 1 || day > 31 {
		return 0, db.Refuse(db.Invalid, "义诊日须是 1 到 31 之间的数字，没有固定日子时留空。")
	}
	return day, nil
}
