package web

import (
	"fmt"
	"strings"

	"jingfang/session"
)

// addHolds tells on each drug who has it on the table, and on each doctor what
// lies there.
func (v *boardView) addHolds(holds []session.Hold) {
	byDrug, byDoctor := map[string][]string{}, map[string][]string{}
	for _, x := range holds {
		drug, doctor := fmt.Sprintf("stock-%d", x.DrugID), fmt.Sprintf("doctor-%d", x.StaffID)
		byDrug[drug] = append(byDrug[drug], fmt.Sprintf("%s %d", x.Doctor, x.Packs))
		byDoctor[doctor] = append(byDoctor[doctor], fmt.Sprintf("%s %d", x.Generic, x.Packs))
	}
	for i := range v.Stock.Rows {
		if who := byDrug[v.Stock.Rows[i].ID]; len(who) > 0 {
			v.Stock.Rows[i].Holders = "诊间：" + strings.Join(who, "、")
		}
	}
	for i := range v.Doctors.Rows {
		if what := byDoctor[v.Doctors.Rows[i].ID]; len(what) > 0 {
			v.Doctors.Rows[i].Holds = "桌上：" + strings.Join(what, "、")
		}
	}
}
