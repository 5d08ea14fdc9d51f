package web

import "jingfang/session/page"

// Samples are this package's views with made-up data, for the gallery and for
// the test that renders every view.
func Samples() []page.Sample {
	return append(readerSamples(), []page.Sample{
		{Name: "problems", Title: "取单问题", View: problemsView{CanTry: true, Stream: "最近一次取单 11月23日 09:12，正常。", Rows: []problemRow{
			{ID: 1, Number: "YS-H1102", Reason: "红单 YS-H1102 要冲销的入库单 YS-R1199 还没有收到。红单先放着，原单一到会自动再试；急用请联系发单方重发原单。", About: "第 1 版 · 试过 2 次 · 最早 11月23日 09:12 · 最近 11月23日 09:14", Waits: "YS-R1199"},
			{ID: 2, Number: "YS-R1103", Reason: "入库单 YS-R1103 里有药品目录没有的编码：DEMO099。整张单没有收下，请先同步药品目录，再取这张单。", About: "第 1 版 · 试过 14 次 · 最早 11月21日 16:40 · 最近 11月23日 09:14"},
		}}},
		{Name: "problems", Title: "取单问题 重试没有成功", View: problemsView{CanTry: true, Done: "入库单 YS-R1103 里有药品目录没有的编码：DEMO099。", Bad: true, Stream: "取单连续失败 3 次：连不上 HIS，网络不通或对方没有启动。", Failed: true, Rows: []problemRow{
			{ID: 2, Number: "YS-R1103", Reason: "入库单 YS-R1103 里有药品目录没有的编码：DEMO099。整张单没有收下，请先同步药品目录，再取这张单。", About: "第 1 版 · 试过 15 次 · 最早 11月21日 16:40 · 最近 11月23日 09:20"},
		}}},
		{Name: "problems", Title: "取单问题 空", View: problemsView{Stream: "最近一次取单 11月23日 09:12，正常。", Done: "这张单已经收下，可以在入库列表里看到。"}},
	}...)
}
