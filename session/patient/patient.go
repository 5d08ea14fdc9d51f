package patient

import (
	"time"
)

// State says whether somebody still comes.
type State string

// The states of a registry entry.
const (
	Active   State = "active"
	Moved    State = "moved"
	Deceased State = "deceased"
	Merged   State = "merged"
)

// Label is the state's Chinese name.
func (s State) Label() string {
	switch s {
	case Active:
		return "在册"
	case Moved:
		return "已迁出"
	case Deceased:
		return "已故"
	case Merged:
		return "已并入另一份档案"
	}
	return string(s)
}

// Patient is what a doctor may read in clear. What is sealed on disk is not in
// it; see Registry.Unmask.
type Patient struct {
	ID         int64      `db:"id"`
	Number     string     `db:"number"` // six digits or more, printed on the label
	Name       string     `db:"name"`
	Sex        string     `db:"sex"`      // "M", "F" or "" when unknown
	BirthOn    *time.Time `db:"birth_on"` // a date as midnight UTC
	HomeSiteID int64      `db:"home_site_id"`
	HomeSite   string     `db:"home_site"`
	Allergies  string     `db:"allergies"`
	State      State      `db:"state"`
	// Version counts the changes of the entry: whoever changes it says which one was
	// on the page.
	Version int `db:"version"`
	// HasHIS says that the number under which HIS knows the person is kept.
	HasHIS bool `db:"has_his"`
	// MergedInto is the entry that goes on for a merged one; see Survivor.
	MergedInto *int64 `db:"merged_into_id"`
}

// Age is the age in whole years at a moment, by the calendar in Shanghai, or -1
// when the birth date is unknown. Who was born on 29 February has the birthday
// on 1 March in common years.
func (p Patient) Age(at time.Time) int {
	if p.BirthOn == nil {
		return -1
	}
	year, month, day := today(at).Date()
	birthYear, birthMonth, birthDay := p.BirthOn.Date()
	years := year - birthYear
	if month < birthMonth || month == birthMonth && day < birthDay {
		years--
	}
	return max(years, 0)
}

// today is the date in Shanghai at a moment, as midnight UTC like the date
// columns: at half past midnight the UTC date is still yesterday's.
func today(at time.Time) time.Time {
	y, m, d := at.In(time.FixedZone("Asia/Shanghai", 8*60*60)).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// SexWord is 男, 女 or nothing.
func (p Patient) SexWord() string {
	switch p.Sex {
	case "M":
		return "男"
	case "F":
		return "女"
	}
	return ""
}

// Masked is the name as lists show it: its first character and two stars.
func (p Patient) Masked() string { return MaskName(p.Name) }
