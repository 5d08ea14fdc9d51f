package web

import (
	"time"

	"jingfang/inventory"
	"jingfang/session"
)

// sampleNotes is a made-up list of reminders at the desk.
func sampleNotes() notesView {
	today := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	seen, next := today.AddDate(0, 0, -35), today.AddDate(0, 0, 28)
	return newNotesView("#", today, []session.Supply{
		{DrugID: 1, Generic: "演示利培酮片", Spec: "1mg×20片", On: today.AddDate(0, 0, -12), Site: "演示广兴", Doctor: "演示医生乙", Boxes: 2, Pack: "盒", Unit: "片", Days: 30, Here: 2},
		{DrugID: 2, Generic: "演示盐酸苯海索片", Spec: "2mg×100片", On: today.AddDate(0, 0, -3), Site: "演示广兴", Doctor: "演示医生乙", Units: 14, Pack: "瓶", Unit: "片", Here: 1, Reason: "lost"},
	}, []session.TableCare{
		{Care: inventory.Care{DrugID: 3, DepotDays: 28}, Generic: "演示棕榈酸帕利哌酮注射液", Spec: "100mg×1支", Here: true},
		{Care: inventory.Care{DrugID: 4, DepotDays: 28}, Generic: "演示癸酸氟哌啶醇注射液", Spec: "50mg×5支", Here: true, Place: session.InjectedHere, GivenBy: "演示医生甲", NextOn: &next},
		{Care: inventory.Care{DrugID: 5, Check: "血常规", CheckDays: 28}, Generic: "演示氯氮平片", Spec: "25mg×100片", CheckedOn: &seen},
	})
}
