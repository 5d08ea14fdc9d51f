package web

import (
	"time"

	"jingfang/session"
	"jingfang/session/page"
)

// planningSamples are made-up views of calendar, roster, team and wall.
func planningSamples() []page.Sample {
	head := headView{ID: 1, Site: "演示新华", Date: "11月23日", URL: "#"}
	staff := []staffChoice{{ID: "1", Name: "演示医生甲", Doctor: true, Chosen: true}, {ID: "2", Name: "演示药师甲", Duty: true, Chosen: true, OnDuty: true}, {ID: "3", Name: "演示工作人员"}}
	days := sampleYear()
	at := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	year, month := newYearView(days, 2026, 0, at), newYearView(days, 2026, time.November, at)
	round := []session.HomeRound{{ID: 9, Site: "演示新华", Place: "行动不便", HeldOn: at, State: session.Planned}}
	year.addHome(round, 2026, 0)
	month.addHome(round, 2026, time.November)
	year.CanPlan, month.CanPlan, year.Staff, month.Staff = true, true, staff, staff
	year.Notice, month.Error = plannedSentence(25, 3, 1), "请给每个勾选的精防点填写日期。"
	count := newRosterPart(1, session.RosterCount{Expected: 34, Came: 12, Extra: 2})
	roster := rosterView{Head: head, Count: count, CanAdd: true, Rows: []rosterRow{
		{PatientID: "1", Number: "000012", Name: "演**", Word: "未到", Tone: "soft"},
		{PatientID: "2", Number: "000013", Name: "演**", Word: "应到", Tone: "soft", Added: true, Owes: true},
		{PatientID: "3", Number: "000014", Name: "演**", Word: "3 号 诊毕", Tone: "good", Came: true}}}
	wall := newWallView(sampleBoard())
	return []page.Sample{
		{Name: "year", Title: "年历", View: year}, {Name: "year", Title: "一个月的安排", View: month},
		{Name: "team_fields", Title: "人员", View: staff},
		{Name: "roster", Title: "应到名单", View: roster}, {Name: "roster", Title: "应到名单 空", View: rosterView{Head: head, Count: newRosterPart(1, session.RosterCount{}), CanAdd: true, Error: "没有这位患者。"}},
		{Name: "roster_figures", Title: "应到人数", View: count}, {Name: "board_roster", Title: "应到一行", View: count},
		{Name: "change", Title: "修改场次", View: changeView{Head: head, Staff: staff, Today: "2026-11-23", Error: "请写明原因，最多 200 个字，例如“台风”。"}},
		{Name: "change", Title: "已改期", View: changeView{Head: head, Over: "本场次已改期，不能再改。", MovedURL: "#"}},
		{Name: "board_place", Title: "房间还是诊桌", View: placeView{URL: "#", State: "open"}},
		{Name: "wall", Title: "叫号屏", View: wallPage{URL: "#", Wall: wall}}, {Name: "board_wall", Title: "叫号", View: wall},
		{Name: "board_wall", Title: "叫号 还没有开始", View: newWallView(session.Snapshot{Session: session.Session{State: session.Planned}})},
	}
}

// sampleYear is three sites in every state a calendar knows.
func sampleYear() []session.SiteDay {
	var days []session.SiteDay
	states := []session.State{session.Closed, session.Closed, session.Cancelled, session.Rescheduled, session.Open, session.Planned}
	for site, name := range []string{"演示新华", "演示长厦", "演示盐埕"} {
		for m := time.January; m <= time.December; m++ {
			d := session.SiteDay{SiteID: int64(site + 1), Site: name, District: "金平区", Fixed: 5 + site, Month: m}
			d.HeldOn, d.Moved = session.ClinicDate(2026, m, d.Fixed)
			if site == 2 {
				d.Fixed, d.HeldOn, d.Moved = 0, time.Time{}, ""
			} else if int(m) <= 6 {
				d.SessionID, d.State, d.Visits = int64(m), states[(int(m)-1+site)%6], 30
			}
			d.Past = m < time.May
			days = append(days, d)
		}
	}
	return days
}
