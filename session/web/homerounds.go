package web

import (
	"fmt"
	"time"

	"jingfang/session"
)

// homeRow is the last line of the year: how many home-visit rounds a month has.
type homeRow struct{ Cells []yearCell }

// addHome puts the home-visit rounds below the sites: their number per month, and
// in a month each by its day.
func (v *yearView) addHome(rounds []session.HomeRound, year int, month time.Month) {
	counts := map[time.Month]int{}
	for _, x := range rounds {
		if x.State == session.Cancelled || x.State == session.Rescheduled {
			continue
		}
		counts[x.HeldOn.Month()]++
	}
	for m := time.January; m <= time.December && len(rounds) > 0; m++ {
		c := yearCell{Day: "—", Class: "none", URL: yearURL(year, m), Title: fmt.Sprintf("%d月没有上门", m)}
		if n := counts[m]; n > 0 {
			c.Day, c.Class, c.Title = fmt.Sprint(n), "home", fmt.Sprintf("%d月上门 %d 场", m, n)
		}
		v.Home.Cells = append(v.Home.Cells, c)
	}
	if v.Month == nil {
		return
	}
	for _, x := range rounds {
		if x.HeldOn.Month() == month {
			v.Month.Home = append(v.Month.Home, newHomeMonthRow(x))
		}
	}
}

func newHomeMonthRow(x session.HomeRound) monthRow {
	state := newStateView(x.State)
	return monthRow{Site: "上门 · " + x.Place, District: x.Site, Date: x.HeldOn.Format(time.DateOnly), Word: state.Word, Tone: state.Tone,
		URL: fmt.Sprintf("/sessions/%d", x.ID)}
}
