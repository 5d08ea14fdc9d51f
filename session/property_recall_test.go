package session_test

import (
	"jingfang/inventory"
)

// recallOrLift recalls a few boxes wherever they are, or has two pharmacists lift
// a recall of before. The model does not foretell what becomes of the boxes, so
// that it is for the crowd only, which holds what must be true of any rows.
func (c *crowd) recallOrLift() act {
	chief, second := c.people[3], c.people[4]
	if c.usually(40) {
		id, asked, agreed := int64(c.r.IntN(12)+1), c.id(), c.id()
		return act{name: "lift", then: func() {}, do: func() (any, error) {
			if _, err := c.stores.AskLift(c.ctx, chief, inventory.Lifting{RecallID: id, CommandID: asked, Reason: "演示"}); err != nil {
				return nil, err
			}
			return c.stores.LiftRecall(c.ctx, second, inventory.Lifting{RecallID: id, CommandID: agreed})
		}}
	}
	in := inventory.Recalling{CommandID: c.id(), Class: inventory.RecallFirst, Reason: "演示", Codes: join(c.someCodes(3, func(string, modelPack) bool { return true }))}
	in.SourceNo = in.CommandID.String()
	return act{name: "recall", then: func() {}, do: func() (any, error) { return c.stores.StartRecall(c.ctx, chief, in) }}
}
