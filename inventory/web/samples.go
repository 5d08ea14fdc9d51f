package web

import "jingfang/session/page"

// Samples are this package's views with made-up data, for the gallery and for
// the test that renders every view.
func Samples() []page.Sample {
	work := sampleWork()
	done := sampleWork()
	done.Lines, done.Boxes, done.Said = nil, nil, nil
	done.Missing, done.Refused, done.Received, done.Percent = 0, 0, done.Expected, 100
	closed := done
	closed.Open, closed.Closed = false, "11月23日 09:12 由演示药师完成"
	band := page.Band{Tone: page.Good, Text: "演示利培酮片 1mg×20片 已入库。", Detail: "追溯码 …6312", Figure: "84", Unit: "/ 120 盒"}
	list := append(toteSamples(), asideSamples()...)
	list = append(append(list, recallSamples()...), sampleDrugChanges()...)
	list = append(list, stocktakeSamples()...)
	list = append(append(list, paperSamples()...), openingSamples()...)
	return append(list, []page.Sample{
		{Name: "receipts", Title: "入库列表", View: receiptsView{Filters: sampleFilters(), ShowOpen: true, ShowDone: true, Open: sampleReceipts(), Done: sampleDone(), Packs: 96, Overdue: 1}},
		{Name: "receipts", Title: "入库列表 空", View: receiptsView{ShowOpen: true}},
		{Name: "receipt_row", Title: "入库列表的一行", View: sampleReceipts()[0]},
		{Name: "receipt", Title: "扫码入库", View: receiptView{URL: "/receipts/1", Number: "YS-R1102", About: "中心药库 · 11月23日 · 3 种 120 盒", Paste: pasteView{URL: "/receipts/1"}, Work: work}},
		{Name: "receipt", Title: "扫码入库 没有差异", View: receiptView{URL: "/receipts/1", Number: "YS-R1102", About: "中心药库 · 11月23日 · 3 种 120 盒", Paste: pasteView{URL: "/receipts/1"}, Work: done}},
		{Name: "receipt", Title: "入库单 已完成", View: receiptView{URL: "/receipts/1", Number: "YS-R1102", About: "中心药库 · 11月23日 · 3 种 120 盒", Paste: pasteView{URL: "/receipts/1"}, Work: closed}},
		{Name: "receipt_work", Title: "入库的进度", View: work},
		{Name: "receipt_differences", Title: "入库的差异", View: work},
		{Name: "receipt_paste", Title: "粘贴很多码", View: pasteView{URL: "/receipts/1"}},
		{Name: "receipt_band", Title: "入库的回执", View: band},
		{Name: "receipt_cartons", Title: "正在扫的箱", View: sampleCartons()},
		{Name: "receipt_codeless", Title: "无码", View: sampleCodeless()},
		{Name: "codeless_rows", Title: "无码的登记", View: sampleCodeless()},
		{Name: "sheet_sign", Title: "差异单的签名", View: *sampleSheet().Sign},
		{Name: "receipt_sheet", Title: "差异单", View: sampleSheet()},
		{Name: "receipt_sheet", Title: "差异单 没有差异", View: sheetView{URL: "/receipts/1/differences", Receipt: "/receipts/1", Number: "YS-R1102", Expected: 120, Received: 120, None: true}},
		{Name: "codeless_labels", Title: "无码标签", View: sampleLabels()},
		{Name: "codeless_labels", Title: "无码标签 空", View: labelsView{Back: "/receipts/1"}},
		{Name: "relations", Title: "箱码关系", View: relationsView{Answer: sampleRelationAnswer(), Files: []relationRow{
			{URL: "/cartons/2", Name: "演示关系.xml", About: "11月23日 09:12 演示药师 · 3 箱 60 盒", Word: "待导入", Tone: "caution"},
			{URL: "/cartons/1", Name: "演示关系.csv", About: "11月20日 09:12 演示药师 · 1 箱 10 盒", Word: "已导入", Tone: "good"}}}},
		{Name: "relations", Title: "箱码关系 空", View: relationsView{}},
		{Name: "relation_answer", Title: "关系文件的问题", View: sampleRelationAnswer()},
		{Name: "relation", Title: "关系文件 检查过", View: sampleRelation()},
		{Name: "relation", Title: "关系文件 已导入", View: relationView{URL: "/cartons/1", Name: "演示关系.csv", Cartons: 1, Small: 10, Imported: "11月20日 09:12 演示药师"}},
		{Name: "stock", Title: "药房库存", View: sampleStock()},
		{Name: "stock", Title: "药房库存 空", View: stockView{CanReceive: true}},
		{Name: "drugs", Title: "药品目录", View: sampleDrugs()},
		{Name: "drugs", Title: "药品目录 空", View: drugsView{}},
	}...)
}

func sampleReceipts() []receiptRow {
	return []receiptRow{
		{URL: "/receipts/1", Number: "YS-R1102", About: "中心药库 · 11月23日 · 3 种 120 盒", Word: "入库中", Tone: "info", Expected: 120, Received: 84, Missing: 36, Refused: 1, Started: true, Differ: 1, Note: "第 2 版", Late: "已等 3 天"},
		{URL: "/receipts/2", Number: "YS-R1103", About: "中心药库 · 11月23日 · 2 种 60 盒", Word: "待入库", Tone: "soft", Expected: 60, Missing: 60},
	}
}

func sampleWork() receiptWorkView {
	return receiptWorkView{
		URL: "/receipts/1", Open: true, Expected: 120, Received: 84, Missing: 36, Refused: 2, Percent: 70, CanTeach: true,
		Said: []saidRow{{Drug: "读到：6901234567892", Word: "注意", Tone: "caution", Why: "这是商品码，不是追溯码。请扫标着“药品追溯码”的那一个。"}},
		Last: []lastRow{
			{Code: "81234567890123456312", Head: "8123456789012345", Tail: "6312", Drug: "演示利培酮片", About: "1mg×20片 · 批号 B2403", Until: "2028-03-31", At: "09:12:07"},
			{Code: "81234567890123456313", Head: "8123456789012345", Tail: "6313", Drug: "演示利培酮片", About: "1mg×20片 · 批号 B2403", Until: "2028-03-31", At: "09:12:05"},
		},
		Lines: []missingRow{
			{Drug: "演示利培酮片 1mg×20片", Batch: "B2403", Missing: 30, Packs: 60, Pack: "盒", Codes: []string{"6314", "6315", "6316"}, More: 27},
			{Drug: "演示苯海索片 2mg×100片", Batch: "B2399", Missing: 6, Packs: 40, Pack: "盒"},
		},
		Boxes: []boxRow{
			{ID: 1, Head: "8199999000000000", Tail: "0001", Why: "这个码的前缀还没有对照药品（未对照）。请药师对照一次，之后就能识别。", TeachURL: teachURL("81999990000000000001", 1)},
			{ID: 2, Head: "8123456789012345", Tail: "9999", Why: "此药 不在这张入库单上，或已经扫满。请把这盒放到一边，完成时列入差异。"},
		},
	}
}

func sampleStock() stockView {
	return stockView{CanReceive: true, Check: &checkNote{"11月23日 02:03 夜间核对：全部一致（30172 盒，90516 条流水）。", "good"}, Drugs: 2, Packs: 188, Away: 40, Soon: 12, Expired: 2, Rows: []shelfRow{
		{Drug: "演示利培酮片 1mg×20片", Pack: "盒", Unit: "片", Packs: 148, Away: 40, First: "2027-03-31"},
		{Drug: "演示氯氮平片 25mg×100片", Pack: "瓶", Unit: "片", Packs: 40, Loose: 55, Soon: 12, Expired: 2, First: "2027-01-15"},
	}}
}

func sampleDrugs() drugsView {
	return drugsView{
		Rows: []drugRow{
			{Name: "演示利培酮片 1mg×20片", Maker: "演示药厂", HISCode: "YS001", Class: "普通", ClassTone: "soft", Content: "每盒 20 片",
				Prefixes: []prefixChip{{"8123456", "小盒 · 20 片"}, {"8123457", "箱 · 4000 片"}}},
			{Name: "演示阿普唑仑片 0.4mg×24片", Maker: "演示药厂", HISCode: "YS002", Class: "精二", ClassTone: "info", Content: "每盒 24 片", Loose: true},
		},
		Teach: &teachView{Code: "81999990000000000001", Problem: "前缀 8199999 已对照为 演示利培酮片。确实要改，请勾选“改掉原来的对照”。",
			Choices: []drugChoice{{1, "演示利培酮片 1mg×20片", true}, {2, "演示阿普唑仑片 0.4mg×24片", false}},
			Levels:  []levelChoice{{1, "小盒", true}, {2, "中包", false}, {3, "箱", false}}},
	}
}
