package reporting

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"jingfang/sql/db"
)

// UseBy says what the lines of a statistic of consumption stand for.
type UseBy string

// The ways to divide consumption.
const (
	UseByDrug   UseBy = ""       //
	UseBySite   UseBy = "site"   // each site, its home visits apart
	UseByDoctor UseBy = "doctor" //
	UseByMonth  UseBy = "month"  //
	UseByBoth   UseBy = "both"   // each drug at each site
)

// Valid tells whether it is one of them.
func (b UseBy) Valid() bool {
	return slices.Contains([]UseBy{UseByDrug, UseBySite, UseByDoctor, UseByMonth, UseByBoth}, b)
}

// Used is medicine handed out, less what was taken back: Visits that were given a
// drug (a visit with two drugs counts twice), whole boxes, units of opened boxes,
// and all of it in smallest units.
type Used struct{ Visits, Whole, Loose, Units int64 }

func (u Used) plus(o Used) Used {
	return Used{u.Visits + o.Visits, u.Whole + o.Whole, u.Loose + o.Loose, u.Units + o.Units}
}

// UseLine is one line of a statistic of consumption. Before and YearBefore are the
// periods it is compared with.
type UseLine struct {
	SiteID, DoctorID, DrugID int64
	Kind                     string
	Day                      time.Time
	Name, Drug               string // Drug where a line is a drug at a site
	PackWord, UnitWord       string // of a line of one drug
	Now, Before, YearBefore  Used
	// Left is what of a drug lies in the pharmacy and with sessions in smallest units,
	// Days for how many days it lasts at the rate of the last 90 days; -1 where that
	// is not known.
	Left, Days int64
}

// UseStatistic is the consumption of a period, read at one moment.
type UseStatistic struct {
	Question Question
	By       UseBy
	At       time.Time
	Lines    []UseLine
	Total    UseLine
	// past leaves out what there is now: a report of a period says the same for ever.
	past bool
}

// rateDays is over how many days the rate of consumption is taken.
const rateDays = 90

// ReadUse makes the statistic of consumption on one snapshot. Errors are those of
// [ReadVisits].
func ReadUse(ctx context.Context, d *db.DB, q Question, by UseBy) (UseStatistic, error) {
	if err := q.Check(today(d.Now())); err != nil {
		return UseStatistic{}, err
	}
	u := UseStatistic{Question: q, By: by}
	err := d.InSnapshot(db.WithOwnPlans(ctx), func(ctx context.Context, tx *db.Tx) error {
		u.At = tx.Now
		return u.read(ctx, tx)
	})
	if err != nil {
		return UseStatistic{}, fmt.Errorf("statistic of consumption: %w", err)
	}
	return u, nil
}

func (u *UseStatistic) read(ctx context.Context, tx *db.Tx) error {
	n, err := readNames(ctx, tx)
	if err != nil {
		return err
	}
	f, err := readFacts(ctx, tx, u.Question, u.detail(), u.further(tx.Now)...)
	if err != nil {
		return err
	}
	u.fill(f, n)
	if u.leftKnown() {
		return u.readLeft(ctx, tx, f, n)
	}
	return nil
}

// detail is what the statistic tells apart.
func (u *UseStatistic) detail() detail {
	return detail{drugs: true, months: u.By == UseByMonth, doctors: u.By == UseByDoctor, kinds: u.By == UseByDrug || u.By == UseByBoth}
}

// further are the periods that the statistic needs beside its own: those it is
// compared with, and the days that the present rate is taken of.
func (u *UseStatistic) further(now time.Time) []Period {
	list := []Period{u.Question.Before(), u.Question.YearBefore()}
	if u.leftKnown() {
		list = append(list, rateOf(now))
	}
	return list
}

// rateOf are the last days, of which the present rate is taken.
func rateOf(now time.Time) Period {
	day := today(now)
	return Period{day.AddDate(0, 0, 1-rateDays), day}
}

// fill makes the lines of facts, which hold all periods.
func (u *UseStatistic) fill(f facts, n names) {
	of := map[UseLine]*UseLine{}
	u.Total.Left, u.Total.Days = -1, -1 // boxes of different drugs have no common unit
	u.book(of, f.in(u.Question.Period), func(l *UseLine) *Used { return &l.Now })
	if u.By != UseByMonth {
		u.book(of, f.in(u.Question.Before()), func(l *UseLine) *Used { return &l.Before })
		u.book(of, f.in(u.Question.YearBefore()), func(l *UseLine) *Used { return &l.YearBefore })
	}
	u.lines(of, n)
}

// book adds what was handed out to the lines it belongs to.
func (u *UseStatistic) book(of map[UseLine]*UseLine, f facts, into func(*UseLine) *Used) {
	for _, d := range f.drugs {
		key := u.key(f.of[d.SessionID], d)
		if of[key] == nil {
			l := key
			of[key] = &l
		}
		x := into(of[key])
		*x = x.plus(Used{d.Visits, d.Whole, d.Loose, d.Units})
	}
}

func (u *UseStatistic) key(c clinic, d drugFact) UseLine {
	switch u.By {
	case UseBySite:
		return UseLine{SiteID: c.SiteID, Kind: c.Kind}
	case UseByDoctor:
		return UseLine{DoctorID: d.DoctorID}
	case UseByMonth:
		return UseLine{Day: monthOf(c.HeldOn)}
	case UseByBoth:
		return UseLine{SiteID: c.SiteID, Kind: c.Kind, DrugID: d.DrugID}
	}
	return UseLine{DrugID: d.DrugID}
}

// lines names the lines, puts them in order and adds them up.
func (u *UseStatistic) lines(of map[UseLine]*UseLine, n names) {
	for _, l := range of {
		w := n.drugs[l.DrugID]
		l.PackWord, l.UnitWord, l.Left, l.Days = w.PackWord, w.UnitWord, -1, -1
		switch u.By {
		case UseBySite, UseByBoth:
			l.Name = siteWords(n.sites[l.SiteID], l.Kind)
		case UseByDoctor:
			l.Name = n.doctors[l.DoctorID]
		case UseByMonth:
			l.Name = l.Day.Format("2006年1月")
		default:
			l.Name = n.drug(l.DrugID)
		}
		if u.By == UseByBoth {
			l.Drug = n.drug(l.DrugID)
		}
		u.Lines = append(u.Lines, *l)
		u.Total.Now, u.Total.Before, u.Total.YearBefore = u.Total.Now.plus(l.Now), u.Total.Before.plus(l.Before), u.Total.YearBefore.plus(l.YearBefore)
	}
	slices.SortFunc(u.Lines, func(a, b UseLine) int {
		if u.By == UseByDrug || u.By == UseByDoctor { // a ranking
			return cmp.Or(cmp.Compare(b.Now.Whole, a.Now.Whole), cmp.Compare(b.Now.Units, a.Now.Units), cmp.Compare(a.Name, b.Name), cmp.Compare(a.DrugID+a.DoctorID, b.DrugID+b.DoctorID))
		}
		return cmp.Or(a.Day.Compare(b.Day), cmp.Compare(n.order[a.SiteID], n.order[b.SiteID]), cmp.Compare(b.Kind, a.Kind), cmp.Compare(a.Drug, b.Drug), cmp.Compare(a.DrugID, b.DrugID))
	})
}

// readLeft says for how long what there is will last at the present rate. Drugs that
// lie there and were not handed out stand at the end: those are the slow movers.
func (u *UseStatistic) readLeft(ctx context.Context, tx *db.Tx, f facts, n names) error {
	var rows []struct {
		DrugID int64 `db:"drug_id"`
		Units  int64 `db:"units"`
	}
	err := tx.Select(ctx, &rows, `SELECT drug_id, CAST(sum(units_left) AS bigint) AS units FROM pack WHERE state IN ('in_store', 'allocated') GROUP BY drug_id`)
	if err != nil {
		return fmt.Errorf("read what is left: %w", err)
	}
	left, used, known := map[int64]int64{}, map[int64]int64{}, map[int64]bool{}
	for _, x := range rows {
		left[x.DrugID] = x.Units
	}
	for _, d := range f.in(rateOf(tx.Now)).drugs {
		used[d.DrugID] += d.Units
	}
	for _, l := range u.Lines {
		known[l.DrugID] = true
	}
	var still []UseLine
	for drug := range left {
		if w := n.drugs[drug]; !known[drug] && (u.Question.DrugID == 0 || u.Question.DrugID == drug) {
			still = append(still, UseLine{DrugID: drug, Name: n.drug(drug), PackWord: w.PackWord, UnitWord: w.UnitWord, Days: -1})
		}
	}
	slices.SortFunc(still, func(a, b UseLine) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.DrugID, b.DrugID)) })
	u.Lines = append(u.Lines, still...)
	for i := range u.Lines {
		l := &u.Lines[i]
		l.Left = left[l.DrugID]
		if used[l.DrugID] > 0 {
			l.Days = l.Left * rateDays / used[l.DrugID]
		}
	}
	return nil
}
