package web

import (
	"time"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// closingSamples are made-up views of the evening.
func closingSamples() []page.Sample {
	head := headView{ID: 1, Site: "演示新华", Date: "11月23日", URL: "#"}
	counting, settled := newClosingBody(sampleClosing(), identity.Actor{StaffID: 1}), newClosingBody(sampleSettled(), identity.Actor{StaffID: 1})
	open := counting
	open.State = "open"
	done := closingBody{URL: "#", State: "closed", Equation: newClosingEquation(session.Equation{Taken: 80, Given: 40, Home: 39, Explained: 1}), Done: sampleDone()}
	doctor := done
	doctor.Late = []lateRow{{URL: "#", Number: "12", Text: "补记发药：演示利培酮片 1mg×20片，追溯码 80000010000000006312（推定）。", At: "17:40"}}
	return []page.Sample{
		{Name: "closing", Title: "停止发药之前", View: closingPage{Head: head, Body: open}},
		{Name: "closing", Title: "清点", View: closingPage{Head: head, Body: counting}},
		{Name: "closing", Title: "都相符", View: closingPage{Head: head, Body: settled}},
		{Name: "closing", Title: "已结束", View: closingPage{Head: head, Body: done, Signatures: "已签 30（其中补签 2） · 待签 1"}},
		{Name: "closing_body", Title: "医生待签认", View: doctor},
		{Name: "closing_link", Title: "停止发药", View: closingLink{URL: "#", Stop: true}}, {Name: "closing_link", Title: "清点余药", View: closingLink{URL: "#", Word: "清点余药", Main: true}},
		{Name: "board_closing", Title: "清点进度", View: newEveningPart(&session.Evening{Version: 7, Counted: 3, Seen: 12, Confirmed: 1})},
		{Name: "closing_news", Title: "同事有改动", View: closingNews{URL: "#", Changed: true}},
		{Name: "closing_line", Title: "一种药", View: counting.Lines[0]}, {Name: "closing_status", Title: "清点结果", View: counting.Lines[1]},
		{Name: "closing_rest", Title: "缺码与确认", View: counting.Rest}, {Name: "closing_done", Title: "已结束", View: done.Done},
	}
}

func sampleDone() *closingDone {
	return &closingDone{URL: "#", Sentence: "11月23日 17:42 由 演示药师甲、演示医生甲 确认结束。", CanSupplement: true,
		Visits:      []choiceView{{Value: "1", Word: "12 号 · 演示医生甲 · 10:42"}},
		Supplements: []supplementRow{{N: "1", Text: "取药人应为家属", About: "12 号 · 更正就诊记录 3 · 演示药师甲 · 11月24日 09:05"}}}
}

// sampleClosing is a session with a right number, one that asks for scans, one
// with a missing code and one that nobody has counted.
func sampleClosing() session.ClosingView {
	at := time.Date(2026, 11, 23, 9, 32, 0, 0, time.UTC)
	duty := int64(1)
	line := func(id int64, name, spec string, packs, counted, seen int) session.ClosingLine {
		return session.ClosingLine{DrugID: id, Generic: name, Spec: spec, PackWord: "盒", UnitWord: "片", Taken: 40, Capacity: 800, Packs: packs,
			CountedAt: &at, CountedPacks: counted, Seen: seen}
	}
	opened := line(4, "演示盐酸苯海索片", "2mg×100片", 2, 0, 0)
	opened.CountedAt, opened.Opened, opened.Loose = nil, 1, 40
	return session.ClosingView{
		Session: session.Session{ID: 1, State: session.Closing, DutyStaffID: &duty}, Equation: session.Equation{Taken: 100, Given: 60, Left: 40},
		Lines: []session.ClosingLine{line(1, "演示利培酮片", "1mg×20片", 18, 18, 0), line(2, "演示奥氮平片", "5mg×14片", 12, 11, 4),
			line(3, "演示氯氮平片", "25mg×100片", 8, 7, 7), opened},
		Missing: []session.MissingPack{
			{Code: "80000030000000000097", DrugID: 3, Generic: "演示氯氮平片", Spec: "25mg×100片", Number: 12, Doctor: "演示医生甲", ScannedAt: &at, UndoneAt: &at},
			{Code: "80000030000000000105", DrugID: 3, Generic: "演示氯氮平片", Spec: "25mg×100片", LastAt: at, LastBy: "演示药师甲", LastKind: inventory.MoveAllocate, LostByID: 2, LostBy: "演示医生乙"},
			{Code: "80000030000000000113", DrugID: 3, Generic: "演示氯氮平片", Spec: "25mg×100片", UnitWord: "片", Loose: true, Units: 62, Content: 100, LastAt: at, LastBy: "演示药师甲", LastKind: inventory.MoveAllocate}},
		Open:     []session.Visit{{Number: 14, State: session.InConsultation, Doctor: "演示医生乙"}},
		Finished: []session.Visit{{ID: uuid.UUID{1}, Number: 12, Doctor: "演示医生甲", Patient: "演示甲", FinishedAt: &at}}, Requests: 1,
		Told:    []session.ToldGiven{{Number: 9, Doctor: "演示医生乙", Code: "80000010000000007777", Kind: "not_packed"}},
		Team:    []session.Member{{StaffID: 1, Name: "演示药师甲", Part: session.PartPharmacist}, {StaffID: 2, Name: "演示医生乙", Part: session.PartDoctor}},
		Targets: []session.RollTarget{{ID: 2, Site: "演示广兴", HeldOn: at.AddDate(0, 0, 1)}},
	}
}

// sampleSettled is the same session when one of the two has confirmed.
func sampleSettled() session.ClosingView {
	v := sampleClosing()
	v.Lines, v.Missing, v.Open, v.Requests, v.Told = v.Lines[:1], nil, nil, 0, nil
	v.Confirmed = []session.Confirmation{{StaffID: 2, Name: "演示医生乙", At: *v.Lines[0].CountedAt}}
	return v
}
