package reporting_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"jingfang/reporting"
)

// figuresOf are the rows of a section as the figures of some columns, in order of
// themselves: which line is which is held by the tests of the statistics.
func figuresOf(t *testing.T, d reporting.Document, title string, columns ...string) (list []string) {
	t.Helper()
	i := slices.IndexFunc(d.Sections, func(s reporting.Section) bool { return s.Title == title })
	if i < 0 {
		t.Fatalf("%s has no section %q", d.Heading(), title)
	}
	s := d.Sections[i]
	for _, r := range s.Rows {
		var row []int64
		for _, c := range columns {
			at := slices.IndexFunc(s.Columns, func(x reporting.Column) bool { return x.Title == c && x.Figure })
			if at < 0 {
				t.Fatalf("%s %q has no column %q", d.Heading(), title, c)
			}
			n, _ := r.Cells[at].Value.(int64)
			row = append(row, n)
		}
		list = append(list, fmt.Sprint(row))
	}
	slices.Sort(list)
	return list
}

// rowsOfModel are the same figures worked out by the model.
func rowsOfModel[T comparable](of map[figureOf]T, figures func(figureOf, T) []int64) (list []string) {
	for k, v := range of {
		list = append(list, fmt.Sprint(figures(k, v)))
	}
	slices.Sort(list)
	return list
}

// compareReport holds the figures of a report of a month or a year against the model.
func (c *clinics) compareReport(kind reporting.ReportKind, p reporting.Period, site int64) {
	c.t.Helper()
	d, err := reporting.ReadReport(c.t.Context(), c.db.App, kind, p, site)
	c.must(err)
	q := reporting.Question{Period: p, SiteID: site}
	same := func(title string, got, want []string) {
		c.t.Helper()
		if !slices.Equal(got, want) {
			c.t.Fatalf("%s site %d, %s: %q, want %q", d.Heading(), site, title, got, want)
		}
	}
	visits := func(_ figureOf, l reporting.ClinicLine) []int64 {
		return []int64{l.Clinics, l.Expected, l.Came, l.Visits, l.Home, l.Fresh, l.Visits - l.Fresh, l.Bare, l.Owed}
	}
	columns := []string{"场次", "应到", "实到", "就诊", "其中上门", "初诊", "复诊", "未取药", "欠药"}
	first, title := reporting.VisitsBySite, "就诊　按站点"
	if site != 0 {
		first, title = reporting.VisitsByDay, "就诊　按场次"
	}
	sites := c.wantVisits(q, first)
	same(title, figuresOf(c.t, d, title, columns...), rowsOfModel(sites, visits))
	same("就诊　按医生", figuresOf(c.t, d, "就诊　按医生", columns[3:]...), rowsOfModel(c.wantVisits(q, reporting.VisitsByDoctor), func(k figureOf, l reporting.ClinicLine) []int64 { return visits(k, l)[3:] }))
	c.compareReportUse(d, q, same)
	if kind == reporting.ReportYear {
		same("就诊　按月", figuresOf(c.t, d, "就诊　按月", columns...), rowsOfModel(c.wantVisits(q, reporting.VisitsByMonth), visits))
	}
	var t reporting.ClinicLine
	for _, l := range sites {
		t.Clinics, t.Expected, t.Came, t.Visits, t.Home = t.Clinics+l.Clinics, t.Expected+l.Expected, t.Came+l.Came, t.Visits+l.Visits, t.Home+l.Home
		t.Fresh, t.Bare, t.Owed = t.Fresh+l.Fresh, t.Bare+l.Bare, t.Owed+l.Owed
	}
	head := map[string]int64{}
	for _, r := range d.Sections[0].Rows {
		head[r.Cells[0].Text], _ = r.Cells[1].Value.(int64)
	}
	for word, n := range map[string]int64{"义诊场次": t.Clinics, "应到人次（名单）": t.Expected, "名单中实到": t.Came, "就诊人次": t.Visits, "其中上门人次": t.Home, "初诊人次": t.Fresh, "未取药人次": t.Bare, "欠药人次": t.Owed} {
		if head[word] != n {
			c.t.Fatalf("%s site %d: %s is %d, want %d", d.Heading(), site, word, head[word], n)
		}
	}
}

// compareReportUse holds its consumption against the model, with the periods it is
// compared with.
func (c *clinics) compareReportUse(d reporting.Document, q reporting.Question, same func(string, []string, []string)) {
	c.t.Helper()
	before, year := q, q
	before.Period, year.Period = q.Before(), q.YearBefore()
	type three struct{ now, before, year reporting.Used }
	want := func(of func(*modelVisit, modelLine) figureOf) map[figureOf]three {
		a, b, y := c.used(q, of), c.used(before, of), c.used(year, of)
		list := map[figureOf]three{}
		for _, m := range []map[figureOf]reporting.Used{a, b, y} {
			for k := range maps.Keys(m) {
				list[k] = three{a[k], b[k], y[k]}
			}
		}
		return list
	}
	byDrug := want(func(_ *modelVisit, x modelLine) figureOf { return figureOf{drug: x.drug} })
	same("消耗　按药品", figuresOf(c.t, d, "消耗　按药品", "领药人次", "整盒", "拆零", "合计（最小单位）", "上期", "去年同期"),
		rowsOfModel(byDrug, func(_ figureOf, u three) []int64 {
			return []int64{u.now.Visits, u.now.Whole, u.now.Loose, u.now.Units, u.before.Units, u.year.Units}
		}))
	if q.SiteID == 0 {
		bySite := want(func(v *modelVisit, _ modelLine) figureOf { return figureOf{site: v.clinic.site, kind: v.clinic.kind} })
		same("消耗　按社区", figuresOf(c.t, d, "消耗　按社区", "领药人次", "整盒", "拆零", "上期", "去年同期"),
			rowsOfModel(bySite, func(_ figureOf, u three) []int64 {
				return []int64{u.now.Visits, u.now.Whole, u.now.Loose, u.before.Whole, u.year.Whole}
			}))
	}
}

// The reports of months and years that are kept say what the visits were, with sums
// and without, over all sites and for each.
func TestReportsAreTheVisits(t *testing.T) {
	c := newClinics(t, 13)
	c.play(35)
	for range 2 { // before anything is summed, and after
		for _, day := range []time.Time{date(2024, 12, 31), date(2025, 1, 1), date(2025, 11, 30), date(2025, 12, 1), date(2026, 1, 31), date(2026, 11, 1)} {
			for _, site := range append([]int64{0}, c.sites...) {
				c.compareReport(reporting.ReportMonth, reporting.MonthOf(day), site)
				c.compareReport(reporting.ReportYear, reporting.YearOf(day), site)
			}
		}
		c.sum()
	}
}

// How long what there is will last is what lies in the pharmacy and with sessions,
// by the rate of the last ninety days; nobody is told who sees one site only.
func TestDaysLeft(t *testing.T) {
	c := newClinics(t, 17)
	c.play(40)
	today := c.days()[len(c.days())-1]
	have, n := map[int64]int64{}, 0
	for i, state := range []string{"in_store", "allocated", "in_store", "quarantined", "lost", "in_store"} {
		drug := c.drugs[i%4]
		left := c.content[drug] - int64(i%3)
		n++
		c.exec(`INSERT INTO pack (code, drug_id, state, units_total, units_left, units_given, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, now(), now())`, fmt.Sprintf("7%019d", n), drug, state, c.content[drug], left, c.content[drug]-left)
		if state == "in_store" || state == "allocated" {
			have[drug] += left
		}
	}
	slow := c.id(`INSERT INTO drug (his_code, generic_name, spec, units_per_pack, created_at) VALUES ('D9', '演示药己', '1mg', 10, now()) RETURNING id`)
	c.exec(`INSERT INTO pack (code, drug_id, state, units_total, units_left, units_given, created_at, changed_at) VALUES ('79999999999999999999', $1, 'in_store', 10, 10, 0, now(), now())`, slow)
	have[slow] = 10
	rate := c.used(reporting.Question{Period: reporting.Period{From: today.AddDate(0, 0, -89), To: today}}, func(_ *modelVisit, x modelLine) figureOf { return figureOf{drug: x.drug} })
	q := reporting.Question{Period: reporting.Period{From: date(2024, 1, 1), To: today}}
	for _, limit := range []reporting.Question{{}, {SiteID: c.sites[0]}, {Allowed: c.sites}} {
		q.SiteID, q.Allowed = limit.SiteID, limit.Allowed
		u, err := reporting.ReadUse(t.Context(), c.db.App, q, reporting.UseByDrug)
		c.must(err)
		for _, l := range u.Lines {
			left, days := have[l.DrugID], int64(-1)
			if used := rate[figureOf{drug: l.DrugID}].Units; used > 0 {
				days = left * 90 / used
			}
			if q.SiteID != 0 || q.Allowed != nil {
				left, days = -1, -1
			}
			if l.Left != left || l.Days != days {
				t.Errorf("%+v %s: %d left for %d days, want %d for %d", limit, l.Name, l.Left, l.Days, left, days)
			}
		}
		if len(u.Lines) == 0 {
			t.Fatal("nothing was handed out")
		}
		if last := u.Lines[len(u.Lines)-1]; (last.DrugID == slow) != (q.SiteID == 0 && q.Allowed == nil) || last.DrugID == slow && last.Now != (reporting.Used{}) {
			t.Errorf("%+v: what does not move is not at the end: %+v", limit, last)
		}
	}
}
