package session_test

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"jingfang/inventory"
	"jingfang/session"
	"jingfang/session/identity"
)

// modelPaper is a paper over one box.
type modelPaper struct {
	id   int64
	act  inventory.MovementKind
	code string
	from inventory.State // when it was proposed
	left int64           // what it held then
	by   int64
	done bool
}

// bringBack takes a box back from a patient, at a table or in the pharmacy. Whole
// boxes only: whose share of a loose one comes back has tests of its own.
func (w *world) bringBack(s *modelSession) act {
	by := w.anybody()
	code := w.code(func(_ string, p modelPack) bool { return p.State == inventory.StateDispensed && p.Drug != w.loose })
	if w.packs[code].Drug == w.loose {
		return w.setAside(s)
	}
	in := session.Returning{CommandID: w.id(), Codes: code, Form: session.ReturnFull}
	may := w.can(by, identity.TakeReturn)
	if w.usually(60) {
		in.SessionID, in.Visit = s.ID, w.aVisit(s)
		v, known := w.visits[in.Visit]
		may = may && known && v.Session == s.ID && v.State != session.Void && s.State == session.Open
	}
	p := w.packs[code]
	taken := 0
	if p.State == inventory.StateDispensed && w.visits[p.Visit].State == session.Finished && p.Visit != in.Visit {
		taken = 1
	}
	if w.usually(25) {
		in.Form, taken = session.ReturnEmpty, 0
	}
	then := func() {
		if taken == 0 {
			return
		}
		if w.sessions[w.visits[p.Visit].Session].State == session.Closed {
			w.records++ // the supplement
		}
		p.State, p.Session, p.Visit, p.Returned = inventory.StateQuarantined, 0, uuid.Nil, true
		p.Left, p.Given = p.Given, 0
		w.packs[code] = p
	}
	return act{name: "bring back", may: may, then: then, do: func() (any, error) { return w.svc.TakeReturn(w.ctx, by, in) },
		check: func(x any) string {
			if a := x.(session.ReturnAnswer); a.Taken != taken {
				return fmt.Sprintf("took %d, want %d; %+v", a.Taken, taken, a)
			}
			return ""
		}}
}

// sources are the states that an act takes a box from, by rules of the model's
// own.
func sources(act inventory.MovementKind, returned bool) []inventory.State {
	switch act {
	case inventory.MoveQuarantine:
		return []inventory.State{inventory.StateInStore, inventory.StateAllocated, inventory.StateLost}
	case inventory.MoveDamage:
		return []inventory.State{inventory.StateExpected, inventory.StateInStore, inventory.StateAllocated, inventory.StateQuarantined}
	case inventory.MoveFind:
		return []inventory.State{inventory.StateLost}
	case inventory.MoveLose:
		return []inventory.State{inventory.StateInStore, inventory.StateAllocated, inventory.StateQuarantined, inventory.StateDamaged}
	case inventory.MoveDestroy:
		return []inventory.State{inventory.StateQuarantined, inventory.StateDamaged}
	case inventory.MoveRelease:
		if !returned {
			return []inventory.State{inventory.StateQuarantined}
		}
	case inventory.MoveSendBack:
		if !returned {
			return []inventory.State{inventory.StateInStore, inventory.StateQuarantined, inventory.StateDamaged}
		}
	}
	return nil
}

// target is where an act leaves a box.
func target(act inventory.MovementKind, returned bool) inventory.State {
	switch act {
	case inventory.MoveDamage:
		return inventory.StateDamaged
	case inventory.MoveLose:
		return inventory.StateLost
	case inventory.MoveDestroy:
		return inventory.StateDestroyed
	case inventory.MoveSendBack:
		return inventory.StateSentBack
	case inventory.MoveQuarantine:
		return inventory.StateQuarantined
	}
	if returned {
		return inventory.StateQuarantined
	}
	return inventory.StateInStore
}

// aside is what setting a box apart and proposing it have in common.
func (w *world) aside(name string, acts ...inventory.MovementKind) (in inventory.SettingAside, by identity.Actor, moved int, a act) {
	by = w.aPharmacist()
	in = inventory.SettingAside{CommandID: w.id(), Act: one(w.r, acts), Reason: "演示", Method: "焚烧", Place: "医废间"}
	in.Codes = w.code(func(_ string, p modelPack) bool { return slices.Contains(sources(in.Act, p.Returned), p.State) })
	p := w.packs[in.Codes]
	waits := slices.ContainsFunc(w.papers, func(x modelPaper) bool { return x.code == in.Codes && !x.done })
	if slices.Contains(sources(in.Act, p.Returned), p.State) && !waits && !(in.Act == inventory.MoveRelease && p.Recalled) {
		moved = 1
	}
	n := moved
	return in, by, moved, act{name: name, may: w.can(by, identity.Dispose), then: func() {},
		do: func() (any, error) { return inventory.New(w.db.App).SetAside(w.ctx, by, in) },
		check: func(x any) string {
			if got := x.(inventory.AsideAnswer); got.Moved != n {
				return fmt.Sprintf("%s of %s in %q: moved %d, want %d; %+v", in.Act, in.Codes, p.State, got.Moved, n, got)
			}
			return ""
		}}
}

// setAside does what one person may do.
func (w *world) setAside(*modelSession) act {
	in, _, moved, a := w.aside("set aside", inventory.MoveQuarantine, inventory.MoveQuarantine, inventory.MoveRelease, inventory.MoveRelease,
		inventory.MoveDamage, inventory.MoveFind, inventory.MoveFind)
	a.then = func() {
		if moved > 0 {
			w.move(modelPack{State: target(in.Act, w.packs[in.Codes].Returned)}, in.Codes)
		}
	}
	return a
}

// propose opens a paper.
func (w *world) propose(*modelSession) act {
	in, by, _, a := w.aside("propose", inventory.MoveLose, inventory.MoveDestroy, inventory.MoveDestroy, inventory.MoveSendBack)
	from := w.packs[in.Codes].State
	a.heard = func(x any) {
		if id := x.(inventory.AsideAnswer).Disposal; id != 0 {
			w.papers = append(w.papers, modelPaper{id: id, act: in.Act, code: in.Codes, from: from, left: w.packs[in.Codes].Left, by: by.StaffID})
		}
	}
	return a
}

// confirmPaper confirms one of the last papers, or sometimes withdraws it.
func (w *world) confirmPaper(s *modelSession) act {
	if len(w.papers) == 0 {
		return w.propose(s)
	}
	by, i := w.someone(3, 6), max(0, len(w.papers)-1-w.r.IntN(6))
	x, in := w.papers[i], inventory.Deciding{CommandID: w.id(), Packs: 1}
	in.DisposalID = x.id
	stock := inventory.New(w.db.App)
	if w.usually(25) {
		may := !x.done && (w.can(by, identity.Dispose) || w.can(by, identity.Witness))
		return act{name: "withdraw a paper", may: may, then: func() { w.papers[i].done = true }, do: func() (any, error) { return stock.WithdrawDisposal(w.ctx, by, in) }}
	}
	may := w.can(by, identity.Witness) && !x.done && by.StaffID != x.by && w.packs[x.code].State == x.from && w.packs[x.code].Left == x.left
	then := func() {
		w.papers[i].done = true
		w.move(modelPack{State: target(x.act, w.packs[x.code].Returned)}, x.code)
	}
	return act{name: "confirm a paper", may: may, then: then, do: func() (any, error) { return stock.ConfirmDisposal(w.ctx, by, in) }}
}
