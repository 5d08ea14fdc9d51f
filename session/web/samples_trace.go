package web

import "jingfang/session/page"

// traceSamples are made-up views of the page that answers a code.
func traceSamples() []page.Sample {
	steps := []traceStep{
		{Word: "来单", At: "2026-11-02 09:12:00", Lines: []string{"入库单 YS-R0001 中心药库"}},
		{Word: "扫码入库", At: "2026-11-02 10:03:11", Lines: []string{"入库单 YS-R0001 中心药库", "经手：演示药师甲"}},
		{Word: "配药装箱", At: "2026-11-22 16:20:45", Where: "演示新华 · 2026-11-23 义诊", URL: "#", Lines: []string{"经手：演示药师甲"}},
		{Word: "发药", At: "2026-11-23 10:42:07", Where: "演示新华 · 2026-11-23 义诊", URL: "#", Marks: []string{"手输"},
			Lines: []string{"患者：13 号 演**", "经手：演示医生甲", "就诊记录：本场第 12 号"}},
	}
	facts := []factView{{"批号", "B2403"}, {"有效期至", "2028-03-31"}, {"整盒", "20 片"}}
	whole := &tracePack{Drug: "演示利培酮片 1mg×20片", Head: "8000001000000000", Tail: "6312", State: "已发", Tone: "good", Facts: facts,
		Stamp: "链完整", Checked: "刚刚核验了所在场次的 12 条记录。", Steps: steps}
	broken := &tracePack{Drug: "演示利培酮片 1mg×20片", Head: "(01)06901234567892(21)A", Tail: "B123", State: "丢失", Tone: "bad", Facts: facts,
		Alarm: "此药已过有效期。", Broken: "场次 1 的就诊记录链第 12 条不对：内容与摘要不符，记录被改动。",
		Steps: append(steps[:3:3], traceStep{Word: "报失", At: "2026-11-23 17:40:00", Bad: true, Lines: []string{"原因：演示", "经手：演示药师甲"}})}
	whole.Notes = []noteView{{Text: "来自箱 …004512", URL: "#"}, {Text: "现在装在药袋 000012 里，2026-11-22 演示药师甲装袋", URL: "#"}, {Text: "正在盘点（药房，2026-11-23 演示药师甲开始），这一盒还没有点到", URL: "#"}, {URL: "#", Text: "二级召回 ZH000003，2026-11-23 起，演示药师甲", Bad: true}}
	whole.Batch = "#"
	steps[1].Links, steps[3].Links = []linkView{{"这张单的每一盒", "#"}}, []linkView{{"这位患者领过的药", "#"}}
	rows := []boxRow{{Head: "8000001000000000", Tail: "6312", Drug: "演示利培酮片 1mg×20片", State: "已发", Tone: "good", About: "演示新华 2026-11-23 · 13 号 演**", URL: "#"},
		{Head: "8000001000000000", Tail: "6313", Drug: "演示利培酮片 1mg×20片", State: "在库", Tone: "good", URL: "#"}}
	batch := boxesView{Title: "批号 B2403", About: "演示利培酮片 1mg×20片", Notes: whole.Notes[3:], Counts: []countView{{"420", "共"}, {"300", "已发"}, {"80", "在库"}, {"40", "演示新华"}},
		PeopleWord: "120 位患者领过", People: []personRow{{"演**", "演示新华 · 2026-11-23", "2 盒", "#"}}, Rows: rows, Next: "#"}
	look := lookView{Band: page.Band{Tone: page.Soft, Text: "只查看，没有改动：演示利培酮片 1mg×20片 在库，在药房。"}, Rows: []lookRow{{"…6312 演示利培酮片 1mg×20片", "看全过程", "#"}, {Title: "还有 3 个码"}}}
	unfit := append([]boxRow{{Head: "8000001000000000", Tail: "6314", Drug: "演示利培酮片 1mg×20片", State: "在库", Tone: "good", URL: "#", Unfit: "正在召回"}}, rows[1:]...)
	tote := boxesView{Title: "周转箱 7 号", About: "周转箱 · 现有 2 盒", Notes: []noteView{{Text: "里面有 1 盒正在召回，不能发。请拿出来放到隔离区。", Bad: true}}, Rows: unfit,
		Box: &boxHead{Head: "JFT012345", Tail: "6789A", State: "已封箱", Tone: "good", Facts: []factView{{"在哪里", "药房 2 盒"}, {"封箱", "2026-11-22 16:20 演示药师甲"}, {"启用", "2026-10-08 09:12 演示药师甲"}},
			Links: []linkView{{"打开这个周转箱", "#"}}},
		Acts: []boxAct{{Word: "新建", At: "2026-10-08 09:12", Who: "演示药师甲"}, {Word: "装进 38 盒", At: "2026-11-22 16:02–16:18", Who: "演示药师甲"},
			{Word: "装入药箱 38 盒", At: "2026-11-22 16:40", Who: "演示药师乙", Where: "演示新华 · 2026-11-23 义诊", URL: "#"}}}
	bag := boxesView{Title: "药袋 000012", Box: &boxHead{Head: "JFB012345", Tail: "6789A", State: "已拆开", Tone: "soft", Facts: []factView{{"患者", "000012 演**"}}}, Empty: "已经拆开，药回到本场药箱。每一盒后来去了哪里，请扫盒上的追溯码。"}
	carton := boxesView{Title: "箱 …004512", About: "演示利培酮片 1mg×20片", Counts: []countView{{"40", "应有"}, {"38", "在库"}, {"2", "没有入库"}},
		Box:  &boxHead{Head: "800000100000000", Tail: "4512", State: "已入库", Tone: "good", Facts: []factView{{"装量", "整箱 40 盒"}, {"批号", "B2403 2028-03-31（40 盒）"}}, Links: []linkView{{"这张单的每一盒", "#"}}},
		Rows: []boxRow{rows[1], {Head: "8000001000000000", Tail: "6315", Drug: "演示利培酮片 1mg×20片", State: "没有入库", Tone: "soft"}}, Next: "#"}
	return []page.Sample{
		{Name: "trace_boxes", Title: "查周转箱", View: tote},
		{Name: "trace_boxes", Title: "查药袋", View: bag},
		{Name: "trace_boxes", Title: "查箱码", View: carton},
		{Name: "box_row", Title: "召回的一盒", View: unfit[0]},
		{Name: "trace_boxes", Title: "查批号", View: batch},
		{Name: "trace_boxes", Title: "患者领过的药", View: boxesView{Title: "演示患者甲 领过的药", About: "000012 · 演示新华", Rows: rows}},
		{Name: "trace_boxes", Title: "空的入库单", View: boxesView{Title: "入库单 YS-R0001", About: "中心药库 2026-11-02 · 单上 120 盒"}},
		{Name: "look", Title: "只查", View: look},
		{Name: "trace", Title: "查码 有几种可能", View: traceView{Asked: "123456", Hits: []hitRow{{"患者", "演**", "领过的药", "#"}, {"药盒", "…00123456", "演示利培酮片 1mg×20片 · 在库", "#"}}}},
		{Name: "trace", Title: "查码", View: traceView{}},
		{Name: "trace", Title: "查码 没有记录", View: traceView{Asked: "80000019999999999999", Problem: "没有这个追溯码的记录。请核对后再扫。"}},
		{Name: "trace", Title: "查码 全过程", View: traceView{Pack: whole}},
		{Name: "trace", Title: "查码 链有问题", View: traceView{Pack: broken}},
	}
}
