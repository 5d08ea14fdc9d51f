package web

import "jingfang/session/page"

// lifeSamples show the pages of an entry's changes and of sheets of labels.
func lifeSamples() []page.Sample {
	code, err := page.NewQR("JFP0123456789ABCDEFG")
	if err != nil {
		// The text is a constant of the right alphabet; it always encodes.
		panic(err)
	}
	sites := []choiceView{{"1", "金平 · 演示新华", true}, {"2", "龙湖 · 演示广兴", false}}
	edit := editView{URL: "#", Back: "#", Version: "3", Name: "演示甲", BirthOn: "1970-01-01", Sex: "M", Allergies: "青霉素", Sites: sites, Sealed: true,
		Papers: []choiceView{{"", "不改", true}, {"idcard", "身份证", false}},
		States: []stateView{{"#", "moved", "已迁出", "不再签到、不再打印标签，经过都保留；回来时可恢复。"}, {"#", "deceased", "已故", "不再签到，也不再联系；记错时可恢复。"}}}
	late := edit
	late.Error = "这份档案刚才由演示药师改过（11月23日 10:42），您的改动没有保存。请重新打开，核对后再改。"
	rows := []changeRow{{"电话", "2026-11-23 10:42", "演示医生", "", "000-0000-0001", "000-0000-0002"}, {"精防点", "2026-11-20 09:00", "演示药师", "导入", "演示新华", "演示广兴"}}
	closed := []changeRow{{Field: "电话", At: "2026-11-23 10:42", Who: "演示医生"}, {Field: "精防点", At: "2026-11-20 09:00", Who: "演示药师", Source: "导入"}}
	about := "000012 · 男 · 56 岁 · 演示新华"
	var levels []riskLevel
	for i, means := range riskMeans() {
		levels = append(levels, riskLevel{string(rune('0' + i)), string(rune('0'+i)) + " 级", means, i == 1})
	}
	cell := cellView{"000012", "演**", "演示新华社区", code}
	labels := labelsView{Sites: sites, Back: "#", Count: "34", Pages: "2", Layouts: layoutChoices("a4-24"), Margins: newLayout("a4-24").typed()}
	roster := labels
	roster.IDs, roster.Error = "1,2,3", "上边距请填 0 到 30 之间的毫米数，可以有一位小数。"
	return []page.Sample{
		{Name: "patient_edit", Title: "修改档案", View: edit},
		{Name: "patient_edit", Title: "修改档案，别人先改了", View: late},
		{Name: "patient_changes", Title: "改动记录", View: changesView{Name: "演示甲", About: about, Back: "#", OpenURL: "#", Rows: closed}},
		{Name: "patient_changes", Title: "改动的内容", View: changesView{Name: "演示甲", About: about, Back: "#", Opened: true, Rows: rows}},
		{Name: "patient_changes", Title: "没有改动", View: changesView{Name: "演示甲", About: about, Back: "#"}},
		{Name: "patient_risk", Title: "危险性", View: riskView{Name: "演示甲", About: about, Back: "#", URL: "#", Version: "3", Now: "1 级", Levels: levels}},
		{Name: "labels", Title: "打印标签", View: labels},
		{Name: "labels", Title: "打印名单的标签", View: roster},
		{Name: "label_sheet", Title: "一页标签", View: sheetView{Layout: "a4-24", Style: "/patients/labels.css?" + newLayout("a4-24").query(), Back: "#", Count: "3",
			About: newLayout("a4-24").about(), Pages: [][]cellView{{{}, cell, cell, cell}}}},
	}
}
