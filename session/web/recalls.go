package web

import (
	"fmt"

	"jingfang/inventory"
	"jingfang/session"
)

// recallsPart is the part of the board that says which boxes of the session are
// recalled; empty on most days.
type recallsPart struct{ Rows []recallNotice }

// recallNotice is one recall and drug.
type recallNotice struct{ ID, Title, Text string }

func newRecallsPart(list []inventory.RecalledStock) recallsPart {
	var v recallsPart
	for _, x := range list {
		n := recallNotice{ID: fmt.Sprintf("recall-%d-%d", x.RecallID, x.DrugID),
			Title: fmt.Sprintf("%s召回 %s：%s", x.Class, inventory.RecallNumber(x.RecallID), x.DrugName())}
		if x.InTrays > 0 {
			n.Text = fmt.Sprintf("本场药箱里 %d 盒已冻结，不能发。请放到一边，收尾时带回药房隔离。", x.InTrays)
		}
		if x.WithThem > 0 {
			n.Text += fmt.Sprintf("召回前本场已发出 %d 盒，请联系患者收回。", x.WithThem)
		}
		v.Rows = append(v.Rows, n)
	}
	return v
}

// addRecalled marks the lines of the drugs that are recalled.
func (v *stockView) addRecalled(lines []session.StockLine, list []inventory.RecalledStock) {
	packs := map[int64]int{}
	for _, x := range list {
		packs[x.DrugID] += x.InTrays
	}
	for i, l := range lines {
		if n := packs[l.DrugID]; n > 0 {
			v.Rows[i].Recalled = fmt.Sprintf("召回 %d", n)
		}
	}
}
