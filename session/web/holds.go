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
		if r := &v.Stock.Rows[i]; len(byDrug[r.ID]) > 0 {
			// A pack of which only a part was given is still in the tray, so that
			// nothing of the drug may count as being at a table.
			if !strings.Contains(r.Detail, "诊间") {
				r.Detail += " · 诊间"
			}
			r.Detail += "（" + strings.Join(byDrug[r.ID], "、") + "）"
		}
	}
	for i := range v.Doctors.Rows {
		if what := byDoctor[v.Doctors.Rows[i].ID]; len(what) > 0 {
			v.Doctors.Rows[i].Holds = "桌上：" + strings.Join(what, "、")
		}
	}
}
