package web

import "jingfang/session/page"

// paperSamples show what documents have to do with a receipt.
func paperSamples() []page.Sample {
	v := samplePapers()
	return []page.Sample{
		{Name: "receipt_papers", Title: "入库单的单据变动", View: v},
		{Name: "receipt_papers", Title: "入库单已换版", View: papersView{URL: "/receipts/1", Notice: &paperNotice{"caution", "alert", "第 1 版已作废", "已扫的盒都在新的一版里。", "/receipts/2", "打开新的一版"}}},
		{Name: "receipt_held", Title: "未对照的药盒", View: v.Held[0]},
		{Name: "receipt_held", Title: "未对照的药盒 工作人员", View: heldGroup{Prefix: "8199999", Boxes: 3, Ends: []string{"0001", "0002", "0003"}, Receipt: 1}},
	}
}

func samplePapers() papersView {
	return papersView{
		URL: "/receipts/1", Open: true,
		Notice: &paperNotice{Tone: "info", Icon: "refresh", Title: "这是第 2 版", Text: "前一版扫过的盒已归到这一版，不用再扫。"},
		Held: []heldGroup{{Prefix: "8199999", Boxes: 9, Ends: []string{"0001", "0002", "0003", "0004", "0005", "0006"}, More: 3, CanTeach: true, Receipt: 1,
			Choices: []drugChoice{{ID: 1, Name: "演示利培酮片 1mg×20片"}, {ID: 2, Name: "演示苯海索片 2mg×100片"}}, AllURL: teachURL("81999990000000000001", 1)}},
		Blank: []typedRow{
			{Line: 1, Drug: "演示利培酮片 1mg×20片"},
			{Line: 2, Drug: "演示苯海索片 2mg×100片", Batch: "B2399", Expires: "2028-03-31", Typed: true},
		},
		Contra: []contraRow{{Drug: "演示利培酮片 1mg×20片", Pack: "12 盒", From: "盒上的码", Box: "批号 B2404 · 有效期 2028-04-30", Paper: "批号 B2403 · 有效期 2028-03-31", Tail: "6312"}},
		Surplus: []surplusBox{
			{Drug: "演示利培酮片 1mg×20片", About: "批号 B2403 · 有效期 2028-03-31", Where: "已入库，需退回药库", Tail: "6312", Why: "红单 YS-H1 冲销", Packs: 1, Pack: "盒", InStore: true},
			{Drug: "演示利培酮片 1mg×20片", About: "批号 B2403 · 有效期 2028-03-31", Where: "在场次的药箱里，带回后退回药库", Tail: "6313", Why: "红单 YS-H1 冲销", Session: "/sessions/1", Packs: 1, Pack: "盒"},
			{Drug: "演示利培酮片 1mg×20片", About: "批号 B2403 · 有效期 2028-03-31", Where: "已于 11月23日 10:42 由演示医生甲发给患者", Tail: "6314", Why: "红单 YS-H1 冲销", Packs: 1, Pack: "盒"},
			{Drug: "演示苯海索片 2mg×100片", About: "批号 B2399", Where: "没有写明是哪几盒，任取", Why: "红单 YS-H1 冲销", Packs: 4, Pack: "盒", InStore: true},
			{Drug: "演示利培酮片 1mg×20片", About: "批号 B2403", Where: "已退回药库", Tail: "6315", Why: "新的一版没有这盒", Packs: 1, Pack: "盒", Gone: true},
		},
		SurplusMore: 2,
		Unpapered: []unpaperedBox{
			{Code: "81234567890123456401", Tail: "6401", Drug: "演示利培酮片 1mg×20片", Where: "已发 · 11月20日 09:41 放行"},
			{Code: "81234567890123456402", Tail: "6402", Drug: "演示利培酮片 1mg×20片", Where: "在库 · 11月20日 09:43 放行"},
		},
	}
}

func sampleFilters() []receiptFilter {
	return []receiptFilter{{"/receipts", "全部", 4, true}, {"/receipts?show=open", "未完成", 2, false}, {"/receipts?show=done", "已完成", 2, false}}
}

func sampleDone() []receiptRow {
	return []receiptRow{
		{URL: "/receipts/3", Number: "YS-R1101", About: "中心药库 · 11月22日 · 3 种 60 盒", Word: "已完成", Tone: "caution", Expected: 60, Received: 58, Missing: 2, Differ: 2, Note: "有红单"},
		{URL: "/receipts/4", Number: "YS-H1101", About: "中心药库 · 11月22日 · 1 种 2 盒", Word: "红单", Tone: "bad", Red: true, Note: "冲销 YS-R1101"},
	}
}

// openingSamples show the opening count.
func openingSamples() []page.Sample {
	work := sampleOpening()
	second := work
	second.Mine, second.MayConfirm, second.Blank, second.Known, second.Said = false, true, 0, 0, nil
	second.Groups = second.Groups[1:]
	return []page.Sample{
		{Name: "opening", Title: "期初盘入 录入", View: openingView{Work: &work}},
		{Name: "opening", Title: "期初盘入 第二人确认", View: openingView{Work: &second}},
		{Name: "opening", Title: "期初盘入 还没开始", View: openingView{}},
		{Name: "opening", Title: "期初盘入 再开一张", View: openingView{Earlier: 1, Last: "上一张清单 188 盒由演示工作人员录入，2026年11月1日 10:20 由演示药师确认盘入。"}},
		{Name: "opening_work", Title: "期初清单", View: work},
		{Name: "opening_work", Title: "期初清单 空", View: openingWorkView{URL: "/receipts/opening/1", About: "11月23日 08:10 由演示药师开始", Mine: true}},
	}
}

func sampleOpening() openingWorkView {
	return openingWorkView{URL: "/receipts/opening/1", About: "11月23日 08:10 由演示工作人员开始", Packs: 188, Blank: 12, Known: 2, Mine: true,
		Said: []saidRow{{Drug: "…0001", Word: "注意", Tone: "caution", Why: "这个码的前缀还没有对照药品（未对照）。请药师对照一次，之后就能识别。"}},
		Groups: []openingGroup{
			{Key: "0", Drug: "演示苯海索片 2mg×100片", DrugID: 2, Packs: 12, Pack: "瓶", Blank: true},
			{Key: "1", Drug: "演示利培酮片 1mg×20片", DrugID: 1, Batch: "B2403", Expires: "2028-03-31", Packs: 160, Pack: "盒", Read: true},
			{Key: "2", Drug: "演示利培酮片 1mg×20片", DrugID: 1, Batch: "B2301", Expires: "2026-10-31", Packs: 16, Pack: "盒", Expired: true},
		},
		Last: []openingBox{{Code: "81234567890123456312", Head: "8123456789012345", Tail: "6312", Drug: "演示利培酮片 1mg×20片", About: "批号 B2403 · 有效期 2028-03-31", Who: "演示工作人员"}}}
}
