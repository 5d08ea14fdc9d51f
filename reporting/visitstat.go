package reporting

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"jingfang/sql/db"
)

// VisitBy says what the lines of a statistic of visits stand for.
type VisitBy string

// The ways to divide visits.
const (
	VisitsBySite   VisitBy = ""       // each site, its home visits apart
	VisitsByDoctor VisitBy = "doctor" //
	VisitsByMonth  VisitBy = "month"  //
	VisitsByDay    VisitBy = "day"    // each clinic session
	VisitsByDrug   VisitBy = "drug"   // visits that were given the drug
)

// Valid tells whether it is one of them.
func (b VisitBy) Valid() bool {
	return slices.Contains([]VisitBy{VisitsBySite, VisitsByDoctor, VisitsByMonth, VisitsByDay, VisitsByDrug}, b)
}

// ClinicLine is one line of a statistic of visits. Visits are finished ones; Home of
// them were home visits, Fresh first ones, Bare without medicine, Owed left some
// owing. Clinics, Expected and Came are of whole sessions and 0 where a line is
// less than that.
type ClinicLine struct {
	SiteID, DoctorID, DrugID, SessionID int64
	Kind                                string // of a site's line
	Day                                 time.Time
	Name                                string
	Clinics, Expected, Came             int64
	Visits, Home, Fresh, Bare, Owed     int64
	Timed, Seconds                      int64
}

// Minutes is how long a visit takes on average, in tenths of a minute, rounded
// half up; -1 when nothing is known.
func (l ClinicLine) Minutes() int64 {
	if l.Timed == 0 {
		return -1
	}
	return (l.Seconds*10 + 30*l.Timed) / (60 * l.Timed)
}

// Returning is how many visits were not first ones.
func (l ClinicLine) Returning() int64 { return l.Visits - l.Fresh }

func (l *ClinicLine) add(o ClinicLine) {
	l.Clinics, l.Expected, l.Came = l.Clinics+o.Clinics, l.Expected+o.Expected, l.Came+o.Came
	l.Visits, l.Home, l.Fresh, l.Bare, l.Owed = l.Visits+o.Visits, l.Home+o.Home, l.Fresh+o.Fresh, l.Bare+o.Bare, l.Owed+o.Owed
	l.Timed, l.Seconds = l.Timed+o.Timed, l.Seconds+o.Seconds
}

// VisitStatistic is the visits of a period, read at one moment.
type VisitStatistic struct {
	Question Question
	By       VisitBy
	At       time.Time
	Lines    []ClinicLine
	// Total is the sum of the lines; divided by drug, where a visit counts under
	// each of its drugs, it is the sum all the same.
	Total ClinicLine
}

// ReadVisits makes the statistic of visits on one snapshot. Whose figures the asker
// may see stands in the question. Errors: Invalid for a period that cannot be,
// Denied for a site that is not the asker's.
func ReadVisits(ctx context.Context, d *db.DB, q Question, by VisitBy) (VisitStatistic, error) {
	if err := q.Check(today(d.Now())); err != nil {
		return VisitStatistic{}, err
	}
	v := VisitStatistic{Question: q, By: by}
	err := d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		v.At = tx.Now
		x, err := readFacts(ctx, tx, q, v.detail())
		if err == nil && !v.ofDrug() {
			err = x.readOwing(ctx, tx, q)
		}
		if err != nil {
			return err
		}
		n, err := readNames(ctx, tx)
		v.fill(x, n)
		return err
	})
	if err != nil {
		return VisitStatistic{}, fmt.Errorf("statistic of visits: %w", err)
	}
	return v, nil
}

// detail is what the statistic tells apart.
func (v *VisitStatistic) detail() detail {
	d := detail{sessions: v.By == VisitsByDay, months: v.By == VisitsByMonth, doctors: v.By == VisitsByDoctor}
	d.drugs, d.kinds = v.ofDrug(), v.By == VisitsByDrug
	d.visits = !d.drugs
	return d
}

// ofDrug tells whether it is about visits that were given a drug.
func (v *VisitStatistic) ofDrug() bool { return v.By == VisitsByDrug || v.Question.DrugID != 0 }

// fill makes the lines of facts.
func (v *VisitStatistic) fill(x facts, n names) {
	of := map[ClinicLine]*ClinicLine{}
	line := func(key ClinicLine) *ClinicLine {
		if of[key] == nil {
			l := key
			of[key] = &l
		}
		return of[key]
	}
	if v.ofDrug() {
		for _, d := range x.drugs {
			l := ClinicLine{Visits: d.Visits}
			if x.of[d.SessionID].Kind == "home" {
				l.Home = d.Visits
			}
			key := v.key(x.of[d.SessionID], d.DoctorID)
			if v.By == VisitsByDrug {
				key = ClinicLine{DrugID: d.DrugID}
			}
			line(key).add(l)
		}
	} else {
		v.addVisits(x, line)
	}
	for _, l := range of {
		l.Name = v.name(*l, n)
		v.Lines = append(v.Lines, *l)
		v.Total.add(*l)
	}
	ranked := v.By == VisitsByDoctor || v.By == VisitsByDrug
	slices.SortFunc(v.Lines, func(a, b ClinicLine) int {
		if ranked {
			return cmp.Or(cmp.Compare(b.Visits, a.Visits), cmp.Compare(a.Name, b.Name), cmp.Compare(a.DoctorID+a.DrugID, b.DoctorID+b.DrugID))
		}
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(n.order[a.SiteID], n.order[b.SiteID]), cmp.Compare(b.Kind, a.Kind), cmp.Compare(a.SessionID, b.SessionID))
	})
}

// addVisits books sessions, visits and what was owed under the lines they belong to.
func (v *VisitStatistic) addVisits(x facts, line func(ClinicLine) *ClinicLine) {
	whole := v.By != VisitsByDoctor && v.Question.DoctorID == 0
	for _, c := range x.clinicSums.clinics {
		if whole {
			line(v.key(x.of[c.SessionID], 0)).add(ClinicLine{Clinics: 1, Expected: c.Expected, Came: c.Came})
		}
	}
	for _, f := range x.visits {
		c := x.of[f.SessionID]
		l := ClinicLine{Visits: f.Visits, Fresh: f.Fresh, Bare: f.Bare, Timed: f.Timed, Seconds: f.Seconds}
		if c.Kind == "home" {
			l.Home = f.Visits
		}
		line(v.key(c, f.DoctorID)).add(l)
	}
	for _, o := range x.owed {
		line(v.key(x.of[o.SessionID], o.DoctorID)).add(ClinicLine{Owed: o.Visits})
	}
}

// key is the line that a doctor's part of a session belongs to.
func (v *VisitStatistic) key(c clinic, doctor int64) ClinicLine {
	switch v.By {
	case VisitsByDoctor:
		return ClinicLine{DoctorID: doctor}
	case VisitsByMonth:
		return ClinicLine{Day: monthOf(c.HeldOn)}
	case VisitsByDay:
		return ClinicLine{Day: c.HeldOn, SiteID: c.SiteID, Kind: c.Kind, SessionID: c.ID}
	}
	return ClinicLine{SiteID: c.SiteID, Kind: c.Kind}
}

func (v *VisitStatistic) name(l ClinicLine, n names) string {
	switch v.By {
	case VisitsByDoctor:
		return n.doctors[l.DoctorID]
	case VisitsByDrug:
		return n.drug(l.DrugID)
	case VisitsByMonth:
		return l.Day.Format("2006年1月")
	case VisitsByDay:
		return dateOf(l.Day) + " " + siteWords(n.sites[l.SiteID], l.Kind)
	}
	return siteWords(n.sites[l.SiteID], l.Kind)
}

// siteWords names a site's clinic days or its home visits.
func siteWords(site, kind string) string {
	if kind == "home" {
		return site + "（上门）"
	}
	return site
}
