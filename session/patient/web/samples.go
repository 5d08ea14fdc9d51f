package web

import "jingfang/session/page"

// Samples are made-up views of every page and fragment, for the gallery.
func Samples() []page.Sample {
	start := &startView{URL: "#", Visit: "v", Patient: "000012", Word: "开始就诊"}
	rows := []searchRow{{URL: "#", Name: "演示甲", About: "000012 · 男 · 56 岁 · 演示新华", Start: start},
		{URL: "#", Name: "演示𠮷·阿卜杜热西提·买买提依明", About: "000013 · 女 · 41 岁 · 演示新华", Start: start}}
	return append([]page.Sample{
		{Name: "patients", Title: "查找患者", View: searchView{Session: "1", Query: "?session=1", Back: "#", CanNew: true, Rows: rows}},
		{Name: "patients", Title: "没有找到", View: searchView{Text: "xyz", CanNew: true}},
		{Name: "patients", Title: "标签已作废", View: searchView{Text: "JFP…", CanNew: true, Error: "这张标签已作废（挂失后补打过）。请核对本人身份，按姓名查找并重新打印标签。"}},
		{Name: "patient_start", Title: "开始就诊", View: *start},
	}, append(append(entrySamples(), personSamples(start)...), append(lifeSamples(), importSamples()...)...)...)
}

func entrySamples() []page.Sample {
	papers := []choiceView{{"idcard", "身份证", true}, {"passport", "护照", false}, {"other", "其他证件", false}, {"none", "没有证件", false}}
	sites := []choiceView{{"1", "金平 · 演示新华", true}, {"2", "龙湖 · 演示广兴", false}}
	wrong := entryView{Back: "#", Sites: sites, Papers: papers, Name: "演示甲", Paper: "idcard", PaperNo: "99990019700101001",
		Error: "身份证号应为 18 位，现在是 17 位，请核对。"}
	return []page.Sample{
		{Name: "patient_new", Title: "新患者", View: entryView{Back: "#", Sites: sites, Papers: papers}},
		{Name: "patient_new", Title: "新患者，有错", View: wrong},
	}
}

func personSamples(start *startView) []page.Sample {
	code, err := page.NewQR("JFP0123456789ABCDEFG")
	if err != nil {
		// The text is a constant of the right alphabet; it always encodes.
		panic(err)
	}
	person := personView{Name: "演示甲", About: "000012 · 男 · 56 岁 · 演示新华", Allergies: "青霉素", Back: "#", Session: "1", Last: "上次 10-12 演示利培酮片 2 盒 · 还剩 3 天", LastTone: "caution",
		LabelURL: "#", LostURL: "#", UnmaskURL: "#", Start: start, HistoryURL: "#", EditURL: "#", ChangesURL: "#", RiskURL: "#", MergeURL: "#",
		Collect: collectView{Show: true, URL: "#", CanAdd: true, Rows: []collectorRow{{"演示母", "父母", "#"}, {"演示村医", "村医", "#"}}, Relations: []string{"父母", "村医"}}}
	open := person
	open.UnmaskURL, open.Private = "", &privateView{"身份证", "999900197001010015", "未登记", "演示路 1 号", "YS000001", []string{"演示母（父母） 000-0000-0009"}}
	label := labelView{Number: "000012", Name: "演**", Site: "演示新华社区", Code: code, Back: "#", Copies: 1}
	fresh := label
	fresh.Fresh = true
	return []page.Sample{
		{Name: "patient", Title: "患者", View: person},
		{Name: "patient", Title: "完整信息", View: open},
		{Name: "patient", Title: "已迁出", View: personView{Name: "演**", About: "000014 · 演示新华", State: "已迁出", Back: "#"}},
		{Name: "label", Title: "标签", View: label},
		{Name: "label", Title: "挂失补打", View: fresh},
	}
}
