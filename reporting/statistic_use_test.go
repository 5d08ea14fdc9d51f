package reporting_test

import (
	"jingfang/reporting"
)

func (c *clinics) used(q reporting.Question, of func(*modelVisit, modelLine) figureOf) map[figureOf]reporting.Used {
	want := map[figureOf]reporting.Used{}
	for _, v := range c.visits {
		if !within(v.clinic, q) || q.DoctorID != 0 && v.doctor != q.DoctorID || q.PatientID != 0 && v.patient != q.PatientID {
			continue
		}
		seen := map[int64]bool{}
		for _, x := range v.lines {
			if x.undone || q.DrugID != 0 && x.drug != q.DrugID {
				continue
			}
			u := want[of(v, x)]
			if !seen[x.drug] {
				seen[x.drug] = true
				u.Visits++
			}
			if x.quantity == x.content {
				u.Whole++
			} else {
				u.Loose += x.quantity
			}
			u.Units += x.quantity
			want[of(v, x)] = u
		}
	}
	return want
}

// compareUse holds one statistic of consumption, with what it is compared with,
// against the model.
func (c *clinics) compareUse(q reporting.Question, by reporting.UseBy) {
	c.t.Helper()
	of := func(v *modelVisit, x modelLine) figureOf {
		switch by {
		case reporting.UseBySite:
			return figureOf{site: v.clinic.site, kind: v.clinic.kind}
		case reporting.UseByDoctor:
			return figureOf{doctor: v.doctor}
		case reporting.UseByMonth:
			return figureOf{day: date(v.clinic.day.Year(), int(v.clinic.day.Month()), 1)}
		case reporting.UseByBoth:
			return figureOf{site: v.clinic.site, kind: v.clinic.kind, drug: x.drug}
		}
		return figureOf{drug: x.drug}
	}
	got, err := reporting.ReadUse(c.t.Context(), c.db.App, q, by)
	c.must(err)
	before, year := q, q
	before.Period, year.Period = q.Before(), q.YearBefore()
	want := []map[figureOf]reporting.Used{c.used(q, of), c.used(before, of), c.used(year, of)}
	if by == reporting.UseByMonth {
		want[1], want[2] = nil, nil
	}
	var sum reporting.Used
	for _, l := range got.Lines {
		k := figureOf{site: l.SiteID, doctor: l.DoctorID, drug: l.DrugID, kind: l.Kind, day: l.Day}
		if l.Now != want[0][k] || l.Before != want[1][k] || l.YearBefore != want[2][k] {
			c.t.Fatalf("%s %+v by %q: %q is %+v, want %+v %+v %+v", q.Words(), q, by, l.Name, l, want[0][k], want[1][k], want[2][k])
		}
		sum.Visits, sum.Whole, sum.Loose, sum.Units = sum.Visits+l.Now.Visits, sum.Whole+l.Now.Whole, sum.Loose+l.Now.Loose, sum.Units+l.Now.Units
		for i := range want {
			delete(want[i], k)
		}
	}
	if len(want[0])+len(want[1])+len(want[2]) > 0 {
		c.t.Fatalf("%s %+v by %q lacks %+v", q.Words(), q, by, want)
	}
	if got.Total.Now != sum {
		c.t.Fatalf("%s by %q: the total %+v is not the sum of the lines %+v", q.Words(), by, got.Total.Now, sum)
	}
}
