package session

import "time"

// holidayName names the public holiday of a date, or is "". The fixed ones are
// those of 全国年节及纪念日放假办法 (since 2025); the moving ones are known to 2030,
// and what a year's own notice adds (调休) a person sees to when planning.
func holidayName(on time.Time) string {
	switch on.Format("01-02") {
	case "01-01":
		return "元旦"
	case "05-01", "05-02":
		return "劳动节"
	case "10-01", "10-02", "10-03":
		return "国庆节"
	}
	for _, h := range movingHolidays() {
		first, err := time.Parse(time.DateOnly, h.first)
		if err == nil && !on.Before(first) && on.Before(first.AddDate(0, 0, h.days)) {
			return h.name
		}
	}
	return ""
}

type movingHoliday struct {
	name, first string
	days        int
}

// movingHolidays follow the lunar calendar or the sun: 春节 is counted from 除夕.
func movingHolidays() []movingHoliday {
	return []movingHoliday{
		{"春节", "2026-02-16", 4}, {"清明节", "2026-04-05", 1}, {"端午节", "2026-06-19", 1}, {"中秋节", "2026-09-25", 1},
		{"春节", "2027-02-05", 4}, {"清明节", "2027-04-05", 1}, {"端午节", "2027-06-09", 1}, {"中秋节", "2027-09-15", 1},
		{"春节", "2028-01-25", 4}, {"清明节", "2028-04-04", 1}, {"端午节", "2028-05-28", 1}, {"中秋节", "2028-10-03", 1},
		{"春节", "2029-02-12", 4}, {"清明节", "2029-04-04", 1}, {"端午节", "2029-06-16", 1}, {"中秋节", "2029-09-22", 1},
		{"春节", "2030-02-02", 4}, {"清明节", "2030-04-05", 1}, {"端午节", "2030-06-05", 1}, {"中秋节", "2030-09-12", 1},
	}
}

// freeDay says why no clinic is held on a date; "" when one can be.
func freeDay(on time.Time) string {
	if name := holidayName(on); name != "" {
		return name
	}
	switch on.Weekday() {
	case time.Saturday:
		return "星期六"
	case time.Sunday:
		return "星期日"
	}
	return ""
}

// ClinicDate is when the clinic of a site with this fixed day is held in a month,
// and why not on the day itself. A weekend or holiday moves it to the next Monday
// that is none; where that would leave the month, to the last working day before
// it, so that each month keeps its own clinic. A month that is too short takes
// its last day. A site without a fixed day has none: the zero time.
func ClinicDate(year int, month time.Month, day int) (on time.Time, moved string) {
	if day == 0 {
		return time.Time{}, ""
	}
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC)
	fixed := time.Date(year, month, min(day, last.Day()), 0, 0, 0, 0, time.UTC)
	why := freeDay(fixed)
	if why == "" {
		return fixed, ""
	}
	on = fixed.AddDate(0, 0, 1)
	for on.Weekday() != time.Monday || freeDay(on) != "" {
		on = on.AddDate(0, 0, 1)
	}
	if on.Month() == month {
		return on, fixed.Format("2日") + "是" + why + "，顺延到星期一"
	}
	for on = fixed.AddDate(0, 0, -1); freeDay(on) != ""; {
		on = on.AddDate(0, 0, -1)
	}
	return on, fixed.Format("2日") + "是" + why + "，提前到月内最后一个工作日"
}

// NextWorkingDay is the first day after on that is no weekend and no holiday; both
// are dates.
func NextWorkingDay(on time.Time) time.Time {
	for {
		on = on.AddDate(0, 0, 1)
		if freeDay(on) == "" {
			return on
		}
	}
}

// CarrierDue is the day by whose end left-overs on the way home are to be counted
// in the pharmacy; the zero time while nobody carries them.
func (x Session) CarrierDue() time.Time {
	if x.CarrierAt == nil {
		return time.Time{}
	}
	return NextWorkingDay(Today(*x.CarrierAt))
}
