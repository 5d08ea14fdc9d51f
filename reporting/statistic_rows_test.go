package reporting_test

import (
	"slices"

	"jingfang/reporting"
)

// compareRows holds the rows behind the figures against the model.
func (c *clinics) compareRows(q reporting.Question, only reporting.Only) {
	c.t.Helper()
	n := map[reporting.Only]int64{}
	for _, v := range c.visits {
		if !within(v.clinic, q) || q.DrugID == 0 && v.state != "finished" || q.DoctorID != 0 && v.doctor != q.DoctorID || q.PatientID != 0 && v.patient != q.PatientID {
			continue
		}
		if q.DrugID != 0 && !slices.ContainsFunc(v.lines, func(x modelLine) bool { return !x.undone && x.drug == q.DrugID }) {
			continue
		}
		n[""]++
		n[map[bool]reporting.Only{true: reporting.OnlyFresh, false: reporting.OnlyAgain}[c.fresh(v)]]++
		if !slices.ContainsFunc(v.lines, func(x modelLine) bool { return !x.undone }) {
			n[reporting.OnlyBare]++
		}
		if v.owed {
			n[reporting.OnlyOwed]++
		}
	}
	list, total, err := reporting.VisitRows(c.t.Context(), c.db.App, q, only, 0, 3)
	c.must(err)
	var each []string
	c.must(reporting.EachVisit(c.t.Context(), c.db.App, q, only, nil, func(v reporting.VisitRow) error { each = append(each, v.ID); return nil }))
	if total != n[only] || int64(len(each)) != n[only] || int64(len(list)) != min(3, n[only]) {
		c.t.Fatalf("%s %+v only %q: %d rows of %d, %d one by one; want %d", q.Words(), q, only, len(list), total, len(each), n[only])
	}
	if from := n[only] / 2; from > 0 { // a page in the middle follows on what is before it
		list, total, err = reporting.VisitRows(c.t.Context(), c.db.App, q, only, from, 4)
		c.must(err)
		for i, v := range list {
			if total != n[only] || v.ID != each[from+int64(i)] || int64(len(list)) != min(4, n[only]-from) {
				c.t.Fatalf("%s %+v only %q: row %d of %d, a page of %d, is another than in the whole list", q.Words(), q, only, from+int64(i), total, len(list))
			}
		}
	}
	c.compareBoxes(q)
}

// compareBoxes holds the boxes behind the figures, and what each patient was given,
// against the model.
func (c *clinics) compareBoxes(q reporting.Question) {
	c.t.Helper()
	var given, people, sum reporting.Used
	var each []int64
	c.must(reporting.EachGiven(c.t.Context(), c.db.App, q, nil, func(g reporting.GivenRow) error {
		u := g.Used()
		given.Whole, given.Loose, given.Units = given.Whole+u.Whole, given.Loose+u.Loose, given.Units+u.Units
		each = append(each, g.ID)
		return nil
	}))
	from := int64(len(each) / 3)
	boxes, total, err := reporting.GivenRows(c.t.Context(), c.db.App, q, "", from, 5)
	c.must(err)
	if total != int64(len(each)) || int64(len(boxes)) != min(5, total-from) {
		c.t.Fatalf("%s %+v: %d boxes of %d from %d, want those of %d", q.Words(), q, len(boxes), total, from, len(each))
	}
	for i, g := range boxes {
		if g.ID != each[from+int64(i)] {
			c.t.Fatalf("%s %+v: box %d is another than in the whole list", q.Words(), q, from+int64(i))
		}
	}
	rows, all, patients, err := reporting.PersonRows(c.t.Context(), c.db.App, q, 0, 1000)
	c.must(err)
	want := c.used(q, func(v *modelVisit, x modelLine) figureOf { return figureOf{patient: v.patient, drug: x.drug} })
	seen := map[int64]bool{}
	for _, p := range rows {
		k := figureOf{patient: p.PatientID, drug: p.DrugID}
		if u := (reporting.Used{Visits: p.Visits, Whole: p.Whole, Loose: p.Loose, Units: p.Units}); u != want[k] {
			c.t.Fatalf("%s %+v: patient %d was given %+v of drug %d, want %+v", q.Words(), q, p.PatientID, u, p.DrugID, want[k])
		}
		seen[p.PatientID] = true
		people.Visits, people.Whole, people.Loose, people.Units = people.Visits+p.Visits, people.Whole+p.Whole, people.Loose+p.Loose, people.Units+p.Units
	}
	if int64(len(seen)) != patients || len(rows) != len(want) {
		c.t.Fatalf("%s %+v: %d patients in %d rows, %d said, want %d rows", q.Words(), q, len(seen), len(rows), patients, len(want))
	}
	for _, u := range want {
		sum.Visits, sum.Whole, sum.Loose, sum.Units = sum.Visits+u.Visits, sum.Whole+u.Whole, sum.Loose+u.Loose, sum.Units+u.Units
	}
	given.Visits = sum.Visits
	if given != sum || people != sum || all != sum {
		c.t.Fatalf("%s %+v: rows give %+v, patients %+v, all %+v; want %+v", q.Words(), q, given, people, all, sum)
	}
}
