package web

import (
	"jingfang/inventory"
	"jingfang/session/page"
)

// stocktakeSamples are the views of the counts.
func stocktakeSamples() []page.Sample {
	rows := []stocktakeRow{
		{URL: "/stocktakes/3", Number: "PD20261123-3", Scope: "药房全部药品", About: "11月23日 09:05 演示药师 开始", Word: "盘点中", Tone: "info"},
		{URL: "/stocktakes/2", Number: "PD20261122-2", Scope: "演示社区 11月22日 药箱", About: "11月22日 15:20 演示工作人员 开始 · 演示药师 提交", Word: "待审核", Tone: "caution"},
	}
	done := []stocktakeRow{{URL: "/stocktakes/1", Number: "PD20261101-1", Scope: "药房全部药品", About: "11月1日 08:40 演示药师 开始 · 演示管理 审核", Word: "已审核", Tone: "good"}}
	drugs := []drugChoice{{1, "演示利培酮片 1mg×20片", false}, {2, "演示苯海索片 2mg×100片", false}}
	work := sampleCountWork()
	ended := countWorkView{URL: "/stocktakes/3", Boxes: 86, Ended: "这次盘点待审核。"}
	counted := sampleCountDrugs()
	count := stocktakeView{URL: "/stocktakes/3", Number: "PD20261123-3", Scope: "药房全部药品", About: "11月23日 09:05 演示药师 开始", CanCount: true, Work: work, Paste: pasteView{URL: "/stocktakes/3"}, Rows: counted}
	look := count
	look.CanCount, look.Work.CanCount, look.Running, look.Remark = false, false, true, "退回：里面的柜子没有点"
	result := sampleCountResult()
	approved := result
	approved.Word, approved.Tone, approved.Notice, approved.CanExplain, approved.CanAbandon, approved.Left = "已审核", "good", "", false, false, 0
	approving := result
	approving.CanExplain, approving.CanReject, approving.CanApprove, approving.Adjust, approving.Problem = false, true, true, 2, "盘点结果刚刚换过一版（第 2 次提交）。请再看一遍差异后审核。"
	return []page.Sample{
		{Name: "stocktakes", Title: "盘点列表", View: stocktakesView{Open: rows, Done: done, CanCount: true, StoreOpen: true, Drugs: drugs, Trays: []trayRow{{"/sessions/1/stocktakes", "演示社区 11月23日"}}}},
		{Name: "stocktakes", Title: "盘点列表 空", View: stocktakesView{CanCount: true, Drugs: drugs, Problem: "没有勾选药品。请先勾选要盘的药，或盘全部药品。"}},
		{Name: "stocktake_row", Title: "盘点列表的一行", View: rows[0]},
		{Name: "stocktake", Title: "清点", View: count},
		{Name: "stocktake", Title: "清点 只看", View: look},
		{Name: "count_work", Title: "清点的进度", View: work},
		{Name: "count_work", Title: "清点的进度 已提交", View: ended},
		{Name: "count_drug", Title: "按数填的一行", View: counted[0]},
		{Name: "count_status", Title: "一种药点了多少", View: counted[1]},
		{Name: "count_paste", Title: "盘点 粘贴很多码", View: pasteView{URL: "/stocktakes/3"}},
		{Name: "stocktake_sheet", Title: "盘点表", View: countSheetView{URL: "/stocktakes/3", Number: "PD20261123-3", Scope: "药房全部药品", About: "11月23日 09:05 演示药师 开始", At: "2026-11-23 09:06",
			Rows: []sheetDrug{{"演示利培酮片", "1mg×20片", "盒", "片"}, {"演示苯海索片", "2mg×100片", "瓶", "片"}}}},
		{Name: "stocktake_result", Title: "盘点结果 待说明", View: result},
		{Name: "stocktake_result", Title: "盘点结果 审核", View: approving},
		{Name: "stocktake_result", Title: "盘点结果 已审核", View: approved},
		{Name: "count_differences", Title: "盘点的差异", View: result},
	}
}

func sampleCountWork() countWorkView {
	return countWorkView{URL: "/stocktakes/3", Poll: "/stocktakes/3?part=1&v=7", CanCount: true, Boxes: 86, Extras: 1,
		Counters: []counterRow{{Name: "演示药师", Shelf: "A 架", About: "3 种 · 按数 1 种", At: "09:31", Boxes: 52}, {Name: "演示工作人员", About: "2 种", At: "09:30", Boxes: 34}},
		Extra:    []countedRow{{Code: "81999990000000000001", Head: "8199999000000000", Tail: "0001", Drug: "没有记录的码", About: "演示药师 09:28:11", Extra: true, ID: "units-81999990000000000001"}},
		Last: []countedRow{
			{Code: "81234567890123456312", Head: "8123456789012345", Tail: "6312", Drug: "演示利培酮片 1mg×20片", About: "A 架 · 演示药师 09:31:07", ID: "units-81234567890123456312"},
			{Code: "81234567890123450077", Head: "8123456789012345", Tail: "0077", Drug: "演示氯氮平片 25mg×100片", About: "演示工作人员 09:30:52", Opened: true, Unit: "片", ID: "units-81234567890123450077"},
		}}
}

func sampleCountDrugs() []countDrugView {
	return []countDrugView{
		{URL: "/stocktakes/3", ID: 1, Name: "演示利培酮片", Spec: "1mg×20片", Pack: "盒", Unit: "片", CanCount: true},
		{URL: "/stocktakes/3", ID: 2, Name: "演示苯海索片", Spec: "2mg×100片", Pack: "瓶", Unit: "片", CanCount: true, Counted: true, Packs: "40", Loose: "55",
			Status: "扫了 12 瓶（演示药师 12） · 按数 40 瓶散 55 片（演示工作人员 09:20）"},
	}
}

func sampleCountResult() countResultView {
	v := countResultView{URL: "/stocktakes/3", Number: "PD20261123-3", Scope: "药房全部药品", Word: "待审核", Tone: "caution", Submission: 2, Left: 1, Differences: 3,
		CanExplain: true, CanAbandon: true, Notice: "有 3 处差异，1 处还没有写明原因。",
		Facts: []fact{{"范围", "药房全部药品"}, {"开始", "11月23日 09:05 演示药师"}, {"盘点人", "演示药师、演示工作人员"}, {"提交", "11月23日 09:58 演示药师"}},
		Lines: []resultLine{
			{ID: 1, Drug: "演示利培酮片 1mg×20片", Way: "逐盒扫码", Booked: "60 盒", Found: "59 盒", Differ: "-1 盒", Moved: "3 盒", Again: true},
			{ID: 2, Drug: "演示苯海索片 2mg×100片", Way: "按数", Booked: "40 瓶 散 55 片", Found: "40 瓶 散 55 片", Equal: true, Again: true},
			{ID: 3, Drug: "演示阿普唑仑片 0.4mg×24片", Way: "未盘", Booked: "12 盒", Uncounted: true, Equal: true, Again: true},
		},
		Groups: []differenceGroup{
			{Kind: "units", Word: "余量不符", All: 1, Rows: []differenceRow{{ID: 3, Drug: "演示氯氮平片 25mg×100片", Head: "8123456789012345", Tail: "0077", What: "账面 62 片，实盘 60 片",
				Last: "最后一笔：11月22日 10:12 发药 演示医生", Seen: "盘到：09:30 演示工作人员", Reason: "拆零数错", Action: "审核后盘亏"}}},
			{Kind: "missing", Word: "缺少", All: 1, Left: 1, Rows: []differenceRow{{ID: 1, Drug: "演示利培酮片 1mg×20片", Head: "8123456789012345", Tail: "6320", What: "账上有，没有盘到",
				Last: "最后一笔：11月20日 16:40 带回 演示药师", Action: "建议报失", Asks: true}}},
			{Kind: "extra", Word: "多出", All: 1, Rows: []differenceRow{{ID: 2, Drug: "没有记录的码", Head: "8199999000000000", Tail: "0001", What: "盘到了，账上没有", Seen: "盘到：09:28 演示药师",
				Reason: "入库时漏扫", Action: "只记录"}}},
		}}
	for _, reason := range inventory.CountReasons() {
		v.Reasons = append(v.Reasons, reasonChoice{string(reason), reason.Chinese()})
	}
	return v
}
