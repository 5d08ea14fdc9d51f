package web

import (
	"jingfang/inventory"
	"jingfang/session/page"
)

// asideSamples are made-up views of what lies apart.
func asideSamples() []page.Sample {
	tabs := []asideTab{{"隔离", "#", 3, true}, {"破损", "#", 1, false}, {"丢失", "#", 0, false}, {"单据", "#", 1, false}}
	rows := []asideRow{
		{Code: "a", Drug: "演示利培酮片 1mg×20片", Tail: "6312", About: "批号 B2403 · 有效期至 2028-03-31 · 剩 7 片", Why: "患者退回（开过）", Who: "2026-11-23 10:44 · 患者退回 · 演示工作人员", Returned: true},
		{Code: "b", Drug: "演示氯氮平片 25mg×100片", Tail: "0077", About: "批号 B2399 · 有效期至 2027-01-31", Why: "质量可疑，封签断开", Who: "2026-11-22 16:10 · 隔离 · 演示药师", Paper: "XH20261123-001"},
	}
	papers := []paperRow{
		{URL: "#", Title: "销毁单", Number: "XH20261123-001", About: "11月23日 09:12 演示药师 · 患者退回", Word: "等第二人确认", Tone: "caution", Figure: "12"},
		{URL: "#", Title: "退回药库单", Number: "TK20261120-001", About: "11月20日 15:40 演示药师 · 近效期调回", Word: "已完成", Tone: "good", Figure: "40"},
	}
	wait := paperView{URL: "#", Title: "销毁单", Number: "XH20261123-001", Word: "等第二人确认", Tone: "caution", Packs: 3, Confirm: "确认销毁 3 盒", Withdraw: true,
		Facts: []paperFact{{"原因", "患者退回"}, {"销毁方法", "交医废公司焚烧"}, {"地点", "医废暂存间"}, {"提出", "演示药师 2026-11-23 09:12"}},
		Drugs: []paperDrug{{"演示利培酮片 1mg×20片", "B2403", "2028-03-31", "2 盒", []paperPack{{"8123456789012345", "6312", "剩 7 片"}, {"8123456789012345", "6313", ""}}},
			{"演示氯氮平片 25mg×100片", "", "", "1 瓶", []paperPack{{"8123456789012345", "0077", ""}}}},
		Moved: []paperPack{{"演示苯海索片 2mg×100片 …", "0099", "现在：已发"}}, Sign: []string{"提出人", "确认人", "监销人"},
		Problem: "演示苯海索片 2mg×100片 …0099（现在：已发） 在此期间动过。这次一盒也没有动，请看过清单，再确认其余 3 盒。"}
	own := wait
	own.Confirm, own.Wait, own.Problem, own.Moved = "", "这一单由您提出，请另一位同事从自己的账号确认。", "", nil
	destroy := newAsideForm(inventory.MoveDestroy)
	destroy.Choices = []asideChoice{{"a", "演示利培酮片 1mg×20片", "6312", "批号 B2403 · 剩 7 片", "患者退回（开过）", true}, {"b", "演示氯氮平片 25mg×100片", "0077", "批号 B2399", "质量可疑", false}}
	damage := newAsideForm(inventory.MoveDamage)
	damage.Problem, damage.Codes, damage.Reason = "没有一盒报损，请看下面每个码的说明。", "81234567890123456312", "摔碎"
	damage.Answers = []saidRow{{Drug: "演示利培酮片 1mg×20片 …6312", Word: "注意", Tone: "caution",
		Why: inventory.KindWithPatient.Sentence(inventory.Details{Drug: "演示利培酮片 1mg×20片", Done: "报损"})}}
	return []page.Sample{
		{Name: "setaside", Title: "退药与报损 隔离", View: setAsideView{Tabs: tabs, Acts: actLinks(), Returns: true, Rows: rows, Older: "#", Done: "已隔离 2 盒。"}},
		{Name: "setaside", Title: "退药与报损 单据", View: setAsideView{Tabs: tabs, Acts: actLinks(), Returns: true, Papers: papers}},
		{Name: "setaside", Title: "退药与报损 空", View: setAsideView{Tabs: tabs, Empty: asideLists()[0].empty}},
		{Name: "setaside_new", Title: "开销毁单", View: destroy},
		{Name: "setaside_new", Title: "报损 有不能做的", View: damage},
		{Name: "paper", Title: "销毁单 等确认", View: wait},
		{Name: "paper", Title: "销毁单 自己提出的", View: own},
	}
}
