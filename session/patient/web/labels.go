package web

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"jingfang/session/identity"
	"jingfang/session/page"
	"jingfang/session/patient"
	"jingfang/sql/db"
)

// labelsView is the view of the page "labels": what a sheet would bring, and how it
// is laid out.
type labelsView struct {
	Error   string
	Sites   []choiceView
	IDs     string // patients that another page chose, joined by commas
	Back    string
	Count   string // how many labels, "" while nobody is chosen
	Names   []string
	Pages   string
	Layouts []choiceView
	Margins marginsView
}

// marginsView is what may be adjusted, in millimetres as typed.
type marginsView struct{ Top, Left, GapX, GapY, First string }

// sheetView is the view of the page "label_sheet": the labels as they are printed.
type sheetView struct {
	Layout string
	Style  string // address of the style sheet that holds the millimetres
	Back   string
	Count  string
	About  string
	Pages  [][]cellView
}

// cellView is one label of a sheet; an empty one is a place that stays free.
type cellView struct {
	Number, Name, Site string
	Code               page.QR
}

// Labels is GET /patients/labels?site=: what to print and how.
func (h *Handlers) Labels(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	return h.showLabels(w, r, by, readLayout(r), "")
}

// PrintLabels is POST /patients/labels: the sheet to print, which counts, or with
// choose the page before it for the patients that another page names.
func (h *Handlers) PrintLabels(w http.ResponseWriter, r *http.Request) error {
	by, err := identity.Who(r.Context())
	if err != nil {
		return err
	}
	if r.PostFormValue("choose") != "" {
		return h.showLabels(w, r, by, readLayout(r), "")
	}
	l, err := parseLayout(r)
	var list []patient.Label
	if err == nil {
		list, err = h.printLabels(r, by)
	}
	problem, err := complaint(r, err)
	switch {
	case err != nil:
		return err
	case problem != "":
		return h.showLabels(w, r, by, l, problem)
	case page.WantsJSON(r):
		return h.site.JSON(w, r, http.StatusOK, newLabelsJSON(list))
	}
	v, err := newSheetView(l, list, labelsBack(r))
	if err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: layoutCookie, Value: l.encode(), Path: "/patients/labels", MaxAge: 365 * 24 * 60 * 60,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode})
	return h.site.Page(w, r, "label_sheet", v)
}

func (h *Handlers) printLabels(r *http.Request, by identity.Actor) ([]patient.Label, error) {
	in, err := parseLabels(r)
	if err != nil {
		return nil, err
	}
	if in.CommandID, err = formCommand(r); err != nil {
		return nil, err
	}
	return h.patients.PrintLabels(r.Context(), by, in)
}

// parseLabels reads whose labels are wanted.
func parseLabels(r *http.Request) (patient.LabelSheet, error) {
	var in patient.LabelSheet
	if text := r.FormValue("ids"); text != "" {
		for _, one := range strings.Split(text, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(one), 10, 64)
			if err != nil || id <= 0 {
				return in, db.Refuse(db.Invalid, "名单读不出来。请回到名单页面，再点一次“打印标签”。")
			}
			in.Patients = append(in.Patients, id)
		}
		return in, nil
	}
	if text := r.FormValue("site"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id <= 0 {
			return in, db.Refuse(db.Invalid, "请重新选择精防点。")
		}
		in.SiteID = id
	}
	return in, nil
}

func (h *Handlers) showLabels(w http.ResponseWriter, r *http.Request, by identity.Actor, l layout, problem string) error {
	if err := identity.Allow(r.Context(), h.db, by, identity.PrintLabel, 0); err != nil {
		return err
	}
	v := labelsView{Error: problem, IDs: r.FormValue("ids"), Back: labelsBack(r), Layouts: layoutChoices(l.kind), Margins: l.typed()}
	sites, err := identity.SitesFor(r.Context(), h.db, by, identity.PrintLabel)
	if err != nil {
		return err
	}
	for _, s := range sites {
		id := strconv.FormatInt(s.ID, 10)
		v.Sites = append(v.Sites, choiceView{id, s.District + " · " + s.Name, id == r.FormValue("site")})
	}
	in, err := parseLabels(r)
	if err == nil && (in.SiteID > 0 || len(in.Patients) > 0) {
		var list []patient.Patient
		if list, err = h.patients.LabelPeople(r.Context(), by, in); err == nil {
			v.Count = strconv.Itoa(len(list))
			v.Pages = strconv.Itoa(l.pages(len(list)))
		}
	}
	if err != nil {
		if v.Error, err = complaint(r, err); err != nil {
			return err
		}
	}
	return h.site.Page(w, r, "labels", v)
}

// labelsBack is the list that the labels were asked for on.
func labelsBack(r *http.Request) string {
	if session := sessionOf(r); session != "" {
		return "/sessions/" + session + "/roster"
	}
	return "/patients"
}

func newSheetView(l layout, list []patient.Label, back string) (sheetView, error) {
	v := sheetView{Layout: l.kind, Style: "/patients/labels.css?" + l.query(), Back: back, Count: strconv.Itoa(len(list)), About: l.about()}
	cells := make([]cellView, l.first-1, l.first-1+len(list))
	for _, one := range list {
		code, err := page.NewQR(one.Token)
		if err != nil {
			return v, err
		}
		cells = append(cells, cellView{Number: one.Number, Name: one.Masked(), Site: one.Place(), Code: code})
	}
	for from := 0; from < len(cells); from += l.perPage() {
		v.Pages = append(v.Pages, cells[from:min(from+l.perPage(), len(cells))])
	}
	return v, nil
}

// LabelStyle is GET /patients/labels.css: the millimetres of a sheet, as a style
// sheet, since pages hold no styles of their own.
func (h *Handlers) LabelStyle(w http.ResponseWriter, r *http.Request) error {
	l, err := newLayout(""), error(nil)
	if r.URL.RawQuery != "" {
		l, err = parseLayout(r)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, err = fmt.Fprint(w, l.css())
	return err
}

func newLabelsJSON(list []patient.Label) []labelJSON {
	out := make([]labelJSON, len(list))
	for i, l := range list {
		out[i] = labelJSON{l.Number, l.Masked(), l.Place(), l.Token, l.PrintCount}
	}
	return out
}
