package session_test

import (
	"fmt"
	"slices"

	"jingfang/inventory"
	"jingfang/session/identity"
)

// modelRecall is a recall of a list of codes, or of a batch of a drug.
type modelRecall struct {
	id     int64
	codes  []string
	drug   int64
	batch  string
	asked  int64 // who wants it lifted, 0 for nobody
	lifted bool
}

func (r *modelRecall) means(code string, p modelPack) bool {
	return slices.Contains(r.codes, code) || r.drug != 0 && r.drug == p.Drug && r.batch == p.Batch
}

// fit tells whether a box may be handed out, packed or stowed.
func (p modelPack) fit() bool { return !p.Expired && !p.Recalled }

// meant tells whether a recall in force means a box.
func (w *world) meant(code string, p modelPack) bool {
	return slices.ContainsFunc(w.recalls, func(r *modelRecall) bool { return !r.lifted && r.means(code, p) })
}

// recall recalls a few codes, known and strange ones, or a batch: what lies in the
// store is set apart, what lies in trays stays there and cannot be handed out.
func (w *world) recall(*modelSession) act {
	by := w.aPharmacist()
	in := inventory.Recalling{CommandID: w.id(), Class: inventory.RecallFirst, Reason: "演示"}
	in.SourceNo = in.CommandID.String()
	r := &modelRecall{codes: []string{w.code(func(_ string, p modelPack) bool { return p.State == inventory.StateAllocated })}}
	for range w.r.IntN(3) {
		r.codes = append(r.codes, w.code(func(_ string, p modelPack) bool { return p.State == inventory.StateInStore }))
	}
	if w.usually(40) {
		r.codes = append(r.codes, w.strange())
	}
	in.Codes = join(r.codes)
	if p := w.packs[r.codes[0]]; w.usually(20) && p.Batch != "" {
		in.Codes, in.DrugID, in.Batch = "", p.Drug, p.Batch
		r.codes, r.drug, r.batch = nil, p.Drug, p.Batch
	}
	var store, trays []string
	for _, c := range w.codes {
		switch p := w.packs[c]; {
		case !r.means(c, p):
		case p.State == inventory.StateInStore:
			store = append(store, c)
		case p.State == inventory.StateAllocated:
			trays = append(trays, c)
		}
	}
	return act{name: "recall", may: w.can(by, identity.Recall), do: func() (any, error) { return w.stores.StartRecall(w.ctx, by, in) },
		check: func(x any) string {
			a := x.(inventory.RecallStarted)
			r.id = a.ID
			if a.SetApart != len(store) || a.Frozen != len(trays) {
				return fmt.Sprintf("set apart %v, froze %v; answered %+v", store, trays, a)
			}
			return ""
		},
		then: func() {
			w.recalls = append(w.recalls, r)
			for c, p := range w.packs {
				p.Recalled = p.Recalled || r.means(c, p)
				w.packs[c] = p
			}
			w.move(modelPack{State: inventory.StateInStore}, store...)
		}}
}

// aRecall is mostly the last one in force.
func (w *world) aRecall() *modelRecall {
	if len(w.recalls) == 0 {
		return &modelRecall{id: 999}
	}
	for _, r := range slices.Backward(w.recalls) {
		if !r.lifted && w.usually(60) {
			return r
		}
	}
	return one(w.r, w.recalls)
}

// askLift wants a recall lifted, or takes the wish back.
func (w *world) askLift(*modelSession) act {
	by, r := w.aPharmacist(), w.aRecall()
	in := inventory.Lifting{RecallID: r.id, CommandID: w.id(), Reason: "演示"}
	may := w.can(by, identity.Recall) && len(w.recalls) > 0 && !r.lifted
	if w.usually(15) {
		return act{name: "keep a recall", may: may && r.asked != 0, then: func() { r.asked = 0 },
			do: func() (any, error) { return w.stores.KeepRecall(w.ctx, by, in) }}
	}
	return act{name: "ask to lift", may: may && r.asked == 0, then: func() { r.asked = by.StaffID },
		do: func() (any, error) { return w.stores.AskLift(w.ctx, by, in) }}
}

// liftRecall is the second person's word: what only recalls have set apart and none
// means any more goes back to the shelf.
func (w *world) liftRecall(*modelSession) act {
	by, r := w.aPharmacist(), w.aRecall()
	in := inventory.Lifting{RecallID: r.id, CommandID: w.id()}
	may := w.can(by, identity.Recall) && len(w.recalls) > 0 && !r.lifted && r.asked != 0 && r.asked != by.StaffID
	var free []string
	for _, c := range w.codes {
		others := slices.ContainsFunc(w.recalls, func(x *modelRecall) bool { return x != r && !x.lifted && x.means(c, w.packs[c]) })
		if p := w.packs[c]; r.means(c, p) && !others && p.SetApart && !p.Returned {
			free = append(free, c)
		}
	}
	return act{name: "lift", may: may, do: func() (any, error) { return w.stores.LiftRecall(w.ctx, by, in) },
		check: func(x any) string {
			if a := x.(inventory.RecallLifted); a.Released != len(free) {
				return fmt.Sprintf("released %d, want %v; %+v", a.Released, free, a)
			}
			return ""
		},
		then: func() {
			r.lifted = true
			for c, p := range w.packs {
				p.Recalled = w.meant(c, p)
				w.packs[c] = p
			}
			w.move(modelPack{State: inventory.StateInStore}, free...)
		}}
}

// recallOrLift recalls a few boxes wherever they are, or has two pharmacists lift
// a recall of before, for the crowd, which foretells nothing and holds what must be
// true of any rows.
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
