package web

func sampleCartons() cartonsView {
	return cartonsView{URL: "/receipts/1", Rows: []cartonRow{
		{ID: 1, Drug: "演示利培酮片 1mg×20片", Word: "箱", Head: "8323456000000000", Tail: "0001", Scanned: 8, Nominal: 10},
		{ID: 2, Drug: "演示苯海索片 2mg×100片", Word: "中包", Head: "8223457000000000", Tail: "0007", Nominal: 5, Holder: "演示工作人员", Empty: true},
	}}
}

func sampleCodeless() codelessView {
	return codelessView{URL: "/receipts/1", Open: true, Signed: 2, Asked: 1, LabelsURL: "/receipts/1/codeless/labels",
		Lines:   []codelessLine{{1, "演示利培酮片 1mg×20片 · 批号 B2403 · 还差 30 盒"}},
		Reasons: []codelessReason{{"damaged", "码破损，扫不出", true}, {"missing", "盒上没有码", false}, {"covered", "码被盖住或贴了别的标签", false}},
		Boxes:   []codelessBox{{"WM202611230000000127", "…0127　演示利培酮片 1mg×20片"}},
		Rows: []codelessRow{
			{ID: 2, Drug: "演示利培酮片 1mg×20片", About: "码破损，扫不出 · 能看清：末四位 6312", Who: "11月23日 09:12 演示工作人员 登记", Waiting: true, CanConfirm: true, CanTakeBack: true, Packs: 1, Pack: "盒"},
			{ID: 1, Drug: "演示苯海索片 2mg×100片", About: "盒上没有码", Who: "11月23日 09:02 演示工作人员 登记 · 演示药师 确认", Packs: 2, Pack: "瓶",
				Codes: []codelessCode{{"WM20261123000000", "0127", ""}, {"WM20261123000000", "023K", "81234560000000000042"}}},
		}}
}

func sampleSheet() sheetView {
	work := sampleWork()
	return sheetView{URL: "/receipts/1/differences", Receipt: "/receipts/1", Number: "YS-R1102", About: "中心药库 · 11月23日 · 3 种 120 盒", PDFURL: "/receipts/1/differences.pdf",
		Expected: 120, Received: 84, Missing: 36, Refused: 2, Codeless: 2, WrongBatch: 1, Lines: work.Lines, Boxes: work.Boxes, Without: sampleCodeless().Rows,
		Batches: []batchRow{{"演示利培酮片 1mg×20片", "8123456000000000", "6312", "批号 B2403 · 有效期 2028-03-31", "批号 B2404 · 有效期 2028-03-31"}},
		Surplus: 1, Extra: []surplusBox{{Drug: "演示苯海索片 2mg×100片", About: "批号 B2399 · 有效期 2027-11-30", Where: "已入库，需退回药库", Tail: "0077", Why: "新的一版没有这盒", Packs: 1, Pack: "瓶", InStore: true}},
		Sign: &signView{ID: 1, URL: "/receipts/1/differences", Asker: "11月23日 09:30　演示工作人员", Remark: "已电话告知中心药库", Waiting: true, CanConfirm: true, CanRefuse: true,
			Figures: "少 36 盒 · 多出或不明 2 盒 · 无码 2 盒 · 批号不符 1 盒"}}
}

func sampleLabels() labelsView {
	v := labelsView{Back: "/receipts/1"}
	for _, tail := range []string{"0127", "023K"} {
		size, path, err := qrPath("WM20261123000000" + tail)
		if err != nil {
			panic(err) // twenty letters and digits always fit
		}
		v.Labels = append(v.Labels, codelessLabel{size, path, "WM20261123000000", tail, "演示利培酮片 1mg×20片", "B2403"})
	}
	return v
}

func sampleRelationAnswer() relationAnswer {
	return relationAnswer{Name: "演示关系.xml", Total: 53, More: 50, Problems: []string{
		"第 18 行，追溯码 81234560000000000018：有两个上级码：第 7 行是 83234560000000000001，这里是 83234560000000000002。",
		"第 42 行，追溯码 83234560000000000003：只有 9 盒，整箱应是 10 盒；不满的箱要标为零箱。",
		"第 60 行，追溯码 81999990000000000001：前缀 8199999 还没有对照药品（未对照），请药师先在药品页对照。"}}
}

func sampleRelation() relationView {
	return relationView{URL: "/cartons/2", Name: "演示关系.xml", Cartons: 3, Middles: 6, Small: 60, Odd: 1, Known: 4,
		Drugs: []relationDrug{{"演示利培酮片 1mg×20片", "批号 B2403 · 有效期至 2028-03-31", 40}, {"演示苯海索片 2mg×100片", "批号 不明", 20}}}
}
