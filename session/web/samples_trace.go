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
	return []page.Sample{
		{Name: "trace", Title: "查码", View: traceView{}},
		{Name: "trace", Title: "查码 没有记录", View: traceView{Asked: "80000019999999999999", Problem: "没有这个追溯码的记录。请核对后再扫。"}},
		{Name: "trace", Title: "查码 全过程", View: traceView{Pack: whole}},
		{Name: "trace", Title: "查码 链有问题", View: traceView{Pack: broken}},
	}
}
