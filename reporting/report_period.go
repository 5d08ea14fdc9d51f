package reporting

import (
	"context"
	"fmt"

	"jingfang/inventory"
	"jingfang/sql/db"
)

// ReportKind is which report of a period it is.
type ReportKind string

// The kinds of reports that are kept.
const (
	ReportMonth ReportKind = "month"
	ReportYear  ReportKind = "year"
)

// Chinese is what the report is called.
func (k ReportKind) Chinese() string {
	if k == ReportYear {
		return "年报"
	}
	return "月报"
}

// Valid tells whether there is such a report.
func (k ReportKind) Valid() bool { return k == ReportMonth || k == ReportYear }

// ReadReport makes the report of a period over all sites, or over one (siteID), on
// one snapshot: its balance, its stock, its visits and its consumption. Who may
// read it is for the caller. Errors: Invalid for a period that cannot be, NotFound
// for an unknown site.
func ReadReport(ctx context.Context, d *db.DB, kind ReportKind, p Period, siteID int64) (Document, error) {
	if err := p.Check(today(d.Now())); err != nil {
		return Document{}, err
	}
	r := periodReport{kind: kind, q: Question{Period: p, SiteID: siteID}}
	err := d.InSnapshot(db.WithOwnPlans(ctx), r.read)
	if err != nil {
		return Document{}, fmt.Errorf("report of %s: %w", p.Words(), err)
	}
	return r.doc, nil
}

// periodReport is a report while it is put together.
type periodReport struct {
	kind   ReportKind
	q      Question
	n      names
	all    facts // of the periods it is compared with as well
	facts  facts
	visits VisitStatistic
	use    UseStatistic
	doc    Document
}

func (r *periodReport) read(ctx context.Context, tx *db.Tx) (err error) {
	if r.n, err = readNames(ctx, tx); err != nil {
		return err
	}
	scope := "全部精防点"
	if r.q.SiteID != 0 {
		name, known := r.n.sites[r.q.SiteID]
		if !known {
			return db.Refuse(db.NotFound, "没有这个精防点。请从列表里选。")
		}
		scope = name
	}
	r.doc = Document{Name: fmt.Sprintf("%s-%d-%s", r.kind, r.q.SiteID, r.q.From.Format("2006-01")), Title: "精防药房" + r.q.Period.ReportWord(), Scope: scope, Period: r.q.Period, At: tx.Now}
	all, err := readFacts(ctx, tx, r.q, detail{visits: true, drugs: true, sessions: r.q.SiteID != 0, months: r.kind == ReportYear, doctors: true, kinds: true}, r.q.Before(), r.q.YearBefore())
	if err != nil {
		return err
	}
	r.all, r.facts = all, all.in(r.q.Period)
	if err := r.facts.readOwing(ctx, tx, r.q); err != nil {
		return err
	}
	r.visits = VisitStatistic{Question: r.q, At: tx.Now}
	r.visits.fill(r.facts, r.n)
	r.use = UseStatistic{Question: r.q, At: tx.Now, past: true}
	r.use.fill(r.all, r.n)
	r.doc.Sections = append(r.doc.Sections, r.overview())
	if err := r.stock(ctx, tx); err != nil {
		return err
	}
	r.clinics()
	r.doc.Notes = []string{"库存按流水的时刻计，每天从零点到零点，北京时间；就诊和消耗的" + dayRule, r.use.rule()}
	r.consumption()
	return nil
}

// overview is what a manager reads first.
func (r *periodReport) overview() Section {
	t, u := r.visits.Total, r.use.Total.Now
	s := Section{Title: "概况", Columns: []Column{{"项目", false, 120}, {"数", true, 40}}}
	var home, open int64
	for _, c := range r.facts.clinics {
		if c.Kind == "home" {
			home++
		}
		if c.State != "closed" {
			open++
			r.doc.Wrong = append(r.doc.Wrong, fmt.Sprintf("%s %s 的场次还没有结束。", dateOf(c.HeldOn), siteWords(r.n.sites[c.SiteID], c.Kind)))
		}
	}
	for _, x := range []struct {
		word string
		n    int64
		to   Target
		only string
	}{{"义诊场次", t.Clinics, ToClinics, ""}, {"其中上门", home, ToClinics, "home"}, {"尚未结束的场次", open, ToNothing, ""}, {"应到人次（名单）", t.Expected, ToClinics, ""}, {"名单中实到", t.Came, ToClinics, ""},
		{"就诊人次", t.Visits, ToVisits, ""}, {"其中上门人次", t.Home, ToVisits, "home"}, {"初诊人次", t.Fresh, ToVisits, string(OnlyFresh)}, {"未取药人次", t.Bare, ToVisits, string(OnlyBare)},
		{"欠药人次", t.Owed, ToVisits, string(OnlyOwed)}, {"领药人次（每人每药一次）", u.Visits, ToGiven, ""}, {"发出整盒", u.Whole, ToGiven, ""}, {"发出拆零（最小单位）", u.Loose, ToGiven, ""}} {
		s.Rows = append(s.Rows, Row{Cells: []Cell{words(x.word), figure(x.n, x.to, x.only)}})
	}
	return s
}

// stock adds the ledgers: of the pharmacy and of the sessions, or of a site's.
func (r *periodReport) stock(ctx context.Context, tx *db.Tx) error {
	places := []inventory.Place{"", inventory.PlaceStore, inventory.PlaceSession}
	if r.q.SiteID != 0 {
		places = []inventory.Place{inventory.PlaceSession}
	}
	q := LedgerQuestion{Scope: Scope{Place: places[0], SiteID: r.q.SiteID}, From: r.q.From, To: r.q.To}
	b, err := readBooks(ctx, tx, q, []string{})
	if err != nil {
		return err
	}
	for _, place := range places {
		q.Place = place
		l := Ledger{Question: q, At: tx.Now, Lines: b.lines(q.Scope), Open: b.openIn(q.Scope)}
		title := place.Chinese()
		r.doc.Wrong = append(r.doc.Wrong, l.problems(title)...)
		if place == places[0] {
			r.doc.Good = "平衡：" + l.StockEquation() + "，并与每盒药的登记一致。"
		}
		r.doc.Sections = append(r.doc.Sections, l.StockSection("库存收发　"+title))
	}
	return nil
}

// clinics adds the visits: by site and month, or by doctor and day.
func (r *periodReport) clinics() {
	by := []VisitBy{VisitsBySite, VisitsByDoctor}
	if r.kind == ReportYear {
		by = append(by, VisitsByMonth)
	}
	if r.q.SiteID != 0 {
		by[0] = VisitsByDay
	}
	for _, b := range by {
		v := VisitStatistic{Question: r.q, By: b, At: r.visits.At}
		v.fill(r.facts, r.n)
		s := v.Section()
		s.Title = "就诊　" + s.Title
		r.doc.Sections = append(r.doc.Sections, s)
	}
	if r.kind == ReportYear && r.q.SiteID == 0 {
		r.doc.Sections[0].Chart = r.calendar()
	}
}

// consumption adds the medicine by drug, and by site where there are several.
func (r *periodReport) consumption() {
	s := r.use.Section()
	s.Title = "消耗　" + s.Title
	r.doc.Sections = append(r.doc.Sections, s)
	by := []UseBy{}
	if r.q.SiteID == 0 {
		by = append(by, UseBySite)
	}
	if r.kind == ReportYear {
		by = append(by, UseByMonth)
	}
	for _, b := range by {
		u := UseStatistic{Question: r.q, By: b, At: r.use.At, past: true}
		u.fill(r.all, r.n)
		s := u.Section()
		s.Title = "消耗　" + s.Title
		r.doc.Sections = append(r.doc.Sections, s)
	}
}

// calendar is the year's clinic days, darker for more sessions on a day.
func (r *periodReport) calendar() *Chart { return calendarOf(r.q.Period, r.facts) }

func calendarOf(p Period, x facts) *Chart {
	count := map[string]int64{}
	for _, c := range x.clinics {
		count[dateOf(c.HeldOn)]++
	}
	chart := &Chart{Kind: ChartDays, Title: "义诊日，" + p.Words() + "；数字是当天的场次"}
	for day := p.From; !day.After(p.To); day = day.AddDate(0, 0, 1) {
		n := count[dateOf(day)]
		chart.Bars = append(chart.Bars, Bar{Name: dateOf(day), Day: day, Now: n, Before: -1, Text: fmt.Sprintf("%d 场", n), Of: Narrow{Period: Period{day, day}}})
	}
	return chart
}
