package web

import (
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
)

func sampleRecalls() []page.Sample {
	s := sampleBoard()
	s.Stock[0].RecallID, s.Stock[0].RecallClass, s.Stock[0].Recalled, s.Stock[0].RecalledGiven = 3, inventory.RecallSecond, 5, 2
	stock := newStockView(s.Stock, scopeOf(forPharmacist))
	boss := identity.System("样例")
	people := sampleRecallList()
	view := newRecallPeopleView(people, boss, "", 1)
	view.Page, view.NextURL = "第 1 / 3 页", "#"
	return []page.Sample{
		{Name: "board_recalls", Title: "本场有召回的药", View: newRecallsPart(s.Stock)}, {Name: "board_recalls", Title: "没有召回", View: recallsPart{}},
		{Name: "board_stock", Title: "余量里有召回的药", View: stock},
		{Name: "recall_patients", Title: "召回的患者", View: view},
		{Name: "recall_patients", Title: "召回的患者 没有", View: newRecallPeopleView(session.RecallList{Recall: people.Recall}, boss, "", 1)},
		{Name: "recall_person", Title: "召回的一位患者", View: newRecallPersonView(3, people.Patients[1], boss)},
		{Name: "recall_progress", Title: "联系的进度", View: newRecallProgressView(session.RecallProgress{Patients: 120, Reached: 80}, false)},
		{Name: "recall_phone", Title: "电话", View: recallPhoneView{Phone: "13900000000"}}, {Name: "recall_phone", Title: "没有电话", View: recallPhoneView{}},
		{Name: "recall_history", Title: "联系记录", View: newRecallHistoryView([]session.Contact{people.Patients[1].Contact})}, {Name: "recall_history", Title: "没有联系记录", View: recallHistoryView{}},
		{Name: "recall_hint", Title: "首页的召回提示", View: recallHintView{URL: "/recalls", Open: 2, Word: "最近还剩", Figure: "3 小时 12 分"}},
	}
}

func sampleRecallList() session.RecallList {
	at := time.Date(2026, 11, 23, 1, 12, 0, 0, time.UTC)
	box := func(tail string, returned bool) session.RecallBox {
		return session.RecallBox{Code: "8000001000000000" + tail, Generic: "演示利培酮片", Spec: "1mg×20片", Batch: "B2403", Quantity: 20, Content: 20, PackWord: "盒", UnitWord: "片",
			At: at.AddDate(0, 0, -14), Site: "演示新华", Doctor: "演示医生甲", Returned: returned}
	}
	return session.RecallList{At: at, Reached: 2,
		Recall: inventory.Recall{ID: 3, Class: inventory.RecallSecond, Kind: inventory.RecallBatch, GenericName: "演示利培酮片", Spec: "1mg×20片", Batch: "B2403"},
		Patients: []session.RecallPatient{
			{ID: 1, Number: "000012", Name: "演示甲", HomeSite: "演示新华", Boxes: []session.RecallBox{box("6312", false), box("6313", false)}, Contact: session.Contact{State: session.NotYet}},
			{ID: 2, Number: "000015", Name: "演示乙", HomeSite: "演示广兴", Boxes: []session.RecallBox{box("6320", false)}, Contact: session.Contact{State: session.ToldOfIt, Note: "家属接听，下周带来", By: "演示药师甲", At: at}},
			{ID: 3, Number: "000019", Name: "演示丙", HomeSite: "演示新华", Boxes: []session.RecallBox{box("6344", true)}, Contact: session.Contact{State: session.HandedBack, Note: "药盒已登记退回"}},
		}}
}
