package session

import (
	"fmt"

	"jingfang/inventory"
)

// text is what the record says of the correction.
func (c changed) text() string {
	p := c.pack
	if c.to == 0 {
		return fmt.Sprintf("更正发药：%s %d %s，追溯码 %s，没有给出，收回。", p.DrugName(), c.from, p.UnitName, p.Code)
	}
	return fmt.Sprintf("更正发药：%s，追溯码 %s，由 %d %s改为 %d %s。", p.DrugName(), p.Code, c.from, p.UnitName, c.to, p.UnitName)
}

// brief is the same for the person who did it.
func (c changed) brief() string {
	p := c.pack
	if c.to == 0 {
		return fmt.Sprintf("%s（…%s）没有给出，", p.DrugName(), lastFour(p.Code))
	}
	return fmt.Sprintf("%s（…%s）由 %d %s改为 %d %s，", p.DrugName(), lastFour(p.Code), c.from, p.UnitName, c.to, p.UnitName)
}

// whereNow says where the box is on the books.
func whereNow(p *inventory.Pack) string {
	switch p.State {
	case inventory.StateAllocated:
		return "药盒在本场药箱。"
	case inventory.StateInStore:
		return "药盒在药房账上，请放回货架。"
	case inventory.StateQuarantined:
		return "药盒已登记隔离，请放到隔离区。"
	}
	return "药盒已发完。"
}
