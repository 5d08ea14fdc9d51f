package web

import (
	"net/http"
	"net/url"
	"time"

	"jingfang/reporting"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/sql/db"
)

// statFilter is the form above a statistic; its state stands in the address, and
// all of it but the dates is remembered for the person.
type statFilter struct {
	Action                string
	From, To, By, Kind    string
	Only, Visit           string
	Site, Doctor, Drug    int64
	Patient, Session      int64
	Batch                 bool
	Page                  int64
	Sites, Doctors, Drugs []optionView
	Kinds                 []optionView // 门诊点, 上门; empty where it does not count
	Tabs, Spans           []tabView
	ResetURL              string
}

// statAsk is a statistic that somebody asks for.
type statAsk struct {
	by      identity.Actor
	filter  statFilter
	q       reporting.Question
	scope   string
	choices reporting.Choices
	sites   []reporting.Choice // of which the person may see figures
}

// statistic reads who asks and what of the address, and checks both. A filter that
// stands in the address is remembered under name; without any in it the one chosen
// last holds. The ask is whole enough to show the form again also when it cannot be
// answered.
func (h *Handlers) statistic(r *http.Request, path, name string) (a statAsk, err error) {
	if a.by, err = h.reader(r); err != nil {
		return a, err
	}
	if a.choices, err = reporting.ReadChoices(r.Context(), h.db, a.by.StaffID, name); err != nil {
		return a, err
	}
	for _, s := range a.choices.Sites {
		if a.by.Can(identity.ViewReports, s.ID) == nil {
			a.sites = append(a.sites, s)
		}
	}
	in, err := h.choice(r, a, name)
	if err != nil {
		return a, err
	}
	today := session.Today(h.db.Now())
	a.filter = statFilter{Action: path, From: in.Get("from"), To: in.Get("to"), By: clipText(in.Get("by"), 10), Kind: clipText(in.Get("kind"), 10), Only: clipText(in.Get("only"), 10),
		Visit: clipText(in.Get("visit"), 40), Batch: in.Get("batch") != ""}
	if a.filter.From == "" {
		a.filter.From = today.AddDate(0, 0, 1-today.Day()).Format(time.DateOnly)
	}
	if a.filter.To == "" {
		a.filter.To = today.Format(time.DateOnly)
	}
	a.scope = "全部精防点"
	err = a.parse(in, today)
	return a, err
}

// rowsName is the name of the pages that remember nothing: they are come to by
// links that have the whole question.
const rowsName = "rows"

// choice is the address, or where it says nothing the filter chosen last.
func (h *Handlers) choice(r *http.Request, a statAsk, name string) (url.Values, error) {
	in := r.URL.Query()
	if in.Has("reset") {
		in.Del("reset")
		return in, reporting.KeepChoice(r.Context(), h.db, a.by.StaffID, name, "")
	}
	if len(in) == 0 {
		return url.ParseQuery(a.choices.Kept)
	}
	now := url.Values{}
	for _, k := range []string{"by", "site", "doctor", "drug", "kind", "batch"} {
		if v := in.Get(k); v != "" {
			now.Set(k, v)
		}
	}
	if text := now.Encode(); text != a.choices.Kept && name != rowsName {
		return in, reporting.KeepChoice(r.Context(), h.db, a.by.StaffID, name, text)
	}
	return in, nil
}

func (a *statAsk) parse(in url.Values, today time.Time) error {
	f, q := &a.filter, &a.q
	var err error
	if q.From, err = time.Parse(time.DateOnly, f.From); err == nil {
		q.To, err = time.Parse(time.DateOnly, f.To)
	}
	if err != nil {
		return db.RefuseBecause(err, db.Invalid, "日期无法识别。请写成 2026-11-23 的样子。")
	}
	for _, x := range []struct {
		name string
		of   *int64
	}{{"site", &f.Site}, {"doctor", &f.Doctor}, {"drug", &f.Drug}, {"patient", &f.Patient}, {"session", &f.Session}, {"page", &f.Page}} {
		if *x.of, err = queryNumber(in, x.name); err != nil {
			return err
		}
	}
	q.SiteID, q.DoctorID, q.DrugID, q.PatientID, q.SessionID, q.Kind = f.Site, f.Doctor, f.Drug, f.Patient, f.Session, f.Kind
	if _, all := a.by.Sites(identity.ViewReports); !all {
		q.Allowed, a.scope = []int64{}, "本人负责的精防点"
		for _, s := range a.sites {
			q.Allowed = append(q.Allowed, s.ID)
		}
	}
	if !reporting.Only(f.Only).Valid() {
		return db.Refuse(db.Invalid, "没有这种明细。请从统计页面重新选择。")
	}
	if err := a.nameSite(); err != nil {
		return err
	}
	return q.Check(today)
}

// nameSite puts the site that is asked for into the scope. One that is not in the
// list of an asker is denied, known or not.
func (a *statAsk) nameSite() error {
	if a.q.SiteID == 0 {
		return nil
	}
	for _, s := range a.sites {
		if s.ID == a.q.SiteID {
			a.scope = s.Name
			return nil
		}
	}
	if a.q.Allowed == nil {
		return db.Refuse(db.Invalid, "没有这个精防点。请从列表里选。")
	}
	return db.Refuse(db.Denied, "您不能查看这个精防点的统计。需要时请联系安全管理员授权。")
}

// values is the address of a statistic without its path.
func (f statFilter) values() url.Values {
	out := url.Values{"from": {f.From}, "to": {f.To}}
	batch := ""
	if f.Batch {
		batch = "1"
	}
	for name, value := range map[string]string{"by": f.By, "kind": f.Kind, "only": f.Only, "visit": f.Visit, "batch": batch,
		"site": idText(f.Site), "doctor": idText(f.Doctor), "drug": idText(f.Drug), "patient": idText(f.Patient), "session": idText(f.Session)} {
		if value != "" {
			out.Set(name, value)
		}
	}
	return out
}

// with is an address with some of the filter changed, by pairs of name and value.
func (f statFilter) with(path string, pairs ...string) string {
	out := f.values()
	for i := 0; i+1 < len(pairs); i += 2 {
		if out.Set(pairs[i], pairs[i+1]); pairs[i+1] == "" {
			out.Del(pairs[i])
		}
	}
	return path + "?" + out.Encode()
}

// narrowed is the address of the rows behind a figure.
func (f statFilter) narrowed(n reporting.Narrow, to reporting.Target, only string) string {
	path := map[reporting.Target]string{reporting.ToVisits: "/statistics/visits/rows", reporting.ToGiven: "/statistics/use/rows", reporting.ToClinics: "/statistics/visits"}[to]
	pairs := []string{"by", map[reporting.Target]string{reporting.ToClinics: "day"}[to], "only", only, "batch", ""}
	if only == "home" {
		pairs = append(pairs, "kind", "home", "only", "")
	}
	for _, x := range []struct{ name, value string }{{"site", idText(n.SiteID)}, {"doctor", idText(n.DoctorID)}, {"drug", idText(n.DrugID)}, {"patient", idText(n.PatientID)}, {"session", idText(n.SessionID)},
		{"kind", n.Kind}, {"visit", n.Visit}} {
		if x.value != "" {
			pairs = append(pairs, x.name, x.value)
		}
	}
	if !n.Period.From.IsZero() {
		from, to := n.Period.From.Format(time.DateOnly), n.Period.To.Format(time.DateOnly)
		// A month at the end of the period is asked for as far as the period goes.
		pairs = append(pairs, "from", max(from, f.From), "to", min(to, f.To))
	}
	return f.with(path, pairs...)
}

// fillStatistic shows the lists to choose from.
func (h *Handlers) fillStatistic(a *statAsk, tabs []tabView) {
	f := &a.filter
	f.Sites = []optionView{{Word: "全部精防点", Chosen: f.Site == 0}}
	for _, s := range a.sites {
		f.Sites = append(f.Sites, optionView{idText(s.ID), s.Name, s.ID == f.Site})
	}
	f.Drugs = []optionView{{Word: "全部药品", Chosen: f.Drug == 0}}
	for _, d := range a.choices.Drugs {
		f.Drugs = append(f.Drugs, optionView{idText(d.ID), d.Name, d.ID == f.Drug})
	}
	f.Doctors = []optionView{{Word: "全部医生", Chosen: f.Doctor == 0}}
	for _, d := range a.choices.Doctors {
		f.Doctors = append(f.Doctors, optionView{idText(d.ID), d.Name, d.ID == f.Doctor})
	}
	for _, k := range []struct{ value, word string }{{"", "门诊点和上门"}, {"site", "只看门诊点"}, {"home", "只看上门"}} {
		f.Kinds = append(f.Kinds, optionView{k.value, k.word, k.value == f.Kind})
	}
	f.Tabs, f.ResetURL = tabs, f.Action+"?reset=1"
	f.spans(session.Today(h.db.Now()))
}

// spans are the periods that are asked for most.
func (f *statFilter) spans(today time.Time) {
	month, year := reporting.MonthOf(today), reporting.YearOf(today)
	last, old := month.Before(), year.Before()
	for _, x := range []struct {
		word     string
		from, to time.Time
	}{{"今天", today, today}, {"本月", month.From, today}, {"上月", last.From, last.To}, {"今年", year.From, today}, {"去年", old.From, old.To}} {
		from, to := x.from.Format(time.DateOnly), x.to.Format(time.DateOnly)
		f.Spans = append(f.Spans, tabView{x.word, f.with(f.Action, "from", from, "to", to), from == f.From && to == f.To})
	}
}

// tabsOf are the ways to divide, as links.
func (f statFilter) tabsOf(ways ...[2]string) (list []tabView) {
	for _, x := range ways {
		list = append(list, tabView{x[1], f.with(f.Action, "by", x[0]), x[0] == f.By})
	}
	return list
}
