package session_test

import (
	"fmt"
	"slices"
	"time"

	"jingfang/inventory"
	"jingfang/session/identity"
)

// modelOpening is the open list of boxes without a document; its id is 0 when there
// is none.
type modelOpening struct {
	id    int64
	codes []string
	staff []int64 // who began it or collected boxes
}

const openingBatch = "QC1"

// openingStep is what somebody does about boxes that came without a document.
func (w *world) openingStep(*modelSession) act {
	switch {
	case w.listed.id == 0 || w.usually(5):
		return w.startOpening()
	case len(w.listed.codes) < 2 || w.usually(25):
		return w.scanOpening()
	case w.usually(8):
		by, in := w.anybody(), inventory.OpeningDrop{ListID: w.listed.id, CommandID: w.id()}
		return act{name: "drop an opening list", may: w.can(by, identity.Receive), then: func() { w.listed = modelOpening{} },
			do: func() (any, error) { return nil, w.stores.DropOpening(w.ctx, by, in) }}
	}
	return w.confirmOpening()
}

func (w *world) startOpening() act {
	by, in := w.someone(4, 6), inventory.OpeningStart{CommandID: w.id(), Reason: "演示"}
	return act{name: "start an opening list", may: w.can(by, identity.Receive) && w.listed.id == 0,
		do:    func() (any, error) { return w.stores.StartOpening(w.ctx, by, in) },
		check: func(x any) string { w.listed = modelOpening{id: x.(int64), staff: []int64{by.StaffID}}; return "" },
		then:  func() {}}
}

// scanOpening collects boxes: new ones, ones that were read before, known ones.
func (w *world) scanOpening() act {
	by := w.someone(4, 6)
	in := inventory.OpeningScan{ListID: w.listed.id, CommandID: w.id(), Typed: inventory.TypedBatch{Batch: openingBatch, ExpiresOn: time.Now().AddDate(1, 0, 0)}}
	codes := []string{w.strange(), w.strange()}
	for _, r := range w.recalls {
		for _, c := range r.codes {
			if w.usually(10) {
				codes = append(codes, c)
			}
		}
	}
	if w.usually(30) {
		codes = append(codes, one(w.r, w.codes), codes[0])
	}
	if len(w.listed.codes) > 0 && w.usually(30) {
		codes = append(codes, one(w.r, w.listed.codes))
	}
	in.Codes = join(codes)
	var fresh []string
	for _, c := range codes {
		if _, known := w.packs[c]; !known && !slices.Contains(w.listed.codes, c) && !slices.Contains(fresh, c) {
			fresh = append(fresh, c)
		}
	}
	return act{name: "collect for an opening list", may: w.can(by, identity.Receive), do: func() (any, error) { return w.stores.ScanOpening(w.ctx, by, in) },
		then: func() {
			w.listed.codes = append(w.listed.codes, fresh...)
			if len(fresh) > 0 {
				w.listed.staff = append(w.listed.staff, by.StaffID)
			}
		},
		check: func(x any) string {
			if a := x.(inventory.OpeningAnswer); a.Added != len(fresh) || a.Total != len(w.listed.codes)+len(fresh) {
				return fmt.Sprintf("added %v to %v; %+v", fresh, w.listed.codes, a)
			}
			return ""
		}}
}

// confirmOpening is the second person's yes: what is recalled does not stay on the
// shelf.
func (w *world) confirmOpening() act {
	by, list := w.someone(3, 5), w.listed
	in := inventory.OpeningConfirm{ListID: list.id, CommandID: w.id(), Packs: len(list.codes)}
	if w.usually(10) {
		in.Packs++
	}
	meanwhile := slices.IndexFunc(list.codes, func(c string) bool { _, known := w.packs[c]; return known })
	if meanwhile >= 0 && w.usually(60) {
		off := inventory.OpeningRemoval{ListID: list.id, CommandID: w.id(), Known: true}
		return act{name: "take off an opening list", may: w.can(by, identity.Receive), do: func() (any, error) { return w.stores.RemoveOpening(w.ctx, by, off) },
			then: func() {
				w.listed.codes = slices.DeleteFunc(slices.Clone(list.codes), func(c string) bool { _, known := w.packs[c]; return known })
			}}
	}
	may := w.can(by, identity.Witness) && len(list.codes) > 0 && in.Packs == len(list.codes) && !slices.Contains(list.staff, by.StaffID) && meanwhile < 0
	return act{name: "enter an opening list", may: may, do: func() (any, error) { return w.stores.ConfirmOpening(w.ctx, by, in) },
		then: func() {
			for _, c := range list.codes {
				w.enter(c)
				p := w.packs[c]
				p.Batch = openingBatch
				p.Recalled = w.meant(c, p)
				w.packs[c] = p
				w.move(modelPack{State: inventory.StateInStore}, c)
			}
			w.listed = modelOpening{}
		}}
}
