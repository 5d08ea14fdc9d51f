package reporting

import (
	"time"

	"jingfang/session"
	"jingfang/sql/db"
)

// Period is some days in a row, the first and the last, as midnight UTC. In the
// statistics of visits a day is the clinic session's, which it keeps when it goes
// on past midnight; in the ledger it runs from midnight to midnight in
// Asia/Shanghai.
type Period struct{ From, To time.Time }

// Check refuses what nothing can be said about, with a sentence that says what to
// do. today is the clinic date, as midnight UTC.
func (p Period) Check(today time.Time) error {
	switch {
	case p.From.Year() < 1990 || p.To.Year() < 1990:
		return db.Refuse(db.Invalid, "日期太早，那时还没有账。请填 1990 年以后的日期。")
	case p.To.Before(p.From):
		return db.Refuse(db.Invalid, "结束日期早于开始日期。请对调后再查。")
	case p.From.After(today):
		return db.Refuse(db.Invalid, "这段日期还没有到，没有流水可查。请选今天或更早的日期。")
	case p.To.After(today.AddDate(1, 0, 0)):
		return db.Refuse(db.Invalid, "结束日期太远。请选今天或更早的日期。")
	}
	return nil
}

// MonthOf is the month of a day, YearOf its year.
func MonthOf(day time.Time) Period {
	return Period{monthOf(day), nextMonth(day).AddDate(0, 0, -1)}
}

// YearOf is the calendar year of a day.
func YearOf(day time.Time) Period {
	return Period{time.Date(day.Year(), 1, 1, 0, 0, 0, 0, time.UTC), time.Date(day.Year(), 12, 31, 0, 0, 0, 0, time.UTC)}
}

// Words is the period for people: a month, a year, a day, or from and to.
func (p Period) Words() string {
	switch p {
	case MonthOf(p.From):
		return p.From.Format("2006年1月")
	case YearOf(p.From):
		return p.From.Format("2006年")
	}
	if p.From.Equal(p.To) {
		return p.From.Format("2006年1月2日")
	}
	return p.From.Format("2006年1月2日") + " 至 " + p.To.Format("2006年1月2日")
}

// ReportWord is what a report of the period is called: 日报, 月报 or 年报, of a month so
// far 月报（未满月）, and 收发报表 for any other days.
func (p Period) ReportWord() string {
	switch {
	case p.From.Equal(p.To):
		return "日报"
	case p == MonthOf(p.From):
		return ReportMonth.Chinese()
	case p == YearOf(p.From):
		return ReportYear.Chinese()
	case p.From.Day() == 1 && p.To.Before(MonthOf(p.From).To):
		return ReportMonth.Chinese() + "（未满月）"
	}
	return "收发报表"
}

// Days is how many days there are.
func (p Period) Days() int { return int(p.To.Sub(p.From)/(24*time.Hour)) + 1 }

// Before is what a period is compared with: for one that begins with a month the
// same days so many months earlier as it touches (a month with the month before, a
// year with the year before, the 1st to the 10th with the 1st to the 10th), for any
// other as many days right before it.
func (p Period) Before() Period {
	if p.From.Day() != 1 {
		return Period{p.From.AddDate(0, 0, -p.Days()), p.From.AddDate(0, 0, -1)}
	}
	return p.shift(-p.months())
}

// YearBefore is the same days a year earlier.
func (p Period) YearBefore() Period { return p.shift(-12) }

// months is how many months the period touches.
func (p Period) months() int {
	return (p.To.Year()-p.From.Year())*12 + int(p.To.Month()) - int(p.From.Month()) + 1
}

// shift moves both ends by months; the last day of a month stays the last day.
func (p Period) shift(months int) Period {
	last := shiftDay(p.To, months)
	if p.To.Equal(MonthOf(p.To).To) {
		last = MonthOf(last).To
	}
	return Period{shiftDay(p.From, months), last}
}

// shiftDay moves a day by months; a day that the month has not is its last one.
func shiftDay(day time.Time, months int) time.Time {
	month := monthOf(day).AddDate(0, months, 0)
	return earlier(month.AddDate(0, 0, day.Day()-1), MonthOf(month).To)
}

// Moments are the first moment of the period and the first after it, by the clock
// of the clinic.
func (p Period) Moments() (begin, end time.Time) {
	return midnight(p.From), midnight(p.To.AddDate(0, 0, 1))
}

// today is the clinic date of a moment.
func today(now time.Time) time.Time { return session.Today(now) }
