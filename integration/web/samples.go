package web

import "jingfang/session/page"

// Samples are this package's views with made-up data, for the gallery and for
// the test that renders every view.
func Samples() []page.Sample {
	return append(append(readerSamples(), askSamples()...), []page.Sample{
		{Name: "problems", Title: "取单问题", View: problemsView{CanPull: true, Stream: "最近一次取单 11月23日 09:12，正常。", Rows: []problemRow{
			{ID: 1, Number: "YS-H1102", Reason: "红单 YS-H1102 要冲销的入库单 YS-R1199 还没有收到。红单先放着，原单一到会自动再试；急用请联系发单方重发原单。", About: "第 1 版 · 试过 2 次 · 最早 11月23日 09:12 · 最近 11月23日 09:14", Waits: "YS-R1199"},
			{ID: 2, Number: "YS-R1103", Reason: "入库单 YS-R1103 里有药品目录没有的编码：DEMO099。整张单没有收下，请先同步药品目录，再取这张单。", About: "第 1 版 · 试过 14 次 · 最早 11月21日 16:40 · 最近 11月23日 09:14"},
		}}},
		{Name: "problems", Title: "取单问题 重试没有成功", View: problemsView{CanPull: true, Done: "入库单 YS-R1103 里有药品目录没有的编码：DEMO099。", Bad: true, Stream: "取单连续失败 3 次：连不上 HIS，网络不通或对方没有启动。", Failed: true, Rows: []problemRow{
			{ID: 2, Number: "YS-R1103", Reason: "入库单 YS-R1103 里有药品目录没有的编码：DEMO099。整张单没有收下，请先同步药品目录，再取这张单。", About: "第 1 版 · 试过 15 次 · 最早 11月21日 16:40 · 最近 11月23日 09:20"},
		}}},
		{Name: "problems", Title: "取单问题 空", View: problemsView{Stream: "最近一次取单 11月23日 09:12，正常。", Done: "这张单已经收下，可以在入库列表里看到。"}},
	}...)
}

// askSamples are the pages that ask HIS.
func askSamples() []page.Sample {
	return []page.Sample{
		{Name: "stock_his", Title: "与 HIS 核对库存", View: stockView{Asked: true, About: "11月23日 16:40 核对 3 个批号，2 个不同，排在前面。", Rows: []stockRow{
			{"利培酮片 1mg×20片（演示）", "YS260801", "120 盒", "117 盒", "在库 97 盒，在场次 20 盒", "本系统比 HIS 少 3 盒。"},
			{"盐酸苯海索片 2mg×100片（演示）", "YS260702", "0 瓶", "2 瓶 + 40 片", "在库 2 瓶 + 40 片", "本系统有 2 瓶 + 40 片，HIS 没有这个批号。"},
			{"氯氮平片 25mg×100片（演示）", "YS260703", "40 瓶", "40 瓶", "在库 40 瓶", ""},
		}}},
		{Name: "stock_his", Title: "与 HIS 核对库存 一致", View: stockView{Asked: true, Good: true, About: "11月23日 16:40 核对 1 个批号，全部一致。", Rows: []stockRow{
			{"氯氮平片 25mg×100片（演示）", "YS260703", "40 瓶", "40 瓶", "在库 40 瓶", ""}}}},
		{Name: "stock_his", Title: "与 HIS 核对库存 连不上", View: stockView{Problem: "连不上 HIS，网络不通或对方没有启动。"}},
		{Name: "patient_his", Title: "从 HIS 查患者", View: patientView{Asked: true, Rows: []patientRow{
			{"YS000001", "演示*******", "男 1950 年生", "9999**********0015", "199****0001", true}}, Sites: []option{{"1", "金平 · 演示新华", true}}}},
		{Name: "patient_his", Title: "从 HIS 查患者 没有", View: patientView{Asked: true}},
		{Name: "trace_his", Title: "HIS 查码", View: codeView{Code: &codeCard{"80000010000000000001", "利培酮片 1mg×20片（演示）", "DEMO001", "YS260801", "2028-08-01", "YS202611230001", "", true, "/drugs?code=80000010000000000001#teach"}}},
		{Name: "trace_his", Title: "HIS 查码 不认识", View: codeView{Code: &codeCard{Code: "80000990000000000001", Ours: "在库"}}},
		{Name: "interfaces", Title: "接口", View: interfacesView{Configured: true, Done: "已安排重试，稍后刷新看结果。",
			Pull: pullView{Active: true, Text: "连续失败 3 次：连不上 HIS，网络不通或对方没有启动。 上次成功 11月23日 09:12。", Tone: "bad", Problems: 2, DrugChange: 1},
			Outboxes: []outboxView{{Channel: "dispensing", Heading: "发药上报 · HIS", Active: true, Waiting: 5, Unknown: 1, Failed: 1, Sent: 120},
				{Channel: "insurance", Heading: "发药上报 · 医保"}},
			Rows: []factRow{
				{1, "利培酮片 1mg×20片（演示）", "11月23日 10:02 · 演示新华 · 码尾 000017 · 试过 1 次", "失败", "对方没有接受：已存在已出售的码。", "bad", "再发一次"},
				{2, "氯氮平片 25mg×100片（演示）", "冲销 · 11月23日 10:20 · 演示新华 · 码尾 000004 · 试过 1 次", "未知", "HIS 没有在 15 秒内应答。对方是否已处理不清楚，会先查询，不会重复发送。", "caution", "现在查询"}},
			Programmes: []programmeRow{{"免费服药项目（演示）", "其余精防点", "免费"}}, Sites: []option{{"0", "全部精防点", true}}, Payers: []option{{"free", "免费", true}, {"insured", "医保", false}, {"self", "自费", false}}}},
		{Name: "interfaces", Title: "接口 没有配置", View: interfacesView{Pull: pullView{Active: true, Text: "还没有取过单。", Tone: "soft"}, Outboxes: []outboxView{{Channel: "dispensing", Heading: "发药上报"}}}},
	}
}
