package web

import (
	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/page"
)

// returnSamples are made-up views of what patients bring back.
func returnSamples() []page.Sample {
	head := headView{ID: 1, Site: "演示新华", Date: "11月23日", URL: "#"}
	other := inventory.KindEmptyOther.Sentence(inventory.Details{Drug: "演示氯氮平片 25mg×100片"})
	rows := []returnRow{
		{ID: "2", Drug: "演示利培酮片 1mg×20片", Tail: "6313", Word: "开过 7 片", Tone: "soft", About: "11月23日 10:44 · 演示工作人员 · 演示新华 12 号 · 演**"},
		{ID: "1", Drug: "演示利培酮片 1mg×20片", Tail: "6312", Word: "空盒", Tone: "soft", About: "11月23日 10:42 · 演示工作人员 · 演示新华 12 号 · 演**", VoidURL: "#"},
	}
	notes := []returnRow{{ID: "3", Drug: "演示氯氮平片 25mg×100片", Tail: "0077", Word: "空盒", Tone: "caution", About: "11月23日 10:45 · 演示工作人员 · 演示新华 12 号 · 演**",
		Given: "当时发给 演**（10月26日 演示广兴 4 号）", Why: other, SeeURL: "#"}}
	table := returnBody{URL: "#", BackURL: "#", Number: "12", Name: "演示患者", Line: "给 28 天，已 30 天，还差 1 个空盒", About: "上次 10月24日 在演示新华取药 3 盒",
		Boxes: []supplyRow{{"演示利培酮片 1mg×20片", "6312", "空盒已见", true}, {"演示利培酮片 1mg×20片", "6313", "已退回", true}, {"演示苯海索片 2mg×100片", "0077", "未见", false}},
		Forms: returnForms(session.ReturnEmpty), Rows: rows}
	empty := returnBody{URL: "#", BackURL: "#", Number: "13", Name: "演示患者乙", Forms: returnForms(session.ReturnEmpty)}
	shop := returnBody{URL: "#", Pharmacy: true, Forms: returnForms(session.ReturnFull), Rows: rows, Notes: notes,
		Answers: []packedRow{{Drug: "演示氯氮平片 25mg×100片", Tail: "0077", Word: "已在", Tone: "soft", Why: other}}}
	return []page.Sample{
		{Name: "return", Title: "退药与空盒", View: returnView{Head: head, Body: table}},
		{Name: "return", Title: "退药与空盒 第一次来", View: returnView{Head: head, Body: empty}},
		{Name: "return_body", Title: "退药与空盒（片段）", View: table},
		{Name: "return_row", Title: "退药的一行", View: notes[0]},
		{Name: "returns", Title: "患者退药", View: returnsView{Body: shop}},
		{Name: "returns", Title: "患者退药 还没有", View: returnsView{Body: returnBody{URL: "#", Pharmacy: true, Forms: returnForms(session.ReturnFull)}}},
	}
}
