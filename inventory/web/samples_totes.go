package web

import (
	"time"

	"jingfang/inventory"
	"jingfang/session/page"
)

// toteSamples are made-up views of the totes.
func toteSamples() []page.Sample {
	at := time.Date(2026, 11, 23, 1, 12, 0, 0, time.UTC)
	ends := time.Date(2028, 3, 31, 0, 0, 0, 0, time.UTC)
	open := inventory.Tote{ID: 1, Code: "JFT0123456789A", Name: "1 号", InStore: 3}
	sealed := inventory.Tote{ID: 2, Code: "JFT0123456789B", Name: "2 号", InStore: 38, Sealed: &at, SealedPacks: 38}
	changed := inventory.Tote{SetApart: 2, ID: 3, Code: "JFT0123456789C", Name: "急用", InStore: 10, Away: 2, Sealed: &at, SealedPacks: 40}
	retired := inventory.Tote{ID: 5, Code: "JFT0123456789D", Name: "5 号", Retired: &at}
	holds := []inventory.ToteDrug{{Generic: "演示利培酮片", Spec: "1mg×20片", Packs: 30}, {Generic: "演示苯海索片", Spec: "2mg×100片", Packs: 8}}
	stuck := newToteView(sealed, newToteWork(sealed, nil, false))
	stuck.Problem = "周转箱 2 号里还有 38 盒，不能停用。请先开箱，把药盒全部拿出。"
	var packs []inventory.TotePack
	for _, code := range []string{"80000010000000006312", "80000010000000006313", "80000010000000006314"} {
		packs = append(packs, inventory.TotePack{Code: code, Generic: "演示利培酮片", Spec: "1mg×20片", Batch: "B2403", ExpiresOn: &ends, State: inventory.StateInStore, PutAt: at})
	}
	work := newToteWork(open, packs, false)
	work.Said = []saidRow{{Drug: "演示利培酮片 …6320", Word: "注意", Tone: "caution", Why: "演示利培酮片 1mg×20片 记在 周转箱 2 号 里，已封箱。请先开箱，再从里面拿。"}}
	code, err := page.NewQR(open.Code)
	if err != nil {
		panic(err) // the text above is ours
	}
	view := func(t inventory.Tote, w toteWorkView) toteView {
		return newToteView(t, w)
	}
	return []page.Sample{
		{Name: "totes", Title: "周转箱", View: totesView{Rows: []toteRow{newToteRow(open, holds), newToteRow(sealed, append(holds, holds...)), newToteRow(changed, nil),
			newToteRow(inventory.Tote{ID: 4, Name: "4 号"}, nil)}, Retired: []toteRow{newToteRow(retired, nil)}}},
		{Name: "totes", Title: "周转箱 空", View: totesView{Error: "已经有叫这个名字的周转箱，请换一个名字。"}},
		{Name: "tote", Title: "周转箱 装箱", View: view(open, work)},
		{Name: "tote", Title: "周转箱 已封", View: view(sealed, newToteWork(sealed, packs, false))},
		{Name: "tote", Title: "周转箱 有变化", View: view(changed, newToteWork(changed, packs, false))},
		{Name: "tote", Title: "周转箱 已停用", View: view(retired, newToteWork(retired, nil, false))},
		{Name: "tote", Title: "周转箱 不能停用", View: stuck},
		{Name: "tote_work", Title: "周转箱 空", View: newToteWork(inventory.Tote{ID: 4, Name: "4 号"}, nil, false)},
		{Name: "tote_label", Title: "周转箱标签", View: toteLabelsView{Title: "标签 1 号", Back: "#", Labels: []toteLabel{{open.Name, open.Code, code}}}},
		{Name: "tote_label", Title: "没有标签可打", View: toteLabelsView{Title: "全部标签", Back: "#"}},
	}
}
