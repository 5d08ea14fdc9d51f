package web

import (
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// recallSamples are the views of what expires and what is recalled.
func recallSamples() []page.Sample {
	now := time.Date(2026, 11, 23, 1, 12, 0, 0, time.UTC)
	open := inventory.Recall{ID: 12, Class: inventory.RecallSecond, Kind: inventory.RecallBatch, DrugID: 1, GenericName: "演示利培酮片", Spec: "1mg×20片", Batch: "B2403",
		Reason: "有关物质超标", SourceNo: "演药监召〔2026〕17号", StartedBy: "演示药师甲", StartedAt: now.Add(-3 * time.Hour), DueAt: now.Add(45 * time.Hour)}
	asked, late, lifted := open, open, open
	asked.AskedID, asked.AskedBy, asked.AskedAt, asked.LiftReason = 2, "演示药师乙", &now, "复检合格"
	late.ID, late.Kind, late.Codes, late.Class, late.DueAt = 9, inventory.RecallCodes, 36, inventory.RecallFirst, now.Add(-90*time.Minute)
	lifted.ID, lifted.Kind, lifted.LiftedBy, lifted.LiftedAt, lifted.AskedBy, lifted.LiftReason = 3, inventory.RecallDrug, "演示药师甲", &now, "演示药师乙", "复检合格"
	reach := session.RecallReach{Packs: 214, Free: 54, Patients: 120, Unknown: 3, Places: []session.RecallPlace{
		{State: inventory.StateInStore, Name: "在库", Packs: 30}, {State: inventory.StateAllocated, SessionID: 4, Name: "演示新华 11月23日", Packs: 24},
		{State: inventory.StateDispensed, Name: "已发", Packs: 150}, {State: inventory.StateQuarantined, Name: "隔离", Packs: 6}, {State: inventory.StateExpected, Name: "待入库", Packs: 4}}}
	boss := identity.System("样例")
	calls := session.RecallProgress{Patients: 120, Reached: 80}
	in := inventory.Recalling{Class: inventory.RecallSecond, DrugID: 1, Batch: "B2403", Reason: open.Reason, SourceNo: open.SourceNo}
	drugs := []inventory.Drug{{ID: 1, GenericName: "演示利培酮片", Spec: "1mg×20片"}}
	return []page.Sample{
		{Name: "expiry", Title: "近效期", View: newExpiryView(sampleExpiring(), "")}, {Name: "expiry", Title: "近效期 没有", View: newExpiryView(nil, "90")},
		{Name: "recalls", Title: "召回列表", View: withStart(newRecallsView([]inventory.Recall{late, open, lifted}, now))},
		{Name: "recalls", Title: "召回列表 空", View: recallsView{}},
		{Name: "recall_new", Title: "开始召回", View: newRecallForm(in, drugs, "演示利培酮片 没有批号 B2043 的记录。相近的批号有：B2403。请核对后再填；召回没有开始。")},
		{Name: "recall_preview", Title: "确认召回", View: newPreviewView(in, inventory.RecallScope{DrugID: 1, Batch: "B2403"}, reach, "演示利培酮片 1mg×20片")},
		{Name: "recall", Title: "一个召回", View: newRecallView(open, reach, calls, boss, now)},
		{Name: "recall", Title: "召回 等第二人确认解除", View: newRecallView(asked, reach, calls, boss, now)},
		{Name: "recall", Title: "召回 已解除", View: newRecallView(lifted, reach, calls, boss, now)},
		{Name: "recall_clock", Title: "召回倒计时", View: newClockView(open, now)}, {Name: "recall_clock", Title: "召回已超时", View: newClockView(late, now)},
		{Name: "recall_reach", Title: "召回的药盒在哪里", View: newReachView(reach)}, {Name: "recall_reach", Title: "召回的药盒都还没来", View: newReachView(session.RecallReach{Unknown: 3})},
	}
}

func withStart(v recallsView) recallsView {
	v.CanStart = true
	return v
}

func sampleExpiring() []session.Expiring {
	at := func(days int) time.Time { return time.Date(2026, 11, 23+days, 0, 0, 0, 0, time.UTC) }
	one := func(name, spec, batch string, days, packs int, loose int64, places ...session.ExpiringPlace) session.Expiring {
		return session.Expiring{DrugID: 1, Generic: name, Spec: spec, PackWord: "盒", UnitWord: "片", Batch: batch, ExpiresOn: at(days), Days: days, Packs: packs, Loose: loose, Places: places}
	}
	return []session.Expiring{
		one("演示利培酮片", "1mg×20片", "B2311", -4, 2, 0, session.ExpiringPlace{Name: "药房", Packs: 2}),
		one("演示氯氮平片", "25mg×100片", "C2401", 20, 12, 55, session.ExpiringPlace{Name: "药房", Packs: 8, Loose: 55}, session.ExpiringPlace{Name: "演示新华 11月23日", URL: "/sessions/1", Packs: 4}),
		one("演示苯海索片", "2mg×100片", "D2402", 60, 30, 0, session.ExpiringPlace{Name: "药房", Packs: 30}),
		one("演示丙戊酸钠片", "0.2g×100片", "E2405", 150, 40, 0, session.ExpiringPlace{Name: "药房", Packs: 40}),
	}
}
