package session_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
)

// fitting is the known boxes of a scan that fit, each once.
func (w *world) fitting(codes []string, fits func(modelPack) bool) (list []string) {
	for _, c := range w.distinct(codes) {
		if fits(w.packs[c]) {
			list = append(list, c)
		}
	}
	return list
}

// aTote is the label of a tote, now and then, and what is in it that fits and is
// not taken by itself; "" for none.
func (w *world) aTote(taken []string, fits func(modelPack) bool) (label string, inside []string) {
	if !w.usually(25) {
		return "", nil
	}
	id := one(w.r, slices.Sorted(maps.Keys(w.totes)))
	for _, c := range w.codes {
		if p := w.packs[c]; p.Tote == id && fits(p) && !slices.Contains(taken, c) {
			inside = append(inside, c)
		}
	}
	return w.totes[id].Label, inside
}

func (w *world) sealed(label string) bool {
	for _, t := range w.totes {
		if t.Label == label {
			return t.Sealed
		}
	}
	return false
}

// moveIn is move for boxes that go along with the tote they lie in.
func (w *world) moveIn(to modelPack, codes ...string) {
	for _, c := range codes {
		to.Tote = w.packs[c].Tote
		w.move(to, c)
	}
}

// lying counts what lies in a tote.
func (w *world) lying(tote int64) (n int) {
	for _, p := range w.packs {
		if p.Tote == tote {
			n++
		}
	}
	return n
}

// stow puts boxes of the store into a tote.
func (w *world) stow(*modelSession) act {
	id := one(w.r, slices.Sorted(maps.Keys(w.totes)))
	codes := w.someCodes(6, func(_ string, p modelPack) bool { return p.State == inventory.StateInStore && p.Tote == 0 })
	moved := w.fitting(codes, func(p modelPack) bool {
		return p.State == inventory.StateInStore && p.fit() && p.Tote != id && !w.totes[p.Tote].Sealed
	})
	return w.stowed("stow", id, codes, moved, id, w.stores.Stow)
}

// takeOut takes boxes out of a tote.
func (w *world) takeOut(*modelSession) act {
	id := one(w.r, slices.Sorted(maps.Keys(w.totes)))
	codes := w.someCodes(3, func(_ string, p modelPack) bool { return p.Tote == id })
	a := w.stowed("take out", id, codes, w.fitting(codes, func(p modelPack) bool { return p.Tote == id }), 0, w.stores.TakeOut)
	exact := a.check
	a.check = func(x any) string {
		// One that was set apart in the tote lies there still, and is in it no more.
		s := x.(inventory.StowAnswer)
		for i := range s.Answers {
			if c := s.Answers[i]; strings.Contains(c.Sentence, "它在隔离中") && w.packs[c.Code].State == inventory.StateQuarantined {
				s.Moved--
			}
		}
		return exact(s)
	}
	return a
}

// stowed is what both have in common.
func (w *world) stowed(name string, id int64, codes, moved []string, into int64, do stowing) act {
	by, in := w.aPharmacist(), inventory.Stowing{ToteID: id, CommandID: w.id(), Codes: join(codes)}
	return act{name: name, may: w.can(by, identity.Allocate) && !w.totes[id].Sealed, do: func() (any, error) { return do(w.ctx, by, in) },
		then: func() {
			for _, c := range moved {
				p := w.packs[c]
				p.Tote = into
				w.packs[c] = p
			}
		},
		check: func(x any) string {
			if a := x.(inventory.StowAnswer); a.Moved != len(moved) {
				return fmt.Sprintf("moved %d, want %v; %+v", a.Moved, moved, a)
			}
			return ""
		}}
}

// sealTote seals a tote, or opens it.
func (w *world) sealTote(*modelSession) act {
	by, in := w.aPharmacist(), inventory.ToteStep{ToteID: one(w.r, slices.Sorted(maps.Keys(w.totes))), CommandID: w.id()}
	t, n := w.totes[in.ToteID], w.lying(in.ToteID)
	if t.Sealed && w.usually(60) {
		return act{name: "open tote", may: w.can(by, identity.Allocate), do: func() (any, error) { return w.stores.OpenTote(w.ctx, by, in) },
			then: func() { t.Sealed = false; w.totes[in.ToteID] = t }}
	}
	return act{name: "seal", may: w.can(by, identity.Allocate) && n > 0 && !(t.Sealed && n == t.Packs), do: func() (any, error) { return w.stores.SealTote(w.ctx, by, in) },
		then: func() { t.Sealed, t.Packs = true, n; w.totes[in.ToteID] = t }}
}

// bagged tells whether boxes lie in bags of the session.
func (w *world) bagged(s *modelSession) bool {
	for _, p := range w.packs {
		if p.Session == s.ID && p.Bag != 0 {
			return true
		}
	}
	return false
}

// waiting is the bag of a patient that nobody has handed over; 0 for none.
func (w *world) waiting(s *modelSession, patient int64) int64 {
	for id, b := range w.bags {
		if b.Session == s.ID && b.Patient == patient && b.State == inventory.ContainerPacked {
			return id
		}
	}
	return 0
}

// fillBag puts boxes of the trays into somebody's bag. All patients are expected.
func (w *world) fillBag(s *modelSession) act {
	if !w.rostered[s.ID] && (s.State == session.Planned || s.State == session.Open) {
		w.rostered[s.ID] = true
		for _, token := range w.tokens {
			_, err := w.svc.ChangeRoster(w.ctx, w.chief, session.RosterChange{SessionID: s.ID, CommandID: w.id(), Add: token})
			w.rostered[s.ID] = w.rostered[s.ID] && err == nil
		}
	}
	by, patient := w.aPharmacist(), one(w.r, w.patients).ID
	codes := w.someCodes(4, func(_ string, p modelPack) bool { return p.State == inventory.StateAllocated && p.Session == s.ID })
	// Whole boxes only: of a loose one in a bag the doctor is asked how much.
	codes = slices.DeleteFunc(codes, func(c string) bool { return w.packs[c].Drug == w.loose })
	in := session.BagFilling{SessionID: s.ID, PatientID: patient, CommandID: w.id(), Codes: join(codes)}
	moved := w.fitting(codes, func(p modelPack) bool {
		return p.State == inventory.StateAllocated && p.Session == s.ID && p.Bag == 0 && !p.Recalled
	})
	var a session.BagAnswer
	may := w.can(by, identity.Allocate) && (s.State == session.Planned || s.State == session.Open) && w.rostered[s.ID]
	return act{name: "fill a bag", may: may, do: func() (any, error) { return w.svc.FillBag(w.ctx, by, in) },
		check: func(x any) string {
			if a = x.(session.BagAnswer); a.Moved != len(moved) {
				return fmt.Sprintf("moved %d, want %v; %+v", a.Moved, moved, a)
			}
			return ""
		},
		then: func() {
			for _, c := range moved {
				p := w.packs[c]
				p.Bag, p.Tote = patient, 0 // what lies in a bag has left its tote
				w.packs[c] = p
			}
			if len(moved) > 0 && w.waiting(s, patient) == 0 {
				w.bags[a.BagID] = modelBag{s.ID, patient, inventory.ContainerPacked, a.Label}
			}
		}}
}

// giveBag hands a bag over at a table, mostly to whom it is for.
func (w *world) giveBag(s *modelSession) act {
	by := w.aDoctor()
	in := session.Scan{SessionID: s.ID, Visit: w.visitOf(s, by.StaffID), CommandID: w.id(), Codes: inventory.NewLabel(inventory.ContainerBag)}
	patient := w.visits[in.Visit].Patient
	id := w.waiting(s, patient)
	if ids := slices.Sorted(maps.Keys(w.bags)); len(ids) > 0 && (id == 0 || w.usually(20)) {
		id = one(w.r, ids)
	}
	b, known := w.bags[id]
	var giving []string
	if known {
		in.Codes = b.Label
	}
	for _, c := range w.codes {
		if p := w.packs[c]; known && b.State == inventory.ContainerPacked && b.Session == s.ID && b.Patient == patient && p.Session == s.ID && p.Bag == patient && !p.Recalled {
			giving = append(giving, c)
		}
	}
	may := w.can(by, identity.Dispense) && s.State == session.Open && w.mine(by, s, in.Visit)
	return act{name: "give a bag", may: may, do: func() (any, error) { return w.svc.Dispense(w.ctx, by, in) },
		then: func() {
			w.give(s.ID, in.Visit, giving...)
			if len(giving) > 0 {
				b.State = inventory.ContainerGiven
				w.bags[id] = b
				for c, p := range w.packs { // a recalled one stays, and its bag is gone
					if p.Session == s.ID && p.Bag == patient {
						p.Bag = 0
						w.packs[c] = p
					}
				}
			}
		},
		check: func(x any) string {
			if a := x.(session.ScanAnswer); yes(a.Answers) != len(giving) || a.Packs != w.lines(in.Visit)+len(giving) {
				return fmt.Sprintf("gave %v; answered %+v", giving, a)
			}
			return ""
		}}
}

// openBags opens one bag of the session, or all that wait.
func (w *world) openBags(s *modelSession) act {
	by, in := w.anybody(), session.BagOpening{SessionID: s.ID, CommandID: w.id()}
	if ids := slices.Sorted(maps.Keys(w.bags)); len(ids) > 0 && w.usually(70) {
		in.BagID = one(w.r, ids)
	}
	var opened []int64
	for id, b := range w.bags {
		if b.Session == s.ID && b.State == inventory.ContainerPacked && (in.BagID == 0 || in.BagID == id) {
			opened = append(opened, id)
		}
	}
	may := w.helps(by, s) && s.State != session.Closed && len(opened) > 0
	return act{name: "open bags", may: may, do: func() (any, error) { return w.svc.OpenBags(w.ctx, by, in) }, then: func() {
		for _, id := range opened {
			b := w.bags[id]
			b.State = inventory.ContainerOpened
			w.bags[id] = b
			for c, p := range w.packs {
				if p.Session == s.ID && p.Bag == b.Patient {
					p.Bag = 0
					w.packs[c] = p
				}
			}
		}
	}}
}

// stowing is one of the two use cases of a tote.
type stowing = func(context.Context, identity.Actor, inventory.Stowing) (inventory.StowAnswer, error)
