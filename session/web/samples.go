package web

import (
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/page"
)

// Samples are made-up views of every page and fragment, for the gallery.
func Samples() []page.Sample {
	head := headView{ID: 1, Site: "演示新华", Date: "11月23日", URL: "#"}
	busy, quiet := newBoardView(sampleBoard(), forPharmacist), newBoardView(session.Snapshot{Session: session.Session{State: session.Planned}}, forPharmacist)
	visit := sampleVisit()
	next := &nextView{URL: "#", Visit: "v", First: busy.Queue.Next}
	bench := benchView{URL: "#", Total: "36", Unit: "盒", More: " + 2 瓶 + 40 片", Short: "6", Basis: "按应到 34 人上次所发推算，其中 2 人没有记录，按平均计。", Rows: sampleProposal(), Last: []packedRow{
		{Drug: "演示利培酮片 1mg×20片", Tail: "6312", Word: "好", Tone: "good", Why: "演示利培酮片 已装入本场药箱。"},
		{Drug: "读到：6901234567892", Word: "注意", Tone: "caution", Why: inventory.KindCommodityCode.Sentence(inventory.Details{})}}}
	list := []page.Sample{
		{Name: "day", Title: "今天", View: dayView{Date: "11月23日", Weekday: "星期一", Today: true, PrevURL: "#", NextURL: "#", TodayURL: "#", CanPlan: true, Rows: []dayRow{
			{URL: "#", Site: "演示新华", Doctors: "演示医生甲、演示医生乙", Word: "进行中", Tone: "good", Figure: "34", Detail: "已看 12", Unsigned: "3"},
			{URL: "#", Site: "演示广兴", Place: "上门 · 行动不便", Doctors: "演示医生丙", Word: "待开始", Tone: "info", Figure: "0", Detail: "已看 0"}}}},
		{Name: "day", Title: "工作人员的今天", View: dayView{Date: "11月23日", Weekday: "星期一", Today: true, PrevURL: "#", NextURL: "#", TodayURL: "#", Errands: sampleErrands(), Rows: []dayRow{
			{URL: "#", Site: "演示新华", Doctors: "演示医生甲、演示医生乙", Word: "进行中", Tone: "good", Figure: "34", Detail: "已看 12"}}}},
		{Name: "errands", Title: "今天要做的", View: sampleErrands()},
		{Name: "day", Title: "没有场次", View: dayView{Date: "11月24日", Weekday: "星期二", PrevURL: "#", NextURL: "#", TodayURL: "#"}},
		{Name: "plan", Title: "安排场次", View: planView{Date: "2026-11-23", Today: "2026-11-23", Sites: []choiceView{{Value: "1", Word: "金平 · 演示新华"}},
			Staff: []staffChoice{{ID: "1", Name: "演示医生甲", Doctor: true}, {ID: "2", Name: "演示药师甲", Duty: true}, {ID: "3", Name: "演示工作人员"}}, Error: "请至少选一名医生。"}},
		{Name: "room", Title: "药师的场次", View: roomView{Head: head, Board: busy, CanPack: true, CheckIn: &checkInView{URL: "#", Visit: "v"}}},
		{Name: "room", Title: "还没有开始", View: roomView{Head: head, Board: quiet, Planned: true, CanOpen: true, CanPack: true}},
		{Name: "table", Title: "医生：等下一位", View: tableView{Head: head, Board: busy, Desk: deskView{URL: "#", Next: next}}},
		{Name: "table", Title: "医生：就诊中", View: tableView{Head: head, Board: busy, Desk: deskView{URL: "#", Visit: visit}}},
		{Name: "packing", Title: "配药装箱", View: packingView{Head: head, Bench: bench}},
	}
	list = append(list, signatureSamples(head)...)
	list = append(list, traceSamples()...)
	list = append(list, planningSamples()...)
	list = append(list, historySamples()...)
	list = append(list, paperSamples()...)
	list = append(list, packingSamples()...)
	list = append(list, bagSamples()...)
	list = append(list, sampleQueue()...)
	list = append(list, sampleCorrect()...)
	list = append(list, sampleRequests()...)
	list = append(list, sampleAlarms()...)
	list = append(list, sampleRecalls()...)
	list = append(list, sampleDesk()...)
	list = append(list, sampleOffline()...)
	list = append(list, closingSamples()...)
	list = append(list, returnSamples()...)
	list = append(list, absentSamples()...)
	return append(list, samplePieces(busy, deskView{URL: "#", Visit: visit}, next, bench)...)
}

func samplePieces(b boardView, desk deskView, next *nextView, bench benchView) []page.Sample {
	return []page.Sample{
		{Name: "board_state", Title: "状态", View: b.State}, {Name: "board_foot", Title: "平衡", View: b.Foot},
		{Name: "board_stock", Title: "余量", View: b.Stock}, {Name: "stock_row", Title: "一种药", View: b.Stock.Rows[0]},
		{Name: "board_queue", Title: "候诊", View: b.Queue}, {Name: "queue_row", Title: "一位患者", View: b.Queue.Now[0]},
		{Name: "board_doctors", Title: "医生", View: b.Doctors}, {Name: "doctor_card", Title: "一位医生", View: b.Doctors.Rows[0]},
		{Name: "desk", Title: "诊桌", View: desk}, {Name: "desk_visit", Title: "就诊中", View: desk.Visit}, {Name: "desk_next", Title: "等下一位", View: next},
		{Name: "quantity", Title: "发多少", View: desk.Visit.Asks[0]},
		{Name: "quantity", Title: "改数量", View: newQuantityView("#", session.Question{Code: "80000160000000000078", Generic: "演示癸酸氟哌啶醇注射液", Spec: "50mg×5支",
			UnitWord: "支", PackWord: "盒", Left: 3, Content: 5, Mine: 2, Suggest: 2})},
		{Name: "desk", Title: "还没有开始", View: deskView{URL: "#", Closed: closedSentence(session.Planned), OpenURL: "#"}},
		{Name: "desk", Title: "清点时", View: deskView{URL: "#", Closed: closedSentence(session.Closing), CloseURL: "#", State: session.Closing}},
		{Name: "check_in", Title: "签到", View: checkInView{URL: "#", Visit: "v"}}, {Name: "bench", Title: "装箱", View: bench},
		{Name: "band_area", Title: "回答", View: page.Band{Tone: page.Bad, Text: "此药已于 10:42 由陈医生发给 12 号。请换一盒。"}},
	}
}

func sampleBoard() session.Snapshot {
	at := time.Date(2026, 11, 23, 2, 42, 0, 0, time.UTC)
	expiry := time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)
	one := int64(1)
	visit := func(n int, name string, s session.VisitState) session.Visit {
		return session.Visit{ID: uuid.UUID{byte(n)}, Number: n, Patient: name, State: s, Doctor: "演示医生甲", DoctorID: &one, CameAt: at, StartedAt: &at, Lines: 2}
	}
	return session.Snapshot{
		Roster:  session.RosterCount{Expected: 34, Came: 20, Extra: 1},
		Holds:   []session.Hold{{StaffID: 1, Doctor: "演示医生甲", DrugID: 1, Generic: "演示利培酮片", Spec: "1mg×20片", Packs: 3}},
		Session: session.Session{ID: 1, Site: "演示新华", State: session.Open, HeldOn: at}, At: at,
		Stock: []session.StockLine{
			{DrugID: 1, Generic: "演示利培酮片", Spec: "1mg×20片", PackWord: "盒", UnitWord: "片", Taken: 60, Given: 22, AtTable: 3, Left: 38, ExpiresOn: &expiry},
			{DrugID: 2, Generic: "演示盐酸苯海索片", Spec: "2mg×100片", PackWord: "瓶", UnitWord: "片", Taken: 20, Given: 18, Left: 2, LooseLeft: 40, LooseGiven: 60, ExpiresOn: &expiry}},
		Queue: session.Queue{Waiting: 7, Finished: 12, Now: []session.Visit{visit(13, "演示甲", session.InConsultation)},
			Next: []session.Visit{visit(14, "演示乙", session.Waiting), visit(15, "演示丙", session.Waiting)}},
		Doctors: []session.DoctorLine{
			{StaffID: 1, Name: "演示医生甲", Visits: 8, Packs: 22, Number: 13, LastScan: []session.LastScan{{StaffID: 1, Code: "80000010000000006312", Generic: "演示利培酮片", At: at}}},
			{StaffID: 2, Name: "演示医生乙", Visits: 4, Packs: 9}},
	}
}

func sampleVisit() *visitView {
	return &visitView{URL: "#", Number: "13", Name: "演示甲", About: "男 56 岁 · 000012 · 演示新华", Allergy: "青霉素", Last: lastView{"上次 10-12 演示利培酮片 1mg×20片 2 盒 · 已断药 3 天", "bad", "#"}, Packs: "1", Unit: "盒", More: " + 10 片", Words: "1 盒 + 10 片",
		Lines: []lineView{
			{ID: "line-1", Drug: "演示利培酮片", Spec: "1mg×20片", Head: "8000001000000000", Tail: "6312", Code: "80000010000000006312", At: "10:42", Dose: doseView{URL: "#", Pack: "1", Word: "每日 1mg · 30 天", Dose: "每日 1mg", Days: "30", Form: true, Payers: payerChoices(session.PayerInsured)}},
			{ID: "line-2", Drug: "演示盐酸苯海索片", Spec: "2mg×100片", Head: "8000002000000000", Tail: "0077", Code: "80000020000000000077", At: "10:43", Mark: "手输", Much: "10 片", Loose: true}},
		Refused: []chipView{{ID: "2", Raw: "80000010000000007001", Code: "80000010000000007001", Why: whyAsked("not_packed"), MayAsk: true}, {ID: "1", Raw: "6901234567892", Why: inventory.KindCommodityCode.Sentence(inventory.Details{})}},
		Asks: []quantityView{newQuantityView("#", session.Question{Chip: 3, Code: "80000020000000000078", Generic: "演示盐酸苯海索片", Spec: "2mg×100片",
			UnitWord: "片", PackWord: "瓶", Left: 90, Content: 100, Suggest: 14})},
		Choices: []choiceRow{{Code: "80000010000000016312", Drug: "演示利培酮片 1mg×20片", Tail: "00016312", About: "批号 B1 效期 2027-03-31"}},
		Away:    "外点患者，登记在 演示广兴", OwedURL: "#", Owed: []owedRow{{ID: "1", Text: "上次欠 演示利培酮片 1mg×20片 1 盒（10月12日 演示新华）"}},
		Notes:  sampleNotes(),
		Finish: newFinishView(&visitView{URL: "#", Words: "1 盒 + 10 片", next: dueView{On: "2026-12-21", About: "本点下次义诊，药只够到 12月20日"}}, session.Ending{Collector: "self"}, 0)}
}
