package web

import (
	"jingfang/session/page"
)

// Samples are this package's views with made-up data, for the gallery and for the
// test that renders every view.
func Samples() []page.Sample {
	filter := sampleFilter()
	running := page.Work{ID: "check-work", Running: true, URL: "#", CancelURL: "#", Doing: "正在核对", Stop: "停止核对", Progress: "420000 / 1000000 盒", Percent: 42}
	wrong := page.Work{ID: "check-work", Tone: "bad", Sentence: "第一处不符：追溯码 80000010000000000012：余 20，流水算出余 15。", Links: []page.WorkLink{{Icon: "trace", Word: "查这个码", URL: "#"}}}
	return append([]page.Sample{
		{Name: "ledger_filter", Title: "统计的条件", View: filter},
		{Name: "ledger_sum", Title: "收发等式", View: sampleSum()},
		{Name: "stock_check", Title: "核对有不符", View: checkView{CanStart: true, Work: wrong}},
		{Name: "stock_check", Title: "核对库存", View: checkView{CanStart: true, Work: running, Rows: []checkRow{
			{Sentence: "11月23日 02:03 夜间核对：全部一致（1000000 盒，3000000 条流水）。", By: "用时 21.3s", Word: "一致", Tone: "good"},
			{Sentence: "11月22日 09:10 核对：第一处不符：追溯码 80000010000000000012：余 20，流水算出余 15。", By: "演示药师甲 · 用时 3s", Word: "不符", Tone: "bad", URL: "#"}}}},
		{Name: "stock_check", Title: "核对库存 还没有", View: checkView{Work: page.Work{ID: "check-work"}}},
	}, append(append(ledgerSamples(filter), registerSamples()...), statSamples()...)...)
}

func sampleFilter() filterView {
	v := filterView{From: "2026-11-01", To: "2026-11-23", Drugs: []optionView{{Word: "全部药品", Chosen: true}, {"1", "演示利培酮片 1mg×20片", false}},
		Sites: []optionView{{Word: "全部精防点", Chosen: true}, {"1", "演示新华", false}}}
	v.fillPlaces()
	return v
}

func sampleSum() sumView {
	return sumView{Opening: "1204盒35片", In: "360盒", Out: "288盒40片", Opened: "-2盒40片", Closing: "1274盒35片"}
}

func ledgerSamples(filter filterView) []page.Sample {
	rows := []ledgerRow{
		{Drug: "演示利培酮片 1mg×20片", Opening: "820盒", In: "240盒", Out: "200盒", Closing: "860盒", InURL: "#", OutURL: "#", BatchURL: "#"},
		{Drug: "演示氯氮平片 25mg×100片", Opening: "384瓶35片", In: "120瓶", Out: "88瓶40片", Opened: "拆2瓶为200片", Closing: "414瓶195片", InURL: "#", OutURL: "#", BatchURL: "#"},
	}
	whole := ledgerView{Filter: filter, Period: "2026年11月1日 至 2026年11月23日", Sum: sampleSum(), Rows: rows, PDFURL: "#", At: "2026-11-23 10:00:00"}
	wrong := whole
	wrong.Wrong = []string{"演示利培酮片 1mg×20片：按流水现在应有 861盒，药盒登记为 860盒。"}
	wrong.Rows = append([]ledgerRow{{Drug: "演示利培酮片 1mg×20片", Batch: "B2403", Opening: "820盒", In: "240盒", Out: "200盒", Closing: "860盒", InURL: "#", OutURL: "#", Wrong: true}}, rows[1])
	wrong.Cut = "共 1204 行，这里列出前 400 行，合计是全部的。请选一种药品，或下载 PDF。"
	kinds := whole
	kinds.Rows, kinds.Kinds = nil, []kindRow{{"扫码入库", "360盒", "0", "#", 360}, {"发药", "0", "288盒40片", "#", 291}}
	whole.Open = []openCount{{"演示利培酮片 1mg×20片：2026-11-20 盘点 PD20261120-5 按数少 2 盒，还没有逐盒查清（冷柜锁着）。请再盘一次，把这种药逐盒扫一遍。", "#"}}
	places := ledgerView{Filter: filter, Period: whole.Period, At: whole.At, Places: []placeRow{{"药房", sampleSum(), "#"}, {"义诊场次", sumView{"0", "300盒", "288盒40片", "", "11盒60片"}, "#"}}}
	return []page.Sample{
		{Name: "ledger", Title: "收发统计", View: whole},
		{Name: "ledger", Title: "收发统计 不平衡", View: wrong},
		{Name: "ledger", Title: "收发统计 按类别", View: kinds},
		{Name: "ledger", Title: "收发统计 按地点", View: places},
		{Name: "ledger", Title: "收发统计 没有收发", View: ledgerView{Filter: filter, Period: whole.Period}},
		{Name: "ledger", Title: "收发统计 日期不对", View: ledgerView{Filter: filter, Problem: "结束日期早于开始日期。请对调后再查。"}},
		{Name: "ledger_moves", Title: "数字后面的流水", View: movesView{Title: "药房 入账流水", Period: whole.Period, Sum: "共 128 条：入 360盒，出 0。", Back: "#", Next: "#", Rows: []moveRow{
			{At: "2026-11-02 10:03", Kind: "扫码入库", Drug: "演示利培酮片 1mg×20片", About: "批号 B2403 · 入库单 YS-R0001 · 演示药师甲", Tail: "6312", URL: "#", Much: "＋1盒"}}}},
		{Name: "ledger_moves", Title: "没有流水", View: movesView{Title: "流水", Problem: "没有这种流水类别。请从收发统计页点进来。", Back: "#"}},
	}
}

func registerSamples() []page.Sample {
	lines := []registerLine{
		{Day: "2026-11-02", Voucher: "YS-R0003", Summary: "扫码入库：中心药库→药房", Batch: "B2501 效期 2028-03-31", In: "40盒", Balance: "112盒", Who: "演示药师甲 / 演示药师乙", Keep: "保存至 2033-03-31"},
		{Day: "2026-11-23", Voucher: "处方 R-00012", Summary: "发药：演示新华 11月23日→患者；演示患者甲 999900000001；30 天，超量理由：慢性病长期用药", Batch: "B2501 效期 2028-03-31", Out: "2盒", Balance: "110盒", Who: "演示医生甲 / 演示药师甲", Keep: "保存至 2033-03-31"},
		{Day: "2026-11-23", Voucher: "就诊 12-14", Summary: "发药：演示新华 11月23日→患者；演**；28 天，超量未注明理由", Batch: "B2501 效期 2028-03-31", Out: "2盒", Balance: "108盒", Who: "演示医生乙 / 演示药师甲", Keep: "保存至 2033-03-31", Bad: true},
	}
	open := registerOpen{Drug: "演示阿普唑仑片 0.4mg×20片", Class: "精二", About: "演示药厂 · 2026-11-01 至 2026-11-23", Limit: "处方管理办法：第二类精神药品一般每张处方不得超过7日常用量。",
		Keep: "专用账册自药品有效期期满之日起保存不少于5年。", Opening: "72盒", Closing: "108盒", Right: true, Lines: lines, PDFURL: "#", SheetURL: "#", CSVURL: "#", Back: "#", At: "2026-11-23 10:00:00"}
	wrong := open
	wrong.Right, wrong.Problem, wrong.Lines, wrong.Cut = false, "演示阿普唑仑片：按流水现在应有 109盒，药盒登记为 108盒。", nil, "共 900 笔，这里列出前 500 笔。请缩短日期，或下载 PDF。"
	list := registerView{From: "2026-11-01", To: "2026-11-23", CanRule: true, Sites: []optionView{{"", "药房账上全部", true}, {"1", "演示新华的场次", false}}, Drugs: []registerDrug{
		{Name: "演示阿普唑仑片 0.4mg×20片", Class: "精二", Tone: "info", About: "演示药厂", URL: "#"}, {Name: "演示某药 10mg×10片", Class: "类别未知", Tone: "caution", About: "请在药品目录登记管理类别", URL: "#"}},
		Rules:   []ruleRow{{"精二", "2007-05-01", "超过 7 天须注明理由。处方管理办法。", "账册保存到有效期满后 5 年。"}},
		Classes: []optionView{{"精二", "精二", true}, {"普", "普通", false}}}
	return []page.Sample{
		{Name: "ledger_controlled", Title: "专用账册", View: list},
		{Name: "ledger_controlled", Title: "专用账册 没有", View: registerView{From: "2026-11-01", To: "2026-11-23"}},
		{Name: "ledger_controlled", Title: "专用账册 日期不对", View: registerView{Problem: "结束日期早于开始日期。请对调后再查。"}},
		{Name: "ledger_controlled", Title: "一本专用账册", View: registerView{From: "2026-11-01", To: "2026-11-23", Open: &open}},
		{Name: "ledger_controlled", Title: "专用账册不相符", View: registerView{Open: &wrong}},
	}
}
