package web

import (
	"fmt"

	"jingfang/inventory"
	"jingfang/session"
)

// recallsPart is the part of the board that says which boxes of the session are
// recalled; empty on most days.
type recallsPart struct{ Rows []recallNotice }

// recallNotice is one drug.
type recallNotice struct{ ID, Title, Text string }

func newRecallsPart(lines []session.StockLine) recallsPart {
	var v recallsPart
	for _, l := range lines {
		if l.RecallID == 0 {
			continue
		}
		n := recallNotice{ID: fmt.Sprintf("recall-%d", l.DrugID),
			Title: fmt.Sprintf("%s召回 %s：%s", l.RecallClass, inventory.RecallNumber(l.RecallID), l.DrugName())}
		if l.Recalled > 0 {
			n.Text = fmt.Sprintf("本场药箱里 %d %s已冻结，不能发。请放到一边，收尾时带回药房隔离。", l.Recalled, l.PackWord)
		}
		if l.RecalledGiven > 0 {
			n.Text += fmt.Sprintf("召回前本场已发出 %d %s，请联系患者收回。", l.RecalledGiven, l.PackWord)
		}
		v.Rows = append(v.Rows, n)
	}
	return v
}
