package web

import "jingfang/session/page"

// Samples are made-up views of every page and fragment, for the gallery.
func Samples() []page.Sample {
	start := &startView{URL: "#", Visit: "v", Patient: "000012", Word: "开始就诊"}
	code, err := newQRView("JFP0123456789ABCDEFG")
	if err != nil {
		// The text is a constant of the right alphabet; it always encodes.
		panic(err)
	}
	rows := []searchRow{{URL: "#", Name: "演示甲", About: "000012 · 男 56 岁 · 演示新华", Start: start},
		{URL: "#", Name: "演示𠮷·阿卜杜热西提·买买提依明", About: "000013 · 女 41 岁 · 演示新华"}}
	sites := []siteChoice{{"1", "金平 · 演示新华", true}, {"2", "龙湖 · 演示广兴", false}}
	person := personView{ID: 12, Name: "演示甲", About: "000012 · 男 56 岁 · 演示新华", Allergies: "青霉素", Back: "#", LabelURL: "#", UnmaskURL: "#", Start: start}
	open := person
	open.UnmaskURL, open.Private = "", &privateView{"身份证", "999900197001010015", "未登记", "演示路 1 号"}
	return []page.Sample{
		{Name: "patients", Title: "查找患者", View: searchView{Session: "1", Query: "?session=1", Back: "#", CanNew: true, Rows: rows}},
		{Name: "patients", Title: "没有找到", View: searchView{Text: "xyz", CanNew: true}},
		{Name: "patient_new", Title: "新患者", View: entryView{Back: "#", Sites: sites}},
		{Name: "patient_new", Title: "新患者，有错", View: entryView{Back: "#", Sites: sites, Name: "演示甲", Paper: "idcard", PaperNo: "99990019700101001", Error: "身份证号应为 18 位，现在是 17 位，请核对。"}},
		{Name: "patient", Title: "患者", View: person},
		{Name: "patient", Title: "完整信息", View: open},
		{Name: "label", Title: "标签", View: labelView{Number: "000012", Name: "演**", Site: "演示新华", Code: code, Back: "#", Copies: "1"}},
		{Name: "patient_start", Title: "开始就诊", View: *start},
	}
}
