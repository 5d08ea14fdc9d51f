package web

import (
	"time"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
	"jingfang/session/page"
)

// bagSamples are made-up views of the bags.
func bagSamples() []page.Sample {
	head := headView{ID: 1, Site: "演示新华", Date: "11月23日", URL: "#"}
	by := identity.Actor{StaffID: 1, Grants: []identity.Grant{{Role: identity.Pharmacist, SiteID: 1}}}
	list, chosen := sampleBags(), sampleBags()
	chosen.Chosen, chosen.Bag = &chosen.Roster[0], &chosen.Bags[0]
	fresh := sampleBags()
	fresh.Chosen, fresh.Packs, fresh.Lines = &fresh.Roster[2], nil, nil
	filling := newBagsBody(chosen, by)
	filling.Said = []packedRow{{Drug: "演示利培酮片 1mg×20片", Tail: "6320", Word: "注意", Tone: "caution", Why: "演示利培酮片 1mg×20片 已装进 000013 的药袋。请换一盒；确实要用，请先拆那个药袋。"}}
	code, err := page.NewQR("JFB0123456789A")
	if err != nil {
		panic(err) // the text above is ours
	}
	return []page.Sample{
		{Name: "bags", Title: "药袋", View: bagsView{Head: head, Body: newBagsBody(list, by)}},
		{Name: "bags", Title: "药袋 装一位", View: bagsView{Head: head, Body: filling}},
		{Name: "bags", Title: "药袋 没有记录", View: bagsView{Head: head, Body: newBagsBody(fresh, by)}},
		{Name: "bags", Title: "药袋 空名单", View: bagsView{Head: head, Body: newBagsBody(session.BagPlan{}, by)}},
		{Name: "bags_body", Title: "药袋 医生看", View: newBagsBody(list, identity.Actor{StaffID: 2})},
		{Name: "bag_label", Title: "药袋标签", View: bagLabelView{Number: "000012", Name: "演**", Day: "11月23日", Packs: "5", Text: "JFB0123456789A", Back: "#", Copies: 1, Code: code}},
		{Name: "closing_bags", Title: "没有拆的药袋", View: newClosingBags("#", list.Bags[:1])},
	}
}

// sampleBags is a roster of three with a bag in every state.
func sampleBags() session.BagPlan {
	at := time.Date(2026, 11, 23, 2, 42, 0, 0, time.UTC)
	pack := func(code string) session.BagPack {
		return session.BagPack{Code: code, DrugID: 1, Generic: "演示利培酮片", Spec: "1mg×20片"}
	}
	return session.BagPlan{
		Session: session.Session{ID: 1, SiteID: 1, Site: "演示新华", HeldOn: at, State: session.Planned},
		Roster: []session.Expected{{PatientID: 1, Number: "000012", Name: "演示甲"}, {PatientID: 2, Number: "000013", Name: "演示乙"},
			{PatientID: 3, Number: "000014", Name: "演示丙"}, {PatientID: 4, Number: "000015", Name: "演示丁"}},
		Bags: []session.Bag{{ID: 1, PatientID: 1, Number: "000012", State: inventory.ContainerPacked, Packs: 2, Prints: 1},
			{ID: 2, PatientID: 2, Number: "000013", State: inventory.ContainerGiven, EndedAt: &at},
			{ID: 3, PatientID: 4, Number: "000015", State: inventory.ContainerOpened, EndedAt: &at}},
		Last:  map[int64]int{1: 3, 2: 2},
		Packs: []session.BagPack{pack("80000010000000006312"), pack("80000010000000006313")},
		Lines: []session.BagLine{{DrugID: 1, Generic: "演示利培酮片", Spec: "1mg×20片", PackWord: "盒", Last: 2, Packed: 2},
			{DrugID: 2, Generic: "演示盐酸苯海索片", Spec: "2mg×100片", PackWord: "瓶", Last: 1}},
	}
}
