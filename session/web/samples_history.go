package web

import "jingfang/session/page"

// historySamples show a patient's history and the merge of two entries.
func historySamples() []page.Sample {
	boxes := []pastBox{{"8000001000000000", "6312", "演示利培酮片 1mg×20片", "", "每晚1片 28 天", "#"}, {"8000002000000000", "0077", "演示苯海索片 2mg×100片", "30 片", "", "#"}}
	history := historyView{Name: "演示甲", About: "男 56 岁 · 000012 · 演示新华", Allergies: "青霉素", Collectors: "演示母（父母）、演示村医（村医）",
		Last: "上次 10-12 演示利培酮片 1mg×20片 2 盒等 2 种 · 已断药 3 天", LastTone: "bad", Owed: []string{"上次欠 演示奥氮平片 5mg×28片 14 片（10月12日 演示新华）：下周到货"}, Back: "#", TraceURL: "#", Older: "#",
		Merges: []mergeRow{{"1", "000345", "演**", "2026-11-23 10:42 演示药师并入：同一身份证号，登记了两次", "#"}},
		Rows: []pastRow{{When: "2026-10-12", Where: "演示新华 13 号", Amount: "1 盒 + 30 片", Doctor: "演示医生", Lines: []string{"代领：家属 演示母", "下次 2026-11-09", "本场第 13 条记录"}, Boxes: boxes, URL: "#"},
			{When: "2026-09-14", Where: "演示新华 5 号", Doctor: "演示医生", Lines: []string{"原编号 000345", "未发药：家中尚有余药"}}}}
	side := func(number, phone string, same bool) []sideRow {
		return []sideRow{{"编号", number, false}, {"姓名", "演示甲", true}, {"电话", phone, same}, {"就诊", "3 次，2026-01-12 至 2026-10-12", false}}
	}
	merge := mergeView{URL: "#", Back: "#", Name: "演示甲", About: "男 56 岁 · 000012 · 演示新华"}
	both := merge
	both.A, both.B = "12", "345"
	both.Sides = []sideView{{"保留（登记较早）", side("000012", "000-0000-0001", false)}, {"并入左边这份", side("000345", "未登记", false)}}
	wrong := merge
	wrong.With, wrong.Error = "000012", "这是同一份档案。请选择另一份重复的档案。"
	return []page.Sample{
		{Name: "patient_history", Title: "就诊经过", View: history},
		{Name: "patient_history", Title: "还没有就诊", View: historyView{Name: "演**", About: "000014 · 演示新华", State: "已迁出", Back: "#", TraceURL: "#"}},
		{Name: "patient_merge", Title: "合并：选另一份", View: merge},
		{Name: "patient_merge", Title: "合并：同一份", View: wrong},
		{Name: "patient_merge", Title: "合并：并排核对", View: both},
	}
}
