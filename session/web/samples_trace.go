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
	whole.Notes = []noteView{{Text: "来自箱 …004512"}, {Text: "二级召回 ZH000003，2026-11-23 起，演示药师甲", Bad: true}}
	whole.Batch = "#"
	steps[1].Links, steps[3].Links = []linkView{{"这张单的每一盒", "#"}}, []linkView{{"这位患者领过的药", "#"}}
	rows := []boxRow{{Head: "8000001000000000", Tail: "6312", Drug: "演示利培酮片 1mg×20片", State: "已发", Tone: "good", About: "演示新华 2026-11-23 · 13 号 演**", URL: "#"},
		{Head: "8000001000000000", Tail: "6313", Drug: "演示利培酮片 1mg×20片", State: "在库", Tone: "good", URL: "#"}}
	batch := boxesView{Title: "批号 B2403", About: "演示利培酮片 1mg×20片", Notes: whole.Notes[1:], Counts: []countView{{"420", "共"}, {"300", "已发"}, {"80", "在库"}, {"40", "演示新华"}},
		PeopleWord: "120 位患者领过", People: []personRow{{"演**", "演示新华 · 2026-11-23", "2 盒", "#"}}, Rows: rows, Next: "#"}
	look := lookView{Band: page.Band{Tone: page.Soft, Text: "只查看，没有改动：演示利培酮片 1mg×20片 在库，在药房。"}, Rows: []lookRow{{"…6312 演示利培酮片 1mg×20片", "看全过程", "#"}, {Title: "还有 3 个码"}}}
	return []page.Sample{
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
