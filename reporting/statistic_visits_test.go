package reporting_test

import (
	"slices"
	"time"

	"jingfang/reporting"
)

func (c *clinics) wantVisits(q reporting.Question, by reporting.VisitBy) map[figureOf]reporting.ClinicLine {
	want := map[figureOf]reporting.ClinicLine{}
	key := func(m *modelClinic, doctor, drug int64) figureOf {
		switch by {
		case reporting.VisitsByDoctor:
			return figureOf{doctor: doctor}
		case reporting.VisitsByDrug:
			return figureOf{drug: drug}
		case reporting.VisitsByMonth:
			return figureOf{day: date(m.day.Year(), int(m.day.Month()), 1)}
		case reporting.VisitsByDay:
			return figureOf{day: m.day, site: m.site, kind: m.kind, clinic: m.id}
		}
		return figureOf{site: m.site, kind: m.kind}
	}
	ofDrug := by == reporting.VisitsByDrug || q.DrugID != 0
	put := func(k figureOf, do func(*reporting.ClinicLine)) { l := want[k]; do(&l); want[k] = l }
	for _, m := range c.held {
		if !within(m, q) || q.DoctorID != 0 || by == reporting.VisitsByDoctor || ofDrug {
			continue
		}
		put(key(m, 0, 0), func(l *reporting.ClinicLine) {
			l.Clinics, l.Expected = l.Clinics+1, l.Expected+int64(len(m.roster))
			for _, p := range m.roster {
				if slices.ContainsFunc(c.visits, func(v *modelVisit) bool { return v.clinic == m && v.patient == p && v.state != "void" }) {
					l.Came++
				}
			}
		})
	}
	for _, v := range c.visits {
		if !within(v.clinic, q) || q.DoctorID != 0 && v.doctor != q.DoctorID {
			continue
		}
		given := map[int64]bool{}
		for _, x := range v.lines {
			if !x.undone && (q.DrugID == 0 || x.drug == q.DrugID) {
				given[x.drug] = true
			}
		}
		home := int64(0)
		if v.clinic.kind == "home" {
			home = 1
		}
		if ofDrug {
			for drug := range given {
				put(key(v.clinic, v.doctor, drug), func(l *reporting.ClinicLine) { l.Visits, l.Home = l.Visits+1, l.Home+home })
			}
			continue
		}
		if v.state != "finished" {
			continue
		}
		put(key(v.clinic, v.doctor, 0), func(l *reporting.ClinicLine) {
			l.Visits, l.Home = l.Visits+1, l.Home+home
			if c.fresh(v) {
				l.Fresh++
			}
			if !slices.ContainsFunc(v.lines, func(x modelLine) bool { return !x.undone }) {
				l.Bare++
			}
			if v.owed {
				l.Owed++
			}
			if v.seconds >= 0 {
				l.Timed, l.Seconds = l.Timed+1, l.Seconds+v.seconds
			}
		})
	}
	return want
}

// compareVisits holds one statistic of visits against the model.
func (c *clinics) compareVisits(q reporting.Question, by reporting.VisitBy) {
	c.t.Helper()
	got, err := reporting.ReadVisits(c.t.Context(), c.db.App, q, by)
	c.must(err)
	want := c.wantVisits(q, by)
	var sum reporting.ClinicLine
	for _, l := range got.Lines {
		k := figureOf{site: l.SiteID, doctor: l.DoctorID, drug: l.DrugID, clinic: l.SessionID, kind: l.Kind, day: l.Day}
		bare := l
		bare.SiteID, bare.DoctorID, bare.DrugID, bare.SessionID, bare.Kind, bare.Day, bare.Name = 0, 0, 0, 0, "", time.Time{}, ""
		if bare != want[k] || l.Name == "" {
			c.t.Fatalf("%s %+v by %q: %q is %+v, want %+v", q.Words(), q, by, l.Name, bare, want[k])
		}
		delete(want, k)
		sum.Visits, sum.Fresh, sum.Clinics, sum.Expected, sum.Seconds = sum.Visits+l.Visits, sum.Fresh+l.Fresh, sum.Clinics+l.Clinics, sum.Expected+l.Expected, sum.Seconds+l.Seconds
	}
	for k, l := range want {
		if l != (reporting.ClinicLine{}) {
			c.t.Fatalf("%s by %q lacks %+v: %+v", q.Words(), by, k, l)
		}
	}
	if t := got.Total; t.Visits != sum.Visits || t.Fresh != sum.Fresh || t.Clinics != sum.Clinics || t.Expected != sum.Expected || t.Seconds != sum.Seconds {
		c.t.Fatalf("%s by %q: the total %+v is not the sum of the lines %+v", q.Words(), by, t, sum)
	}
}
