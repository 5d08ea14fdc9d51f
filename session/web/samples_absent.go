package web

import (
	"time"

	"jingfang/session"
	"jingfang/session/page"
)

// absentSamples are made-up lists of who has not come.
func absentSamples() []page.Sample {
	today := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	at := func(days int) *time.Time { on := today.AddDate(0, 0, days); return &on }
	list := []session.Due{
		{PatientID: 1, Number: "000012", Name: "演示甲", HomeSite: "演示新华", LastOn: at(-40), Days: 28, NextDue: at(-12)},
		{PatientID: 2, Number: "000013", Name: "演示乙", HomeSite: "演示广兴", LastOn: at(-27), Days: 28, NextDue: at(-2)},
		{PatientID: 3, Number: "000014", Name: "演示丙", HomeSite: "演示广兴", Shot: "演示棕榈酸帕利哌酮注射液 应于 11月3日注射"},
		{PatientID: 4, Number: "000015", Name: "演示丁", HomeSite: "演示新华", LastOn: at(-3), Days: 28, Visit: 12},
	}
	head := headView{ID: 1, Site: "演示新华", Date: "11月23日", URL: "#"}
	day := absentView{Head: &head, Count: rosterPart{URL: "#", Expected: "4", Came: "1", Absent: "3"}, PhonesURL: "#", SheetURL: "#",
		PackURL: "#", PackWord: "12月21日的装箱建议（其中 1 人到那天还有药）", At: "2026-11-23 16:30", By: "演示药师甲"}
	day.fill(list, today, forPharmacist, nil)
	over := absentView{Kinds: []recallFilter{{URL: "#", Word: "未取药", Chosen: true}, {URL: "#", Word: "针剂到期"}, {URL: "#", Word: "检查到期"}},
		Sites: []choiceView{{Value: "1", Word: "演示新华"}}, Days: "1", SheetURL: "#", At: "2026-11-23 16:30", By: "演示药师甲"}
	called, none := over, over
	over.fill(list[:3], today, forManager, nil)
	called.fill(list[:2], today, forPharmacist, map[int64]string{1: "000-0000000"})
	none.fill(nil, today, forManager, nil)
	none.Problem = "逾期天数请填 1 到 366。"
	return []page.Sample{
		{Name: "absent", Title: "谁还没来", View: day}, {Name: "absent", Title: "未取药（不见姓名）", View: over},
		{Name: "absent", Title: "未取药 电话名单", View: called}, {Name: "absent", Title: "未取药 没有", View: none},
	}
}
